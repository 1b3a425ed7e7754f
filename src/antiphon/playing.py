"""From a model of several tracks to songs of its own: all its parts or some of them, in a key, on a grid.

Axes: n strokes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from antiphon.asked import Asked, read_key
from antiphon.codecs.band_tracks import BandTracks
from antiphon.codecs.phrases import PhraseRolls
from antiphon.codecs.song_grid import BEATS, SongGrid
from antiphon.codecs.stroke_changes import transposed
from antiphon.codecs.strokes import Strokes
from antiphon.errors import InputError
from antiphon.music.keys import key_fits
from antiphon.music.score import KEY_SIGNATURE, TEMPO, TIME_SIGNATURE, Score, beat_us, table
from antiphon.music.theory import Key
from antiphon.part_options import choose_parts
from antiphon.writers.bands import BandWriter, Setting
from antiphon.writers.writer import Chance

if TYPE_CHECKING:
    from antiphon.generate import Model

BARS = 8
"""Length of a song unless one is asked for."""

_AT_ONCE, _MOST_BARS_AT_ONCE = 16, 2**12
_TICKS = 480
_LOUDNESS = 100
# Where two songs in three are in the other mode, so many of them in a row are in one case of 26.
_CANDIDATES = 8
_TONICS = 12


class Take(NamedTuple):
    """A song as it was written: what it draws from, its strokes, and by how many semitones they are to be moved."""

    seed: int
    candidate: int
    strokes: Strokes
    semitones: int = 0

    @property
    def chance(self) -> Chance:
        """What it was drawn from."""
        return chance_of(self.seed, self.candidate)


@dataclass(frozen=True, eq=False)
class Band:
    """A model's band and what is asked of it; see `Band.of`.

    Parameters
    ----------
    writer, codec
        The model's.
    setting
        The song's bars, and what nobody gives.
    tracks
        How strokes become tracks, those that are muted too.
    shown
        Numbers of the parts that are not.
    tempo, temperature
        Beats a minute; boldness.
    key
        That of the songs; None: as it comes.
    """

    writer: BandWriter
    codec: PhraseRolls
    setting: Setting
    tracks: BandTracks
    shown: tuple[int, ...]
    tempo: float
    temperature: float
    key: Key | None

    @classmethod
    def of(cls, model: "Model", asked: Asked) -> Self:
        """The band of a model.

        Raises
        ------
        InputError
            If a part is unknown or not to be written, or the model's grid has no sixteenths.
        """
        writer, codec = model.writer, model.codec
        assert isinstance(writer, BandWriter)
        assert isinstance(codec, PhraseRolls)
        num_bars = BARS if asked.bars is None else asked.bars
        parts = choose_parts(codec.ensemble, asked.tracks, asked.density, asked.program, asked.mute)
        check_sixteenths(asked.sixteenths, model.name, codec)
        return cls(
            writer,
            codec,
            Setting.alone(num_bars, parts.asked, parts.density, parts.named),
            BandTracks(codec, _grid(codec, num_bars), parts.asked, parts.programs, _LOUDNESS, asked.sixteenths),
            parts.shown,
            asked.tempo or writer.tempo,
            asked.temperature,
            read_key(asked),
        )

    def takes(self, seeds: Sequence[int]) -> list[Take]:
        """A song for each seed. Where a key is asked for, the first of some that is in its mode, else the one that
        would fit it best, moved there."""
        chosen: dict[int, tuple[float, Take]] = {}
        waiting = list(seeds)
        for candidate in range(_CANDIDATES if self.key else 1):
            if not waiting:
                break
            chances = [chance_of(seed, candidate) for seed in waiting]
            written = self.writer.perform(chances, self.setting, self.temperature)
            for seed, strokes in zip(waiting, written, strict=True):
                lead, take = self._moved(Take(seed, candidate, strokes))
                if seed not in chosen or lead > chosen[seed][0]:
                    chosen[seed] = lead, take
            waiting = [seed for seed in waiting if chosen[seed][0] < 0]
        return [chosen[seed][1] for seed in seeds]

    def score(self, strokes: Strokes, texts: tuple[tuple[int, str], ...], semitones: int = 0) -> Score:
        """A song of strokes, so many semitones higher."""
        drums = self.codec.ensemble.drums
        strokes = transposed(strokes, semitones, self.codec.lowest_pitch, drums, self.writer.lowest)
        written = self.tracks.decode(strokes)
        key = [] if self.key is None else [(0, self.key.sharps, self.key.is_minor)]
        return Score(
            ticks_per_beat=self.tracks.grid.ticks_per_beat,
            tracks=tuple(track for part, track in zip(self.tracks.parts, written, strict=True) if part in self.shown),
            tempos=table(TEMPO, [(0, beat_us(self.tempo))]),
            time_signatures=table(TIME_SIGNATURE, [(0, 4, 4)]),
            key_signatures=table(KEY_SIGNATURE, key),
            texts=texts,
        )

    def _moved(self, take: Take) -> tuple[float, Take]:
        """A song by the smallest way to the key that is asked for, and how much better it fits its mode than the other;
        of songs without pitches neither."""
        if self.key is None:
            return 0.0, take
        fits = key_fits(Score(tracks=tuple(self.tracks.decode(take.strokes)))).reshape(2, _TONICS)
        mine = fits[int(self.key.is_minor)]
        lead = float(mine.max() - fits[1 - int(self.key.is_minor)].max())
        semitones = (self.key.tonic - int(mine.argmax()) + 5) % _TONICS - 5 if fits.any() else 0
        return lead, take._replace(semitones=semitones)


def play_songs(model: "Model", asked: Asked) -> list[Score]:
    """Songs of a model's band by itself; see `antiphon.generate.Model.generate`.

    Raises
    ------
    InputError
        As `Band.of`.
    """
    band, songs = Band.of(model, asked), []
    for seeds in batches(range(asked.seed, asked.seed + asked.num), band.setting.num_bars):
        takes = band.takes(seeds)
        songs += [band.score(take.strokes, model.texts(take.seed), take.semitones) for take in takes]
    return songs


def check_sixteenths(asked: bool, name: str, codec: PhraseRolls) -> None:
    """Raise InputError where sixteenths are asked for and the model of that name has none on its grid."""
    if asked and codec.resolution % 4:
        raise InputError(f"sixteenths: the model {name} has no sixteenths on its grid; leave it out")


def batches(seeds: range, num_bars: int) -> Iterator[range]:
    """As many seeds at once as memory holds songs of this length."""
    size = max(min(_AT_ONCE, _MOST_BARS_AT_ONCE // num_bars), 1)
    for begin in range(0, len(seeds), size):
        yield seeds[begin : begin + size]


def chance_of(seed: int, candidate: int = 0) -> Chance:
    """What the song of a seed is drawn from, or another candidate for it."""
    return np.random.default_rng([seed, 0, candidate] if candidate else [seed, 0])


def _grid(codec: PhraseRolls, num_bars: int) -> SongGrid:
    """Bars one after the other, in ticks that every step is a whole number of."""
    beat = max(1, _TICKS // codec.resolution) * codec.resolution
    lines = BEATS * beat * np.arange(num_bars)
    return SongGrid(lines, lines == 0, np.full(num_bars, BEATS * beat), lines, beat, codec.resolution)
