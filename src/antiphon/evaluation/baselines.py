"""Music that is wrong in one known way: what a metric, or an examiner, ought to see.

All are pure functions of music and a numpy Generator. Axes of rolls: N K B T P.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.notes import Notes
from antiphon.evaluation.rolls import Rolls

TRITONE = 6
_TRIES = 100


def shuffled_steps(bars: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """Bars (n, steps) with their steps in random order, each bar in its own."""
    shuffled: NDArray[Any] = rng.permuted(bars, axis=1)
    return shuffled


def shuffled_rows(num: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """An order (num,) in which no unit keeps its place: conditions taken in it are all wrong.

    Raises
    ------
    ValueError
        Of fewer than two units, which have no such order.
    """
    if num < 2:
        raise ValueError("at least two units are needed, so that each can be given another's condition")
    order, turned = rng.permutation(num), np.empty(num, np.int64)
    turned[order] = np.roll(order, 1)
    return turned


def noise_bars(num: int, steps: int, classes: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Bars (num, steps) in which each class is as likely as any other."""
    return rng.integers(0, classes, (num, steps), dtype=np.uint8)


def noise_rolls(rolls: Rolls, rng: np.random.Generator) -> Rolls:
    """Rolls in which each cell sounds by chance, as often in each track as in `rolls`; nothing is known of onsets."""
    density = rolls.cells.mean(axis=(0, 2, 3, 4))
    cells = rng.random(rolls.cells.shape, np.float32) < density[None, :, None, None, None]
    return replace(rolls, cells=cells, onsets=None)


def shuffled_tracks(rolls: Rolls, rng: np.random.Generator) -> Rolls:
    """Each track taken from another phrase, so that the tracks of a phrase come from different songs where they can."""
    cells = rolls.cells.copy()
    onsets = None if rolls.onsets is None else rolls.onsets.copy()
    for track in range(1, cells.shape[1]):
        order = _of_other_songs(rolls.song, rng)
        cells[:, track] = rolls.cells[order, track]
        if onsets is not None and rolls.onsets is not None:
            onsets[:, track] = rolls.onsets[order, track]
    return replace(rolls, cells=cells, onsets=onsets)


def shuffled_bars(rolls: Rolls, rng: np.random.Generator) -> Rolls:
    """Each phrase's steps in random order within each bar, all tracks in the same order."""
    order = rng.permuted(np.broadcast_to(np.arange(rolls.cells.shape[3]), _bars_of(rolls)), axis=2)
    return _taken(rolls, order[:, None, :, :, None], 3)


def shuffled_bar_order(rolls: Rolls, rng: np.random.Generator) -> Rolls:
    """Each bar of a phrase taken from another phrase, all tracks together."""
    cells = rolls.cells.copy()
    onsets = None if rolls.onsets is None else rolls.onsets.copy()
    for bar in range(1, cells.shape[2]):
        order = _of_other_songs(rolls.song, rng)
        cells[:, :, bar] = rolls.cells[order, :, bar]
        if onsets is not None and rolls.onsets is not None:
            onsets[:, :, bar] = rolls.onsets[order, :, bar]
    return replace(rolls, cells=cells, onsets=onsets)


def transposed_track(rolls: Rolls, track: int, rng: np.random.Generator, semitones: int | None = TRITONE) -> Rolls:
    """One track moved up by `semitones`, wrapping at the top of the range by octaves; None: by 1 to 11, anew for each
    phrase.

    Raises
    ------
    ValueError
        Of the drum track, or of fewer than 12 pitches.
    """
    if track == rolls.drum_track or rolls.cells.shape[4] < 12:
        raise ValueError("drums have no pitch to move, and fewer than 12 pitches no octave to wrap in")
    shift = np.full(len(rolls), semitones) if semitones is not None else rng.integers(1, 12, len(rolls))
    num = rolls.cells.shape[4]
    source = np.arange(num) - shift[:, None] % 12
    # What falls below the range comes from an octave higher, so that the pitch class is right.
    source = np.where(source < 0, source + 12, source)
    cells = rolls.cells.copy()
    cells[:, track] = np.take_along_axis(cells[:, track], source[:, None, None, :], axis=3)
    onsets = None
    if rolls.onsets is not None:
        onsets = rolls.onsets.copy()
        onsets[:, track] = np.take_along_axis(onsets[:, track], source[:, None, None, :], axis=3)
    return replace(rolls, cells=cells, onsets=onsets)


def transposed_chords(notes: Notes, rng: np.random.Generator, semitones: int | None = TRITONE) -> Notes:
    """Notes over written chords that are moved by `semitones`; None: by 1 to 11, anew for each chord."""
    from antiphon.codecs.chords import transpose_codes

    shift = rng.integers(1, 12, len(notes.chord)) if semitones is None else semitones
    return replace(notes, chord=transpose_codes(notes.chord, shift).astype(np.int64))


def shuffled_pitches(notes: Notes, rng: np.random.Generator) -> Notes:
    """The same rhythm and the same pitches in random order, drums left out of it."""
    pitch, tuned = notes.pitch.copy(), np.flatnonzero(~notes.is_drum)
    pitch[tuned] = rng.permutation(notes.pitch[tuned])
    return _in_order(replace(notes, pitch=pitch))


def shuffled_gaps(notes: Notes, rng: np.random.Generator) -> Notes:
    """The same notes in the same order with the times between their onsets in random order; lengths stay."""
    if len(notes) < 2:
        return notes
    order = rng.permutation(len(notes) - 1)
    seconds = notes.start_seconds[0] + np.append(0, np.cumsum(np.diff(notes.start_seconds)[order]))
    beats = notes.start_beat[0] + np.append(0, np.cumsum(np.diff(notes.start_beat)[order]))
    return _in_order(_begun(notes, seconds, beats))


def noise_notes(notes: Notes, rng: np.random.Generator) -> Notes:
    """As many notes of the same lengths at uniform times of the piece and uniform pitches of its range."""
    if not len(notes):
        return notes
    seconds = rng.uniform(notes.start_seconds[0], notes.start_seconds[-1] + 1e-6, len(notes))
    beats = np.interp(seconds, notes.start_seconds, notes.start_beat)
    pitch = rng.integers(notes.pitch.min(), notes.pitch.max() + 1, len(notes))
    return _in_order(replace(_begun(notes, seconds, beats), pitch=pitch))


def _begun(notes: Notes, seconds: NDArray[np.float64], beats: NDArray[np.float64]) -> Notes:
    """The notes moved to other times, their lengths kept."""
    return replace(
        notes,
        start_seconds=seconds,
        end_seconds=seconds + notes.end_seconds - notes.start_seconds,
        start_beat=beats,
        end_beat=beats + notes.end_beat - notes.start_beat,
    )


def _in_order(notes: Notes) -> Notes:
    return notes.only(np.lexsort((notes.pitch, notes.start_seconds)))


def _of_other_songs(song: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """An order in which each place holds a unit of another song, if no song has more than half of all units; of one
    song alone, any order.

    Songs are laid out one after the other, in random order, and turned by at least the size of the largest.
    """
    names, inverse, counts = np.unique(song, return_inverse=True, return_counts=True)
    if len(names) < 2:
        return rng.permutation(len(song))
    laid = np.lexsort((rng.random(len(song)), rng.permutation(len(names))[inverse]))
    largest = int(counts.max())
    shift = int(rng.integers(largest, max(largest, len(song) - largest) + 1))
    order = np.empty(len(song), np.int64)
    order[laid] = np.roll(laid, shift)
    return order


def _bars_of(rolls: Rolls) -> tuple[int, int, int]:
    return rolls.cells.shape[0], rolls.cells.shape[2], rolls.cells.shape[3]


def _taken(rolls: Rolls, where: NDArray[np.int64], axis: int) -> Rolls:
    onsets = None if rolls.onsets is None else np.take_along_axis(rolls.onsets, where, axis=axis)
    return replace(rolls, cells=np.take_along_axis(rolls.cells, where, axis=axis), onsets=onsets)
