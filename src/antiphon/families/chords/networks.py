"""Generator and discriminator of `chords`: a recurrent writer that looks back over phrases, and a critic of windows.

Axes: N batch, B bar, C chord (25: 24 triads from the tonic on, and nothing), H hidden.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from antiphon.codecs.chords import NO_CHORD
from antiphon.codecs.progressions import PHRASE
from antiphon.nn.straight_through import straight_through

NUM_CHORDS = NO_CHORD + 1
LOOKS_BACK = (1, 4, 8)
"""The bars before the one that is written whose chords are heard beside the state: phrases repeat after 4 and 8."""

MOST_LEFT = 16
"""Bars to the end of the song beyond which they are not counted."""

NUM_KNOWN = 2 + PHRASE + MOST_LEFT + 2
"""Mode, place in the phrase, bars left, beyond the end."""


def one_hot(chords: Tensor) -> Tensor:
    """Chords (..., ) as float planes (..., C)."""
    return F.one_hot(chords.long(), NUM_CHORDS).float()


def known(mode: Tensor, place: Tensor, left: Tensor, context: int, num: int) -> Tensor:
    """What is known of `context` bars and the `num` bars of a window behind them, (N, context + num, 28).

    Parameters
    ----------
    mode, place, left
        (N,) of the window's first bar, as `antiphon.codecs.progressions` tells them.
    """
    bar = torch.arange(-context, num, device=mode.device)
    remaining = left.long()[:, None] - bar
    parts = (
        F.one_hot(mode.long(), 2)[:, None].expand(-1, len(bar), -1),
        F.one_hot((place.long()[:, None] + bar) % PHRASE, PHRASE),
        F.one_hot(remaining.clamp(-1, MOST_LEFT) + 1, MOST_LEFT + 2),
    )
    return torch.cat(parts, dim=2).float()


def inside(known: Tensor) -> Tensor:
    """Whether each bar (N, B) lies within its song, 1 or 0."""
    return 1 - known[:, :, 2 + PHRASE]


class ChordGenerator(nn.Module):
    """Writes chord after chord, each from a gated recurrent state, the chords 1, 4 and 8 bars before, and its place.

    The latent (N, B, 24) is Gaussian; turned into Gumbel noise it picks each bar's chord, so that G is a deterministic
    map from latents to progressions and cannot ignore them.

    Parameters
    ----------
    hidden_dim
        Width.
    dropout
        Share of each state that is dropped on its way out while training.
    """

    def __init__(self, hidden_dim: int, dropout: float) -> None:
        super().__init__()
        num_inputs = len(LOOKS_BACK) * NUM_CHORDS + NUM_KNOWN
        self.recur = nn.GRU(num_inputs, hidden_dim, batch_first=True)
        self.head = nn.Linear(hidden_dim + num_inputs, hidden_dim)
        self.out = nn.Linear(hidden_dim, NO_CHORD)
        self.dropout = nn.Dropout(dropout)

    def teacher(self, real: Tensor, previous: Tensor, known: Tensor) -> Tensor:
        """Scores (N, B, 24) of each chord of `real` (N, B) given the true ones before it, `previous` (N, P) and on.

        Parameters
        ----------
        known
            (N, P + B, 28), see `known`.
        """
        line = one_hot(torch.cat([previous, real], dim=1))
        inputs = torch.cat([_back(line), known], dim=2)
        states, _ = self.recur(self.dropout(inputs))
        return self._scores(states, inputs)[:, previous.shape[1] :]

    def forward(self, previous: Tensor, known: Tensor, noise: Tensor, temperature: float = 1.0) -> Tensor:
        """Chords as straight-through planes (N, B, C) for `noise` (N, B, 24), which is added to their scores; nothing
        after the song's end."""
        context = previous.shape[1]
        planes, state = self.begin(previous, known.to(noise))
        there = inside(known).to(noise)[:, context:, None]
        for bar in range(noise.shape[1]):
            scores, state = self.follow(planes, state, known[:, context + bar].to(noise))
            drawn = F.pad(draw(scores, noise[:, bar], temperature), (0, 1))
            planes.append(torch.lerp(planes[0], drawn, there[:, bar]))
        return torch.stack(planes[-noise.shape[1] :], dim=1)

    def begin(self, previous: Tensor, known: Tensor) -> tuple[list[Tensor], Tensor]:
        """The planes (N, C) of `previous` (N, P) and of nothing before it, and the state behind them."""
        line = one_hot(previous).to(known)
        _, state = self.recur(torch.cat([_back(line), known[:, : line.shape[1]]], dim=2))
        return [_nothing(line).expand(len(line), -1)] * max(LOOKS_BACK) + list(line.unbind(1)), state

    def follow(self, planes: Sequence[Tensor], state: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
        """The scores (N, 24) of the chord after `planes`, of which `known` (N, 28) is known, and the next state."""
        inputs = torch.cat([*(planes[-lag] for lag in LOOKS_BACK), known], dim=1)[:, None]
        states, state = self.recur(inputs, state)
        return self._scores(states, inputs)[:, 0], state

    def _scores(self, states: Tensor, inputs: Tensor) -> Tensor:
        scores: Tensor = self.out(F.leaky_relu(self.head(torch.cat([self.dropout(states), inputs], dim=-1)), 0.1))
        return scores


def _nothing(like: Tensor) -> Tensor:
    return F.one_hot(torch.tensor(NO_CHORD, device=like.device), NUM_CHORDS).to(like)


def _back(line: Tensor) -> Tensor:
    """The chords 1, 4 and 8 bars before each bar of a line (N, B, C), nothing before its beginning."""
    begin = max(LOOKS_BACK)
    longer = torch.cat([_nothing(line).expand(len(line), begin, -1), line], dim=1)
    return torch.cat([longer[:, begin - lag : begin - lag + line.shape[1]] for lag in LOOKS_BACK], dim=2)


def draw(scores: Tensor, noise: Tensor, temperature: float) -> Tensor:
    """One-hot sample (N, C) forward, gradient of the tempered softmax backward (Jang et al. 2017, straight-through)."""
    soft = torch.softmax((scores + noise) / temperature, dim=1)
    return straight_through(F.one_hot(scores.add(noise).argmax(1), soft.shape[1]).to(soft), soft)


class ChordDiscriminator(nn.Module):
    """Judges a window behind the bars before it, hearing each chord's degree, how its root came about, and what
    returns after 1, 4 and 8 bars.

    Moves and returns are products of two bars' planes, so that gradients reach both.

    Parameters
    ----------
    critic_dim
        Channels a bar.
    """

    move_map: Tensor

    def __init__(self, critic_dim: int) -> None:
        super().__init__()
        self.register_buffer("move_map", _move_map(), persistent=False)
        num_features = NUM_CHORDS + 4 * 12 + len(LOOKS_BACK) + NUM_KNOWN
        self.bar = nn.Linear(num_features, critic_dim)
        self.near = nn.ModuleList(nn.Conv1d(critic_dim, critic_dim, 3, padding=1) for _ in range(2))
        self.wide = nn.Conv1d(critic_dim, critic_dim, 4, stride=4)
        self.recur = nn.GRU(critic_dim, critic_dim, batch_first=True)
        self.verdict = nn.Linear(2 * critic_dim, 1)

    def forward(self, planes: Tensor, previous: Tensor, known: Tensor) -> Tensor:
        """Logits (N, 1) of planes (N, B, C) after `previous` (N, P); `known` (N, P + B, 28)."""
        line = torch.cat([one_hot(previous).to(planes), planes], dim=1)
        hidden = F.leaky_relu(self.bar(torch.cat([line, self.moves(line), returns(line), known], dim=2)), 0.2)
        hidden = hidden.transpose(1, 2)
        for conv in self.near:
            hidden = hidden + F.leaky_relu(conv(hidden), 0.2)
        phrases = F.leaky_relu(self.wide(hidden), 0.2).transpose(1, 2)
        states, _ = self.recur(phrases)
        logits: Tensor = self.verdict(torch.cat([states[:, -1], hidden.mean(2)], dim=1))
        return logits

    def moves(self, line: Tensor) -> Tensor:
        """From each chord to the next (N, B, 48): the interval of the roots, by both qualities; zero at the first and
        where there is no chord."""
        triads = F.pad(line[..., :NO_CHORD], (0, 0, 1, 0))
        pairs = triads[:, :-1, :, None] * triads[:, 1:, None, :]
        return pairs.flatten(2) @ self.move_map


def returns(line: Tensor) -> Tensor:
    """Whether each chord of a line (N, B, C) is that of 1, 4 and 8 bars before, (N, B, 3)."""
    triads = line[..., :NO_CHORD]
    same = [(triads * F.pad(triads, (0, 0, lag, 0))[:, : triads.shape[1]]).sum(2) for lag in LOOKS_BACK]
    return torch.stack(same, dim=2)


def _move_map() -> Tensor:
    """(24 x 24, 48): pairs of triads to the interval of their roots and the qualities of both."""
    first, second = torch.arange(NO_CHORD)[:, None], torch.arange(NO_CHORD)[None]
    move = (second % 12 - first % 12) % 12 + 12 * (2 * (first // 12) + second // 12)
    return F.one_hot(move.flatten(), 4 * 12).float()
