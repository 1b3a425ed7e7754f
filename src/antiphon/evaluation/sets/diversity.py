"""How varied a set is beside another one: distinct shares of as many units each, shares that are counted, and what is
sure of their differences."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.sets.certainty import MIN_SONGS, Estimate
from antiphon.evaluation.sets.resampling import student_t

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

_CHOICES, _HALVES = 50, 200


def expected_distinct(kinds: Numbers, size: int) -> float:
    """Distinct share of `size` units drawn at random without replacement from those of some kinds (n,).

    In closed form, sum over kinds of 1 - C(n - c, size) / C(n, size) for a kind of c units, over `size` (Hurlbert 1971,
    "The nonconcept of species diversity", equation 14): shares of all units would fall as sets grow.

    Raises
    ------
    ValueError
        If there are fewer units than are drawn, or none is.
    """
    from scipy.special import gammaln

    n = len(kinds)
    if not 0 < size <= n:
        raise ValueError(f"{size} of {n} units cannot be drawn")
    counts, often = np.unique(np.unique(kinds, return_counts=True)[1], return_counts=True)
    left = n - counts
    there = left >= size
    kept = gammaln(left[there] + 1) - gammaln(left[there] - size + 1) + gammaln(n - size + 1) - gammaln(n + 1)
    return float((often.sum() - (often[there] * np.exp(kept)).sum()) / size)


@dataclass(frozen=True, eq=False)
class Units:
    """Units of a set: the kind (n,) and the song (n,) of each."""

    kind: Numbers
    song: Numbers

    @property
    def num_songs(self) -> int:
        """How many songs they are of."""
        return len(np.unique(self.song))


def distinct(sets: Sequence[Units], seed: int) -> list[Estimate]:
    """`expected_distinct` of sets that are held against each other, with 95 % intervals over songs.

    Of each set as many songs are taken, and of those as many units: songs repeat themselves, so that the same number of
    units of more songs is more varied. Of a set with more songs the share is the mean over random choices. Songs drawn
    with replacement would bring kinds twice that are there once, so intervals are the delete-half jackknife's (Shao &
    Wu 1989): the spread of the share over random halves of the songs, of as many units as the smallest half has, taken
    on both sides of the value with Student's t; never narrower than for independent units (`share`), since where all
    are different no half tells how rarely they are not. There is none for fewer than two songs.

    Raises
    ------
    ValueError
        If a set has no units.
    """
    if not sets or not all(len(units.kind) for units in sets):
        raise ValueError("sets without units have no share")
    rng = np.random.default_rng(seed)
    num = min(units.num_songs for units in sets)
    chosen = [_Chosen.of(units, num, rng) for units in sets]
    size = min(one.fewest for one in chosen)
    return [_with_interval(units, one.share(size), num, size, rng) for units, one in zip(sets, chosen, strict=True)]


def _with_interval(units: Units, value: float, num: int, size: int, rng: np.random.Generator) -> Estimate:
    songs, half = units.num_songs, (num + 1) // 2
    if num < 2:
        return Estimate(value, np.nan, np.nan, len(units.kind), songs)
    halves = _Chosen.of(units, half, rng, _HALVES)
    # Of n of N songs drawn without replacement, variances are 1 / n - 1 / N where that of all is 1 / N.
    spread = float(np.std(halves.shares(min(halves.fewest, max(size // 2, 1))))) * np.sqrt(half / (songs - half))
    reach = student_t(num - 1, 0.95) * spread
    low, high = (float(end) for end in _wilson(value, np.array(size)))
    return Estimate(
        value, max(min(value - reach, low), 0.0), min(max(value + reach, high), 1.0), len(units.kind), songs
    )


@dataclass(frozen=True, eq=False)
class _Chosen:
    """The kinds of some songs of a set, for each of several random choices."""

    kinds: list[Numbers]

    @classmethod
    def of(cls, units: Units, num: int, rng: np.random.Generator, times: int = _CHOICES) -> "_Chosen":
        songs, number = np.unique(units.song, return_inverse=True)
        if num == len(songs):
            return cls([units.kind])
        picks = (np.isin(number, rng.choice(len(songs), num, replace=False)) for _ in range(times))
        return cls([units.kind[pick] for pick in picks])

    @property
    def fewest(self) -> int:
        return min(map(len, self.kinds))

    def shares(self, size: int) -> list[float]:
        return [expected_distinct(kinds, size) for kinds in self.kinds]

    def share(self, size: int) -> float:
        return float(np.mean(self.shares(size)))


def share(part: float, whole: int) -> Estimate:
    """A share of songs with its 95 % interval (Wilson 1927), which none and all have too; NaN of none."""
    if not whole:
        return Estimate(np.nan, np.nan, np.nan, 0, 0)
    p = part / whole
    low, high = _wilson(p, np.array(whole))
    return Estimate(p, min(float(low), p), max(float(high), p), whole, whole)


@dataclass(frozen=True)
class Gap:
    """A difference of two figures with its 95 % interval."""

    value: float
    low: float
    high: float


def gap(a: Estimate, b: Estimate) -> Gap:
    """`a` less `b` from their own intervals (Newcombe 1998, method 10): each end lies off by the root of the squares of
    how far the ends that make for it lie off."""
    value = a.value - b.value
    low = value - float(np.hypot(a.value - a.low, b.high - b.value))
    high = value + float(np.hypot(a.high - a.value, b.value - b.low))
    return Gap(value, low, high)


def songs_for_distinct(a: Estimate, b: Estimate, margin: float) -> int:
    """Songs in each set with which the interval of `gap` of two distinct shares would be as wide as a margin."""
    found = gap(a, b)
    songs = min(a.num_songs, b.num_songs) * ((found.high - found.low) / margin) ** 2
    return max(int(np.ceil(np.nan_to_num(songs))), MIN_SONGS)


def songs_for_shares(a: Estimate, b: Estimate, margin: float) -> int:
    """Songs in each set with which the interval of `gap` of two shares that both are what these are together would be
    as wide as a margin."""
    p = (a.value * a.num_songs + b.value * b.num_songs) / (a.num_songs + b.num_songs)
    songs = np.arange(MIN_SONGS, int(8 / margin**2))
    low, high = _wilson(p, songs)
    return int(songs[np.argmax(2 * np.hypot(p - low, high - p) <= margin)])


def _wilson(p: float, whole: NDArray[np.int64]) -> tuple[Floats, Floats]:
    z2 = 1.96**2 / whole
    reach = np.sqrt(z2 * p * (1 - p) + z2**2 / 4)
    low, high = ((p + z2 / 2 + sign * reach) / (1 + z2) for sign in (-1, 1))
    return np.clip(low, 0, 1), np.clip(high, 0, 1)
