"""The chords of a piece, half bar by half bar: written ones, or the triads that its notes make.

A *span* is the half of a bar of four beats or more, or any other bar whole. Its chord is the written one that holds
longest in it; where a piece has no written chords, the triad whose tones take at least 60 % of what sounds
(`antiphon.codecs.chords.coverage_codes`), or none. Chords are codes of `antiphon.codecs.chords`.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.chords import NO_CHORD, coverage_codes
from antiphon.evaluation.metrics.melody import pitched
from antiphon.evaluation.notes import Notes


@dataclass(frozen=True, eq=False)
class Harmony:
    """The chords of a piece, span by span.

    Parameters
    ----------
    edges
        Beats (s + 1,) at which spans begin, with the end of the last.
    chord
        (s,) codes; `NO_CHORD` where there is none.
    heard
        (s,) bool: whether anything sounds.
    bar
        (s,) the bar of each span, counted from the first bar in which a note begins.
    """

    edges: NDArray[np.float64]
    chord: NDArray[np.int64]
    heard: NDArray[np.bool_]
    bar: NDArray[np.int64]

    @classmethod
    def of(cls, notes: Notes) -> Self:
        """The written chords of a piece, or else those that its notes make."""
        notes, lines = pitched(notes), notes.bar_beats
        edges = np.sort(np.concatenate([lines, ((lines[1:] + lines[:-1]) / 2)[np.diff(lines) >= 4]]))
        if len(edges) < 2:
            return cls(edges, np.empty(0, np.int64), np.empty(0, bool), np.empty(0, np.int64))
        sounding = _overlaps(notes.start_beat, notes.end_beat, notes.pitch % 12, 12, edges)
        chord = _written(notes, edges) if len(notes.chord) else coverage_codes(sounding).astype(np.int64)
        first = int(notes.bar()[0]) if len(notes) else 0
        bar = np.searchsorted(lines, edges[:-1], side="right") - 1 - first
        return cls(edges, chord, np.asarray(sounding.any(1)), bar.astype(np.int64))

    @property
    def progression(self) -> NDArray[np.int64]:
        """The chords (c,) in order, each other than the one before."""
        return self.chord[self._changes()]

    def _changes(self) -> NDArray[np.int64]:
        """Numbers (c,) of the spans that have another chord than the last span with a chord."""
        there = np.flatnonzero(self.chord != NO_CHORD)
        return np.asarray(there[np.diff(self.chord[there], prepend=-1) != 0])

    def chord_before(self, span: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The chord in force (n,) at each span, the last one that was heard, and the other chord before it;
        `NO_CHORD` where there is none."""
        changes = self._changes()
        chords = np.concatenate([[NO_CHORD, NO_CHORD], self.chord[changes]])
        place = np.searchsorted(changes, span, side="right") + 1
        return chords[place], chords[place - 1]


def _written(notes: Notes, edges: NDArray[np.float64]) -> NDArray[np.int64]:
    ends = np.append(notes.chord_beat[1:], max(edges[-1], notes.chord_beat[-1]))
    held = _overlaps(notes.chord_beat, ends, notes.chord, NO_CHORD + 1, edges)
    return np.where(held.any(1), held.argmax(1), NO_CHORD)


def _overlaps(
    begins: NDArray[np.float64],
    ends: NDArray[np.float64],
    codes: NDArray[np.int64],
    size: int,
    edges: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Beats (spans, size) that things of each code, from `begins` to `ends`, take of each span."""
    until = _elapsed(begins, codes, size, edges) - _elapsed(ends, codes, size, edges)
    # Differences of sums: rounded, so that what is not there weighs nothing.
    return np.maximum(np.diff(until, axis=0).round(9), 0)


def _elapsed(
    times: NDArray[np.float64], codes: NDArray[np.int64], size: int, edges: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum (edges, size) over the times of each code before each edge of the beats from there to the edge."""
    cell = np.searchsorted(edges, times) * size + codes
    shape = (len(edges) + 1, size)
    count = np.bincount(cell, minlength=shape[0] * size).reshape(shape)[:-1].cumsum(0)
    total = np.bincount(cell, times, minlength=shape[0] * size).reshape(shape)[:-1].cumsum(0)
    return np.asarray(count * edges[:, None] - total, np.float64)
