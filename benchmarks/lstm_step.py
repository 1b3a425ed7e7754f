"""One training iteration of the LSTM GAN at the published sizes, batch 64: sequences of 64 notes beside single notes.

Processor time on one thread. The released code has no sequences; 64 times its work is held against its own step.
The share of the matrix rate can exceed 100 %: on some processors torch's recurrence uses wider vectors than its matrix
product does.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from antiphon.loader import Loader
from antiphon.presets.table import get_preset
from antiphon.training.loop import Trainer
from antiphon.training.trainer import launch
from benchmarks.table import Row
from benchmarks.train_step import matrix_rate, processor_seconds

# Milliseconds of processor time of the released code's step on single notes, the middle of 28.4 to 32.1.
STORED = 30.0
_MOST_STEPS = 45


def run(quick: bool = False) -> list[Row]:
    """Milliseconds an iteration of the trainer itself, seeds, feeding and figures included."""
    torch.set_num_threads(1)
    repeats = 5 if quick else 21
    rate = matrix_rate()
    rows = [Row("matrix products, 512 x 512 floats, one thread", rate / 1e9, "GFLOP/s", "", "sgemm, the same run")]
    milliseconds = {}
    for preset in ("lstm-gan-as-published", "lstm-gan"):
        trainer = build_trainer(preset)
        milliseconds[preset] = 1e3 * processor_seconds(trainer.iterate, repeats)
        work = operations(trainer)
        share = work / (milliseconds[preset] / 1e3) / rate
        note = f"{work / 1e9:.2f} GFLOP, {share:.0%} of the matrix rate"
        rows.append(Row(f"{preset} iteration, 1D+1G", milliseconds[preset], "ms CPU", "", note))
    single, whole = milliseconds.values()
    rows.append(Row("64 notes of one note, both ours", whole / single, "steps", "", "the same run"))
    released = f"of {STORED:g} ms, the released code's on single notes, stored"
    return [*rows, Row("64 notes of the released code's one", whole / STORED, "steps", f"<= {_MOST_STEPS}", released)]


def build_trainer(preset: str) -> Trainer:
    """The trainer of a run of that preset, on 5,000 rows of random notes."""
    config = get_preset(preset).resolve(["train.iterations=1000", "train.device=cpu"])
    chance = np.random.default_rng(0)
    real = chance.integers((40, 0, 0), (90, 16, 8), (5_000, 64, 3), dtype=np.uint8)
    rows: dict[str, NDArray[Any]] = {"real": real, "length": np.full(5_000, 64, np.int16)}
    torch.manual_seed(0)
    objective = config.family.build()
    objective.calibrate({name: torch.from_numpy(values) for name, values in rows.items()})
    return Trainer(objective, Loader(rows, config.train.batch_size), config.train, launch(config.train))


def operations(trainer: Trainer) -> int:
    """Floating-point operations of an iteration's matrix products, of which torch cannot count those of a recurrence.

    A pass forward costs two a weight and note, a pass back as many for the states before and as many for the weights.
    """
    objective = trainer.objective
    products = {
        player: sum(weight.numel() for weight in getattr(objective, player).parameters() if weight.ndim == 2)
        for player in ("generator", "discriminator")
    }
    # The generator writes for either turn and learns in its own; the discriminator judges both sides and learns from
    # both, then judges the fakes and passes back what it felt.
    passes = 4 * products["generator"] + 8 * products["discriminator"]
    notes = trainer.config.batch_size * objective.augment(trainer.loader.batch(0))["real"].shape[1]
    return int(2 * notes * passes)
