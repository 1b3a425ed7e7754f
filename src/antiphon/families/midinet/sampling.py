"""The bar GAN's generator for sampling alone: batch norm folded into weights that are laid out for the products.

Axes: N batch, T step (16 a bar, fewer inside), P pitch (128), C channel.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from antiphon.families.midinet.networks import CHANNELS, NUM_STEPS, SLOPE, STRIDE, Generator


class _Product(NamedTuple):
    """x -> x weight + bias, weight (C, C')."""

    weight: Tensor
    bias: Tensor


class Sampler:
    """A generator in evaluation mode, until its weights change: the same pitches up to rounding in two thirds of the
    time.

    Parameters
    ----------
    generator
        Whose weights and running statistics are read, whatever its mode.
    """

    def __init__(self, generator: Generator) -> None:
        with torch.no_grad():
            dense = list(generator.fc_net)
            self._dense = [_folded(_linear(dense[index]), dense[index + 1]) for index in (0, 3)]
            self._downward = [
                _folded(_windows(convolution), norm)
                for convolution, norm in zip(generator.downward, generator.downward_norms, strict=True)
            ]
            self._upward = [
                _folded(_pairs(convolution), norm)
                for convolution, norm in zip(generator.upward, generator.upward_norms, strict=False)
            ]
            last = generator.upward[-1]
            assert last.bias is not None
            self._upward.append(_Product(last.weight.flatten(1), last.bias))

    def __call__(self, latent: Tensor, previous: Tensor | None = None, chord: Tensor | None = None) -> Tensor:
        """Pitches uint8 (N, 16) from what `Generator.forward` reads."""
        return self.activations(latent, previous, chord).argmax(1).to(torch.uint8).view(-1, NUM_STEPS)

    def decide(self, latent: Tensor, previous: Tensor | None, chord: Tensor | None) -> tuple[Tensor, Tensor]:
        """Pitches uint8 (N, 16), and by how much each one's activation exceeds the next (N, 16)."""
        activations = self.activations(latent, previous, chord)
        best, pitch = activations.max(1)
        leads = best - activations.scatter_(1, pitch[:, None], -torch.inf).amax(1)
        return pitch.to(torch.uint8).view(-1, NUM_STEPS), leads.view(-1, NUM_STEPS)

    @torch.no_grad()
    def activations(self, latent: Tensor, previous: Tensor | None, chord: Tensor | None) -> Tensor:
        """Activations (N T, P) before the last rectifier, which keeps their order."""
        maps = self._maps(previous)
        hidden = latent
        for product in self._dense:
            hidden = F.leaky_relu_(torch.addmm(product.bias, hidden, product.weight), SLOPE)
        hidden = hidden.view(-1, CHANNELS, STRIDE).transpose(1, 2).reshape(-1, CHANNELS)
        for index, product in enumerate(self._upward):
            if index:
                hidden = F.leaky_relu_(hidden, SLOPE).view(-1, CHANNELS)
            weight = product.weight
            hidden = torch.addmm(product.bias, hidden, weight[:CHANNELS])
            beside = _beside(maps[-1 - index] if maps else None, chord, len(latent) * STRIDE ** (index + 1))
            if beside is not None:
                hidden.addmm_(beside, weight[CHANNELS:])
        return hidden

    def _maps(self, previous: Tensor | None) -> list[Tensor]:
        """The previous bar's maps (N T, C), widest first."""
        if previous is None:
            return []
        notes = self._downward[0]
        maps = [F.leaky_relu_(notes.weight + notes.bias, SLOPE).index_select(0, previous.flatten().int())]
        for product in self._downward[1:]:
            windows = maps[-1].view(-1, product.weight.shape[0])
            maps.append(F.leaky_relu_(torch.addmm(product.bias, windows, product.weight), SLOPE))
        return maps


def _beside(maps: Tensor | None, chord: Tensor | None, num: int) -> Tensor | None:
    """What joins a hidden map of `num` rows: the chord at every step, then the previous bar's map."""
    if chord is None:
        return maps
    chords = chord.repeat_interleave(num // len(chord), 0)
    return chords if maps is None else torch.cat((chords, maps), 1)


def _folded(product: _Product, norm: nn.Module) -> _Product:
    """Put a batch norm's running statistics and scale into the product before it."""
    assert isinstance(norm, nn.BatchNorm1d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    repeats = len(product.bias) // norm.num_features
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    shift = norm.bias - norm.running_mean * scale
    scale, shift = scale.repeat(repeats), shift.repeat(repeats)
    return _Product(product.weight * scale, product.bias * scale + shift)


def _linear(layer: nn.Module) -> _Product:
    assert isinstance(layer, nn.Linear)
    return _Product(layer.weight.t(), layer.bias)


def _windows(layer: nn.Conv2d) -> _Product:
    """A convolution that is as wide as its stride, from rows (step, channel) or, the first one, from pitches."""
    assert layer.bias is not None
    return _Product(layer.weight.permute(2, 3, 1, 0).flatten(0, 2), layer.bias)


def _pairs(layer: nn.ConvTranspose2d) -> _Product:
    """A transposed convolution that is as wide as its stride, to rows (step, channel)."""
    assert layer.bias is not None
    return _Product(layer.weight.squeeze(2).transpose(1, 2).flatten(1), layer.bias.repeat(STRIDE))
