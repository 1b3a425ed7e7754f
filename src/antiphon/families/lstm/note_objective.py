"""The game of `lstm`: a likelihood start, then relativistic pairing with zero-centred penalties on both sides."""

import torch
import torch.nn.functional as F
from torch import Tensor

from antiphon.families.lstm.config import LstmConfig
from antiphon.families.lstm.note_networks import (
    NUM_CLASSES,
    NoteDiscriminator,
    NoteGenerator,
    State,
    parts,
    to_planes,
    to_rows,
)
from antiphon.families.lstm.notes import valid
from antiphon.gan.losses import LOSSES
from antiphon.gan.objective import Batch, Objective, Outcome, Phase
from antiphon.gan.penalties import r1, r2
from antiphon.nn.straight_through import gumbel

_LOSS = LOSSES["relativistic"]
_HIGHEST = 127


class LstmObjective(Objective):
    """Batches: "real" uint8 (N, T, 3), "length" (N,) and "place" (N, T), rows of `antiphon.codecs.notes`.

    The first note's offset is left out: it tells of music before the row.
    """

    def __init__(self, config: LstmConfig) -> None:
        super().__init__()
        self.config = config
        self.generator: NoteGenerator = NoteGenerator(
            config.latent_dim, config.hidden_dim, config.embedding_dim, config.num_layers, config.dropout
        )
        self.discriminator: NoteDiscriminator = NoteDiscriminator(config.critic_dim, config.critic_layers)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Likelihood first, then the game; see `antiphon.gan.timetable`."""
        return self.config.phases

    def augment(self, batch: Batch) -> Batch:
        """Transpose each row within the range of pitches."""
        real, reach = batch["real"].long(), self.config.transpose
        inside = valid(batch["length"], real.shape[1])
        lowest = torch.where(inside, real[:, :, 0], _HIGHEST).amin(1)
        highest = torch.where(inside, real[:, :, 0], 0).amax(1)
        shift = torch.randint(-reach, reach + 1, (len(real),), device=real.device)
        shift = torch.maximum(torch.minimum(shift, _HIGHEST - highest), -lowest)
        pitch = torch.where(inside, real[:, :, 0] + shift[:, None], 0)
        return {**batch, "real": torch.cat([pitch[:, :, None], real[:, :, 1:]], dim=2).to(torch.uint8)}

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
        }[phase.name](to_planes(batch["real"]), batch["length"], batch["place"][:, 0])

    def _likelihood(self, real: Tensor, length: Tensor, place: Tensor) -> Outcome:
        """Cross-entropy of each note's offset, pitch and duration given all before them, in nats a note."""
        scores = self.generator.teacher(real, place, self._latent(len(real)))
        heard = valid(length, real.shape[1])
        terms = {}
        for name, score, true in zip(("offset", "pitch", "duration"), scores, parts(real), strict=True):
            surprise = F.cross_entropy(score.flatten(0, 1), true.argmax(-1).flatten(), reduction="none").view_as(heard)
            # A first note's offset is nobody's choice.
            asked = heard & (torch.arange(heard.shape[1], device=heard.device) > 0) if name == "offset" else heard
            terms[name] = (surprise * asked).sum() / heard.sum()
        return Outcome(terms)

    def _discriminator(self, real: Tensor, length: Tensor, place: Tensor) -> Outcome:
        """Real and made sequences in pairs of one length and one place to begin."""
        both = torch.cat([real, self._made(real, place)])
        real_logits, fake_logits = self.discriminator(both, length.repeat(2), place.repeat(2)).chunk(2)
        gap = (real_logits - fake_logits).detach()
        watch = {"critic_gap": gap.mean(), "critic_right": (gap > 0).float().mean()}
        return Outcome(_LOSS.discriminator(real_logits, fake_logits), watch)

    def _penalty(self, real: Tensor, length: Tensor, place: Tensor) -> Outcome:
        """R1 and R2, as heavy as their rarity asks for."""
        weight = self.config.penalty * self.config.penalty_every
        return Outcome(
            {
                "r1": weight * r1(self.discriminator, real, length, place),
                "r2": weight * r2(self.discriminator, self._made(real, place), length, place),
            }
        )

    def _generator(self, real: Tensor, length: Tensor, place: Tensor) -> Outcome:
        """The generator's half of the pairing loss."""
        fake = self._write(real, place, self.config.temperature)
        with torch.no_grad():
            real_logits = self.discriminator(real, length, place)
        return Outcome(_LOSS.generator(real_logits, self.discriminator(fake, length, place)))

    @torch.no_grad()
    def _made(self, real: Tensor, place: Tensor) -> Tensor:
        return self._write(real, place)

    def _write(self, like: Tensor, place: Tensor, temperature: float = 1.0) -> Tensor:
        """Fake planes of the shape of real ones."""
        noise = gumbel(torch.randn_like(like))
        planes: Tensor = self.generator(self.generator.begin(place), self._latent(len(like)), noise, temperature)[0]
        return planes

    def _latent(self, num: int) -> Tensor:
        weight = self.generator.hear.weight
        return torch.randn(num, self.config.latent_dim, device=weight.device, dtype=weight.dtype)

    @torch.no_grad()
    def sample(self, num: int, condition: Batch) -> Tensor:
        """Rows uint8 (num, row_length, 3) from the first "place" of `condition`, zero behind its "length"."""
        like = self.generator.hear.weight.new_empty(num, self.config.row_length, NUM_CLASSES)
        rows = to_rows(self._write(like, condition["place"][:, 0]))
        return rows * valid(condition["length"], rows.shape[1])[:, :, None]

    @torch.no_grad()
    def go_on(self, state: State, latent: Tensor, noise: Tensor, first: bool) -> tuple[Tensor, State]:
        """Rows uint8 (N, T, 3) after a state for given noise (N, T, C), and the state after them."""
        planes, state = self.generator(state, latent, noise, first=first)
        return to_rows(planes), state

    def judge(self, rows: Tensor, length: Tensor, place: Tensor) -> Tensor:
        """The discriminator's logits (N,) of rows (N, T, 3)."""
        logits: Tensor = self.discriminator(to_planes(rows), length, place[:, 0])
        return logits
