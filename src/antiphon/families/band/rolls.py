"""Rolls as what the networks read and are taught: who strikes what and for how long, and what others are heard to do.

Axes: N rows, K track, S step of a row, P pitch, M parts to be written (one track of one row each), C pitch class.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

OCTAVE = 12
LONGEST = 64
"""Steps that a note may last."""
LENGTHS = torch.tensor([*range(1, 17), 18, 20, 22, 24, 28, 32, 48, LONGEST])
"""Steps that a note lasts, by class."""
NUM_LENGTHS = len(LENGTHS)
LAGS = (16, 32, 64, 128)
"""How many steps ago what a track did is heard again: one bar, two, four and eight, where a bar has sixteen steps."""
SPANS = (16, 64)
"""Over how many steps a track hears how busy it was."""

_CLASS = torch.bucketize(torch.arange(LONGEST + 1), (LENGTHS[1:] + LENGTHS[:-1]) / 2.0)


class Lines(NamedTuple):
    """Tracks (..., S, P) as notes.

    Parameters
    ----------
    onsets
        1 where a pitch is struck.
    held
        1 where it sounds and was struck before.
    lengths
        Of what is struck the class of its length, else 0.
    whole
        Of what is struck whether its end is known, because it lies before the row's.
    """

    onsets: Tensor
    held: Tensor
    lengths: Tensor
    whole: Tensor


def lines(real: Tensor, onsets: Tensor) -> Lines:
    """Lines from what sounds and what is struck, bool (..., S, P); what sounds unstruck at the first step goes on from
    before, elsewhere it is struck."""
    before = F.pad(real, (0, 0, 1, 0))[..., :-1, :]
    first = torch.zeros_like(real)
    first[..., 0, :] = True
    struck = real & (onsets | (~before & ~first))
    left = torch.zeros(real.shape, dtype=torch.int16, device=real.device)
    ended = torch.ones_like(real)
    for step in range(real.shape[-2] - 1, -1, -1):
        if step + 1 < real.shape[-2]:
            goes_on = real[..., step + 1, :] & ~struck[..., step + 1, :]
            left[..., step, :] = 1 + goes_on * left[..., step + 1, :]
            ended[..., step, :] = ~goes_on | ended[..., step + 1, :]
        else:
            left[..., step, :] = 1
            ended[..., step, :] = False
    classes = _CLASS.to(real.device)[left.long().clamp_max(LONGEST)]
    return Lines(struck.float(), (real & ~struck).float(), torch.where(struck, classes, 0), ended & struck)


def worn(own: Lines, share: Tensor) -> Lines:
    """Lines (M, S, P) of which a share (M,) of the notes is missing, drawn note by note."""
    lost = torch.rand_like(own.onsets) < share[:, None, None]
    steps = torch.arange(1, own.onsets.shape[1] + 1, device=share.device)[:, None]
    # The step after that in which what sounds was struck; 0 where it goes on from before.
    since = (own.onsets * steps).long().cummax(1).values
    gone = lost.gather(1, (since - 1).clamp_min(0)) & (since > 0)
    return own._replace(onsets=own.onsets * ~gone, held=own.held * ~gone)


def moved(rolls: Tensor, shift: Tensor, drums: tuple[int, ...]) -> Tensor:
    """Rolls (N, K, S, P) a number of semitones (N,) higher, drums excepted; what leaves the range is gone."""
    pitch = torch.arange(rolls.shape[-1], device=rolls.device)
    shift = shift[:, None].repeat(1, rolls.shape[1])
    if drums:
        shift[:, list(drums)] = 0
    source = pitch - shift[:, :, None]
    inside = (source >= 0) & (source < rolls.shape[-1])
    places = source.clamp(0, rolls.shape[-1] - 1)[:, :, None, :].expand_as(rolls)
    return rolls.gather(3, places) & inside[:, :, None, :]


def folded(rolls: Tensor) -> Tensor:
    """Sums (..., C) over octaves of pitches (..., P); the lowest is a C."""
    whole = F.pad(rolls, (0, -rolls.shape[-1] % OCTAVE))
    return whole.reshape(*whole.shape[:-1], whole.shape[-1] // OCTAVE, OCTAVE).sum(-2)


def lagged(rolls: Tensor, steps: int) -> Tensor:
    """What (..., S, P) was `steps` ago; nothing before the first step."""
    return F.pad(rolls, (0, 0, steps, 0))[..., : rolls.shape[-2], :]


def seen(onsets: Tensor, sounding: Tensor, is_drums: Tensor) -> Tensor:
    """What each track (N, K, S, F) is heard to do at each step, by what it strikes and sounds (N, K, S, P): which
    classes are struck and sound (drums: which instruments), how many, and how high."""
    classes = torch.where(is_drums[:, None, None], _instruments(onsets), folded(onsets).clamp_max(1))
    held = folded(sounding).clamp_max(1) * ~is_drums[:, None, None]
    num = onsets.sum(-1, keepdim=True)
    pitch = torch.linspace(-1, 1, onsets.shape[-1], device=onsets.device)
    height = torch.where(num > 0, (onsets * pitch).sum(-1, keepdim=True) / num.clamp_min(1), 0)
    sounds = sounding.sum(-1, keepdim=True).clamp_max(1)
    return torch.cat([classes, held, num.clamp_max(1), num / 4, sounds, height], -1)


NUM_SEEN = 2 * OCTAVE + 4

# Kick, snare, closed and open hat, low, middle and high toms, crash, ride, clap and stick, other cymbals, the rest: by
# General MIDI's keys from 24 on.
_GROUPS = {35: 0, 36: 0, 38: 1, 40: 1, 42: 2, 44: 2, 46: 3, 41: 4, 43: 4, 45: 5, 47: 5, 48: 6, 50: 6, 49: 7, 57: 7}
_GROUPS |= {51: 8, 59: 8, 53: 8, 37: 9, 39: 9, 52: 10, 55: 10}
_LOWEST = 24


def _instruments(onsets: Tensor) -> Tensor:
    groups = torch.zeros(onsets.shape[-1], OCTAVE, device=onsets.device, dtype=onsets.dtype)
    for row in range(onsets.shape[-1]):
        groups[row, _GROUPS.get(row + _LOWEST, OCTAVE - 1)] = 1
    return (onsets @ groups).clamp_max(1)
