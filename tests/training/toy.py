"""A small GAN on points of the plane, with batch norm, dropout and two terms, for tests of the trainer."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from antiphon.gan.objective import Batch, Objective, Outcome, Phase
from antiphon.loader import Loader
from antiphon.training.config import AdamConfig, TrainConfig

CARD = {"family": {"kind": "toy"}, "preset": "toy", "licence": "MIT"}
PHASES = (Phase("discriminator", "discriminator"), Phase("generator", "generator", steps=2))


class Toy(Objective):
    """Non-saturating GAN of two tiny perceptrons; remembers which phases ran and with which players free."""

    def __init__(self, phases: tuple[Phase, ...] = PHASES, norm: bool = True) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            norms: list[nn.Module] = [nn.BatchNorm1d(8)] if norm else []
            noise: list[nn.Module] = [nn.Dropout(0.2)] if norm else []
            self.generator = nn.Sequential(nn.Linear(2, 8), *norms, nn.ReLU(), nn.Linear(8, 2))
            self.discriminator = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), *noise, nn.Linear(8, 1))
        self._phases = phases
        self.calls: list[tuple[str, int]] = []

    @property
    def phases(self) -> tuple[Phase, ...]:
        return self._phases

    def losses(self, phase: Phase, batch: Batch, iteration: int) -> Outcome:
        self.calls.append((phase.name, iteration))
        real = batch["real"].float()
        fake_logits = self.discriminator(self.sample(len(real), {}))
        if phase.player == "generator":
            return Outcome({"adversarial": softplus(-fake_logits).mean()})
        real_logits = self.discriminator(real)
        return Outcome(
            {"real": softplus(-real_logits).mean(), "fake": softplus(fake_logits).mean()},
            {
                "confidence_real": real_logits.sigmoid().mean(),
                "confidence_fake": 1 - fake_logits.sigmoid().mean(),
            },
        )

    def sample(self, num: int, condition: Batch) -> Tensor:
        points: Tensor = self.generator(torch.randn(num, 2, device=next(self.parameters()).device))
        return points


def toy_rows(num: int = 50) -> dict[str, np.ndarray]:
    points = np.random.default_rng(0).integers(0, 255, size=(num, 2))
    return {"real": points.astype(np.uint8), "song": np.arange(num, dtype=np.int32)}


def toy_loader(num: int = 50, batch_size: int = 8) -> Loader:
    return Loader(toy_rows(num), batch_size, seed=3)


def toy_config(**changes: object) -> TrainConfig:
    values: dict[str, object] = {
        "batch_size": 8,
        "iterations": 12,
        "seed": 5,
        "generator": AdamConfig(lr=1e-2),
        "discriminator": AdamConfig(lr=1e-2),
        "ema_decay": 0.9,
        "log_every": 3,
        "checkpoint_every": 5,
        "device": "cpu",
    }
    return TrainConfig.parse(values | changes)
