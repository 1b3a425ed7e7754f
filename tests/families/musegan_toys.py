"""MuseGAN's rows at toy width, with phrases to play on."""

from typing import Any

import torch
from torch import Tensor

from antiphon.families.musegan.config import MuseganConfig
from antiphon.families.musegan.objective import Musegan
from antiphon.families.musegan.variants import VARIANTS
from antiphon.gan.objective import Batch, Phase

NARROW = 0.02


def toy(name: str, **changes: Any) -> Musegan:
    """A row's game with narrow layers, in training."""
    family = MuseganConfig.model_validate({**dict(VARIANTS[name].family), "scale": NARROW, **changes})
    return family.build().train()


def phrases(game: Musegan, num: int = 3, seed: int = 1) -> dict[str, Tensor]:
    """A batch in which a cell of twenty sounds."""
    config, chance = game.config, torch.Generator().manual_seed(seed)
    size = (num, config.tracks, config.bars, config.steps, config.pitches)
    return {"real": torch.rand(size, generator=chance) < 0.05}


def hold(game: Musegan, phase: Phase) -> None:
    """Let only the player of a phase move."""
    for player in ("generator", "discriminator"):
        getattr(game, player).requires_grad_(player == phase.player)


def total(game: Musegan, phase: Phase, batch: Batch, iteration: int = 0) -> Tensor:
    return torch.stack(tuple(game.losses(phase, batch, iteration).terms.values())).sum()
