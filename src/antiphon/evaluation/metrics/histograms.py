"""Shares over bins: of codes, of pairs of codes that follow each other, their entropy, and how far two agree.

Conventions: a histogram is a row (1, d) of shares that add up to 1, all NaN where nothing was counted, so that rows of
many pieces stand beneath each other in a column.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def histogram(codes: NDArray[np.integer], size: int, weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Shares (1, size) of the codes 0 to size - 1, each counted once or by its weight."""
    if len(codes) and not 0 <= int(codes.min()) <= int(codes.max()) < size:
        raise ValueError(f"codes of a histogram of {size} bins run from 0 to {size - 1}")
    return shares(np.bincount(codes, weights, minlength=size))


def transitions(codes: NDArray[np.integer], size: int) -> NDArray[np.float64]:
    """Shares (1, size * size) of the pairs of codes that follow each other: bin `first * size + second`."""
    return histogram(codes[:-1] * size + codes[1:], size * size)


def shares(counts: ArrayLike) -> NDArray[np.float64]:
    """Counts (d,) as one row (1, d) of shares; NaN where they add up to nothing."""
    counts = np.asarray(counts, np.float64)
    total = counts.sum()
    return (counts / total if total > 0 else np.full(counts.shape, np.nan))[None]


def entropy(histogram: ArrayLike) -> NDArray[np.float64]:
    """Entropy of each row in bits, -sum p log2 p (Shannon 1948); NaN where a row is NaN."""
    rows = np.asarray(histogram, np.float64)
    logs = np.log2(rows, out=np.zeros_like(rows), where=rows > 0)
    # Zero minus, so that certainty is 0 and not -0.
    return np.asarray(0.0 - np.where(np.isnan(rows), np.nan, rows * logs).sum(-1))


def agreement(own: ArrayLike, reference: ArrayLike) -> float:
    """How far two distributions agree: 1 minus their Jensen-Shannon distance, 1 where they are alike, 0 where disjoint.

    The distance is the square root of the divergence H((p + q) / 2) - (H(p) + H(q)) / 2 in bits (Lin 1991; a metric by
    Endres and Schindelin 2003). A distribution counted from little agrees less with the one that it came from: compare
    what is pooled over as many pieces, and read it beside real against real.

    Parameters
    ----------
    own, reference
        Counts or shares of one shape, not negative: (d,) or (1, d), or rows (n, d) of shares, which are averaged, rows
        of NaN left out. NaN where one of them has nothing.

    Raises
    ------
    ValueError
        If they have not the same bins, or a share is negative.
    """
    p, q = _pooled(own), _pooled(reference)
    if p.shape != q.shape:
        raise ValueError(f"two distributions are compared over the same bins, not over {p.shape} and {q.shape}")
    divergence = entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2
    # Rounding may leave a trace beside 0 and 1.
    return float(1 - np.sqrt(np.clip(divergence, 0, 1)))


def _pooled(distribution: ArrayLike) -> NDArray[np.float64]:
    rows = np.atleast_2d(np.asarray(distribution, np.float64))
    rows = rows[~np.isnan(rows).any(1)]
    if (rows < 0).any():
        raise ValueError("a distribution has no negative shares")
    return np.asarray(shares(rows.sum(0))[0])
