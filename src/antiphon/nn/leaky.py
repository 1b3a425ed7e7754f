"""A leaky rectifier whose second derivative costs nothing: for critics under a gradient penalty."""

# Function.apply bears no types in torch.
# mypy: disable-error-code="no-untyped-call"

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import leaky_relu


def leaky(values: Tensor, slope: float = 0.2) -> Tensor:
    """max(x, slope x), 0 < slope < 1.

    Its slope is constant on either side of 0, so the gradient of a gradient goes back through slopes alone. Torch's own
    rectifier does not know: it sends zeros through the whole forward pass, half a penalty's cost.
    """
    rectified: Tensor = _Leaky.apply(values, slope)
    return rectified


def sloped(gradient: Tensor, rectified: Tensor, slope: float = 0.2) -> Tensor:
    """A gradient by `leaky`'s values taken back to what went in, by which side of 0 these values are on."""
    steep: Tensor = _Slope.apply(gradient, rectified, slope)
    return steep


class _Leaky(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, slope: float) -> Tensor:
        rectified = leaky_relu(values, slope)
        ctx.save_for_backward(rectified)
        ctx.slope = slope
        return rectified

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (rectified,) = ctx.saved_tensors
        return sloped(gradients[0], rectified.detach(), ctx.slope), None


class _Slope(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, gradient: Tensor, rectified: Tensor, slope: float) -> Tensor:
        ctx.save_for_backward(rectified)
        ctx.slope = slope
        sloped: Tensor = torch.ops.aten.leaky_relu_backward(gradient, rectified, slope, True)
        return sloped

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (rectified,) = ctx.saved_tensors
        return _Slope.apply(gradients[0], rectified, ctx.slope), None, None
