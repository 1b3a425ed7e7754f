"""The game of the LSTM GAN: cross-entropy with labels 1 and 0, one step of each player."""

import torch
from torch import Tensor

from antiphon.families.lstm.config import LstmGanConfig
from antiphon.families.lstm.networks import NUM_FEATURES, Discriminator, Generator
from antiphon.families.lstm.notes import READINGS, to_numbers, valid
from antiphon.gan.losses import LOSSES, confidences
from antiphon.gan.objective import Batch, Objective, Outcome, Phase

LOSS = LOSSES["non-saturating"]


class LstmGan(Objective):
    """Batches: "real" uint8 (N, T, 3), rows of `antiphon.codecs.notes`, and "length" (N,), how many notes are valid.

    Parameters
    ----------
    config
        Sizes and readings.

    Attributes
    ----------
    centre, scale
        (3,): what a number's nought and one stand for to the networks, in semitones and beats.
    """

    centre: Tensor
    scale: Tensor

    def __init__(self, config: LstmGanConfig) -> None:
        super().__init__()
        self.config = config
        self.generator: Generator = Generator(config.latent_dim, config.hidden_dim, config.num_layers)
        self.discriminator: Discriminator = Discriminator(config.hidden_dim, config.num_layers)
        # Part of the state, so that a model file knows them.
        self.register_buffer("centre", torch.zeros(NUM_FEATURES))
        self.register_buffer("scale", torch.ones(NUM_FEATURES))

    @property
    def phases(self) -> tuple[Phase, ...]:
        """One step of each, the discriminator first."""
        return Phase("discriminator", "discriminator"), Phase("generator", "generator")

    def calibrate(self, rows: Batch) -> None:
        """Mean and standard deviation of every number over the valid notes of `rows`."""
        if not self.config.standardised:
            return
        notes = to_numbers(rows["real"][valid(rows["length"], rows["real"].shape[1])]).double()
        self.centre.copy_(notes.mean(0))
        # A number that never varies needs no scale.
        spread = notes.std(0, correction=0)
        self.scale.copy_(torch.where(spread > 0, spread, 1.0))

    def augment(self, batch: Batch) -> Batch:
        """A sequence drawn from each row, at any of its notes where it is shorter than the row."""
        real, length, width = batch["real"], batch["length"].long(), self.config.sequence_length
        begin = (torch.rand(len(real), device=real.device) * (length - width + 1).clamp_min(1)).long()
        notes = begin[:, None] + torch.arange(width, device=real.device)
        drawn = real.gather(1, notes[:, :, None].expand(-1, -1, NUM_FEATURES))
        return {**batch, "real": drawn, "length": length.clamp_max(width)}

    def losses(self, phase: Phase, batch: Batch, iteration: int) -> Outcome:
        """Cross-entropy of both sides for the discriminator, of the fakes called real for the generator."""
        turn = {"discriminator": self._discriminator_losses, "generator": self._generator_losses}[phase.name]
        return turn(self._standardised(batch["real"]), batch["length"])

    def _discriminator_losses(self, real: Tensor, length: Tensor) -> Outcome:
        with torch.no_grad():
            fake = self._write(len(real))
        # Both sides at once: a recurrence costs little more for twice the batch.
        logits = self.discriminator(torch.cat([real, fake]), length.repeat(2))
        real_logits, fake_logits = logits.chunk(2)
        confidence_real, confidence_fake = confidences(real_logits.detach(), fake_logits.detach())
        watch = {"confidence_real": confidence_real, "confidence_fake": confidence_fake}
        return Outcome(LOSS.discriminator(real_logits, fake_logits), watch)

    def _generator_losses(self, real: Tensor, length: Tensor) -> Outcome:
        logits = self.discriminator(self._write(len(real)), length)
        return Outcome(LOSS.generator(logits, logits))

    def _standardised(self, rows: Tensor) -> Tensor:
        """Rows uint8 (N, T, 3) as numbers (N, T, F) as the networks see them."""
        return (to_numbers(rows) - self.centre) / self.scale

    def _write(self, num: int) -> Tensor:
        """Sequences (num, T, F) as the networks see them."""
        sequences: Tensor = self.generator(self.draw(num), self.config.sequence_length)
        return sequences

    def draw(self, num: int) -> Tensor:
        """Latents (num, latent_dim): standard normal, from torch's default generator."""
        return torch.randn(num, self.config.latent_dim, device=self.centre.device, dtype=self.centre.dtype)

    def sample(self, num: int, condition: Batch) -> Tensor:
        """Rows uint8 (num, row_length, 3), zero behind the "length" (num,) of `condition`."""
        latent = self.draw(num * (self.config.row_length // self.config.sequence_length))
        rows = self.rows_of(latent.view(num, -1, self.config.latent_dim))
        return rows * valid(condition["length"], rows.shape[1])[:, :, None]

    @torch.no_grad()
    def rows_of(self, latent: Tensor) -> Tensor:
        """Rows uint8 (N, S T, 3) of latents (N, S, latent_dim), one a sequence, read in a row."""
        sequences = self.generator(latent.flatten(0, 1), self.config.sequence_length)
        numbers = sequences * self.scale + self.centre
        return READINGS[self.config.reading](numbers.view(len(latent), -1, NUM_FEATURES))

    def judge(self, rows: Tensor, length: Tensor) -> Tensor:
        """The discriminator's logits (N,) of rows (N, row_length, 3): the mean over the sequences of each."""
        width = self.config.sequence_length
        sequences = self._standardised(rows).view(len(rows), -1, width, NUM_FEATURES)
        begins = width * torch.arange(sequences.shape[1], device=rows.device)
        lengths = (length.long()[:, None] - begins).clamp(0, width)
        logits = self.discriminator(sequences.flatten(0, 1), lengths.flatten().clamp_min(1)).view(lengths.shape)
        heard = lengths > 0
        mean: Tensor = (logits * heard).sum(1) / heard.sum(1)
        return mean
