"""Distances between two sets of feature vectors: Yang and Lerch's, and those of neighbours.

Conventions: a set is a `Column` whose values are (n, d) features, or (n,) of one feature, all finite, with the song of
each. Sets of several features are compared in the real set's units (`features.standardised`). Units of one song are
alike: within a set their pairs are left out, and songs are drawn and halved as wholes. A set of fewer units or songs
than `samples_needed` says gives NaN.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from antiphon.evaluation.measures import Column, Metric
from antiphon.evaluation.sets.resampling import Floats

METRICS = (
    Metric(
        "overlap_area",
        "How far made pieces differ from real ones as much as real ones differ among themselves: 100 % if they do.",
        "Yang & Lerch 2020, On the evaluation of generative models in music, section 3.2",
        "%",
    ),
    Metric(
        "kl_divergence",
        "The same comparison as an information distance: 0 if real pieces differ from made ones as among themselves.",
        "Yang & Lerch 2020, section 3.2",
        "nats",
    ),
    Metric(
        "frechet_distance",
        "How far mean and spread of all features together lie from those of real music; 0 if nowhere apart.",
        "Dowson & Landau 1982; Heusel et al. 2017, equation 6; without the error of few samples: Chong & Forsyth 2020",
    ),
    Metric(
        "precision",
        "Share of made phrases that lie where real ones do: how good they are, whatever they leave out.",
        "Kynkaanniemi et al. 2019, equation 2",
        "%",
    ),
    Metric(
        "recall",
        "Share of real phrases that lie where made ones do: how much of real music the made set reaches.",
        "Kynkaanniemi et al. 2019, equation 2",
        "%",
    ),
    Metric(
        "density",
        "As precision, but counting how many real phrases are near each made one; 1 for real music, may be more.",
        "Naeem et al. 2020, equation 5",
    ),
    Metric(
        "coverage",
        "Share of real phrases that have a made one nearby; unlike recall not misled by made outliers.",
        "Naeem et al. 2020, equation 6",
        "%",
    ),
)

MIN_SAMPLES = {
    "overlap_area": 20,
    "kl_divergence": 20,
    "precision": 50,
    "recall": 50,
    "density": 50,
    "coverage": 50,
}
"""Units that each set must have; for the Frechet distance it depends on the features (`samples_needed`)."""

_ROWS, _NEIGHBOUR_ROWS = 600, 2000
_CELLS = 4096


def samples_needed(metric: str, num_features: int = 1) -> int:
    """Units that each set must have: a Frechet distance needs five a feature, or its covariances are guesses."""
    return 5 * num_features if metric == "frechet_distance" else MIN_SAMPLES[metric]


def overlap_area(a: ArrayLike, b: ArrayLike) -> float:
    """Overlapping area of the densities of two lots of distances: the integral of min(p, q), from 0 to 1.

    Densities are Gaussian kernel estimates with Scott's bandwidth, as in Yang & Lerch 2020, but no narrower than a
    thousandth of the range, so that lots without spread have one too.
    """
    p, q, step = _densities(_numbers(a), _numbers(b))
    return float(min(np.minimum(p, q).sum() * step, 1))


def kl_divergence(a: ArrayLike, b: ArrayLike) -> float:
    """Kullback-Leibler divergence D(a || b) in nats of the densities of `overlap_area`: integral of p log(p / q).

    Densities below 1e-12 of the highest count as that, so that lots that lie apart give a large number.
    """
    p, q, step = _densities(_numbers(a), _numbers(b))
    floor = 1e-12 * max(p.max(initial=0), q.max(initial=0))
    p, q = np.maximum(p, floor), np.maximum(q, floor)
    return float(max((p * np.log(p / q)).sum() * step, 0))


@dataclass(frozen=True, eq=False)
class SetDistances:
    """Distances within and between two sets, as Yang & Lerch 2020, section 3.2, compare them.

    Parameters
    ----------
    made, real
        Of all pairs of different songs within one set (intra-set).
    between
        Of all pairs of a made and a real unit (inter-set).
    """

    made: Floats
    real: Floats
    between: Floats

    @property
    def overlap(self) -> tuple[float, float]:
        """Overlap of the distances between the sets with those within the real and within the made set."""
        return overlap_area(self.real, self.between), overlap_area(self.made, self.between)

    @property
    def divergence(self) -> tuple[float, float]:
        """Divergence from the distances within the real and within the made set to those between the sets."""
        return kl_divergence(self.real, self.between), kl_divergence(self.made, self.between)


def set_distances(made: Column, real: Column, seed: int) -> SetDistances:
    """Euclidean distances within and between two sets of one feature (n,) or of vectors such as histograms (n, d).

    Each unit is held against all others, which is the paper's exhaustive leave-one-out. Of larger sets 600 units are
    drawn. Look at both overlaps: a set that repeats one real piece is as far from real music as that is from itself.
    """
    from scipy.spatial.distance import cdist

    rng = np.random.default_rng(seed)
    too_few = min(len(made.values), len(real.values)) < MIN_SAMPLES["overlap_area"]
    (x, song_x), (y, song_y) = (_some(column, _ROWS, rng) for column in (made, real))
    within = [cdist(rows, rows)[np.triu(song[:, None] != song[None], 1)] for rows, song in ((x, song_x), (y, song_y))]
    return SetDistances(*((np.empty(0),) * 3 if too_few else (*within, cdist(x, y).ravel())))


@dataclass(frozen=True)
class Neighbours:
    """Precision, recall, density and coverage of a made set, from its and the real set's k nearest neighbours."""

    precision: float
    recall: float
    density: float
    coverage: float
    num_units: int


def neighbours(made: Column, real: Column, seed: int, k: int = 5) -> Neighbours:
    """Precision and recall (Kynkaanniemi et al. 2019), density and coverage (Naeem et al. 2020).

    The ball around a unit reaches to its k-th nearest neighbour from *other songs* of its set. precision: share of made
    units in any real ball; recall: of real units in any made ball; density: real balls around a made unit, over k;
    coverage: share of real balls that hold a made unit. Both sets are cut at random to the size of the smaller, at
    most 2000, since the figures depend on the sizes. For two sets of one kind, of a unit a song, expect a density of 1
    and a coverage of 1 - 2^-k; of more units a song see `evaluation.floors`. NaN where a unit has fewer than k of
    other songs beside it.
    """
    from scipy.spatial.distance import cdist

    size = min(len(made.values), len(real.values), _NEIGHBOUR_ROWS)
    if size < MIN_SAMPLES["precision"]:
        return Neighbours(np.nan, np.nan, np.nan, np.nan, size)
    rng = np.random.default_rng(seed)
    (x, song_x), (y, song_y) = (_some(column, size, rng) for column in (made, real))
    radius_x, radius_y = _radii(x, song_x, k), _radii(y, song_y, k)
    if not np.isfinite([radius_x, radius_y]).all():
        return Neighbours(np.nan, np.nan, np.nan, np.nan, size)
    apart = cdist(x, y)
    in_real, in_made = apart <= radius_y, apart <= radius_x[:, None]
    return Neighbours(
        precision=float(in_real.any(1).mean()),
        recall=float(in_made.any(0).mean()),
        density=float(in_real.sum(1).mean() / k),
        coverage=float(in_real.any(0).mean()),
        num_units=size,
    )


def matrix(column: Column) -> Floats:
    """The features (n, d) of a set.

    Raises
    ------
    ValueError
        If any is NaN or infinite.
    """
    rows = column.values[:, None] if column.values.ndim == 1 else column.values
    if not np.isfinite(rows).all():
        raise ValueError("features must be finite; fill or leave out NaN first (features.standardised)")
    return rows


def _numbers(values: ArrayLike) -> Floats:
    row = np.asarray(values, np.float64)
    if row.ndim != 1 or not np.isfinite(row).all():
        raise ValueError("this takes two rows of finite numbers; leave out NaN first")
    return row


def _some(column: Column, most: int, rng: np.random.Generator) -> tuple[Floats, NDArray[np.int64]]:
    rows = matrix(column)
    if len(rows) <= most:
        return rows, column.song
    kept = np.sort(rng.choice(len(rows), most, replace=False))
    return rows[kept], column.song[kept]


def _densities(a: Floats, b: Floats) -> tuple[Floats, Floats, float]:
    """Kernel densities of two rows of numbers on one grid, and its step; NaN where a row is too short."""
    if min(len(a), len(b)) < MIN_SAMPLES["overlap_area"]:
        return np.full(1, np.nan), np.full(1, np.nan), np.nan
    low, high = min(a.min(), b.min()), max(a.max(), b.max())
    extent = high - low or 1.0
    widths = [max(row.std(ddof=1) * len(row) ** -0.2, extent / 1000) for row in (a, b)]
    margin = 5 * max(widths)
    edges = np.linspace(low - margin, high + margin, _CELLS + 1)
    step = float(edges[1] - edges[0])
    found = []
    for row, width in zip((a, b), widths, strict=True):
        counts = np.histogram(row, edges)[0] / (len(row) * step)
        offset = np.minimum(np.arange(2 * _CELLS), 2 * _CELLS - np.arange(2 * _CELLS)) * step / width
        kernel = np.exp(-(offset**2) / 2)
        spectrum = np.fft.rfft(counts, 2 * _CELLS) * np.fft.rfft(kernel / kernel.sum())
        found.append(np.maximum(np.fft.irfft(spectrum)[:_CELLS], 0))
    return found[0], found[1], step


def _radii(rows: Floats, song: NDArray[np.int64], k: int) -> Floats:
    from scipy.spatial.distance import cdist

    apart = cdist(rows, rows)
    apart[song[:, None] == song[None]] = np.inf
    return np.asarray(np.partition(apart, min(k, len(rows)) - 1, axis=1)[:, min(k, len(rows)) - 1])
