"""Music that is wrong in one known way: what a metric, or an examiner, ought to see.

All are pure functions of music and a numpy Generator. Axes of rolls: N K B T P.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.melody import NUM_PITCHES
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
    and length, both rounded to 16ths, with its velocity in steps of eight).

    The pieces have one track, 120 beats a minute and 4/4.

    Parameters
    ----------
    pieces
        What the chains are fitted to; pieces of fewer than three notes are left out.
    num_notes
        Notes of each piece to make.
    """
    pieces = [piece for piece in pieces if len(piece) > 2]
    pitch = MarkovChain([np.clip(piece.pitch, 0, 127) for piece in pieces])
    times = [_time_codes(piece) for piece in pieces]
    time = MarkovChain(times)
    made = []
    for num in num_notes:
        codes = time.sequences(1, num, rng)[0]
        gaps, lengths, velocity = codes // 8 // 64, codes // 8 % 64, codes % 8 * 16 + 8
        onset = np.concatenate([[0], np.cumsum(gaps[:-1])])[:num] / 4
        made.append(_piece(onset, onset + np.maximum(lengths, 0.5) / 4, pitch.sequences(1, num, rng)[0], velocity))
    return made


def _time_codes(piece: Notes) -> NDArray[np.int64]:
    onset = np.rint(4 * piece.start_beat).astype(np.int64)
    gap = np.clip(np.diff(onset, append=onset[-1:]), 0, 63)
    length = np.clip(np.rint(4 * (piece.end_beat - piece.start_beat)), 0, 63).astype(np.int64)
    return (gap * 64 + length) * 8 + piece.velocity // 16


def _piece(
    start: NDArray[np.float64], end: NDArray[np.float64], pitch: NDArray[np.int64], velocity: NDArray[np.int64]
) -> Notes:
    order = np.lexsort((pitch, start))
    start, end, pitch, velocity = start[order], end[order], pitch[order], velocity[order]
    zero, bars = np.zeros(len(pitch), np.int64), np.arange(0, end.max(initial=4) + 4, 4.0)
    return Notes(start / 2, end / 2, start, end, pitch, velocity, zero, zero.astype(bool), bars)


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
    """An order in which phrases have a neighbour of another song, where it can be had in a few tries."""
    order = rng.permutation(len(song))
    for _ in range(_TRIES):
        same = np.flatnonzero(song[order] == song)
        if not len(same):
            break
        others = rng.integers(0, len(song), len(same))
        for one, other in zip(same, others, strict=True):
            order[[one, other]] = order[[other, one]]
    return order


def _bars_of(rolls: Rolls) -> tuple[int, int, int]:
    return rolls.cells.shape[0], rolls.cells.shape[2], rolls.cells.shape[3]


def _taken(rolls: Rolls, where: NDArray[np.int64], axis: int) -> Rolls:
    onsets = None if rolls.onsets is None else np.take_along_axis(rolls.onsets, where, axis=axis)
    return replace(rolls, cells=np.take_along_axis(rolls.cells, where, axis=axis), onsets=onsets)
