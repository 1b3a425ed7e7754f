"""What chance in training does to a figure, told apart from what chance in sampling does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from antiphon.evaluation.sets.resampling import student_t


@dataclass(frozen=True)
class SeedSpread:
    """A figure of one recipe over training seeds, with what sampling alone does; see `seed_spread`.

    Parameters
    ----------
    mean
        Over training seeds, each counted once.
    standard_error, low, high
        Of that mean, with training seeds as the unit, and its interval (Student's t).
    training_spread, sampling_spread
        Standard deviations between training seeds (sampling's part taken out) and between sampling seeds of one.
    num_training_seeds, num_values
        How many of each went in.
    """

    mean: float
    standard_error: float
    low: float
    high: float
    training_spread: float
    sampling_spread: float
    num_training_seeds: int
    num_values: int


def seed_spread(
    values_by_training_seed: Mapping[int, ArrayLike] | Sequence[ArrayLike], level: float = 0.95
) -> SeedSpread:
    """Tell training seeds and sampling seeds apart: one value a sampling seed, in one row a training seed.

    One-way variance components by their expected mean squares (Searle, Casella & McCulloch 1992, section 3.6), the
    component between training seeds cut at zero. The standard error counts training seeds, whatever the number of
    samples of each: sampling one model again and again tells nothing of the next model. NaN values are left out;
    spreads that cannot be told from what is there are NaN.

    Raises
    ------
    ValueError
        If the level of the interval does not lie between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError(f"a level between 0 and 1, not {level}")
    rows = values_by_training_seed.values() if isinstance(values_by_training_seed, Mapping) else values_by_training_seed
    groups = [np.asarray(row, np.float64).ravel() for row in rows]
    groups = [kept for kept in (group[~np.isnan(group)] for group in groups) if len(kept)]
    sizes = np.array([len(group) for group in groups])
    means = np.array([group.mean() for group in groups])
    k, n = len(groups), int(sizes.sum())
    mean, error = (float(means.mean()) if k else np.nan), (float(means.std(ddof=1) / np.sqrt(k)) if k > 1 else np.nan)
    within = sum(((group - group.mean()) ** 2).sum() for group in groups) / (n - k) if n > k else np.nan
    between = np.nan
    if k > 1:
        weighted = float((sizes * means).sum() / n)
        squares = float((sizes * (means - weighted) ** 2).sum() / (k - 1))
        between = max((squares - within) / ((n - (sizes**2).sum() / n) / (k - 1)), 0.0) if n > k else np.nan
    reach = student_t(k - 1, level) * error if k > 1 else np.nan
    return SeedSpread(mean, error, mean - reach, mean + reach, float(np.sqrt(between)), float(np.sqrt(within)), k, n)
