"""Rows to batches: the whole set on the device, every batch a pure function of (seed, iteration, rank)."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from antiphon.errors import InputError


class Loader:
    """Serves shuffled batches of a codec's rows; keeps no state but caches.

    An epoch is one permutation of the rows; where the batch size does not divide them, the epoch's last batch is
    filled up from the beginning of the same permutation, so that every row comes at least once and all batches are
    equally large. Iteration `i` belongs to epoch `i // iterations_per_epoch`.

    Parameters
    ----------
    rows
        Arrays of equal first axis by name; their types are kept (uint8 stays uint8).
    batch_size
        Items an iteration over all processes together.
    seed
        Of the permutations.
    device
        Where the whole set is kept; it goes there with the first batch.
    rank, world
        This process and how many there are; each takes its equal slice of every batch.

    Raises
    ------
    InputError
        If there are no rows, or `world` does not divide `batch_size`.
    """

    def __init__(
        self,
        rows: Mapping[str, NDArray[Any]],
        batch_size: int,
        seed: int = 0,
        device: torch.device | str = "cpu",
        *,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        counts = {len(array) for array in rows.values()}
        if len(counts) != 1:
            raise ValueError(f"rows of one length are needed, not {sorted(counts)}")
        (self.num_rows,) = counts
        if self.num_rows == 0:
            raise InputError("the corpus has no rows for this codec and split; prepare more music or change the rules")
        if batch_size % world:
            raise InputError(f"batch_size = {batch_size} cannot be shared by {world} processes; make it a multiple")
        self._rows, self._seed, self._batch_size = rows, seed, batch_size
        self._device, self._rank, self._world = torch.device(device), rank, world
        self._tensors: dict[str, Tensor] | None = None
        self._epoch = -1
        self._order = torch.empty(0)

    @property
    def iterations_per_epoch(self) -> int:
        """Batches until every row has come at least once."""
        return -(-self.num_rows // self._batch_size)

    def place(self, device: torch.device, rank: int, world: int) -> Self:
        """Return the same loader for another device and process."""
        return type(self)(self._rows, self._batch_size, self._seed, device, rank=rank, world=world)

    def batch(self, iteration: int) -> dict[str, Tensor]:
        """Rows of this process in `iteration`, each (batch_size / world, ...), on the device."""
        if self._tensors is None:
            self._tensors = {name: _on_device(array, self._device) for name, array in self._rows.items()}
        epoch, position = divmod(iteration, self.iterations_per_epoch)
        if epoch != self._epoch:
            self._order, self._epoch = self._permutation(epoch), epoch
        share = self._batch_size // self._world
        start = position * self._batch_size + self._rank * share
        chosen = self._order[start : start + share]
        return {name: tensor.index_select(0, chosen) for name, tensor in self._tensors.items()}

    def _permutation(self, epoch: int) -> Tensor:
        seed = int(np.random.SeedSequence([self._seed, epoch]).generate_state(1, np.uint64)[0] >> 1)
        # Drawn on the CPU, so that every device sees the same order.
        order = torch.randperm(self.num_rows, generator=torch.Generator().manual_seed(seed))
        length = self.iterations_per_epoch * self._batch_size
        return order.repeat(-(-length // self.num_rows))[:length].to(self._device)


def _on_device(array: NDArray[Any], device: torch.device) -> Tensor:
    # A copy of read-only memory maps alone, which torch cannot hold.
    return torch.from_numpy(np.require(np.asarray(array), requirements="W")).to(device)
