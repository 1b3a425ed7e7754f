"""The discriminator of `lstm`: it listens to notes as a musician does, to intervals, harmony and what comes again.

Axes: N batch, T note, U note before it, C class, L lag.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from antiphon.families.lstm import memory
from antiphon.families.lstm.note_heads import MOST_STEPS, SIZES
from antiphon.families.lstm.note_networks import NUM_CLASSES, parts
from antiphon.families.lstm.notes import valid

_OFFSETS, _PITCHES, _DURATIONS = SIZES
_SLOPE = 0.2
_REACH = 24
_OCTAVE = 12
_TURNS = 3
_FADE = 32.0
_NUM_FEATURES = NUM_CLASSES + _OCTAVE + (2 * _REACH + 1) + 2 * _TURNS + 2 * len(memory.LAGS) + 3 * _OCTAVE


class NoteDiscriminator(nn.Module):
    """An LSTM with a verdict on every note, and one on the whole after the last; a sequence's logit is their sum.

    It hears, beside the classes, intervals from the note before and over what sounds, pitch classes, where in the bar a
    note lies, and whether it comes as it came bars ago. When notes fall is taken as it is; all else is smooth in the
    planes, so that gradients reach both notes of an interval, of a chord, and of a repetition.

    Parameters
    ----------
    critic_dim, num_layers
        Width and depth.
    """

    pitch_classes: Tensor

    def __init__(self, critic_dim: int, num_layers: int) -> None:
        super().__init__()
        pitch_classes = F.one_hot(torch.arange(_PITCHES) % _OCTAVE, _OCTAVE).float()
        self.register_buffer("pitch_classes", pitch_classes, persistent=False)
        self.hear = nn.Linear(_NUM_FEATURES, critic_dim)
        self.lstm = nn.LSTM(critic_dim, critic_dim, num_layers, batch_first=True)
        self.note = nn.Linear(critic_dim, 1)
        self.whole = nn.Sequential(nn.Linear(critic_dim, critic_dim), nn.LeakyReLU(_SLOPE), nn.Linear(critic_dim, 1))

    def forward(self, planes: Tensor, length: Tensor, place: Tensor, bar: Tensor) -> Tensor:
        """Logits (N,) of planes (N, T, C), of which `length` (N,) notes are valid and the first lies at step `place` of
        a bar of `bar` steps (N,)."""
        hidden, _ = self.lstm(F.leaky_relu(self.hear(self.features(planes, place, bar)), _SLOPE))
        heard = valid(length, planes.shape[1])
        notes = (self.note(hidden).squeeze(2) * heard).sum(1) / length
        last = hidden[torch.arange(len(planes), device=planes.device), length.long() - 1]
        logits: Tensor = notes + self.whole(last).squeeze(1)
        return logits

    def features(self, planes: Tensor, place: Tensor, bar: Tensor) -> Tensor:
        """What is heard of each note, (N, T, F)."""
        offset, pitch, duration = parts(planes)
        bar = bar.long().clamp(1, MOST_STEPS)
        steps = (offset @ torch.arange(_OFFSETS, device=planes.device, dtype=planes.dtype)).cumsum(1) + place[:, None]
        beats = torch.stack([bar * 0 + 4.0, bar * 0 + 8.0, bar.float()], dim=1).to(planes)
        turns = 2 * torch.pi * steps[:, :, None] / beats[:, None]
        since, before, lasts = _past(offset, duration)
        again = _agreement(pitch, duration, since, before, memory.lags(bar[:, None]))
        classes = pitch @ self.pitch_classes
        around = (before & (since == 0), before & (since > 0) & (since < lasts[:, None]))
        faded = torch.exp(since.clamp_min(0) / -_FADE) * before
        weights = [*(weight.to(planes) for weight in around), faded.to(planes) / _OCTAVE]
        harmony = [_over(classes, weight @ classes) for weight in weights]
        return torch.cat([planes, classes, _intervals(pitch), turns.sin(), turns.cos(), again, *harmony], dim=-1)


def _past(offset: Tensor, duration: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Steps since each note (N, T, U), which are before (T, U), and how many steps each lasts (N, U)."""
    onset = offset.argmax(-1).cumsum(1)
    before = torch.ones(onset.shape[1], onset.shape[1], dtype=torch.bool, device=onset.device).tril(-1)
    return onset[:, :, None] - onset[:, None], before, duration.argmax(-1) + 1


def _agreement(pitch: Tensor, duration: Tensor, since: Tensor, before: Tensor, lag: Tensor) -> Tensor:
    """How far each note is one of those that began each lag ago, by pitch and by pitch and length, (N, T, 2 L)."""
    found = []
    for one in lag.unbind(2):
        then = (before & (since == one[:, :, None])).to(pitch)
        same = (pitch @ pitch.transpose(1, 2)) * then
        found += [same.sum(2), (same * (duration @ duration.transpose(1, 2))).sum(2)]
    return torch.stack(found, dim=2)


def _over(classes: Tensor, others: Tensor) -> Tensor:
    """How much of other pitch classes (N, T, 12) lies so many semitones below a note's own, (N, T, 12)."""
    return torch.stack([(classes * others.roll(shift, 2)).sum(2) for shift in range(_OCTAVE)], dim=2)


def _intervals(pitch: Tensor) -> Tensor:
    """The interval from the note before, smooth between semitones, (N, T, 49)."""
    height = pitch @ torch.arange(_PITCHES, device=pitch.device, dtype=pitch.dtype)
    interval = F.pad(height.diff(dim=1), (1, 0))
    reach = torch.arange(-_REACH, _REACH + 1, device=pitch.device)
    return torch.exp(-2 * (interval[:, :, None].clamp(-_REACH, _REACH) - reach).square())
