"""How the `chords` family composes: progressions in a key, over a form, that end in a cadence.

Axes: N songs, K tries, B bar, C chord (24).
"""

import copy
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from antiphon.codecs.chords import NO_CHORD
from antiphon.codecs.codec import Codec
from antiphon.codecs.progressions import DOMINANT, cadences
from antiphon.families.chords.networks import NUM_CHORDS, known
from antiphon.families.chords.objective import ChordsObjective
from antiphon.music.score import Score
from antiphon.nn.straight_through import gumbel
from antiphon.writers.writer import Bars, Chance, Writer, as_array, normal

TRIES, ROUNDS = 2, 12
"""Songs written at a time, and how often, to find one that ends in a cadence; most do."""

_CONTEXT = 8
_AT_ONCE = 250_000


class ChordsWriter(Writer):
    """Writes progressions from the tonic on, each chord drawn from scores that the temperature flattens or sharpens."""

    reads = frozenset({"chord"})
    has_temperature: ClassVar[bool] = True
    knows_silence: ClassVar[bool] = True
    tempo: ClassVar[float] = 100.0

    def __init__(self, objective: ChordsObjective) -> None:
        self._exact = copy.deepcopy(objective.generator).to(torch.float64).eval()

    def opening(self, chance: Chance) -> Bars:
        """Nothing."""
        return np.empty(0, np.uint8)

    def last_bar(self, score: Score, codec: Codec) -> Bars | None:
        """None that it could follow."""
        return None

    def compose(self, chances: Sequence[Chance], openings: Bars, chords: Bars, temperature: float) -> Sequence[Bars]:
        """The chords (B,) that are given: there is nothing to write over them."""
        return list(chords)

    def progressions(
        self,
        chances: Sequence[Chance],
        minor: Sequence[bool],
        harmony: NDArray[np.int64],
        temperature: float = 1.0,
        cadence: bool = True,
    ) -> Bars:
        """Chords uint8 (N, B) from the tonic on, 0-11 major, 12-23 minor triads.

        Parameters
        ----------
        chances
            N, one a song.
        minor
            Whether each song is in minor.
        harmony
            (N, B): the bar whose chord a bar has, itself where it is new; the last two are always new, if `cadence`.
        temperature
            Boldness: 1 as learnt, 0 the likeliest chord each time.
        cadence
            Whether to go on writing until a song ends on its tonic, come from the dominant or the subdominant: so
            songs are those of the model that end so. One that never does has its last two chords set.
        """
        size = max(_AT_ONCE // (TRIES * harmony.shape[1]), 1)
        begins = range(0, len(chances), size)
        parts = [slice(begin, begin + size) for begin in begins]
        songs = [
            self._songs(chances[part], np.asarray(minor)[part], harmony[part], temperature, cadence) for part in parts
        ]
        return np.concatenate(songs)

    def _songs(
        self,
        chances: Sequence[Chance],
        minor: NDArray[np.bool_],
        harmony: NDArray[np.int64],
        temperature: float,
        cadence: bool,
    ) -> Bars:
        harmony = _with_own_end(harmony) if cadence else harmony
        songs, pending = np.empty(harmony.shape, np.uint8), np.arange(len(chances))
        for _ in range(ROUNDS if cadence else 1):
            tries = self._tries(
                [chances[song] for song in pending.tolist()], minor[pending], harmony[pending], temperature
            )
            good = cadences(tries, minor[pending, None]) if cadence else np.ones(tries.shape[:2], bool)
            songs[pending] = tries[np.arange(len(pending)), good.argmax(1)]
            pending = pending[~good.any(1)]
            if not len(pending):
                return songs
        songs[pending, -2:] = DOMINANT
        songs[pending, -1] = 12 * minor[pending]
        return songs

    def _tries(
        self, chances: Sequence[Chance], minor: NDArray[np.bool_], harmony: NDArray[np.int64], temperature: float
    ) -> Bars:
        """Songs (N, K, B), each try from other noise."""
        num, bars = harmony.shape
        noise = gumbel(normal(chances, TRIES, bars, NO_CHORD)) * temperature
        rows = torch.from_numpy(np.repeat(harmony, TRIES, axis=0))
        mode = torch.from_numpy(np.repeat(minor, TRIES).astype(np.int64))
        return as_array(self._written(mode, noise.flatten(0, 1), rows)).reshape(num, TRIES, bars)

    @torch.no_grad()
    def _written(self, mode: Tensor, noise: Tensor, harmony: Tensor) -> Tensor:
        """Chords uint8 (n, B) of songs in a mode (n,) for noise (n, B, C), some bars as `harmony` (n, B) says."""
        num, bars = harmony.shape
        places = known(mode, torch.zeros(num), torch.full((num,), bars - 1), _CONTEXT, bars).to(noise)
        previous = torch.full((num, _CONTEXT), NO_CHORD)
        planes, state = self._exact.begin(previous, places)
        chords = torch.empty(num, bars, dtype=torch.int64)
        for bar in range(bars):
            scores, state = self._exact.follow(planes, state, places[:, _CONTEXT + bar])
            chords[:, bar] = (scores + noise[:, bar]).argmax(1)
            chords[:, bar] = chords.gather(1, harmony[:, bar, None])[:, 0]
            planes = [*planes[1:], F.one_hot(chords[:, bar], NUM_CHORDS).to(noise)]
        return chords.to(torch.uint8)


def _with_own_end(harmony: NDArray[np.int64]) -> NDArray[np.int64]:
    """The last two bars new, whatever they bring back."""
    bar = np.arange(harmony.shape[1])
    return np.where(bar >= len(bar) - 2, bar, harmony)
