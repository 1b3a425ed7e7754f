"""The game of `bar`: a likelihood start, then relativistic pairing with zero-centred penalties on both sides."""

import torch
import torch.nn.functional as F
from torch import Tensor

from antiphon.codecs.melody import NUM_CLASSES, REST, STEPS
from antiphon.families.bar.config import BarConfig
from antiphon.families.bar.hearing import one_hot
from antiphon.families.bar.networks import BarDiscriminator, BarGenerator, begin_cleanly
from antiphon.families.bar.transposition import moved, moved_chord, moved_planes, shifts
from antiphon.gan.losses import LOSSES
from antiphon.gan.objective import Batch, Objective, Outcome, Phase
from antiphon.gan.penalties import r1, r2
from antiphon.gan.steady import Decide

_LOSS = LOSSES["relativistic"]


class BarObjective(Objective):
    """Batches: "real" and "previous" (N, 16) classes, "chord" (N,) codes, as `antiphon.codecs.melody` makes them."""

    def __init__(self, config: BarConfig) -> None:
        super().__init__()
        self.config = config
        self.generator: BarGenerator = BarGenerator(config.hidden_dim, config.embedding_dim, config.dropout)
        self.discriminator: BarDiscriminator = BarDiscriminator(config.critic_dim)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Likelihood first, then the game; see `antiphon.gan.timetable`."""
        return self.config.phases

    def augment(self, batch: Batch) -> Batch:
        """Transpose each row within the two octaves, chord included, and silence some previous bars."""
        rows = torch.cat([batch["previous"], batch["real"]], dim=1).long()
        shift = shifts(rows, self.config.transpose)
        previous, real = moved(rows, shift).chunk(2, dim=1)
        silent = torch.rand(len(real), 1, device=real.device) < self.config.silence
        previous = torch.where(silent, REST, previous)
        chord = moved_chord(batch["chord"], shift)
        return {**batch, "real": begin_cleanly(real, previous), "previous": previous, "chord": chord}

    def losses(self, phase: Phase, batch: Batch, iteration: int) -> Outcome:
        """The terms of the phase of that name."""
        # Dropout is there against learning the songs by heart; in the game it would only blur what the critic hears.
        self.generator.dropout.train(phase.name in ("likelihood", "anchor"))
        return {
            "likelihood": self._likelihood,
            "anchor": self._likelihood,
            "discriminator": self._discriminator,
            "penalty": self._penalty,
            "generator": self._generator,
        }[phase.name](batch)

    def _likelihood(self, batch: Batch) -> Outcome:
        """Cross-entropy of each step given the true ones before it, in nats a step."""
        scores = self.generator.teacher(batch["real"], batch["previous"], batch["chord"])
        return Outcome({"likelihood": F.cross_entropy(scores.flatten(0, 1), batch["real"].long().flatten())})

    def _discriminator(self, batch: Batch) -> Outcome:
        """Real and made bars in pairs under one condition."""
        real, fake = self._verdicts(*self._pairs(batch, self._write(batch)))
        gap = (real - fake).detach()
        watch = {"critic_gap": gap.mean(), "critic_right": (gap > 0).float().mean()}
        return Outcome(_LOSS.discriminator(real, fake), watch)

    def _penalty(self, batch: Batch) -> Outcome:
        """R1 and R2, as heavy as their rarity asks for."""
        weight = self.config.penalty * self.config.penalty_every
        real, fake, *condition = self._pairs(batch, self._write(batch))
        terms = {"r1": r1(self.discriminator, real, *condition), "r2": r2(self.discriminator, fake, *condition)}
        return Outcome({name: weight * term for name, term in terms.items()})

    def _generator(self, batch: Batch) -> Outcome:
        """The generator's half of the pairing loss."""
        latent = self.latent(len(batch["real"]))
        fake = self.generator(batch["previous"], batch["chord"], latent, self.config.temperature)
        return Outcome(_LOSS.generator(*self._verdicts(*self._pairs(batch, fake))))

    def _pairs(self, batch: Batch, fake: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Real and made planes (N, T, C), the bar before and the chord, as the critic hears them.

        The generator writes where songs lie, for they have their favourite heights; each pair is then transposed as
        one, which gives the critic more to learn from without telling it anything that is not so.
        """
        rows = [batch["previous"].long(), batch["real"].long(), fake.detach().argmax(2)]
        shift = shifts(torch.cat(rows, dim=1), self.config.hearing)
        previous = moved(batch["previous"].long(), shift)
        real, fake = (moved_planes(planes, shift) for planes in (one_hot(batch["real"]), fake))
        return real, fake, previous, moved_chord(batch["chord"], shift)

    def _verdicts(self, real: Tensor, fake: Tensor, previous: Tensor, chord: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, 1) of both, heard in one go."""
        both: Tensor = self.discriminator(torch.cat([real, fake]), previous.repeat(2, 1), chord.repeat(2))
        real_logits, fake_logits = both.chunk(2)
        return real_logits, fake_logits

    def _write(self, batch: Batch) -> Tensor:
        """Fake bars as planes, without gradients."""
        return one_hot(self.generator.write(batch["previous"], batch["chord"], self.latent(len(batch["real"]))))

    def latent(self, num: int) -> Tensor:
        """Gaussian latents (num, 16, 26)."""
        return torch.randn(num, STEPS, NUM_CLASSES, device=self.generator.position.device)

    def sample(self, num: int, condition: Batch) -> Tensor:
        """Bars (num, 16) uint8 from fresh latents."""
        return self.sample_from(self.latent(num), condition)

    def sample_from(self, latent: Tensor, condition: Batch, temperature: float = 1.0) -> Tensor:
        """Bars (N, 16) uint8 for given latents; the same latents give the same bars."""
        bars: Tensor = self.generator.write(condition["previous"], condition["chord"], latent, temperature)
        return bars.to(torch.uint8)

    def decider(self) -> Decide:
        """Classes and their leads from "noise", "previous" and "chord"."""
        return lambda inputs: self.generator.decide(inputs["previous"], inputs["chord"], inputs["noise"])
