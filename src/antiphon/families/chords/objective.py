"""The game of `chords`: a likelihood start, then relativistic pairing with zero-centred penalties on both sides."""

import torch
import torch.nn.functional as F
from torch import Tensor

from antiphon.codecs.chords import NO_CHORD
from antiphon.families.chords.config import ChordsConfig
from antiphon.families.chords.networks import ChordDiscriminator, ChordGenerator, inside, known, one_hot
from antiphon.gan.losses import LOSSES
from antiphon.gan.objective import Batch, Objective, Outcome, Phase
from antiphon.gan.penalties import r1, r2
from antiphon.nn.straight_through import gumbel

_LOSS = LOSSES["relativistic"]
Condition = tuple[Tensor, Tensor]
"""What comes before the windows (N, P), and what is known of all bars (N, P + B, 28)."""


class ChordsObjective(Objective):
    """Batches: rows of `antiphon.codecs.progressions`, "real" (N, B), "previous" (N, P), "mode", "place", "left"."""

    def __init__(self, config: ChordsConfig) -> None:
        super().__init__()
        self.config = config
        self.generator: ChordGenerator = ChordGenerator(config.hidden_dim, config.dropout)
        self.discriminator: ChordDiscriminator = ChordDiscriminator(config.critic_dim)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Likelihood first, then the game; see `antiphon.gan.timetable`."""
        return self.config.phases

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
        }[phase.name](batch["real"], condition_of(batch))

    def _likelihood(self, real: Tensor, condition: Condition) -> Outcome:
        """Cross-entropy of each chord given all before it, in nats a chord."""
        return Outcome({"likelihood": self._surprise(real, condition).mean()})

    def surprise(self, batch: Batch) -> Tensor:
        """Nats (num,) of every chord of a batch's windows that lies within its song, given all before it."""
        return self._surprise(batch["real"], condition_of(batch))

    def _surprise(self, real: Tensor, condition: Condition) -> Tensor:
        scores = self.generator.teacher(real, *condition)
        there = inside(condition[1])[:, -real.shape[1] :] > 0
        return F.cross_entropy(scores[there], real.long()[there], reduction="none")

    def _discriminator(self, real: Tensor, condition: Condition) -> Outcome:
        """Real and made windows in pairs of one place in a song."""
        real_logits = self.discriminator(one_hot(real), *condition)
        fake_logits = self.discriminator(self._made(real, condition), *condition)
        gap = (real_logits - fake_logits).detach()
        watch = {"critic_gap": gap.mean(), "critic_right": (gap > 0).float().mean()}
        return Outcome(_LOSS.discriminator(real_logits, fake_logits), watch)

    def _penalty(self, real: Tensor, condition: Condition) -> Outcome:
        """R1 and R2, as heavy as their rarity asks for."""
        weight = self.config.penalty * self.config.penalty_every
        return Outcome(
            {
                "r1": weight * r1(self.discriminator, one_hot(real), *condition),
                "r2": weight * r2(self.discriminator, self._made(real, condition), *condition),
            }
        )

    def _generator(self, real: Tensor, condition: Condition) -> Outcome:
        """The generator's half of the pairing loss."""
        fake = self._write(real, condition, self.config.temperature)
        with torch.no_grad():
            real_logits = self.discriminator(one_hot(real), *condition)
        return Outcome(_LOSS.generator(real_logits, self.discriminator(fake, *condition)))

    @torch.no_grad()
    def _made(self, real: Tensor, condition: Condition) -> Tensor:
        return self._write(real, condition)

    def _write(self, like: Tensor, condition: Condition, temperature: float = 1.0) -> Tensor:
        """Fake windows of the shape of real ones (N, B), as planes."""
        noise = gumbel(self.latent(*like.shape))
        planes: Tensor = self.generator(*condition, noise, temperature)
        return planes

    def latent(self, num: int, bars: int) -> Tensor:
        """Gaussian latents (num, bars, 24)."""
        weight = self.generator.out.weight
        return torch.randn(num, bars, NO_CHORD, device=weight.device, dtype=weight.dtype)

    @torch.no_grad()
    def sample(self, num: int, condition: Batch) -> Tensor:
        """Windows uint8 (num, B) in the places of a batch's "real" ones."""
        return self._write(condition["real"], condition_of(condition)).argmax(2).to(torch.uint8)

    @torch.no_grad()
    def write(self, condition: Batch, noise: Tensor) -> Tensor:
        """Chords uint8 (N, B) for given noise (N, B, 24), for any number of bars."""
        planes: Tensor = self.generator(*condition_of(condition, noise.shape[1]), noise)
        return planes.argmax(2).to(torch.uint8)

    def judge(self, chords: Tensor, batch: Batch) -> Tensor:
        """The discriminator's logits (N,) of windows (N, B) in a batch's places."""
        logits: Tensor = self.discriminator(one_hot(chords), *condition_of(batch))
        return logits.squeeze(1)


def condition_of(batch: Batch, num: int | None = None) -> Condition:
    """What the networks hear of the places of a batch's windows, or of windows of `num` bars there."""
    num = batch["real"].shape[1] if num is None else num
    previous = batch["previous"]
    return previous, known(batch["mode"], batch["place"], batch["left"], previous.shape[1], num)
