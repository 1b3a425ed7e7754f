"""Phrases a second of training MuseGAN's hybrid on a GPU, eager and replayed as CUDA graphs, and what limits them."""

import time
from collections.abc import Callable
from functools import partial

import torch

from benchmarks.gpu import limit
from benchmarks.musegan_step import (
    CRITICS,
    PAPER_PHRASES,
    build_plain,
    build_trainer,
    cycle,
    median_of_each,
    operations,
    resolve,
)
from benchmarks.table import Row, UnavailableError

KINDS = {
    "float32": ["train.precision=float32"],
    "bfloat16": ["train.precision=bfloat16"],
    "bfloat16, train.capture=true": ["train.precision=bfloat16", "train.capture=true"],
}
# Each kind of iteration, with figures and without, is recorded at its fourth time.
_WARM_UP = 5
_SIDE = 8192


def run(quick: bool = False) -> list[Row]:
    """Phrases a second at the paper's batch, all work on the device done; grids have their channels last throughout.

    Raises
    ------
    UnavailableError
        Without a GPU.
    """
    if not torch.cuda.is_available():
        raise UnavailableError("no GPU here; run it where torch.cuda.is_available()")
    rounds = 2 if quick else 5
    peak = _matrix_rate()
    name = torch.cuda.get_device_name()
    rows = [Row(f"products of {_SIDE} x {_SIDE} in bfloat16 on {name}", peak / 1e12, "TFLOP/s", "", "")]
    return rows + [row for critic in CRITICS for row in _of(critic, rounds, peak)]


def _of(critic: str, rounds: int, peak: float) -> list[Row]:
    config = resolve(critic, "train.device=cuda")
    work = config.train.batch_size * operations(config)
    rows = []
    for kind, overrides in KINDS.items():
        what = f"{critic} critic, batch {config.train.batch_size}, {kind}"
        try:
            call = partial(_done, partial(cycle, build_trainer(config.override(overrides))))
            seconds = _seconds(call, rounds, _WARM_UP)
            note = f"{work / seconds / peak:.1%} of the products' rate; {limit(call, seconds)}"
        except RuntimeError as error:
            rows.append(Row(what, float("nan"), "phrases/s", "", f"not there: {str(error).splitlines()[0]}"))
            continue
        rows.append(_row(what, config.train.batch_size / seconds, note))
    plain = _seconds(partial(_done, build_plain(config, "cuda").cycle), rounds, 1)
    return [*rows, _row(f"{critic} critic, plain loop, float32", config.train.batch_size / plain, "")]


def _row(what: str, rate: float, note: str) -> Row:
    paper = f"the paper's 20 epochs: {PAPER_PHRASES / rate / 60:.0f} minutes"
    return Row(what, rate, "phrases/s", "", f"{note}; {paper}" if note else paper)


def _done(call: Callable[[], object]) -> None:
    call()
    torch.cuda.synchronize()


def _seconds(call: Callable[[], object], rounds: int, warm_up: int) -> float:
    for _ in range(warm_up):
        call()
    return median_of_each({"it": call}, rounds, time.perf_counter)["it"]


def _matrix_rate() -> float:
    """Operations a second of a product of large matrices."""
    left, right = (torch.randn(_SIDE, _SIDE, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    return 2 * _SIDE**3 / _seconds(partial(_done, partial(torch.matmul, left, right)), 5, 2)
