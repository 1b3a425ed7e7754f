"""What the training loop costs over a hand-written one, and what feeding data costs of a step."""

import functools
import operator
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from antiphon.gan.objective import Batch, Objective, Outcome, Phase
from antiphon.loader import Loader
from antiphon.training.checkpoint import read_checkpoint, write_checkpoint
from antiphon.training.config import TrainConfig
from antiphon.training.loop import Trainer
from antiphon.training.seeds import seed_torch
from antiphon.training.trainer import launch
from benchmarks.table import Row

_STEP_SECONDS = 0.030


class _Small(Objective):
    """A game so cheap that what surrounds it shows."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = nn.Sequential(nn.Linear(8, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 16))
        self.discriminator = nn.Sequential(nn.Linear(16, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))

    @property
    def phases(self) -> tuple[Phase, ...]:
        return (Phase("discriminator", "discriminator"), Phase("generator", "generator", steps=2))

    def losses(self, phase: Phase, batch: Batch, iteration: int) -> Outcome:
        fake = self.discriminator(self.sample(len(batch["real"]), {}))
        if phase.player == "generator":
            return Outcome({"adversarial": softplus(-fake).mean()})
        real = self.discriminator(batch["real"].float())
        return Outcome({"real": softplus(-real).mean(), "fake": softplus(fake).mean()})

    def sample(self, num: int, condition: Batch) -> Tensor:
        points: Tensor = self.generator(torch.randn(num, 8))
        return points


def _loader() -> Loader:
    """The bar GAN's v3 rows at its published size: 50,000 of 33 bytes, batch 72."""
    rng = np.random.default_rng(0)
    rows = {name: rng.integers(60, 84, (50_000, 16), dtype=np.uint8) for name in ("real", "previous")}
    return Loader({**rows, "chord": rng.integers(0, 25, 50_000, dtype=np.uint8)}, batch_size=72)


def _hand_written(objective: Objective, batches: list[dict[str, Tensor]]) -> Callable[[int], None]:
    """The same game as a careful hand would write it: the resting player frozen, but no seeds and no figures kept."""
    players = {"generator": objective.generator, "discriminator": objective.discriminator}
    optimizers = {name: torch.optim.AdamW(network.parameters(), fused=True) for name, network in players.items()}

    def iterate(iteration: int) -> None:
        for phase in objective.phases:
            for name, network in players.items():
                network.requires_grad_(name == phase.player)
            for _ in range(phase.steps):
                terms = objective.losses(phase, batches[iteration % len(batches)], iteration).terms
                optimizers[phase.player].zero_grad(set_to_none=True)
                functools.reduce(operator.add, terms.values()).backward()  # type: ignore[no-untyped-call]
                optimizers[phase.player].step()

    return iterate


def _interleaved(calls: dict[str, Callable[[int], None]], rounds: int, each: int) -> dict[str, float]:
    """Median CPU seconds of one call of each, taken in turns so that a busy machine slows all alike."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            begin = time.process_time()
            for index in range(each):
                call(index)
            times[name].append((time.process_time() - begin) / each)
    return {name: statistics.median(values) for name, values in times.items()}


def run(quick: bool = False) -> list[Row]:
    """Milliseconds an iteration around the losses, the loader's share of a step, a checkpoint's time."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _rows(rounds=5 if quick else 25, each=40 if quick else 200)
    finally:
        torch.set_num_threads(threads)


def _rows(rounds: int, each: int) -> list[Row]:
    loader, objective = _loader(), _Small()
    config = TrainConfig(batch_size=72, iterations=10**9, device="cpu", log_every=50)
    trainer = Trainer(objective, loader, config, launch(config))

    def ours(index: int) -> None:
        trainer.iterate()
        if trainer.iteration % config.log_every == 0:
            trainer.meter.read(trainer.all_reduce)

    bare = _hand_written(_Small(), [loader.batch(index) for index in range(20)])
    seconds = _interleaved(
        {
            "hand-written": bare,
            "trainer": ours,
            "loader": loader.batch,  # type: ignore[dict-item]
            "seeds": lambda index: seed_torch(0, 0, index),
        },
        rounds,
        each,
    )
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        write_checkpoint(Path(folder), trainer.state())
        checkpoint = time.perf_counter() - begin
        assert read_checkpoint(Path(folder)) is not None
    overhead = seconds["trainer"] - seconds["hand-written"]
    return [
        Row("hand-written iteration (1 D + 2 G, tiny networks)", 1e3 * seconds["hand-written"], "ms", "", "CPU time"),
        Row(
            "trainer over hand-written, an iteration",
            1e3 * overhead,
            "ms",
            "< 0.3",
            "seeds, loader, figures, batch norms held",
        ),
        Row("of it: reseeding", 1e6 * seconds["seeds"], "us"),
        Row("loader, a batch of 72", 1e6 * seconds["loader"], "us", "", "50,000 rows of 33 bytes"),
        Row("loader's share of a 30 ms step", 100 * seconds["loader"] / _STEP_SECONDS, "%", "< 2"),
        Row("checkpoint of the tiny networks", 1e3 * checkpoint, "ms", "", "wall time, with fsync"),
    ]
