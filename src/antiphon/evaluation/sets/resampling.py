"""Songs as what is drawn, exchanged and halved: the machinery below intervals and tests.

A scalar column becomes a table (songs, 2) of each song's sum and number of defined units, from which the mean over
units of any choice of songs is a quotient of two sums.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from antiphon.evaluation.measures import Column

Floats = NDArray[np.float64]

MANY = 1000
"""Beyond so many songs they are dealt at random into groups that are drawn whole."""


@dataclass(frozen=True, eq=False)
class Draws:
    """A column's mean and the means (resamples,) of its resampled songs."""

    value: float
    means: Floats
    num_units: int
    num_songs: int


def song_sums(column: Column) -> Floats:
    """Sum and number (songs, 2) of each song's defined units."""
    if column.values.ndim != 1:
        raise ValueError("this takes a column of scalars, not a histogram or curve; take its bins one by one")
    there = column.defined()
    _, song = np.unique(there.song, return_inverse=True)
    return np.stack([np.bincount(song, there.values), np.bincount(song)], axis=1)


def dealt(table: Floats, groups: int, rng: np.random.Generator) -> Floats:
    """Songs dealt at random into groups of equal size, summed; as they are where groups are as many."""
    if groups >= len(table):
        return table
    group = rng.permutation(len(table)) % groups
    return np.stack([np.bincount(group, column) for column in table.T], axis=1)


def draw(column: Column, rng: np.random.Generator, resamples: int) -> Draws:
    """Draw as many songs as there are, with replacement, `resamples` times; NaN for fewer than two songs."""
    table = song_sums(column)
    units, songs = int(table[:, 1].sum()), len(table)
    value = float(table[:, 0].sum() / units) if units else np.nan
    if songs < 2:
        return Draws(value, np.full(resamples, np.nan), units, songs)
    table = dealt(table, MANY, rng)
    drawn = table[rng.integers(len(table), size=(resamples, len(table)), dtype=np.int32)].sum(1)
    # Equal values have no interval, whatever rounding makes of their sums.
    return Draws(value, value + exact(drawn[:, 0] / drawn[:, 1] - value, [value]), units, songs)


def interval(draws: list[Draws], means: Floats, level: float) -> tuple[float, float]:
    """Expanded percentiles of resampled means; of a difference, with Welch's degrees of freedom."""
    from scipy.special import ndtr

    if min(drawn.num_songs for drawn in draws) < 2:
        return np.nan, np.nan
    plain = np.array([drawn.means.var() for drawn in draws])
    if not plain.sum():
        return float(means.min()), float(means.max())
    n = np.array([drawn.num_songs for drawn in draws])
    honest = plain * n / (n - 1)
    freedom = honest.sum() ** 2 / (honest**2 / (n - 1)).sum()
    tail = ndtr(-student_t(freedom, level) * np.sqrt(honest.sum() / plain.sum()))
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def student_t(freedom: float, level: float) -> float:
    """The t value that a share `level` does not exceed in size."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + level) / 2))


def studentised(ours: Floats, theirs: Floats, num_ours: int, num_theirs: int) -> Floats:
    """Welch's t (n,) of two sets of numbers, from the sums (n, 2) of the numbers and of their squares."""
    gap, variance = np.zeros(len(ours)), np.zeros(len(ours))
    for sign, sums, n in ((1, ours, num_ours), (-1, theirs, num_theirs)):
        mean = sums[:, 0] / n
        gap += sign * mean
        variance += np.maximum(sums[:, 1] / n - mean**2, 0) / (n - 1)
    gap, error = exact(gap, gap), np.sqrt(variance)
    # A variance of zero is left by rounding as a square of 1e-8 of its terms.
    error[error < 1e-7 * np.abs(gap).max()] = 0
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(gap == 0, 0, gap / error)


def p_value(observed: float, exchanged: Floats) -> float:
    """Share of exchanges at least as extreme, the observed one counted in."""
    extreme = int((exchanged >= observed * (1 - 1e-9)).sum())
    return (1 + extreme) / (1 + len(exchanged))


def song_means(column: Column) -> Floats:
    """Mean (songs,) of each song's defined units, in order of the songs' numbers."""
    table = song_sums(column)
    return np.asarray(table[:, 0] / table[:, 1])


def by_song(column: Column) -> Column:
    """A column of the songs' means: each song counts once, however long it is."""
    return Column(song_means(column), np.unique(column.defined().song))


def song_spread(column: Column) -> float:
    """Standard deviation of the songs' means; NaN for fewer than two songs."""
    means = song_means(column)
    return float(exact(means.std(ddof=1), means)) if len(means) > 1 else np.nan


def exact(values: ArrayLike, of: ArrayLike) -> Floats:
    """Differences with zeros where only rounding of the numbers `of` which they are differences kept them from it."""
    values = np.asarray(values, np.float64)
    return np.where(np.abs(values) < 1e-12 * np.abs(of).max(initial=0), 0, values)


def quotient(value: float, unit: float) -> float:
    """value / unit, where 0 / 0 is 0: no difference in a unit of none."""
    if unit:
        return float(value / unit)
    return value if not value or np.isnan(value) else float(np.copysign(np.inf, value))
