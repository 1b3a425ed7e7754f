"""What a melody sounds like from where it has come to: the same for the generator that writes on and the critic that
judges, and differentiable in every step's plane.

Axes: N batch, T step (16), C class (26: 24 pitches begun, hold, rest), P pitch (25: the last stands for none).
"""

from functools import cache
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from antiphon.codecs.chords import NO_CHORD, TRIADS
from antiphon.codecs.melody import HOLD, NUM_CLASSES, NUM_PITCHES
from antiphon.music.theory import SCALES

NUM_CHORDS = NO_CHORD + 1
NUM_INTERVALS = 2 * NUM_PITCHES
"""Of one pitch above another, -23 to 23, and none."""

NUM_LIKENESSES = 5
NUM_QUALITIES = 3
"""Of chords: major, minor, none."""

MOST = 2.0
_SCALES = ("major", "harmonic minor")


class Past(NamedTuple):
    """What is known before each step; leading axes (N,) or (N, T).

    Parameters
    ----------
    last
        The plane (..., C) of the step before.
    sounding, earlier
        Pitch (..., P) begun last, and that begun last as of a step earlier.
    likeness
        (..., 5), how far this bar goes along with the bar before: whether all kinds (onset, hold, rest) were the same,
        whether all classes were, the share of same kinds, of same classes, and whether no note began in both yet.
    heard
        How often (..., 12) each pitch class has begun, in this bar and the one before; two at most.
    """

    last: Tensor
    sounding: Tensor
    earlier: Tensor
    likeness: Tensor
    heard: Tensor


def one_hot(classes: Tensor) -> Tensor:
    """Classes (N, T) as float planes (N, T, C)."""
    return F.one_hot(classes.long(), NUM_CLASSES).float()


def kinds(planes: Tensor) -> Tensor:
    """Onset, hold or rest (..., 3) of planes (..., C)."""
    return torch.cat([planes[..., :NUM_PITCHES].sum(-1, keepdim=True), planes[..., HOLD:]], dim=-1)


def pitch_classes(planes: Tensor) -> Tensor:
    """The pitch class (..., 12) that begins in planes (..., C); zeros where none does."""
    return planes[..., :12] + planes[..., 12:NUM_PITCHES]


def sounded(begun: Tensor, before: Tensor) -> Tensor:
    """The pitch (..., P) begun last, after a step that begins `begun` (..., 24) or nothing."""
    return F.pad(begun, (0, 1)) + (1 - begun.sum(-1, keepdim=True)) * before


def line(bars: Tensor) -> Tensor:
    """The pitch (N, T + 1, P) begun last before each step of bars (N, T, C), and after the last; silence before.

    Without gradients: what is known of a bar is known of the one before it.
    """
    return F.one_hot(latest(bars.argmax(2)), NUM_PITCHES + 1).to(bars)


def latest(classes: Tensor) -> Tensor:
    """The pitch begun last (N, T + 1) before each step of classes (N, T), and after the last; 24 before any."""
    steps = torch.arange(1, classes.shape[1] + 1, device=classes.device)
    begun = F.pad(torch.where(classes < NUM_PITCHES, steps, 0).cummax(1).values, (1, 0))
    return F.pad(classes, (1, 0), value=NUM_PITCHES).gather(1, begun)


def at_the_bar_line(previous: Tensor, pitches: Tensor) -> Past:
    """What is known where a bar begins, from the planes (N, T, C) of the bar before and its `line`."""
    heard = pitch_classes(previous).sum(1).clamp_max(MOST)
    likeness = previous.new_ones(len(previous), NUM_LIKENESSES)
    return Past(previous[:, -1], pitches[:, -1], pitches[:, -2], likeness, heard)


def after(past: Past, plane: Tensor, beside: Tensor, step: int) -> Past:
    """What is known after `step` (0 to 15), a `plane` (N, C) where the bar before has `beside` (N, C)."""
    here, there = kinds(plane), kinds(beside)
    same = torch.stack([(here * there).sum(1), (plane * beside).sum(1)], dim=1)
    every, share, neither = torch.split(past.likeness, [2, 2, 1], dim=1)
    share = (share * step + same) / (step + 1)
    likeness = torch.cat([every * same, share, neither * (1 - here[:, :1] * there[:, :1])], dim=1)
    heard = (past.heard + pitch_classes(plane)).clamp_max(MOST)
    return Past(plane, sounded(plane[:, :NUM_PITCHES], past.sounding), past.sounding, likeness, heard)


def along(planes: Tensor, previous: Tensor) -> Past:
    """What is known before each step of bars (N, T, C) after the bars `previous` (N, T, C); leading axes (N, T)."""
    past = at_the_bar_line(previous, line(previous))
    known = [past]
    for step in range(planes.shape[1] - 1):
        past = after(past, planes[:, step], previous[:, step], step)
        known.append(past)
    return Past(*(torch.stack(part, dim=1) for part in zip(*known, strict=True)))


def intervals(high: Tensor, low: Tensor) -> Tensor:
    """The interval (..., 48) of pitch `high` over `low` (..., P), the last entry for none; gradients reach both.

    The product of both, but only where either is not zero: for one-hot pitches it has the same value and gradient.
    """
    known = _beside(high, low, 1)
    if torch.is_grad_enabled():
        down = _beside(low, high, -1)
        known = known + down - down.detach()
    return torch.cat([known, 1 - known.sum(-1, keepdim=True)], dim=-1)


def _beside(pitch: Tensor, fixed: Tensor, sign: int) -> Tensor:
    """Entries (..., 47) of `pitch` that lie -23 to 23 semitones, times `sign`, from the one that is `fixed`."""
    known = fixed.argmax(-1, keepdim=True)
    span = sign * torch.arange(1 - NUM_PITCHES, NUM_PITCHES, device=pitch.device)
    index = torch.where(known < NUM_PITCHES, known + span + 2 * NUM_PITCHES, 0)
    return F.pad(pitch[..., :NUM_PITCHES], (2 * NUM_PITCHES, 2 * NUM_PITCHES)).gather(-1, index)


def steps_from(pitch: Tensor) -> Tensor:
    """Of each of the 24 pitches the index of its interval (..., 24) over a pitch (..., P); 47 where that is none."""
    index = pitch.argmax(-1, keepdim=True)
    over = torch.arange(NUM_PITCHES, device=pitch.device) - index + NUM_PITCHES - 1
    return torch.where(index < NUM_PITCHES, over, NUM_INTERVALS - 1)


class Harmony(NamedTuple):
    """The chord of a bar, as often as it is asked for.

    Parameters
    ----------
    up, down
        Indices (N, 12) that count pitch classes from the chord's root, C where there is none, and back from C.
    quality
        Major, minor or none (N, 3).
    tones
        The pitch classes of the triad (N, 12); zeros where there is none.
    """

    up: Tensor
    down: Tensor
    quality: Tensor
    tones: Tensor


def harmony_of(chord: Tensor, like: Tensor) -> Harmony:
    """What chord codes (N,) say, in the precision of `like`."""
    codes = chord.long()
    root, classes = torch.where(codes < NO_CHORD, codes % 12, 0)[:, None], torch.arange(12, device=chord.device)
    quality = F.one_hot(codes // 12, NUM_QUALITIES).to(like)
    tones = _triads().to(like)[codes]
    return Harmony((classes + root) % 12, (classes - root) % 12, quality, tones)


def above_root(classes: Tensor, harmony: Harmony) -> Tensor:
    """Pitch classes (N, ..., 12) counted from the chord's root."""
    return classes.gather(-1, _beside_all(harmony.up, classes))


def from_c(over_root: Tensor, harmony: Harmony) -> Tensor:
    """The inverse of `above_root`."""
    return over_root.gather(-1, _beside_all(harmony.down, over_root))


def degrees(classes: Tensor, harmony: Harmony) -> Tensor:
    """Pitch classes (N, ..., 12) counted from the chord's root, in the block of its quality (N, ..., 3 x 12)."""
    turned = above_root(classes, harmony)
    quality = harmony.quality if classes.dim() == 2 else harmony.quality[:, None]
    return (quality[..., None] * turned[..., None, :]).flatten(-2)


def _beside_all(index: Tensor, like: Tensor) -> Tensor:
    return index if like.dim() == 2 else index[:, None].expand_as(like)


class Tonality(nn.Module):
    """Which pitch classes fit the keys that what was heard can be in.

    Of the twelve major and twelve harmonic minor scales each is the less likely the more of what was heard, chord
    included, lies outside it; a pitch class fits as much as the scales that have it are likely.
    """

    scales: Tensor
    foreign: Tensor

    def __init__(self) -> None:
        super().__init__()
        scales = torch.zeros(len(_SCALES), 12, 12)
        for mode, name in enumerate(_SCALES):
            for tonic in range(12):
                scales[mode, tonic, (torch.tensor(SCALES[name]) + tonic) % 12] = 1
        self.register_buffer("scales", scales.flatten(0, 1), persistent=False)
        self.register_buffer("foreign", 1 - scales.flatten(0, 1).t(), persistent=False)
        self.strictness = nn.Parameter(torch.tensor(1.5))
        self.modes = nn.Parameter(torch.tensor([0.0, -1.0]))

    def forward(self, heard: Tensor, harmony: Harmony) -> Tensor:
        """Fits (N, ..., 12) in 0 to 1, from `heard` (N, 12) or (N, T, 12)."""
        known = heard + (harmony.tones if heard.dim() == 2 else harmony.tones[:, None])
        outside = known @ (F.softplus(self.strictness) * self.foreign)
        likely = torch.softmax(self.modes.repeat_interleave(12) - outside, dim=-1)
        return likely @ self.scales


@cache
def _triads() -> Tensor:
    """The tones (25, 12) of each chord code."""
    triads = torch.zeros(NUM_CHORDS, 12)
    triads[:NO_CHORD].scatter_(1, torch.from_numpy(TRIADS.copy()), 1.0)
    return triads
