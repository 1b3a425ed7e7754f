"""N-grams with backoff: what a token costs who knows only the few before it; a baseline for likelihoods."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Line = NDArray[np.integer]
_DISCOUNT = 0.5


class _Counts(NamedTuple):
    """What is known of one order: grams (g,) as sorted keys with the share of their context's count that is theirs when
    discounted, and contexts (c,) with the share that is left for what never followed them."""

    grams: NDArray[np.int64]
    own: NDArray[np.float64]
    contexts: NDArray[np.int64]
    left: NDArray[np.float64]


class NGrams:
    """Modified Kneser-Ney, interpolated (Kneser & Ney 1995; Chen & Goodman 1999, section 3), over tokens.

    Shorter grams are counted by how many different tokens they follow; each order has three discounts, for what came
    once, twice and more often, by how many grams came one to four times. Below single tokens all are equally likely.

    Parameters
    ----------
    lines
        Pieces (t,) of tokens; each begins after `order - 1` tokens `start`, which is no token of theirs.
    num_tokens
        Tokens are 0 to below this.
    order
        How many tokens a gram has.

    Raises
    ------
    ValueError
        If there is no token, or one is out of range, or keys would not fit into 64 bits.
    """

    def __init__(self, lines: Sequence[Line], num_tokens: int, order: int = 5, start: int = 0) -> None:
        if order < 1 or num_tokens**order > np.iinfo(np.int64).max:
            raise ValueError(f"grams of {order} of {num_tokens} tokens have no room in 64 bits; lower the order")
        self.num_tokens, self.order, self._start = num_tokens, order, start
        whole = [self._keys(line) for line in lines if len(line)]
        if not whole:
            raise ValueError("there is no token to count; give pieces")
        grams, count = np.unique(np.concatenate(whole), return_counts=True)
        self._counts: list[_Counts] = [self._counted(grams, count)]
        for length in range(order - 1, 0, -1):
            # What comes before a gram makes it another one of the order above.
            grams, count = np.unique(grams % num_tokens**length, return_counts=True)
            self._counts.append(self._counted(grams, count))

    def nats(self, line: Line) -> NDArray[np.float64]:
        """-ln p (t,) of each token of a piece (t,), given those before it."""
        keys = self._keys(line)
        chance = np.full(len(keys), 1.0 / self.num_tokens)
        for length, counts in enumerate(reversed(self._counts), start=1):
            chance = self._interpolated(counts, keys % self.num_tokens**length, chance)
        nats: NDArray[np.float64] = -np.log(chance)
        return nats

    def _keys(self, line: Line) -> NDArray[np.int64]:
        """The gram (t,) that ends with each token, as one number."""
        tokens = np.asarray(line, np.int64)
        if len(tokens) and not 0 <= tokens.min() <= tokens.max() < self.num_tokens:
            raise ValueError(f"tokens are 0 to {self.num_tokens - 1}, not {tokens.min()} to {tokens.max()}")
        padded = np.append(np.full(self.order - 1, self._start, np.int64), tokens)
        keys = np.zeros(len(tokens), np.int64)
        for place in range(self.order):
            keys = keys * self.num_tokens + padded[place : place + len(tokens)]
        return keys

    def _counted(self, grams: NDArray[np.int64], count: NDArray[np.int64]) -> _Counts:
        contexts, first = np.unique(grams // self.num_tokens, return_index=True)
        taken = np.minimum(_discounts(count)[np.minimum(count, 3) - 1], count)
        total = np.add.reduceat(count, first)
        own = (count - taken) / np.repeat(total, np.diff(np.append(first, len(grams))))
        return _Counts(grams, own, contexts, np.add.reduceat(taken, first) / total)

    def _interpolated(
        self, counts: _Counts, keys: NDArray[np.int64], lower: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        seen = _found(counts.grams, keys)
        known = _found(counts.contexts, keys // self.num_tokens)
        own = np.where(seen < 0, 0.0, counts.own[seen])
        return np.where(known < 0, lower, own + counts.left[known] * lower)


def _discounts(count: NDArray[np.int64]) -> NDArray[np.float64]:
    """What grams lose that came once, twice, and more often: equation 26 of Chen & Goodman, or half where too few
    counts are there to tell."""
    numbers = [(count == times).sum() for times in range(1, 5)]
    if not all(numbers):
        return np.full(3, _DISCOUNT)
    kept = numbers[0] / (numbers[0] + 2 * numbers[1])
    found = [times - (times + 1) * kept * numbers[times] / numbers[times - 1] for times in range(1, 4)]
    return np.array(found).clip(0.1, None)


def _found(keys: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each wanted key lies among sorted ones; -1 where it does not."""
    place = np.searchsorted(keys, wanted).clip(0, len(keys) - 1)
    return np.where(keys[place] == wanted, place, -1)
