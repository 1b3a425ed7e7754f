"""Dropout: what is dropped, that the mean stays, and whose chance it is."""

import pytest
import torch

from antiphon.nn.dropping import Dropout, dropped


@pytest.mark.parametrize("share", [0.1, 0.5, 0.93])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_share_is_dropped_and_the_mean_stays(share: float, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    made = dropped(torch.ones(301, 333, dtype=dtype), share)
    assert made.dtype == dtype
    assert (made == 0).float().mean().item() == pytest.approx(share, abs=0.005)
    assert made[made != 0].unique().item() == pytest.approx(1 / (1 - share), rel=1e-2)
    # Neighbours fall independently of each other.
    fallen = (made == 0).float().flatten()
    for lag in (1, 2, 3, 4, 333):
        both = (fallen[lag:] * fallen[:-lag]).mean().item()
        assert both == pytest.approx(share**2, abs=0.01)


def test_gradients_go_where_states_went() -> None:
    states = torch.randn(10, 10, requires_grad=True)
    made = dropped(states, 0.4)
    (gradient,) = torch.autograd.grad(made.sum(), states)
    torch.testing.assert_close(gradient * states.detach(), made.detach())


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_ends_of_the_range(share: float) -> None:
    assert dropped(torch.ones(5), share).tolist() == [1 - share] * 5


def test_training_alone_and_by_the_seed() -> None:
    module, states = Dropout(0.3), torch.randn(7, 5)
    assert module.eval()(states) is states
    torch.manual_seed(4)
    first = module.train()(states)
    assert not module(states).equal(first)
    torch.manual_seed(4)
    assert module(states).equal(first)
