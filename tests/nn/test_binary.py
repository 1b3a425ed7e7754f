"""Binary neurons: values, shares, straight-through gradients, and the course of their slope."""

import pytest
import torch

from antiphon.nn.binary import annealed, deterministic, stochastic


def test_the_deterministic_neuron_is_a_step() -> None:
    values = torch.tensor([-3.0, -0.1, 0.1, 3.0])
    for slope in (1.0, 5.0):
        assert deterministic(values, slope).tolist() == [0, 0, 1, 1]


def test_the_stochastic_neuron_is_on_with_its_probability() -> None:
    values = torch.tensor([-1.0, 0.0, 2.0]).repeat(20_000, 1)
    shares = stochastic(values, 1.5).mean(0)
    torch.testing.assert_close(shares, torch.sigmoid(1.5 * values[0]), atol=0.02, rtol=0)
    uniform = torch.tensor([0.6, 0.4])
    assert stochastic(torch.zeros(2), uniform=uniform).tolist() == [0, 1]


@pytest.mark.parametrize("neuron", [deterministic, stochastic])
def test_gradients_are_those_of_the_sloped_sigmoid(neuron: object) -> None:
    values = torch.randn(30, requires_grad=True)
    assert callable(neuron)
    neuron(values, 2.0).sum().backward()
    p = torch.sigmoid(2.0 * values.detach())
    torch.testing.assert_close(values.grad, 2.0 * p * (1 - p))


def test_the_slope_goes_in_a_straight_line() -> None:
    assert [annealed(step, 1.0, 5.0, 100, 300) for step in (0, 100, 200, 300, 900)] == [1, 1, 3, 5, 5]
