"""When a run has converged: a watched figure has not improved for so many of its records."""

import math
from collections.abc import Mapping


class Convergence:
    """Follows one logged figure, lower being better.

    Parameters
    ----------
    watch
        Name of the figure in the log; None follows nothing.
    patience
        The run has converged after this many records in a row without a new best; None never converges.
    """

    def __init__(self, watch: str | None, patience: int | None) -> None:
        self._watch, self._patience = watch, patience
        self._best, self._since = math.inf, 0

    def improves(self, record: Mapping[str, float]) -> bool:
        """Take a record into account; whether its figure is the best so far."""
        value = record.get(self._watch) if self._watch is not None else None
        if value is None:
            return False
        if value < self._best:
            self._best, self._since = value, 0
            return True
        self._since += 1
        return False

    @property
    def missing(self) -> str | None:
        """The name of the watched figure for as long as no record has held it."""
        return self._watch if self._best == math.inf and not self._since else None

    @property
    def reached(self) -> bool:
        """Whether patience has run out."""
        return self._patience is not None and self._since >= self._patience

    def state(self) -> dict[str, float]:
        """Plain values for a checkpoint."""
        return {"best": self._best, "since": self._since}

    def restore(self, state: Mapping[str, float]) -> None:
        """Take over what `state` gave."""
        self._best, self._since = state["best"], int(state["since"])
