import pytest
import torch
from torch import Tensor, nn

from antiphon.gan.penalties import (
    clip_weights,
    gradient_penalty,
    instance_noise,
    noise_std,
    r1,
    r2,
    squared_gradient_norms,
)

DOUBLE = torch.float64


def samples(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=DOUBLE, generator=torch.Generator().manual_seed(seed))


def test_a_linear_critic_pays_for_its_slope_alone() -> None:
    weight = samples(2, 3, seed=5).requires_grad_()
    real, fake = samples(7, 2, 3), samples(7, 2, 3, seed=1)

    def critic(x: Tensor) -> Tensor:
        return (x * weight).sum(dim=(1, 2))

    norm = weight.detach().norm()
    torch.testing.assert_close(gradient_penalty(critic, real, fake).detach(), (norm - 1) ** 2)
    torch.testing.assert_close(gradient_penalty(critic, real, fake, target=0).detach(), norm**2)
    torch.testing.assert_close(r1(critic, real).detach(), norm**2 / 2)
    torch.testing.assert_close(r2(critic, fake).detach(), norm**2 / 2)


def test_a_quadratic_critic_pays_where_the_penalty_looks() -> None:
    real, fake, alpha = samples(7, 4), samples(7, 4, seed=1), torch.linspace(0, 1, 7, dtype=DOUBLE)

    def critic(x: Tensor) -> Tensor:
        return x.square().sum(dim=1, keepdim=True) / 2

    # The gradient at x is x itself.
    between = alpha[:, None] * real + (1 - alpha[:, None]) * fake
    wanted = (between.norm(dim=1) - 1).square().mean()
    torch.testing.assert_close(gradient_penalty(critic, real, fake, alpha=alpha), wanted)
    torch.testing.assert_close(r1(critic, real), real.square().sum(1).mean() / 2)
    torch.testing.assert_close(r2(critic, fake), fake.square().sum(1).mean() / 2)


def test_shares_are_drawn_once_a_sample_between_real_and_fake() -> None:
    seen: list[Tensor] = []

    def critic(x: Tensor) -> Tensor:
        seen.append(x.detach())
        return x.square().sum(dim=(1, 2))

    torch.manual_seed(0)
    gradient_penalty(critic, torch.ones(500, 2, 3), torch.zeros(500, 2, 3))
    shares = seen[0]
    assert torch.equal(shares, shares[:, :1, :1].expand_as(shares))
    assert len(shares[:, 0, 0].unique()) > 490
    assert abs(float(shares.mean()) - 0.5) < 0.06


def test_conditions_reach_the_critic_untouched() -> None:
    condition = torch.arange(5)
    bar = samples(5, 3, seed=3)

    def critic(x: Tensor, chord: Tensor, previous: Tensor) -> Tensor:
        assert chord is condition
        assert previous is bar
        return (x * previous).sum(dim=1) * chord

    slopes = bar.norm(dim=1) * condition
    penalty = gradient_penalty(critic, samples(5, 3), samples(5, 3, seed=1), condition, bar, target=0)
    torch.testing.assert_close(penalty, slopes.square().mean())
    torch.testing.assert_close(r1(critic, samples(5, 3), condition, bar), slopes.square().mean() / 2)


@pytest.mark.parametrize("penalty", ["gradient_penalty", "r1", "r2"])
def test_second_order_gradients(penalty: str) -> None:
    real, fake, alpha = samples(4, 3), samples(4, 3, seed=1), torch.linspace(0.1, 0.9, 4, dtype=DOUBLE)
    first, second = samples(3, 5, seed=2).requires_grad_(), samples(5, seed=3).requires_grad_()

    def value(first: Tensor, second: Tensor) -> Tensor:
        def critic(x: Tensor) -> Tensor:
            return torch.tanh(x @ first) @ second

        if penalty == "gradient_penalty":
            return gradient_penalty(critic, real, fake, alpha=alpha)
        return r1(critic, real) if penalty == "r1" else r2(critic, fake)

    assert torch.autograd.gradcheck(value, (first, second))


def test_nothing_flows_back_to_the_samples_and_the_weights_learn() -> None:
    first = nn.Linear(3, 4)
    critic = nn.Sequential(first, nn.Tanh(), nn.Linear(4, 1))
    real, fake = torch.randn(6, 3, requires_grad=True), torch.randn(6, 3, requires_grad=True)
    (gradient_penalty(critic, real, fake) + r1(critic, real) + r2(critic, fake)).backward()
    assert real.grad is None
    assert fake.grad is None
    assert first.weight.grad is not None
    assert first.weight.grad.abs().sum() > 0


def test_a_flat_critic_has_a_finite_gradient() -> None:
    weight = torch.zeros(3, requires_grad=True)
    gradient_penalty(lambda x: x @ weight, torch.ones(2, 3), torch.zeros(2, 3)).backward()
    assert weight.grad is not None
    assert torch.isfinite(weight.grad).all()


def test_embedded_critics_pay_at_the_embedding() -> None:
    table, weight = samples(5, 2).requires_grad_(), samples(2, seed=4)
    real, fake = torch.eye(5, dtype=DOUBLE)[[0, 1, 2]], torch.eye(5, dtype=DOUBLE)[[3, 4, 0]]
    alpha = torch.tensor([0.2, 0.5, 1.0], dtype=DOUBLE)

    def critic(points: Tensor) -> Tensor:
        return (points**3) @ weight

    penalty = gradient_penalty(critic, real, fake, alpha=alpha, embed=lambda x: x @ table)
    points = (alpha[:, None] * real + (1 - alpha[:, None]) * fake) @ table
    wanted = ((3 * points**2 * weight).norm(dim=1) - 1).square().mean()
    torch.testing.assert_close(penalty, wanted)
    (ours,) = torch.autograd.grad(penalty, table)
    torch.testing.assert_close(ours, torch.autograd.grad(wanted, table)[0])


def test_recurrent_and_attending_critics_are_differentiated_twice() -> None:
    class Critic(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.recurrent = nn.GRU(3, 4, batch_first=True)
            self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            states, _ = self.recurrent(x)
            mixed, _ = self.attention(states, states, states, need_weights=False)
            summed: Tensor = mixed.sum(dim=(1, 2))
            return summed

    critic = Critic()
    gradient_penalty(critic, torch.randn(2, 5, 3), torch.randn(2, 5, 3)).backward()
    (slope,) = (weight.grad for name, weight in critic.recurrent.named_parameters() if name == "weight_ih_l0")
    assert slope is not None
    assert slope.abs().sum() > 0


def test_norms_are_taken_a_sample_and_in_single_precision_at_least() -> None:
    points = torch.tensor([[3.0, 4.0], [0.0, 1.0]], dtype=torch.bfloat16, requires_grad=True)
    norms = squared_gradient_norms(points.square().sum(dim=1) / 2, points)
    assert norms.dtype == torch.float32
    assert norms.tolist() == [25.0, 1.0]


def test_clipping_weights_bounds_them_and_leaves_small_ones() -> None:
    layer = nn.Linear(2, 1)
    layer.load_state_dict({"weight": torch.tensor([[0.004, -3.0]]), "bias": torch.tensor([0.5])})
    clip_weights(layer, 0.01)
    torch.testing.assert_close(layer.weight.detach(), torch.tensor([[0.004, -0.01]]))
    torch.testing.assert_close(layer.bias.detach(), torch.tensor([0.01]))


def test_instance_noise_has_its_deviation_and_none_at_nought() -> None:
    still = torch.zeros(100, 100)
    torch.manual_seed(0)
    assert instance_noise(still, 0.0) is still
    assert float(instance_noise(still, 0.3).std()) == pytest.approx(0.3, rel=0.02)
    assert float(instance_noise(still, torch.tensor(0.2)).std()) == pytest.approx(0.2, rel=0.02)


def test_noise_falls_to_nought_in_a_straight_line() -> None:
    assert [noise_std(iteration, 0.4, 100) for iteration in (0, 50, 100, 1000)] == pytest.approx([0.4, 0.2, 0, 0])
    assert noise_std(0, 0.4, 0) == 0
