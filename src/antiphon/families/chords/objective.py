"""The game of `chords`: a likelihood start, then relativistic pairing with zero-centred penalties on both sides."""

import torch
import torch.nn.functional as F
from torch import Tensor

from antiphon.codecs.chords import NO_CHORD
from antiphon.families.chords.config import ChordsConfig
from antiphon.families.chords.networks import ChordDiscriminator, ChordGenerator, inside, known, one_hot
from antiphon.gan.objective import Batch
from antiphon.gan.paired import PairedObjective
from antiphon.nn.straight_through import gumbel

Condition = tuple[Tensor, Tensor]
"""What comes before the windows (N, P), and what is known of all bars (N, P + B, 28)."""


class ChordsObjective(PairedObjective):
    """Batches: rows of `antiphon.codecs.progressions`, "real" (N, B), "previous" (N, P), "mode", "place", "left"."""

    generator: ChordGenerator
    discriminator: ChordDiscriminator

    def __init__(self, config: ChordsConfig) -> None:
        generator = ChordGenerator(config.hidden_dim, config.dropout)
        super().__init__(config, generator, ChordDiscriminator(config.critic_dim))
        self.config = config

    def likelihood(self, batch: Batch) -> dict[str, Tensor]:
        """Cross-entropy of each chord given all before it, in nats a chord."""
        return {"likelihood": self.surprise(batch).mean()}

    def surprise(self, batch: Batch) -> Tensor:
        """Nats (num,) of every chord of a batch's windows that lies within its song, given all before it."""
        real, condition = batch["real"], condition_of(batch)
        scores = self.generator.teacher(real, *condition)
        there = inside(condition[1])[:, -real.shape[1] :] > 0
        return F.cross_entropy(scores[there], real.long()[there], reduction="none")

    def fakes(self, batch: Batch, temperature: float) -> Tensor:
        """Windows as planes (N, B, 24)."""
        return self._write(batch["real"], condition_of(batch), temperature)

    def pairs(self, batch: Batch, fake: Tensor) -> tuple[Tensor, ...]:
        """Real and made windows of one place in a song."""
        return one_hot(batch["real"]), fake, *condition_of(batch)

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
