"""Generator and discriminator of `lstm`: one writes note after note for as long as one likes, the other listens.

Axes: N batch, T note, C class (257: 65 offsets, 128 pitches, 64 durations, drawn in this order), H hidden.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from antiphon.families.lstm.notes import valid
from antiphon.nn.straight_through import straight_through

STEPS = 16
"""Steps of a bar: where in it a note begins is known to both players."""

SIZES = (65, 128, 64)
"""Classes of offset, pitch and duration."""

NUM_CLASSES = sum(SIZES)
_OFFSETS, _PITCHES, _DURATIONS = SIZES
_SLOPE = 0.1
_REACH = 24
_FORBIDDEN = -1e4


class State(NamedTuple):
    """What a song has come to: the recurrence (layers, N, H) twice, the planes of the note before (N, C), and its step
    in the bar (N,)."""

    hidden: Tensor
    cell: Tensor
    before: Tensor
    place: Tensor


class NoteGenerator(nn.Module):
    """An LSTM that hears its own notes and the piece's latent; a note is its offset, then pitch, then duration.

    Chance is a Gaussian for every class of every note, turned into Gumbel noise, so that G is a deterministic map from
    latents to notes. A first note has no offset: where it lies is given.

    Parameters
    ----------
    latent_dim, hidden_dim, embedding_dim, num_layers
        Widths and depth.
    dropout
        Share of each state that is dropped while training.
    """

    def __init__(self, latent_dim: int, hidden_dim: int, embedding_dim: int, num_layers: int, dropout: float) -> None:
        super().__init__()
        self.hear = nn.Linear(NUM_CLASSES, embedding_dim)
        self.place = nn.Embedding(STEPS, embedding_dim)
        self.lstm = nn.LSTM(latent_dim + embedding_dim, hidden_dim, num_layers, batch_first=True)
        self.known = nn.ModuleList(nn.Linear(hidden_dim, hidden_dim) for _ in SIZES)
        # Of the same note, for its pitch the offset is settled, for its duration the pitch too.
        self.settled = nn.ModuleList(
            nn.Linear(size, hidden_dim, bias=False) for size in (_OFFSETS, _OFFSETS + _PITCHES)
        )
        self.at = nn.Embedding(STEPS, hidden_dim)
        self.out = nn.ModuleList(nn.Linear(hidden_dim, size) for size in SIZES)
        self.dropout = nn.Dropout(dropout)

    def begin(self, place: Tensor) -> State:
        """The state of N songs whose first note lies at steps `place` (N,) of a bar."""
        silence = self.hear.weight.new_zeros(self.lstm.num_layers, len(place), self.lstm.hidden_size)
        return State(silence, silence, silence.new_zeros(len(place), NUM_CLASSES), place.long() % STEPS)

    def teacher(self, planes: Tensor, place: Tensor, latent: Tensor) -> tuple[Tensor, ...]:
        """Scores (N, T, ...) of offset, pitch and duration of each note of `planes` (N, T, C) given what is before
        them; `place` (N,) is the first note's."""
        before = F.pad(planes[:, :-1], (0, 0, 1, 0))
        places = places_of(planes, place)
        last = torch.cat([place.long()[:, None] % STEPS, places[:, :-1]], dim=1)
        hidden, _ = self.lstm(self._input(before, last, latent[:, None].expand(-1, planes.shape[1], -1)))
        hidden = self.dropout(hidden)
        offset, pitch, _ = parts(planes)
        return (
            self._scores(0, hidden, None, None) + _topped(before),
            self._scores(1, hidden, offset, places) + _descending(before, offset),
            self._scores(2, hidden, torch.cat([offset, pitch], dim=-1), places),
        )

    def forward(
        self, state: State, latent: Tensor, noise: Tensor, temperature: float = 1.0, first: bool = True
    ) -> tuple[Tensor, State]:
        """Notes for Gumbel `noise` (N, T, C) as straight-through planes (N, T, C), and the state after them; `first`:
        the first of them begins the song."""
        planes = []
        for step, drawn in enumerate(noise.unbind(1)):
            planes.append(self._note(state, latent, drawn, temperature, first and step == 0))
            state = planes[-1][1]
        return torch.stack([plane for plane, _ in planes], dim=1), state

    def _note(
        self, state: State, latent: Tensor, noise: Tensor, temperature: float, first: bool
    ) -> tuple[Tensor, State]:
        inputs = self._input(state.before, state.place, latent)
        hidden, (memory, cell) = self.lstm(inputs[:, None], (state.hidden, state.cell))
        hidden = self.dropout(hidden[:, 0])
        of_offset, of_pitch, of_duration = parts(noise)
        offset = F.one_hot(state.place * 0, _OFFSETS).to(noise)
        if not first:
            offset = _draw(self._scores(0, hidden, None, None) + _topped(state.before) + of_offset, temperature)
        place = (state.place + offset.argmax(1)) % STEPS
        pitch = self._scores(1, hidden, offset, place) + _descending(state.before, offset)
        pitch = _draw(pitch + of_pitch, temperature)
        duration = _draw(self._scores(2, hidden, torch.cat([offset, pitch], dim=-1), place) + of_duration, temperature)
        note = torch.cat([offset, pitch, duration], dim=1)
        return note, State(memory, cell, note, place)

    def _input(self, before: Tensor, place: Tensor, latent: Tensor) -> Tensor:
        return torch.cat([F.leaky_relu(self.hear(before) + self.place(place), _SLOPE), latent], dim=-1)

    def _scores(self, which: int, hidden: Tensor, settled: Tensor | None, place: Tensor | None) -> Tensor:
        known: Tensor = self.known[which](hidden)
        if settled is not None and place is not None:
            known = known + self.settled[which - 1](settled) + self.at(place)
        scores: Tensor = self.out[which](F.leaky_relu(known, _SLOPE))
        return scores


class NoteDiscriminator(nn.Module):
    """An LSTM with a verdict on every note, and one on the whole after the last; a sequence's logit is their sum.

    It hears, beside the classes, intervals from the note before, pitch classes, and where in the bar a note lies, all
    of them smooth in the planes, so that gradients reach both notes of an interval.

    Parameters
    ----------
    critic_dim, num_layers
        Width and depth.
    """

    pitch_classes: Tensor

    def __init__(self, critic_dim: int, num_layers: int) -> None:
        super().__init__()
        pitch_classes = F.one_hot(torch.arange(_PITCHES) % 12, 12).float()
        self.register_buffer("pitch_classes", pitch_classes, persistent=False)
        self.hear = nn.Linear(NUM_CLASSES + 12 + (2 * _REACH + 1) + 6, critic_dim)
        self.lstm = nn.LSTM(critic_dim, critic_dim, num_layers, batch_first=True)
        self.note = nn.Linear(critic_dim, 1)
        self.whole = nn.Sequential(nn.Linear(critic_dim, critic_dim), nn.LeakyReLU(0.2), nn.Linear(critic_dim, 1))

    def forward(self, planes: Tensor, length: Tensor, place: Tensor) -> Tensor:
        """Logits (N,) of planes (N, T, C), of which `length` (N,) notes are valid and the first lies at `place`."""
        hidden, _ = self.lstm(F.leaky_relu(self.hear(self.features(planes, place)), 0.2))
        heard = valid(length, planes.shape[1])
        notes = (self.note(hidden).squeeze(2) * heard).sum(1) / length
        last = hidden[torch.arange(len(planes), device=planes.device), length.long() - 1]
        logits: Tensor = notes + self.whole(last).squeeze(1)
        return logits

    def features(self, planes: Tensor, place: Tensor) -> Tensor:
        """What is heard of each note, (N, T, F)."""
        offset, pitch, _ = parts(planes)
        height = pitch @ torch.arange(_PITCHES, device=planes.device, dtype=planes.dtype)
        interval = F.pad(height.diff(dim=1), (1, 0))
        reach = torch.arange(-_REACH, _REACH + 1, device=planes.device)
        intervals = torch.exp(-2 * (interval[:, :, None].clamp(-_REACH, _REACH) - reach).square())
        steps = (offset @ torch.arange(_OFFSETS, device=planes.device, dtype=planes.dtype)).cumsum(1) + place[:, None]
        turns = 2 * torch.pi * steps[:, :, None] / torch.tensor([4.0, 8.0, 16.0], device=planes.device)
        return torch.cat([planes, pitch @ self.pitch_classes, intervals, turns.sin(), turns.cos()], dim=-1)


def to_planes(rows: Tensor) -> Tensor:
    """Rows (N, T, 3) of pitch, duration and offset as float planes (N, T, C); a row's first note has no offset."""
    pitch, duration, offset = rows.long().unbind(-1)
    offset = torch.cat([torch.zeros_like(offset[:, :1]), offset[:, 1:]], dim=1)
    columns = zip((offset, pitch, duration), SIZES, strict=True)
    return torch.cat([F.one_hot(column, size) for column, size in columns], dim=-1).float()


def to_rows(planes: Tensor) -> Tensor:
    """Rows uint8 (N, T, 3) of planes (N, T, C)."""
    offset, pitch, duration = (plane.argmax(-1) for plane in parts(planes))
    return torch.stack([pitch, duration, offset], dim=-1).to(torch.uint8)


def parts(planes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Offset, pitch and duration (..., classes) of what has an entry a class (..., C)."""
    offset, pitch, duration = planes.tensor_split((_OFFSETS, _OFFSETS + _PITCHES), dim=-1)
    return offset, pitch, duration


def places_of(planes: Tensor, place: Tensor) -> Tensor:
    """The step in its bar (N, T) of each note, the first at `place` (N,)."""
    return (planes[..., :_OFFSETS].argmax(-1).cumsum(1) + place.long()[:, None]) % STEPS


def _descending(before: Tensor, offset: Tensor) -> Tensor:
    """What is added to the scores of pitches (..., 128): chords are written from low to high, no pitch twice."""
    sung = parts(before)[1]
    height = torch.where(sung.sum(-1) > 0, sung.argmax(-1), -1)
    lower = torch.arange(_PITCHES, device=before.device) <= height[..., None]
    return _FORBIDDEN * (lower & (offset[..., :1] > 0)).to(before)


def _topped(before: Tensor) -> Tensor:
    """What is added to the scores of offsets (..., 65): above the highest pitch a chord cannot go on."""
    highest = parts(before)[1][..., -1:].detach()
    return _FORBIDDEN * F.pad(highest, (0, _OFFSETS - 1))


def _draw(scores: Tensor, temperature: float) -> Tensor:
    """One-hot of the highest (N, C), with the gradient of the tempered softmax (Jang et al. 2017)."""
    soft = torch.softmax(scores / temperature, dim=1)
    return straight_through(F.one_hot(soft.argmax(1), soft.shape[1]).to(soft), soft)
