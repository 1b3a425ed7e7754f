"""Condition-dependence: does the output listen to the chord, the bar before, the track or the prime that it was given?

A *fit* says how well an output goes with a condition. Outputs are scored with their own conditions and with those of
other songs: a generator that ignores its condition fits both alike. One that copies its condition fits it best of all;
so the share of the output that doubles its condition is held against the same share in real music, with real
conditions. Both are needed: dependence without copying is what real music shows.

Chance is reckoned over songs: each song receives the conditions of another one, in their order, so that neither the
likeness of a song's own bars nor their places in the song pass for dependence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import factorial

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.certainty import ALPHA, MARGIN, MIN_SONGS, Estimate, difference, estimate
from antiphon.evaluation.measures import Column, Metric
from antiphon.evaluation.resampling import song_spread

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Fit = Callable[[Numbers, Numbers], Floats]
"""Scores (m,) of the outputs numbered (m,) under the conditions numbered (m,): higher is better, NaN undefined."""

METRICS = (
    Metric(
        "condition_fit",
        "How well the output goes with the condition that it was given; to be read against conditions of other songs.",
        "permutation test over songs; Phipson and Smyth 2010 for its p value",
    ),
    Metric(
        "condition_copied",
        "Share of the output that merely doubles its condition; more than in real music is copying.",
        "same pitch class or onset at the same time, or notes in a passage of the condition",
        unit="%",
    ),
)


@dataclass(frozen=True, eq=False)
class Pairing:
    """Outputs with the conditions that they were made from; n of each.

    Parameters
    ----------
    fit
        Any output scored under any condition.
    copied
        (n,) share of each output that doubles its own condition; NaN where undefined.
    song
        (n,) the song that output and condition belong to.
    """

    fit: Fit
    copied: Floats
    song: Numbers

    def __post_init__(self) -> None:
        if self.copied.shape != self.song.shape or self.song.ndim != 1:
            raise ValueError(f"a copied share and a song for each output, not {self.copied.shape}, {self.song.shape}")


@dataclass(frozen=True)
class Fits:
    """What a set of outputs shows.

    Parameters
    ----------
    own, shuffled, gap
        Mean fit with own conditions, with those of other songs, and the difference, with intervals over songs.
    p
        Chance of a fit as good as this with conditions of other songs (one-sided); NaN for fewer than `MIN_SONGS`.
    copied
        Share of the output that doubles its condition.
    """

    own: Estimate
    shuffled: Estimate
    gap: Estimate
    p: float
    copied: Estimate


@dataclass(frozen=True)
class Dependence:
    """What the made outputs show, and real ones under their real conditions.

    Parameters
    ----------
    condition
        Its name: "chord", "bar before", "piano".
    made, real
        Fits of each.
    excess
        How much more the made outputs double their conditions than the real ones, with its interval.
    copies
        Whether that is plainly more: the interval lies above zero, and the excess is at least half a standard
        deviation of real songs.
    """

    condition: str
    made: Fits
    real: Fits
    excess: Estimate
    copies: bool

    @property
    def strength(self) -> float:
        """The made outputs' gap in units of the real ones': 0 ignores the condition, 1 is as real music."""
        return self.made.gap.value / self.real.gap.value if self.real.gap.value > 0 else float("nan")

    @property
    def short(self) -> str:
        """The verdict in a few words."""
        if np.isnan(self.made.p):
            return f"too few songs to tell (needs {MIN_SONGS})"
        if self.made.p > ALPHA:
            return "no dependence is seen" + (", nor in real music" if self.real.p > ALPHA else "")
        return "copies its condition" if self.copies else f"depends on it{self._how_much()}"

    def words(self) -> str:
        """The verdict in plain words, with its figures."""
        made, real, name = self.made, self.real, self.condition
        if np.isnan(made.p):
            return f"{made.own.num_songs} songs are too few to tell whether the {name} matters; {MIN_SONGS} are needed."
        figures = f"(fit {made.own.value:.3g}, shuffled {made.shuffled.value:.3g}; real {real.own.value:.3g}, "
        figures += f"shuffled {real.shuffled.value:.3g})"
        if made.p > ALPHA:
            return f"No dependence on the {name} is seen {figures}."
        copying = f"and doubles it in {made.copied.value:.0%} where real music does in {real.copied.value:.0%}"
        if self.copies:
            return f"It copies: it depends on the {name} {figures}, {copying}."
        if np.isnan(self.excess.value):
            return f"It depends on the {name}{self._how_much()} {figures}."
        return f"It depends on the {name}{self._how_much()} {figures}, {copying}: not plainly more."

    def _how_much(self) -> str:
        if np.isnan(self.strength):
            return ""
        if self.strength < 0.5:
            return ", less than half as much as real music does"
        return ", more than real music does" if self.strength > 1.5 else ", much as real music does"


def dependence(condition: str, made: Pairing, real: Pairing, seed: int, permutations: int = 999) -> Dependence:
    """Test whether made outputs depend on their conditions, and whether they copy them more than real ones do.

    Parameters
    ----------
    condition
        Its name, for the words.
    made, real
        Outputs with their own conditions; songs of the two need not correspond.
    """
    fits = [fits_of(pairing, seed, permutations) for pairing in (made, real)]
    copied = [Column(pairing.copied, pairing.song) for pairing in (made, real)]
    excess = difference(copied[0], copied[1], seed)
    plain = excess.low > 0 and excess.value >= MARGIN * song_spread(copied[1])
    return Dependence(condition, fits[0], fits[1], excess, bool(plain))


def fits_of(pairing: Pairing, seed: int, permutations: int = 999) -> Fits:
    """Fit with own conditions against conditions of other songs.

    The statistic is the mean fit over outputs; p = (1 + shuffles that fit as well) / (1 + shuffles), and not below one
    in the number of ways to exchange so few songs.

    Raises
    ------
    ValueError
        If there is not one shuffle at least.
    """
    if permutations < 1:
        raise ValueError("at least one permutation")
    rng = np.random.default_rng(seed)
    every = np.arange(len(pairing.song))
    own = np.asarray(pairing.fit(every, every), np.float64)
    songs = _Songs.of(pairing.song)
    total, count = np.zeros(len(own)), np.zeros(len(own))
    reached = 0
    for _ in range(permutations if songs.num > 1 else 0):
        score = np.asarray(pairing.fit(every, songs.others(rng)), np.float64)
        there = ~np.isnan(score)
        total[there] += score[there]
        count += there
        reached += bool(_mean(score) >= _mean(own) - 1e-12)
    shuffled = np.divide(total, count, out=np.full(len(own), np.nan), where=count > 0)
    p = float("nan")
    if songs.num >= MIN_SONGS and not np.isnan(own).all():
        p = max((1 + reached) / (1 + permutations), 1 / (1 + _derangements(songs.num)))
    columns = [Column(values, pairing.song) for values in (own, shuffled, own - shuffled, pairing.copied)]
    a, b, gap, copied = (estimate(column, seed) for column in columns)
    return Fits(a, b, gap, p, copied)


@dataclass(frozen=True, eq=False)
class _Songs:
    """Outputs by song: the number of each one's song from 0 on, its place in it, and each song's outputs in a row."""

    number: Numbers
    place: Numbers
    rows: Numbers
    start: Numbers
    size: Numbers

    @classmethod
    def of(cls, song: Numbers) -> "_Songs":
        _, number, size = np.unique(song, return_inverse=True, return_counts=True)
        rows = np.argsort(number, kind="stable")
        start = np.cumsum(size) - size
        place = np.empty(len(song), np.int64)
        place[rows] = np.arange(len(song)) - start[number[rows]]
        return cls(number, place, rows, start, size)

    @property
    def num(self) -> int:
        return len(self.size)

    def others(self, rng: np.random.Generator) -> Numbers:
        """For each output one of another song, at its place in the song; a shorter song begins again."""
        donor = np.empty(self.num, np.int64)
        fixed = np.arange(self.num)
        donor[:] = fixed
        while len(fixed):
            # Songs that drew themselves are dealt anew with as many others, until none has.
            others = rng.permutation(self.num)[: len(fixed) + 1]
            again = np.union1d(fixed, others)
            donor[again] = rng.permutation(donor[again])
            fixed = np.flatnonzero(donor == np.arange(self.num))
        chosen = donor[self.number]
        return self.rows[self.start[chosen] + self.place % self.size[chosen]]


def _mean(values: Floats) -> float:
    there = values[~np.isnan(values)]
    return float(there.mean()) if len(there) else float("nan")


def _derangements(num: int) -> int:
    """Ways to give each of `num` songs another one's conditions."""
    return round(factorial(min(num, 12)) / np.e)
