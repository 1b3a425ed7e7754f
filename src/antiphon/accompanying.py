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
from antiphon.codecs.keeping import Kept, chosen, everything, is_called, told
from antiphon.codecs.melody import earlier, late_by, metres, pulse
from antiphon.codecs.phrases import MAX_BARS, PhraseRolls, is_free
from antiphon.codecs.pianoroll import MAX_BEATS
from antiphon.codecs.song_grid import SongGrid
from antiphon.codecs.strokes import Strokes, strokes_of
from antiphon.errors import InputError
from antiphon.io.midi import read_midi
from antiphon.music.score import Score
from antiphon.music.tempo import finer, from_tempo
from antiphon.part_options import numbered, part_number, read_density, read_names, read_program, sounds, unmuted
from antiphon.playing import batches, chance_of, check_sixteenths
from antiphon.writers.bands import BandWriter, Setting

if TYPE_CHECKING:
    from antiphon.generate import Model

# A band stays a little behind what it plays to.
_SOFTER = 0.9
_SOFTEST, _LOUDEST = 40, 110
# The least of written music and of drummers; the most of performances without beats is .22 (GiantMIDI).
_LEAST_PULSE = 0.3
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
    amounts, programs = read_density(density), read_program(program)
    _check_wishes(model.name, writer, temperature, bool(amounts))
    name, score = ("the score", song) if isinstance(song, Score) else (str(song), read_midi(song))
    score = _prepared(name, score, codec.resolution, tempo)
    kept = _kept(name, score, codec.ensemble, keep)
    asked = _asked(name, score, codec.ensemble, kept, read_names(tracks))
    added = unmuted(codec.ensemble, asked, read_names(mute))
    _check_heard(model.name, writer, codec.ensemble, score, kept)
    grid = _grid(name, score, kept, codec)
    given = _given(name, score, kept, codec, grid)
    sure = asked if tracks else ()
    setting = Setting(grid.begins, given, kept.parts, asked, sure, numbered("density", amounts, codec.ensemble, asked))
    chosen_sounds = sounds(codec.ensemble, programs, asked)
    band = BandTracks(codec, grid, added, chosen_sounds, _loudness(score, kept), sixteenths)
    stay = () if only_new else tuple(score.tracks[track] for track in kept.tracks)
    songs = []
    for seeds in batches(range(seed, seed + num), setting.num_bars):
        chances = [chance_of(one) for one in seeds]
        for one, strokes in zip(seeds, writer.perform(chances, setting, temperature), strict=True):
            texts = (*model.texts(one), *score.texts)
            songs.append(replace(score, tracks=(*stay, *band.decode(strokes)), texts=texts))
    return Accompanied(songs, score, kept, added, codec.ensemble, grid)


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


def _prepared(name: str, score: Score, resolution: int, tempo: float | None) -> Score:
    """The song in ticks that are fine enough for the grid, and in the tempo that is asked for."""
    if not score.num_notes:
        raise InputError(f"{name}: no note sounds in it, so there is nothing to play to; give a piece with notes")
    if score.end > MAX_BEATS * score.ticks_per_beat:
        raise InputError(f"{name}: it lasts longer than {MAX_BEATS:,} beats; cut it into shorter songs")
    score = finer(score, resolution)
    return score if tempo is None else from_tempo(score, tempo, name)


def _kept(name: str, score: Score, ensemble: Ensemble, keep: str | int | Sequence[str | int] | None) -> Kept:
    if keep is None:
        return everything(score, ensemble)
    if isinstance(keep, str) and is_called(score, keep):
        return chosen(score, ensemble, [keep], name)
    if not (wanted := read_names(keep)):
        raise InputError(f"keep {keep!r}: name a track of {name}, {told(score, everything(score, ensemble).tracks)}")
    return chosen(score, ensemble, wanted, name)


def _asked(name: str, score: Score, ensemble: Ensemble, kept: Kept, tracks: Sequence[str]) -> tuple[int, ...]:
    """The parts to write, in the order of the ensemble."""
    numbers = {part_number("tracks", track, ensemble) for track in tracks}
    for number in sorted(numbers & set(kept.parts)):
        raise InputError(
            f"{name}: tracks {ensemble.names[number]!r}: {told(score, kept.seats[number])} plays this part and is "
            "kept; say with --keep what else stays, or add other parts"
        )
    asked = numbers or set(range(len(ensemble.parts))) - set(kept.parts)
    if not asked:
        raise InputError(
            f"{name}: what is kept plays all parts ({', '.join(ensemble.names)}), so there is none to add; say with "
            "--keep what stays, and the others are written anew"
        )
    return tuple(sorted(asked))


def _check_heard(name: str, writer: BandWriter, ensemble: Ensemble, score: Score, kept: Kept) -> None:
    """That what is kept is what the model can hear."""
    if not kept.parts:
        raise InputError(
            f"nothing that is kept plays one of the parts {', '.join(ensemble.names)}; name a track and as which part "
            f"it is heard, such as --keep {kept.tracks[0] + 1}={ensemble.parts[-1].name}"
        )
    if writer.hears is None:
        return
    heard = " and ".join(ensemble.names[number] for number in writer.hears)
    for number in set(kept.parts) - set(writer.hears):
        raise InputError(
            f"the model {name} hears {heard} alone, and {told(score, kept.seats[number])} is kept as "
            f"{ensemble.names[number]}; keep one track as {heard}, such as --keep {kept.seats[number][0] + 1}={heard}, "
            "or take the model band"
        )


def _grid(name: str, score: Score, kept: Kept, codec: PhraseRolls) -> SongGrid:
    """The bars in which the band can play."""
    stay = score.with_tracks(tuple(score.tracks[track] for track in kept.tracks))
    late = late_by(stay, codec.resolution)
    if _is_free(stay) and _is_free(score):
        raise InputError(
            f"{name}: its notes lie on no grid of sixteenths or triplets, as in a free performance without beats, so a "
            "band would not know when to play; set its tempos and bar lines to the music, or quantise it, in a "
            "sequencer, or give a written piece"
        )
    grid = SongGrid.of(score, codec.resolution, late)
    if not len(grid.lines):
        there = {f"{row['numerator']}/{row['denominator']}" for row in metres(score)}
        found = f"its metre is {', '.join(sorted(there))}" if there - {"4/4"} else "its bars are cut short"
        raise InputError(
            f"{name}: it has no whole bar in 4/4 ({found}), and the band plays 4/4 alone; give another song"
        )
    if len(grid.lines) > MAX_BARS:
        raise InputError(f"{name}: it has {len(grid.lines):,} bars, over {MAX_BARS:,}; cut it into shorter songs")
    return grid


def _is_free(score: Score) -> bool:
    """Whether the notes neither lie on a grid nor, played by people, near one."""
    return is_free(earlier(score, late_by(score))) and pulse(score) < _LEAST_PULSE


def _given(name: str, score: Score, kept: Kept, codec: PhraseRolls, grid: SongGrid) -> Strokes:
    """What the band hears."""
    seated = earlier(codec.ensemble.seated(score, kept.seats), grid.late)
    strokes = grid.laid(strokes_of(seated, range(len(codec.ensemble.parts)), codec.grid))
    if not len(strokes.start):
        raise InputError(
            f"{name}: what is kept ({told(score, kept.tracks)}) is silent in all bars in 4/4, or out of the band's "
            "hearing; keep another track"
        )
    return strokes


def _loudness(score: Score, kept: Kept) -> int:
    """Velocity of the added notes: a little below that of the kept ones."""
    velocity = np.median(np.concatenate([score.tracks[track].notes["velocity"] for track in kept.tracks]))
    return int(np.clip(_SOFTER * velocity, _SOFTEST, _LOUDEST))
