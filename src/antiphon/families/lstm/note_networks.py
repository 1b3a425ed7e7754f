"""The generator of `lstm`: it writes note after note, for as long as one likes, and remembers what it wrote bars ago.

Axes: N batch, T note, C class (257: 65 offsets, 128 pitches, 64 durations, drawn in this order), H hidden, L lag.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from antiphon.families.lstm import memory
from antiphon.families.lstm.brief import TRAITS, Brief, Told
from antiphon.families.lstm.habits import Habits
from antiphon.families.lstm.memory import Heard, Moment, Recall
from antiphon.families.lstm.note_heads import (
    MOST_STEPS,
    REACH,
    SIZES,
    SLOPE,
    Ahead,
    DurationHead,
    OffsetHead,
    PitchHead,
    Place,
    Polyphony,
)
from antiphon.nn.straight_through import straight_through

NUM_CLASSES = sum(SIZES)
_OFFSETS, _PITCHES, _ = SIZES
_FORBIDDEN = -1e4


class State(NamedTuple):
    """What a song has come to: the recurrence (layers, N, H) twice, the planes of the note before (N, C), the pitch
    before that (N,), when it began, (N, 1) each, the number of its bar (N, 1), and what was heard."""

    hidden: Tensor
    cell: Tensor
    before: Tensor
    earlier: Tensor
    moment: Moment
    number: Tensor
    heard: Heard

    def of(self, songs: Tensor) -> "State":
        """The state of songs by their numbers (n,)."""
        return self._made_of([part[songs] for part in self._by_song()])

    def replaced(self, songs: Tensor, other: "State") -> "State":
        """This state, but that of some songs (n,) as in another."""
        pairs = zip(self._by_song(), other._by_song(), strict=True)
        return self._made_of([mine.index_copy(0, songs, theirs[songs]) for mine, theirs in pairs])

    def _by_song(self) -> list[Tensor]:
        recurrence = (part.transpose(0, 1) for part in (self.hidden, self.cell))
        return [*recurrence, self.before, self.earlier, *self.moment, self.number, *self.heard]

    @staticmethod
    def _made_of(parts: list[Tensor]) -> "State":
        hidden, cell = (part.transpose(0, 1).contiguous() for part in parts[:2])
        before, earlier, *moment, number = parts[2 : 5 + len(Moment._fields)]
        heard = Heard(*parts[5 + len(Moment._fields) :])
        return State(hidden, cell, before, earlier, Moment(*moment), number, heard)


class NoteGenerator(nn.Module):
    """An LSTM that hears its own notes, the place in the bar and what is settled of the piece (`brief`); a note is its
    offset, then pitch, then duration, each scored with what is remembered of the same place bars ago (`memory`).

    Chance is a Gaussian for every trait of the piece and for every class of every note, turned into Gumbel noise, so
    that G is a deterministic map from latents to notes. A first note has no offset: where it lies is given.

    Parameters
    ----------
    hidden_dim, embedding_dim, head_dim, num_layers
        Widths and depth.
    dropout
        Share of each state that is dropped while training.
    """

    floor: Tensor
    lean: Tensor

    def __init__(self, *, hidden_dim: int, embedding_dim: int, head_dim: int, num_layers: int, dropout: float) -> None:
        super().__init__()
        # Set after training: how likely beside the likeliest one a class of offset, pitch or duration has to be, for a
        # network's tail is thicker than that of music; and what is added to the score of a chord's going on.
        self.register_buffer("floor", torch.zeros(3))
        self.register_buffer("lean", torch.zeros(1))
        self.hear = nn.Linear(NUM_CLASSES, embedding_dim)
        self.interval = nn.Embedding(2 * REACH + 1, embedding_dim)
        self.place = Place(embedding_dim)
        self.ahead = Ahead(embedding_dim)
        self.polyphony = Polyphony(embedding_dim)
        self.lstm = nn.LSTM(len(TRAITS) + embedding_dim, hidden_dim, num_layers, batch_first=True)
        self.known = nn.Linear(hidden_dim, 3 * head_dim)
        self.offset = OffsetHead(head_dim)
        self.pitch = PitchHead(head_dim)
        self.duration = DurationHead(head_dim)
        self.dropout = nn.Dropout(dropout)
        self.habits = Habits()

    def begin(self, place: Tensor, bar: Tensor) -> State:
        """The state of N songs whose first note lies at steps `place` (N,) of bars of `bar` steps (N,)."""
        silence = self.hear.weight.new_zeros(self.lstm.num_layers, len(place), self.lstm.hidden_size)
        heard, start = memory.nothing(len(place), place), _moment(place * 0, place, bar)
        none = silence.new_zeros(len(place), NUM_CLASSES)
        moment = Moment(*(column[:, None] for column in start))
        return State(silence, silence, none, start.onset, moment, moment.onset * 0, heard)

    def teacher(self, planes: Tensor, place: Tensor, bar: Tensor, number: Tensor, brief: Brief) -> tuple[Tensor, ...]:
        """Scores (N, T, ...) of offset, pitch and duration of each note of `planes` (N, T, C) given what is before
        them; `place`, `bar` and `number` (N, T) are each note's step in its bar, the bar's steps and its number."""
        offset, pitch, duration = (part.argmax(-1) for part in parts(planes))
        now = _moment(offset.cumsum(1), place, bar)
        # A first note's place is known before it is written, any other's with its offset.
        then, told_now = Moment(*(_one_late(column) for column in now)), brief.at(number)
        told = Told(*(_one_late(column) for column in told_now))
        before, last = F.pad(planes[:, :-1], (0, 0, 1, 0)), F.pad(pitch[:, :-1], (1, 0))
        run = memory.runs(pitch, offset)
        heard = Heard(now.onset, offset, pitch, duration + 1, run[:, -1], torch.ones_like(pitch, dtype=torch.bool))
        earlier = torch.ones_like(run, dtype=torch.bool).tril(-1)
        again = memory.going_on(heard, F.pad(run[:, :-1], (0, 0, 1, 0)), earlier)
        recalled_then = memory.recall(heard, earlier, then, again, told.back)
        inputs = self._input(before, last, F.pad(last[:, :-1], (1, 0)), recalled_then, told)
        inputs = torch.cat([inputs, _everywhere(brief.traits, inputs)], dim=-1)
        known = self.known(self.dropout(self.lstm(inputs)[0])).chunk(3, dim=-1)
        recalled, settled = memory.recall(heard, earlier, now, again, told_now.back), parts(planes)
        return (
            self.offset(known[0], last, recalled_then, told) + _topped(before),
            self.pitch(known[1], settled[0], last, recalled, told_now) + _descending(before, settled[0]),
            self.duration(known[2], settled[0], settled[1], recalled, told_now),
        )

    def forward(
        self, state: State, brief: Brief, noise: Tensor, temperature: float = 1.0, given: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Notes for Gumbel `noise` (N, T, C) as straight-through planes (N, T, C), and the state after them; `given`
        (N,) is the first one's offset where it is nobody's choice: 0 where a song begins."""
        planes = []
        for step, drawn in enumerate(noise.unbind(1)):
            plane, state = self._note(state, brief, drawn, temperature, given if step == 0 else None)
            planes.append(plane)
        return torch.stack(planes, dim=1), state

    def follow(self, brief: Brief, planes: Tensor, place: Tensor, bar: Tensor, number: Tensor) -> State:
        """The state after given notes `planes` (N, T, C) at steps `place` of bars of `bar` steps, of these numbers,
        (N, T) each."""
        state = self.begin(place[:, 0], bar[:, 0])
        for step, note in enumerate(planes.unbind(1)):
            state = self._advance(state, brief)[2]
            onset = state.moment.onset + parts(note)[0].argmax(1)[:, None]
            here = slice(step, step + 1)
            state = _heard(state, note, _moment(onset, place[:, here], bar[:, here]), number[:, here])
        return state

    def _advance(self, state: State, brief: Brief) -> tuple[tuple[Tensor, ...], Recall, State]:
        """What is known (N, 1, D) of offset, pitch and duration of the next note, and what is remembered before it."""
        last, earlier = parts(state.before)[1].argmax(1)[:, None], state.earlier[:, None]
        told, before = brief.at(state.number), state.heard.there[:, None]
        again = memory.going_on(state.heard, state.heard.run[:, None], before)
        recalled = memory.recall(state.heard, before, state.moment, again, told.back)
        inputs = self._input(state.before[:, None], last, earlier, recalled, told)
        inputs = torch.cat([inputs, _everywhere(brief.traits, inputs)], dim=-1)
        hidden, (carried, cell) = self.lstm(inputs, (state.hidden, state.cell))
        known = self.known(self.dropout(hidden)).chunk(3, dim=-1)
        return known, recalled, state._replace(hidden=carried, cell=cell)

    def _note(
        self, state: State, brief: Brief, noise: Tensor, temperature: float, given: Tensor | None
    ) -> tuple[Tensor, State]:
        known, recalled, state = self._advance(state, brief)
        of_offset, of_pitch, of_duration = parts(noise)
        told, last = brief.at(state.number), parts(state.before)[1].argmax(1)[:, None]
        if given is not None:
            offset = F.one_hot(given, _OFFSETS).to(noise)
        else:
            scores = self.offset(known[0], last, recalled, told)[:, 0] + _topped(state.before)
            leaning = scores + F.pad(self.lean, (0, _OFFSETS - 1))
            offset = self._draw(0, leaning, of_offset, temperature)
        steps = offset.argmax(1)[:, None]
        onset, place, bar = state.moment
        number, now = state.number + (place + steps) // bar, Moment(onset + steps, (place + steps) % bar, bar)
        told = brief.at(number)
        recalled = memory.recall(state.heard, recalled.before, now, recalled.again, told.back)
        scores = self.pitch(known[1], offset[:, None], last, recalled, told)[:, 0] + _descending(state.before, offset)
        pitch = self._draw(1, scores, of_pitch, temperature)
        scores = self.duration(known[2], offset[:, None], pitch[:, None], recalled, told)[:, 0]
        note = torch.cat([offset, pitch, self._draw(2, scores, of_duration, temperature)], dim=1)
        return note, _heard(state, note, now, number)

    def _draw(self, which: int, scores: Tensor, noise: Tensor, temperature: float) -> Tensor:
        """One-hot of the highest (N, C), with the gradient of the tempered softmax (Jang et al. 2017)."""
        unlikely = scores < scores.amax(1, keepdim=True) + self.floor[which].log()
        soft = torch.softmax((scores + _FORBIDDEN * unlikely + noise) / temperature, dim=1)
        return straight_through(F.one_hot(soft.argmax(1), soft.shape[1]).to(soft), soft)

    def _input(self, before: Tensor, last: Tensor, earlier: Tensor, recalled: Recall, told: Told) -> Tensor:
        """What the recurrence hears (N, T, E) of the note before, whose pitch was `last`, after one `earlier`."""
        interval = self.interval((last - earlier).clamp(-REACH, REACH) + REACH)
        around = self.place(recalled.moment) + self.polyphony(memory.sounding(recalled))
        return F.leaky_relu(self.hear(before) + interval + around + self.ahead(told, last), SLOPE)


def _everywhere(traits: Tensor, notes: Tensor) -> Tensor:
    """Traits (N, K) beside each of notes (N, T, ...)."""
    return traits[:, None].expand(-1, notes.shape[1], -1)


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


def _moment(onset: Tensor, place: Tensor, bar: Tensor) -> Moment:
    """A moment of which the place may lie beyond its bar, which may be longer than is known of."""
    bar = bar.long().clamp(1, MOST_STEPS)
    return Moment(onset.long(), place.long() % bar, bar)


def _one_late(column: Tensor) -> Tensor:
    """Of each note what the one before it has (N, T); of the first its own."""
    return torch.cat([column[:, :1], column[:, :-1]], dim=1)


def _heard(state: State, note: Tensor, moment: Moment, number: Tensor) -> State:
    """The state that also holds a note (N, C)."""
    offset, pitch, duration = (part.argmax(1) for part in parts(note))
    heard = memory.remember(state.heard, moment.onset[:, 0], offset, pitch, duration + 1)
    earlier = parts(state.before)[1].argmax(1)
    return state._replace(before=note, earlier=earlier, moment=moment, number=number, heard=heard)


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
