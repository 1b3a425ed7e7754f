"""Looking up every place of some pieces in a corpus: how long a passage from there stands in it too, and where."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.sets.passages import SEPARATOR, Streams
from antiphon.evaluation.suffixes import Suffixes


@dataclass(frozen=True, eq=False)
class Lookup:
    """Places of queries in a corpus: for each symbol of the queries how many match from there on, and where.

    Parameters
    ----------
    streams
        The queries.
    length, place
        (p,) symbols that match, and where they begin in the corpus.
    suffixes, known
        All suffixes, and (q,) those of the corpus in order; queries begin at `begin` in the joint text.
    begin
        Position of the first query symbol in the joint text.
    """

    streams: Streams
    length: NDArray[np.int64]
    place: NDArray[np.int64]
    suffixes: Suffixes
    known: NDArray[np.int32]
    begin: int

    @classmethod
    def run(cls, corpus: Streams, queries: Streams) -> Self:
        """Look up every place of the queries."""
        text = np.concatenate([corpus.symbols, queries.symbols, np.array([SEPARATOR], np.int32)])
        suffixes = Suffixes.of(text, int(queries.room().max(initial=1)))
        order, size = suffixes.order, len(corpus)
        mine = order < size
        asked = np.flatnonzero((order >= size) & (order < len(text) - 1))
        count = np.cumsum(mine)[asked]
        known = order[mine]
        length, place = np.zeros(len(queries), np.int64), np.full(len(queries), -1, np.int64)
        query = order[asked]
        for neighbour in (count - 1, count):
            there = (neighbour >= 0) & (neighbour < len(known))
            found, asks = known[neighbour[there]], query[there]
            common = suffixes.common(asks, found)
            longer = common > length[asks - size]
            length[asks[longer] - size], place[asks[longer] - size] = common[longer], found[longer]
        return cls(queries, np.minimum(length, queries.room()), place, suffixes, known, size)

    def split(self, num: int) -> tuple[Self, Self]:
        """The first `num` pieces of the queries, and the others."""
        cut = int(np.searchsorted(self.streams.piece, num))
        return self._only(slice(0, cut), slice(0, num), 0), self._only(slice(cut, None), slice(num, None), num)

    def _only(self, rows: slice, pieces: slice, first: int) -> Self:
        old = self.streams
        streams = Streams(old.symbols[rows], old.piece[rows] - first, old.note[rows], old.sizes[pieces])
        begin = self.begin + (rows.start or 0)
        return type(self)(streams, self.length[rows], self.place[rows], self.suffixes, self.known, begin)

    def best(self) -> NDArray[np.int64]:
        """Where in the queries the longest passage of each piece begins (pieces,); -1 where nothing matches."""
        best = np.full(len(self.streams.sizes), -1, np.int64)
        rows = np.flatnonzero(self.length)
        rows = rows[np.lexsort((rows, -self.length[rows], self.streams.piece[rows]))]
        piece, first = np.unique(self.streams.piece[rows], return_index=True)
        best[piece] = rows[first]
        return best

    def songs(self, rows: NDArray[np.int64], piece: NDArray[np.int32]) -> list[int]:
        """In how many pieces of the corpus the passages at `rows` of the queries occur; `piece` (corpus symbols,)."""
        rank = np.empty(len(self.known), np.int64)
        rank[self.known] = np.arange(len(self.known))
        asked, length, inside = rows + self.begin, self.length[rows], rank[self.place[rows]]
        low = self._edge(asked, length, inside, np.full(len(rows), -1))
        high = self._edge(asked, length, inside, np.full(len(rows), len(self.known)))
        return [len(np.unique(piece[self.known[a : b + 1]])) for a, b in zip(low, high, strict=True)]

    def _edge(
        self,
        asked: NDArray[np.int64],
        length: NDArray[np.int64],
        inside: NDArray[np.int64],
        outside: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """The last of the corpus's suffixes from `inside` towards `outside` that begin as `asked` does."""
        while (open_ := np.abs(outside - inside) > 1).any():
            middle = np.where(open_, (inside + outside) // 2, inside)
            same = self.suffixes.equal(self.known[middle], asked, length)
            inside, outside = np.where(same, middle, inside), np.where(same | ~open_, outside, middle)
        return inside

    def whole(self, fewest: int) -> NDArray[np.bool_]:
        """Whether each piece stands in the corpus track by track; tracks of fewer than `fewest` notes do not count."""
        streams, room = self.streams, self.streams.room()
        starts = np.append(True, streams.symbols[:-1] == SEPARATOR)[: len(streams)]
        starts &= room + 1 >= fewest
        piece, whole = streams.piece[starts], (self.length == room)[starts]
        num = np.bincount(piece, minlength=len(streams.sizes))
        return np.asarray((num > 0) & (np.bincount(piece[whole], minlength=len(streams.sizes)) == num))

    def covered(self, passage: int) -> NDArray[np.float64]:
        """Share of each piece's notes that lie in shared passages of `passage` notes or more; NaN for no notes."""
        rows = np.flatnonzero(self.length + 1 >= passage)
        edges = np.zeros(len(self.length) + 1, np.int64)
        np.add.at(edges, rows, 1)
        np.add.at(edges, rows + self.length[rows] + 1, -1)
        inside = np.cumsum(edges[:-1]) > 0
        pieces = len(self.streams.sizes)
        notes = np.bincount(self.streams.piece, minlength=pieces)
        shared = np.bincount(self.streams.piece, inside, pieces)
        return np.asarray(np.divide(shared, notes, out=np.full(pieces, np.nan), where=notes > 0))

    def longest_in(self, size: int) -> NDArray[np.int64]:
        """Notes of the longest passage in each part of `size` notes of each piece, (pieces, parts) from its beginning
        on; -1 where the piece has no such part, 0 where nothing is shared."""
        streams = self.streams
        part = streams.note // size
        num = streams.sizes // size
        longest = np.where(np.arange(max(int(num.max(initial=0)), 1)) < num[:, None], 0, -1)
        inside = part < num[streams.piece]
        shared = np.minimum(self.length, streams.room(part))
        shared[shared > 0] += 1
        np.maximum.at(longest, (streams.piece[inside], part[inside]), shared[inside])
        return longest
