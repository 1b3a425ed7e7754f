"""Generator and discriminator of `bar`: a recurrent writer of 16 steps and a critic, who hear the same things.

Pitches are told by their degree over the chord's root, their interval from the note before and, a little, their
height, so that what is learnt in one key is known in all.

Axes: N batch, T step (16), C class (26: 24 pitches begun, hold, rest), P pitch (25), E embedding, H hidden.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from antiphon.codecs.melody import HOLD, NUM_CLASSES, NUM_PITCHES, REST, STEPS
from antiphon.families.bar.hearing import (
    NUM_CHORDS,
    NUM_INTERVALS,
    NUM_LIKENESSES,
    NUM_QUALITIES,
    Harmony,
    Past,
    Tonality,
    above_root,
    after,
    along,
    at_the_bar_line,
    degrees,
    from_c,
    harmony_of,
    intervals,
    kinds,
    line,
    one_hot,
    pitch_classes,
    steps_from,
)
from antiphon.nn.straight_through import gumbel, straight_through

SLOPE = 0.1
FORBIDDEN = -1e4
LEAST_FIT, SURE = 0.02, 2.0
TOLD = (3, NUM_QUALITIES * 12, NUM_PITCHES + 1, NUM_INTERVALS, NUM_LIKENESSES, 12)
"""What a step's gates are told: kind of the step before, degree, height and interval of the pitch begun last, likeness,
how well each degree fits."""

PARTS = (2, NUM_PITCHES, 12, NUM_INTERVALS - 1, 3, 1, 1, 1)
"""What a step's scores are made of: hold and rest; each height, degree and interval; how much the bar before counts for
the kind of step and for the pitch; how much fitting the key counts, and having been heard."""

_TOKEN = 3 + 12 + 12 + NUM_PITCHES + 1


class BarGenerator(nn.Module):
    """Writes a bar step by step: each step hears what was written, the bar before and the chord; the latent decides.

    A gated recurrent unit (Cho et al. 2014) whose input maps are kept apart, so that what does not change within a bar
    is computed once a bar. The latent (N, T, C) is Gaussian; turned into Gumbel noise it picks each step's class, so
    that G is a deterministic map from latents to bars and cannot ignore them.

    Parameters
    ----------
    hidden_dim, embedding_dim
        Widths.
    dropout
        Share of what was heard, and of each state on its way out, that is dropped while training.
    """

    def __init__(self, hidden_dim: int, embedding_dim: int, dropout: float) -> None:
        super().__init__()
        gates = 3 * hidden_dim
        self.dropout = nn.Dropout(dropout)
        self.tonality = Tonality()
        self.token = nn.Linear(_TOKEN, embedding_dim)
        self.quality = nn.Embedding(NUM_QUALITIES, embedding_dim)
        self.listen = nn.Conv1d(embedding_dim, embedding_dim, 3, padding=1)
        self.context = nn.Sequential(
            nn.Linear(STEPS * embedding_dim + embedding_dim, hidden_dim),
            nn.LeakyReLU(SLOPE),
            self.dropout,
            nn.Linear(hidden_dim, hidden_dim),
            nn.LeakyReLU(SLOPE),
        )
        self.start = nn.Linear(hidden_dim, hidden_dim)
        self.known = nn.Linear(hidden_dim, gates)
        self.heard = nn.Linear(embedding_dim, gates, bias=False)
        self.position = nn.Parameter(torch.randn(STEPS, gates) * 0.1)
        self.step = nn.Linear(sum(TOLD), gates, bias=False)
        self.recur = nn.Linear(hidden_dim, gates)
        self.head = nn.Linear(hidden_dim + 2 * embedding_dim + NUM_LIKENESSES + 12, hidden_dim)
        self.out = nn.Linear(hidden_dim, sum(PARTS))
        nn.init.normal_(self.step.weight, std=0.1)
        nn.init.orthogonal_(self.recur.weight)

    def teacher(self, real: Tensor, previous: Tensor, chord: Tensor) -> Tensor:
        """Scores (N, T, C) of each step of `real` (N, T) given the true steps before it."""
        before = one_hot(previous).to(self.position.dtype)
        harmony = harmony_of(chord, before)
        reading, past = self.read(before, harmony), along(one_hot(real).to(before), before)
        fixed, heard = self._beside(reading)
        known = _Known(past, self._fit(past, harmony), heard, before)
        inputs = fixed + self._gates(known, harmony)
        state, states = reading.state, []
        for step in inputs.unbind(1):
            state = self._advance(step, state)
            states.append(state)
        return self._scores(torch.stack(states, dim=1), known, harmony)

    def forward(self, previous: Tensor, chord: Tensor, latent: Tensor, temperature: float = 1.0) -> Tensor:
        """Bars for `latent` (N, T, C) as straight-through one-hot planes (N, T, C)."""

        def choose(scores: Tensor) -> Tensor:
            soft = torch.softmax(scores / temperature, dim=1)
            return straight_through(F.one_hot(soft.argmax(1), NUM_CLASSES).to(soft), soft)

        return self._write(previous, chord, gumbel(latent), choose)

    @torch.no_grad()
    def write(self, previous: Tensor, chord: Tensor, latent: Tensor, temperature: float = 1.0) -> Tensor:
        """The bars of `forward` as classes (N, T), without gradients; `temperature` scales the noise (1 as trained)."""

        def choose(scores: Tensor) -> Tensor:
            return F.one_hot(scores.argmax(1), NUM_CLASSES).to(scores)

        with torch.autocast(latent.device.type, enabled=False):
            noise = gumbel(latent).to(self.position.dtype) * temperature
            return self._write(previous, chord, noise, choose).argmax(2)

    def _write(self, previous: Tensor, chord: Tensor, noise: Tensor, choose: Callable[[Tensor], Tensor]) -> Tensor:
        """Planes (N, T, C), each chosen from its step's scores and `noise`."""
        before = one_hot(previous).to(noise)
        harmony = harmony_of(chord, before)
        reading, planes = self.read(before, harmony), []
        fixed, heard = self._beside(reading)
        past = at_the_bar_line(before, reading.pitches)
        state = reading.state
        parts = zip(fixed.unbind(1), heard.unbind(1), before.unbind(1), strict=True)
        for step, (gates, near, beside) in enumerate(parts):
            known = _Known(past, self._fit(past, harmony), near, beside)
            state = self._advance(gates + self._gates(known, harmony), state)
            planes.append(choose(self._scores(state, known, harmony) + noise[:, step]))
            past = after(past, planes[-1], beside, step)
        return torch.stack(planes, dim=1)

    def read(self, before: Tensor, harmony: Harmony) -> "Reading":
        """What the bar before, as planes (N, T, C), and the chord tell of the bar to write."""
        pitches = line(before)
        pitch = pitches[:, 1:]
        begun, sounding = (above_root(pitch_classes(part), harmony) for part in (before, pitch))
        tokens = [kinds(before), begun, sounding, pitch]
        embedded = self.token(torch.cat(tokens, dim=2))
        near = F.leaky_relu(self.listen(embedded.transpose(1, 2)), SLOPE).transpose(1, 2)
        heard, quality = self.dropout(near + embedded), harmony.quality @ self.quality.weight
        context = self.context(torch.cat([heard.flatten(1), quality], dim=1))
        return Reading(self.known(context), torch.tanh(self.start(context)), heard, quality, pitches)

    def _beside(self, reading: "Reading") -> tuple[Tensor, Tensor]:
        """Each step's gate inputs (N, T, 3H) that do not depend on what is written, and what is heard (N, T, 2E)."""
        gates = reading.known[:, None] + self.heard(reading.heard) + self.position
        return gates, torch.cat([reading.heard, reading.quality[:, None].expand(-1, STEPS, -1)], dim=2)

    def _fit(self, past: Past, harmony: Harmony) -> Tensor:
        """How well each degree (..., 12) over the chord's root fits what was heard."""
        return above_root(self.tonality(past.heard, harmony), harmony)

    def _gates(self, known: "_Known", harmony: Harmony) -> Tensor:
        """What a step adds to the gate inputs (..., 3H)."""
        past = known.past
        told = [
            kinds(past.last),
            degrees(pitch_classes(past.sounding), harmony),
            past.sounding,
            intervals(past.sounding, past.earlier),
            past.likeness,
            known.fit,
        ]
        gates: Tensor = self.step(torch.cat(told, dim=-1))
        return gates

    def _advance(self, inputs: Tensor, state: Tensor) -> Tensor:
        """The next state (N, H) from gate inputs (N, 3H)."""
        update, reset, new = inputs.chunk(3, dim=1)
        update_h, reset_h, new_h = self.recur(state).chunk(3, dim=1)
        candidate = torch.tanh(new + torch.sigmoid(reset + reset_h) * new_h)
        return torch.lerp(candidate, state, torch.sigmoid(update + update_h))

    def _scores(self, state: Tensor, known: "_Known", harmony: Harmony) -> Tensor:
        """Class scores (..., C) from states (..., H) and what is known; a hold after a rest is forbidden."""
        past, there = known.past, kinds(known.beside)
        told = torch.cat([self.dropout(state), known.heard, past.likeness, known.fit], dim=-1)
        parts = self.out(F.leaky_relu(self.head(told), SLOPE)).split(PARTS, dim=-1)
        hold_rest, height, degree, interval, alike, same, fitting, again = parts
        degree = degree + F.softplus(fitting + SURE) * torch.log(known.fit + LEAST_FIT)
        degree = degree + again * above_root(past.heard.clamp_max(1), harmony)
        classes = from_c(degree, harmony)
        over = F.pad(interval, (0, 1)).gather(-1, steps_from(past.sounding))
        pitches = height + torch.cat([classes, classes], dim=-1) + over
        pitches = pitches + same * known.beside[..., :NUM_PITCHES] + alike[..., :1] * there[..., :1]
        # Without a gradient: a prohibition's is as large as itself, and grows from step to step.
        forbidden = FORBIDDEN * past.last[..., REST:].detach()
        others = hold_rest + alike[..., 1:] * there[..., 1:] + F.pad(forbidden, (0, 1))
        return torch.cat([pitches, others], dim=-1)


class Reading(NamedTuple):
    """What is known of a bar before it begins.

    Parameters
    ----------
    known, state
        Gate inputs of all its steps (N, 3H), and the first state (N, H).
    heard, quality
        What is heard of the bar before beside each step (N, T, E), and of the chord (N, E).
    pitches
        The `line` of the bar before.
    """

    known: Tensor
    state: Tensor
    heard: Tensor
    quality: Tensor
    pitches: Tensor


class _Known(NamedTuple):
    """What is known before a step, leading axes (N,) or (N, T).

    Parameters
    ----------
    past
        What was written.
    fit
        How well each degree over the chord's root fits it (..., 12).
    heard, beside
        What is heard of the bar before beside the step (..., 2E), and its plane there (..., C).
    """

    past: Past
    fit: Tensor
    heard: Tensor
    beside: Tensor


def begin_cleanly(classes: Tensor, previous: Tensor) -> Tensor:
    """Bars (N, T) whose opening holds are rests where the bar before ends in a rest: nothing sounds to be held."""
    opening = (classes == HOLD).cumprod(1).bool() & (previous[:, -1:] == REST)
    return torch.where(opening, REST, classes)


class BarDiscriminator(nn.Module):
    """Judges a bar beside the bar before it and over its chord, hearing intervals, degrees, likeness and keys.

    Parameters
    ----------
    critic_dim
        Channels a step; twice as many a beat.
    """

    def __init__(self, critic_dim: int) -> None:
        super().__init__()
        self.tonality = Tonality()
        self.step = nn.Linear(NUM_CLASSES + NUM_INTERVALS + NUM_QUALITIES * 12 + 4 + NUM_LIKENESSES + 2, critic_dim)
        self.position = nn.Parameter(torch.randn(STEPS, critic_dim) * 0.1)
        self.chord = nn.Embedding(NUM_CHORDS, critic_dim)
        self.previous = nn.Linear(NUM_CLASSES, critic_dim)
        self.before = nn.Conv1d(critic_dim, critic_dim, 3, padding=1)
        self.near = nn.ModuleList(nn.Conv1d(critic_dim, critic_dim, 3, padding=1) for _ in range(2))
        self.beat = nn.Conv1d(critic_dim, 2 * critic_dim, 4, stride=4)
        self.verdict = nn.Sequential(
            nn.Linear(8 * critic_dim, 2 * critic_dim), nn.LeakyReLU(0.2), nn.Linear(2 * critic_dim, 1)
        )

    def forward(self, planes: Tensor, previous: Tensor, chord: Tensor) -> Tensor:
        """Logits (N, 1) for bar planes (N, T, C) after `previous` (N, T) over `chord` (N,)."""
        before, chord = one_hot(previous).to(planes), chord.long()
        hidden = (
            self.step(self.features(planes, before, harmony_of(chord, planes)))
            + self.position
            + self.chord(chord)[:, None]
        )
        hidden = hidden.transpose(1, 2) + self.before(self.previous(before).transpose(1, 2))
        hidden = F.leaky_relu(hidden, 0.2)
        for conv in self.near:
            hidden = hidden + F.leaky_relu(conv(hidden), 0.2)
        logits: Tensor = self.verdict(F.leaky_relu(self.beat(hidden), 0.2).flatten(1))
        return logits

    def features(self, planes: Tensor, before: Tensor, harmony: Harmony) -> Tensor:
        """Per-step features (N, T, F), from planes (N, T, C) of the bar and of the one before."""
        past = along(planes, before)
        begun = pitch_classes(planes)
        fit = (self.tonality(past.heard, harmony) * begun).sum(-1, keepdim=True)
        told = [
            planes,
            intervals(F.pad(planes[..., :NUM_PITCHES], (0, 1)), past.sounding),
            degrees(begun, harmony),
            kinds(planes) * kinds(before),
            (planes * before).sum(-1, keepdim=True),
            past.likeness,
            fit,
            begun.sum(-1, keepdim=True) - fit,
        ]
        return torch.cat(told, dim=-1)
