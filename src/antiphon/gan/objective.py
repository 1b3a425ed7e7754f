"""What a family owes the trainer: two players, the phases of an iteration, the loss terms of each, and samples."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor, nn

Player = Literal["generator", "discriminator"]
Batch = Mapping[str, Tensor]
"""Tensors of equal first axis: "real" and, by name, the conditions that go with it."""


@dataclass(frozen=True)
class Phase:
    """One player's turn within an iteration.

    Parameters
    ----------
    name
        Names the phase to `Objective.losses` and in the log.
    player
        The player whose weights may move.
    steps
        Optimizer steps in a row, each with fresh losses on the same batch.
    every
        The phase is due in each `every`-th iteration.
    start, stop
        First iteration, and the iteration before which it ends (None: never).
    rate
        The player's learning rate is multiplied by this in the phase: a likelihood start may stride where the game
        must tread.
    moments
        The optimizer in the run's settings that moves the weights, with averages of gradients that no other phase
        stirs: Adam divides by the size of what it has seen, and two losses differ in size. None: the player's own.
    """

    name: str
    player: Player
    steps: int = 1
    every: int = 1
    start: int = 0
    stop: int | None = None
    rate: float = 1.0
    moments: Literal["adversarial"] | None = None

    @property
    def optimizer(self) -> str:
        """The name of the optimizer that moves the weights."""
        return self.moments or self.player

    def is_due(self, iteration: int) -> bool:
        """Whether the phase runs in this iteration."""
        begun = iteration >= self.start and (self.stop is None or iteration < self.stop)
        return begun and (iteration - self.start) % self.every == 0


def _nothing() -> None:
    return None


@dataclass(frozen=True)
class Outcome:
    """What a phase computed: `terms` are summed and differentiated, `watch` is only logged.

    A loss that is a sum of parts may come part by part, so that only one is in memory: `then` computes the next one,
    when this one has been differentiated, and gives None after the last. Gradients and figures are added up.
    """

    terms: Mapping[str, Tensor]
    watch: Mapping[str, Tensor] = field(default_factory=dict)
    then: "Callable[[], Outcome | None]" = _nothing


class Objective(nn.Module, ABC):
    """A GAN as the trainer sees it. It owns no optimizer, logs nothing, calls nothing back.

    All chance inside `losses` and `sample` comes from torch's default generators, which the trainer and
    `antiphon.generate` seed before each call.
    """

    generator: nn.Module
    discriminator: nn.Module

    @property
    @abstractmethod
    def phases(self) -> tuple[Phase, ...]:
        """The turns of an iteration, in order."""

    def calibrate(self, rows: Batch) -> None:
        """Take from all training rows what the state has to know of them (scales, say), before a run begins."""

    def restyle(self, rows: Batch) -> None:
        """Take from all training rows what samples are to be like, also where a run goes on from another's weights."""

    @property
    def borrows(self) -> str | None:
        """A model, by name or file, of which this one takes weights before a run begins; None: of none."""
        return None

    def borrowed(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """All weights with which a run begins, given those of the model of which it takes some."""
        raise NotImplementedError

    def completed(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """All weights with which a run begins that goes on from another model's: those."""
        return state

    def augment(self, batch: Batch) -> Batch:
        """Random changes that leave real music real (transposition with its chord), drawn on the device."""
        return batch

    def weight(self, phase: Phase, batch: Batch) -> Tensor | None:
        """Over how many things (a scalar) the losses of a phase are means, where batches of one size differ in it.

        Parts of a batch, and the batches of several processes, then count by it. None: all count alike.
        """
        return None

    def carried(self) -> Mapping[str, Tensor]:
        """What goes from an iteration to the next beside the weights, a row for each of the batch; none of a model.

        It is part of a run's checkpoint.
        """
        return {}

    def carry(self, state: Mapping[str, Tensor]) -> None:
        """Take over what `carried` gave."""

    @abstractmethod
    def losses(self, phase: Phase, batch: Batch, iteration: int) -> Outcome:
        """The loss terms (scalars) of `phase` on `batch`; only `phase.player`'s weights require gradients."""

    @abstractmethod
    def sample(self, num: int, condition: Batch) -> Tensor:
        """`num` samples in the form of `batch["real"]`; `condition` holds what the family's batches hold beside it."""
