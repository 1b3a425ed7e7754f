"""Iterations and bars a second of midinet-v2 on a GPU, eager and replayed as CUDA graphs, and what limits them."""

from collections.abc import Callable

import torch
from torch.profiler import ProfilerActivity, profile

from antiphon.families.midinet.config import VARIANTS
from antiphon.training.loop import Trainer
from benchmarks.table import Row, UnavailableError, median_seconds
from benchmarks.train_step import build_trainer

NUM_BARS = 65_536
# Each kind of iteration, with figures and without, is recorded at its fourth time.
_WARM_UP = 5


def run(quick: bool = False) -> list[Row]:
    """Wall time with all work on the device done, figures read as often as in a run.

    Raises
    ------
    UnavailableError
        Without a GPU.
    """
    if not torch.cuda.is_available():
        raise UnavailableError("no GPU here; run it where torch.cuda.is_available()")
    repeats = 5 if quick else 41
    variant = VARIANTS["midinet-v2"]
    eager, captured = (build_trainer(variant, "cuda", capture) for capture in (False, True))
    return [
        _training("midinet-v2 training, eager", eager, repeats, ""),
        _training("midinet-v2 training, train.capture=true", captured, repeats, ">= 1000"),
        _generation(eager, repeats),
    ]


def _training(name: str, trainer: Trainer, repeats: int, target: str) -> Row:
    num = trainer.config.log_every

    def stretch() -> None:
        for _ in range(num):
            trainer.iterate()
        trainer.meter.read(trainer.all_reduce)
        torch.cuda.synchronize()

    seconds = median_seconds(stretch, repeats, _WARM_UP)
    note = f"{torch.cuda.get_device_name()}, batch {trainer.config.batch_size}; {limit(stretch, seconds)}"
    return Row(name, num / seconds, "iterations/s", target, note)


def limit(stretch: Callable[[], object], seconds: float) -> str:
    """What share of a stretch's wall time kernels take, and what that means."""
    share = _device_seconds(stretch) / seconds
    return f"kernels {share:.0%} of the time: {'the device limits' if share > 0.8 else 'Python and launches limit'} it"


def _device_seconds(stretch: Callable[[], object]) -> float:
    """Seconds that kernels and copies take in one call; tracing slows what launches them, hardly them."""
    with profile(activities=[ProfilerActivity.CUDA]) as profiler:
        stretch()
    # Annotations span the kernels inside them, which would count twice.
    events = [event for event in profiler.events() if event.device_type.name == "CUDA"]
    return 1e-6 * sum(float(event.self_device_time_total) for event in events if not event.is_user_annotation)


def _generation(trainer: Trainer, repeats: int) -> Row:
    trainer.release()
    objective = trainer.objective.eval()
    previous = torch.randint(60, 84, (NUM_BARS, 16), dtype=torch.uint8, device="cuda")

    def sample() -> None:
        with torch.no_grad():
            objective.sample(NUM_BARS, {"previous": previous})
        torch.cuda.synchronize()

    seconds = median_seconds(sample, repeats)
    name = f"midinet-v2, networks alone, {NUM_BARS} bars in one call"
    return Row(name, NUM_BARS / seconds, "bars/s", "", torch.cuda.get_device_name())
