"""An iteration of training, and all state that it moves: what resuming needs to go on as if nothing had happened."""

import functools
import operator
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, Self

import torch
from torch import Tensor

from antiphon.gan.objective import Batch, Objective, Outcome, Phase, Player
from antiphon.training.capture import Captured
from antiphon.training.config import TrainConfig
from antiphon.training.meter import Meter
from antiphon.training.player import Average, Mover, average_over_ranks, gradient_norm
from antiphon.training.seeds import seed_torch

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class Batches(Protocol):
    """What serves the batches: a pure function of the iteration, once it is placed."""

    @property
    def iterations_per_epoch(self) -> int:
        """Batches until every row has come at least once."""

    def place(self, device: torch.device, rank: int, world: int) -> Self:
        """Return the same batches on another device, for one of `world` processes."""

    def batch(self, iteration: int) -> dict[str, Tensor]:
        """This process's part of the batch of `iteration`, on the device."""


class Trainer:
    """The state of a run and the one thing it does: an iteration.

    Parameters
    ----------
    objective, loader, config
        As in `fit`.
    fabric
        A launched Fabric: device, precision, processes.
    """

    def __init__(self, objective: Objective, loader: Batches, config: TrainConfig, fabric: "Fabric") -> None:
        self.objective = objective.to(fabric.device).train()
        self.loader = loader.place(fabric.device, fabric.global_rank, fabric.world_size)
        self.config, self.fabric, self.iteration = config, fabric, 0
        self.movers: dict[Player, Mover] = {
            "generator": Mover(objective.generator, config.generator, config.capture),
            "discriminator": Mover(objective.discriminator, config.discriminator, config.capture),
        }
        self.meter = Meter()
        self._phases = objective.phases
        self._moving: Player | None = None
        if fabric.world_size > 1:
            for tensor in objective.state_dict().values():
                torch.distributed.broadcast(tensor, 0)
        self.average = Average(objective.generator, config.ema_decay)
        self._play = Captured(self._play_eagerly, self._kind) if config.capture else self._play_eagerly

    @property
    def total(self) -> int:
        """Iterations of the whole run."""
        return self.config.iterations or (self.config.epochs or 0) * self.loader.iterations_per_epoch

    def iterate(self) -> None:
        """Do one iteration: every phase that is due, then the average."""
        self.seed()
        self._play(self.loader.batch(self.iteration), self.iteration)
        self.iteration += 1

    def seed(self, *purpose: int) -> None:
        """Seed torch's generators for this iteration."""
        rank = self.fabric.global_rank
        seed_torch(self.config.seed, rank, self.iteration, *purpose, device=self.fabric.device)

    def release(self) -> None:
        """Let both players move again, as anyone but a phase expects them."""
        self._moving = None
        for mover in self.movers.values():
            mover.free(True)

    def all_reduce(self, tensor: Tensor) -> Tensor:
        """Mean over processes."""
        if self.fabric.world_size == 1:
            return tensor
        mean: Tensor = self.fabric.all_reduce(tensor, reduce_op="mean")
        return mean

    def anywhere(self, flag: bool) -> bool:
        """Whether the flag is up in any process; every process calls it in the same iteration."""
        if self.fabric.world_size == 1:
            return flag
        return bool(self.all_reduce(torch.tensor(float(flag), device=self.fabric.device)) > 0)

    def state(self) -> dict[str, Any]:
        """Everything that resuming needs, as plain types; every process calls it, and any one's will do for all."""
        return {
            "iteration": self.iteration,
            "objective": self.objective.state_dict(),
            "optimizers": {player: mover.optimizer.state_dict() for player, mover in self.movers.items()},
            "average": self.average.state(),
            "meter": self.meter.state(self.all_reduce),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` gave."""
        self.iteration = state["iteration"]
        self.objective.load_state_dict(state["objective"])
        for player, mover in self.movers.items():
            mover.optimizer.load_state_dict(state["optimizers"][player])
        self.average.restore(state["average"])
        self.meter.restore(state["meter"], self.fabric.device)

    def _play_eagerly(self, batch: Batch, iteration: int) -> None:
        batch = self.objective.augment(batch)
        for phase in self._phases:
            if phase.is_due(iteration):
                self._turn(phase, batch, iteration)
        self.average.update()

    def _kind(self, iteration: int) -> tuple[bool, ...]:
        return (self._logs(iteration), *(phase.is_due(iteration) for phase in self._phases))

    def _logs(self, iteration: int) -> bool:
        return (iteration + 1) % self.config.log_every == 0

    def _turn(self, phase: Phase, batch: Batch, iteration: int) -> None:
        if phase.player != self._moving:
            self._moving = phase.player
            for player, mover in self.movers.items():
                mover.free(player == phase.player)
        mover = self.movers[phase.player]
        rate = self.config.decay.rate(iteration) if self.config.decay else 1.0
        for _ in range(phase.steps):
            with self.fabric.autocast():
                outcome = self.objective.losses(phase, batch, iteration)
            loss = functools.reduce(operator.add, outcome.terms.values())
            self.fabric.backward(loss)
            gradients = mover.gradients()
            if self.fabric.world_size > 1:
                average_over_ranks(gradients, self.all_reduce)
            self.meter.add(_figures(phase, outcome, loss))
            if self._logs(iteration):
                self.meter.add({f"{phase.name}/gradient_norm": gradient_norm(gradients)})
            mover.step(phase.rate * rate)


def _figures(phase: Phase, outcome: Outcome, loss: Tensor) -> dict[str, Tensor]:
    parts = {**(outcome.terms if len(outcome.terms) > 1 else {}), **outcome.watch}
    return {f"{phase.name}/loss": loss, **{f"{phase.name}/{name}": value for name, value in parts.items()}}
