"""Muon: steps of matrices whose singular values are all about one, so that no direction of a layer is left behind.

Jordan et al. 2024 ("Muon: an optimizer for hidden layers in neural networks").
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

# A quintic whose iterates bring singular values between 0 and 1 close to 1, from small ones fast rather than exactly.
_FIRST, _THIRD, _FIFTH = 3.4445, -4.7750, 2.0315
_ROUNDS, _TINY = 5, 1e-7


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, made orthogonal, of weights with two axes.

    Parameters
    ----------
    weights
        Matrices (outputs, inputs).
    lr
        Learning rate; a step of a tall matrix is longer by the root of its height over its width.
    momentum, weight_decay
        Share of the momentum that stays; decoupled decay.
    """

    def __init__(self, weights: Iterable[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.0) -> None:
        super().__init__(weights, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Move every matrix that has a gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["momentum"] = torch.zeros_like(weight)
                momentum = state["momentum"].lerp_(weight.grad, 1 - group["momentum"])
                ahead = weight.grad.lerp(momentum, group["momentum"])
                tall = max(1.0, weight.shape[0] / weight.shape[1]) ** 0.5
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.add_(orthogonal(ahead).to(weight), alpha=-group["lr"] * tall)


def orthogonal(matrix: Tensor) -> Tensor:
    """A matrix (N, M) with the same singular vectors and singular values of about .7 to 1.2, in bfloat16."""
    wide: Tensor = matrix.to(torch.bfloat16)
    turned = wide.shape[0] > wide.shape[1]
    wide = wide.t() if turned else wide
    wide = wide / (wide.norm() + _TINY)
    for _ in range(_ROUNDS):
        square = wide @ wide.t()
        wide = _FIRST * wide + (_THIRD * square + _FIFTH * square @ square) @ wide
    made: Tensor = wide.t() if turned else wide
    return made
