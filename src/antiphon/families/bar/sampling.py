"""The writer of `bar` for sampling alone: what is known of a class, a chord or a pair of them is a row of a table.

Axes: N batch, T step (16), C class (26), E embedding, H hidden.
"""

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from antiphon.codecs.melody import HOLD, NUM_CLASSES, NUM_PITCHES, REST, STEPS

if TYPE_CHECKING:
    from antiphon.families.bar.networks import BarGenerator

FORBIDDEN = -1e4
"""What is added to the score of a hold where nothing sounds that could be held."""

_SLOPE = 0.1
_TAPS = 3


class Sampler:
    """A generator without dropout, until its weights change: the bars of `BarGenerator.forward` up to rounding.

    Parameters
    ----------
    generator
        Whose weights are read, whatever its mode.
    """

    @torch.no_grad()
    def __init__(self, generator: "BarGenerator") -> None:
        embedding_dim, gates = generator.embed.embedding_dim, generator.recur.out_features
        hidden_dim = gates // 3
        self._embed = generator.embed.weight
        self._taps = _taps(generator)
        first, second = generator.context[0], generator.context[2]
        assert isinstance(first, nn.Linear)
        of_bar, of_chord = first.weight.tensor_split([STEPS * embedding_dim], 1)
        # What was heard lies step by step here, and channel by channel in the weight.
        self._of_bar = of_bar.view(-1, embedding_dim, STEPS).transpose(1, 2).flatten(1).t().contiguous()
        self._of_chord = F.linear(generator.chord.weight, of_chord, first.bias)
        self._context = second
        self._start, self._known = generator.start, generator.known
        self._heard = generator.heard.weight.t()
        self._position = generator.position
        self._recur = generator.recur.weight.t().tensor_split([2 * hidden_dim], 1)
        bias = generator.recur.bias
        self._new_bias = bias[2 * hidden_dim :]
        pairs = generator.before[:, None] + generator.sounding
        # The new gate's bias stands within the reset gate's product, so it is not of the sum.
        self._pairs = pairs.flatten(0, 1) + F.pad(bias[: 2 * hidden_dim], (0, hidden_dim))
        of_state, of_harmony = generator.head.weight.tensor_split([hidden_dim], 1)
        self._head = of_state.t()
        self._head_of_chord = F.linear(generator.chord.weight, of_harmony, generator.head.bias)
        self._out = generator.out.weight.t()
        self._after = generator.out.bias.repeat(NUM_CLASSES, 1)
        self._after[REST, HOLD] += FORBIDDEN

    @torch.no_grad()
    def __call__(self, previous: Tensor, chord: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Write bars.

        Parameters
        ----------
        previous, chord
            Classes (N, T) of the bar before, and chord codes (N,).
        noise
            (N, T, C), what is added to the scores.

        Returns
        -------
        Classes int64 (N, T), and by how much each won over the next best, (N, T).
        """
        with torch.autocast(previous.device.type, enabled=False):
            return self._write(previous.long(), chord.long(), noise.to(self._position.dtype))

    def _write(self, previous: Tensor, chord: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        heard, state, known = self._read(previous, chord)
        harmony = self._head_of_chord.index_select(0, chord)
        hidden_dim = state.shape[1]
        before, sounding = previous[:, -1], pitch_at_end(previous)
        classes, leads = [], []
        for step in range(STEPS):
            gates = self._pairs.index_select(0, before * (NUM_PITCHES + 1) + sounding).add_(known)
            gates.add_(self._position[step]).addmm_(heard[:, step], self._heard)
            decided, new = gates.tensor_split([2 * hidden_dim], 1)
            update, reset = decided.addmm_(state, self._recur[0]).sigmoid_().chunk(2, dim=1)
            new.addcmul_(reset, torch.addmm(self._new_bias, state, self._recur[1])).tanh_()
            state = torch.lerp(new, state, update)
            hidden = F.leaky_relu_(torch.addmm(harmony, state, self._head), _SLOPE)
            scores = torch.addmm(noise[:, step], hidden, self._out).add_(self._after.index_select(0, before))
            best, before = scores.max(1)
            leads.append(best - scores.scatter_(1, before[:, None], -torch.inf).amax(1))
            sounding = torch.where(before < NUM_PITCHES, before, sounding)
            classes.append(before)
        return torch.stack(classes, dim=1), torch.stack(leads, dim=1)

    def _read(self, previous: Tensor, chord: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What was heard (N, T, E), the first state (N, H), and what every step's gates (N, 3H) know."""
        padded = F.pad(previous, (1, 1), value=NUM_CLASSES)
        windows = padded.unfold(1, _TAPS, 1) + (NUM_CLASSES + 1) * torch.arange(_TAPS, device=previous.device)
        heard = F.leaky_relu_(F.embedding(windows.flatten(0, 1), self._taps).sum(1), _SLOPE)
        heard = heard.add_(self._embed.index_select(0, previous.flatten())).view(len(previous), STEPS, -1)
        context = torch.addmm(self._of_chord.index_select(0, chord), heard.flatten(1), self._of_bar)
        context = F.leaky_relu_(self._context(F.leaky_relu_(context, _SLOPE)), _SLOPE)
        return heard, torch.tanh(self._start(context)), self._known(context)


def _taps(generator: "BarGenerator") -> Tensor:
    """The listening convolution as a table (taps x (C + 1), E) of each class at each tap; beyond the bar is nothing."""
    listen = generator.listen
    assert listen.bias is not None
    table = F.pad(torch.einsum("ce,oek->kco", generator.embed.weight, listen.weight), (0, 0, 0, 1))
    table[_TAPS // 2] += listen.bias
    return table.flatten(0, 1)


def pitch_at_end(previous: Tensor) -> Tensor:
    """The pitch 0-23 begun last in bars (N, T), 24 where none was."""
    begun = previous < NUM_PITCHES
    # The latest of the steps at which one begins; the first step stands for none.
    steps = torch.arange(previous.shape[1], device=previous.device)
    latest = torch.where(begun, steps, 0).amax(1, keepdim=True)
    pitch = previous.long().gather(1, latest).squeeze(1)
    return torch.where(begun.any(1), pitch, NUM_PITCHES)
