"""The bar GAN's likelihood twin: its generator, layer by layer the same, taught by cross-entropy to write step by step.

Where the game has noise, the twin's generator is told what the bar is so far; softmax over its activations at the next
step is the chance of each pitch. A bar is sixteen such draws.

Axes: N batch, T step (16), P pitch (128).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from antiphon.codecs.frames import HIGHEST, LOWEST
from antiphon.families.midinet.networks import NUM_PITCHES, NUM_STEPS, SLOPE
from antiphon.families.midinet.objective import Midinet
from antiphon.families.midinet.sampling import Sampler
from antiphon.gan.objective import Batch, Outcome, Phase
from antiphon.gan.steady import Decide, Inputs
from antiphon.nn.straight_through import gumbel

_MIDDLE, _OCTAVE = (LOWEST + HIGHEST) / 2, 12.0


class MidinetTwin(Midinet):
    """A bar GAN's two players of which only the generator is taught, by likelihood; batches as of `Midinet`."""

    @property
    def phases(self) -> tuple[Phase, ...]:
        """As many steps of the generator an iteration as in the game, each at steps of the bars drawn anew; the
        discriminator's turn never comes."""
        likelihood = Phase("likelihood", "generator", self.config.generator_steps)
        return likelihood, Phase("discriminator", "discriminator", stop=0)

    def draw(self, num: int) -> Tensor:
        """Latents (num, 16, 128): standard normal, one for each choice that is to be made."""
        return torch.randn(num, NUM_STEPS, NUM_PITCHES, device=self._chord_vectors.device)

    def losses(self, phase: Phase, batch: Batch, iteration: int) -> Outcome:
        """Cross-entropy of one step of each bar, drawn at random, given those before it, in nats a step."""
        real = batch["real"].long()
        previous, chord = self._conditions(batch)
        step = torch.randint(NUM_STEPS, (len(real),), device=real.device)
        scores = _unrectified(self.generator(told(real, step, previous, self.config.latent_dim), previous, chord))
        row = torch.arange(len(real), device=real.device)
        return Outcome({"likelihood": F.cross_entropy(scores[row, step], real[row, step])})

    def sample_from(self, latent: Tensor, condition: Batch) -> Tensor:
        """Bars uint8 (N, 16) of given latents (N, 16, 128), with batch norm's running statistics."""
        return self.decider()({**condition, "noise": gumbel(latent)})[0].to(torch.uint8)

    def decider(self) -> Decide:
        """Pitches and their leads from "noise" (N, 16, 128), Gumbel's, and "previous" and "chord" where needed."""
        sampler = Sampler(self.generator)

        def decide(inputs: Inputs) -> tuple[Tensor, Tensor]:
            previous, chord = self._conditions(inputs)
            noise = inputs["noise"].to(self._chord_vectors.dtype)
            bars = torch.zeros(noise.shape[:2], dtype=torch.long, device=noise.device)
            leads = torch.zeros_like(noise[:, :, 0])
            for step in range(NUM_STEPS):
                heard = told(bars, torch.full_like(bars[:, 0], step), previous, self.config.latent_dim).to(noise)
                scores = sampler.activations(heard, previous, chord).view(noise.shape)[:, step] + noise[:, step]
                (first, second), (choice, _) = (part.unbind(1) for part in scores.topk(2, dim=1))
                bars[:, step], leads[:, step] = choice, first - second
            return bars.to(torch.uint8), leads

        return decide


def told(bars: Tensor, step: Tensor, previous: Tensor | None, size: int) -> Tensor:
    """What stands where the game has noise, (N, size): the step to write next, the pitch before it, and all
    pitches of the bar so far in octaves from the middle of the range; zeros behind.

    Parameters
    ----------
    bars
        Pitches (N, 16), of which those from `step` (N,) on are not looked at.
    previous
        The bar before (N, 16), whose last pitch comes before the first; None where it is not read.
    """
    steps = torch.arange(NUM_STEPS, device=bars.device)
    written = torch.where(steps < step[:, None], (bars - _MIDDLE) / _OCTAVE, 0.0)
    last = bars.gather(1, (step - 1).clamp_min(0)[:, None])[:, 0]
    opening = torch.full_like(last, -1) if previous is None else previous[:, -1].long()
    last = torch.where(step > 0, last, opening)
    pitch = (last[:, None] == torch.arange(LOWEST, HIGHEST + 1, device=bars.device)).float()
    place = (steps == step[:, None]).float()
    heard = torch.cat([place, pitch, written], dim=1)
    return F.pad(heard, (0, size - heard.shape[1]))


def _unrectified(activations: Tensor) -> Tensor:
    """Activations before the last leaky rectifier, which would keep chances from becoming small."""
    return torch.where(activations < 0, activations / SLOPE, activations)
