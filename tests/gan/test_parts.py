"""Losses in parts: value and every gradient of the whole batch, whatever the parts."""

import pytest
import torch
from torch import Tensor, nn

from antiphon.gan.parts import in_parts
from antiphon.gan.penalties import gradient_penalty


def critic() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1)).double()


def gradients(size: int | None, weights_move: bool = True) -> tuple[Tensor, list[Tensor | None]]:
    judge, chance = critic().requires_grad_(weights_move), torch.Generator().manual_seed(1)
    real, base = torch.randn(2, 7, 3, generator=chance, dtype=torch.float64)
    shares = torch.rand(7, generator=chance, dtype=torch.float64)
    base.requires_grad_()
    unused = nn.Parameter(torch.ones(2, dtype=torch.float64))

    def term(own: Tensor, made: Tensor, alpha: Tensor) -> Tensor:
        score: Tensor = judge(made).mean() - judge(own).mean()
        return score + (gradient_penalty(judge, own, made, alpha=alpha) if weights_move else 0)

    value = in_parts(term, [*judge.parameters(), unused], real, 2 * base, shares, size=size)
    (3 * value).backward()
    return value.detach(), [base.grad, unused.grad, *(weight.grad for weight in judge.parameters())]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 9])
@pytest.mark.parametrize("weights_move", [True, False])
def test_parts_give_value_and_gradients_of_the_whole(size: int, weights_move: bool) -> None:
    whole, part = gradients(None, weights_move), gradients(size, weights_move)
    torch.testing.assert_close(part[0], whole[0])
    for ours, expected in zip(part[1], whole[1], strict=True):
        assert (ours is None) == (expected is None)
        if ours is not None:
            torch.testing.assert_close(ours, expected)


def test_without_gradients_the_value_is_just_computed() -> None:
    judge = critic()
    with torch.no_grad():
        value = in_parts(lambda part: judge(part).mean(), judge.parameters(), torch.ones(4, 3).double(), size=1)
    assert not value.requires_grad
