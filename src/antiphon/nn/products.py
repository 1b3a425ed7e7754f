"""Layers as matrix products in the quicker of the two libraries that torch has for float32 on a processor."""

# Function.apply bears no types in torch.
# mypy: disable-error-code="no-untyped-call"

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor, nn

from antiphon.nn.leaky import leaky, sloped

_OF_INPUTS: ContextVar[bool] = ContextVar("of inputs alone", default=False)


def affine(rows: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """rows weight + bias: (M, K), (K, N) and (N,) to (M, N)."""
    if not quick(rows):
        return rows @ weight if bias is None else torch.addmm(bias, rows, weight)
    summed: Tensor = _Layer.apply(rows, weight, bias, None)
    return summed


def leaky_affine(rows: Tensor, weight: Tensor, bias: Tensor, slope: float = 0.2) -> Tensor:
    """leaky(rows weight + bias), see `antiphon.nn.leaky`: (M, K), (K, N) and (N,) to (M, N)."""
    if not quick(rows):
        return leaky(torch.addmm(bias, rows, weight), slope)
    rectified: Tensor = _Layer.apply(rows, weight, bias, slope)
    return rectified


def quick(values: Tensor) -> bool:
    """Whether products with these values go to oneDNN.

    Torch leaves float32 to MKL, which on other makers' processors uses vectors half as wide. Where autocast chooses the
    precision it is left to torch.
    """
    plain = values.device.type == "cpu" and values.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")
    # The operator is torch's own, for its compiler; a torch without it does as it did before.
    return plain and torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


@contextmanager
def of_inputs() -> Iterator[None]:
    """Within it, gradients are asked for by inputs alone: the layers here pass over those of their weights.

    Torch does not tell a function of ours which of its gradients anybody waits for, and under a penalty that is a
    product in vain for every layer.
    """
    token = _OF_INPUTS.set(True)
    try:
        yield
    finally:
        _OF_INPUTS.reset(token)


def weights_wait() -> bool:
    """Whether gradients of weights are asked for too, see `of_inputs`."""
    return not _OF_INPUTS.get()


def multiplied(left: Tensor, right: Tensor, bias: Tensor | None = None, slope: float | None = None) -> Tensor:
    """left right, plus a bias and rectified if so wished; no gradient goes through it."""
    if not quick(left):
        summed = left @ right if bias is None else torch.addmm(bias, left, right)
        return summed if slope is None else torch.nn.functional.leaky_relu(summed, slope)
    # Of a transposed left side a copy is made: let it be the smaller one.
    if bias is None and slope is None and left.t().is_contiguous() and left.shape[0] > right.shape[1]:
        return multiplied(right.t(), left.t()).t()
    # What torch has only stretched out is no matrix to oneDNN.
    if not (right.is_contiguous() or right.t().is_contiguous()):
        right = right.contiguous()
    rectifier = ("none", []) if slope is None else ("leaky_relu", [slope])
    result: Tensor = torch.ops.mkldnn._linear_pointwise(left, right.t(), bias, *rectifier, "")
    return result


class Projection(nn.Module):
    """A linear map by `affine`, its weight (outputs, inputs) named and drawn as torch does.

    Parameters
    ----------
    inputs, outputs
        Widths.
    bias
        Whether something is added.
    """

    def __init__(self, inputs: int, outputs: int, bias: bool = False) -> None:
        super().__init__()
        like = nn.Linear(inputs, outputs, bias)
        self.weight, self.bias = like.weight, like.bias

    def forward(self, states: Tensor) -> Tensor:
        """States (..., outputs) of states (..., inputs)."""
        made = affine(states.reshape(-1, states.shape[-1]), self.weight.t(), self.bias)
        return made.view(*states.shape[:-1], -1)


class _Layer(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor, weight: Tensor, bias: Tensor | None, slope: float | None) -> Tensor:
        made = multiplied(rows, weight, bias, slope)
        ctx.save_for_backward(rows, weight, made)
        ctx.slope = slope
        return made

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        rows, weight, made = ctx.saved_tensors
        steep = gradients[0] if ctx.slope is None else sloped(gradients[0], made.detach(), ctx.slope)
        led, moves, shifts, _ = ctx.needs_input_grad
        wait = weights_wait()
        return (
            _Product.apply(steep, weight.t()) if led else None,
            _Product.apply(rows.t(), steep) if moves and wait else None,
            steep.sum(0) if shifts and wait else None,
            None,
        )


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, left: Tensor, right: Tensor) -> Tensor:
        ctx.save_for_backward(left, right)
        return multiplied(left, right)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None]:
        left, right = ctx.saved_tensors
        first, second = ctx.needs_input_grad
        return (
            _Product.apply(gradients[0], right.t()) if first else None,
            _Product.apply(left.t(), gradients[0]) if second else None,
        )
