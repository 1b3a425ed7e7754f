"""How `lstm` scores a note's offset, its pitch and its duration: by what it has come to, and by what it remembers.

Axes: N batch, T note, D what is known, L lag.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from antiphon.codecs.chords import NO_KEY, TRIADS
from antiphon.families.lstm import memory
from antiphon.families.lstm.brief import MOST_BACK, MOST_LEFT, NUM_CHORDS, NUM_KEYS, Told
from antiphon.families.lstm.memory import LONGEST_RUN, NUM_LAGS, NUM_MORE, NUM_PLANES, Moment, Recall, Sounding

SIZES = (65, 128, 64)
"""Classes of offset, pitch and duration."""

MOST_STEPS = 64
"""Steps of the longest bar whose places are told apart."""

SLOPE = 0.1
"""Of the leaky rectifiers."""

REACH = 48
"""Semitones of the widest interval."""

_OFFSETS, _PITCHES, _DURATIONS = SIZES
_NEAR = 36
_OCTAVE = 12
_BEAT = 4
# Root, third and fifth of the bar's chord and of the next.
_TONES = 6


class Place(nn.Module):
    """Where in the bar a note lies, and how long the bar is."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.place = nn.Embedding(MOST_STEPS, dim)
        self.bar = nn.Embedding(MOST_STEPS + 1, dim)
        self.beat = nn.Embedding(_BEAT * (MOST_STEPS + 1), dim)

    def forward(self, moment: Moment) -> Tensor:
        """What is said of moments (N, T), (N, T, D)."""
        place, bar = moment.place, moment.bar
        placed: Tensor = self.place(place) + self.bar(bar) + self.beat(_BEAT * bar + place % _BEAT)
        return placed


class Ahead(nn.Module):
    """What a note is told of its bar and of the next, and what the note before it is in its key."""

    begins: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        sizes = torch.tensor([NUM_CHORDS, NUM_CHORDS, MOST_BACK + 1, MOST_BACK + 1, MOST_LEFT + 1, NUM_KEYS])
        self.register_buffer("begins", sizes.cumsum(0) - sizes, persistent=False)
        self.table = nn.Embedding(int(sizes.sum()), dim)

    def forward(self, told: Told, last: Tensor) -> Tensor:
        """What is said (N, T, D) after pitches `last` (N, T)."""
        # Forms may bring back bars from further away than a row of notes shows.
        back = (told.back.clamp_max(MOST_BACK), told.next_back.clamp_max(MOST_BACK))
        values = torch.stack([*told.degrees, *back, told.left, told.degree(last)], dim=2)
        said: Tensor = self.table(values + self.begins).sum(2)
        return said


class Polyphony(nn.Module):
    """How many notes sound, and when the first and the last of them end: music keeps to a number of voices."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.num = nn.Embedding(memory.MOST_SOUNDING + 1, dim)
        self.soonest = nn.Embedding(memory.LONGEST + 1, dim)
        self.latest = nn.Embedding(memory.LONGEST + 1, dim)

    def forward(self, sounding: Sounding) -> Tensor:
        """What is said (N, T, D)."""
        said: Tensor = self.num(sounding.num) + self.soonest(sounding.soonest) + self.latest(sounding.latest)
        return said


class _Copies(nn.Module):
    """Values remembered one lag ago: each an embedding, and a share in the score of its own class."""

    def __init__(self, num_classes: int, num_sources: int, dim: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.values = nn.Parameter(torch.randn(num_sources, num_classes, dim) * 0.1)
        self.trust = nn.Linear(dim, num_sources)

    def embed(self, values: Tensor) -> Tensor:
        """The sum (N, T, D) of what values (N, T, L) say; 0 says that there was none."""
        sources = torch.arange(values.shape[-1], device=values.device) * self.num_classes
        summed: Tensor = F.embedding(values + sources, self.values.flatten(0, 1)).sum(2)
        return summed

    def scores(self, hidden: Tensor, values: Tensor) -> Tensor:
        """What is added to the scores of values 1 and up, (N, T, classes - 1)."""
        scores = hidden.new_zeros(*values.shape[:-1], self.num_classes)
        return scores.scatter_add(2, values, self.trust(hidden))[..., 1:]


class OffsetHead(nn.Module):
    """When the next note begins: as bars ago, as in the passage most alike, where one ends that sounds, or neither."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.gaps = _Copies(_OFFSETS, NUM_LAGS + 2, dim)
        self.polyphony = Polyphony(dim)
        self.again = _Copies(_OFFSETS + 1, 1, dim)
        self.more = nn.Parameter(torch.randn(NUM_LAGS, NUM_MORE, dim) * 0.1)
        self.length = nn.Embedding(LONGEST_RUN + 1, dim)
        self.ahead = Ahead(dim)
        self.out = nn.Linear(dim, _OFFSETS)

    def forward(self, known: Tensor, last: Tensor, recalled: Recall, told: Told) -> Tensor:
        """Scores (N, T, 65) after a pitch `last` (N, T), all else being `known` (N, T, D)."""
        again = recalled.again
        gaps, more = memory.rhythm(recalled)
        sounding = memory.sounding(recalled)
        # Where a note ends the next one often begins.
        gaps = torch.cat([gaps, sounding.soonest[..., None], sounding.latest[..., None]], dim=2)
        sources = torch.arange(NUM_LAGS, device=more.device) * NUM_MORE
        said = F.embedding(more + sources, self.more.flatten(0, 1)).sum(2)
        next_ = torch.where(again.length > 0, again.offset + 1, 0)[..., None]
        known = known + said + self.gaps.embed(gaps) + self.again.embed(next_) + self.length(again.length)
        hidden = F.leaky_relu(known + self.ahead(told, last) + self.polyphony(sounding), SLOPE)
        scores: Tensor = self.out(hidden) + self.again.scores(hidden, next_)
        return scores + F.pad(self.gaps.scores(hidden, gaps), (1, 0))


class PitchHead(nn.Module):
    """Which pitch: by itself, by its interval from the last note, as remembered, by its degree in the key, or of the
    bar's chord or the next."""

    chord_tones: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.settled = nn.Linear(_OFFSETS, dim, bias=False)
        self.place = Place(dim)
        self.near = nn.Linear(NUM_PLANES * (2 * _NEAR + 1), dim, bias=False)
        self.length = nn.Embedding(LONGEST_RUN + 1, dim)
        self.ahead = Ahead(dim)
        self.polyphony = Polyphony(dim)
        self.tones = nn.Linear(_TONES * _OCTAVE, dim, bias=False)
        self.out = nn.Linear(dim, _PITCHES)
        self.intervals = nn.Linear(dim, 2 * REACH + 1)
        self.trust = nn.Linear(dim, 2 * NUM_PLANES)
        self.trust_tones = nn.Linear(dim, _TONES)
        self.degrees = nn.Linear(dim, _OCTAVE)
        none = torch.zeros(1, _TONES // 2, _OCTAVE)
        triads = F.one_hot(torch.from_numpy(TRIADS.copy()), _OCTAVE).float()
        self.register_buffer("chord_tones", torch.cat([triads, none]), persistent=False)

    def forward(self, known: Tensor, offset: Tensor, last: Tensor, recalled: Recall, told: Told) -> Tensor:
        """Scores (N, T, 128) after a pitch `last` (N, T), the `offset` (N, T, 65) being settled."""
        again = recalled.again
        agrees = (again.length > 0) & (again.offset == offset.argmax(-1))
        same = F.one_hot(again.pitch, _PITCHES) * agrees[..., None]
        planes = memory.pitches(recalled, same.to(known))
        length = self.length(again.length * agrees)
        near = self.near(_around(planes, last, _NEAR).flatten(2))
        tones = torch.cat([self.chord_tones[told.chord], self.chord_tones[told.next_chord]], dim=2)
        known = known + self.settled(offset) + self.place(recalled.moment) + self.ahead(told, last)
        known = known + self.tones(_turned(tones, last).flatten(2)) + self.polyphony(memory.sounding(recalled))
        hidden = F.leaky_relu(known + near + length, SLOPE)
        whole, folded = self.trust(hidden).chunk(2, dim=-1)
        copied = (whole[:, :, None] @ planes).squeeze(2)
        classes = F.pad(planes, (0, 4)).view(*planes.shape[:3], 11, _OCTAVE).sum(3)
        classes = (folded[:, :, None] @ classes).squeeze(2) + (self.trust_tones(hidden)[:, :, None] @ tones).squeeze(2)
        degree = (torch.arange(_OCTAVE, device=last.device) - told.tonic[..., None]) % _OCTAVE
        classes = classes + self.degrees(hidden).gather(2, degree) * (told.key != NO_KEY)[..., None]
        classes = classes.repeat(1, 1, 11)[..., :_PITCHES]
        reach = torch.arange(_PITCHES, device=last.device) - last[..., None]
        moved = self.intervals(hidden).gather(2, reach.clamp(-REACH, REACH) + REACH)
        scores: Tensor = self.out(hidden) + moved + copied + classes
        return scores


class DurationHead(nn.Module):
    """How long: as the same pitch sounded bars ago, as in the passage most alike, until others end, or neither."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.settled = nn.Linear(_OFFSETS + _PITCHES, dim, bias=False)
        self.place = Place(dim)
        self.copies = _Copies(_DURATIONS + 1, NUM_LAGS + 3, dim)
        self.polyphony = Polyphony(dim)
        self.length = nn.Embedding(LONGEST_RUN + 1, dim)
        self.ahead = Ahead(dim)
        self.out = nn.Linear(dim, _DURATIONS)

    def forward(self, known: Tensor, offset: Tensor, pitch: Tensor, recalled: Recall, told: Told) -> Tensor:
        """Scores (N, T, 64), `offset` (N, T, 65) and `pitch` (N, T, 128) being settled."""
        again = recalled.again
        chosen = pitch.argmax(-1)
        agrees = (again.length > 0) & (again.offset == offset.argmax(-1)) & (again.pitch == chosen)
        then = memory.durations(recalled, chosen)
        sounding = memory.sounding(recalled)
        ends = torch.stack([again.duration * agrees, sounding.soonest, sounding.latest], dim=2)
        then = torch.cat([then, ends], dim=2)
        known = known + self.settled(torch.cat([offset, pitch], dim=-1)) + self.place(recalled.moment)
        known = known + self.ahead(told, chosen) + self.polyphony(sounding)
        hidden = F.leaky_relu(known + self.copies.embed(then) + self.length(again.length * agrees), SLOPE)
        scores: Tensor = self.out(hidden) + self.copies.scores(hidden, then)
        return scores


def _turned(tones: Tensor, pitch: Tensor) -> Tensor:
    """Pitch classes (N, T, K, 12) counted from that of a pitch (N, T)."""
    where = (pitch[..., None] + torch.arange(_OCTAVE, device=pitch.device)) % _OCTAVE
    return tones.gather(3, where[:, :, None].expand_as(tones))


def _around(planes: Tensor, centre: Tensor, reach: int) -> Tensor:
    """Planes (N, T, K, 128) from `reach` semitones below a pitch (N, T) to as many above, (N, T, K, 2 reach + 1)."""
    where = centre[..., None] + torch.arange(2 * reach + 1, device=centre.device)
    where = where[:, :, None].expand(-1, -1, planes.shape[2], -1)
    return F.pad(planes, (reach, reach)).gather(3, where)
