"""Strokes as a whole: joined, chosen by track, moved onto sixteenths, transposed.

Axes: n strokes.
"""

from collections.abc import Collection, Sequence

import numpy as np

from antiphon.codecs.strokes import Grid, Integers, Strokes, without_overlap

NAMES = ("track", "pitch", "start", "end")
_SIXTEENTHS, _HIGHEST, _OCTAVE = 4, 127, 12


def nothing() -> Strokes:
    """No stroke."""
    return Strokes(*(np.empty(0, np.int64) for _ in NAMES))


def joined(parts: Sequence[Strokes]) -> Strokes:
    """Several strokes as one."""
    return Strokes(*(np.concatenate([getattr(part, name) for part in parts]) for name in NAMES))


def of_tracks(strokes: Strokes, tracks: Collection[int]) -> Strokes:
    """Those of some tracks."""
    mine = np.isin(strokes.track, sorted(tracks))
    return strokes[mine]


def on_sixteenths(strokes: Strokes, grid: Grid, ends: Integers | int) -> Strokes:
    """Begin and end each stroke, with the rest that follows it, at the nearest sixteenth, those between two at the
    later one; a sixteenth at least. None goes beyond the step at which its song, or its run of bars, `ends`.

    What now begins together is one; a pitch ends where it is struck again. Drums keep their one step. So were the
    songs that listeners heard in Dong et al. 2018 ("quantized by sixteenth notes").

    Raises
    ------
    ValueError
        If a sixteenth is no whole number of steps.
    """
    size, left = divmod(grid.resolution, _SIXTEENTHS)
    if left:
        raise ValueError(f"a beat of {grid.resolution} steps has no sixteenths")
    start, end = ((2 * step + size) // (2 * size) * size for step in (strokes.start, strokes.end + grid.rests))
    start = np.minimum(start, ends - size)
    end = np.clip(end, start + size, ends)
    track, pitch, start, end = without_overlap(strokes.track, strokes.pitch, start, end)
    heard = end > start
    end = np.where(np.isin(track, grid.struck), start + 1, end - grid.rests)
    return Strokes(track[heard], pitch[heard], start[heard], end[heard])


def transposed(
    strokes: Strokes, semitones: int, lowest_pitch: int, drums: Collection[int] = (), lowest: Sequence[int] = ()
) -> Strokes:
    """All but the drums so many semitones higher; what would leave MIDI's pitches stays within them by an octave, what
    would go below the `lowest` of its track by as many as it takes."""
    moved = np.where(np.isin(strokes.track, sorted(drums)), 0, semitones) + strokes.pitch
    midi = moved + lowest_pitch
    moved = moved + _OCTAVE * ((midi < 0).astype(np.int64) - (midi > _HIGHEST))
    if len(lowest):
        below = np.maximum(np.asarray(lowest)[strokes.track] - moved, 0)
        moved = moved + np.where(np.isin(strokes.track, sorted(drums)), 0, -(-below // _OCTAVE) * _OCTAVE)
    return Strokes(strokes.track, moved, strokes.start, strokes.end)
