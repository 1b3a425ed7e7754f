"""Pieces of tokens to batches: columns that walk through pieces, or crops of them; pure functions of the iteration.

Axes: B column of a batch, T token, C token of a crop.
"""

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from antiphon.codecs.codec import Rows
from antiphon.codecs.performance import PADDING, START, PerformanceTokens
from antiphon.codecs.variants import Piece, drawn, in_turn
from antiphon.errors import InputError
from antiphon.families.transformer.config import TransformerConfig
from antiphon.families.transformer.masked_config import MaskedConfig
from antiphon.resolved import RunConfig

Line = NDArray[np.int16]
Walk = Literal["segments", "crops"]
_CROP = 1
_GIB = 2**30


@dataclass(frozen=True)
class Plan:
    """How pieces become batches.

    Parameters
    ----------
    batch_size
        Columns of a batch over all processes together, B.
    segment
        Tokens that an iteration moves on by, T.
    walk
        "segments": a column goes through pieces in consecutive segments, as a memory needs it. "crops": each row is a
        stretch from anywhere in a piece, all stretches of an epoch in random order.
    crop
        Tokens of a random stretch that comes beside, for a critic; 0: none comes.
    seed
        Of all chance.
    """

    batch_size: int
    segment: int
    walk: Walk = "segments"
    crop: int = 0
    seed: int = 0


class _Epoch(NamedTuple):
    """All lines of an epoch one behind the other, and where in them each row of each column begins.

    `tokens` int16 (all,), `begin` int64 and `fresh` bool (B, rows), `lines` int64 (pieces, 2): begin and length.
    """

    tokens: Tensor
    begin: Tensor
    fresh: Tensor
    lines: NDArray[np.int64]


class PieceLoader:
    """Serves pieces in batches.

    An epoch is all pieces in a new order, one behind the other, cut into rows of `segment` tokens, of which each column
    takes as many, in their order: where a column ends within a piece, the next goes on from there. So that all epochs
    are equally long, whatever becomes of the pieces' lengths, the last rows are left out, or the first come again.

    Batches: "real" int64 (B, T + 1), tokens and those that follow them, START before a piece, PADDING behind its end;
    "fresh" bool (B,), that nothing before belongs to the same piece, or that an epoch begins; where asked for, "crop"
    int64 (B, C).

    Parameters
    ----------
    pieces
        Tokens (t,) int16 of each piece, without START.
    plan
        See `Plan`.
    codec
        Whose tokens they are, and what becomes of the pieces in each epoch (`augment`).
    device
        Where an epoch is kept.
    rank, world
        This process and how many there are; each takes its equal share of the columns.

    Raises
    ------
    InputError
        If there is no piece with a token, or `world` does not divide the columns.
    """

    def __init__(
        self,
        pieces: Sequence[Line],
        plan: Plan,
        codec: PerformanceTokens,
        device: torch.device | str = "cpu",
        *,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self._pieces = [piece for piece in pieces if len(piece)]
        if not self._pieces:
            raise InputError("the corpus has no piece with notes on the keyboard; prepare other music")
        if plan.batch_size % world:
            raise InputError(
                f"batch_size = {plan.batch_size} cannot be shared by {world} processes; make it a multiple"
            )
        self._plan, self._codec = plan, codec
        self._device, self._rank, self._world = torch.device(device), rank, world
        self._height = -(
            -sum(len(_ROWS[plan.walk](len(piece), plan.segment, 0)) for piece in self._pieces) // plan.batch_size
        )
        self._notes: list[Piece] | None = None
        self._epoch: tuple[int, _Epoch] | None = None
        self._ahead: tuple[int, Future[_Epoch]] | None = None
        self._hands = ThreadPoolExecutor(1)

    @property
    def iterations_per_epoch(self) -> int:
        """Batches until every row of the pieces as they are has come once."""
        return self._height

    @property
    def num_tokens(self) -> int:
        """Tokens of all pieces as they are."""
        return sum(map(len, self._pieces))

    def place(self, device: torch.device, rank: int, world: int) -> Self:
        """Return the same loader for another device and process."""
        return type(self)(self._pieces, self._plan, self._codec, device, rank=rank, world=world)

    def batch(self, iteration: int) -> dict[str, Tensor]:
        """This process's columns in `iteration`, on the device."""
        number, place = divmod(iteration, self._height)
        epoch = self._at(number, place)
        share = self._plan.batch_size // self._world
        mine = slice(self._rank * share, (self._rank + 1) * share)
        begin = epoch.begin[mine, place]
        batch = {
            "real": _taken(epoch.tokens, begin, self._plan.segment + 1),
            "fresh": epoch.fresh[mine, place],
        }
        if self._plan.crop:
            crops = self._crops(epoch.lines, iteration)[mine]
            batch["crop"] = _taken(epoch.tokens, torch.from_numpy(crops).to(self._device), self._plan.crop)
        return batch

    def _at(self, number: int, place: int) -> _Epoch:
        """The epoch of that number; in the second half of one, the next is made meanwhile."""
        if self._epoch is None or self._epoch[0] != number:
            ahead = self._ahead if self._ahead is not None and self._ahead[0] == number else None
            self._epoch = number, ahead[1].result() if ahead is not None else self._made(number)
            self._ahead = None
        if self._ahead is None and 2 * place >= self._height and self._codec.augment != "none":
            self._ahead = number + 1, self._hands.submit(self._made, number + 1)
        return self._epoch[1]

    def _made(self, number: int) -> _Epoch:
        plan, chance = self._plan, np.random.default_rng([self._plan.seed, number])
        order = chance.permutation(len(self._pieces))
        played = self._played(number, chance)
        lines = [played[piece] for piece in order if len(played[piece])]
        rows = [_ROWS[plan.walk](len(line), plan.segment, int(chance.integers(plan.segment))) for line in lines]
        room = [max(int(begin[-1]) + plan.segment + 1, plan.crop) for begin in rows]
        offset = np.cumsum([0, *room])
        tokens = np.full(offset[-1], PADDING, np.int16)
        for line, at in zip(lines, offset[:-1].tolist(), strict=True):
            tokens[at] = START
            tokens[at + 1 : at + 1 + len(line)] = line
        begin = np.concatenate([at + own for at, own in zip(offset[:-1], rows, strict=True)])
        fresh = np.concatenate([own == 0 for own in rows]) | (plan.walk == "crops")
        if plan.walk == "crops":
            begin = chance.permutation(begin)
        taken = np.arange(plan.batch_size * self._height) % len(begin)
        begin, fresh = (values[taken].reshape(plan.batch_size, -1) for values in (begin, fresh))
        fresh[:, 0] = True
        return _Epoch(
            tokens=torch.from_numpy(tokens).to(self._device),
            begin=torch.from_numpy(begin).to(self._device),
            fresh=torch.from_numpy(fresh).to(self._device),
            lines=np.stack([offset[:-1], [len(line) + 1 for line in lines]], axis=1),
        )

    def _played(self, number: int, chance: np.random.Generator) -> list[Line]:
        """The pieces as this epoch plays them."""
        if self._codec.augment == "none":
            return self._pieces
        if self._notes is None:
            self._notes = [Piece.read(piece, self._codec.keyboard) for piece in self._pieces]
        if self._codec.augment == "drawn":
            return drawn(self._notes, chance)
        return in_turn(self._notes, number, self._plan.seed)

    def _crops(self, lines: NDArray[np.int64], iteration: int) -> NDArray[np.int64]:
        """Where the crops (B,) of all processes begin: anywhere in any piece that is long enough, all equally likely;
        where all are shorter, at the beginning of the longest."""
        chance = np.random.default_rng([self._plan.seed, _CROP, iteration])
        spare = lines[:, 1] - self._plan.crop
        chosen = chance.choice(np.flatnonzero(spare >= min(0, spare.max())), self._plan.batch_size)
        share = chance.random(self._plan.batch_size)
        begin: NDArray[np.int64] = lines[chosen, 0] + (share * (spare[chosen].clip(0) + 1)).astype(np.int64)
        return begin


def _segments(length: int, segment: int, phase: int) -> NDArray[np.int64]:
    """Where the rows of a piece of `length` tokens begin that a column walks through."""
    return np.arange(0, length, segment)


def _stretches(length: int, segment: int, phase: int) -> NDArray[np.int64]:
    """Where stretches begin that cover a piece, `phase` tokens earlier than they would from its beginning."""
    if length <= segment:
        return np.zeros(1, np.int64)
    return (np.arange(-(-length // segment) + 1) * segment - phase).clip(0, length - segment)


_ROWS: dict[str, Callable[[int, int, int], NDArray[np.int64]]] = {"segments": _segments, "crops": _stretches}


def _taken(tokens: Tensor, begin: Tensor, length: int) -> Tensor:
    """Stretches (B, length) of a line of tokens, as int64."""
    return tokens[begin[:, None] + torch.arange(length, device=begin.device)].long()


def plan_of(config: RunConfig) -> Plan:
    """How a run's pieces become batches: a memory goes with columns, no memory with stretches from anywhere."""
    family, train = config.family, config.train
    if isinstance(family, MaskedConfig):
        return Plan(train.batch_size, family.block, "crops", seed=train.seed)
    assert isinstance(family, TransformerConfig)
    walk: Walk = "segments" if family.memory else "crops"
    return Plan(train.batch_size, family.segment, walk, family.game.crop if family.game else 0, train.seed)


def check_memory(config: RunConfig) -> None:
    """Refuse a training whose columns' memory, with what attention keeps, cannot fit into the machine.

    Raises
    ------
    InputError
        With the figure, and what to lower.
    """
    family, train = config.family, config.train
    assert isinstance(family, TransformerConfig)
    share = train.batch_size // int(os.environ.get("WORLD_SIZE", "1"))
    needed, there = family.memory_bytes(share, train.accumulate or 1), _memory_there(train.device)
    if there is not None and needed > there:
        raise InputError(
            f"training takes at least {needed / _GIB:,.1f} GiB for the memory of {share:,} columns and for attention, "
            f"and there are {there / _GIB:,.1f}; lower train.batch_size or family.memory, or raise train.accumulate"
        )


def _memory_there(device: str) -> int | None:
    """Bytes that the machine has at all; None where it does not say."""
    if device != "cpu" and torch.cuda.is_available():
        return int(torch.cuda.get_device_properties(0).total_memory)
    names = ("SC_PHYS_PAGES", "SC_PAGE_SIZE")
    if not set(names) <= set(getattr(os, "sysconf_names", ())):
        return None
    return math.prod(os.sysconf(name) for name in names)


def pieces_of(rows: Rows) -> list[Line]:
    """The pieces of a view of `PerformanceTokens`, each (t,) int16, in the corpus's order."""
    ends = np.flatnonzero(np.diff(rows["song"])) + 1
    return np.split(np.asarray(rows["real"]), ends) if len(rows["real"]) else []
