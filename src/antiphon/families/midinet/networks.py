"""The two players of the bar GAN: published modules and parameter names, computed as matrix products.

Every kernel here is as wide as its stride, or as high as the bar, or has few inputs, so a convolution is one product of
a matrix with its weight. Activations are kept as (batch, step, channel), the layout in which these products and batch
norm read and write contiguous memory, and bars that need no gradient stay pitches: their first convolution is a sum of
weight rows. Results equal those of the convolutions up to rounding.

Axes: N batch, T step (16 a bar, fewer inside), P pitch (128), C channel.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from antiphon.families.midinet.config import DiscriminatorConfig, MidinetConfig
from antiphon.nn.minibatch import MinibatchDiscrimination

NUM_PITCHES = 128
NUM_STEPS = 16
CHORD_SIZE = 13
CHANNELS = 128
STRIDE = 2
SLOPE = 0.01


class Generator(nn.Module):
    """Noise, and by configuration the previous bar and a chord, to an activation of every pitch at every step."""

    def __init__(self, config: MidinetConfig) -> None:
        super().__init__()
        maps = config.condition_channels
        inputs = CHANNELS + maps + (CHORD_SIZE if config.chord else 0)
        self.fc_net = nn.Sequential(*_dense(config.latent_dim, 1024), *_dense(1024, 2 * CHANNELS))
        # Plain lists: the modules belong to the sequences below, under whose names published checkpoints know them.
        self.upward = [nn.ConvTranspose2d(inputs, CHANNELS, (1, 2), STRIDE) for _ in range(3)]
        self.upward.append(nn.ConvTranspose2d(inputs, 1, (NUM_PITCHES, 1)))
        self.upward_norms = [nn.BatchNorm1d(CHANNELS) for _ in range(3)]
        self.downward = _downward(maps)
        self.downward_norms = [nn.BatchNorm1d(maps) for _ in self.downward]
        self._name_layers(conditioned=inputs > CHANNELS)

    def _name_layers(self, conditioned: bool) -> None:
        """Register the layers: in one sequence where nothing is joined between them, else in a sequence each."""
        blocks = _blocks(self.upward, self.upward_norms)
        if conditioned:
            for index, block in enumerate(blocks, start=1):
                self.add_module(f"transp_conv{index}", nn.Sequential(*block))
        else:
            self.transp_conv_net = nn.Sequential(*(layer for block in blocks for layer in block))
        for index, block in enumerate(_blocks(self.downward, self.downward_norms), start=1):
            self.add_module(f"conv{index}_cond", nn.Sequential(*block))

    def forward(self, latent: Tensor, previous: Tensor | None = None, chord: Tensor | None = None) -> Tensor:
        """Activations before the monophonic layer; the highest of a step is the note that sounds.

        Parameters
        ----------
        latent
            (N, latent_dim).
        previous
            uint8 (N, 16), pitches of the bar before; None where the configuration has no condition channels.
        chord
            float (N, 13); None where the configuration has no chords.

        Returns
        -------
        (N, 16, 128).
        """
        return self.stages(latent, self.conditions(previous), chord)[-1]

    def conditions(self, previous: Tensor | None) -> list[Tensor]:
        """Maps (N, T, condition_channels) of the previous bar for T = 16, 8, 4, 2; an empty list without it."""
        if previous is None:
            return []
        maps = [_normed(_read(previous, self.downward[0]), self.downward_norms[0])]
        for convolution, norm in zip(self.downward[1:], self.downward_norms[1:], strict=True):
            maps.append(_normed(_narrow(maps[-1], convolution), norm))
        return maps

    def stages(self, latent: Tensor, conditions: Sequence[Tensor], chord: Tensor | None) -> list[Tensor]:
        """What each stage hands on: (N, T, 128) for T = 2, 4, 8, 16 and the activations (N, 16, 128)."""
        outputs = [self.fc_net(latent).view(-1, CHANNELS, 2).transpose(1, 2)]
        for index, convolution in enumerate(self.upward):
            added = conditions[len(conditions) - 1 - index] if conditions else None
            inputs = _join(outputs[-1], chord, added)
            if index < len(self.upward_norms):
                outputs.append(_normed(_widen(inputs, convolution), self.upward_norms[index]))
            else:
                outputs.append(_raise(inputs, convolution))
        return outputs


class Discriminator(nn.Module):
    """A bar, and by configuration its chord, to a logit; bars of one call judge each other where so configured."""

    def __init__(self, config: DiscriminatorConfig, chord: bool) -> None:
        super().__init__()
        self.dropout = config.dropout
        added = CHORD_SIZE if chord else 0
        self._convolutions, size = _reducers(config, added)
        for index, convolution in enumerate(self._convolutions, start=1):
            self.add_module(f"conv_net{index}", nn.Sequential(convolution))
        self.hidden_nets = nn.ModuleList()
        for width in config.hidden:
            self.hidden_nets.append(nn.Linear(size, width))
            size = width
        self.bd_net: MinibatchDiscrimination | None = None
        if config.minibatch is not None:
            self.bd_net = MinibatchDiscrimination(size, config.minibatch.kernels, config.minibatch.dims)
            size += config.minibatch.kernels
        # The numbers are the published ones; the layers between have no weights.
        self.fc_net = nn.ModuleDict({"0": nn.Linear(size, config.judge), "3": nn.Linear(config.judge, 1)})

    def forward(self, bars: Tensor, chord: Tensor | None = None) -> Tensor:
        """Logits (N,) of bars, given as for `features`."""
        return self.judge(self.drop(self.features(bars, chord)), chord)

    def features(self, bars: Tensor, chord: Tensor | None = None) -> Tensor:
        """First convolution's activations before dropout, the f of the paper's equation 2.

        Parameters
        ----------
        bars
            uint8 (N, 16) pitches, or float (N, 16, 128), one-hot, through which a gradient passes.
        chord
            float (N, 13); None where the configuration has no chords.

        Returns
        -------
        (N, 8, kernels).
        """
        first = self._convolutions[0]
        hidden = _read(bars, first) if bars.dtype == torch.uint8 else _read_roll(bars, first)
        if chord is not None:
            # The chord fills the whole bar, so its part of the convolution is one product with the summed kernel.
            hidden = hidden + F.linear(chord, first.weight[:, 1:].sum((2, 3))).unsqueeze(1)
        return F.leaky_relu_(hidden, SLOPE)

    def drop(self, hidden: Tensor) -> Tensor:
        """Dropout, in training."""
        return hidden * _kept(hidden, self.dropout) if self.training and self.dropout > 0 else hidden

    def flatten(self, features: Tensor, chord: Tensor | None = None) -> Tensor:
        """What minibatch discrimination reads, (N, size): later convolutions in channel-major order, hidden layers."""
        hidden = features
        for convolution in self._convolutions[1:]:
            hidden = self.drop(F.leaky_relu_(_narrow(_join(hidden, chord, None), convolution), SLOPE))
        hidden = hidden.transpose(1, 2).flatten(1)
        for layer in self.hidden_nets:
            hidden = self.drop(F.leaky_relu_(layer(hidden), SLOPE))
        return hidden

    def judge(self, features: Tensor, chord: Tensor | None = None) -> Tensor:
        """Logits (N,) from the first convolution's activations behind their dropout."""
        hidden = self.flatten(features, chord)
        if self.bd_net is not None:
            hidden = self.bd_net(hidden)
        hidden = self.drop(F.leaky_relu_(self.fc_net["0"](hidden), SLOPE))
        logits: Tensor = self.fc_net["3"](hidden)
        return logits.squeeze(1)


def _dense(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.LeakyReLU(SLOPE, inplace=True)]


def _downward(maps: int) -> list[nn.Conv2d]:
    if maps == 0:
        return []
    return [nn.Conv2d(1, maps, (NUM_PITCHES, 1)), *(nn.Conv2d(maps, maps, (1, 2), STRIDE) for _ in range(3))]


def _blocks(convolutions: Sequence[nn.Module], norms: Sequence[nn.Module]) -> list[list[nn.Module]]:
    """Each convolution with its batch norm, where it has one."""
    return [
        [convolution, *norms[index : index + 1], nn.LeakyReLU(SLOPE)] for index, convolution in enumerate(convolutions)
    ]


def _reducers(config: DiscriminatorConfig, added: int) -> tuple[list[nn.Conv2d], int]:
    """The discriminator's convolutions and the size of their flattened result."""
    layers: list[nn.Conv2d] = []
    channels, height, steps = 1, NUM_PITCHES, NUM_STEPS
    for row in config.convolutions:
        layers.append(nn.Conv2d(channels + added, row.kernels, (height, row.width), STRIDE))
        channels, height, steps = row.kernels, 1, (steps - row.width) // STRIDE + 1
    return layers, channels * steps


def _join(hidden: Tensor, chord: Tensor | None, condition: Tensor | None) -> Tensor:
    """Channels of the hidden map, then the chord at every step, then the previous bar's, as published."""
    parts = [hidden]
    if chord is not None:
        parts.append(chord.unsqueeze(1).expand(-1, hidden.shape[1], -1))
    if condition is not None:
        parts.append(condition)
    return torch.cat(parts, 2) if len(parts) > 1 else hidden


def _normed(hidden: Tensor, norm: nn.Module) -> Tensor:
    """Batch norm over all bars and steps, and the leaky rectifier."""
    return F.leaky_relu_(norm(hidden.flatten(0, 1)), SLOPE).view(hidden.shape)


def _widen(hidden: Tensor, layer: nn.ConvTranspose2d) -> Tensor:
    """Transposed convolution as wide as its stride: (N, T, C) to (N, 2T, C'), each step to its own two."""
    batch, steps, _ = hidden.shape
    weight = layer.weight.squeeze(2).transpose(1, 2).flatten(1)
    return torch.addmm(_bias(layer).repeat(STRIDE), hidden.flatten(0, 1), weight).view(batch, steps * STRIDE, -1)


def _raise(hidden: Tensor, layer: nn.ConvTranspose2d) -> Tensor:
    """Transposed convolution as high as the bar, rectified: (N, T, C) to (N, T, 128)."""
    weight = layer.weight.flatten(1)
    raised = torch.addmm(_bias(layer), hidden.flatten(0, 1), weight)
    return F.leaky_relu_(raised, SLOPE).view(*hidden.shape[:2], NUM_PITCHES)


def _narrow(hidden: Tensor, layer: nn.Conv2d) -> Tensor:
    """Convolution one row high: (N, T, C) to (N, T', C')."""
    windows = hidden.unfold(1, layer.kernel_size[1], STRIDE)
    return F.linear(windows.flatten(2), layer.weight.flatten(1), layer.bias)


def _read(pitches: Tensor, layer: nn.Conv2d) -> Tensor:
    """Convolution as high as the bar, of bars given as pitches: (N, 16) to (N, T, C), a sum of rows of the weight."""
    width = layer.kernel_size[1]
    rows = layer.weight[:, 0].permute(2, 1, 0).flatten(0, 1)
    index = pitches.long().view(-1, width) + NUM_PITCHES * torch.arange(width, device=pitches.device)
    summed = rows.index_select(0, index.flatten()).view(-1, width, rows.shape[1]).sum(1) + _bias(layer)
    return summed.view(len(pitches), -1, rows.shape[1])


def _read_roll(roll: Tensor, layer: nn.Conv2d) -> Tensor:
    """The same of bars given as one-hot rolls: (N, 16, 128) to (N, T, C)."""
    width = layer.kernel_size[1]
    weight = layer.weight[:, 0].transpose(1, 2).flatten(1)
    return F.linear(roll.view(len(roll), -1, width * NUM_PITCHES), weight, layer.bias)


def _kept(like: Tensor, probability: float) -> Tensor:
    """Dropout's factors: 0 with `probability` (to 16 bits), else 1 / (1 - probability).

    Four to each 64-bit draw, several times faster than one Bernoulli draw each.
    """
    draws = torch.empty(-(-like.numel() // 4), dtype=torch.int64, device=like.device).random_(-(2**63), None)
    kept = draws.view(torch.int16)[: like.numel()] >= round(probability * 2**16) - 2**15
    return kept.view(like.shape) * (1 / (1 - probability))


def _bias(layer: nn.Conv2d | nn.ConvTranspose2d) -> Tensor:
    assert layer.bias is not None  # all published layers have one
    return layer.bias
