"""Notes as symbols in which a passage looks alike in every key and tempo: interval and rhythm of each step.

Conventions. Each track is a text of its own, its notes in order of onset, then pitch, so that chords read upwards;
drums are left out. A symbol stands for a step from one note to the next: the interval in semitones and the rhythm, so
that a passage of k notes is k - 1 symbols. Rhythm is read in one of two ways:

* in `beats`, where music is written to a beat: the steps of the grid between the two onsets, 0 within a chord;
* in a `performance`, whose beats are unknown: onsets less than 50 ms apart are one chord (between the two heaps of
  MAESTRO's inter-onset intervals, chords below 30 ms and successions above 65 ms, 50 ms is the emptiest); from chord to
  chord the ratio of the inter-onset interval to the one before in classes an octave wide, so that even notes played
  unevenly are alike, and twice as long is another class. A track's first chord has no ratio and is left out.

All voices of a track are read together: two pieces that share only a tune over different accompaniments share no
passage. Give the tune alone (`antiphon.codecs.melody.monophonic`) to compare tunes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.notes import Notes
from antiphon.music.score import round_half_up

Timing = Literal["beats", "performance"]

SEPARATOR = -1
TOGETHER_SECONDS = 0.05
_RATIO_EDGES = np.array([-1.5, -0.5, 0.5, 1.5])
_LONGEST_BEATS = 16
_GRID = 12
_RHYTHMS = 4096


@dataclass(frozen=True)
class Reading:
    """How rhythm is read.

    Parameters
    ----------
    timing
        "beats" or "performance".
    resolution
        Steps a beat to which onsets are rounded; of no consequence in a performance.
    """

    timing: Timing = "beats"
    resolution: int = _GRID

    def __post_init__(self) -> None:
        if self.timing not in ("beats", "performance") or self.resolution < 1:
            raise ValueError("rhythm is read in 'beats' at one step a beat or more, or as a 'performance'")


@dataclass(frozen=True, eq=False)
class Streams:
    """The symbols of many pieces, one after the other: of m notes of a track, m - 1 symbols and a separator.

    Parameters
    ----------
    symbols
        (p,) int32, `SEPARATOR` at the end of every track.
    piece
        (p,) int32: number of the piece.
    note
        (p,) int32: number, in its piece without drums, of the note at which the symbol begins; of a separator, the
        track's last note.
    sizes
        (pieces,) int64: notes of each piece without drums.
    """

    symbols: NDArray[np.int32]
    piece: NDArray[np.int32]
    note: NDArray[np.int32]
    sizes: NDArray[np.int64]

    @classmethod
    def of(cls, pieces: Iterable[Notes], reading: Reading) -> "Streams":
        """Read pieces one by one; an iterator of them need never hold them all."""
        return cls.join([_stream(piece, reading) for piece in pieces])

    @classmethod
    def join(cls, parts: Sequence["Streams"]) -> "Streams":
        """Several as one; pieces are numbered on."""
        before = np.cumsum([0, *(len(part.sizes) for part in parts)])
        return cls(
            np.concatenate([np.empty(0, np.int32), *(part.symbols for part in parts)]),
            np.concatenate(
                [np.empty(0, np.int32), *(p.piece + np.int32(n) for p, n in zip(parts, before, strict=False))]
            ),
            np.concatenate([np.empty(0, np.int32), *(part.note for part in parts)]),
            np.concatenate([np.empty(0, np.int64), *(part.sizes for part in parts)]),
        )

    def __len__(self) -> int:
        return len(self.symbols)

    def rows(self, places: NDArray[np.integer]) -> NDArray[np.int64]:
        """Numbers (m,), among the notes of all pieces, of the notes at places (m,)."""
        before = np.append(0, np.cumsum(self.sizes))
        return np.asarray(before[self.piece[places]] + self.note[places])

    def room(self, stretch: NDArray[np.integer] | None = None) -> NDArray[np.int64]:
        """Symbols (p,) from each place to the end of its track; or to where `stretch` (p,), a number for each place
        that changes within tracks, changes next."""
        last = self.symbols == SEPARATOR
        if stretch is not None:
            last |= np.append(stretch[1:] != stretch[:-1], True)
        places = np.arange(len(last))
        ends = np.where(last, places, len(last))
        return np.asarray(np.minimum.accumulate(ends[::-1])[::-1] - places)


def reading_of(pieces: Iterable[Notes], resolution: int = _GRID) -> Reading:
    """How the rhythm of pieces is to be read: in beats where most of their onsets lie within a hundredth of a beat of
    the grid, as in at least 60 of 100 (a performance without beats has about 24 there at 12 steps a beat)."""
    near = [np.abs(piece.start_beat * resolution - np.rint(piece.start_beat * resolution)) for piece in pieces]
    off = np.concatenate([np.empty(0), *near])
    written = not len(off) or float((off < resolution / 100).mean()) >= 0.6
    return Reading("beats" if written else "performance", resolution)


def pitched(notes: Notes) -> Notes:
    """The notes that are read: all but the drums."""
    return notes.only(~notes.is_drum) if notes.is_drum.any() else notes


def _stream(notes: Notes, reading: Reading) -> Streams:
    notes = pitched(notes)
    order, rhythm, kept = _written(notes, reading.resolution) if reading.timing == "beats" else _played(notes)
    track, pitch = notes.track[order], notes.pitch[order]
    interval = np.append(np.diff(pitch), 0)[: len(order)]
    symbols = (interval + 127) * _RHYTHMS + rhythm
    symbols[_changes(track)] = SEPARATOR
    return Streams(
        symbols[kept].astype(np.int32),
        np.zeros(int(kept.sum()), np.int32),
        order[kept].astype(np.int32),
        np.array([len(notes)], np.int64),
    )


def _written(notes: Notes, resolution: int) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.bool_]]:
    """Order of the notes, steps to the next, and which of them are read: all."""
    step = round_half_up(notes.start_beat * resolution)
    order = np.lexsort((notes.pitch, step, notes.track))
    longest = min(_LONGEST_BEATS * resolution, _RHYTHMS - 1)
    steps = np.clip(np.append(np.diff(step[order]), 0)[: len(order)], 0, longest)
    return order, steps, np.ones(len(order), bool)


def _played(notes: Notes) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.bool_]]:
    """Order of the notes, class of the ratio to the next, and which of them are read: those after a first chord."""
    by_onset = np.lexsort((notes.start_seconds, notes.track))
    onset, track = notes.start_seconds[by_onset], notes.track[by_onset]
    other = _changes(track)[:-1]
    begins = np.append(True, other | (np.diff(onset) >= TOGETHER_SECONDS))[: len(onset)]
    chord = np.cumsum(begins) - 1
    order = by_onset[np.lexsort((notes.pitch[by_onset], chord))]
    opens = np.append(True, other)[: len(onset)][begins]
    return order, _ratios(onset[begins], opens, chord), ~opens[chord]


def _ratios(onset: NDArray[np.float64], opens: NDArray[np.bool_], chord: NDArray[np.intp]) -> NDArray[np.int64]:
    """0 within a chord, else 1 to 5 for the ratio of the time to the next chord to that from the one before; `onset`
    and `opens` (whether it begins a track) have a row a chord, `chord` one a note."""
    gap = np.append(np.diff(onset), 1)[: len(onset)]
    gap[np.append(opens[1:], True)[: len(onset)]] = 1
    before = np.where(opens, gap, np.append(1, gap)[: len(onset)])
    ratio = 1 + np.searchsorted(_RATIO_EDGES, np.log2(gap / before), side="right")
    last = np.append(chord[1:] != chord[:-1], True)[: len(chord)]
    return np.where(last, ratio[chord] if len(onset) else 0, 0)


def _changes(values: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Where a value is the last of its kind in a row."""
    return np.append(values[1:] != values[:-1], True)[: len(values)]
