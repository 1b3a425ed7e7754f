"""The networks that the paper's generator is made of: time over bars, a bar, and what a given bar tells.

Axes: N batch, B bar, T step, P pitch, C channels, last everywhere.
"""

from torch import Tensor, cat, nn
from torch.nn.functional import relu

from antiphon.families.musegan.players import BarLayers
from antiphon.nn.grid import GridConv, GridDeconv, GridNorm
from antiphon.nn.leaky import leaky

_NORMS = {"running": True, "batch": False}


def norm_of(kind: str, channels: int) -> nn.Module:
    """Batch norm of a kind of `BarByBar`, or nothing."""
    if kind == "none":
        return nn.Identity()
    # A decay of 0.9, which torch counts from the other end.
    return GridNorm(channels, eps=1e-5, momentum=0.1, track_running_stats=_NORMS[kind])


class TemporalNetwork(nn.Module):
    """G_temp: a vector to a vector for each bar (paper, table 4a).

    Parameters
    ----------
    length
        Of the vectors.
    width
        Filters of the first layer.
    bars
        How many, two at least.
    norm
        As of `BarByBar`.
    """

    def __init__(self, length: int, width: int, bars: int, norm: str) -> None:
        super().__init__()
        self.first = GridDeconv(length, width, (2, 1, 1))
        self.first_norm = norm_of(norm, width)
        self.second = GridDeconv(width, length, (bars - 1, 1, 1), (1, 1, 1))
        self.second_norm = norm_of(norm, length)

    def forward(self, latent: Tensor) -> Tensor:
        """(N, L) to (N, B, L)."""
        hidden = relu(self.first_norm(self.first(latent[:, None, None, None])))
        flowing: Tensor = relu(self.second_norm(self.second(hidden)))
        return flowing[:, :, 0, 0]


class BarEncoder(nn.Module):
    """E: a given track's bar at seven stages, from fine to coarse, the mirror of the bar network (paper, table 4d).

    Parameters
    ----------
    layers
        Of the bar network.
    width
        Filters of each layer.
    norm
        As of `BarByBar`.
    """

    def __init__(self, layers: BarLayers, width: int, norm: str) -> None:
        super().__init__()
        kernels = [(1, 1, factor) for factor in reversed(layers.pitches)]
        kernels += [(1, factor, 1) for factor in reversed(layers.steps[1:])]
        self.layers = nn.ModuleList(
            nn.Sequential(GridConv(width if index else 1, width, kernel), norm_of(norm, width))
            for index, kernel in enumerate(kernels)
        )

    def forward(self, given: Tensor) -> list[Tensor]:
        """Stages (N, 1, T', P', width) of bars (N, 1, T, P, 1)."""
        stages = [given]
        for layer in self.layers:
            stages.append(leaky(layer(stages[-1])))
        return stages[1:]


class BarNetwork(nn.Module):
    """G_bar: a vector, and with an encoder the stages of a given bar, to a bar (paper, table 4b).

    Parameters
    ----------
    layers
        Its sizes.
    length
        Of the vector.
    tracks
        That it writes.
    encoded
        Channels of the encoder's stages, each of which joins the input of the layer that grows beyond its size; 0:
        there is none.
    norm
        As of `BarByBar`.
    """

    def __init__(self, layers: BarLayers, length: int, tracks: int, encoded: int, norm: str) -> None:
        super().__init__()
        width, self._cut = layers.widths[0], layers.steps[0]
        self.first = nn.Sequential(GridDeconv(length, width, (1, 1, 1)), norm_of(norm, width))
        channels = [width // self._cut, *(row.filters for row in layers.layers)]
        self.layers = nn.ModuleList(
            nn.Sequential(GridDeconv(before + encoded, row.filters, row.kernel), norm_of(norm, row.filters))
            for before, row in zip(channels, layers.layers, strict=False)
        )
        self.last = GridDeconv(channels[-1] + encoded, tracks, (1, 1, layers.pitches[-1]))

    def forward(self, latent: Tensor, stages: list[Tensor] | None = None) -> Tensor:
        """Activations (N, 1, T, P, tracks), whose tanh is the bar, of latents (N, L)."""
        coarse_first = [] if stages is None else stages[::-1]
        hidden = relu(self.first(latent[:, None, None, None])).view(len(latent), 1, self._cut, 1, -1)
        for index, layer in enumerate(self.layers):
            hidden = relu(layer(_beside(hidden, coarse_first, index)))
        bar: Tensor = self.last(_beside(hidden, coarse_first, len(self.layers)))
        return bar


def _beside(hidden: Tensor, stages: list[Tensor], index: int) -> Tensor:
    return cat([hidden, stages[index]], 4) if stages else hidden
