"""The Frechet distance between two sets of feature vectors, freed from the error of few samples."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from antiphon.evaluation.measures import Column
from antiphon.evaluation.sets.distances import matrix, samples_needed
from antiphon.evaluation.sets.resampling import Floats, student_t

MIN_GROUPS = 10
"""Songs that each set must have for an interval."""


def frechet_distance(x: ArrayLike, y: ArrayLike) -> float:
    """Squared Frechet distance of the Gaussians with the means m and covariances S of two sets (n, d).

    |m_x - m_y|^2 + tr(S_x + S_y - 2 (S_x^1/2 S_y S_x^1/2)^1/2). The root is taken of a symmetric matrix by its
    eigenvalues, which is stable where a general root is not; nothing is added to the covariances. Few samples make it
    too large, by about 1 / n: see `frechet_at_infinity`.
    """
    sets = [np.asarray(rows, np.float64) for rows in (x, y)]
    if {rows.ndim for rows in sets} != {2} or sets[0].shape[1] != sets[1].shape[1] or min(map(len, sets)) < 2:
        raise ValueError(f"two sets of at least two vectors of one length, not {sets[0].shape} and {sets[1].shape}")
    if not all(np.isfinite(rows).all() for rows in sets):
        raise ValueError("features must be finite; fill or leave out NaN first (features.standardised)")
    return _frechet(*((rows.mean(0), np.atleast_2d(np.cov(rows.T))) for rows in sets))


@dataclass(frozen=True)
class Frechet:
    """A Frechet distance freed from the error of few samples.

    Parameters
    ----------
    value, low, high
        Extrapolated to endless sets, with its 95 % interval; below zero by chance where the sets do not differ.
    raw
        As it comes from all samples, too large.
    num_units, num_songs
        Of the smaller set.
    """

    value: float
    low: float
    high: float
    raw: float
    num_units: int
    num_songs: int


def frechet_at_infinity(made: Column, real: Column, seed: int, repeats: int = 10) -> Frechet:
    """The Frechet distance of endless sets: that of parts of both sets, fitted by a line in 1 / size, at 1 / size = 0.

    Chong & Forsyth 2020, "Effectively unbiased FID", section 3, with two changes. Both sets are cut, since both are
    small here, into parts of 40 to 100 % of their *songs*, in 24 groups. And the interval is no spread over repeats,
    which all draw from the same songs, but the jackknife's over groups of songs of each set (Efron & Stein 1981),
    which says what other songs would have given.
    """
    sets = [(matrix(column), column.song) for column in (made, real)]
    units, songs = (
        min(len(column.values) for column in (made, real)),
        min(len(np.unique(c.song)) for c in (made, real)),
    )
    if units < samples_needed("frechet_distance", sets[0][0].shape[1]) or songs < MIN_GROUPS:
        return Frechet(np.nan, np.nan, np.nan, np.nan, units, songs)
    rng = np.random.default_rng(seed)
    num = min(24, songs)
    # Sums of products far from zero would lose their digits.
    centre = sets[1][0].mean(0)
    moments = [_group_moments(rows - centre, song, num, rng) for rows, song in sets]
    everything = np.ones((2, num), bool)
    raw = _frechet_of(moments, everything)
    sizes = np.unique(np.rint(num / np.linspace(1, 2.5, 7)).astype(int))
    parts = [_of_parts(moments, int(size), rng, repeats) for size in sizes[:-1]]
    value = float(np.polyfit(num / sizes, [*parts, raw], 1)[1])
    without = np.array([[_frechet_of(moments, _but(everything, side, k)) for k in range(num)] for side in range(2)])
    error = np.sqrt((num - 1) * without.var(axis=1).sum())
    reach = student_t(num - 1, 0.95) * error
    return Frechet(value, value - reach, value + reach, raw, units, songs)


_Gaussian = tuple[Floats, Floats]
_Moments = tuple[Floats, Floats, Floats]


def _frechet(a: _Gaussian, b: _Gaussian) -> float:
    values, vectors = np.linalg.eigh(a[1])
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ b[1] @ root), 0)).sum()
    # Rounding may leave equal sets a little below zero.
    return float(max(((a[0] - b[0]) ** 2).sum() + np.trace(a[1]) + np.trace(b[1]) - 2 * shared, 0))


def _group_moments(rows: Floats, song: NDArray[np.int64], num: int, rng: np.random.Generator) -> _Moments:
    """Number (g,), sum (g, d) and sum of products (g, d, d) of the rows of each of `num` random groups of songs."""
    _, number = np.unique(song, return_inverse=True)
    group = (rng.permutation(number.max() + 1) % num)[number]
    lots = [rows[group == k] for k in range(num)]
    return (
        np.array([len(lot) for lot in lots], np.float64),
        np.array([lot.sum(0) for lot in lots]),
        np.array([lot.T @ lot for lot in lots]),
    )


def _frechet_of(moments: list[_Moments], kept: NDArray[np.bool_]) -> float:
    gaussians = []
    for (counts, sums, products), groups in zip(moments, kept, strict=True):
        n = counts[groups].sum()
        mean = sums[groups].sum(0) / n
        gaussians.append((mean, (products[groups].sum(0) - n * np.outer(mean, mean)) / (n - 1)))
    return _frechet(*gaussians)


def _of_parts(moments: list[_Moments], size: int, rng: np.random.Generator, repeats: int) -> float:
    """Mean distance of `repeats` random choices of `size` groups of each set."""
    chosen = np.tile(np.arange(len(moments[0][0])) < size, (repeats, 2, 1))
    return float(np.mean([_frechet_of(moments, kept) for kept in rng.permuted(chosen, axis=2)]))


def _but(kept: NDArray[np.bool_], side: int, group: int) -> NDArray[np.bool_]:
    fewer = kept.copy()
    fewer[side, group] = False
    return fewer
