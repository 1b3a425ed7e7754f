"""Means of what phases compute, kept on the device so that no iteration waits for it."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor


class Meter:
    """Sums of scalars since the last reading, in groups that always come together."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, ...], list[Tensor]] = {}
        self._counts: dict[tuple[str, ...], int] = {}

    def add(self, values: Mapping[str, Tensor]) -> None:
        """Add one step's scalars; the tuple of their names is their group."""
        group, scalars = tuple(values), [value.detach() for value in values.values()]
        if group in self._sums:
            torch._foreach_add_(self._sums[group], scalars)
            self._counts[group] += 1
        else:
            self._sums[group] = [value.float().clone() for value in scalars]
            self._counts[group] = 1

    def read(self, all_reduce: Callable[[Tensor], Tensor]) -> dict[str, float]:
        """Return the means by name, averaged over processes, and begin anew; the one wait for the device."""
        names = [name for group in self._sums for name in group]
        means = [value / self._counts[group] for group, sums in self._sums.items() for value in sums]
        self._sums, self._counts = {}, {}
        if not means:
            return {}
        values: list[float] = all_reduce(torch.stack(means)).tolist()
        return {name: float(f"{value:.6g}") for name, value in zip(names, values, strict=True)}

    def state(self, all_reduce: Callable[[Tensor], Tensor]) -> dict[str, Any]:
        """Plain sums and counts, for a checkpoint between two readings; every process calls it."""
        sums = {group: all_reduce(torch.stack(sums)) for group, sums in self._sums.items()}
        return {"sums": sums, "counts": dict(self._counts)}

    def restore(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Take over what `state` gave."""
        self._sums = {group: [value.clone() for value in sums.to(device)] for group, sums in state["sums"].items()}
        self._counts = dict(state["counts"])
