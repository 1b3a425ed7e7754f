"""An iteration of training, and all state that it moves: what resuming needs to go on as if nothing had happened."""

import functools
import operator
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self

import torch
from torch import Tensor, nn

from antiphon.errors import InputError
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
        self._phases = objective.phases
        self.movers = _movers(objective, config)
        self.meter = Meter()
        self._moving: Player | None = None
        self._parts = config.accumulate or 1
        share = config.batch_size // fabric.world_size
        if share % self._parts:
            raise InputError(f"train.accumulate = {self._parts}: it does not divide a process's {share} of a batch")
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
            "optimizers": {name: mover.state() for name, mover in self.movers.items()},
            "average": self.average.state(),
            "meter": self.meter.state(self.all_reduce),
            "carried": {name: self._gathered(rows) for name, rows in self.objective.carried().items()},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` gave."""
        self.iteration = state["iteration"]
        self.objective.load_state_dict(state["objective"])
        for name, mover in self.movers.items():
            mover.restore(state["optimizers"][name])
        self.average.restore(state["average"])
        self.meter.restore(state["meter"], self.fabric.device)
        rank, world = self.fabric.global_rank, self.fabric.world_size
        carried = {name: rows.chunk(world)[rank] for name, rows in state.get("carried", {}).items()}
        self.objective.carry({name: rows.to(self.fabric.device) for name, rows in carried.items()})

    def _gathered(self, rows: Tensor) -> Tensor:
        """The rows of all processes, in their order."""
        if self.fabric.world_size == 1:
            return rows
        parts = [torch.empty_like(rows, memory_format=torch.contiguous_format) for _ in range(self.fabric.world_size)]
        torch.distributed.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

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
            self._hold(phase.player)
        mover = self.movers[phase.optimizer]
        for _ in range(phase.steps):
            self.meter.add(self._backward(phase, batch, iteration))
            gradients = mover.gradients()
            if self.fabric.world_size > 1:
                average_over_ranks(gradients, self.all_reduce)
            if self._logs(iteration):
                self.meter.add({f"{phase.name}/gradient_norm": gradient_norm(gradients)})
            mover.step(iteration, phase.rate)

    def _hold(self, player: Player) -> None:
        """Let one player's weights move and no others."""
        for mover in self.movers.values():
            mover.free(False)
        self.movers[player].free(True)

    def _backward(self, phase: Phase, batch: Batch, iteration: int) -> dict[str, Tensor]:
        """Add up the gradients of a batch's parts, each by its share of the whole, and return what is logged."""
        parts = _divided(batch, self._parts)
        figures: dict[str, Tensor] = {}
        for part, share in zip(parts, self._shares(phase, parts), strict=True):
            for outcome in self._outcomes(phase, part, iteration):
                loss = functools.reduce(operator.add, outcome.terms.values())
                self.fabric.backward(loss * share)
                for name, value in _figures(phase, outcome, loss).items():
                    figures[name] = figures.get(name, 0) + value.detach() * share
        return figures

    def _outcomes(self, phase: Phase, batch: Batch, iteration: int) -> Iterator[Outcome]:
        """The parts of a loss, each computed when the one before it has been used."""
        with self.fabric.autocast():
            outcome: Outcome | None = self.objective.losses(phase, batch, iteration)
        while outcome is not None:
            yield outcome
            with self.fabric.autocast():
                outcome = outcome.then()

    def _shares(self, phase: Phase, parts: Sequence[Batch]) -> Sequence[Tensor | float]:
        """What the mean over a part's things counts in the mean over those of all parts and processes."""
        weights = [self.objective.weight(phase, part) for part in parts]
        if any(weight is None for weight in weights):
            return [1 / len(parts)] * len(parts)
        given = torch.stack([weight for weight in weights if weight is not None]).float()
        return list(given / self.all_reduce(given.sum()))


def _movers(objective: Objective, config: TrainConfig) -> dict[str, Mover]:
    """An optimizer for each player that has weights, and those that phases ask for beside."""
    settings = {
        "generator": config.generator,
        "discriminator": config.discriminator,
        "adversarial": config.adversarial or config.generator,
    }
    players: dict[str, nn.Module] = {"generator": objective.generator, "discriminator": objective.discriminator}
    networks = players | {phase.optimizer: players[phase.player] for phase in objective.phases}
    return {
        name: Mover(network, settings[name], config.decay, config.capture)
        for name, network in networks.items()
        if any(weight.requires_grad for weight in network.parameters())
    }


def _divided(batch: Batch, num: int) -> list[Batch]:
    if num == 1:
        return [batch]
    parts = {name: values.chunk(num) for name, values in batch.items()}
    return [{name: chunks[part] for name, chunks in parts.items()} for part in range(num)]


def _figures(phase: Phase, outcome: Outcome, loss: Tensor) -> dict[str, Tensor]:
    parts = {**(outcome.terms if len(outcome.terms) > 1 else {}), **outcome.watch}
    return {f"{phase.name}/loss": loss, **{f"{phase.name}/{name}": value for name, value in parts.items()}}
