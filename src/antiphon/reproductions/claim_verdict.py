"""Does a claim hold? Two settings over training seeds, compared by figures of which it is known which way is better."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.sets.resampling import student_t

Verdict = Literal["holds", "is reversed", "cannot be told"]


@dataclass(frozen=True)
class Judged:
    """A figure by which settings are judged.

    Parameters
    ----------
    name
        Its column.
    sign
        1 where more is better, -1 where less is.
    """

    name: str
    sign: int


@dataclass(frozen=True)
class Comparison:
    """How far a setting lies above another by a figure, over training seeds.

    Parameters
    ----------
    figure
        By which it is judged.
    difference, low, high
        Of the means, and its interval (Welch's t); the interval is the value itself where nothing varies.
    level
        Of the interval.
    """

    figure: Judged
    difference: float
    low: float
    high: float
    level: float

    @property
    def verdict(self) -> Verdict:
        """Whether the whole interval lies on one side of no difference, and on which."""
        ends = sorted(self.figure.sign * end for end in (self.low, self.high))
        if ends[0] > 0:
            return "holds"
        return "is reversed" if ends[1] < 0 else "cannot be told"

    def __str__(self) -> str:
        told = f"{self.difference:+.3f}, {100 * self.level:.3g} % interval {self.low:+.3f} to {self.high:+.3f}"
        return f"by {self.figure.name} it {self.verdict} ({told})"


def compare(
    better: Sequence[float], worse: Sequence[float], figure: Judged, num_comparisons: int = 1
) -> Comparison | None:
    """Two settings by one figure, a value a training seed; None where one has fewer than two defined values.

    Parameters
    ----------
    num_comparisons
        How many intervals shall hold together in 95 of 100 experiments (Bonferroni).
    """
    sides = [_defined(values) for values in (better, worse)]
    if min(len(side) for side in sides) < 2:
        return None
    level = 1 - 0.05 / num_comparisons
    difference = float(sides[0].mean() - sides[1].mean())
    parts = np.array([side.var(ddof=1) / len(side) for side in sides])
    if not parts.any():
        return Comparison(figure, difference, difference, difference, level)
    freedom = parts.sum() ** 2 / sum(part**2 / (len(side) - 1) for part, side in zip(parts, sides, strict=True))
    reach = student_t(float(freedom), level) * float(np.sqrt(parts.sum()))
    return Comparison(figure, difference, difference - reach, difference + reach, level)


def overall(verdicts: Sequence[Verdict]) -> str:
    """The verdict on a claim that is several comparisons by several figures."""
    held, reversed_ = "holds" in verdicts, "is reversed" in verdicts
    if held and reversed_:
        return "holds in part and is reversed in part"
    if held:
        return "holds" if set(verdicts) == {"holds"} else "holds as far as it can be told"
    return "is reversed" if reversed_ else "cannot be told"


def sentence(says: str, pairs: Mapping[tuple[str, str], Sequence[Comparison]], num_seeds: int) -> str:
    """The verdict on a claim in a sentence: as a whole, then of each pair of settings by each figure."""
    verdicts = [comparison.verdict for some in pairs.values() for comparison in some]
    told = [f"{one} against {other}: {', '.join(map(str, some))}" for (one, other), some in pairs.items() if some]
    detail = "; ".join(told) or "nothing could be measured"
    return f"Verdict with {num_seeds} training seeds: that {says} {overall(verdicts)} ({detail})."


def _defined(values: Sequence[float]) -> NDArray[np.float64]:
    array = np.asarray(values, np.float64)
    return np.asarray(array[~np.isnan(array)])
