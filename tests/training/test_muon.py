"""Muon: its steps are orthogonal, embeddings and vectors move by Adam, and a run resumes as if it had never stopped."""

import numpy as np
import pytest
import torch
from torch import nn

from antiphon.training.config import AdamConfig
from antiphon.training.muon import Muon, orthogonal
from antiphon.training.player import Mover


@pytest.mark.parametrize("shape", [(6, 20), (20, 6), (8, 8), (1, 5)])
def test_directions_stay_and_singular_values_are_about_one(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    rank = min(shape)
    left, right = (torch.linalg.qr(torch.randn(size, rank))[0] for size in shape)
    matrix = left @ torch.diag(torch.linspace(0.3, 3, rank)) @ right.t()
    found = left.t() @ orthogonal(matrix).float() @ right
    values = found.diagonal()
    assert values.min() > 0.6 and values.max() < 1.3
    assert (found - torch.diag(values)).abs().max() < 0.08


def test_a_step_is_as_long_as_the_rate_says_whatever_the_gradient() -> None:
    steps = []
    for scale in (1e-3, 1e3):
        torch.manual_seed(1)
        weight = nn.Parameter(torch.randn(32, 8))
        before = weight.detach().clone()
        weight.grad = scale * torch.randn(32, 8)
        Muon([weight], 0.01).step()
        steps.append(float((weight.detach() - before).norm()))
    # Eight singular values of about .01, longer by the root of four.
    assert steps[0] == pytest.approx(0.02 * float(np.sqrt(8)), rel=0.25)
    assert steps[0] == pytest.approx(steps[1], rel=0.02)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.embedding = nn.Parameter(torch.randn(7, 4))
        self.inner = nn.Linear(4, 3)


def moved(mover: Mover, net: Net, iterations: range) -> None:
    for iteration in iterations:
        net.inner(net.embedding).square().sum().backward()
        mover.step(iteration)


def test_embeddings_and_vectors_move_by_adam_and_both_resume() -> None:
    config = AdamConfig(lr=1e-2, matrices=2e-2)
    whole, first, second = Net(), Net(), Net()
    mover = Mover(whole, config)
    groups = {name: optimizer.param_groups[0]["params"] for name, optimizer in mover.optimizers.items()}
    assert [weight.shape for weight in groups["muon"]] == [(3, 4)]
    assert [weight.shape for weight in groups["adam"]] == [(7, 4), (3,)]
    moved(mover, whole, range(6))
    stopped = Mover(first, config)
    moved(stopped, first, range(3))
    second.load_state_dict(first.state_dict())
    resumed = Mover(second, config)
    resumed.restore(stopped.state())
    moved(resumed, second, range(3, 6))
    for one, other in zip(whole.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)


def test_without_a_rate_for_matrices_all_move_by_adam() -> None:
    net = Net()
    mover = Mover(net, AdamConfig())
    assert list(mover.optimizers) == ["adam"]
    assert len(mover.optimizers["adam"].param_groups[0]["params"]) == 3
    assert set(mover.state()) == {"state", "param_groups"}
