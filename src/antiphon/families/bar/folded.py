"""A trained generator's choices, without gradients and so in arrays: what a step can hear is looked up.

The scores are those of `BarGenerator`. Where nothing is learnt all planes are one-hot: they are indices here, and what
they add to the gates are rows of tables, made once a generator. Layers that hear the same are one. Pitch classes are
degrees over the chord's root throughout, for scales turn with it.

Axes: N batch, T step (16), C class (26), P pitch (25, the last for none), K chord (25), E embedding, H hidden.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from antiphon.codecs.melody import HOLD, NUM_CLASSES, NUM_PITCHES, REST, STEPS
from antiphon.families.bar.hearing import (
    MOST,
    NUM_CHORDS,
    NUM_INTERVALS,
    NUM_LIKENESSES,
    Harmony,
    above_root,
    degrees,
    from_c,
    harmony_of,
    intervals,
    kinds,
    one_hot,
    pitch_classes,
    sounded,
    steps_from,
)
from antiphon.families.bar.networks import FORBIDDEN, LEAST_FIT, PARTS, SLOPE, SURE, TOLD, BarGenerator

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]

_AT_ONCE = 256
# Where the parts of a step's scores begin, put so that heights, hold and rest are in the order of the classes; the last
# is a zero, for what a class has not.
_DEGREE, _ALIKE = NUM_CLASSES, NUM_CLASSES + 12
_SAME, _FITTING, _AGAIN, _INTERVAL = _ALIKE + 3, _ALIKE + 4, _ALIKE + 5, _ALIKE + 6
_NOTHING = _INTERVAL + NUM_INTERVALS - 1
# Which likenesses are shares of steps; the others are told of all steps.
_IS_SHARE = np.array([False, False, True, True, False])


class Folded:
    """Bars from a generator.

    Parameters
    ----------
    generator
        On the CPU, in evaluation mode, with weights that stay as they are.
    """

    def __init__(self, generator: BarGenerator) -> None:
        self._generator = generator
        with torch.no_grad():
            planes = _Planes(generator.position)
            self._hearing, self._gates = _Hearing(generator, planes), _Gates(generator, planes)
            self._scores = _Scores(generator, planes)

    def __call__(self, previous: Tensor, chord: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Classes (N, T) of the highest scores with `noise` (N, T, C) after `previous` (N, T) over `chord` (N,), and by
        how much each won over the next best."""
        parts = zip(*(torch.split(part, _AT_ONCE) for part in (previous, chord, noise)), strict=True)
        scores = np.concatenate([self._sums(*part) for part in parts])
        best = np.partition(scores, -2, axis=2)
        return torch.from_numpy(scores.argmax(2)), torch.from_numpy(best[..., -1] - best[..., -2])

    def _sums(self, previous: Tensor, chord: Tensor, noise: Tensor) -> Floats:
        """The sums (N, T, C) of scores and `noise` that each step is chosen from.

        Added up in float64: the noise may be much larger than the scores.
        """
        bar = self._bar(previous.long(), chord.long())
        cell, past, sums = _Cell(self._gates, bar), bar.past, noise.numpy().astype(np.float64)
        for step in range(STEPS):
            fit = self._hearing.fit(past.begun, bar.chord)
            told = np.concatenate([bar.heard[:, step], past.likeness, fit], axis=1)
            hidden = cell.advance(told, past, step)
            sums[:, step] += self._scores.of(hidden, fit, past, bar, step)
            past = self._hearing.after(past, sums[:, step].argmax(1), bar, step)
        return sums

    @torch.inference_mode()
    def _bar(self, previous: Tensor, chord: Tensor) -> "_Bar":
        before = one_hot(previous).to(self._generator.position)
        harmony = harmony_of(chord, before)
        reading = self._generator.read(before, harmony)
        begun = above_root(pitch_classes(before).sum(1).clamp_max(MOST), harmony).numpy()
        earlier, sounding = reading.pitches[:, -2:].argmax(2).numpy().T
        likeness = np.ones((len(before), NUM_LIKENESSES), begun.dtype)
        past = _Past(previous[:, -1].numpy(), sounding, earlier, np.zeros_like(likeness), likeness, begun)
        known, state, heard = reading.known.numpy(), reading.state.numpy(), reading.heard.numpy()
        return _Bar(past, previous.numpy(), chord.numpy(), known, state, heard)


class _Past(NamedTuple):
    """What was written, see `antiphon.families.bar.hearing.Past`: the class of the step before (N,), the pitch begun
    last (N,), and as of a step earlier; how many steps had each likeness, and what that comes to (N, 5); how often each
    degree has begun (N, 12)."""

    last: Indices
    sounding: Indices
    earlier: Indices
    alike: Floats
    likeness: Floats
    begun: Floats


class _Bar(NamedTuple):
    """What is known before a bar begins: what was written (see `_Past`), the bar before (N, T), the chord (N,), and of
    `antiphon.families.bar.networks.Reading` gate inputs (N, 3H), state (N, H) and what is heard (N, T, E)."""

    past: _Past
    previous: Indices
    chord: Indices
    known: Floats
    state: Floats
    heard: Floats


class _Planes:
    """All classes, pitches and chords there are, as planes."""

    def __init__(self, like: Tensor) -> None:
        self.classes = torch.eye(NUM_CLASSES).to(like)
        self.pitches = torch.eye(NUM_PITCHES + 1).to(like)
        self.harmony: Harmony = harmony_of(torch.arange(NUM_CHORDS), like)
        self.kinds = kinds(self.classes)

    def lines(self, kind: Tensor, height: Tensor, interval: Tensor) -> Tensor:
        """What layers (W, F) make of each class of the step before and pitch before that (C, P, W)."""
        last = self.classes[:, None].expand(-1, NUM_PITCHES + 1, -1)
        earlier = self.pitches.expand(NUM_CLASSES, -1, -1)
        sounding = sounded(last[..., :NUM_PITCHES], earlier)
        return kinds(last) @ kind.t() + sounding @ height.t() + intervals(sounding, earlier) @ interval.t()

    def degrees(self, degree: Tensor) -> Tensor:
        """What a layer (W, F) makes of each pitch over each chord (K, P, W)."""
        return degrees(self._over_chords(self.pitches[:, :NUM_PITCHES]), self.harmony) @ degree.t()

    def begun(self) -> Tensor:
        """The degree that each class begins over each chord (K, C, 12)."""
        return above_root(self._over_chords(self.classes), self.harmony)

    def alike(self) -> Tensor:
        """The likenesses of two steps of each class (C, C, 5)."""
        kind, onsets = self.kinds @ self.kinds.t(), self.kinds[:, :1] * self.kinds[:, 0]
        return torch.stack([kind, self.classes, kind, self.classes, 1 - onsets], dim=2)

    def _over_chords(self, planes: Tensor) -> Tensor:
        return pitch_classes(planes).expand(NUM_CHORDS, -1, -1)


class _Hearing:
    """What is heard of a bar while it is written: how its keys fit, and its likeness to the bar before."""

    def __init__(self, generator: BarGenerator, planes: _Planes) -> None:
        tonality, harmony = generator.tonality, planes.harmony
        foreign = -F.softplus(tonality.strictness) * tonality.foreign
        chords = above_root(harmony.tones, harmony) @ foreign + tonality.modes.repeat_interleave(12)
        self._foreign, self._chords, self._scales = foreign.numpy(), chords.numpy(), tonality.scales.numpy()
        self._begun, self._alike = planes.begun().numpy(), planes.alike().numpy()

    def fit(self, begun: Floats, chord: Indices) -> Floats:
        """How well each degree fits (N, 12), see `antiphon.families.bar.hearing.Tonality`."""
        scores = begun @ self._foreign
        scores += self._chords[chord]
        scores -= scores.max(axis=1, keepdims=True)
        likely = np.exp(scores)
        fit: Floats = (likely @ self._scales) / likely.sum(axis=1, keepdims=True)
        return fit

    def after(self, past: _Past, chosen: Indices, bar: _Bar, step: int) -> _Past:
        """What was written after `step`."""
        sounding = np.where(chosen < NUM_PITCHES, chosen, past.sounding)
        alike = past.alike + self._alike[chosen, bar.previous[:, step]]
        share = alike / (step + 1)
        begun = np.minimum(past.begun + self._begun[bar.chord, chosen], MOST)
        return _Past(chosen, sounding, past.sounding, alike, np.where(_IS_SHARE, share, share == 1), begun)


class _Gates:
    """Weights of the recurrent unit and, beside its gates, of the layer of the scores that hears its state (..., 4H).

    Attributes
    ----------
    told, state
        Of what a step is told and of the state before.
    position, quality
        What each step and each chord adds.
    new_bias
        Of the state's share in the candidate (H,), which the reset gate is for.
    line, degree
        What the gates (..., 3H) are told by the class of the step before and the pitch before that (C, P), and by the
        chord and the pitch that sounds (K, P).
    """

    def __init__(self, generator: BarGenerator, planes: _Planes) -> None:
        kind, degree, height, interval, likeness, fit = torch.split(generator.step.weight, list(TOLD), dim=1)
        hidden, embedding = generator.start.in_features, generator.heard.in_features
        widths = [hidden, embedding, embedding, NUM_LIKENESSES, 12]
        by_state, by_heard, by_quality, by_likeness, by_fit = torch.split(generator.head.weight, widths, dim=1)
        gates, head = (generator.heard.weight, likeness, fit), (by_heard, by_likeness, by_fit)
        self.told = _transposed(torch.cat([torch.cat(gates, dim=1), torch.cat(head, dim=1)]))
        self.state = _transposed(torch.cat([generator.recur.weight, by_state]))
        bias, new_bias = torch.split(generator.recur.bias, 2 * hidden)
        self.position = F.pad(generator.position + F.pad(bias, (0, hidden)), (0, hidden)).numpy()
        self.new_bias = new_bias.numpy()
        quality = generator.quality.weight @ by_quality.t() + generator.head.bias
        self.quality = (planes.harmony.quality @ quality).numpy()
        self.line = planes.lines(kind, height, interval).numpy()
        self.degree = planes.degrees(degree).numpy()


class _Cell:
    """The recurrent unit in one bar: `advance` takes it from step to step."""

    def __init__(self, gates: _Gates, bar: _Bar) -> None:
        self._gates, self._chord, self._state = gates, bar.chord, bar.state
        self._fixed = np.concatenate([bar.known, gates.quality[bar.chord]], axis=1)
        self._inputs, self._recurred = np.empty_like(self._fixed), np.empty_like(self._fixed)
        self._recur()

    def advance(self, told: Floats, past: _Past, step: int) -> Floats:
        """What scores are made of (N, H), after a step that is `told` (N, E + 17) beside what was written."""
        gates, inputs, recurred = self._gates, self._inputs, self._recurred
        begin, new, head = (part * self._state.shape[1] for part in (1, 2, 3))
        np.matmul(told, gates.told, out=inputs)
        inputs += self._fixed
        inputs += gates.position[step]
        inputs[:, :head] += gates.line[past.last, past.earlier]
        inputs[:, :head] += gates.degree[self._chord, past.sounding]
        update_reset = _sigmoid(inputs[:, :new] + recurred[:, :new])
        remembered = update_reset[:, begin:] * (recurred[:, new:head] + gates.new_bias)
        candidate = np.tanh(inputs[:, new:head] + remembered)
        self._state = candidate + update_reset[:, :begin] * (self._state - candidate)
        self._recur()
        hidden = inputs[:, head:] + recurred[:, head:]
        leaked: Floats = np.maximum(hidden, SLOPE * hidden)
        return leaked

    def _recur(self) -> None:
        np.matmul(self._state, self._gates.state, out=self._recurred)


class _Scores:
    """Scores of classes from the parts that they are sums of."""

    def __init__(self, generator: BarGenerator, planes: _Planes) -> None:
        weights = torch.cat([generator.out.weight, generator.out.bias[:, None]], dim=1)
        hold_rest, height, degree, interval, alike, same, fitting, again = torch.split(weights, list(PARTS))
        parts = torch.cat([height, hold_rest, degree, alike, same, fitting, again, interval, 0 * same])
        self._weight, self._bias = _transposed(parts[:, :-1]), parts[:, -1].numpy()
        classes = torch.arange(12).expand(NUM_CHORDS, -1)
        by_chord = F.pad(_DEGREE + from_c(classes, planes.harmony).repeat(1, 2), (0, 2), value=_NOTHING)
        by_chord = by_chord[:, None].expand(-1, NUM_PITCHES + 1, -1)
        by_pitch = F.pad(_INTERVAL + steps_from(planes.pitches), (0, 2), value=_NOTHING).expand(NUM_CHORDS, -1, -1)
        kind = planes.kinds.argmax(1)
        by_kind = torch.where(kind[:, None] == kind, _ALIKE + kind, _NOTHING)
        by_class = torch.full((NUM_CLASSES, NUM_CLASSES), _NOTHING)
        by_class[:NUM_PITCHES].fill_diagonal_(_SAME)
        self._melodic = torch.cat([by_chord, by_pitch], dim=2).numpy()
        self._copied = torch.cat([by_kind, by_class], dim=1).numpy()

    def of(self, hidden: Floats, fit: Floats, past: _Past, bar: _Bar, step: int) -> Floats:
        """Class scores (N, C), see `BarGenerator`; `hidden` (N, H)."""
        parts = hidden @ self._weight
        parts += self._bias
        degree, fitting, again = parts[:, _DEGREE:_ALIKE], parts[:, _FITTING, None], parts[:, _AGAIN, None]
        degree += np.logaddexp(0, fitting + SURE) * np.log(fit + LEAST_FIT) + again * np.minimum(past.begun, 1)
        summands = [self._melodic[bar.chord, past.sounding], self._copied[bar.previous[:, step]]]
        index = np.concatenate(summands, axis=1)
        index += len(self._bias) * np.arange(len(parts))[:, None]
        scores: Floats = parts[:, :NUM_CLASSES] + parts.take(index).reshape(-1, 4, NUM_CLASSES).sum(1)
        scores[past.last == REST, HOLD] += FORBIDDEN
        return scores


def _transposed(weight: Tensor) -> Floats:
    """The rows of a layer's weight as columns, side by side in memory as products want them."""
    columns: Floats = weight.t().contiguous().numpy()
    return columns


def _sigmoid(values: Floats) -> Floats:
    """1 / (1 + exp(-x)), by way of the hyperbolic tangent, which numpy has in one sweep; in place."""
    values *= 0.5
    np.tanh(values, out=values)
    values *= 0.5
    values += 0.5
    return values
