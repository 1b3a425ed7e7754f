"""The one training loop: phases as data, all chance from (seed, rank, iteration), resume by the same call."""

import atexit
import logging
import math
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch

from antiphon.errors import InputError
from antiphon.gan.objective import Objective
from antiphon.training.checkpoint import (
    BEST,
    averaged,
    complete_card,
    read_checkpoint,
    save_model,
    write_checkpoint,
)
from antiphon.training.config import TrainConfig
from antiphon.training.convergence import Convergence
from antiphon.training.interrupt import Interrupt
from antiphon.training.log import History, Log
from antiphon.training.loop import Batches, Trainer
from antiphon.training.progress import progress
from antiphon.training.run import occupied, open_run

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_OBSERVING = 1


class Observer(Protocol):
    """Looks at a run at intervals: previews, health, evaluation.

    It is called in the first process alone, under `no_grad`, with the modules in eval mode, the averaged generator
    weights in place where an average is kept, and torch seeded from the iteration. What it returns is logged.
    """

    every: int

    def __call__(self, iteration: int, objective: Objective, history: History) -> dict[str, float]:
        """Figures by name for the record of `iteration` (iterations done so far)."""


@dataclass(frozen=True)
class Fitted:
    """How a run ended: iterations done, whether it converged before its length, and all its records."""

    iteration: int
    converged: bool
    history: History


def fit(
    objective: Objective,
    loader: Batches,
    config: TrainConfig,
    run: Path | str,
    card: Mapping[str, Any],
    *,
    observers: Sequence[Observer] = (),
    opened: Callable[[Path], object] | None = None,
) -> Fitted:
    """Train an objective in a run folder; the same call on the same folder resumes, bit-exact on a CPU.

    Parameters
    ----------
    objective
        A family's two players and losses; it is moved to the device and trained in place.
    loader
        The batches; it is placed by this function.
    config
        How to train.
    run
        Folder for `config.json`, `log.jsonl`, `checkpoint.pt` and what observers write.
    card
        What the model file will say of itself (family, codec, preset, corpus, licence); plain JSON values.
    observers
        Called at their intervals; they never change the training.
    opened
        Called once by the first process when the folder is known to be this run's, to put more files into it.

    Returns
    -------
    Fitted
        How the run ended. The weights are in the run's checkpoint, and in `objective`.

    Raises
    ------
    InputError
        If the config differs from the resumed run's, the folder cannot be written, the losses are not finite, or the
        figure to watch is not among those that are logged.
    KeyboardInterrupt
        After a signal, once the iteration at hand is done and its checkpoint written.
    """
    run = Path(run)
    fabric = launch(config)
    with occupied(run) if fabric.is_global_zero else nullcontext():
        if fabric.is_global_zero:
            open_run(run, config, card)
            if opened is not None:
                opened(run)
        fabric.barrier()
        trainer = Trainer(objective, loader, config, fabric)
        convergence = Convergence(config.watch, config.patience)
        state = read_checkpoint(run)
        if state is not None:
            trainer.restore(state)
            convergence.restore(state["convergence"])
        return _Session(trainer, convergence, run, card, observers).go()


def launch(config: TrainConfig) -> "Fabric":
    """Start Fabric for this process: one device, or its part of what `torchrun` or `fabric run` started."""
    # Fabric takes seconds to import; nothing but training pays for it.
    from lightning_fabric import Fabric

    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    device = config.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("train.device = 'cuda': no GPU is visible to torch here; use cpu")
    if config.capture and (device != "cuda" or "WORLD_SIZE" in os.environ):
        raise InputError("train.capture = true: it needs one GPU and one process; leave it false here")
    if not torch.distributed.is_initialized():
        atexit.register(_leave)
    fabric = Fabric(precision="bf16-mixed" if config.precision == "bfloat16" else "32-true", **_processes(device))
    # `fabric run` has launched already, by constructing.
    if "LT_CLI_USED" not in os.environ:
        fabric.launch()
    return fabric


def _leave() -> None:
    """Leave the process group: its threads, still running when the program is unloaded, would abort it."""
    # Not when `fit` returns, because a group cannot be entered twice, and there may be another `fit`.
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _processes(device: str) -> dict[str, Any]:
    if "LT_CLI_USED" in os.environ:
        return {}
    if "LOCAL_WORLD_SIZE" not in os.environ:
        return {"accelerator": device, "devices": 1}
    local = int(os.environ["LOCAL_WORLD_SIZE"])
    nodes = int(os.environ["WORLD_SIZE"]) // local
    return {"accelerator": device, "devices": local, "num_nodes": nodes, "strategy": "ddp"}


class _Session:
    """One sitting of a run: iterate, record, checkpoint, until the end, convergence or a signal."""

    def __init__(
        self,
        trainer: Trainer,
        convergence: Convergence,
        run: Path,
        card: Mapping[str, Any],
        observers: Sequence[Observer],
    ) -> None:
        self._trainer, self._convergence, self._run, self._card = trainer, convergence, run, card
        self._observers = observers
        self._leads = trainer.fabric.is_global_zero
        self._log = Log(run, trainer.iteration, trainer.config.tensorboard) if self._leads else None
        self._saved = trainer.iteration

    def go(self) -> Fitted:
        trainer, every = self._trainer, self._trainer.config.checkpoint_every
        shown = progress(trainer.total, trainer.iteration, self._leads)
        try:
            with Interrupt() as interrupt, shown as show:
                while trainer.iteration < trainer.total and not self._convergence.reached:
                    trainer.iterate()
                    self._record()
                    stops = self._stops(interrupt)
                    if trainer.iteration % every == 0 or stops:
                        self._checkpoint()
                    if stops:
                        raise KeyboardInterrupt
                    show(trainer.iteration)
                self._checkpoint()
        finally:
            trainer.release()
            if self._log is not None:
                self._log.close()
        history = self._log.history if self._log is not None else []
        return Fitted(trainer.iteration, self._convergence.reached, history)

    def _stops(self, interrupt: Interrupt) -> bool:
        # All stop in the same iteration, or those that go on wait for one that has gone. A GPU would have to be waited
        # for to agree, as it is anyway where losses are logged.
        trainer = self._trainer
        if trainer.fabric.device.type != "cpu" and trainer.fabric.world_size > 1 and not self._logs:
            return False
        return trainer.anywhere(interrupt.requested)

    @property
    def _logs(self) -> bool:
        return self._trainer.iteration % self._trainer.config.log_every == 0

    def _record(self) -> None:
        trainer = self._trainer
        due = [observer for observer in self._observers if trainer.iteration % observer.every == 0]
        if not (due or self._logs):
            return
        record: dict[str, float] = {"iteration": trainer.iteration}
        if self._logs:
            record |= self._finite(trainer.meter.read(trainer.all_reduce))
        if self._log is not None:
            record |= self._observe(due, self._log.history)
            if len(record) > 1:
                self._log.write(record)
        # Every process must come to the same decision to stop.
        if trainer.fabric.world_size > 1:
            record = trainer.fabric.broadcast(record)
        if self._convergence.improves(record) and self._leads:
            self._keep_best()
        if self._logs:
            self._check_watch(record)

    def _check_watch(self, record: Mapping[str, float]) -> None:
        """Refuse a figure to watch that would have been logged by now."""
        watch = self._convergence.missing
        if watch is None:
            return
        begin = watch.partition("/")[0]
        if begin in {phase.name for phase in self._trainer.objective.phases}:
            due = f"{begin}/loss" in record
        else:
            due = all(self._trainer.iteration >= observer.every for observer in self._observers)
        if due:
            names = ", ".join(name for name in record if name != "iteration")
            raise InputError(f"train.watch = {watch!r}: no such figure is logged; choose one such as {names}")

    def _finite(self, figures: dict[str, float]) -> dict[str, float]:
        for name, value in figures.items():
            if name.endswith("/loss") and not math.isfinite(value):
                raise InputError(
                    f"{self._run}: {name} is {value} at iteration {self._trainer.iteration}; "
                    "begin a new run with lower learning rates (the last checkpoint is kept)"
                )
        return figures

    def _observe(self, due: Sequence[Observer], history: History) -> dict[str, float]:
        if not due:
            return {}
        trainer, figures = self._trainer, dict[str, float]()
        trainer.release()
        modes = [(module, module.training) for module in trainer.objective.modules()]
        trainer.objective.eval()
        try:
            with torch.no_grad(), trainer.average.in_place():
                for observer in due:
                    trainer.seed(_OBSERVING)
                    figures |= observer(trainer.iteration, trainer.objective, history)
        finally:
            for module, mode in modes:
                module.training = mode
        return figures

    def _keep_best(self) -> None:
        trainer = self._trainer
        state = averaged(trainer.objective.state_dict(), trainer.average.state())
        save_model(self._run / BEST, state, complete_card(self._card, trainer.iteration, trainer.config.seed))

    def _checkpoint(self) -> None:
        if self._saved == self._trainer.iteration:
            return
        self._saved = self._trainer.iteration
        state = {**self._trainer.state(), "convergence": self._convergence.state()}
        if self._log is not None:
            self._log.sync()
            write_checkpoint(self._run, state)
