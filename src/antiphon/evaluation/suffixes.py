"""All suffixes of a text of integers in order, and how much any two of them have in common: exact, without hashing.

Prefix doubling (Karp, Miller and Rosenberg 1972; Manber and Myers 1993): suffixes are ranked by their first symbol,
then by their first 2, 4, 8 ... symbols, each ranking from the one before. The rankings are kept, because two suffixes
share their first 2^k symbols where their ranks at level k agree: common prefixes of any pairs then take a comparison a
level, for all pairs at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class Suffixes:
    """The suffixes of a text of n symbols.

    Parameters
    ----------
    order
        (n,) int32: positions in the order of their suffixes, as far as the last level tells.
    levels
        Level k (n,) int32: the rank of each position by the 2^k symbols that begin there.
    """

    order: NDArray[np.int32]
    levels: tuple[NDArray[np.int32], ...]

    @classmethod
    def of(cls, text: NDArray[np.integer], longest: int) -> "Suffixes":
        """Rank the suffixes of a text (n,) of integers of 0 or more, so that passages of up to `longest` symbols are
        told apart.

        A negative symbol stands for a separator: it differs from every other symbol and separator. The last symbol
        must be one.

        Raises
        ------
        ValueError
            If the text does not end with a separator.
        """
        if not len(text) or text[-1] >= 0:
            raise ValueError("a text ends with a separator, a negative symbol")
        apart = text.astype(np.int64)
        separators = np.flatnonzero(text < 0)
        apart[separators] = -1 - np.arange(len(separators))
        order = np.argsort(apart, kind="stable")
        ordered = apart[order]
        fresh = np.append(True, ordered[1:] != ordered[:-1])
        rank = np.empty(len(text), np.int32)
        rank[order] = np.maximum.accumulate(np.where(fresh, np.arange(len(text)), 0))
        order32, levels = order.astype(np.int32), [rank]
        while (1 << len(levels) - 1) < longest:
            finer = _refined(order32, levels[-1], 1 << len(levels) - 1)
            if finer is None:
                break
            levels.append(finer)
        return cls(order32, tuple(levels))

    def common(self, a: Positions, b: Positions) -> NDArray[np.int64]:
        """Symbols (m,) that the suffixes at positions `a` and `b` (m,) have in common at their beginnings; at least
        `longest` where they share that many."""
        length = np.zeros(len(a), np.int64)
        for level in reversed(range(len(self.levels))):
            rank = self.levels[level]
            length += (rank[a + length] == rank[b + length]).astype(np.int64) << level
        return length

    def equal(self, a: Positions, b: Positions, length: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether the suffixes at `a` and `b` (m,) share their first `length` (m,) symbols, at least 1 and at most
        `longest`: two overlapping powers of two cover them."""
        level = np.minimum(np.frexp(length)[1] - 1, len(self.levels) - 1)
        same = np.zeros(len(a), bool)
        for k in np.unique(level):
            rank, these = self.levels[k], np.flatnonzero(level == k)
            these = these[rank[a[these]] == rank[b[these]]]
            rest = length[these] - (1 << int(k))
            same[these] = rank[a[these] + rest] == rank[b[these] + rest]
        return same


def _refined(order: NDArray[np.int32], rank: NDArray[np.int32], step: int) -> NDArray[np.int32] | None:
    """Ranks by twice `step` symbols from those by `step`, and `order` sorted by them in place; None where no two
    suffixes are tied. Only tied suffixes are sorted, and those end far enough before the text's last separator."""
    ordered = rank[order]
    tied = ordered[1:] == ordered[:-1]
    places = np.flatnonzero(np.append(tied, False) | np.append(False, tied))
    if not len(places):
        return None
    members = order[places]
    key = rank[members].astype(np.int64) * len(rank) + rank[members + step]
    by_key = np.argsort(key)
    members, key = members[by_key], key[by_key]
    order[places] = members
    fresh = np.append(True, key[1:] != key[:-1])
    finer = rank.copy()
    finer[members] = np.maximum.accumulate(np.where(fresh, places, 0))
    return finer
