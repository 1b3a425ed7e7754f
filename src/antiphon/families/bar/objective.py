"""The game of `bar`: a likelihood start, then relativistic pairing with zero-centred penalties on both sides."""

import torch
import torch.nn.functional as F
from torch import Tensor

from antiphon.codecs.chords import NO_CHORD
from antiphon.codecs.melody import NUM_CLASSES, NUM_PITCHES, REST, STEPS
from antiphon.families.bar.config import BarConfig
from antiphon.families.bar.networks import BarDiscriminator, BarGenerator, begin_cleanly, one_hot
from antiphon.families.bar.sampling import Sampler
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
        real, previous, chord = batch["real"], batch["previous"], batch["chord"]
        rows = torch.cat([previous, real], dim=1).long()
        begun = rows < NUM_PITCHES
        lowest = torch.where(begun, rows, NUM_PITCHES).amin(1)
        highest = torch.where(begun, rows, -1).amax(1)
        reach = self.config.transpose
        shift = torch.randint(-reach, reach + 1, (len(rows),), device=rows.device)
        shift = torch.maximum(torch.minimum(shift, NUM_PITCHES - 1 - highest), -lowest)
        rows = torch.where(begun, rows + shift[:, None], rows)
        codes = chord.long()
        codes = torch.where(codes == NO_CHORD, codes, (codes + shift) % 12 + 12 * (codes // 12))
        silent = torch.rand(len(rows), 1, device=rows.device) < self.config.silence
        previous = torch.where(silent, REST, rows[:, : real.shape[1]])
        return {
            **batch,
            "real": begin_cleanly(rows[:, real.shape[1] :], previous),
            "previous": previous,
            "chord": codes,
        }

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
        real, fake = self._judge(one_hot(batch["real"]), batch), self._judge(self._write(batch), batch)
        gap = (real - fake).detach()
        watch = {"critic_gap": gap.mean(), "critic_right": (gap > 0).float().mean()}
        return Outcome(_LOSS.discriminator(real, fake), watch)

    def _penalty(self, batch: Batch) -> Outcome:
        """R1 and R2, as heavy as their rarity asks for."""
        weight = self.config.penalty * self.config.penalty_every
        condition = batch["previous"], batch["chord"]
        return Outcome(
            {
                "r1": weight * r1(self.discriminator, one_hot(batch["real"]), *condition),
                "r2": weight * r2(self.discriminator, self._write(batch), *condition),
            }
        )

    def _generator(self, batch: Batch) -> Outcome:
        """The generator's half of the pairing loss."""
        latent = self.latent(len(batch["real"]))
        fake = self.generator(batch["previous"], batch["chord"], latent, self.config.temperature)
        with torch.no_grad():
            real_logits = self._judge(one_hot(batch["real"]), batch)
        return Outcome(_LOSS.generator(real_logits, self._judge(fake, batch)))

    def _judge(self, planes: Tensor, batch: Batch) -> Tensor:
        logits: Tensor = self.discriminator(planes, batch["previous"], batch["chord"])
        return logits

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
        """Classes and their leads from "noise", "previous" and "chord"; until the weights change."""
        sampler = Sampler(self.generator)
        return lambda inputs: sampler(inputs["previous"], inputs["chord"], inputs["noise"])
