"""Rows of bars moved up and down within their two octaves, chords with them.

Axes: N batch, T step, C class (26: 24 pitches begun, hold, rest).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from antiphon.codecs.chords import NO_CHORD
from antiphon.codecs.melody import NUM_PITCHES


def shifts(rows: Tensor, reach: int) -> Tensor:
    """Random semitones (N,) of -reach to reach by which classes (N, T) can be moved without leaving the octaves."""
    begun = rows < NUM_PITCHES
    lowest = torch.where(begun, rows, NUM_PITCHES).amin(1)
    highest = torch.where(begun, rows, -1).amax(1)
    shift = torch.randint(-reach, reach + 1, (len(rows),), device=rows.device)
    return torch.maximum(torch.minimum(shift, NUM_PITCHES - 1 - highest), -lowest)


def moved(rows: Tensor, shift: Tensor) -> Tensor:
    """Classes (N, T), their pitches moved by `shift` (N,)."""
    return torch.where(rows < NUM_PITCHES, rows + shift[:, None], rows)


def moved_planes(planes: Tensor, shift: Tensor) -> Tensor:
    """Planes (N, T, C), their pitches moved by `shift` (N,)."""
    pitches, others = planes.tensor_split((NUM_PITCHES,), dim=2)
    index = torch.arange(NUM_PITCHES, device=planes.device) - shift[:, None] + NUM_PITCHES
    index = index[:, None].expand_as(pitches)
    return torch.cat([F.pad(pitches, (NUM_PITCHES, NUM_PITCHES)).gather(2, index), others], dim=2)


def moved_chord(chord: Tensor, shift: Tensor) -> Tensor:
    """Chord codes (N,) moved by `shift` (N,); no chord stays none."""
    codes = chord.long()
    return torch.where(codes == NO_CHORD, codes, (codes + shift) % 12 + 12 * (codes // 12))
