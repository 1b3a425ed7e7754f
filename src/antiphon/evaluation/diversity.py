"""How varied a set is beside another one: distinct shares of as many units each, shares that are counted, and what is
sure of their differences."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.certainty import MIN_SONGS, Estimate
from antiphon.evaluation.resampling import student_t

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

_HALVES = 200


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


def distinct(kinds: Numbers, song: Numbers, size: int, seed: int) -> Estimate:
    """`expected_distinct` with its 95 % interval over songs; no interval for fewer than two songs.

    Songs drawn with replacement would bring kinds twice that are there once, so the interval is the delete-half
    jackknife's (Shao & Wu 1989): the spread of the share over random halves of the songs, of as many units as the
    smallest half has, taken on both sides of the value with Student's t; never narrower than for independent units
    (`share`), since where all are different no half tells how rarely they are not.
    """
    value = expected_distinct(kinds, size)
    _, number, sizes = np.unique(song, return_inverse=True, return_counts=True)
    songs, half = len(sizes), (len(sizes) + 1) // 2
    # A half of the units that are drawn, or all of the half with the fewest.
    fewest = min(int(np.sort(sizes)[:half].sum()), max(size // 2, 1))
    if songs < 2:
        return Estimate(value, np.nan, np.nan, len(kinds), songs)
    rng = np.random.default_rng(seed)
    picks = (np.isin(number, rng.choice(songs, half, replace=False)) for _ in range(_HALVES))
    spread = np.std([expected_distinct(kinds[pick], fewest) for pick in picks]) * np.sqrt(half / (songs - half))
    reach = student_t(songs - 1, 0.95) * float(spread)
    low, high = (float(end) for end in _wilson(value, np.array(size)))
    return Estimate(value, max(min(value - reach, low), 0.0), min(max(value + reach, high), 1.0), len(kinds), songs)


def share(part: int, whole: int) -> Estimate:
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
