"""MuseGAN's discriminators of convolutions: over phrases, over bars, and the two stages of the released code.

Axes: N phrases, K track, B bar, T step, P pitch, C channels. They hear phrases (N, K, B, T, P).
"""

import torch
from torch import Tensor, nn

from antiphon.families.musegan.layers import Grid, fit
from antiphon.families.musegan.players import Convolutional, Streams, TwoStages
from antiphon.families.musegan.streams import StreamsCritic
from antiphon.nn.cells import num_along, over_cells
from antiphon.nn.grid import GridConv, Three
from antiphon.nn.leaky import leaky
from antiphon.nn.products import quick

# Of a cell.
_SILENT = -1.0


class ConvolutionalCritic(nn.Module):
    """The paper's discriminator (table 4c), and that of bars.

    Inside, grids are (N, T, P, B, C): a window over bars then lies in one piece of memory, as do those over pitches
    once the bars are one.

    Parameters
    ----------
    config
        See there.
    tracks
        That it hears.
    size
        Bars, steps and pitches of a phrase.
    """

    def __init__(self, config: Convolutional, tracks: int, size: Grid) -> None:
        super().__init__()
        self._by_bar = config.hears == "bars"
        channels = [tracks, *(row.filters for row in config.layers)]
        self._layers = [
            GridConv(before, row.filters, _inside(row.kernel), _inside(row.stride or row.kernel))
            for before, row in zip(channels, config.layers, strict=False)
        ]
        self.layers = nn.ModuleList(self._layers)
        bars, steps, pitches = fit(config.layers, config.heard(size))
        self.hidden = nn.Linear(channels[-1] * bars * steps * pitches, config.hidden)
        self.score = nn.Linear(config.hidden, 1)

    def features(self, phrases: Tensor) -> Tensor:
        """What the convolutions make of phrases, or of bars one after the other: (N, T', P', B', C)."""
        grid = phrases.transpose(1, 2).flatten(0, 1)[:, :, None] if self._by_bar else phrases
        hidden = grid.permute(0, 3, 4, 2, 1)
        first = num_along(self._layers) if quick(hidden) else 0
        if first:
            hidden = over_cells(hidden, self._layers[:first], _SILENT)
        for layer in self._layers[first:]:
            hidden = layer.leaky(hidden)
        return hidden

    def forward(self, phrases: Tensor) -> Tensor:
        """Scores (N,), or (N B,) of bars."""
        scores: Tensor = self.score(leaky(self.hidden(self.features(phrases).flatten(1))))
        return scores.squeeze(1)


class TwoStageCritic(nn.Module):
    """See `TwoStages`.

    Parameters
    ----------
    config, tracks, size
        As of `ConvolutionalCritic`.
    """

    def __init__(self, config: TwoStages, tracks: int, size: Grid) -> None:
        super().__init__()
        self.bar = ConvolutionalCritic(config.bar, tracks, size)
        self.rows = RowsCritic(config, size[0])

    def forward(self, phrases: Tensor) -> Tensor:
        """Scores (N B T',), one for each bar and place in it."""
        features = self.bar.features(phrases)
        rows = features.reshape(-1, phrases.shape[2], features.shape[4] // phrases.shape[2])
        scores: Tensor = self.rows(rows)
        return scores


class RowsCritic(nn.Module):
    """The second stage: rows (N, B, C) to scores (N,)."""

    def __init__(self, config: TwoStages, bars: int) -> None:
        super().__init__()
        first, second = config.widths
        self.first = GridConv(config.bar.layers[-1].filters // bars, first, (2, 1, 1), (1, 1, 1))
        self.second = GridConv(first, second, (bars - 1, 1, 1))
        self.hidden = nn.Linear(second, config.hidden)
        self.score = nn.Linear(config.hidden, 1)

    def forward(self, rows: Tensor) -> Tensor:
        """A score for each row of rows."""
        grid = leaky(self.second(leaky(self.first(rows[:, :, None, None]))))
        scores: Tensor = self.score(leaky(self.hidden(grid.flatten(1))))
        return scores.squeeze(1)


class Critics(nn.Module):
    """One discriminator of all tracks, or one for each of several choices of tracks.

    Parameters
    ----------
    config
        What each is.
    heard
        The tracks that each hears.
    size
        Bars, steps and pitches of a phrase.
    """

    def __init__(
        self, config: Convolutional | TwoStages | Streams, heard: tuple[tuple[int, ...], ...], size: Grid
    ) -> None:
        super().__init__()
        self._heard = heard
        self.each = nn.ModuleList(_critic(config, len(tracks), size) for tracks in heard)

    def hearings(self, *phrases: Tensor) -> list[tuple[nn.Module, tuple[Tensor, ...]]]:
        """Each critic and its tracks of phrases (N, K, B, T, P)."""
        return [
            (critic, tuple(some if len(tracks) == some.shape[1] else _tracks(some, tracks) for some in phrases))
            for critic, tracks in zip(self.each, self._heard, strict=True)
        ]

    def forward(self, phrases: Tensor) -> Tensor:
        """A score for each phrase (N,): the mean of all that are given to it."""
        scores = [critic(heard).view(len(phrases), -1).mean(1) for critic, (heard,) in self.hearings(phrases)]
        return torch.stack(scores).mean(0)


def _tracks(phrases: Tensor, tracks: tuple[int, ...]) -> Tensor:
    return torch.stack([phrases[:, track] for track in tracks], 1)


def _inside(grid: tuple[int, int, int]) -> Three:
    """Bars, steps and pitches in the order of the discriminator's memory."""
    bars, steps, pitches = grid
    return steps, pitches, bars


def _critic(config: Convolutional | TwoStages | Streams, tracks: int, size: Grid) -> nn.Module:
    if isinstance(config, Convolutional):
        return ConvolutionalCritic(config, tracks, size)
    return (
        TwoStageCritic(config, tracks, size) if isinstance(config, TwoStages) else StreamsCritic(config, tracks, size)
    )
