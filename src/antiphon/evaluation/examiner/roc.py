"""How well scores tell two classes apart: AUC and accuracy, with intervals over songs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

DRAWS = 2_000


@dataclass(frozen=True, eq=False)
class Scores:
    """What an examiner thought of held-out units: the higher, the more real.

    Parameters
    ----------
    real, made
        (n,) and (m,) scores; above 0 a unit is held to be real.
    real_song, made_song
        (n,) and (m,) songs. A number that occurs in both is one song: a unit made under a song's conditions bears its
        number.
    """

    real: NDArray[np.float64]
    made: NDArray[np.float64]
    real_song: NDArray[np.int64]
    made_song: NDArray[np.int64]

    @property
    def num_songs(self) -> int:
        """Songs of the class that has fewer of them."""
        return min(len(np.unique(self.real_song)), len(np.unique(self.made_song)))

    @property
    def auc(self) -> float:
        """Area under the ROC curve."""
        return auc(self.real, self.made)

    @property
    def accuracy(self) -> float:
        """Mean of the shares of real and of made units that were held to be what they are; a score of 0 counts half."""
        return 0.5 * float(_half_counted(self.real).mean() + _half_counted(-self.made).mean())


def auc(positive: ArrayLike, negative: ArrayLike) -> float:
    """Chance that a positive score is above a negative one, ties counted half (Mann and Whitney 1947).

    Raises
    ------
    ValueError
        If one of the two is empty.
    """
    positive, negative = np.sort(np.asarray(positive, np.float64)), np.sort(np.asarray(negative, np.float64))
    if not len(positive) or not len(negative):
        raise ValueError("an AUC needs scores of both classes")
    below = np.searchsorted(negative, positive, "left") + np.searchsorted(negative, positive, "right")
    return float(below.mean() / (2 * len(negative)))


def dividing_line(real: NDArray[np.float64], made: NDArray[np.float64]) -> float:
    """The line between two scores above which most of the real and below which most of the made ones lie, both classes
    of equal weight."""
    values = np.unique(np.concatenate([real, made]))
    lines = np.concatenate([values[:1], 0.5 * (values[1:] + values[:-1])])
    above = 1 - np.searchsorted(np.sort(real), lines, "left") / len(real)
    below = np.searchsorted(np.sort(made), lines, "left") / len(made)
    best = above + below
    # The middle one of those that are equally good.
    chosen = np.flatnonzero(best >= best.max() - 1e-12)
    return float(lines[chosen[len(chosen) // 2]])


def bootstrap(splits: Sequence[Scores], seed: int = 0, draws: int = DRAWS) -> NDArray[np.float64]:
    """AUC and accuracy, (draws, 2), each a mean over the splits, of songs drawn anew with replacement.

    Real songs, made songs and songs that are both are drawn apart, each as often as there are, and one draw serves all
    splits (cluster bootstrap; Field and Welsh 2007). A draw in which a split has lost a class is NaN.
    """
    rng = np.random.default_rng(seed)
    songs = np.unique(np.concatenate([part for one in splits for part in (one.real_song, one.made_song)]))
    is_real = np.isin(songs, np.concatenate([one.real_song for one in splits]))
    is_made = np.isin(songs, np.concatenate([one.made_song for one in splits]))
    weights = np.zeros((draws, len(songs)), np.int64)
    for stratum in (is_real & is_made, is_real & ~is_made, is_made & ~is_real):
        num = int(stratum.sum())
        if num:
            weights[:, stratum] = rng.multinomial(num, np.full(num, 1 / num), draws)
    return np.asarray(np.mean([_weighted(one, songs, weights) for one in splits], axis=0))


def interval(values: NDArray[np.float64], num_songs: int, level: float = 0.95) -> tuple[float, float]:
    """The middle share `level` of draws, made wider for few songs; NaN where there are no draws or fewer than 2 songs.

    Expanded percentile interval (Hesterberg 2015, section 4.1): the tails are those of a normal variable beyond
    sqrt(n / (n - 1)) times Student's quantile at n - 1 degrees of freedom.
    """
    from scipy.stats import norm, t

    values = values[~np.isnan(values)]
    if not len(values) or num_songs < 2:
        return float("nan"), float("nan")
    tail = norm.cdf(np.sqrt(num_songs / (num_songs - 1)) * t.ppf((1 - level) / 2, num_songs - 1))
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def _weighted(scores: Scores, songs: NDArray[np.int64], weights: NDArray[np.int64]) -> NDArray[np.float64]:
    values = np.concatenate([scores.real, scores.made])
    song = np.searchsorted(songs, np.concatenate([scores.real_song, scores.made_song]))
    real = np.arange(len(values)) < len(scores.real)
    order = np.argsort(values, kind="stable")
    values, song, real = values[order], song[order], real[order]
    starts = np.flatnonzero(np.append(True, np.diff(values) > 0))
    right = np.where(real, _half_counted(values), _half_counted(-values))
    return np.array([_drawn(row[song].astype(np.float64), real, starts, right) for row in weights])


def _drawn(
    weight: NDArray[np.float64], real: NDArray[np.bool_], starts: NDArray[np.intp], right: NDArray[np.float64]
) -> tuple[float, float]:
    """AUC and accuracy of weighted units in order of score, where units of equal score begin at `starts`."""
    of_real, of_made = weight * real, weight * ~real
    all_real, all_made = of_real.sum(), of_made.sum()
    if not all_real or not all_made:
        return float("nan"), float("nan")
    tied_real, tied_made = np.add.reduceat(of_real, starts), np.add.reduceat(of_made, starts)
    below = np.cumsum(tied_made) - 0.5 * tied_made
    accuracy = 0.5 * ((of_real * right).sum() / all_real + (of_made * right).sum() / all_made)
    return float(tied_real @ below / (all_real * all_made)), float(accuracy)


def _half_counted(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.5 * (np.sign(values) + 1))
