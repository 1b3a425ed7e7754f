"""Markov chains of order 2, fitted to real music: the least that an examiner has to see through."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.melody import NUM_PITCHES
from antiphon.evaluation.notes import Notes

_TRIES = 100
_FEWEST = 3


class MarkovChain:
    """A chain of some order fitted to sequences of whole numbers (Shannon 1948, section 3).

    What follows is drawn from all that followed the same last numbers in the sequences; where these never occurred, or
    nothing followed, the context is shortened by its oldest number.

    Parameters
    ----------
    sequences
        One-dimensional arrays of numbers 0 and up.
    order
        How many numbers decide the next one.

    Raises
    ------
    ValueError
        If no sequence is longer than the order, or numbers are negative.
    """

    def __init__(self, sequences: Sequence[NDArray[np.integer]], order: int = 2) -> None:
        lines = [np.asarray(line, np.int64) for line in sequences if len(line) > order]
        if not lines or order < 1:
            raise ValueError(f"a chain of order {order} is fitted to sequences longer than that")
        if min(int(line.min()) for line in lines) < 0:
            raise ValueError("a chain runs over numbers from 0 on")
        self.order = order
        self._size = 1 + max(int(line.max()) for line in lines)
        if self._size**order > np.iinfo(np.int64).max:
            raise ValueError("numbers this large have no room in a context")
        windows = np.concatenate([np.lib.stride_tricks.sliding_window_view(line, order + 1) for line in lines])
        self._tables = [self._table(windows[:, order - length :]) for length in range(order + 1)]
        self._openings = np.stack([line[:order] for line in lines])

    def continued(self, context: NDArray[np.integer], length: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """The next `length` numbers (n, length) after each context (n, at least `order`)."""
        line = np.empty((len(context), self.order + length), np.int64)
        line[:, : self.order] = np.asarray(context)[:, -self.order :]
        for step in range(self.order, self.order + length):
            line[:, step] = self._next(line[:, step - self.order : step], rng)
        return line[:, self.order :]

    def sequences(self, num: int, length: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """`num` sequences (num, length) that begin as fitted ones do."""
        opening = self._openings[rng.integers(0, len(self._openings), num)]
        return np.concatenate([opening, self.continued(opening, length, rng)], axis=1)[:, :length]

    def _table(self, windows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Contexts in order, and what followed each."""
        keys = self._keys(windows[:, :-1])
        order = np.argsort(keys, kind="stable")
        return keys[order], windows[order, -1]

    def _keys(self, context: NDArray[np.int64]) -> NDArray[np.int64]:
        # A number that was never seen has a key of its own, which is in no table.
        unseen = (context >= self._size).any(1) | (context < 0).any(1)
        keys = context @ self._size ** np.arange(context.shape[1], dtype=np.int64)
        return np.where(unseen, -1, keys)

    def _next(self, context: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        drawn, chance = np.full(len(context), -1, np.int64), rng.random(len(context))
        for length in range(self.order, -1, -1):
            contexts, following = self._tables[length]
            keys = self._keys(context[:, self.order - length :])
            first, last = np.searchsorted(contexts, keys, "left"), np.searchsorted(contexts, keys, "right")
            known = (drawn < 0) & (last > first)
            drawn[known] = following[(first + (chance * (last - first)).astype(np.int64))[known]]
        return drawn


def markov_bars(
    bars: NDArray[np.integer], previous: NDArray[np.integer], given: NDArray[np.integer], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Bars (m, steps) of an order-2 chain over steps, fitted to bars with the bars before them, both (n, steps).

    Each goes on over the bar line from the bar before that is `given` (m, steps). As with real melody bars, each has an
    onset: one without is drawn again.
    """
    chain = MarkovChain(list(np.concatenate([previous, bars], axis=1)))
    made = chain.continued(given, bars.shape[1], rng)
    for _ in range(_TRIES):
        silent = np.flatnonzero((made >= NUM_PITCHES).all(1))
        if not len(silent):
            break
        made[silent] = chain.continued(given[silent], bars.shape[1], rng)
    return made.astype(np.uint8)


def markov_frames(
    bars: NDArray[np.integer], previous: NDArray[np.integer], given: NDArray[np.integer], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """As `markov_bars`, of frame bars: (n, 16) pitches."""
    chain = MarkovChain(list(np.concatenate([previous, bars], axis=1)))
    return chain.continued(given, bars.shape[1], rng).astype(np.uint8)


def markov_notes(pieces: Sequence[Notes], num_notes: Sequence[int], rng: np.random.Generator) -> list[Notes]:
    """Pieces of notes by two order-2 chains: one over pitches, one over what a note's time is (gap to the next onset
    and length, both rounded to 16ths, with its velocity).

    The pieces have one track, 120 beats a minute and 4/4.

    Parameters
    ----------
    pieces
        What the chains are fitted to; pieces of three notes or fewer are left out.
    num_notes
        Notes of each piece to make.
    """
    pieces = [piece for piece in pieces if len(piece) > _FEWEST]
    longest = max(num_notes, default=0)
    pitches = MarkovChain([np.clip(piece.pitch, 0, 127) for piece in pieces]).sequences(len(num_notes), longest, rng)
    times = MarkovChain([_time_codes(piece) for piece in pieces]).sequences(len(num_notes), longest, rng)
    return [_piece(pitch[:num], time[:num]) for pitch, time, num in zip(pitches, times, num_notes, strict=True)]


def _time_codes(piece: Notes) -> NDArray[np.int64]:
    """Gap, length and velocity of each note but the last, which has no gap after it."""
    gap = np.clip(np.diff(np.rint(4 * piece.start_beat)), 0, 63).astype(np.int64)
    length = np.clip(np.rint(4 * (piece.end_beat - piece.start_beat)), 0, 63).astype(np.int64)[:-1]
    return (gap * 64 + length) * 128 + np.clip(piece.velocity, 0, 127)[:-1]


def _piece(pitch: NDArray[np.int64], times: NDArray[np.int64]) -> Notes:
    gap, length, velocity = times // 128 // 64, times // 128 % 64, times % 128
    start = np.concatenate([[0], np.cumsum(gap)])[: len(pitch)] / 4
    end = start + np.maximum(length, 0.5) / 4
    order, track = np.lexsort((pitch, start)), np.zeros(len(pitch), np.int64)
    start, end = start[order], end[order]
    bars = np.arange(0, end.max(initial=4) + 4, 4.0)
    return Notes(start / 2, end / 2, start, end, pitch[order], velocity[order], track, track > 0, bars)
