"""How the `chords` family composes: progressions in a key, over a form, that end in a cadence.

Axes: N songs, K tries, B bar, C chord (24).
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from antiphon.codecs.chords import NO_CHORD
from antiphon.codecs.codec import Codec
from antiphon.codecs.progressions import DOMINANT, cadences
from antiphon.families.chords.networks import MOST_LEFT, NUM_CHORDS, known
from antiphon.families.chords.objective import ChordsObjective
from antiphon.music.score import Score
from antiphon.nn.straight_through import gumbel
from antiphon.writers.writer import Bars, Chance, SongWriter, as_array, normal

TRIES, ROUNDS = 2, 12
"""Songs written at a time, and how often, to find one that ends in a cadence; most do."""

_CONTEXT = 8
_AT_ONCE = 250_000


@dataclass(frozen=True, eq=False)
class Commission:
    """What songs are to be.

    Parameters
    ----------
    minor
        (N,): whether each is in minor.
    harmony
        (N, B): the bar whose chord a bar has, itself where it is new; the last two are always new where a song ends.
    ends
        (N,): whether each is to end with its last bar, or goes on as if much more were to come.
    """

    minor: NDArray[np.bool_]
    harmony: NDArray[np.int64]
    ends: NDArray[np.bool_]

    def only(self, songs: NDArray[np.intp] | slice) -> Self:
        """Some of the songs."""
        return type(self)(self.minor[songs], self.harmony[songs], self.ends[songs])

    @property
    def told(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Whose chord each bar has (N, B), the mode (N,), and how many bars come after the first one (N,)."""
        bar = np.arange(self.harmony.shape[1])
        own_end = self.ends[:, None] & (bar >= len(bar) - 2)
        left = len(bar) - 1 + np.where(self.ends, 0, MOST_LEFT)
        return np.where(own_end, bar, self.harmony), self.minor.astype(np.int64), left.astype(np.int64)


class ChordsWriter(SongWriter):
    """Writes progressions from the tonic on, each chord drawn from scores that the temperature flattens or sharpens."""

    reads = frozenset({"chord"})
    has_temperature: ClassVar[bool] = True
    knows_silence: ClassVar[bool] = True
    knows_form: ClassVar[bool] = True
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
        """Nothing (0,): the chords that are given are all there is to write."""
        return [np.empty(0, np.uint8)] * len(chances)

    def progressions(self, chances: Sequence[Chance], commission: Commission, temperature: float = 1.0) -> Bars:
        """Chords uint8 (N, B) from the tonic on, 0-11 major, 12-23 minor triads.

        A song that ends is written again until it does so on its tonic, come from the dominant or the subdominant: so
        it is one of the model's songs that end so. One that never does has its last two chords set.

        Parameters
        ----------
        chances
            N, one a song.
        temperature
            Boldness: 1 as learnt, 0 the likeliest chord each time.
        """
        size = max(_AT_ONCE // (TRIES * commission.harmony.shape[1]), 1)
        parts = [slice(begin, begin + size) for begin in range(0, len(chances), size)]
        return np.concatenate([self._songs(chances[part], commission.only(part), temperature) for part in parts])

    def _songs(self, chances: Sequence[Chance], commission: Commission, temperature: float) -> Bars:
        songs, pending = np.empty(commission.harmony.shape, np.uint8), np.arange(len(chances))
        for _ in range(ROUNDS):
            asked = commission.only(pending)
            tries = self._tries([chances[song] for song in pending.tolist()], asked, temperature)
            good = cadences(tries, asked.minor[:, None]) | ~asked.ends[:, None]
            songs[pending] = tries[np.arange(len(pending)), good.argmax(1)]
            pending = pending[~good.any(1)]
            if not len(pending):
                return songs
        songs[pending, -2:] = DOMINANT
        songs[pending, -1] = 12 * commission.minor[pending]
        return songs

    @torch.no_grad()
    def _tries(self, chances: Sequence[Chance], commission: Commission, temperature: float) -> Bars:
        """Songs (N, K, B), each try from other noise."""
        num, bars = commission.harmony.shape
        noise = (gumbel(normal(chances, TRIES, bars, NO_CHORD)) * temperature).flatten(0, 1)
        harmony, mode, left = (torch.from_numpy(np.repeat(values, TRIES, axis=0)) for values in commission.told)
        places = known(mode, torch.zeros_like(mode), left, _CONTEXT, bars).to(noise)
        planes, state = self._exact.begin(torch.full((len(mode), _CONTEXT), NO_CHORD), places)
        chords = torch.empty(len(mode), bars, dtype=torch.int64)
        for bar in range(bars):
            scores, state = self._exact.follow(planes, state, places[:, _CONTEXT + bar])
            chords[:, bar] = (scores + noise[:, bar]).argmax(1)
            chords[:, bar] = chords.gather(1, harmony[:, bar, None])[:, 0]
            planes = [*planes[1:], F.one_hot(chords[:, bar], NUM_CHORDS).to(noise)]
        return as_array(chords.to(torch.uint8)).reshape(num, TRIES, bars)
