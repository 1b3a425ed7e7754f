"""How MuseGAN's networks write songs: phrases of all tracks, one after the other.

Axes: N songs, n phrases of a song, K track, B bar of a phrase, T step, P pitch.
"""

import copy
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch

from antiphon.codecs.codec import Codec
from antiphon.codecs.phrases import pack
from antiphon.families.musegan.objective import Musegan
from antiphon.music.score import Score
from antiphon.writers.writer import Bars, Chance, Writer


class MuseganWriter(Writer):
    """Writes phrases that do not hear each other; a song's last one falls silent where the song ends within it."""

    reads = frozenset()
    has_temperature: ClassVar[bool] = False
    knows_silence: ClassVar[bool] = True
    has_harmony: ClassVar[bool] = True
    tempo: ClassVar[float] = 100.0

    def __init__(self, objective: Musegan) -> None:
        self._exact = copy.deepcopy(objective).to(torch.float64).eval()
        self._bars = objective.config.bars
        self.accompanies = objective.config.condition is not None

    def opening(self, chance: Chance) -> Bars:
        """Nothing."""
        return np.empty(0, np.uint8)

    def last_bar(self, score: Score, codec: Codec) -> Bars | None:
        """None that it could follow."""
        return None

    def compose(self, chances: Sequence[Chance], openings: Bars, chords: Bars, temperature: float) -> Sequence[Bars]:
        """Phrases (n, K, B, bytes), packed, of each song."""
        return [self._song(chance, chords.shape[1]) for chance in chances]

    def _song(self, chance: Chance, num_bars: int) -> Bars:
        """Phrases that hold `num_bars` bars, the rest silence."""
        num = -(-num_bars // self._bars)
        # Neurons that flip coins do so, as latents are drawn, from torch's default generator.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(chance.integers(2**63)))
            cells = self._exact.sample_from(self._exact.draw(num)).numpy()
        bars = cells.swapaxes(1, 2)
        bars[np.arange(num * self._bars).reshape(num, self._bars) >= num_bars] = False
        # As in real phrases a note ends with a rest, which is to lie within the song's last bar.
        bars[-1, (num_bars - 1) % self._bars, :, -1] = False
        return pack(cells)
