"""Choices that do not depend on the order of sums: made in float32, and again in float64 where it was a close call."""

from collections.abc import Callable, Mapping
from functools import cached_property

import torch
from torch import Tensor

Inputs = Mapping[str, Tensor]
"""Tensors of equal first axis N."""

Decide = Callable[[Inputs], tuple[Tensor, Tensor]]
"""From inputs to choices (N, T) and by how much each won over the next best (N, T)."""

SAFETY = 64.0
"""A lead counts where it is so many times the largest difference seen between the two precisions."""

FEW = 32
"""Fewer rows than these are decided in float64 at once: they cost less than finding out what a safe lead is."""


class Steady:
    """What `exact` decides, in little more than the time of `quick`.

    The largest of many scores is the same in any order of additions, and so at any batch size, on any processor and
    with any number of threads, unless two scores are nearer than rounding. In float64 this does not happen in practice.
    In float32 it happens once in some thousand bars, so bars with a lead that is not safely beyond its rounding are
    decided again.

    Parameters
    ----------
    exact, quick
        The same network in float64 and float32.
    probes
        Inputs like those to come, on which the two are compared, once.
    """

    def __init__(self, exact: Decide, quick: Decide, probes: Callable[[], Inputs]) -> None:
        self._exact, self._quick, self._probes = exact, quick, probes

    def __call__(self, inputs: Inputs) -> Tensor:
        """Choices (N, T)."""
        if len(next(iter(inputs.values()))) < FEW:
            return self._exact(inputs)[0]
        choices, leads = self._quick(inputs)
        least = leads.amin(1)
        # Written so that NaN is doubtful.
        doubtful = torch.nonzero(~((least > self.margin) & (least < torch.inf))).squeeze(1)
        if len(doubtful):
            choices[doubtful] = self._exact({name: values[doubtful] for name, values in inputs.items()})[0]
        return choices

    @cached_property
    def margin(self) -> float:
        """The least lead in float32 that is trusted."""
        inputs = self._probes()
        (exact, exact_leads), (quick, quick_leads) = self._exact(inputs), self._quick(inputs)
        # A step that was decided otherwise changes what the later ones of its row are about.
        agreed = (exact == quick).all(1)
        if not agreed.any():
            return torch.inf
        return SAFETY * float((exact_leads - quick_leads)[agreed].abs().max())
