"""What a part of a band has done so far, as its generator reads it: all at once while it is taught, step by step while
it writes.

Axes: M parts, S step, P pitch, L class of length; D choices.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from antiphon.families.band.rolls import LAGS, LENGTHS, OCTAVE, SPANS, Lines, folded, lagged

NUM_HEARD = 4
"""Planes of pitch classes of the other tracks, see `antiphon.families.band.networks.Hearing`."""

NUM_CLUES = 5 + NUM_HEARD + len(LAGS)
"""Of each pitch: struck a step ago, held, struck lately, its class too, struck one bar ago, two, four and eight; of its
class: what other tracks have of it, whether it is struck at the same step below it."""

LATELY = 0.97
"""How much of what was struck lately is left a step later."""


class Clues(NamedTuple):
    """What speaks for a pitch at each step, (M, S, P) each, `earlier` (M, S, lags, P), `classes` (M, S, 4, 12)."""

    before: Tensor
    held: Tensor
    earlier: Tensor
    lately: Tensor
    classes: Tensor

    def at(self, part: Tensor, step: Tensor) -> Tensor:
        """(D, P, clues) for some steps of some parts."""
        pitches = self.before.shape[-1]
        times = -(-pitches // OCTAVE)
        lately = self.lately[part, step]
        columns = [self.before[part, step], self.held[part, step], lately, folded(lately).repeat(1, times)[:, :pitches]]
        columns += list(self.earlier[part, step].unbind(1))
        columns += [plane.repeat(1, times)[:, :pitches] for plane in self.classes[part, step].unbind(1)]
        return torch.stack(columns, -1)


class Past:
    """What a part has done while it is written: planes (M, P) of every step, with their gradients."""

    def __init__(self, lines: Lines, begin: int) -> None:
        self._struck = list(lines.onsets[:, :begin].unbind(1))
        self._num = [plane.sum(1) for plane in self._struck]
        num, _, pitches = lines.onsets.shape
        self._none = lines.onsets.new_zeros(num, pitches)
        self._lately = self._none
        for plane in self._struck:
            self._lately = later(self._lately, plane)
        table = LENGTHS.to(self._none.device)
        # The last step in which a pitch sounds that was struck before, and one more.
        self._end = torch.zeros(num, pitches, dtype=torch.long, device=self._none.device)
        for step, plane in enumerate(self._struck):
            self._end = torch.where(plane > 0, step + table[lines.lengths[:, step]], self._end)
        self._begun = self._end

    def at(self, step: int) -> Tensor:
        """What was struck at a step, nothing before the first."""
        return self._struck[step] if step >= 0 else self._none

    def held(self, step: int) -> Tensor:
        """What sounds of what was struck before."""
        return (self._end > step).to(self._none)

    def inputs(self, step: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """See `BandGenerator.inputs`."""
        earlier = torch.stack([self.at(step - lag) for lag in LAGS], 1)
        there = self._none.new_tensor([float(step >= lag) for lag in LAGS]).expand(len(earlier), -1)
        spans = [sum(self._num[max(step - span, 0) :], self._none[:, 0]) for span in SPANS]
        return self.at(step - 1), self.held(step), earlier, there, torch.stack(spans, -1).log1p()

    def clues(self, step: int, classes: Tensor) -> Tensor:
        """(M, P, clues), see `Clues`."""
        before, held, earlier, *_ = self.inputs(step)
        whole = Clues(*(part[:, None] for part in (before, held, earlier, self._lately.clamp_max(1), classes)))
        part = torch.arange(len(before), device=before.device)
        return whole.at(part, torch.zeros_like(part))

    def add(self, step: int, pitches: Tensor, lengths: Tensor) -> None:
        """Take up what `BandGenerator._strike` gave."""
        plane = pitches.sum(1)
        self._struck.append(plane)
        self._num.append(plane.detach().sum(1))
        self._lately = later(self._lately, plane)
        steps = lengths.detach() @ LENGTHS.to(lengths)
        ends = step + (pitches.detach() * steps[:, :, None]).sum(1).long()
        self._end = torch.where(plane.detach() > 0, ends, self._end)

    def sounding(self, pitches: Tensor, lengths: Tensor, begin: int) -> Tensor:
        """What is struck and what sounds, (M, 2, S, P), from what was struck, (M, S, tries, P) and (M, S, tries, L);
        what is held from before sounds until its end."""
        size = pitches.shape[1]
        after = torch.arange(size, device=pitches.device)
        lasts = (LENGTHS.to(pitches.device)[:, None] > after).to(pitches)
        each = torch.einsum("msap,msaf->msfp", pitches, lengths @ lasts)
        sounds = sum(F.pad(each[:, : size - late, late], (0, 0, late, 0)) for late in range(size))
        left = (self._begun[:, None] > begin + after[:, None]).to(pitches)
        return torch.stack([pitches.sum(2), (sounds + left).clamp_max(1)], 1)


def earlier(onsets: Tensor) -> Tensor:
    """What (..., S, P) was struck some bars ago, (..., S, lags, P)."""
    return torch.stack([lagged(onsets, lag) for lag in LAGS], -2)


def later(sums: Tensor, plane: Tensor) -> Tensor:
    """How often each pitch was struck lately, a step later."""
    return LATELY * sums + (1 - LATELY) * 4 * plane


def busy(onsets: Tensor) -> Tensor:
    """How many pitches (..., S, P) were struck in the last steps before each, (..., S, spans), as logarithms."""
    sums = F.pad(onsets.sum(-1).cumsum(-1), (1, 0))
    return torch.stack([sums - F.pad(sums, (span, 0))[..., : sums.shape[-1]] for span in SPANS], -1)[
        ..., :-1, :
    ].log1p()


def lately(onsets: Tensor) -> Tensor:
    """How often each pitch (M, S, P) was struck before a step, the longer ago the less; at most 1."""
    out, sums = [], torch.zeros_like(onsets[:, 0])
    for step in range(onsets.shape[1]):
        out.append(sums)
        sums = later(sums, onsets[:, step])
    return torch.stack(out, 1).clamp_max(1)
