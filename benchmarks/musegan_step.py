"""Phrases a second of training MuseGAN's hybrid at the paper's sizes, beside a plain loop with the same networks.

A phrase counts once it has been through a whole cycle: five steps of the critic and one of the generator. One thread
is timed by the processor's clock, two by the wall's.
"""

# Torch's modes bear no types.
# mypy: disable-error-code="no-untyped-call"

import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from antiphon.data.corpus import Corpus
from antiphon.data.views import view
from antiphon.families.musegan.config import MuseganConfig
from antiphon.families.musegan.players import BARS, Convolutional
from antiphon.loader import Loader
from antiphon.nn.bits import unpack
from antiphon.presets.table import get_preset
from antiphon.resolved import RunConfig
from antiphon.training.loop import Trainer
from antiphon.training.trainer import launch
from benchmarks.musegan_plain import PlainLoop
from benchmarks.table import Row, peak_megabytes

CRITICS = {"bar": BARS, "3-D": Convolutional()}
GOALS = {"bar": 1.5, "3-D": 4.0}
PAPER_PHRASES = 20 * 50_266
"""The paper's set, twenty times."""

_CLOCKS = {1: time.process_time, 2: time.perf_counter}
_MEMORY_BATCH, _MOST_MEBIBYTES, _MOST_FEEDING = 64, 6 * 1024, 2
_NUM_PHRASES = 128


def run(quick: bool = False) -> list[Row]:
    """Rows for both critics, and the memory of the one over phrases."""
    batch_size, rounds = (4, 2) if quick else (16, 3)
    threads = torch.get_num_threads()
    try:
        rows = [row for critic in CRITICS for row in _of(critic, batch_size, rounds)]
    finally:
        torch.set_num_threads(threads)
    return [*rows, _memory_row()]


def resolve(critic: str, *overrides: str) -> RunConfig:
    """The paper's hybrid with a critic of phrases or of bars."""
    config = get_preset("musegan-hybrid").resolve(["train.iterations=1000000", *overrides])
    family = config.family.model_copy(update={"discriminator": CRITICS[critic]})
    return config.model_copy(update={"family": family})


def build_trainer(config: RunConfig) -> Trainer:
    """The trainer of that run, on phrases of Freedoom."""
    train = config.train
    torch.manual_seed(0)
    loader = Loader({"real": _phrases(config)}, train.batch_size)
    return Trainer(config.family.build(), loader, train, launch(train))


def build_plain(config: RunConfig, device: str = "cpu") -> PlainLoop:
    """The plain loop of that run, on the same phrases."""
    train = config.train
    return PlainLoop(_musegan(config.family), train.generator, rolls(config), train.batch_size, device)


def rolls(config: RunConfig) -> Tensor:
    """Those phrases as floats of -1 and 1, (N, K, B, T, P)."""
    return unpack(torch.from_numpy(_phrases(config)), _musegan(config.family).size[1:]) * 2 - 1


def cycle(trainer: Trainer) -> None:
    """As many iterations as lie between two steps of the generator."""
    for _ in range(_musegan(trainer.objective.config).turns.critic_steps):
        trainer.iterate()


def operations(config: RunConfig) -> float:
    """Floating-point operations of a phrase's cycle, as torch counts those of the plain loop."""
    plain, counting = build_plain(config.override(["train.batch_size=1"])), _Counting()
    with counting:
        plain.cycle()
    return counting.total


def median_of_each(calls: dict[str, Callable[[], object]], rounds: int, clock: Callable[[], float]) -> dict[str, float]:
    """Median seconds of each, in turns so that a busy machine slows all alike, after a call that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds + 1):
        for name, call in calls.items():
            begin = clock()
            call()
            times[name].append(clock() - begin)
    return {name: median(each[1:]) for name, each in times.items()}


def main(critic: str, batch_size: str, *overrides: str) -> None:
    """Print MiB that this process held at most, before and after an iteration in which both players move."""
    torch.set_num_threads(1)
    config = resolve(critic, f"train.batch_size={batch_size}", "train.device=cpu", *overrides)
    trainer = build_trainer(config)
    before = peak_megabytes()
    trainer.iteration = _musegan(config.family).turns.critic_steps - 1
    trainer.iterate()
    print(before, peak_megabytes())


class _Counting(TorchDispatchMode):
    """Counts products; torch's own counter cannot be there when gradients are asked for within a step."""

    total = 0.0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if (count := flop_registry.get(func._overloadpacket)) is not None:
            self.total += count(*args, **(kwargs or {}), out_val=made)
        return made


def _of(critic: str, batch_size: int, rounds: int) -> list[Row]:
    config = resolve(critic, f"train.batch_size={batch_size}", "train.device=cpu")
    work, trainer, plain = operations(config), build_trainer(config), build_plain(config)
    calls: dict[str, Callable[[], object]] = {"ours": partial(cycle, trainer), "plain": plain.cycle}
    rows: list[Row] = []
    for threads, clock in _CLOCKS.items():
        torch.set_num_threads(threads)
        seconds = median_of_each(calls, rounds, clock)
        what = f"{critic} critic, batch {batch_size}, {_how(threads)}"
        rows += _compared(what, {name: batch_size / each for name, each in seconds.items()}, work, GOALS[critic])
        if threads == 1:
            rows.append(_feeding_row(critic, trainer, seconds["ours"]))
    return rows


def _compared(what: str, rates: dict[str, float], work: float, goal: float) -> list[Row]:
    ours, plain = rates["ours"], rates["plain"]
    speeds = [f"{work * rate / 1e9:.0f} GFLOP/s" for rate in (ours, plain)]
    days = f"the paper's 20 epochs: {PAPER_PHRASES / ours / 86_400:.0f} days"
    note = f"{work / 1e9:.1f} GFLOP a phrase as the plain loop computes it, {speeds[0]}; {days}"
    return [
        Row(what, ours, "phrases/s", "", note),
        Row(f"{what}: plain loop", plain, "phrases/s", "", speeds[1]),
        Row(f"{what}: ours of theirs", ours / plain, "times", f">= {goal:g}", "the same run"),
    ]


def _feeding_row(critic: str, trainer: Trainer, seconds: float) -> Row:
    """The batches of a cycle: chosen, unpacked and made signed."""
    family = _musegan(trainer.objective.config)

    def feed() -> None:
        for iteration in range(family.turns.critic_steps):
            unpack(trainer.loader.batch(iteration)["real"], family.size[1:]).mul(2).sub(1)

    feeding = median_of_each({"feeding": feed}, 5, time.process_time)["feeding"]
    return Row(f"{critic} critic: data feeding", 100 * feeding / seconds, "% of a cycle", f"< {_MOST_FEEDING}")


def _memory_row() -> Row:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.musegan_step", "3-D", str(_MEMORY_BATCH)]
    finished = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    before, most = (float(word) for word in finished.stdout.split()[-2:])
    what = f"3-D critic: peak of a step of both players, batch {_MEMORY_BATCH}"
    return Row(what, most, "MiB", f"< {_MOST_MEBIBYTES}", f"the whole process, {before:.0f} MiB before the step")


def _phrases(config: RunConfig) -> NDArray[Any]:
    """Packed phrases of Freedoom, uint8 (N, K, B, bytes)."""
    real = view(Corpus.open("freedoom"), config.codec, "train", 1)["real"]
    chosen = np.random.default_rng(0).permutation(len(real))[:_NUM_PHRASES]
    return np.array(real[np.sort(chosen)])


def _musegan(config: object) -> MuseganConfig:
    assert isinstance(config, MuseganConfig)
    return config


def _how(threads: int) -> str:
    return "one thread" if threads == 1 else "two threads, wall time"


if __name__ == "__main__":
    main(*sys.argv[1:])
