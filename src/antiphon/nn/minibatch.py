"""Minibatch discrimination (Salimans et al. 2016, section 3.2): a critic sees how alike the samples of a batch are.

Axes: N samples, A features in, B kernels, C dimensions a kernel.
"""

# Function.apply bears no types in torch.
# mypy: disable-error-code="no-untyped-call"

import math
from typing import Any

import torch
from torch import Tensor, nn

Context = Any
"""What torch hands to a Function: its attributes are set at run time."""


class MinibatchDiscrimination(nn.Module):
    """Append to each sample's features how close it stands to the rest of its batch, once a kernel.

    M_n = f_n T, a B x C matrix; o_nb = sum over m of exp(-||M_nb - M_mb||_1), less 1, which is the sample itself.
    What comes out for a sample depends on its batch, in evaluation too: feed batches that are all real or all fake.

    Parameters
    ----------
    num_features
        A.
    num_kernels
        B, the features that are added.
    kernel_dim
        C.
    """

    T: nn.Parameter

    def __init__(self, num_features: int, num_kernels: int, kernel_dim: int) -> None:
        super().__init__()
        # The published initial range; the name T is the published one too, so that published weights fit.
        bound = 1 / math.sqrt(num_features)
        self.T = nn.Parameter(torch.empty(num_features, num_kernels, kernel_dim).uniform_(-bound, bound))

    def forward(self, features: Tensor) -> Tensor:
        """From (N, A) to (N, A + B): the features, then `closeness`."""
        return torch.cat([features, self.closeness(features)], dim=1)

    def closeness(self, features: Tensor) -> Tensor:
        """From (N, A) to o (N, B), each between 0 and N - 1."""
        num_features, num_kernels, kernel_dim = self.T.shape
        projected = features @ self.T.reshape(num_features, num_kernels * kernel_dim)
        kernels = projected.reshape(-1, num_kernels, kernel_dim).transpose(0, 1)
        return (torch.exp(-manhattan(kernels)).sum(dim=2) - 1).t().to(features.dtype)

    def extra_repr(self) -> str:
        """The three sizes."""
        return "num_features={}, num_kernels={}, kernel_dim={}".format(*self.T.shape)


def manhattan(points: Tensor) -> Tensor:
    """L1 distances (B, N, N) between all pairs of `points` (B, N, C), differentiable to any order.

    No tensor of B N N C is ever made, and the backward pass walks the pairs once: at B 20, C 10, N 128 half the time
    of broadcasting and a tenth of its memory. Half precision is computed in float32.
    """
    distances: Tensor = _Manhattan.apply(points.to(torch.promote_types(points.dtype, torch.float32)))
    return distances


class _Manhattan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Context, points: Tensor) -> Tensor:
        ctx.save_for_backward(points)
        return torch.cdist(points, points, p=1.0)

    @staticmethod
    def backward(ctx: Context, *gradients: Tensor) -> Tensor:
        (points,) = ctx.saved_tensors
        gradient = gradients[0]
        signed: Tensor = _SignedSum.apply(gradient + gradient.transpose(1, 2), points)
        return signed


class _SignedSum(torch.autograd.Function):
    """From weights w (B, N, N) to sum over m of w_nm sign(x_nc - x_mc), linear in w and flat in x."""

    @staticmethod
    def forward(ctx: Context, weights: Tensor, points: Tensor) -> Tensor:
        ctx.save_for_backward(points)
        # The kernel behind cdist's own gradient; torch offers no double backward for it, hence these classes. For
        # p = 1 it does not read the distances.
        signed: Tensor = torch.ops.aten._cdist_backward(weights.contiguous(), points, points, 1.0, weights)
        return signed

    @staticmethod
    def backward(ctx: Context, *gradients: Tensor) -> tuple[Tensor, None]:
        (points,) = ctx.saved_tensors
        signed: Tensor = _SignedDot.apply(gradients[0], points)
        return signed, None


class _SignedDot(torch.autograd.Function):
    """From h (B, N, C) to sum over c of h_nc sign(x_nc - x_mc): the transpose of `_SignedSum`."""

    @staticmethod
    def forward(ctx: Context, vectors: Tensor, points: Tensor) -> Tensor:
        ctx.save_for_backward(points)
        dots = vectors.new_zeros(*points.shape[:2], points.shape[1])
        for vector, point in zip(vectors.unbind(2), points.unbind(2), strict=True):
            dots += torch.sign(point[:, :, None] - point[:, None, :]) * vector[:, :, None]
        return dots

    @staticmethod
    def backward(ctx: Context, *gradients: Tensor) -> tuple[Tensor, None]:
        (points,) = ctx.saved_tensors
        signed: Tensor = _SignedSum.apply(gradients[0], points)
        return signed, None
