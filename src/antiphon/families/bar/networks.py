"""Generator and discriminator of `bar`: a recurrent writer of 16 steps and a critic that hears intervals.

Axes: N batch, T step (16), C class (26: 24 pitches begun, hold, rest), E embedding, H hidden.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from antiphon.codecs.chords import NO_CHORD
from antiphon.codecs.melody import HOLD, NUM_CLASSES, NUM_PITCHES, REST, STEPS
from antiphon.families.bar.sampling import FORBIDDEN, Sampler, pitch_at_end
from antiphon.nn.straight_through import gumbel, straight_through

NUM_CHORDS = NO_CHORD + 1


def one_hot(classes: Tensor) -> Tensor:
    """Classes (N, T) as float planes (N, T, C)."""
    return F.one_hot(classes.long(), NUM_CLASSES).float()


class BarGenerator(nn.Module):
    """Writes a bar step by step: each step hears what was written, the bar before and the chord; the latent decides.

    A gated recurrent unit (Cho et al. 2014) whose input maps are kept apart, so that what does not change within a bar
    is computed once a bar, and what is one-hot is a row of a table. The latent (N, T, C) is Gaussian; turned into
    Gumbel noise it picks each step's class, so that G is a deterministic map from latents to bars and cannot ignore
    them.

    Parameters
    ----------
    hidden_dim, embedding_dim
        Widths.
    dropout
        Share of what was heard, and of each state on its way out, that is dropped while training.
    """

    def __init__(self, hidden_dim: int, embedding_dim: int, dropout: float) -> None:
        super().__init__()
        self.embed = nn.Embedding(NUM_CLASSES, embedding_dim)
        self.chord = nn.Embedding(NUM_CHORDS, embedding_dim)
        self.listen = nn.Conv1d(embedding_dim, embedding_dim, 3, padding=1)
        self.context = nn.Sequential(
            nn.Linear(STEPS * embedding_dim + embedding_dim, hidden_dim),
            nn.LeakyReLU(0.1),
            nn.Linear(hidden_dim, hidden_dim),
            nn.LeakyReLU(0.1),
        )
        gates = 3 * hidden_dim
        self.start = nn.Linear(hidden_dim, hidden_dim)
        self.known = nn.Linear(hidden_dim, gates)
        self.heard = nn.Linear(embedding_dim, gates, bias=False)
        self.position = nn.Parameter(torch.randn(STEPS, gates) * 0.1)
        self.before = nn.Parameter(torch.randn(NUM_CLASSES, gates) * 0.1)
        self.sounding = nn.Parameter(torch.randn(NUM_PITCHES + 1, gates) * 0.1)
        self.recur = nn.Linear(hidden_dim, gates)
        self.head = nn.Linear(hidden_dim + embedding_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim, NUM_CLASSES)
        self.dropout = nn.Dropout(dropout)
        nn.init.orthogonal_(self.recur.weight)

    def read(self, previous: Tensor, chord: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What is known before the bar begins: gate inputs (N, T, 3H), first state (N, H), the chord (N, E)."""
        embedded = self.embed(previous.long()).transpose(1, 2)
        heard = self.dropout(F.leaky_relu(self.listen(embedded), 0.1) + embedded)
        harmony = self.chord(chord.long())
        context = self.context(torch.cat([heard.flatten(1), harmony], dim=1))
        known = self.known(context)[:, None] + self.heard(heard.transpose(1, 2)) + self.position
        return known, torch.tanh(self.start(context)), harmony

    def advance(self, inputs: Tensor, state: Tensor) -> Tensor:
        """The next state (N, H) from gate inputs (N, 3H)."""
        update, reset, new = inputs.chunk(3, dim=1)
        update_h, reset_h, new_h = self.recur(state).chunk(3, dim=1)
        update = torch.sigmoid(update + update_h)
        candidate = torch.tanh(new + torch.sigmoid(reset + reset_h) * new_h)
        return torch.lerp(candidate, state, update)

    def scores(self, hidden: Tensor, harmony: Tensor, after_rest: Tensor) -> Tensor:
        """Class scores (..., C) from states (..., H); a hold after a rest is forbidden."""
        scores: Tensor = self.out(F.leaky_relu(self.head(torch.cat([self.dropout(hidden), harmony], dim=-1)), 0.1))
        return scores + FORBIDDEN * hold_mask(after_rest)

    def teacher(self, real: Tensor, previous: Tensor, chord: Tensor) -> Tensor:
        """Scores (N, T, C) of each step of `real` (N, T) given the true steps before it."""
        known, state, harmony = self.read(previous, chord)
        before = torch.cat([previous[:, -1:], real[:, :-1]], dim=1).long()
        sounding = last_pitch(torch.cat([previous, real], dim=1))[:, STEPS:]
        inputs = known + F.embedding(before, self.before) + F.embedding(sounding, self.sounding)
        states = []
        for step in inputs.unbind(1):
            state = self.advance(step, state)
            states.append(state)
        return self.scores(torch.stack(states, dim=1), harmony[:, None].expand(-1, STEPS, -1), before == REST)

    def forward(self, previous: Tensor, chord: Tensor, latent: Tensor, temperature: float = 1.0) -> Tensor:
        """Bars for `latent` (N, T, C) as straight-through one-hot planes (N, T, C)."""
        known, state, harmony = self.read(previous, chord)
        noise = gumbel(latent)
        before = one_hot(previous[:, -1])
        sounding = F.one_hot(pitch_at_end(previous), NUM_PITCHES + 1).to(latent)
        planes = []
        for step in range(STEPS):
            state = self.advance(known[:, step] + before @ self.before + sounding @ self.sounding, state)
            scores = self.scores(state, harmony, before[:, REST])
            before = draw(scores, noise[:, step], temperature)
            begun = before[:, :NUM_PITCHES]
            sounding = F.pad(begun, (0, 1)) + (1 - begun.sum(1, keepdim=True)) * sounding
            planes.append(before)
        return torch.stack(planes, dim=1)

    def write(self, previous: Tensor, chord: Tensor, latent: Tensor, temperature: float = 1.0) -> Tensor:
        """The bars of `forward` as classes (N, T), without gradients or dropout; `temperature` scales the noise (1 as
        trained)."""
        return Sampler(self)(previous, chord, gumbel(latent) * temperature)[0]


def draw(scores: Tensor, noise: Tensor, temperature: float) -> Tensor:
    """One-hot sample (N, C) forward, gradient of the tempered softmax backward (Jang et al. 2017, straight-through)."""
    soft = torch.softmax((scores + noise) / temperature, dim=1)
    return straight_through(F.one_hot(soft.argmax(1), soft.shape[1]).to(soft), soft)


def hold_mask(after_rest: Tensor) -> Tensor:
    """Planes (..., C) that are 1 at "hold" where the step before was a rest: nothing sounds that could be held."""
    mask = torch.zeros(*after_rest.shape, NUM_CLASSES, device=after_rest.device)
    mask[..., HOLD] = (after_rest > 0.5).float()
    return mask


def begin_cleanly(classes: Tensor, previous: Tensor) -> Tensor:
    """Bars (N, T) whose opening holds are rests where the bar before ends in a rest: nothing sounds to be held."""
    opening = (classes == HOLD).cumprod(1).bool() & (previous[:, -1:] == REST)
    return torch.where(opening, REST, classes)


def last_pitch(classes: Tensor) -> Tensor:
    """For each step of (N, T) classes the pitch 0-23 begun last *before* it, or 24 when there was none."""
    steps = torch.arange(classes.shape[1], device=classes.device)
    begun = torch.where(classes < NUM_PITCHES, steps, -1)
    latest = torch.cat([torch.full_like(begun[:, :1], -1), begun.cummax(1).values[:, :-1]], dim=1)
    pitch = classes.long().gather(1, latest.clamp_min(0))
    return torch.where(latest >= 0, pitch, NUM_PITCHES)


class BarDiscriminator(nn.Module):
    """Judges a bar beside the bar before it and over its chord, hearing melodic intervals and chord degrees.

    Intervals are products of the step's pitch with the pitch begun last, so that gradients reach both notes.

    Parameters
    ----------
    critic_dim
        Channels a step; twice as many a beat.
    """

    interval_map: Tensor

    def __init__(self, critic_dim: int) -> None:
        super().__init__()
        self.register_buffer("interval_map", _interval_map(), persistent=False)
        self.step = nn.Linear(NUM_CLASSES + (2 * NUM_PITCHES - 1) + 3 * 12, critic_dim)
        self.position = nn.Parameter(torch.randn(STEPS, critic_dim) * 0.1)
        self.chord = nn.Embedding(NUM_CHORDS, critic_dim)
        self.previous = nn.Embedding(NUM_CLASSES, critic_dim)
        self.before = nn.Conv1d(critic_dim, critic_dim, 3, padding=1)
        self.near = nn.ModuleList(nn.Conv1d(critic_dim, critic_dim, 3, padding=1) for _ in range(2))
        self.beat = nn.Conv1d(critic_dim, 2 * critic_dim, 4, stride=4)
        self.verdict = nn.Sequential(
            nn.Linear(8 * critic_dim, 2 * critic_dim), nn.LeakyReLU(0.2), nn.Linear(2 * critic_dim, 1)
        )

    def forward(self, planes: Tensor, previous: Tensor, chord: Tensor) -> Tensor:
        """Logits (N, 1) for bar planes (N, T, C) after `previous` (N, T) over `chord` (N,)."""
        hidden = self.step(self.features(planes, previous, chord.long())) + self.position
        hidden = (hidden + self.chord(chord.long())[:, None]).transpose(1, 2)
        hidden = F.leaky_relu(hidden + self.before(self.previous(previous.long()).transpose(1, 2)), 0.2)
        for conv in self.near:
            hidden = hidden + F.leaky_relu(conv(hidden), 0.2)
        logits: Tensor = self.verdict(F.leaky_relu(self.beat(hidden), 0.2).flatten(1))
        return logits

    def features(self, planes: Tensor, previous: Tensor, chord: Tensor) -> Tensor:
        """Per-step features (N, T, F): classes, interval from the note before, degree over the chord."""
        begun = planes[..., :NUM_PITCHES]
        opening = F.one_hot(pitch_at_end(previous), NUM_PITCHES + 1)[:, :NUM_PITCHES].to(planes)
        last = sounded_before(begun, opening)
        interval = (begun[..., :, None] * last[..., None, :]).flatten(2) @ self.interval_map
        return torch.cat([planes, interval, chord_degrees(begun, chord)], dim=2)


def sounded_before(begun: Tensor, opening: Tensor) -> Tensor:
    """The pitch begun last before each step as planes (N, T, 24), `opening` (N, 24) for the first; differentiable."""
    last = opening
    planes = []
    for step in range(begun.shape[1]):
        planes.append(last)
        last = begun[:, step] + (1 - begun[:, step].sum(1, keepdim=True)) * last
    return torch.stack(planes, dim=1)


def chord_degrees(begun: Tensor, chord: Tensor) -> Tensor:
    """Pitch class above the chord's root (N, T, 3 x 12), in one of three blocks: major, minor, no chord."""
    classes = begun[..., :12] + begun[..., 12:]
    root = torch.where(chord < NO_CHORD, chord % 12, 0)
    index = (root[:, None] + torch.arange(12, device=chord.device)) % 12
    above = classes.gather(2, index[:, None].expand_as(classes))
    quality = F.one_hot(chord // 12, 3).to(begun)
    degrees: Tensor = (quality[:, None, :, None] * above[:, :, None, :]).flatten(2)
    return degrees


def _interval_map() -> Tensor:
    """(24 x 24, 47): pairs (pitch, last pitch) to the interval pitch - last, -23 to 23."""
    pairs = torch.arange(NUM_PITCHES)
    interval = (pairs[:, None] - pairs[None, :]).flatten() + NUM_PITCHES - 1
    return F.one_hot(interval, 2 * NUM_PITCHES - 1).float()
