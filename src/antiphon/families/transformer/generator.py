"""What every generator of tokens can do: read them with a memory, and write them one by one in constant memory.

Axes: B column of a batch, T token, M place of the memory, L level, D width, V vocabulary.
"""

from abc import ABC, abstractmethod
from typing import NamedTuple, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Memory(NamedTuple):
    """What each level saw of the tokens before, `states` (L, B, M, D), the latest last and never with a gradient, and
    of how many of the last places a column may make use, `length` (B,) int64: those of its own piece."""

    states: Tensor
    length: Tensor


class Decoder(Protocol):
    """Pieces that go on token by token; it takes the same memory however long they become, and no gradient. What is
    dropped in training is not dropped here, and weights that change after it began may or may not count."""

    def read(self, tokens: Tensor) -> Tensor:
        """Logits (B, V) after the last of tokens (B, T), which go on where those before ended."""

    def follow(self, tokens: Tensor) -> Tensor:
        """As `read`, but logits (B, T, V) after each of the tokens."""

    def step(self, tokens: Tensor) -> Tensor:
        """Logits (B, V) after one more token (B,) each."""


class Generator(nn.Module, ABC):
    """A network that scores the next token given those before.

    Parameters
    ----------
    vocabulary
        Tokens that there are, V.
    num_levels, width
        Levels whose states a memory keeps, none if 0, and their width.
    """

    def __init__(self, vocabulary: int, num_levels: int, width: int) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.num_levels = num_levels
        self.width = width

    def begin(self, num: int, places: int) -> Memory:
        """The memory of `num` columns that have seen nothing, with room for `places` tokens."""
        like = next(self.parameters())
        room = places if self.num_levels else 0
        states = like.new_zeros(self.num_levels, num, room, self.width)
        return Memory(states, torch.zeros(num, dtype=torch.int64, device=like.device))

    @abstractmethod
    def forward(
        self, tokens: Tensor, memory: Memory | None = None, fresh: Tensor | None = None, *, same_length: bool = False
    ) -> tuple[Tensor, Memory | None]:
        """Score what follows each token.

        Parameters
        ----------
        tokens
            Ids (B, T) of int64, or floats (B, T, V) that weigh the tokens, one-hots for example; these may have a
            gradient.
        memory
            What the tokens before them left; None if there were none, or if this design keeps none.
        fresh
            Columns (B,) that begin a new piece: what they saw before is forgotten for good.
        same_length
            Whether each token sees as many as the memory has places, itself among them, rather than the whole memory
            and the tokens of its segment.

        Returns
        -------
        Logits (B, T, V), and the memory after the last token, if one was given.
        """

    @abstractmethod
    def decoder(self, num: int, span: int) -> Decoder:
        """Begin `num` pieces, in which each token sees the last `span`, itself among them."""


def embedded(tokens: Tensor, table: Tensor) -> Tensor:
    """Rows (B, T, D) of a table (V, D): those of ids (B, T), or weighted by floats (B, T, V)."""
    return tokens.to(table) @ table if tokens.is_floating_point() else F.embedding(tokens, table)
