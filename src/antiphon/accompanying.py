"""From a user's song to a band that plays along: some tracks stay as they are, a model writes the others to them.

Axes: m 4/4 bars, n notes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from antiphon.asked import Asked, check_kind, check_values
from antiphon.codecs.band_tracks import BandTracks
from antiphon.codecs.ensembles import Ensemble
from antiphon.codecs.keeping import Kept, told
from antiphon.codecs.phrases import PhraseRolls
from antiphon.codecs.song_grid import SongGrid
from antiphon.errors import InputError
from antiphon.joining import join
from antiphon.music.score import Score
from antiphon.part_options import read_names
from antiphon.playing import batches, chance_of, check_sixteenths
from antiphon.writers.bands import BandWriter, Setting

if TYPE_CHECKING:
    from antiphon.generate import Model

# A band stays a little behind what it plays to.
_SOFTER = 0.9
_SOFTEST, _LOUDEST = 40, 110
_WHO = "antiphon accompany SONG takes the model band, or one whose preset writes to a given track"


@dataclass(frozen=True)
class Accompanied:
    """A song with a band.

    Parameters
    ----------
    songs
        What was asked for: the kept tracks and behind them the added ones, or the added ones alone.
    song, kept
        The song as it was, in the tempo that was asked for; and what stays of it.
    added
        The numbers of the parts that are written into the songs, in the order of their last tracks.
    ensemble
        Whose parts they are.
    grid
        The bars that the band plays in, and those that are left alone.
    """

    songs: Sequence[Score]
    song: Score
    kept: Kept
    added: tuple[int, ...]
    ensemble: Ensemble
    grid: SongGrid

    @property
    def left_out(self) -> tuple[int, ...]:
        """Numbers of the song's tracks with notes that do not stay."""
        tracks = enumerate(self.song.tracks)
        return tuple(number for number, track in tracks if len(track.notes) and number not in self.kept.tracks)


def accompany_song(
    model: "Model",
    song: Path | str | Score,
    keep: str | int | Sequence[str | int] | None = None,
    tracks: str | Sequence[str] | None = None,
    *,
    seed: int = 0,
    num: int = 1,
    temperature: float = 1.0,
    tempo: float | None = None,
    density: str | float | Mapping[str, str | float] | None = None,
    program: str | Mapping[str, str | int] | None = None,
    mute: str | Sequence[str] | None = None,
    sixteenths: bool = False,
    only_new: bool = False,
) -> Accompanied:
    """Write tracks to those of a song that stay, in all of its 4/4 bars.

    Parameters
    ----------
    model
        Of a family that writes to given tracks, see `antiphon.generate.load`.
    song
        A MIDI file, or a score, of notes that lie on beats.
    keep
        What stays, note for note: names of parts, tracks' own names or numbers from 1 on, by comma; each may be
        followed by "=" and the part as which it is heard (`antiphon.codecs.keeping.chosen`). None: all of the song.
    tracks
        Names of the parts to add, by comma; None: all that nothing kept plays.
    seed, num, temperature
        As of `Model.generate`.
    tempo
        Beats a minute of the song's beginning, to which all its tempos are scaled; None: its own.
    density
        "low", "medium", "high" or how many times as many notes as by itself the band plays, or so for each part, such
        as "drums=1.5,guitar=low".
    program
        General MIDI programs of added parts, such as "guitar=30" or "bass=Fretless Bass".
    mute
        Names of parts that are written, so that the others hear them, and then left out.
    sixteenths
        Whether what is added begins and ends on sixteenths, as in the songs that listeners of Dong et al. 2018 heard,
        rather than on the model's grid.
    only_new
        Whether the kept tracks are left out.

    Raises
    ------
    InputError
        If the song cannot be read, no track or several are meant, it has no 4/4 bars or no beats, a value is unknown or
        out of range, or the model cannot do it.
    """
    if isinstance(model, str | Path):
        raise InputError(f"model = {str(model)!r}: give a model that is open, antiphon.load({str(model)!r})")
    check_kind("song", song)
    check_values(Asked(seed=seed, num=num, temperature=temperature, tempo=tempo, sixteenths=sixteenths))
    writer, codec = _band(model)
    check_sixteenths(sixteenths, model.name, codec)
    _check_wishes(model.name, writer, temperature, density is not None)
    found = join(song, codec, keep, tracks, tempo=tempo, density=density, program=program, mute=mute)
    score, kept, grid = found.score, found.kept, found.grid
    _check_heard(model.name, writer, codec.ensemble, score, kept)
    sure = found.asked if read_names(tracks) else ()
    setting = Setting(grid.begins, found.given, kept.parts, found.asked, sure, found.density)
    band = BandTracks(codec, grid, found.added, found.programs, _loudness(score, kept), sixteenths)
    stay = () if only_new else tuple(score.tracks[track] for track in kept.tracks)
    songs = []
    for seeds in batches(range(seed, seed + num), setting.num_bars):
        chances = [chance_of(one) for one in seeds]
        for one, strokes in zip(seeds, writer.perform(chances, setting, temperature), strict=True):
            texts = (*model.texts(one), *score.texts)
            songs.append(replace(score, tracks=(*stay, *band.decode(strokes)), texts=texts))
    return Accompanied(songs, score, kept, found.added, codec.ensemble, grid)


def _band(model: "Model") -> tuple[BandWriter, PhraseRolls]:
    """The writer of a model that can write to something."""
    writer, codec = model.writer, model.codec
    if not isinstance(writer, BandWriter) or not isinstance(codec, PhraseRolls):
        raise InputError(f"the model {model.name} plays no parts to others; {_WHO}")
    if writer.hears == ():
        raise InputError(f"the model {model.name} writes all parts from scratch and cannot hear one; {_WHO}")
    return writer, codec


def _check_wishes(name: str, writer: BandWriter, temperature: float, dense: bool) -> None:
    if temperature != 1.0 and not writer.has_temperature:
        raise InputError(f"temperature: the model {name} has no choice to make; leave temperature out")
    if dense and not writer.has_density:
        raise InputError(f"density: the model {name} cannot play more or fewer notes; leave density out, or take band")


def _check_heard(name: str, writer: BandWriter, ensemble: Ensemble, score: Score, kept: Kept) -> None:
    """That what is kept is what the model can hear."""
    if writer.hears is None:
        return
    heard = " and ".join(ensemble.names[number] for number in writer.hears)
    for number in set(kept.parts) - set(writer.hears):
        raise InputError(
            f"the model {name} hears {heard} alone, and {told(score, kept.seats[number])} is kept as "
            f"{ensemble.names[number]}; keep one track as {heard}, such as --keep {kept.seats[number][0] + 1}={heard}, "
            "or take the model band"
        )


def _loudness(score: Score, kept: Kept) -> int:
    """Velocity of the added notes: a little below that of the kept ones."""
    velocity = np.median(np.concatenate([score.tracks[track].notes["velocity"] for track in kept.tracks]))
    return int(np.clip(_SOFTER * velocity, _SOFTEST, _LOUDEST))
