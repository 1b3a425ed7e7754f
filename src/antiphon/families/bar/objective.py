"""The game of `bar`: a likelihood start, then relativistic pairing with zero-centred penalties on both sides."""

import torch
import torch.nn.functional as F
from torch import Tensor

from antiphon.codecs.melody import NUM_CLASSES, REST, STEPS
from antiphon.families.bar.config import BarConfig
from antiphon.families.bar.folded import Folded
from antiphon.families.bar.hearing import one_hot
from antiphon.families.bar.networks import BarDiscriminator, BarGenerator, begin_cleanly
from antiphon.families.bar.transposition import moved, moved_chord, moved_planes, shifts
from antiphon.gan.objective import Batch
from antiphon.gan.paired import PairedObjective
from antiphon.gan.steady import Decide


class BarObjective(PairedObjective):
    """Batches: "real" and "previous" (N, 16) classes, "chord" (N,) codes, as `antiphon.codecs.melody` makes them."""

    generator: BarGenerator
    discriminator: BarDiscriminator

    def __init__(self, config: BarConfig) -> None:
        generator = BarGenerator(config.hidden_dim, config.embedding_dim, config.dropout)
        super().__init__(config, generator, BarDiscriminator(config.critic_dim))
        self.config = config

    def augment(self, batch: Batch) -> Batch:
        """Transpose each row within the two octaves, chord included, and silence some previous bars."""
        rows = torch.cat([batch["previous"], batch["real"]], dim=1).long()
        shift = shifts(rows, self.config.transpose)
        previous, real = moved(rows, shift).chunk(2, dim=1)
        silent = torch.rand(len(real), 1, device=real.device) < self.config.silence
        previous = torch.where(silent, REST, previous)
        chord = moved_chord(batch["chord"], shift)
        return {**batch, "real": begin_cleanly(real, previous), "previous": previous, "chord": chord}

    def likelihood(self, batch: Batch) -> dict[str, Tensor]:
        """Cross-entropy of each step given the true ones before it, in nats a step."""
        scores = self.generator.teacher(batch["real"], batch["previous"], batch["chord"])
        return {"likelihood": F.cross_entropy(scores.flatten(0, 1), batch["real"].long().flatten())}

    def fakes(self, batch: Batch, temperature: float) -> Tensor:
        """Bars as planes (N, T, C)."""
        latent = self.latent(len(batch["real"]))
        planes: Tensor = self.generator(batch["previous"], batch["chord"], latent, temperature)
        return planes

    def pairs(self, batch: Batch, fake: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Real and made planes (N, T, C), the bar before and the chord, as the critic hears them.

        The generator writes where songs lie, for they have their favourite heights; each pair is then transposed as
        one, which gives the critic more to learn from without telling it anything that is not so.
        """
        rows = [batch["previous"].long(), batch["real"].long(), fake.detach().argmax(2)]
        shift = shifts(torch.cat(rows, dim=1), self.config.hearing)
        previous = moved(batch["previous"].long(), shift)
        real, fake = (moved_planes(planes, shift) for planes in (one_hot(batch["real"]), fake))
        return real, fake, previous, moved_chord(batch["chord"], shift)

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
        folded = Folded(self.generator)
        return lambda inputs: folded(inputs["previous"], inputs["chord"], inputs["noise"])
