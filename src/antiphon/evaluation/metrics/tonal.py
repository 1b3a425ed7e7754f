"""Tonal distance (Harte, Sandler and Gasser 2006, "Detecting harmonic change in musical audio"): harmonies as points.

Conventions: a chroma vector (..., 12) says how long each pitch class sounds; silence is no harmony and gives NaN.
Axes: N samples, K track, B bar.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

# The circles of fifths, of minor thirds and of major thirds, and their radii.
_ANGLES = np.pi * np.outer([7 / 6, 3 / 2, 2 / 3], np.arange(12))
_RADII = np.array([1, 1, 0.5])[:, None]
_CIRCLES = np.stack([_RADII * np.sin(_ANGLES), _RADII * np.cos(_ANGLES)], axis=1).reshape(6, 12)


def tonal_centroids(chroma: Values) -> Values:
    """Points (..., 6): M u with u = chroma / its sum (equation 1). M's rows for pitch class k are r1 sin(7 pi k / 6),
    r1 cos(7 pi k / 6), r2 sin(3 pi k / 2), r2 cos(3 pi k / 2), r3 sin(2 pi k / 3), r3 cos(2 pi k / 3), with radii
    1, 1 and 0.5."""
    return np.asarray(ratio(chroma, chroma.sum(-1, keepdims=True)) @ _CIRCLES.T)


def centroid_distance(first: Values, second: Values) -> Values:
    """Euclidean distances (...,) of points (..., 6), up to 3."""
    return np.asarray(np.sqrt(((first - second) ** 2).sum(-1)))


def pair_distances(centroids: Values, pairs: Iterable[tuple[int, int]], min_beats: int) -> tuple[Values, Values]:
    """Mean distance of pairs of tracks over the beats in which both have a harmony, and the number of those beats,
    (N, pairs, B) each, from points (N, K, B, beat, 6); NaN where such beats are fewer than `min_beats`."""
    sides = np.array(list(pairs), np.int64).reshape(-1, 2)
    distance = centroid_distance(centroids[:, sides[:, 0]], centroids[:, sides[:, 1]])
    there = ~np.isnan(distance)
    beats = there.sum(3)
    mean = ratio(np.where(there, distance, 0).sum(3), beats)
    return np.where(beats >= min_beats, mean, np.nan), beats.astype(np.float64)


def ratio(part: NDArray[np.number], whole: NDArray[np.number]) -> Values:
    """part / whole, NaN where the whole is 0."""
    part, whole = np.broadcast_arrays(part, whole)
    return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole != 0))
