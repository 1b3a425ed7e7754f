import math

import pytest
import torch
from torch import Tensor

from antiphon.errors import InputError
from antiphon.gan.losses import (
    LOSSES,
    NonSaturating,
    adversarial_loss,
    confidences,
    cross_entropy,
    feature_matching,
    scalar_feature_matching,
)

REAL = [0.5, -1.25, 3.0]
FAKE = [-2.0, 0.75, 0.25]


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def relu(x: float) -> float:
    return max(0.0, x)


# (D's loss, G's loss) by hand on REAL and FAKE.
BCE = mean([softplus(-r) for r in REAL]) + mean([softplus(f) for f in FAKE])
R, F = mean(REAL), mean(FAKE)
BY_HAND = {
    "non-saturating": (BCE, mean([softplus(-f) for f in FAKE])),
    "saturating": (BCE, mean([math.log(1 - 1 / (1 + math.exp(-f))) for f in FAKE])),
    "kullback-leibler": (BCE, -F),
    "wasserstein": (F - R, -F),
    "total-variation": (mean([math.tanh(f) for f in FAKE]) - mean([math.tanh(r) for r in REAL]),
                        -mean([math.tanh(f) for f in FAKE])),
    "least-squares": (mean([(r - 1) ** 2 / 2 for r in REAL]) + mean([f**2 / 2 for f in FAKE]),
                      mean([(f - 1) ** 2 / 2 for f in FAKE])),
    "hinge": (mean([relu(1 - r) for r in REAL]) + mean([relu(1 + f) for f in FAKE]), -F),
    "relativistic": (mean([softplus(f - r) for r, f in zip(REAL, FAKE, strict=True)]),
                     mean([softplus(r - f) for r, f in zip(REAL, FAKE, strict=True)])),
    "relativistic-average": (mean([softplus(F - r) for r in REAL]) + mean([softplus(f - R) for f in FAKE]),
                             mean([softplus(R - f) for f in FAKE]) + mean([softplus(r - F) for r in REAL])),
}  # fmt: skip


def total(terms: dict[str, Tensor]) -> Tensor:
    return torch.stack(list(terms.values())).sum()


def logits() -> tuple[Tensor, Tensor]:
    return torch.tensor(REAL, dtype=torch.float64), torch.tensor(FAKE, dtype=torch.float64)


@pytest.mark.parametrize("name", LOSSES)
def test_equals_the_equation_by_hand(name: str) -> None:
    real, fake = logits()
    wanted_d, wanted_g = BY_HAND[name]
    assert float(total(LOSSES[name].discriminator(real, fake))) == pytest.approx(wanted_d, rel=1e-12)
    assert float(total(LOSSES[name].generator(real, fake))) == pytest.approx(wanted_g, rel=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_gradients(name: str) -> None:
    real, fake = (side.requires_grad_() for side in logits())
    loss = LOSSES[name]
    assert torch.autograd.gradcheck(lambda r, f: total(loss.discriminator(r, f)), (real, fake))
    assert torch.autograd.gradcheck(lambda r, f: total(loss.generator(r, f)), (real, fake))


@pytest.mark.parametrize("name", LOSSES)
def test_both_players_pull_the_logits_their_own_way(name: str) -> None:
    real, fake = logits()
    # Between 0 and 1, so that least squares, which pulls back what overshoots, agrees with the others.
    real, fake = real.sigmoid().detach().requires_grad_(), fake.sigmoid().detach().requires_grad_()
    up, down = torch.autograd.grad(total(LOSSES[name].discriminator(real, fake)), [real, fake])
    (generator,) = torch.autograd.grad(total(LOSSES[name].generator(real, fake)), [fake])
    assert torch.all(up < 0)
    assert torch.all(down > 0)
    assert torch.all(generator < 0)


@pytest.mark.parametrize("loss", [*LOSSES.values(), NonSaturating(0.9)], ids=str)
def test_blind_is_the_least_loss_of_a_constant_and_perfect_of_any(loss: NonSaturating) -> None:
    constants = torch.linspace(-3, 3, 6001, dtype=torch.float64)
    blind = min(float(total(loss.discriminator(c[None], c[None]))) for c in constants)
    assert blind == pytest.approx(loss.blind, abs=1e-6)
    apart = torch.linspace(-40, 40, 801, dtype=torch.float64)
    best = min(float(total(loss.discriminator(real[None], fake[None]))) for real in apart for fake in apart[[0, 400]])
    assert loss.perfect == -math.inf or best == pytest.approx(loss.perfect, abs=1e-3)


def test_a_constant_discriminator_with_smoothed_labels_settles_at_the_published_numbers() -> None:
    logit = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    loss = adversarial_loss("non-saturating", real_target=0.9)
    optimizer = torch.optim.LBFGS([logit], max_iter=50, tolerance_grad=1e-12, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = total(loss.discriminator(logit.expand(4), logit.expand(4)))
        value.backward()
        return value

    optimizer.step(closure)
    settled = logit.detach()
    real_confidence, fake_confidence = confidences(settled.expand(4), settled.expand(4))
    assert float(real_confidence) == pytest.approx(0.45, abs=1e-6)
    assert float(fake_confidence) == pytest.approx(0.55, abs=1e-6)
    assert float(total(loss.discriminator(settled, settled))) == pytest.approx(1.3763, abs=5e-5)
    assert loss.blind == pytest.approx(1.3763, abs=5e-5)


@pytest.mark.parametrize("name", ["non-saturating", "saturating", "relativistic", "relativistic-average"])
def test_huge_logits_stay_finite_with_their_gradients(name: str) -> None:
    real = torch.tensor([-1e6, 1e6], requires_grad=True)
    fake = torch.tensor([1e6, -1e6], requires_grad=True)
    terms = LOSSES[name].discriminator(real, fake) | LOSSES[name].generator(real, fake)
    value = total(terms)
    value.backward()
    assert torch.isfinite(value)
    assert real.grad is not None
    assert torch.isfinite(real.grad).all()


@pytest.mark.parametrize("name", ["relativistic", "relativistic-average"])
def test_relativistic_losses_do_not_feel_a_common_shift_and_exchange_with_the_sides(name: str) -> None:
    real, fake = logits()
    loss = LOSSES[name]
    torch.testing.assert_close(total(loss.discriminator(real + 7, fake + 7)), total(loss.discriminator(real, fake)))
    torch.testing.assert_close(total(loss.generator(real, fake)), total(loss.discriminator(fake, real)))


def test_smoothing_mixes_the_two_targets() -> None:
    real, _ = logits()
    mixed = 0.9 * cross_entropy(real, 1) + 0.1 * cross_entropy(real, 0)
    torch.testing.assert_close(cross_entropy(real, 0.9), mixed)
    assert adversarial_loss("saturating", 0.9).blind == pytest.approx(1.3763, abs=5e-5)


@pytest.mark.parametrize(("name", "target", "word"), [("nope", 1.0, "hinge"), ("hinge", 0.9, "labels")])
def test_a_wrong_choice_is_told_what_to_do(name: str, target: float, word: str) -> None:
    with pytest.raises(InputError, match=word):
        adversarial_loss(name, target)


def test_confidences_are_means_of_probabilities() -> None:
    real, fake = logits()
    real_confidence, fake_confidence = confidences(real, fake)
    assert float(real_confidence) == pytest.approx(mean([1 / (1 + math.exp(-r)) for r in REAL]))
    assert float(fake_confidence) == pytest.approx(1 - mean([1 / (1 + math.exp(-f)) for f in FAKE]))


def test_feature_matching_is_by_position_and_its_scalar_form_is_blind_to_position() -> None:
    real = torch.eye(3)[[0, 1]][:, None]
    fake = torch.eye(3)[[2, 2]][:, None]
    assert float(feature_matching(real, fake)) == pytest.approx(0.25 + 0.25 + 1)
    assert float(feature_matching(real, real.flip(0))) == 0
    assert float(scalar_feature_matching(real, fake)) == 0
    assert float(scalar_feature_matching(real, fake + 1)) == pytest.approx(1)
