"""MuseGAN's rows at toy width, with phrases to play on."""

from typing import Any

import torch
from torch import Tensor

from antiphon.families.musegan.config import MuseganConfig
from antiphon.families.musegan.objective import Musegan
from antiphon.families.musegan.variants import VARIANTS
from antiphon.gan.objective import Batch, Phase
from antiphon.nn.bits import pack, unpack

NARROW = 0.02


def toy(name: str, **changes: Any) -> Musegan:
    """A row's game with narrow layers, in training."""
    family = MuseganConfig.model_validate({**dict(VARIANTS[name].family), "scale": NARROW, **changes})
    return family.build().train()


def phrases(game: Musegan, num: int = 3, seed: int = 1) -> dict[str, Tensor]:
    """A batch in which a cell of twenty sounds, packed as the codec packs it."""
    chance = torch.Generator().manual_seed(seed)
    return {"real": pack(torch.rand(shape(game, num), generator=chance) < 0.05, 2)}


def shape(game: Musegan, num: int) -> tuple[int, ...]:
    """Of phrases as cells."""
    return num, game.config.tracks, *game.config.size


def cells(game: Musegan, batch: Batch) -> Tensor:
    """A batch's phrases, bool (N, K, B, T, P)."""
    return unpack(batch["real"], game.config.size[1:]).bool()


def hold(game: Musegan, phase: Phase) -> None:
    """Let only the player of a phase move."""
    for player in ("generator", "discriminator"):
        getattr(game, player).requires_grad_(player == phase.player)


def total(game: Musegan, phase: Phase, batch: Batch, iteration: int = 0) -> Tensor:
    return torch.stack(tuple(game.losses(phase, batch, iteration).terms.values())).sum()
