"""The paper's generator: figure 5, for jamming, composer and hybrid, from scratch and to a given track."""

import torch
from torch import Tensor, nn

from antiphon.families.musegan.bar_networks import BarEncoder, BarNetwork, TemporalNetwork
from antiphon.families.musegan.latents import Latents, joined
from antiphon.families.musegan.layers import Grid
from antiphon.families.musegan.players import BarByBar


class BarByBarGenerator(nn.Module):
    """Latents, and by configuration a given track, to activations of the other tracks.

    Axes: N phrases, K track, B bar, T step, P pitch.

    Parameters
    ----------
    config
        See there.
    size
        Bars, steps and pitches of a phrase.
    written
        The tracks that it writes.
    given
        Whether a track is given.
    """

    def __init__(self, config: BarByBar, size: Grid, written: tuple[int, ...], given: bool) -> None:
        super().__init__()
        self.config, self.written, self.num_bars = config, written, size[0]
        self._together = config.written == "together"
        num = 1 if self._together else len(written)
        layers = config.networks if len(config.networks) == num else config.networks * num
        self.temporal = nn.ModuleDict(self._temporal(len(written)))
        num_encoders = 0 if not given else num if config.encoders == "one a track" else 1
        self.encoders = nn.ModuleList(
            BarEncoder(row, config.encoder_width, config.norm) for row in layers[:num_encoders]
        )
        encoded = config.encoder_width if given else 0
        tracks = len(written) if self._together else 1
        self.networks = nn.ModuleList(
            BarNetwork(row, config.latents.width, tracks, encoded, config.norm) for row in layers
        )

    def forward(self, latents: Latents, given: Tensor | None = None) -> Tensor:
        """Activations (N, K, B, T, P) of the written tracks; a given track is (N, B, T, P) of -1 and 1."""
        bars = next((part.shape[2] for name, part in latents.items() if "flowing" in name), 1)
        bars = self.num_bars if self.config.flow != "drawn" else bars if given is None else given.shape[1]
        flowing = self._flowing(latents)
        tracks = (0,) if self._together else self.written
        players = [joined(self.config.latents, flowing, track, bars) for track in tracks]
        if self.config.norm != "batch":
            return self._bars(players, given)
        each = range(bars)
        one_by_one = ([part[:, bar : bar + 1] for part in players] for bar in each)
        givens = [None if given is None else given[:, bar : bar + 1] for bar in each]
        return torch.cat([self._bars(part, beside) for part, beside in zip(one_by_one, givens, strict=True)], 2)

    def _bars(self, players: list[Tensor], given: Tensor | None) -> Tensor:
        """Bars of all written tracks, each player's latents (N, B, L) at once."""
        num, bars = players[0].shape[:2]
        beside = None if given is None else given.flatten(0, 1)[:, None, ..., None]
        stages = [None if beside is None else encoder(beside) for encoder in self.encoders] or [None]
        stages = stages if len(stages) == len(players) else stages * len(players)
        written = [
            network(latent.flatten(0, 1), told)
            for network, latent, told in zip(self.networks, players, stages, strict=True)
        ]
        cells = torch.cat(written, 4)
        return cells.view(num, bars, *cells.shape[2:]).permute(0, 4, 1, 2, 3)

    def _temporal(self, num_written: int) -> dict[str, nn.Module]:
        """The temporal networks by the names of their latents; one for each written track of private ones."""
        config, lengths = self.config, self.config.latents.lengths
        flowing = [name for name in ("shared_flowing", "private_flowing") if name in lengths]
        if config.flow == "drawn" or not flowing:
            return {}

        def network(name: str) -> TemporalNetwork:
            return TemporalNetwork(lengths[name], config.temporal_width, self.num_bars, config.norm)

        if config.flow == "one":
            return {"all": network(flowing[0])}
        each = {"shared_flowing": 1, "private_flowing": num_written}
        return {name: nn.ModuleList(network(name) for _ in range(each[name])) for name in flowing}

    def _flowing(self, latents: Latents) -> dict[str, Tensor]:
        """The latents with a value a bar in those that flow."""
        if not self.temporal:
            return dict(latents)
        return {name: self._over_time(name, part) if "flowing" in name else part for name, part in latents.items()}

    def _over_time(self, name: str, part: Tensor) -> Tensor:
        """(N, K, 1, L) to (N, K, B, L); a given track's own are left out of account."""
        networks = self.temporal["all" if "all" in self.temporal else name]
        tracks = self.written if part.shape[1] > 1 else (0,)
        players = list(networks) if isinstance(networks, nn.ModuleList) else [networks] * len(tracks)
        made = {track: network(part[:, track, 0]) for track, network in zip(tracks, players, strict=True)}
        nothing = part.expand(-1, -1, self.num_bars, -1)
        return torch.stack([made.get(track, nothing[:, track]) for track in range(part.shape[1])], 1)
