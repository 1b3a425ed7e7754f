"""Decoders that keep keys and values in windows: what all designs share.

Axes: B piece, H head, T token, K key, D width, V vocabulary.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from antiphon.families.transformer.windows import Windows
from antiphon.nn.relative import by_key
from antiphon.nn.thin import thin_product
from antiphon.nn.windowed import band


class WindowDecoder(ABC):
    """Pieces that go on, each token seeing the last ones.

    Parameters
    ----------
    windows
        What is kept of the tokens before.
    """

    def __init__(self, windows: Windows) -> None:
        self.windows = windows

    @abstractmethod
    def passed(self, tokens: Tensor) -> Tensor:
        """States (B, T, D) after the last layer, of tokens (B, T) for which the windows have room."""

    @abstractmethod
    def scores(self, states: Tensor) -> Tensor:
        """Logits (..., V) of states (..., D) after the last layer."""

    def follow(self, tokens: Tensor) -> Tensor:
        """As `Decoder.follow`."""
        with torch.inference_mode():
            logits = self.scores(torch.cat([self._next(some) for some in self._parts(tokens)], 1))
        return _plain(logits)

    def read(self, tokens: Tensor) -> Tensor:
        """As `Decoder.read`."""
        with torch.inference_mode():
            logits = self.scores([self._next(some)[:, -1] for some in self._parts(tokens)][-1])
        return _plain(logits)

    def step(self, tokens: Tensor) -> Tensor:
        """As `Decoder.step`."""
        return self.read(tokens[:, None])

    def _parts(self, tokens: Tensor) -> tuple[Tensor, ...]:
        return torch.split(tokens, self.windows.most, 1)

    def _next(self, tokens: Tensor) -> Tensor:
        self.windows.make_room(tokens.shape[1])
        states = self.passed(tokens)
        self.windows.advance(tokens.shape[1])
        return states


def _plain(made: Tensor) -> Tensor:
    """A tensor that training may use as well; those of inference mode it refuses."""
    return made.clone()


def asked(query: Tensor, keys: Tensor) -> Tensor:
    """Products (B, H, T, K) of queries (B, H, T, D) with keys (B, H, D, K)."""
    return thin_product(query.flatten(0, 1), keys.flatten(0, 1)).view(*query.shape[:3], -1)


def placed(query: Tensor, places: Tensor, seen: int) -> Tensor:
    """Products (B, H, T, K) of queries (B, H, T, D) with how far back each of the K = `seen` keys is, the last T of
    which are the queries' own; `places` (H, D, distances) have the least distance last."""
    num, num_heads, length, _ = query.shape
    products = thin_product(query.transpose(0, 1).flatten(1, 2), places[..., -seen - 1 :])
    return by_key(products.view(num_heads, num, length, seen + 1)).transpose(0, 1)


def shares(scores: Tensor, span: int) -> Tensor:
    """What each token gives to each it sees, (B, H, T, K), of scores, which it may overwrite."""
    num, seen = scores.shape[2:]
    if num > 1:
        scores.masked_fill_(~band(num, seen, span, scores.device), -torch.inf)
    return scores.softmax(3)


def answered(given: Tensor, values: Tensor) -> Tensor:
    """Sums (B, H, T, D) of values (B, H, D, K) by shares (B, H, T, K)."""
    made = thin_product(values.flatten(0, 1), given.flatten(0, 1).transpose(1, 2))
    return made.view(*values.shape[:3], -1).transpose(2, 3)
