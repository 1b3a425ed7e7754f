"""Rows of the note codec as the numbers of the paper, and generated numbers as rows again.

Axes: N rows, T note, F number of a note: pitch in semitones, duration and offset since the onset before in beats.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor

STEPS_PER_BEAT = 4
_HIGHEST = (127, 63, 64)


def to_numbers(rows: Tensor) -> Tensor:
    """Rows uint8 (N, T, 3) of pitch, duration class (steps less one) and offset (steps) as floats (N, T, F)."""
    pitch, duration, offset = rows.float().unbind(-1)
    return torch.stack([pitch, (duration + 1) / STEPS_PER_BEAT, offset / STEPS_PER_BEAT], dim=-1)


def rounded(numbers: Tensor) -> Tensor:
    """Rows uint8 (N, T, 3) nearest to numbers (N, T, F)."""
    pitch, duration, offset = numbers.unbind(-1)
    return _classes(pitch.round(), (duration * STEPS_PER_BEAT).round() - 1, (offset * STEPS_PER_BEAT).round())


def as_published(numbers: Tensor) -> Tensor:
    """Rows as the released code writes them: pitches cut down to whole ones, each note where the one before it ends.

    The generated offset is given to the note there too, but appending the note to the song overwrites it.
    """
    pitch, duration, offset = numbers.unbind(-1)
    steps = (duration * STEPS_PER_BEAT).round().clamp(1, _HIGHEST[1] + 1)
    offset = torch.cat([torch.zeros_like(offset[:, :1]), steps[:, :-1]], dim=1)
    return _classes(pitch.trunc(), steps - 1, offset)


READINGS: Mapping[str, Callable[[Tensor], Tensor]] = MappingProxyType(
    {"rounded": rounded, "as-published": as_published}
)
"""From numbers to rows, by name."""


def valid(length: Tensor, width: int) -> Tensor:
    """Which notes (N, `width`) of rows are among the first `length` (N,)."""
    return torch.arange(width, device=length.device) < length.long()[:, None]


def _classes(*columns: Tensor) -> Tensor:
    """Whole numbers, each within what a row can hold; what is no number is the least."""
    held = [column.nan_to_num(0.0).clamp(0, most) for column, most in zip(columns, _HIGHEST, strict=True)]
    return torch.stack(held, dim=-1).to(torch.uint8)
