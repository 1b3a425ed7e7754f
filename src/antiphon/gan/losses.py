"""Every adversarial loss as its equation: r and f are a critic's logits (N,) or (N, 1) on real and on fake samples.

l(x, t) = t softplus(-x) + (1 - t) softplus(x) is the cross-entropy of a logit x with a target t; E is the batch mean.
Terms are summed by who trains; penalties and feature matching come on top, each with its own weight.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

from antiphon.errors import InputError

Terms = dict[str, Tensor]


def cross_entropy(logits: Tensor, target: float) -> Tensor:
    """E l(logits, target), without overflow at any logit."""
    if target == 1:
        return softplus(-logits).mean()
    if target == 0:
        return softplus(logits).mean()
    return (target * softplus(-logits) + (1 - target) * softplus(logits)).mean()


def _entropy(probability: float) -> float:
    return -sum(p * math.log(p) for p in (probability, 1 - probability) if p > 0)


@dataclass(frozen=True)
class AdversarialLoss(ABC):
    """The two halves of an adversarial loss, both to be minimised.

    A discriminator's loss can be read by its place between `blind` and `perfect`.
    """

    source: ClassVar[str]
    log_odds: ClassVar[bool] = False
    """Whether sigmoid(logit) is the discriminator's belief that a sample is real."""
    compares: ClassVar[bool] = False
    """Whether the generator's half reads the real logits too."""
    pairs: ClassVar[bool] = False
    """Whether only the difference of logits i on both sides counts, so that each pair may have its own zero."""

    @property
    @abstractmethod
    def blind(self) -> float:
        """The least discriminator loss with a constant output: no difference seen."""

    @property
    def perfect(self) -> float:
        """The least discriminator loss of all, -inf where it has no bound."""
        return 0.0

    @abstractmethod
    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Terms:
        """Scalar terms of the discriminator's loss, to be summed."""

    @abstractmethod
    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Terms:
        """Scalar terms of the generator's loss; relativistic ones need `real_logits`, the others ignore them."""


@dataclass(frozen=True)
class NonSaturating(AdversarialLoss):
    """D: E l(r, t) + E l(f, 0). G: E l(f, 1).

    Parameters
    ----------
    real_target
        t, 1 or, for one-sided label smoothing (Salimans et al. 2016), 0.9.
    """

    real_target: float = 1.0
    source: ClassVar[str] = "Goodfellow et al. 2014, section 3; label smoothing Salimans et al. 2016, section 3.4"
    log_odds: ClassVar[bool] = True

    @property
    def blind(self) -> float:
        """At p = t / 2 everywhere; 1.3763 for t = 0.9."""
        return 2 * _entropy(self.real_target / 2)

    @property
    def perfect(self) -> float:
        """The entropy of the smoothed target."""
        return _entropy(self.real_target)

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Terms:
        """E l(r, t) and E l(f, 0)."""
        return {
            "adversarial_real": cross_entropy(real_logits, self.real_target),
            "adversarial_fake": cross_entropy(fake_logits, 0),
        }

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Terms:
        """E l(f, 1)."""
        return {"adversarial": cross_entropy(fake_logits, 1)}


@dataclass(frozen=True)
class Saturating(NonSaturating):
    """The min-max game: D: E l(r, t) + E l(f, 0). G: E log(1 - sigmoid(f)) = -E l(f, 0)."""

    source: ClassVar[str] = "Goodfellow et al. 2014, eq. 1; bar GAN paper, eq. 1"

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Terms:
        """-E l(f, 0)."""
        return {"adversarial": -cross_entropy(fake_logits, 0)}


@dataclass(frozen=True)
class KullbackLeibler(NonSaturating):
    """D: E l(r, t) + E l(f, 0). G: -E f, which at the best D is KL(fake || real)."""

    source: ClassVar[str] = "Soenderby et al. 2017; 'KL' of the transformer GAN"

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Terms:
        """-E f."""
        return {"adversarial": -fake_logits.mean()}


@dataclass(frozen=True)
class Wasserstein(AdversarialLoss):
    """D: E f - E r. G: -E f. Needs a Lipschitz critic: clipped weights or a gradient penalty."""

    source: ClassVar[str] = "Arjovsky et al. 2017, eq. 2 and 3"

    @property
    def blind(self) -> float:
        """Any constant pays nothing."""
        return 0.0

    @property
    def perfect(self) -> float:
        """A steeper critic always gains more."""
        return -math.inf

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Terms:
        """-E r and E f."""
        return {"adversarial_real": -real_logits.mean(), "adversarial_fake": fake_logits.mean()}

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Terms:
        """-E f."""
        return {"adversarial": -fake_logits.mean()}


@dataclass(frozen=True)
class TotalVariation(AdversarialLoss):
    """D: E tanh(f) - E tanh(r). G: -E tanh(f)."""

    source: ClassVar[str] = "Nowozin et al. 2016, total variation, in the form of Nie et al. 2019"

    @property
    def blind(self) -> float:
        """Any constant pays nothing."""
        return 0.0

    @property
    def perfect(self) -> float:
        """Both means at their ends."""
        return -2.0

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Terms:
        """-E tanh(r) and E tanh(f)."""
        return {
            "adversarial_real": -torch.tanh(real_logits).mean(),
            "adversarial_fake": torch.tanh(fake_logits).mean(),
        }

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Terms:
        """-E tanh(f)."""
        return {"adversarial": -torch.tanh(fake_logits).mean()}


@dataclass(frozen=True)
class LeastSquares(AdversarialLoss):
    """D: E (r - 1)^2 / 2 + E f^2 / 2. G: E (f - 1)^2 / 2."""

    source: ClassVar[str] = "Mao et al. 2017, eq. 9"

    @property
    def blind(self) -> float:
        """At 1/2 everywhere."""
        return 0.25

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Terms:
        """E (r - 1)^2 / 2 and E f^2 / 2."""
        return {
            "adversarial_real": (real_logits - 1).square().mean() / 2,
            "adversarial_fake": fake_logits.square().mean() / 2,
        }

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Terms:
        """E (f - 1)^2 / 2."""
        return {"adversarial": (fake_logits - 1).square().mean() / 2}


@dataclass(frozen=True)
class Hinge(AdversarialLoss):
    """D: E max(0, 1 - r) + E max(0, 1 + f). G: -E f."""

    source: ClassVar[str] = "Lim and Ye 2017; Miyato et al. 2018, eq. 16 and 17"

    @property
    def blind(self) -> float:
        """Any constant in [-1, 1] pays this."""
        return 2.0

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Terms:
        """E max(0, 1 - r) and E max(0, 1 + f)."""
        return {
            "adversarial_real": relu(1 - real_logits).mean(),
            "adversarial_fake": relu(1 + fake_logits).mean(),
        }

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Terms:
        """-E f."""
        return {"adversarial": -fake_logits.mean()}


@dataclass(frozen=True)
class Relativistic(AdversarialLoss):
    """Sample i real against sample i fake. D: E l(r - f, 1). G: E l(f - r, 1). With R1 and R2 this is R3GAN's loss."""

    source: ClassVar[str] = "Jolicoeur-Martineau 2019 (RSGAN); Huang et al. 2024 (R3GAN)"
    compares: ClassVar[bool] = True
    pairs: ClassVar[bool] = True

    @property
    def blind(self) -> float:
        """Any constant pays this."""
        return math.log(2)

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Terms:
        """E l(r - f, 1)."""
        return {"adversarial": cross_entropy(real_logits - fake_logits, 1)}

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Terms:
        """E l(f - r, 1)."""
        return {"adversarial": cross_entropy(fake_logits - real_logits, 1)}


@dataclass(frozen=True)
class RelativisticAverage(AdversarialLoss):
    """Each sample against the other side's mean. D: E l(r - E f, 1) + E l(f - E r, 0). G: r and f exchanged."""

    source: ClassVar[str] = "Jolicoeur-Martineau 2019 (RaSGAN)"
    compares: ClassVar[bool] = True

    @property
    def blind(self) -> float:
        """Any constant pays this."""
        return 2 * math.log(2)

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Terms:
        """E l(r - E f, 1) and E l(f - E r, 0)."""
        return {
            "adversarial_real": cross_entropy(real_logits - fake_logits.mean(), 1),
            "adversarial_fake": cross_entropy(fake_logits - real_logits.mean(), 0),
        }

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Terms:
        """E l(f - E r, 1) and E l(r - E f, 0)."""
        return {
            "adversarial_fake": cross_entropy(fake_logits - real_logits.mean(), 1),
            "adversarial_real": cross_entropy(real_logits - fake_logits.mean(), 0),
        }


LOSSES: Mapping[str, AdversarialLoss] = MappingProxyType(
    {
        "non-saturating": NonSaturating(),
        "saturating": Saturating(),
        "kullback-leibler": KullbackLeibler(),
        "wasserstein": Wasserstein(),
        "total-variation": TotalVariation(),
        "least-squares": LeastSquares(),
        "hinge": Hinge(),
        "relativistic": Relativistic(),
        "relativistic-average": RelativisticAverage(),
    }
)


def adversarial_loss(name: str, real_target: float = 1.0) -> AdversarialLoss:
    """The loss called `name`, its real label smoothed to `real_target` where it has labels.

    Raises
    ------
    InputError
        If there is no such loss, or smoothing is asked of a loss without labels.
    """
    if name not in LOSSES:
        raise InputError(f"there is no adversarial loss {name!r}; choose one of {', '.join(LOSSES)}")
    loss = LOSSES[name]
    if isinstance(loss, NonSaturating):
        return replace(loss, real_target=real_target)
    if real_target != 1:
        raise InputError(f"the loss {name!r} has no labels to smooth; leave the real target at 1")
    return loss


def confidences(real_logits: Tensor, fake_logits: Tensor) -> tuple[Tensor, Tensor]:
    """(C_r, C_f): the mean belief that real is real, and that fake is fake (bar GAN paper, eq. 3 and 4)."""
    return torch.sigmoid(real_logits).mean(), torch.sigmoid(-fake_logits).mean()


def feature_matching(real: Tensor, fake: Tensor) -> Tensor:
    """||E real - E fake||^2, the mean over axis 0, summed over all the rest (bar GAN paper, eq. 2).

    `real` (N, ...) and `fake` (M, ...) are bars, for the term of lambda 1, or the discriminator's first-layer features,
    for the term of lambda 2.
    """
    return (real.mean(dim=0) - fake.mean(dim=0)).square().sum()


def scalar_feature_matching(real: Tensor, fake: Tensor) -> Tensor:
    """(E real - E fake)^2 with E over every axis, as the released v1 has it: nil on bars with one note a step."""
    return (real.mean() - fake.mean()).square()
