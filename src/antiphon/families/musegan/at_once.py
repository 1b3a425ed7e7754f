"""The generator of MuseGAN's later code: a phrase grown at once, then by each track on two branches.

Axes: N phrases, K track, B bar, T step, P pitch, C channels, last but in what comes out.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from antiphon.families.musegan.latents import Latents
from antiphon.families.musegan.layers import Convolution
from antiphon.families.musegan.players import AtOnce
from antiphon.nn.grid import GridConv, GridDeconv, GridNorm


class _Layer(nn.Module):
    """A layer with batch norm and, unless it is the last, a rectifier."""

    def __init__(self, kind: type[GridConv | GridDeconv], channels: int, row: Convolution, last: bool = False) -> None:
        super().__init__()
        self.layer = kind(channels, row.filters, row.kernel, row.stride)
        # A decay of 0.99, which torch counts from the other end.
        self.norm = GridNorm(row.filters, eps=1e-3, momentum=0.01)
        self._last = last

    def forward(self, grid: Tensor) -> Tensor:
        normed: Tensor = self.norm(self.layer(grid))
        return normed if self._last else relu(normed)


def _chain(
    kind: type[GridConv | GridDeconv], channels: int, rows: tuple[Convolution, ...], beside: tuple[int, ...] = ()
) -> nn.ModuleList:
    """Layers one behind the other, each with so many channels `beside` its input."""
    made = nn.ModuleList()
    for index, row in enumerate(rows):
        made.append(_Layer(kind, channels + (beside[index] if beside else 0), row))
        channels = row.filters
    return made


class PhraseEncoder(nn.Module):
    """A given track (N, B, T, P, 1) at all stages: of both branches, and of what they share."""

    def __init__(self, config: AtOnce) -> None:
        super().__init__()
        self.branches = nn.ModuleList(_chain(GridConv, 1, branch) for branch in config.encoder_branches)
        channels = sum(branch[-1].filters for branch in config.encoder_branches)
        self.shared = _chain(GridConv, channels, config.encoder_shared)

    def forward(self, given: Tensor) -> tuple[list[list[Tensor]], list[Tensor]]:
        """Stages of each branch, and of the shared layers, fine ones first."""
        branches = []
        for branch in self.branches:
            stages, hidden = [], given
            for layer in branch.children():
                hidden = layer(hidden)
                stages.append(hidden)
            branches.append(stages)
        # Time before pitch first, as published.
        hidden = torch.cat([stages[-1] for stages in reversed(branches)], 4)
        shared = []
        for layer in self.shared:
            hidden = layer(hidden)
            shared.append(hidden)
        return branches, shared


class AtOnceGenerator(nn.Module):
    """Latents, and by configuration a given track, to activations of the other tracks.

    Parameters
    ----------
    config
        See there.
    written
        The tracks that it writes.
    given
        Whether a track is given.
    """

    def __init__(self, config: AtOnce, written: tuple[int, ...], given: bool) -> None:
        super().__init__()
        self.config, self.written = config, written
        self.encoder = PhraseEncoder(config) if given else None
        beside = _channels_beside(config) if given else ((), ((), ()))
        self.shared = _chain(GridDeconv, config.latents.shared_fixed, config.shared, beside[0])
        # Layer by layer, in each the tracks: the order of the released weights.
        self.branches = nn.ModuleList(
            _side_by_side(config.shared[-1].filters, branch, len(written), more)
            for branch, more in zip(config.branches, beside[1], strict=True)
        )
        channels = sum(branch[-1].filters for branch in config.branches)
        row = Convolution(filters=1, kernel=(1, 1, 1))
        self.merged = nn.ModuleList(_Layer(GridDeconv, channels, row, last=True) for _ in written)

    def forward(self, latents: Latents, given: Tensor | None = None) -> Tensor:
        """Activations (N, K, B, T, P) of the written tracks; a given track is (N, B, T, P) of -1 and 1."""
        encoded, common = self._encoded(given)
        hidden = latents["shared_fixed"][:, :, :, None]
        for index, layer in enumerate(self.shared):
            hidden = layer(_beside(hidden, common, index))
        # Each branch ends on the finest grid; what it meets on the way there is the other branch of the encoder.
        ends = [
            self._along(branch, hidden, stages) for branch, stages in zip(self.branches, reversed(encoded), strict=True)
        ]
        tracks = zip(self.merged, *ends, strict=True)
        cells = torch.cat([merge(torch.cat(parts, 4)) for merge, *parts in tracks], 4)
        return cells.permute(0, 4, 1, 2, 3)

    def _encoded(self, given: Tensor | None) -> tuple[list[list[Tensor]], list[Tensor]]:
        """The encoder's stages, coarse ones first."""
        if self.encoder is None:
            return [[], []], []
        if given is None:
            raise ValueError("this generator writes to a track; give it")
        branches, shared = self.encoder(given[..., None])
        return [stages[::-1] for stages in branches], shared[::-1]

    def _along(self, branch: nn.Module, hidden: Tensor, stages: list[Tensor]) -> list[Tensor]:
        """A branch's end for each track."""
        tracks = [hidden] * len(self.written)
        for index, layers in enumerate(branch.children()):
            each = zip(layers.children(), tracks, strict=True)
            tracks = [layer(_beside(part, stages, index)) for layer, part in each]
        return tracks


def _side_by_side(channels: int, rows: tuple[Convolution, ...], tracks: int, beside: tuple[int, ...]) -> nn.ModuleList:
    chains = [_chain(GridDeconv, channels, rows, beside) for _ in range(tracks)]
    return nn.ModuleList(nn.ModuleList(layers) for layers in zip(*chains, strict=True))


def _channels_beside(config: AtOnce) -> tuple[tuple[int, ...], tuple[tuple[int, ...], tuple[int, ...]]]:
    """Channels of the encoder's stages where they join the shared layers and both branches."""
    first, second = (tuple(row.filters for row in reversed(branch)) for branch in config.encoder_branches)
    return tuple(row.filters for row in reversed(config.encoder_shared)), (second, first)


def _beside(hidden: Tensor, stages: list[Tensor], index: int) -> Tensor:
    return torch.cat([hidden, stages[index]], 4) if stages else hidden
