"""The discriminator of MuseGAN's later code: cells, chroma, onsets and offsets, each heard by itself, then together.

Axes: N phrases, K track, B bar, T step, P pitch, C channels, last inside.
"""

import torch
from torch import Tensor, nn

from antiphon.families.musegan.layers import Convolution, Grid
from antiphon.families.musegan.players import Streams
from antiphon.nn.grid import GridConv
from antiphon.nn.leaky import leaky

OCTAVE = 12


class StreamsCritic(nn.Module):
    """See `Streams`; it gives a score for each pair of bars that follow each other.

    Parameters
    ----------
    config
        See there.
    tracks
        That it hears.
    size
        Bars, steps and pitches of a phrase.
    """

    def __init__(self, config: Streams, tracks: int, size: Grid) -> None:
        super().__init__()
        self._beats = config.beats
        # Layer by layer, in each the pairs: the order of the released weights.
        self.branches = nn.ModuleList(_side_by_side(tracks, branch, tracks) for branch in config.branches)
        ends = sum(branch[-1].filters for branch in config.branches)
        self.merged = nn.ModuleList(GridConv(ends, config.merged, (1, 1, 1)) for _ in range(tracks))
        self.shared = _chain(tracks * config.merged, config.shared)
        self.chroma = _chain(tracks, config.chroma)
        self.onsets = _chain(tracks, config.onsets)
        streams = (config.shared, config.chroma, config.onsets)
        self.joined = _chain(sum(rows[-1].filters for rows in streams if rows), (config.joined,))
        self.score = nn.Linear(config.joined.filters, 1)

    def forward(self, phrases: Tensor) -> Tensor:
        """Scores (N (B - 1),) of phrases (N, K, B, T, P), those of a phrase one after the other."""
        cells = phrases.permute(0, 2, 3, 4, 1)
        pairs = [self._along(branch, cells) for branch in self.branches]
        merged = [leaky(merge(torch.cat(ends, 4))) for merge, *ends in zip(self.merged, *pairs, strict=True)]
        streams = [_through(self.shared, torch.cat(merged, 4))]
        if self.chroma:
            streams.append(_through(self.chroma, chroma(cells, self._beats)))
        if self.onsets:
            streams.append(_through(self.onsets, changes(cells)))
        joined = _through(self.joined, torch.cat(streams, 4))
        scores: Tensor = self.score(joined.reshape(-1, joined.shape[4]))
        return scores.squeeze(1)

    def _along(self, branch: nn.Module, cells: Tensor) -> list[Tensor]:
        """A branch's end in each pair."""
        pairs = [cells] * len(self.merged)
        for layers in branch.children():
            pairs = [leaky(layer(part)) for layer, part in zip(layers.children(), pairs, strict=True)]
        return pairs


def chroma(cells: Tensor, beats: int) -> Tensor:
    """Cells (N, B, T, P, K) summed over each beat's steps and over octaves: (N, B, beats, 12, K)."""
    num, bars, _, pitches, tracks = cells.shape
    return cells.reshape(num, bars, beats, -1, pitches // OCTAVE, OCTAVE, tracks).sum((3, 4))


def changes(cells: Tensor) -> Tensor:
    """Each step minus the one before, 0 before a bar, summed over pitch: (N, B, T, 1, K)."""
    levels = cells.sum(3, keepdim=True)
    return levels - nn.functional.pad(levels[:, :, :-1], (0, 0, 0, 0, 1, 0))


def _chain(channels: int, rows: tuple[Convolution, ...]) -> nn.ModuleList:
    made = nn.ModuleList()
    for row in rows:
        made.append(GridConv(channels, row.filters, row.kernel, row.stride))
        channels = row.filters
    return made


def _side_by_side(channels: int, rows: tuple[Convolution, ...], num: int) -> nn.ModuleList:
    chains = [_chain(channels, rows) for _ in range(num)]
    return nn.ModuleList(nn.ModuleList(layers) for layers in zip(*chains, strict=True))


def _through(layers: nn.ModuleList, grid: Tensor) -> Tensor:
    for layer in layers:
        grid = leaky(layer(grid))
    return grid
