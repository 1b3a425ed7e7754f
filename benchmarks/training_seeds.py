"""Model files that are training seeds of one recipe, NAME-0, NAME-1 and so on, and their figures put together."""

from collections.abc import Sequence
from pathlib import Path

from antiphon.evaluation.sets.seeds import seed_spread

Figures = dict[str, float]
"""Of one model and one sampling seed."""


def recipe_of(file: str) -> str:
    """The NAME of a model file."""
    stem, _, number = Path(file).stem.rpartition("-")
    return stem if stem and number.isdigit() else Path(file).stem


def together(seeds: Sequence[Sequence[Figures]], figure: str, scale: float = 1.0) -> tuple[float, str]:
    """A figure's mean over training seeds, each with its sampling seeds, times a scale; and over what it is one, with
    its interval where there are several training seeds."""
    spread = seed_spread([[found[figure] for found in one] for one in seeds])
    over = f"{spread.num_training_seeds} training, {spread.num_values} samplings in all"
    if spread.num_training_seeds > 1:
        over = f"{scale * spread.low:.3g} to {scale * spread.high:.3g} over {over}"
    return scale * spread.mean, over
