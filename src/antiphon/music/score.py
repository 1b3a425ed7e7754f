"""Notes, tracks and scores in ticks, with tempo map, metre, pedal, exact seconds and one rounding rule to a grid."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

NOTE = np.dtype([("start", "<i8"), ("end", "<i8"), ("pitch", "<i2"), ("velocity", "<i2")])
"""One note: start and end in ticks (end exclusive), MIDI pitch 0-127, velocity 1-127."""

TEMPO = np.dtype([("tick", "<i8"), ("beat_us", "<i8")])
"""From `tick` on, a beat (quarter note) lasts `beat_us` microseconds, the integer that a MIDI file stores."""

TIME_SIGNATURE = np.dtype([("tick", "<i8"), ("numerator", "<i4"), ("denominator", "<i4")])
"""From `tick` on, bars of `numerator` notes of 1/`denominator`."""

KEY_SIGNATURE = np.dtype([("tick", "<i8"), ("sharps", "<i4"), ("minor", "?")])
"""From `tick` on, `sharps` sharps (negative: flats), minor or major."""

CONTROL = np.dtype([("tick", "<i8"), ("number", "<i4"), ("value", "<i4")])
"""A control change; number 64 is the sustain pedal (down from value 64 up), number 128 stands for the pitch bend."""

PEDAL, PITCH_BEND = 64, 128
DEFAULT_BEAT_US = 500_000


def table(dtype: np.dtype[np.void], rows: ArrayLike = ()) -> NDArray[np.void]:
    """Rows (tuples) as a read-only structured array of `dtype`."""
    array = np.array(rows, dtype=dtype) if not isinstance(rows, np.ndarray) else rows.astype(dtype, copy=True)
    array.setflags(write=False)
    return array


def notes_from_columns(start: ArrayLike, end: ArrayLike, pitch: ArrayLike, velocity: ArrayLike) -> NDArray[np.void]:
    """Four columns of equal length (or scalars, broadcast) as a `NOTE` table ordered by start, pitch, end."""
    columns = np.broadcast_arrays(*(np.atleast_1d(np.asarray(column)) for column in (start, end, pitch, velocity)))
    order = _note_order(*columns[:3])
    notes = np.empty(columns[0].shape, NOTE)
    for name, column in zip(("start", "end", "pitch", "velocity"), columns, strict=True):
        notes[name] = column[order]
    return notes


def _note_order(start: NDArray[Any], end: NDArray[Any], pitch: NDArray[Any]) -> NDArray[np.intp]:
    # Notes come nearly in order, where a stable sort of one integer key takes a tenth of the time of three.
    key = start.astype(np.int64) * 128 + pitch
    order: NDArray[np.intp] = np.argsort(key, kind="stable")
    if (np.diff(key[order]) <= 0).any():
        order = np.lexsort((end, pitch, start))
    return order


def empty(dtype: np.dtype[np.void]) -> NDArray[np.void]:
    """A table without rows."""
    return np.empty(0, dtype)


@dataclass(frozen=True, eq=False)
class Track:
    """Notes of one instrument.

    Parameters
    ----------
    notes
        `NOTE` table, ordered by start.
    program
        General MIDI program 0-127.
    is_drum
        Whether this is a percussion track (MIDI channel 10).
    name
        Free text, may be empty.
    controls
        `CONTROL` table, ordered by tick: pedal, volume, pan, pitch bend and the rest.
    """

    notes: NDArray[np.void] = field(default_factory=lambda: empty(NOTE))
    program: int = 0
    is_drum: bool = False
    name: str = ""
    controls: NDArray[np.void] = field(default_factory=lambda: empty(CONTROL))

    def pedal_spans(self) -> NDArray[np.int64]:
        """Spans (n, 2) in ticks, down to up, in which the sustain pedal is held; an unreleased pedal ends with the
        last event."""
        pedal = self.controls[self.controls["number"] == PEDAL]
        if not len(pedal):
            return np.empty((0, 2), np.int64)
        down = pedal["value"] >= 64
        changed = np.flatnonzero(np.diff(down, prepend=False))
        ticks = pedal["tick"][changed].astype(np.int64)
        if down[-1]:
            last = max(int(pedal["tick"][-1]), int(self.notes["end"].max(initial=0)))
            ticks = np.append(ticks, np.int64(last))
        spans: NDArray[np.int64] = ticks.reshape(-1, 2)
        return spans


@dataclass(frozen=True, eq=False)
class Score:
    """A piece of music: tracks on one tick line with its tempo map and metre.

    Parameters
    ----------
    ticks_per_beat
        Ticks a quarter note.
    tracks
        In file order.
    tempos, time_signatures, key_signatures
        Tables ordered by tick. Where a table is empty, or before its first row, 120 beats a minute and 4/4 hold.
    texts
        (tick, text) pairs: remarks such as the model, seed and version that made the music.
    chords
        (tick, symbol) pairs, such as (0, "C"), (1920, "Am"); ordered by tick.
    """

    ticks_per_beat: int = 480
    tracks: tuple[Track, ...] = ()
    tempos: NDArray[np.void] = field(default_factory=lambda: empty(TEMPO))
    time_signatures: NDArray[np.void] = field(default_factory=lambda: empty(TIME_SIGNATURE))
    key_signatures: NDArray[np.void] = field(default_factory=lambda: empty(KEY_SIGNATURE))
    texts: tuple[tuple[int, str], ...] = ()
    chords: tuple[tuple[int, str], ...] = ()

    @property
    def num_notes(self) -> int:
        """Notes in all tracks."""
        return sum(len(track.notes) for track in self.tracks)

    @property
    def end(self) -> int:
        """The tick at which the last note ends; 0 for a score without notes."""
        return max((int(track.notes["end"].max(initial=0)) for track in self.tracks), default=0)

    @property
    def duration_seconds(self) -> float:
        """Seconds from tick 0 to the end of the last note."""
        return float(self.seconds(self.end))

    def seconds(self, ticks: ArrayLike) -> NDArray[np.float64]:
        """Exact time of each tick in float64 seconds under the tempo map, same shape as `ticks`."""
        ticks = np.asarray(ticks, np.int64)
        starts, beat_us = self._tempo_map()
        if len(starts) == 1:
            # The common case, several times as fast as the search below, and the same numbers.
            return np.asarray(ticks * beat_us[0] / (self.ticks_per_beat * 1_000_000))
        # Sums of integers stay exact; the one division comes last.
        elapsed = np.concatenate([[0], np.cumsum(np.diff(starts) * beat_us[:-1])])
        row = np.maximum(np.searchsorted(starts, ticks, side="right") - 1, 0)
        return np.asarray((elapsed[row] + (ticks - starts[row]) * beat_us[row]) / (self.ticks_per_beat * 1_000_000))

    def ticks(self, seconds: ArrayLike) -> NDArray[np.int64]:
        """The nearest tick of each time in seconds (halves go up), the inverse of `seconds`."""
        target = np.asarray(seconds, np.float64)
        starts, beat_us = self._tempo_map()
        row = np.maximum(np.searchsorted(self.seconds(starts), target, side="right") - 1, 0)
        beats = (target - self.seconds(starts)[row]) * 1_000_000 / beat_us[row]
        return np.asarray(starts[row] + round_half_up(beats * self.ticks_per_beat), np.int64)

    def steps(self, ticks: ArrayLike, resolution: int) -> NDArray[np.int64]:
        """Nearest grid step of each tick at `resolution` steps a beat; a tick half-way goes to the later step.

        This is the project's one rounding rule. It is exact: integers only.
        """
        ticks = np.asarray(ticks, np.int64)
        return np.asarray((2 * ticks * resolution + self.ticks_per_beat) // (2 * self.ticks_per_beat), np.int64)

    def bars(self) -> NDArray[np.int64]:
        """Ticks at which bars begin, from tick 0 through the first one at or after the end, under all time signatures.

        A change of metre inside a bar cuts that bar short, as notation programs do.
        """
        changes = self.time_signatures
        if not len(changes) or changes["tick"][0] > 0:
            changes = np.concatenate([table(TIME_SIGNATURE, [(0, 4, 4)]), changes])
        end = max(self.end, 1)
        pieces = []
        for change, stop in zip(changes, [*changes["tick"][1:].tolist(), end], strict=True):
            begin, denominator = int(change["tick"]), int(change["denominator"])
            # A bar may be no whole number of ticks: each line is rounded down on its own, so that errors do not add up.
            bar = max(self.ticks_per_beat * 4 * int(change["numerator"]), denominator)
            num_bars = max(0, -((begin - stop) * denominator // bar))
            pieces.append(begin + np.arange(num_bars + 1, dtype=np.int64) * bar // denominator)
        lines = np.concatenate([*(piece[:-1] for piece in pieces), pieces[-1][-1:]])
        return lines[: int(np.searchsorted(lines, end)) + 1]

    def with_tracks(self, tracks: tuple[Track, ...]) -> "Score":
        """The same score with other tracks."""
        return replace(self, tracks=tracks)

    def _tempo_map(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        starts, beat_us = self.tempos["tick"].astype(np.int64), self.tempos["beat_us"].astype(np.int64)
        if not len(starts) or starts[0] > 0:
            starts, beat_us = np.append(0, starts), np.append(DEFAULT_BEAT_US, beat_us)
        # Of several tempos at one tick the last holds.
        last = np.append(starts[1:] != starts[:-1], True)
        return starts[last], beat_us[last]


def round_half_up(values: ArrayLike) -> NDArray[np.int64]:
    """Nearest integer, halves up (numpy's own rounding sends halves to even numbers)."""
    return np.floor(np.asarray(values, np.float64) + 0.5).astype(np.int64)


def beat_us(tempo: float) -> int:
    """Microseconds a beat at `tempo` beats a minute."""
    return round(60_000_000 / tempo)
