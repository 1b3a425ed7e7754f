"""Binary neurons: units that are 0 or 1 going forward and sloped sigmoids going back (Chung et al. 2017)."""

import torch
from torch import Tensor

from antiphon.nn.straight_through import straight_through


def deterministic(preactivations: Tensor, slope: float = 1.0) -> Tensor:
    """1 where p = sigmoid(slope h) is over a half, else 0; the gradient is that of p."""
    probabilities = torch.sigmoid(slope * preactivations)
    return straight_through(probabilities.detach().round(), probabilities)


def stochastic(preactivations: Tensor, slope: float = 1.0, uniform: Tensor | None = None) -> Tensor:
    """1 with probability p = sigmoid(slope h), else 0; the gradient is that of p.

    Parameters
    ----------
    uniform
        Numbers in [0, 1) of the shape of `preactivations` to draw with, fresh ones by default.
    """
    probabilities = torch.sigmoid(slope * preactivations)
    drawn = torch.rand_like(probabilities) if uniform is None else uniform
    return straight_through((probabilities.detach() > drawn).to(probabilities.dtype), probabilities)


def annealed(step: int, first: float, last: float, begin: int, end: int) -> float:
    """A slope that is `first` until step `begin` and then goes in a straight line to `last` at step `end`."""
    share = min(1.0, max(0.0, (step - begin) / (end - begin)))
    return first + share * (last - first)
