"""The leaky rectifier: torch's values and derivatives, and a second derivative that leaves the forward pass alone."""

import torch
from torch.nn.functional import leaky_relu

from antiphon.nn.leaky import leaky


def test_values_and_gradients_equal_torchs() -> None:
    ours = torch.randn(50, dtype=torch.float64, requires_grad=True)
    theirs = ours.detach().clone().requires_grad_()
    leaky(ours, 0.3).square().sum().backward()
    leaky_relu(theirs, 0.3).square().sum().backward()
    assert torch.equal(leaky(ours, 0.3), leaky_relu(ours, 0.3))
    torch.testing.assert_close(ours.grad, theirs.grad)


def test_second_derivatives() -> None:
    values = torch.randn(20, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x: leaky(x).pow(3), (values,))


def test_a_penalty_does_not_go_back_through_the_values() -> None:
    weight = torch.randn(4, 4, requires_grad=True)
    points = torch.randn(3, 4, requires_grad=True)
    passed: list[torch.Tensor] = []
    values = points @ weight
    values.register_hook(passed.append)
    (slope,) = torch.autograd.grad(leaky(values).sum(), points, create_graph=True)
    passed.clear()
    slope.square().sum().backward()
    assert not passed
    assert weight.grad is not None and weight.grad.abs().sum() > 0
