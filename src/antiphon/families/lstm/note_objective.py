"""The game of `lstm`: a likelihood start, then relativistic pairing with zero-centred penalties on both sides."""

import torch
import torch.nn.functional as F
from torch import Tensor

from antiphon.families.lstm.config import LstmConfig
from antiphon.families.lstm.note_critic import NoteDiscriminator
from antiphon.families.lstm.note_networks import NUM_CLASSES, NoteGenerator, State, parts, to_planes, to_rows
from antiphon.families.lstm.notes import valid
from antiphon.gan.objective import Batch
from antiphon.gan.paired import PairedObjective
from antiphon.nn.straight_through import gumbel

_HIGHEST = 127


class LstmObjective(PairedObjective):
    """Batches: "real" uint8 (N, T, 3), "length" (N,), "place" and "bar" (N, T), rows of `antiphon.codecs.notes`.

    The first note's offset is left out: it tells of music before the row. What is written keeps the metre of its first
    bar.
    """

    generator: NoteGenerator
    discriminator: NoteDiscriminator

    def __init__(self, config: LstmConfig) -> None:
        generator = NoteGenerator(
            latent_dim=config.latent_dim,
            hidden_dim=config.hidden_dim,
            embedding_dim=config.embedding_dim,
            head_dim=config.head_dim,
            num_layers=config.num_layers,
            dropout=config.dropout,
        )
        super().__init__(config, generator, NoteDiscriminator(config.critic_dim, config.critic_layers))
        self.config = config

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

    def likelihood(self, batch: Batch) -> dict[str, Tensor]:
        """Cross-entropy of each note's offset, pitch and duration given all before it, in nats a note."""
        real = to_planes(batch["real"])
        scores = self.generator.teacher(real, batch["place"], batch["bar"], self._latent(len(real)))
        heard = valid(batch["length"], real.shape[1])
        terms = {}
        for name, score, true in zip(("offset", "pitch", "duration"), scores, parts(real), strict=True):
            surprise = F.cross_entropy(score.flatten(0, 1), true.argmax(-1).flatten(), reduction="none").view_as(heard)
            # A first note's offset is nobody's choice.
            asked = heard & (torch.arange(heard.shape[1], device=heard.device) > 0) if name == "offset" else heard
            terms[name] = (surprise * asked).sum() / heard.sum()
        return terms

    def played(self, batch: Batch) -> Batch:
        """Passages as long as the game is about, from anywhere in each row, as many as a row could hold."""
        width = min(self.config.passage, batch["real"].shape[1])
        each = batch["real"].shape[1] // width
        batch = {name: values.repeat_interleave(each, 0) for name, values in batch.items()}
        real, length = batch["real"], batch["length"].long()
        begin = (torch.rand(len(real), device=real.device) * (length - width + 1).clamp_min(1)).long()
        notes = begin[:, None] + torch.arange(width, device=real.device)
        cut = {name: batch[name].gather(1, notes) for name in ("place", "bar")}
        drawn = real.gather(1, notes[:, :, None].expand(-1, -1, real.shape[2]))
        return {**cut, "real": drawn, "length": length.clamp_max(width)}

    def fakes(self, batch: Batch, temperature: float) -> Tensor:
        """Sequences as planes (N, T, C)."""
        return self._write(batch, temperature)

    def pairs(self, batch: Batch, fake: Tensor) -> tuple[Tensor, ...]:
        """Real and made sequences of one length, one metre and one place to begin."""
        return to_planes(batch["real"]), fake, *_given(batch)

    def _write(self, like: Batch, temperature: float = 1.0) -> Tensor:
        """Fake planes (N, T, C) from the places and in the metres of a batch."""
        num, length = like["place"].shape
        noise = gumbel(torch.randn(num, length, NUM_CLASSES, device=like["place"].device))
        state = self.generator.begin(like["place"][:, 0], like["bar"][:, 0])
        planes: Tensor = self.generator(state, self._latent(num), noise, temperature, state.earlier * 0)[0]
        return planes

    def _latent(self, num: int) -> Tensor:
        weight = self.generator.hear.weight
        return torch.randn(num, self.config.latent_dim, device=weight.device, dtype=weight.dtype)

    @torch.no_grad()
    def sample(self, num: int, condition: Batch) -> Tensor:
        """Rows uint8 (num, row_length, 3) from the first "place" and in the first "bar" of `condition`, zero behind its
        "length"."""
        rows = to_rows(self._write({name: condition[name][:num] for name in ("place", "bar")}))
        return rows * valid(condition["length"][:num], rows.shape[1])[:, :, None]

    @torch.no_grad()
    def go_on(self, state: State, latent: Tensor, noise: Tensor, given: Tensor | None = None) -> tuple[Tensor, State]:
        """Rows uint8 (N, T, 3) after a state for given noise (N, T, C), and the state after them; `given` (N,): the
        first offset, where it is not to be drawn."""
        planes, state = self.generator(state, latent, noise, given=given)
        return to_rows(planes), state

    @torch.no_grad()
    def after(self, rows: Tensor, place: Tensor, bar: Tensor, latent: Tensor) -> State:
        """The state of songs that began with given notes: rows (N, T, 3) at steps `place` of bars of `bar`, (N, T) or
        (1, T)."""
        planes = to_planes(rows).to(latent)
        place, bar = (column.expand(len(rows), -1) for column in (place, bar))
        state: State = self.generator.follow(self.generator.begin(place[:, 0], bar[:, 0]), latent, planes, place, bar)
        return state

    def judge(self, rows: Tensor, length: Tensor, place: Tensor, bar: Tensor) -> Tensor:
        """The discriminator's logits (N,) of rows (N, T, 3)."""
        logits: Tensor = self.discriminator(to_planes(rows), length, place[:, 0], bar[:, 0])
        return logits


def _given(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """What the discriminator is told of passages: their lengths, and where in which bar they begin."""
    return batch["length"], batch["place"][:, 0], batch["bar"][:, 0]
