"""What is settled of a piece before its notes: what it is like, and what each of its bars is to be.

A model that hears nothing but its own past stays where it is, or strays; real music goes somewhere. So a note is told
its bar's key and chord and the next one's chord, which earlier bar is brought back, how many bars are left, and what
the piece is like. In training all of this is read off the music itself; in writing it is given, composed or drawn.

Axes: N song, B bar, T note, U note before it, K trait.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from antiphon.codecs.chords import NO_CHORD, NO_KEY, TRIADS
from antiphon.music.keys import FITS

NUM_CHORDS = NO_CHORD + 1

NUM_KEYS = NO_KEY + 1

MOST_BACK = 16
"""Bars back to the furthest bar that a bar is said to bring back."""

MOST_LEFT = 8
"""How many bars are left is told from here on; before, that it is as many or more."""

TRAITS = (
    ("pitch, semitones", 63.0, 6.0),
    ("spread of pitches, semitones", 10.5, 2.5),
    ("notes a beat, octaves", 2.3, 0.6),
    ("share of notes within chords", 0.6, 0.15),
    ("length, octaves of a sixteenth", 1.45, 0.6),
    ("entropy of pitch classes, bits", 3.0, 0.3),
    ("the same among 32 notes", 2.55, 0.25),
    ("entropy of offsets, bits", 1.25, 0.3),
    ("entropy of durations, bits", 1.6, 0.6),
    ("share of notes that lay there within 16 bars", 0.5, 0.15),
)
"""What a piece is like, each with about the mean and the deviation among songs, in which it is told."""

_BEAT, _AROUND, _CLASSES = 4.0, 32, 12
_ALIKE = 0.7
_REACH = 4
# Deviations: a prime may be a single pitch.
_FURTHEST = 4.0
_SIZES = 128, 64, 65


class Plan(NamedTuple):
    """Of each bar, int64 (N, B): its chord by `antiphon.codecs.chords`; how many bars ago the bar lies that it brings
    back, 0 for none; how many bars come after it, up to `MOST_LEFT`; its key."""

    chord: Tensor
    back: Tensor
    left: Tensor
    key: Tensor


class Told(NamedTuple):
    """What a note is told, (N, T) each: all of its own bar, and of the next one its chord and what it brings back."""

    chord: Tensor
    back: Tensor
    left: Tensor
    key: Tensor
    next_chord: Tensor
    next_back: Tensor

    @property
    def tonic(self) -> Tensor:
        """Its pitch class; C where there is no key."""
        return self.key % _CLASSES

    @property
    def degrees(self) -> tuple[Tensor, Tensor]:
        """Both chords told from the tonic on."""
        own, following = (
            torch.where(chord == NO_CHORD, NO_CHORD, chord // _CLASSES * _CLASSES + (chord - self.tonic) % _CLASSES)
            for chord in (self.chord, self.next_chord)
        )
        return own, following

    def degree(self, pitch: Tensor) -> Tensor:
        """Of pitches (N, T) in their keys: 0-11 above the tonic of a major one, 12-23 of a minor one, 24 without."""
        return torch.where(
            self.key == NO_KEY, NO_KEY, self.key // _CLASSES * _CLASSES + (pitch - self.tonic) % _CLASSES
        )


class Brief(NamedTuple):
    """Traits (N, K) of songs, and the plans of their bars."""

    traits: Tensor
    plan: Plan

    def at(self, number: Tensor) -> Told:
        """What notes in bars of these numbers (N, T) are told; after its last bar a song goes on like it."""
        now, then = (number + ahead for ahead in (0, 1))
        return Told(
            *(_gathered(column, now) for column in self.plan), *(_gathered(column, then) for column in self.plan[:2])
        )


def numbers(onset: Tensor, place: Tensor, bar: Tensor) -> Tensor:
    """The number of each note's bar (N, T), counted from 0, for its onset, its step in the bar and the bar's steps."""
    line = onset - place
    passed = line.diff(dim=1)
    whole = (passed + bar[:, :-1] // 2) // bar[:, :-1]
    return F.pad(torch.where(passed > 0, whole.clamp_min(1), 0), (1, 0)).cumsum(1)


def read(rows: Tensor, length: Tensor, place: Tensor, bar: Tensor, number: Tensor) -> Brief:
    """What could have been settled of rows (N, T, 3) of pitch, duration class and offset, of which `length` (N,) notes
    count: one that is not full is the end of its song."""
    pitch, duration, _ = rows.long().unbind(-1)
    inside = torch.arange(rows.shape[1], device=rows.device) < length[:, None]
    num_bars = int(number.max()) + 1
    there = _again(pitch, place, number, inside)
    weights = _weights(pitch, torch.minimum(duration + 1, bar - place) * inside, number, num_bars)
    ends = number.gather(1, length.long()[:, None] - 1)
    left = (ends - torch.arange(num_bars, device=rows.device)).clamp(0, MOST_LEFT)
    left = torch.where((length < rows.shape[1])[:, None], left, MOST_LEFT)
    plan = Plan(_chords(weights), _returns(there, inside, number, num_bars), left, keys_of(_around(weights)))
    return Brief(_traits(rows.long(), inside, there), plan)


def _again(pitch: Tensor, place: Tensor, number: Tensor, inside: Tensor) -> Tensor:
    """Whether each note lay in the same place so many bars ago, bool (N, T, 1 + MOST_BACK); 0 bars ago none did."""
    both = inside[:, :, None] & inside[:, None]
    same = (pitch[:, :, None] == pitch[:, None]) & (place[:, :, None] == place[:, None]) & both
    lag = number[:, :, None] - number[:, None]
    near = same & (lag > 0) & (lag <= MOST_BACK)
    found = torch.zeros(*pitch.shape, MOST_BACK + 1, dtype=torch.int64, device=pitch.device)
    return found.scatter_add(2, lag * near, near.long()) * (torch.arange(MOST_BACK + 1, device=pitch.device) > 0) > 0


def _returns(there: Tensor, inside: Tensor, number: Tensor, num_bars: int) -> Tensor:
    """Which earlier bar each brings back, as bars ago (N, B): the most alike, if seven notes in ten are the same."""
    none = torch.zeros(len(number), num_bars, dtype=torch.int64, device=number.device)
    count = none.scatter_add(1, number, inside.long())
    where = number[:, :, None].expand_as(there)
    same = none[:, :, None].repeat(1, 1, there.shape[2]).scatter_add(1, where, there.long())
    others = torch.stack([F.pad(count, (lag, 0))[:, :num_bars] for lag in range(there.shape[2])], dim=2)
    share = same / torch.maximum(count[:, :, None], others).clamp_min(1)
    # Of two bars that are as much alike the later one.
    lag = (share - 1e-6 * torch.arange(there.shape[2], device=number.device)).argmax(2)
    return torch.where(share.amax(2) >= _ALIKE, lag, 0)


def _weights(pitch: Tensor, steps: Tensor, number: Tensor, num_bars: int) -> Tensor:
    """In how many steps of each bar each pitch class sounds, (N, B, 12)."""
    silent = torch.zeros(len(pitch), num_bars * _CLASSES, device=pitch.device)
    classes = silent.scatter_add(1, number * _CLASSES + pitch % _CLASSES, steps.float())
    return classes.view(-1, num_bars, _CLASSES)


def _chords(weights: Tensor) -> Tensor:
    """The triad (N, B) that covers most of each bar's weights (N, B, 12); none where nothing sounds."""
    tones = weights[:, :, torch.from_numpy(TRIADS.copy()).to(weights.device)]
    # Sums of whole steps are exact: of those that cover as much the one with most of its root, then the major one.
    best = tones.sum(3) + 1e-2 * tones[..., 0] - 1e-4 * (torch.arange(NO_CHORD, device=weights.device) >= _CLASSES)
    return torch.where(weights.sum(2) > 0, best.argmax(2), NO_CHORD)


def _around(weights: Tensor) -> Tensor:
    """The sum of weights (N, B, 12) over four bars to either side of each."""
    total = F.pad(weights.cumsum(1), (0, 0, 1, 0))
    bar = torch.arange(weights.shape[1], device=weights.device)
    first, last = (bar - _REACH).clamp_min(0), (bar + _REACH).clamp_max(len(bar) - 1)
    return total[:, last + 1] - total[:, first]


def keys_of(weights: Tensor) -> Tensor:
    """The key (...) that fits weights (..., 12) of pitch classes best, see `antiphon.music.keys`."""
    fits = torch.from_numpy(FITS.copy()).to(weights)
    best = ((weights - weights.mean(-1, keepdim=True)) @ fits.T).argmax(-1)
    return torch.where(weights.sum(-1) > 0, best, NO_KEY)


def _traits(rows: Tensor, inside: Tensor, there: Tensor) -> Tensor:
    """Traits (N, K) of rows (N, T, 3)."""
    pitch, duration, offset = rows.unbind(-1)
    num = inside.sum(1)
    steps = (offset[:, 1:] * inside[:, 1:]).sum(1) + _BEAT
    mean = (pitch * inside).sum(1) / num
    spread = ((pitch - mean[:, None]).square() * inside).sum(1) / num
    classes = F.one_hot(pitch % _CLASSES, _CLASSES) * inside[:, :, None]
    values = (
        mean,
        spread.sqrt(),
        torch.log2(num * _BEAT / steps),
        ((offset[:, 1:] == 0) & inside[:, 1:]).sum(1) / num,
        (torch.log2(duration + 1.0) * inside).sum(1) / num,
        _entropy(classes.sum(1)),
        _local_entropy(classes),
        _entropy((F.one_hot(offset, _SIZES[2]) * inside[:, :, None]).sum(1)),
        _entropy((F.one_hot(duration, _SIZES[1]) * inside[:, :, None]).sum(1)),
        there.any(2).sum(1) / num,
    )
    centre, scale = (torch.tensor(column, device=rows.device) for column in list(zip(*TRAITS, strict=True))[1:])
    return ((torch.stack(values, dim=1) - centre) / scale).clamp(-_FURTHEST, _FURTHEST)


def _entropy(counts: Tensor) -> Tensor:
    """Of counts (..., n), in bits."""
    share = counts / counts.sum(-1, keepdim=True).clamp_min(1)
    return -torch.xlogy(share, share).sum(-1) / torch.log(torch.tensor(2.0))


def _local_entropy(classes: Tensor) -> Tensor:
    """The mean entropy (N,) of pitch classes (N, T, 12) among so many notes, by how many notes each part has."""
    whole = F.pad(classes, (0, 0, 0, -classes.shape[1] % _AROUND))
    parts = whole.view(len(classes), -1, _AROUND, _CLASSES).sum(2)
    num = parts.sum(2)
    mean: Tensor = (_entropy(parts) * num).sum(1) / num.sum(1)
    return mean


def _gathered(column: Tensor, number: Tensor) -> Tensor:
    return column.gather(1, number.clamp_max(column.shape[1] - 1))
