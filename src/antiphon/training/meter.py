"""Means of what phases compute, kept on the device so that no iteration waits for it."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor


class Meter:
    """Sums of scalars since the last reading, in groups that always come together; each group counts itself.

    Sums and counts stay the same tensors for ever, so that a captured iteration can go on adding to them.
    """

    def __init__(self) -> None:
        self._sums: dict[tuple[str, ...], list[Tensor]] = {}
        self._ones: dict[tuple[str, ...], Tensor] = {}

    def add(self, values: Mapping[str, Tensor]) -> None:
        """Add one step's scalars; the tuple of their names is their group."""
        group, scalars = tuple(values), [value.detach() for value in values.values()]
        if group not in self._sums:
            self._begin(group, scalars[0].device)
        torch._foreach_add_(self._sums[group], [*scalars, self._ones[group]])

    def read(self, all_reduce: Callable[[Tensor], Tensor]) -> dict[str, float]:
        """Return the means by name, averaged over processes, and begin anew; the one wait for the device."""
        if not self._sums:
            return {}
        values = iter(all_reduce(torch.stack([value for sums in self._sums.values() for value in sums])).tolist())
        means: dict[str, float] = {}
        for group, sums in self._sums.items():
            *totals, count = (next(values) for _ in sums)
            if count:
                means |= {name: float(f"{total / count:.6g}") for name, total in zip(group, totals, strict=True)}
            torch._foreach_zero_(sums)
        return means

    def state(self, all_reduce: Callable[[Tensor], Tensor]) -> dict[tuple[str, ...], Tensor]:
        """Plain sums, for a checkpoint between two readings; every process calls it."""
        return {group: all_reduce(torch.stack(sums)) for group, sums in self._sums.items()}

    def restore(self, state: Mapping[Any, Tensor], device: torch.device) -> None:
        """Take over what `state` gave."""
        for group, sums in state.items():
            self._begin(group, device)
            torch._foreach_copy_(self._sums[group], list(sums.to(device)))

    def _begin(self, group: tuple[str, ...], device: torch.device) -> None:
        self._ones[group] = torch.ones((), device=device)
        self._sums[group] = [torch.zeros((), device=device) for _ in range(len(group) + 1)]
