"""One training iteration of the bar GAN at the released notebooks' settings: processor time on one thread, batch 72.

With `--peer CHECKOUT` the released code is timed in the same run.
"""

import time
from pathlib import Path
from statistics import median
from typing import Literal

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from antiphon.families.midinet.config import NOTEBOOKS, Variant
from antiphon.loader import Loader
from antiphon.training.config import AdamConfig, TrainConfig
from antiphon.training.loop import Trainer
from antiphon.training.trainer import launch
from benchmarks.midinet_peer import released_figures
from benchmarks.table import Row

# Milliseconds of processor time of the released code, measured once; the middle where runs differed.
STORED = {"v1": 105.5, "v2": 68.5, "v3": 121.0}
TARGETS = {"v1": 52.0, "v2": 34.0, "v3": 56.0}


def run(quick: bool = False, peer: Path | None = None) -> list[Row]:
    """Milliseconds an iteration of the trainer itself, seeds, feeding and figures included.

    Parameters
    ----------
    peer
        A checkout of the released code, timed in the same run; None: the stored figure is shown.
    """
    torch.set_num_threads(1)
    return _rows(9 if quick else 41, peer)


def _rows(repeats: int, peer: Path | None) -> list[Row]:
    rate = matrix_rate()
    rows = [Row("matrix products, 512 x 512 floats, one thread", rate / 1e9, "GFLOP/s", "", "sgemm, the same run")]
    figures = released_figures(peer, repeats)
    for version, variant in NOTEBOOKS.items():
        trainer = build_trainer(variant)
        operations = _operations(trainer)
        milliseconds = 1e3 * processor_seconds(trainer.iterate, repeats)
        released = STORED[version] if figures is None else figures[version]["milliseconds"]
        family = variant.family
        what = f"midinet-{version} iteration, {family.discriminator_steps}D+{family.generator_steps}G"
        share = operations / (milliseconds / 1e3) / rate
        note = f"{operations / 1e9:.2f} GFLOP, {share:.0%} of the matrix rate"
        source = "stored figure" if figures is None else "timed in this run"
        rows += [
            Row(what, milliseconds, "ms CPU", f"<= {TARGETS[version]:g}", note),
            Row(f"{what}, released code", released, "ms CPU", "", source),
            Row(f"{what}, ours of theirs", 100 * milliseconds / released, "%", "<= 50", source),
        ]
    return rows


def matrix_rate() -> float:
    """Floating-point operations a second in products of matrices that stay in the cache."""
    left, right = torch.randn(512, 512), torch.randn(512, 512)
    return 2 * 512**3 / processor_seconds(lambda: left @ right, 50)


def processor_seconds(call: object, repeats: int) -> float:
    """Median processor seconds of one call, after three that are not counted."""
    assert callable(call)
    times = []
    for _ in range(repeats + 3):
        begin = time.process_time()
        call()
        times.append(time.process_time() - begin)
    return median(times[3:])


def build_trainer(variant: Variant, device: Literal["cpu", "cuda"] = "cpu", capture: bool = False) -> Trainer:
    """The trainer of a run of that variant, on 50,000 rows of random bars."""
    chance = np.random.default_rng(0)
    bars = {name: chance.integers(60, 84, (50_000, 16), dtype=np.uint8) for name in ("real", "previous")}
    rows = {**bars, "chord": chance.integers(0, 25, 50_000, dtype=np.uint8)}
    config = TrainConfig(
        batch_size=variant.batch_size,
        iterations=1_000,
        generator=AdamConfig(lr=variant.generator_rate),
        discriminator=AdamConfig(lr=variant.discriminator_rate),
        device=device,
        capture=capture,
    )
    torch.manual_seed(0)
    return Trainer(variant.family.build(), Loader(rows, variant.batch_size), config, launch(config))


def _operations(trainer: Trainer) -> int:
    with FlopCounterMode(display=False) as counter:
        trainer.iterate()
    return int(counter.get_total_flops())
