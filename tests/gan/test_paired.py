from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from antiphon.gan.objective import Batch
from antiphon.gan.paired import PairedObjective
from antiphon.gan.timetable import LikelihoodThenGame


class Line(nn.Module):
    """Points on a line through the origin."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(2.0))
        self.dropout = nn.Dropout(0.5)

    def forward(self, given: Tensor) -> Tensor:
        return self.slope * given


class Critic(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(0.5))

    def forward(self, points: Tensor, given: Tensor) -> Tensor:
        return self.weight * points + given


class Toy(PairedObjective):
    """Real points are given with what they follow."""

    generator: Line
    discriminator: Critic
    asked: tuple[bool, float]

    def likelihood(self, batch: Batch) -> dict[str, Tensor]:
        self.asked = (self.generator.dropout.training, 0)
        return {"likelihood": (self.generator(batch["given"]) - batch["real"]).square().mean()}

    def fakes(self, batch: Batch, temperature: float) -> Tensor:
        self.asked = (self.generator.dropout.training, temperature)
        made: Tensor = self.generator(batch["given"])
        return made

    def pairs(self, batch: Batch, fake: Tensor) -> tuple[Tensor, ...]:
        return batch["real"], fake, batch["given"]

    def sample(self, num: int, condition: Batch) -> Tensor:
        raise NotImplementedError


CONFIG = LikelihoodThenGame(penalty=0.1, penalty_every=4, likelihood_iterations=2, critic_lead=1, temperature=0.7)
BATCH = {"given": torch.tensor([[1.0], [-1.0], [2.0]]), "real": torch.tensor([[3.0], [1.0], [0.0]])}


@pytest.fixture
def toy() -> Iterator[Toy]:
    yield Toy(CONFIG, Line(), Critic())


def terms(toy: Toy, name: str) -> dict[str, Tensor]:
    phase = next(phase for phase in toy.phases if phase.name == name)
    return dict(toy.losses(phase, BATCH, 3).terms)


def test_the_loss_of_both_sides_is_softplus_of_the_gap(toy: Toy) -> None:
    # Logits are half a point plus what is given to both: the gap is half the distance.
    gap = 0.5 * (BATCH["real"] - 2 * BATCH["given"])
    softplus = nn.functional.softplus
    torch.testing.assert_close(sum(terms(toy, "discriminator").values()), softplus(-gap).mean())
    torch.testing.assert_close(sum(terms(toy, "generator").values()), softplus(gap).mean())


def test_penalties_are_half_the_squared_slope_times_weight_and_rarity(toy: Toy) -> None:
    found = terms(toy, "penalty")
    assert set(found) == {"r1", "r2"}
    for value in found.values():
        assert value.item() == pytest.approx(0.1 * 4 * 0.5**2 / 2)


def test_only_likelihood_drops_and_only_the_generator_s_turn_is_tempered(toy: Toy) -> None:
    asked = {}
    for name in ("likelihood", "anchor", "discriminator", "penalty", "generator"):
        terms(toy, name)
        asked[name] = toy.asked
    assert asked["likelihood"][0] and asked["anchor"][0]
    assert asked["discriminator"] == asked["penalty"] == (False, 1.0)
    assert asked["generator"] == (False, 0.7)


def test_fakes_carry_gradients_in_the_generator_s_turn_alone(toy: Toy) -> None:
    sum(terms(toy, "discriminator").values(), torch.zeros(())).backward()
    assert toy.generator.slope.grad is None
    sum(terms(toy, "generator").values(), torch.zeros(())).backward()
    assert toy.generator.slope.grad is not None


def test_the_adversarial_weight_scales_the_generator_s_loss_alone(toy: Toy) -> None:
    plain = {name: sum(terms(toy, name).values()) for name in ("generator", "discriminator")}
    heavy = Toy(CONFIG.override(["adversarial_weight=3"]), toy.generator, toy.discriminator)
    torch.testing.assert_close(sum(terms(heavy, "generator").values()), 3 * plain["generator"])
    torch.testing.assert_close(sum(terms(heavy, "discriminator").values()), plain["discriminator"])
