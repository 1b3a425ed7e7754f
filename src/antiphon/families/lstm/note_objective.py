"""The game of `lstm`: a likelihood start, then relativistic pairing with zero-centred penalties on both sides."""

import torch
import torch.nn.functional as F
from torch import Tensor

from antiphon.families.lstm.brief import Brief, Plan, numbers, read
from antiphon.families.lstm.config import LstmConfig
from antiphon.families.lstm.note_critic import NoteDiscriminator
from antiphon.families.lstm.note_heads import MOST_STEPS
from antiphon.families.lstm.note_networks import NUM_CLASSES, NoteGenerator, State, parts, to_planes, to_rows
from antiphon.families.lstm.notes import valid
from antiphon.gan.objective import Batch
from antiphon.gan.paired import PairedObjective
from antiphon.nn.straight_through import gumbel

_HIGHEST = 127
_LONGEST = 64


class LstmObjective(PairedObjective):
    """Batches: "real" uint8 (N, T, 3), "length" (N,), "place" and "bar" (N, T), rows of `antiphon.codecs.notes`.

    The first note's offset is left out: it tells of music before the row. What is written is told what the batch's own
    music is like and what its bars are (`antiphon.families.lstm.brief`), and keeps the metre of its first bar.
    """

    generator: NoteGenerator
    discriminator: NoteDiscriminator

    def __init__(self, config: LstmConfig) -> None:
        generator = NoteGenerator(
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
        """Cross-entropy of each note's offset, pitch and duration given all before it, in nats a note.

        A song's last note is followed by an offset to the next bar line, so that it is known to be the last.
        """
        batch = _told(batch)
        brief, number, length = _brief(batch), batch["number"], batch["length"].long()
        if torch.is_grad_enabled():
            self.generator.habits.learn(brief, number.gather(1, length[:, None] - 1)[:, 0] + 1)
        real = to_planes(batch["real"])
        scores = self.generator.teacher(real, batch["place"], batch["bar"], number, brief)
        note = torch.arange(real.shape[1], device=real.device)
        heard = note < length[:, None]
        # A first note's offset is nobody's choice.
        asked = {"offset": (note > 0) & (note <= length[:, None]), "pitch": heard, "duration": heard}
        terms = {}
        for (name, counts), score, true in zip(asked.items(), scores, parts(real), strict=True):
            surprise = F.cross_entropy(score.flatten(0, 1), true.argmax(-1).flatten(), reduction="none").view_as(heard)
            terms[name] = (surprise * counts).sum() / heard.sum()
        return terms

    def played(self, batch: Batch) -> Batch:
        """Passages as long as the game is about, from anywhere in each row, as many as a row could hold."""
        width = min(self.config.passage, batch["real"].shape[1])
        each = batch["real"].shape[1] // width
        batch = {name: values.repeat_interleave(each, 0) for name, values in _told(batch).items()}
        real, length = batch["real"], batch["length"].long()
        begin = (torch.rand(len(real), device=real.device) * (length - width + 1).clamp_min(1)).long()
        notes = begin[:, None] + torch.arange(width, device=real.device)
        cut = {name: batch[name].gather(1, notes) for name in ("place", "bar", "number")}
        drawn = real.gather(1, notes[:, :, None].expand(-1, -1, real.shape[2]))
        return {**batch, **cut, "real": drawn, "length": length.clamp_max(width)}

    def fakes(self, batch: Batch, temperature: float) -> Tensor:
        """Sequences as planes (N, T, C)."""
        return self._write(batch, temperature)

    def pairs(self, batch: Batch, fake: Tensor) -> tuple[Tensor, ...]:
        """Real and made sequences of one length, one metre and one place to begin."""
        return to_planes(batch["real"]), fake, *_given(batch)

    def _write(self, like: Batch, temperature: float = 1.0) -> Tensor:
        """Fake planes (N, T, C) from the places, in the metres and over the plans of a batch."""
        num, length = like["place"].shape
        noise = gumbel(torch.randn(num, length, NUM_CLASSES, device=like["place"].device))
        state = self.generator.begin(like["place"][:, 0], like["bar"][:, 0])
        state = state._replace(number=like["number"][:, :1])
        planes: Tensor = self.generator(state, _brief(like), noise, temperature, state.earlier * 0)[0]
        return planes

    @torch.no_grad()
    def sample(self, num: int, condition: Batch) -> Tensor:
        """Rows uint8 (num, row_length, 3) as long as those of `condition`, from where they begin, after their plans."""
        batch = _told({name: condition[name][:num] for name in ("real", "length", "place", "bar")})
        rows = to_rows(self._write(batch))
        return rows * valid(batch["length"], rows.shape[1])[:, :, None]

    @torch.no_grad()
    def go_on(self, state: State, brief: Brief, noise: Tensor, given: Tensor | None = None) -> tuple[Tensor, State]:
        """Rows uint8 (N, T, 3) after a state for given noise (N, T, C), and the state after them; `given` (N,): the
        first offset, where it is not to be drawn."""
        planes, state = self.generator(state, brief, noise, given=given)
        return to_rows(planes), state

    @torch.no_grad()
    def after(self, batch: Batch, brief: Brief) -> State:
        """The state of songs that began with given notes: "real" (N, T, 3), "place", "bar" and "number" (N, T)."""
        planes = to_planes(batch["real"]).to(brief.traits)
        state: State = self.generator.follow(brief, planes, batch["place"], batch["bar"], batch["number"])
        return state

    def judge(self, rows: Tensor, length: Tensor, place: Tensor, bar: Tensor) -> Tensor:
        """The discriminator's logits (N,) of rows (N, T, 3)."""
        logits: Tensor = self.discriminator(to_planes(rows), length, place[:, 0], bar[:, 0])
        return logits


def read_brief(batch: Batch) -> Batch:
    """A batch of rows, with the number of each note's bar (N, T), and what could have been settled of them: "traits"
    (N, K) and the columns of a `Plan` (N, B).

    The note behind the end of a song is given the offset to the next bar line, and what the last note has else.
    """
    real, length = batch["real"], batch["length"].long()
    note = torch.arange(real.shape[1], device=real.device)
    last = torch.minimum(note, length[:, None] - 1)
    bar = batch["bar"].long().gather(1, last).clamp(1, MOST_STEPS)
    place = batch["place"].long().gather(1, last) % bar
    offset = torch.where(note == length[:, None], (bar - place).clamp_max(_LONGEST), real[:, :, 2])
    number = numbers((real[:, :, 2].long() * (note > 0) * (note < length[:, None])).cumsum(1), place, bar)
    brief = read(real, length, place, bar, number)
    settled = {"traits": brief.traits, **brief.plan._asdict(), "number": number, "place": place, "bar": bar}
    return {**batch, **settled, "real": torch.cat([real[:, :, :2], offset[:, :, None].to(real)], dim=2)}


def _told(batch: Batch) -> Batch:
    return batch if "number" in batch else read_brief(batch)


def _brief(batch: Batch) -> Brief:
    return Brief(batch["traits"], Plan(*(batch[name] for name in Plan._fields)))


def _given(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """What the discriminator is told of passages: their lengths, and where in which bar they begin."""
    return batch["length"], batch["place"][:, 0], batch["bar"][:, 0]
