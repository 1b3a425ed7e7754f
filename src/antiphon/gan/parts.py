"""A loss over a batch, computed and differentiated part by part: its memory is that of one part."""

# Function.apply bears no types in torch.
# mypy: disable-error-code="no-untyped-call"

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn


def in_parts(term: Callable[..., Tensor], weights: Iterable[nn.Parameter], *inputs: Tensor, size: int | None) -> Tensor:
    """The mean of `term` (a scalar, the mean over its samples) over a batch, with the gradient of the whole.

    Each part is differentiated as soon as it is computed and its activations are let go, so that a batch needs no more
    memory than a part, and a part may stay in a processor's cache. The value's own backward pass hands over what was
    gathered.

    Parameters
    ----------
    term
        Of parts of `inputs`; may not look across samples.
    weights
        What may move besides the inputs; those that require no gradient are passed over.
    inputs
        (N, ...) each.
    size
        Samples a part; None: the batch is one part, in the usual way.
    """
    num = len(inputs[0])
    if size is None or num <= size or not torch.is_grad_enabled():
        return term(*inputs)
    moving = [weight for weight in weights if weight.requires_grad]
    led = [index for index, values in enumerate(inputs) if values.requires_grad]
    total = torch.zeros((), device=inputs[0].device)
    sums: list[Tensor | None] = [None] * len(moving)
    slices: list[list[Tensor]] = [[] for _ in led]
    for part in zip(*(values.split(size) for values in inputs), strict=True):
        cut = [values.detach().requires_grad_(values.requires_grad) for values in part]
        value = term(*cut) * (len(part[0]) / num)
        total = total + value.detach()
        leaves = [*moving, *(cut[index] for index in led)]
        gradients = torch.autograd.grad(value, leaves, allow_unused=True)
        sums = [_sum(before, now) for before, now in zip(sums, gradients[: len(moving)], strict=True)]
        for held, leaf, gradient in zip(slices, leaves[len(moving) :], gradients[len(moving) :], strict=True):
            held.append(torch.zeros_like(leaf) if gradient is None else gradient)
    gathered = [*sums, *(torch.cat(held) for held in slices)]
    mean: Tensor = _Gathered.apply(total, gathered, *moving, *(inputs[index] for index in led))
    return mean


def _sum(before: Tensor | None, now: Tensor | None) -> Tensor | None:
    if before is None or now is None:
        return now if before is None else before
    return before.add_(now)


class _Gathered(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor, gradients: list[Tensor | None], *leaves: Tensor) -> Tensor:
        ctx.gradients = gradients
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, ...]:
        gathered = (None if gradient is None else outer[0] * gradient for gradient in ctx.gradients)
        return None, None, *gathered
