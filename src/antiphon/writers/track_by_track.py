"""How the `band` family writes: one track after the other, each to those that are given and those that are written.

Axes: N songs, K track, B bar, S step of a run of bars, P pitch.
"""

import copy
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from antiphon.codecs.codec import Codec
from antiphon.codecs.phrases import pack
from antiphon.codecs.strokes import Strokes, fill, without_overlap
from antiphon.codecs.traits import ACTIVE, PLACES, traits_of
from antiphon.families.band.config import BandConfig
from antiphon.families.band.folded import MOST, Folded, Heard
from antiphon.families.band.networks import Band, Told
from antiphon.families.band.objective import BandObjective
from antiphon.families.band.rolls import seen
from antiphon.music.score import Score
from antiphon.writers.bands import BandWriter, Setting
from antiphon.writers.writer import Bars, Chance

# Those that carry the others come first.
_ORDER = (0, 3, 2, 1, 4)
_FLOOR = 0.02
# How much nearer a style is than another, in deviations of the given tracks' traits, to be drawn e times as often.
_NEAR = 0.5
# A track that plays in fewer of a song's bars hardly plays, and a song in which an asked one does is no model.
_PLAYS, _UNLIKELY = 0.3, 20.0

Traits = NDArray[np.float64]


class TrackByTrackWriter(BandWriter):
    """Writes tracks step by step, in an order of its own; a run of bars is a piece for itself."""

    reads = frozenset()
    has_temperature: ClassVar[bool] = True
    knows_silence: ClassVar[bool] = True
    has_harmony: ClassVar[bool] = True
    tempo: ClassVar[float] = 120.0

    def __init__(self, objective: BandObjective) -> None:
        self._config = objective.config
        self._net = copy.deepcopy(objective.generator).double().cpu().eval()
        self._folded = Folded(self._net)
        self.order, self.floor = _ORDER, _FLOOR

    def opening(self, chance: Chance) -> Bars:
        """Nothing."""
        return np.empty(0, np.uint8)

    def last_bar(self, score: Score, codec: Codec) -> Bars | None:
        """None that it could follow."""
        return None

    def compose(self, chances: Sequence[Chance], openings: Bars, chords: Bars, temperature: float) -> Sequence[Bars]:
        """What sounds and what is struck, packed (2, 1, K, B, bytes), of each song."""
        config, nothing = self._config, np.empty(0, np.int64)
        num_bars = chords.shape[1]
        setting = Setting(
            begins=np.arange(num_bars) == 0,
            given=Strokes(nothing, nothing, nothing, nothing),
            known=(),
            asked=tuple(range(config.tracks)),
        )
        songs = []
        for strokes in self.perform(chances, setting, temperature):
            cells = np.zeros((2, 1, config.tracks, num_bars, config.steps, config.pitches), bool)
            fill(cells[0], cells[1], strokes, np.zeros(1, np.int64))
            songs.append(pack(cells))
        return songs

    def decode(self, codec: Any, rows: Bars, tempo: float) -> Score:
        """Repeated notes stay apart."""
        score: Score = codec.model_copy(update={"bars": rows.shape[3]}).decode(*rows, tempo=tempo)
        return score

    def perform(self, chances: Sequence[Chance], setting: Setting, temperature: float) -> list[Strokes]:
        """See `BandWriter.perform`."""
        bands = [_Band(self._style(chance, setting), int(chance.integers(2**63))) for chance in chances]
        bounds = self._config.steps * np.array([*np.flatnonzero(setting.begins), setting.num_bars])
        runs = [self._run(bands, setting, int(begin), int(end), temperature) for begin, end in pairwise(bounds)]
        return [joined(parts) for parts in zip(*runs, strict=True)]

    def _style(self, chance: Chance, setting: Setting) -> Traits:
        """Traits (K, 5) of a song that is like the given tracks, and in which the asked ones play."""
        styles = self._net.style.numpy()
        fits = np.zeros(len(styles))
        if setting.known:
            known, size = list(setting.known), (self._config.tracks, setting.num_bars, self._config.steps)
            apart = (styles - traits_of(setting.given, *size)) / self._net.spread.numpy()
            fits -= np.abs(apart[:, known]).mean((1, 2)) / _NEAR
            silent = styles[:, list(setting.asked), ACTIVE] < _PLAYS
            fits -= _UNLIKELY * silent.sum(1)
        shares = np.exp(fits - fits.max())
        style: Traits = styles[chance.choice(len(styles), p=shares / shares.sum())].astype(np.float64)
        for track, times in setting.density.items():
            style[track, PLACES] += np.log(times)
        return style

    def _run(
        self, bands: Sequence["_Band"], setting: Setting, begin: int, end: int, temperature: float
    ) -> list[Strokes]:
        """What is written in a run of bars from one step to another, by each band."""
        stage = _Stage(len(bands), self._config, end - begin)
        stage.place(slice(None), _cut(setting.given, begin, end))
        given = torch.zeros(len(bands), self._config.tracks, dtype=torch.float64)
        given[:, list(setting.known)] = 1
        written: list[list[Strokes]] = [[] for _ in bands]
        for track in sorted(setting.asked, key=self.order.index):
            chance = np.stack([band.chance(begin, track).random((end - begin, MOST, 2)) for band in bands])
            notes = self._part(bands, track, Band(stage.seen(), torch.arange(len(bands)), given), chance, temperature)
            for song, line in enumerate(notes):
                stage.place(song, line)
                written[song].append(Strokes(line.track, line.pitch, line.start + begin, line.end + begin))
            given[:, track] = 1
        return [joined(parts) for parts in written]

    def _part(
        self, bands: Sequence["_Band"], track: int, beside: Band, chance: NDArray[np.float64], temperature: float
    ) -> list[Strokes]:
        net, number = self._net, torch.full((len(bands),), track)
        style = torch.from_numpy(np.stack([band.style[track] for band in bands]))
        with torch.no_grad():
            hearing = net.hearing(beside, number)
            likeness = (style - net.centre[track]) / net.spread[track]
            told = net.told(Told(number, likeness, torch.ones_like(likeness[:, 0])))
        heard = Heard(*(part.numpy() for part in (*hearing, told)))
        song, pitch, start, end = self._folded.write(heard, chance, temperature, self.floor)
        if track in self._config.drums:
            end = start + 1
        song, pitch, start, end = without_overlap(song, pitch, start, end)
        each = [song == number for number in range(len(bands))]
        return [Strokes(np.full(mine.sum(), track), pitch[mine], start[mine], end[mine]) for mine in each]


class _Band(NamedTuple):
    """Who plays a song: what its tracks are like (K, 5), and the seed of its chance."""

    style: Traits
    seed: int

    def chance(self, begin: int, track: int) -> Chance:
        """Of one track in the run of bars that begins at a step: what one track draws moves no other."""
        return np.random.default_rng([self.seed, begin, track])


class _Stage:
    """What of a run of bars is there, (N, K, S, P) each."""

    def __init__(self, num: int, config: BandConfig, steps: int) -> None:
        self._struck = np.zeros((num, config.tracks, steps, config.pitches), bool)
        self._sounds = np.zeros_like(self._struck)
        self._is_drums = torch.tensor([track in config.drums for track in range(config.tracks)])

    def place(self, song: int | slice, strokes: Strokes) -> None:
        """Add strokes to a song, or to all; one that begins before the first step is only held."""
        first = strokes.start >= 0
        self._struck[song, strokes.track[first], strokes.start[first], strokes.pitch[first]] = True
        start = np.maximum(strokes.start, 0)
        length = np.minimum(strokes.end, self._struck.shape[2]) - start
        row = np.repeat(np.arange(len(start)), length)
        step = np.arange(len(row)) - np.repeat(np.cumsum(length) - length - start, length)
        self._sounds[song, strokes.track[row], step, strokes.pitch[row]] = True

    def seen(self) -> torch.Tensor:
        """See `antiphon.families.band.rolls.seen`."""
        struck, sounds = (torch.from_numpy(part).double() for part in (self._struck, self._sounds))
        return seen(struck, sounds, self._is_drums)


def _cut(strokes: Strokes, begin: int, end: int) -> Strokes:
    """Those that sound from one step to another, counted from the first of them."""
    inside = (strokes.start < end) & (strokes.end > begin)
    track, pitch, start, stop = (part[inside] for part in (strokes.track, strokes.pitch, strokes.start, strokes.end))
    return Strokes(track, pitch, start - begin, stop - begin)


def joined(parts: Sequence[Strokes]) -> Strokes:
    """Several strokes as one."""
    names = ("track", "pitch", "start", "end")
    return Strokes(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
