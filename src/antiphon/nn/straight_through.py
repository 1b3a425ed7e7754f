"""Straight-through layers: a hard choice going forward, a soft gradient coming back (Bengio et al. 2013)."""

# Function.apply bears no types in torch.
# mypy: disable-error-code="no-untyped-call"

import torch
from torch import Tensor


def straight_through(hard: Tensor, soft: Tensor) -> Tensor:
    """Return `hard`, bit for bit; the gradient goes to `soft` (same shape) as if `soft` had been returned.

    The usual `soft + (hard - soft).detach()` rounds: at activations of 1e4 its ones are off by 1e-3.
    """
    chosen: Tensor = _StraightThrough.apply(hard, soft)
    return chosen


def monophonic(preactivations: Tensor, axis: int) -> Tensor:
    """One-hot of the largest entry along `axis`, with the identity as its gradient to every entry."""
    return straight_through(
        _one_hot(preactivations.argmax(dim=axis, keepdim=True), preactivations, axis), preactivations
    )


def categorical(logits: Tensor, axis: int, temperature: float = 1.0, uniform: Tensor | None = None) -> Tensor:
    """One-hot draw from softmax(logits) along `axis`, with the gradient of softmax(logits / temperature).

    Parameters
    ----------
    uniform
        Numbers in [0, 1) of the shape of `logits` to draw with, fresh ones by default.
    """
    choice = (logits + gumbel_noise(logits, uniform)).argmax(dim=axis, keepdim=True)
    return straight_through(_one_hot(choice, logits, axis), torch.softmax(logits / temperature, dim=axis))


def gumbel_softmax(logits: Tensor, axis: int, temperature: float = 1.0, uniform: Tensor | None = None) -> Tensor:
    """One-hot draw from softmax(logits), with the gradient of its Gumbel-softmax relaxation (Jang et al. 2017).

    y = softmax((logits + g) / temperature); forward the one-hot of y's largest entry, so that `temperature` shapes the
    gradient only and never what is drawn.
    """
    soft = torch.softmax((logits + gumbel_noise(logits, uniform)) / temperature, dim=axis)
    return straight_through(_one_hot(soft.argmax(dim=axis, keepdim=True), logits, axis), soft)


def gumbel_noise(like: Tensor, uniform: Tensor | None = None) -> Tensor:
    """g = -ln(-ln(u + 1e-20) + 1e-20) of the shape of `like`, from `uniform` numbers u or fresh ones."""
    drawn = torch.rand_like(like) if uniform is None else uniform
    return -torch.log(-torch.log(drawn + 1e-20) + 1e-20)


def gumbel(latent: Tensor) -> Tensor:
    """Standard Gumbel noise from Gaussian latents, each through its own distribution function."""
    return -torch.log(-torch.special.log_ndtr(latent))


def _one_hot(choice: Tensor, like: Tensor, axis: int) -> Tensor:
    return torch.zeros_like(like, requires_grad=False).scatter_(axis, choice, 1)


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, hard: Tensor, soft: Tensor) -> Tensor:
        return hard.view_as(hard)

    @staticmethod
    def backward(ctx: torch.autograd.Function, *gradients: Tensor) -> tuple[None, Tensor]:
        return None, gradients[0]
