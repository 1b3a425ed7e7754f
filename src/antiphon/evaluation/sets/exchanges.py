"""Songs that exchange their conditions: every score that an exchange can need, and exchanges as sums of those.

Songs stand in random order, in blocks of neighbours, and exchange within their block. A table of the scores of each
song with the conditions of every other one in its block then makes any number of exchanges cheap.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Fit = Callable[[Numbers, Numbers], Floats]
"""Scores (m,) of the outputs numbered (m,) under the conditions numbered (m,): higher is better, NaN undefined."""

BLOCK = 64
"""Songs exchange conditions within blocks of at most so many."""


@dataclass(frozen=True, eq=False)
class Seats:
    """Songs in random order.

    Of each output the seat of its song and its place in it; of each seat the first seat and the number of seats of its
    block, the first of its outputs in `rows` and their number.
    """

    seat: Numbers
    place: Numbers
    rows: Numbers
    first: Numbers
    block: Numbers
    start: Numbers
    size: Numbers

    @classmethod
    def of(cls, song: Numbers, rng: np.random.Generator) -> "Seats":
        """Seats for songs numbered (n,), drawn at random."""
        songs, number = np.unique(song, return_inverse=True)
        num = len(songs)
        seat = rng.permutation(num)[number]
        size = np.bincount(seat, minlength=num)
        start = np.cumsum(size) - size
        rows = np.argsort(seat, kind="stable")
        place = np.empty(len(song), np.int64)
        place[rows] = np.arange(len(song)) - start[seat[rows]]
        # Blocks differ by one seat at most.
        of_seat = np.arange(num) * -(-num // BLOCK) // max(num, 1)
        blocks = np.bincount(of_seat)
        return cls(seat, place, rows, (np.cumsum(blocks) - blocks)[of_seat], blocks[of_seat], start, size)

    def scores(self, fit: Fit) -> tuple[Floats, Floats, Floats]:
        """Each output's score with its own condition, its mean score with those of others, and the songs' mean scores
        (shifts, seats) with the conditions of the song so many seats further on."""
        every, num = np.arange(len(self.seat)), len(self.size)
        total, count, own = np.zeros(len(every)), np.zeros(len(every)), np.full(len(every), np.nan)
        donors = self._donors()
        table = np.empty(donors.shape)
        for shift, donor in enumerate(donors):
            score = np.asarray(fit(every, self._conditions(donor)), np.float64)
            own = score if shift == 0 else own
            there = ~np.isnan(score)
            sums = np.bincount(self.seat, np.nan_to_num(score), num)
            table[shift] = _ratio(sums, np.bincount(self.seat, there, num))
            other = there & (donor != np.arange(num))[self.seat]
            total[other] += score[other]
            count += other
        return own, _ratio(total, count), table

    def gaps(self, table: Floats) -> Floats:
        """What each song's own conditions gain it over those of others (seats,).

        Its score less its mean with others' conditions and less the mean of others with its conditions, plus the mean
        of all such scores: these are the terms of which the mean gap is, to first order, the mean of independent ones
        (Hajek's projection of a U statistic; van der Vaart 1998, section 12.1). Without the third term intervals would
        be too narrow where some conditions suit all outputs better than others.
        """
        donors, num = self._donors(), len(self.size)
        there = ~np.isnan(table) & (donors != np.arange(num))
        scores = np.where(there, table, 0)
        of_condition = _ratio(*(np.bincount(donors.ravel(), v.ravel(), num) for v in (scores, there)))
        of_block = _ratio(*(np.bincount(self.first, v.sum(0), num) for v in (scores, there)))
        return np.asarray(table[0] - _ratio(scores.sum(0), there.sum(0)) - of_condition + of_block[self.first])

    def dealt(self, table: Floats, rng: np.random.Generator) -> Floats:
        """The songs' mean scores with conditions that are dealt out anew within each block."""
        seat = np.arange(len(self.size))
        donor = np.argsort(self.first + rng.random(len(seat)))
        return np.asarray(table[(donor - seat) % self.block, seat])

    def _donors(self) -> Numbers:
        """Seats (shifts, seats) that are so many seats further on in the block; shift 0 is the song's own."""
        shifts = np.arange(max(self.block.max(initial=0), 1))[:, None]
        return np.asarray(self.first + (np.arange(len(self.size)) - self.first + shifts) % self.block)

    def _conditions(self, donor: Numbers) -> Numbers:
        """For each output one of the donor of its seat, at its place in the song; a shorter song begins again."""
        chosen = donor[self.seat]
        return self.rows[self.start[chosen] + self.place % self.size[chosen]]


def _ratio(part: ArrayLike, whole: ArrayLike) -> Floats:
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.asarray(np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0))


def mean_of(values: Floats) -> float:
    """Mean of what is defined; NaN where nothing is."""
    there = values[~np.isnan(values)]
    return float(there.mean()) if len(there) else float("nan")
