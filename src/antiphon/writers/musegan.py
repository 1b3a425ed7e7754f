"""How MuseGAN's networks write songs: phrases of all tracks, one after the other.

Axes: N songs, m bars of a song, n phrases of it, K track, B bar of a phrase, T step, P pitch.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from antiphon.codecs.codec import Codec
from antiphon.codecs.phrases import pack
from antiphon.codecs.strokes import Integers, Strokes, fill, runs
from antiphon.families.musegan.objective import Musegan
from antiphon.music.score import Score
from antiphon.writers.bands import BandWriter, Setting
from antiphon.writers.writer import Bars, Chance

# Of a standard normal distribution, one number in 370 deviates further.
_FURTHEST = 3.0


class MuseganWriter(BandWriter):
    """Writes phrases that do not hear each other; a song's last one, and that of a run of bars, is cut where it ends.

    A temperature below 1 draws latents that deviate by at most three times as many standard deviations; one above 1
    multiplies them.
    """

    reads = frozenset()
    has_temperature: ClassVar[bool] = True
    has_density: ClassVar[bool] = False
    knows_silence: ClassVar[bool] = True
    has_harmony: ClassVar[bool] = True
    tempo: ClassVar[float] = 100.0

    def __init__(self, objective: Musegan) -> None:
        self._exact = copy.deepcopy(objective).to(torch.float64).eval()
        self._bars = objective.config.bars
        given = objective.config.condition
        self.accompanies = given is not None
        self.hears = () if given is None else (given,)

    def opening(self, chance: Chance) -> Bars:
        """Nothing."""
        return np.empty(0, np.uint8)

    def last_bar(self, score: Score, codec: Codec) -> Bars | None:
        """None that it could follow."""
        return None

    def compose(self, chances: Sequence[Chance], openings: Bars, chords: Bars, temperature: float) -> Sequence[Bars]:
        """Phrases (n, K, B, bytes), packed, of each song."""
        return [self._song(chance, chords.shape[1], temperature) for chance in chances]

    def perform(self, chances: Sequence[Chance], setting: Setting, temperature: float) -> list[Strokes]:
        """See `BandWriter.perform`. Runs of bars are filled up with silence to whole phrases, and what is written to
        that is cut off.

        Raises
        ------
        ValueError
            If other tracks are given than the one that it writes to.
        """
        if not setting.known or setting.known != self.hears:
            raise ValueError(f"tracks {list(setting.known)} are given; this writer hears {list(self.hears or ())}")
        phrases = _Phrases.of(setting, self._bars)
        given = self._given(setting, phrases.first)
        return [phrases.strokes(self._cells(chance, len(given), temperature, given), setting) for chance in chances]

    def _given(self, setting: Setting, first: Integers) -> Tensor:
        """The given track (n, B, T, P) of -1 and 1."""
        _, steps, pitches = self._exact.config.size
        cells = np.zeros((2, len(first), self._exact.config.tracks, self._bars, steps, pitches), bool)
        fill(cells[0], cells[1], setting.given, first * steps)
        return torch.from_numpy(cells[0, :, setting.known[0]]).double() * 2 - 1

    def _cells(self, chance: Chance, num: int, temperature: float, given: Tensor | None = None) -> NDArray[np.bool_]:
        """Phrases (n, K, B, T, P), to the given track where there is one."""
        limit = _FURTHEST * temperature if temperature < 1 else None
        # Neurons that flip coins do so, as latents are drawn, from torch's default generator.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(chance.integers(2**63)))
            latents = self._exact.draw(num, None if given is None else given.shape[1], limit)
            wilder = {name: max(temperature, 1.0) * values for name, values in latents.items()}
            cells: NDArray[np.bool_] = self._exact.sample_from(wilder, given).numpy()
        return cells

    def _song(self, chance: Chance, num_bars: int, temperature: float) -> Bars:
        """Phrases that hold `num_bars` bars, the rest silence."""
        num = -(-num_bars // self._bars)
        cells = self._cells(chance, num, temperature)
        bars = cells.swapaxes(1, 2)
        bars[np.arange(num * self._bars).reshape(num, self._bars) >= num_bars] = False
        # As in real phrases a note ends with a rest, which is to lie within the song's last bar.
        bars[-1, (num_bars - 1) % self._bars, :, -1] = False
        return pack(cells)


@dataclass(frozen=True, eq=False)
class _Phrases:
    """Phrases that cover the runs of a song's bars: the first bar (n,) of each, and how many it has (n,)."""

    first: Integers
    length: Integers
    bars: int

    @classmethod
    def of(cls, setting: Setting, bars: int) -> Self:
        """One after the other in each run, the last filled up."""
        opens = np.flatnonzero(setting.begins)
        ends = np.append(opens[1:], setting.num_bars)[: len(opens)]
        count = -(-(ends - opens) // bars)
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        first = np.repeat(opens, count) + within * bars
        return cls(first, np.minimum(bars, np.repeat(ends, count) - first), bars)

    def strokes(self, cells: NDArray[np.bool_], setting: Setting) -> Strokes:
        """What sounds of the asked tracks in phrases (n, K, B, T, P), in steps of the song's bars."""
        inside = np.arange(self.bars) < self.length[:, None]
        bars = (self.first[:, None] + np.arange(self.bars))[inside]
        line = np.zeros((setting.num_bars, *cells.shape[3:]), bool)
        breaks = np.zeros_like(line)
        breaks[setting.begins, 0] = True
        found = []
        for track in setting.asked:
            line[bars] = cells[:, track][inside]
            pitch, start, end = runs(line, breaks, rest=False)
            found.append((np.full(len(pitch), track), pitch, start, end))
        return Strokes(*(np.concatenate(column) for column in zip(*found, strict=True)))
