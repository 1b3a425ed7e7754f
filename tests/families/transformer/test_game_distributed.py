"""Two processes play the game as one does on the joined batch: critic, penalty, generator and likelihood alike."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from torch import Tensor

from antiphon.families.transformer.config import TransformerConfig
from antiphon.families.transformer.critic_designs import BertCritic
from antiphon.families.transformer.designs import XlNetwork
from antiphon.families.transformer.game import TransformerGame
from antiphon.families.transformer.game_config import Game
from antiphon.gan.objective import Batch, Outcome, Phase
from antiphon.loader import Loader
from antiphon.training.checkpoint import read_checkpoint
from antiphon.training.config import TrainConfig
from antiphon.training.trainer import fit

ROOT = Path(__file__).parents[3]
NETWORK = XlNetwork(num_layers=1, width=8, num_heads=2, feedforward=8, dropout=0.0, attention_dropout=0.0)
CRITIC = BertCritic(num_layers=2, width=8, num_heads=2, inner=8, positions=8, dropout=0.0, freeze=("embeddings", "0"))
GAME = Game(length=12, windows=2, context=2, memory=12, after=0, critic_every=1, generator_every=2, rise=4)
OPTIMIZER = {"lr": 0.01, "clip_norm": 1.0}


def _halves(values: Tensor, **_: Any) -> Tensor:
    return torch.full_like(values, 0.5)


def _half(*shape: int, **options: Any) -> Tensor:
    return torch.full(shape, 0.5, **options)


class Still(TransformerGame):
    """The game without chance: what two processes draw would differ."""

    def losses(self, phase: Phase, batch: Batch, iteration: int) -> Outcome:
        """As the game has it."""
        outcome = self._still(lambda: super(Still, self).losses(phase, batch, iteration))
        assert outcome is not None
        return outcome

    def _still(self, made: Callable[[], Outcome | None]) -> Outcome | None:
        with patch("torch.rand_like", _halves), patch("torch.rand", _half):
            outcome = made()
        return None if outcome is None else replace(outcome, then=lambda: self._still(outcome.then))


def objective(gradient: str, loss: str) -> Still:
    """The same first weights everywhere."""
    torch.manual_seed(4)
    game = GAME.model_copy(update={"gradient": gradient, "loss": loss})
    return Still(TransformerConfig(network=NETWORK, vocabulary=16, segment=8, memory=8, critic=CRITIC, game=game))


def loader() -> Loader:
    """Batches of eight."""
    chance = np.random.default_rng(0)
    shapes = {"real": 9, "crop": 24}
    rows = {name: chance.integers(2, 16, (16, length)) for name, length in shapes.items()}
    return Loader({**rows, "fresh": np.arange(16) % 3 == 0}, 8, seed=3)


def play(folder: Path, gradient: str, loss: str) -> None:
    """Four iterations."""
    values = {"batch_size": 8, "iterations": 4, "seed": 1, "device": "cpu", "log_every": 2, "accumulate": 2}
    optimizers = dict.fromkeys(("generator", "discriminator", "adversarial"), OPTIMIZER)
    config = TrainConfig.parse({**values, **optimizers})
    fit(objective(gradient, loss), loader(), config, folder, {"family": {"kind": "still"}})


PLAYED = (("tokens", "wasserstein"), ("segment", "relativistic"), ("choices", "hinge"))
SCRIPT = """
import sys
from pathlib import Path
import torch
from tests.families.transformer.test_game_distributed import PLAYED, play
for number, played in enumerate(PLAYED):
    play(Path(sys.argv[1]) / str(number), *played)
torch.distributed.destroy_process_group()
"""


@pytest.mark.slow
def test_two_processes_equal_one_on_the_joined_batch(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    subprocess.run([*command, str(tmp_path / "script.py"), str(tmp_path)], env=environment, check=True, timeout=280)
    for number, played in enumerate(PLAYED):
        play(tmp_path / "alone" / str(number), *played)
        one, two = (read_checkpoint(folder / str(number)) for folder in (tmp_path / "alone", tmp_path))
        assert one is not None and two is not None
        first = objective(*played).state_dict()
        for name, weight in one["objective"].items():
            # Losses of differences leave its gradient at a rounding error, which Adam makes a step of.
            if name == "discriminator.classifier.bias":
                continue
            torch.testing.assert_close(two["objective"][name], weight, rtol=1e-3, atol=1e-4)
        moved = {name for name, weight in one["objective"].items() if not torch.equal(weight, first[name])}
        assert {"generator.embedding", "discriminator.pooler.weight"} <= moved
