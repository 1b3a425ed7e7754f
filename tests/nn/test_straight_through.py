import torch

from antiphon.nn.straight_through import categorical, gumbel_noise, gumbel_softmax, monophonic, straight_through


def test_monophonic_is_an_exact_one_hot_of_the_argmax_at_any_scale() -> None:
    torch.manual_seed(0)
    preactivations = 3.4e4 * torch.randn(5, 1, 128, 16)
    bars = monophonic(preactivations, axis=2)
    assert set(bars.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(bars.sum(dim=2), torch.ones(5, 1, 16))
    assert torch.equal(bars.argmax(dim=2), preactivations.argmax(dim=2))


def test_monophonic_gives_every_entry_its_gradient_unchanged() -> None:
    preactivations = torch.randn(5, 7, 3, requires_grad=True)
    gradient = torch.randn(5, 7, 3)
    monophonic(preactivations, axis=1).backward(gradient)
    assert preactivations.grad is not None
    assert torch.equal(preactivations.grad, gradient)


def test_monophonic_can_stand_under_a_double_backward() -> None:
    points = torch.randn(4, 6, requires_grad=True)
    weight = torch.randn(6, requires_grad=True)
    (slope,) = torch.autograd.grad((monophonic(points, 1) @ weight).sum(), points, create_graph=True)
    slope.square().sum().backward()
    assert weight.grad is not None
    torch.testing.assert_close(weight.grad, 2 * 4 * weight.detach())


def test_straight_through_returns_hard_and_differentiates_soft() -> None:
    soft = torch.randn(3, requires_grad=True)
    hard = torch.tensor([1.0, 0.0, 2.0])
    out = straight_through(hard, torch.sin(soft))
    assert torch.equal(out, hard)
    out.sum().backward()
    torch.testing.assert_close(soft.grad, torch.cos(soft.detach()))


def test_categorical_draws_from_the_softmax_and_has_its_gradient() -> None:
    torch.manual_seed(0)
    logits = torch.tensor([0.0, 1.0, 2.0]).repeat(20000, 1).requires_grad_()
    drawn = categorical(logits, axis=1, temperature=0.5)
    assert torch.equal(drawn.sum(dim=1), torch.ones(20000))
    shares = torch.softmax(logits[0].detach(), dim=0)
    assert torch.all((drawn.mean(dim=0) - shares).abs() < 4 * (shares * (1 - shares) / 20000).sqrt())
    cotangent = torch.randn_like(logits)
    (ours,) = torch.autograd.grad((drawn * cotangent).sum(), logits)
    (wanted,) = torch.autograd.grad((torch.softmax(logits / 0.5, 1) * cotangent).sum(), logits)
    torch.testing.assert_close(ours, wanted)


def test_gumbel_softmax_is_the_published_formula_given_its_uniform_numbers() -> None:
    torch.manual_seed(0)
    logits = torch.randn(50, 4, requires_grad=True)
    uniform = torch.rand(50, 4)
    noise = -torch.log(-torch.log(uniform + 1e-20) + 1e-20)
    soft = torch.softmax((logits + noise) / 0.3, dim=1)
    out = gumbel_softmax(logits, axis=1, temperature=0.3, uniform=uniform)
    assert torch.equal(out.argmax(1), soft.argmax(1))
    assert set(out.unique().tolist()) == {0.0, 1.0}
    cotangent = torch.randn(50, 4)
    (ours,) = torch.autograd.grad((out * cotangent).sum(), logits)
    (wanted,) = torch.autograd.grad((soft * cotangent).sum(), logits)
    torch.testing.assert_close(ours, wanted)


def test_temperature_never_changes_what_is_drawn() -> None:
    logits, uniform = torch.randn(50, 4), torch.rand(50, 4)
    draws = [gumbel_softmax(logits, 1, temperature, uniform) for temperature in (0.01, 1.0, 100.0)]
    assert torch.equal(draws[0], draws[1])
    assert torch.equal(draws[0], draws[2])
    assert torch.equal(draws[0], categorical(logits, 1, 1.0, uniform))


def test_gumbel_noise_is_finite_at_both_ends() -> None:
    assert torch.isfinite(gumbel_noise(torch.zeros(2), torch.tensor([0.0, 1.0]))).all()
