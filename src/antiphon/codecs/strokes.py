"""Notes on a metrical grid as strokes that do not overlap, strokes as cells of bars, and cells as notes again.

Axes: n phrases, K track, B bar, T step, P pitch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.music.score import NOTE, Score

Integers = NDArray[np.int64]

_CELLS_AT_ONCE = 1 << 22


@dataclass(frozen=True)
class Grid:
    """How notes become cells.

    Parameters
    ----------
    resolution
        Steps a beat.
    lowest_pitch, num_pitches
        The pitch axis; notes outside it are left out.
    rests
        Whether a note is silent in its last step, so that those under two steps are dropped (Dong et al. 2018); else
        notes keep their length, one step at least.
    struck
        Tracks, such as drums, whose notes sound in the step of their onset alone, however long they are.
    """

    resolution: int
    lowest_pitch: int
    num_pitches: int
    rests: bool
    struck: tuple[int, ...] = ()


@dataclass(frozen=True)
class Strokes:
    """Notes of one pitch and track without overlap, (n,) each: they sound from step `start` to `end` (exclusive)."""

    track: Integers
    pitch: Integers
    start: Integers
    end: Integers

    def __getitem__(self, some: NDArray[Any]) -> "Strokes":
        """Some of them, by number or by a mask."""
        return Strokes(self.track[some], self.pitch[some], self.start[some], self.end[some])


def note_table(score: Score, numbers: Sequence[int], grid: Grid) -> tuple[Integers, Integers, Integers, Integers]:
    """Track number, pitch from the lowest, first and last step of every note; `numbers` are those of the score's
    tracks on the track axis, -1 for one that has no place there."""
    notes = np.concatenate([np.empty(0, NOTE), *(track.notes for track in score.tracks)])
    track = np.repeat(np.array(numbers, np.int64), [len(track.notes) for track in score.tracks])
    start, end = score.steps(np.stack([notes["start"], notes["end"]]), grid.resolution)
    return track, notes["pitch"].astype(np.int64) - grid.lowest_pitch, start, end


def strokes_of(score: Score, numbers: Sequence[int], grid: Grid) -> Strokes:
    """What sounds of a score; see `note_table` and `Grid`. A note ends where its pitch is struck again."""
    track, pitch, start, end = note_table(score, numbers, grid)
    kept = (track >= 0) & (pitch >= 0) & (pitch < grid.num_pitches) & ~too_short(track, start, end, grid)
    track, pitch, start, end = track[kept], pitch[kept], start[kept], np.maximum(end, start + 1)[kept]
    track, pitch, start, end = without_overlap(track, pitch, start, end)
    heard = end > start
    end = np.where(np.isin(track, grid.struck), np.minimum(end, start + 1), end - grid.rests)
    sounds = heard & (end > start)
    return Strokes(track[sounds], pitch[sounds], start[sounds], end[sounds])


def too_short(track: Integers, start: Integers, end: Integers, grid: Grid) -> NDArray[np.bool_]:
    """Which notes are dropped since a rest would leave nothing of them; a stroke has no length to lose."""
    return np.asarray(grid.rests & ~np.isin(track, grid.struck) & (end - start < 2))


def without_overlap(track: Integers, pitch: Integers, start: Integers, end: Integers) -> tuple[Integers, ...]:
    """What sounds of each pitch and track, as notes that end where the next is struck; of those that begin together the
    last is as long as the longest, the others have no length."""
    string = track * 128 + pitch
    width = int(end.max(initial=0)) + 1
    order = np.argsort(string * width + start, kind="stable")
    track, pitch, string, start, end = (values[order] for values in (track, pitch, string, start, end))
    # Strings ascend, so one running maximum over (string, end) restarts in each of them.
    end = np.maximum.accumulate(string * width + end) - string * width
    again = string[1:] == string[:-1]
    np.minimum(end[:-1], start[1:], out=end[:-1], where=again)
    return track, pitch, start, end


def fill(real: NDArray[np.bool_], onsets: NDArray[np.bool_], strokes: Strokes, first_steps: Integers) -> None:
    """Write strokes into phrases (n, K, B, T, P) that begin at ascending steps."""
    _, tracks, bars, steps, pitches = real.shape
    length = bars * steps
    # Where each step of the song lies in the rows of track 0, in units of P cells; -1 outside the phrases.
    place = np.full(int(first_steps[-1]) + length, -1, np.int64)
    inside = np.arange(length)
    place[first_steps[:, None] + inside] = (np.arange(len(first_steps)) * tracks * length)[:, None] + inside
    offset = strokes.track * length * pitches + strokes.pitch
    end = np.minimum(strokes.end, len(place))
    count = np.maximum(end - strokes.start, 0)
    flat = real.reshape(-1)
    for part in np.split(np.arange(len(count)), np.flatnonzero(np.diff(np.cumsum(count) // _CELLS_AT_ONCE)) + 1):
        stroke = np.repeat(part, count[part])
        step = np.arange(len(stroke)) - np.repeat(
            np.cumsum(count[part]) - count[part] - strokes.start[part], count[part]
        )
        row = place[step]
        flat[(row * pitches + offset[stroke])[row >= 0]] = True
    heard = strokes.start < len(place)
    row = place[strokes.start[heard]]
    onsets.reshape(-1)[(row * pitches + offset[heard])[row >= 0]] = True


def runs(cells: NDArray[np.bool_], onsets: NDArray[np.bool_] | None, rest: bool) -> tuple[Integers, Integers, Integers]:
    """Pitch, first and end step of the notes of one track (n, B, T, P), their rest included."""
    line = cells.reshape(-1, cells.shape[-1])
    first = line.copy()
    first[1:] &= ~line[:-1]
    if onsets is not None:
        first |= line & onsets.reshape(line.shape)
    last = line.copy()
    last[:-1] &= ~line[1:] | first[1:]
    pitch, start = _by_pitch(first)
    _, final = _by_pitch(last)
    # No rest where the pitch is struck again at once; after the last step there is one beyond the end.
    again = (final + 1 < len(line)) & line[np.minimum(final + 1, len(line) - 1), pitch]
    return pitch, start, final + 1 + (rest & ~again)


def _by_pitch(marks: NDArray[np.bool_]) -> tuple[Integers, Integers]:
    """Pitch and step of every mark (step, pitch), by pitch, then step."""
    step, pitch = np.divmod(np.flatnonzero(marks), marks.shape[1])
    order = np.argsort(pitch, kind="stable")
    return pitch[order], step[order]
