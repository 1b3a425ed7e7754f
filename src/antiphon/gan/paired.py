"""A game that begins with likelihood, then pairs real and made samples: what the families that play it share."""

from abc import abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from antiphon.gan.losses import LOSSES
from antiphon.gan.objective import Batch, Objective, Outcome, Phase
from antiphon.gan.penalties import r1, r2
from antiphon.gan.timetable import LikelihoodThenGame

_LOSS = LOSSES["relativistic"]


class PairedObjective(Objective):
    """Likelihood first, then relativistic pairing (Jolicoeur-Martineau 2019) with zero-centred penalties on both sides
    (Roth et al. 2017; the pair of them: Huang et al. 2024).

    A family says what its likelihood is, how a batch's fakes are written, and in which form the critic hears the two.

    Parameters
    ----------
    config
        Weights and turns.
    generator
        Has `dropout`, the one layer that drops.
    discriminator
        Logits (N,) or (N, 1) from samples (N, ...) and the conditions of `pairs`.
    """

    def __init__(self, config: LikelihoodThenGame, generator: nn.Module, discriminator: nn.Module) -> None:
        super().__init__()
        self._timetable = config
        self.generator, self.discriminator = generator, discriminator

    @abstractmethod
    def likelihood(self, batch: Batch) -> Mapping[str, Tensor]:
        """The terms of the generator's cross-entropy, in nats."""

    @abstractmethod
    def fakes(self, batch: Batch, temperature: float) -> Tensor:
        """Made samples in the places of a batch's real ones, with gradients; `temperature` shapes these alone."""

    @abstractmethod
    def pairs(self, batch: Batch, fake: Tensor) -> tuple[Tensor, ...]:
        """Real and made samples (N, ...) of one shape, then the conditions that the critic hears with either."""

    def played(self, batch: Batch) -> Batch:
        """What of a batch the game is about: all of it."""
        return batch

    @property
    def phases(self) -> tuple[Phase, ...]:
        """See `antiphon.gan.timetable`."""
        return self._timetable.phases

    def losses(self, phase: Phase, batch: Batch, iteration: int) -> Outcome:
        """The terms of the phase of that name."""
        learns = phase.name in ("likelihood", "anchor")
        # Dropout is there against learning the songs by heart; in the game it would only blur what the critic hears.
        for layer in self.generator.modules():
            if isinstance(layer, nn.Dropout):
                layer.train(learns)
        if learns:
            return Outcome(self.likelihood(batch))
        turns = {"discriminator": self._discriminator, "penalty": self._penalty, "generator": self._generator}
        return turns[phase.name](self.played(batch))

    def _discriminator(self, batch: Batch) -> Outcome:
        real, fake, *condition = self._heard(batch)
        twice = (torch.cat([part, part]) for part in condition)
        real_logits, fake_logits = self.discriminator(torch.cat([real, fake]), *twice).chunk(2)
        gap = (real_logits - fake_logits).detach()
        watch = {"critic_gap": gap.mean(), "critic_right": (gap > 0).float().mean()}
        return Outcome(_LOSS.discriminator(real_logits, fake_logits), watch)

    def _penalty(self, batch: Batch) -> Outcome:
        """R1 and R2, as heavy as their rarity asks for."""
        weight = self._timetable.penalty * self._timetable.penalty_every
        real, fake, *condition = self._heard(batch)
        terms = {"r1": r1(self.discriminator, real, *condition), "r2": r2(self.discriminator, fake, *condition)}
        return Outcome({name: weight * term for name, term in terms.items()})

    def _generator(self, batch: Batch) -> Outcome:
        real, fake, *condition = self.pairs(batch, self.fakes(batch, self._timetable.temperature))
        with torch.no_grad():
            real_logits = self.discriminator(real, *condition)
        terms = _LOSS.generator(real_logits, self.discriminator(fake, *condition))
        return Outcome({name: self._timetable.adversarial_weight * term for name, term in terms.items()})

    @torch.no_grad()
    def _heard(self, batch: Batch) -> tuple[Tensor, ...]:
        return self.pairs(batch, self.fakes(batch, 1.0))
