"""MuseGAN's hybrid as it is usually written: torch's layers, eager, float rolls, a graph for the critic's fakes."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from antiphon.families.musegan.config import MuseganConfig
from antiphon.families.musegan.latents import draw
from antiphon.families.musegan.layers import Grid, fit
from antiphon.families.musegan.players import BarByBar, BarLayers, Convolutional
from antiphon.training.config import AdamConfig


class PlainCritic(nn.Module):
    """The layers of a `Convolutional` table: scores of phrases (N, K, B, T, P), or of their bars."""

    def __init__(self, config: Convolutional, tracks: int, size: Grid) -> None:
        super().__init__()
        self._by_bar = config.hears == "bars"
        layers: list[nn.Module] = []
        channels = tracks
        for row in config.layers:
            layers += [nn.Conv3d(channels, row.filters, row.kernel, row.stride or row.kernel), nn.LeakyReLU(0.2)]
            channels = row.filters
        bars, steps, pitches = fit(config.layers, config.heard(size))
        self.layers = nn.Sequential(*layers)
        self.hidden = nn.Linear(channels * bars * steps * pitches, config.hidden)
        self.rectifier = nn.LeakyReLU(0.2)
        self.score = nn.Linear(config.hidden, 1)

    def forward(self, phrases: Tensor) -> Tensor:
        """Scores (N,), or (N B,) of bars."""
        heard = phrases.transpose(1, 2).flatten(0, 1)[:, :, None] if self._by_bar else phrases
        scores: Tensor = self.score(self.rectifier(self.hidden(self.layers(heard).flatten(1))))
        return scores.squeeze(1)


class PlainTemporal(nn.Sequential):
    """Table 4a: latents (N, L, 1, 1, 1) to (N, L, B, 1, 1)."""

    def __init__(self, length: int, width: int, bars: int) -> None:
        super().__init__(
            nn.ConvTranspose3d(length, width, (2, 1, 1), (2, 1, 1)),
            nn.BatchNorm3d(width),
            nn.ReLU(),
            nn.ConvTranspose3d(width, length, (bars - 1, 1, 1)),
            nn.BatchNorm3d(length),
            nn.ReLU(),
        )


class PlainBar(nn.Module):
    """Table 4b: latents (N, L) to bars (N, 1, T, P)."""

    def __init__(self, rows: BarLayers, length: int) -> None:
        super().__init__()
        width, self._cut = rows.widths[0], rows.steps[0]
        self.first = nn.Sequential(nn.ConvTranspose3d(length, width, 1), nn.BatchNorm3d(width), nn.ReLU())
        layers: list[nn.Module] = []
        channels = width // self._cut
        for row in rows.layers:
            layers += [nn.ConvTranspose3d(channels, row.filters, row.kernel, row.kernel), nn.BatchNorm3d(row.filters)]
            layers.append(nn.ReLU())
            channels = row.filters
        last = (1, 1, rows.pitches[-1])
        self.layers = nn.Sequential(*layers, nn.ConvTranspose3d(channels, 1, last, last))

    def forward(self, latent: Tensor) -> Tensor:
        """Bars whose tanh is the music."""
        hidden = self.first(latent[:, :, None, None, None])
        bars: Tensor = self.layers(hidden.view(len(latent), self._cut, -1, 1, 1).permute(0, 2, 3, 1, 4))
        return bars.squeeze(1)


class PlainGenerator(nn.Module):
    """The hybrid's generator from scratch: its own networks for each track, and for each latent that flows."""

    def __init__(self, config: BarByBar, tracks: int, bars: int) -> None:
        super().__init__()
        latents = config.latents
        self.shared = PlainTemporal(latents.shared_flowing, config.temporal_width, bars)
        self.private = nn.ModuleList(
            PlainTemporal(latents.private_flowing, config.temporal_width, bars) for _ in range(tracks)
        )
        self.bars = nn.ModuleList(PlainBar(config.networks[0], latents.width) for _ in range(tracks))
        self._num = bars

    def forward(self, latents: Mapping[str, Tensor]) -> Tensor:
        """Phrases (N, K, B, T, P), of latents as `antiphon.families.musegan.latents` draws them."""
        shared = _over_time(self.shared, latents["shared_flowing"][:, 0, 0])
        tracks = []
        for track, (private, network) in enumerate(zip(self.private, self.bars, strict=True)):
            own = _over_time(private, latents["private_flowing"][:, track, 0])
            fixed = (latents["shared_fixed"][:, 0], latents["private_fixed"][:, track])
            whole = torch.cat([shared, own, *(part.expand(-1, self._num, -1) for part in fixed)], 2)
            bars = network(whole.flatten(0, 1)).tanh()
            tracks.append(bars.view(len(whole), self._num, *bars.shape[2:]))
        return torch.stack(tracks, 1)


class PlainLoop:
    """Both players, their optimizers and the data.

    Parameters
    ----------
    config
        A hybrid from scratch.
    adam
        Of both players.
    rolls
        float (N, K, B, T, P) of -1 and 1.
    batch_size
        Phrases a step.
    """

    def __init__(self, config: MuseganConfig, adam: AdamConfig, rolls: Tensor, batch_size: int, device: str) -> None:
        writer, judge = config.players
        if not isinstance(writer, BarByBar) or not isinstance(judge, Convolutional) or config.condition is not None:
            raise ValueError("the plain loop knows the hybrid from scratch and critics of convolutions")
        self.config, self._latents, self._device = config, writer.latents, device
        self.generator = PlainGenerator(writer, config.tracks, config.bars).to(device)
        self.critic = PlainCritic(judge, config.tracks, config.size).to(device)
        options = {"lr": adam.lr, "betas": (adam.beta1, adam.beta2)}
        self._moves_generator = torch.optim.Adam(self.generator.parameters(), **options)  # type: ignore[arg-type]
        self._moves_critic = torch.optim.Adam(self.critic.parameters(), **options)  # type: ignore[arg-type]
        self._loader = DataLoader(TensorDataset(rolls), batch_size, shuffle=True, drop_last=True)
        self._batches = self._endless()

    def cycle(self) -> None:
        """Steps of the critic, then one of the generator."""
        for _ in range(self.config.turns.critic_steps):
            real = next(self._batches).to(self._device)
            fake = self._written(len(real)).detach()
            self._moves_critic.zero_grad()
            loss = self.critic(fake).mean() - self.critic(real).mean()
            (loss + self.config.penalty * self.penalty(real, fake)).backward()
            self._moves_critic.step()
        self._moves_generator.zero_grad()
        (-self.critic(self._written(len(real))).mean()).backward()
        self._moves_generator.step()

    def penalty(self, real: Tensor, fake: Tensor, shares: Tensor | None = None) -> Tensor:
        """Of the critic's slopes between real and fake phrases."""
        shares = torch.rand(len(real), device=real.device) if shares is None else shares
        shares = shares[:, None, None, None, None]
        between = (shares * real + (1 - shares) * fake).requires_grad_()
        (slopes,) = torch.autograd.grad(self.critic(between).sum(), between, create_graph=True)
        return ((slopes.flatten(1).square().sum(1) + 1e-8).sqrt() - 1).square().mean()

    def _written(self, num: int) -> Tensor:
        like = next(self.generator.parameters())
        phrases: Tensor = self.generator(draw(self._latents, num, self.config.tracks, 1, like=like))
        return phrases

    def _endless(self) -> Iterator[Tensor]:
        while True:
            for (phrases,) in self._loader:
                yield phrases


def _over_time(network: nn.Module, latent: Tensor) -> Tensor:
    flowing: Tensor = network(latent[:, :, None, None, None])
    return flowing[:, :, :, 0, 0].transpose(1, 2)
