"""Notes one after the other as the examiners take them: windows of a piece's notes, in order of onset, then pitch.

At each note the networks see its pitch and pitch class, its intervals from the two notes before, its degree over the
lowest note that sounds with it and over the triad that sounds around it, how many notes sound with it, the time since
the note before, its length, its place in the beat (where beats are known) and its velocity. The trees see how often
each of these occurs, what follows what, and how much of it comes again a few notes later.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.chords import coverage_codes
from antiphon.evaluation.examiner.intervals import NUM_DEGREES, NUM_INTERVALS, degrees, interval_codes
from antiphon.evaluation.examiner.material import Material, joined_features, scale_misses, shares, song_numbers
from antiphon.evaluation.notes import Notes

Clock = Literal["beats", "seconds"]

LENGTH = 128
"""Notes a window."""

_TIMES = 32
_SHORTEST = {"beats": 1 / 24, "seconds": 0.01}
_LONGEST = {"beats": 16.0, "seconds": 8.0}
_PLACES = 24
_VELOCITIES = 16
_MOST_SOUNDING = 9
_LOOK_BACK = 24
_AROUND = 8
_LAGS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)


def events(
    pieces: Sequence[Notes],
    song: NDArray[np.integer] | None = None,
    held: NDArray[np.bool_] | None = None,
    clock: Clock = "beats",
    length: int = LENGTH,
) -> Material:
    """Windows of `length` notes, one after the other, none across pieces; what is left over at a piece's end is left
    out.

    Parameters
    ----------
    pieces
        Drums are left out of them.
    song
        (len(pieces),); None: each piece is its own.
    held
        (len(pieces),) bool, see `Material`.
    clock
        "beats" for written music, "seconds" for performances, whose beats mean nothing.
    length
        Notes a window; pieces with fewer give none.
    """
    songs = song_numbers(song, len(pieces))
    tables = [_windows(_table(piece.only(~piece.is_drum), clock), length) for piece in pieces]
    counts = [len(table) for table in tables]
    codes = np.concatenate([np.empty((0, length, len(_sizes())), np.uint8), *tables])
    codes[:, 0, 2:4], codes[:, 1, 3] = NUM_INTERVALS - 1, NUM_INTERVALS - 1
    return Material(
        f"events: {length} notes in {clock}",
        codes,
        _sizes(),
        np.zeros((len(codes), length, 0), np.uint8),
        _features(codes),
        np.repeat(songs, counts),
        None if held is None else np.repeat(held, counts),
    )


def _sizes() -> tuple[int, ...]:
    """Categories of a note: pitch, pitch class, two intervals, two degrees, sounding, gap, length, place, velocity."""
    return 128, 12, NUM_INTERVALS, NUM_INTERVALS, 13, NUM_DEGREES, _MOST_SOUNDING, _TIMES, _TIMES, _PLACES, _VELOCITIES


def _table(notes: Notes, clock: Clock) -> NDArray[np.uint8]:
    """Categories (n, channels) of a piece's notes."""
    if not len(notes):
        return np.empty((0, len(_sizes())), np.uint8)
    start, end = (notes.start_beat, notes.end_beat) if clock == "beats" else (notes.start_seconds, notes.end_seconds)
    pitch = np.clip(notes.pitch, 0, 127)
    before, sounds = _before(start, end)
    lowest = np.minimum(np.where(sounds, pitch[before], 999).min(1), pitch)
    always = np.ones(len(pitch), bool)
    place = np.rint(notes.start_beat % 1 * _PLACES).astype(np.int64) % _PLACES if clock == "beats" else 0 * pitch
    columns = (
        pitch,
        pitch % 12,
        _interval(pitch, 1),
        _interval(pitch, 2),
        np.where(pitch == lowest, 12, (pitch - lowest) % 12),
        degrees(pitch, always, _chords(pitch, end - start)),
        np.minimum(sounds.sum(1), _MOST_SOUNDING - 1),
        _bins(np.diff(start, prepend=start[:1]), clock),
        _bins(end - start, clock),
        place,
        np.clip(notes.velocity, 0, 127) * _VELOCITIES // 128,
    )
    return np.stack(columns, axis=1).astype(np.uint8)


def _before(start: NDArray[np.float64], end: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The notes before each (n, 24), and which of them still sound when it begins; notes that begin with it count
    wherever they stand."""
    around = np.concatenate([np.arange(-_LOOK_BACK, 0), np.arange(1, _AROUND + 1)])
    place = np.arange(len(start))[:, None] + around
    there = (place >= 0) & (place < len(start))
    place = np.clip(place, 0, len(start) - 1)
    return place, there & (start[place] <= start[:, None] + 1e-6) & (end[place] > start[:, None] + 1e-6)


def _interval(pitch: NDArray[np.int64], lag: int) -> NDArray[np.int64]:
    follows = np.arange(len(pitch)) >= lag
    return interval_codes(np.ones(len(pitch), bool), follows, pitch - np.roll(pitch, lag))


def _chords(pitch: NDArray[np.int64], lengths: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The triad of the notes around each one, eight to either side, by how long they last."""
    weights = np.zeros((len(pitch) + 2 * _AROUND + 1, 12))
    weights[np.arange(len(pitch)) + _AROUND + 1, pitch % 12] = np.maximum(lengths, 0)
    total = np.cumsum(weights, axis=0)
    around = total[2 * _AROUND + 1 :] - total[: -2 * _AROUND - 1]
    return coverage_codes(np.maximum(around, 0))


def _bins(times: NDArray[np.float64], clock: Clock) -> NDArray[np.int64]:
    """Categories of times: 0 for next to nothing, then equal steps of the logarithm."""
    low, high = np.log(_SHORTEST[clock]), np.log(_LONGEST[clock])
    step = (np.log(np.maximum(times, 1e-9)) - low) / (high - low) * (_TIMES - 2)
    return np.asarray(np.clip(np.floor(step + 1.5), 0, _TIMES - 1).astype(np.int64))


def _windows(table: NDArray[np.uint8], length: int) -> NDArray[np.uint8]:
    num = len(table) // length
    return table[: num * length].reshape(num, length, table.shape[1])


def _features(codes: NDArray[np.uint8]) -> NDArray[np.float32]:
    values = codes.astype(np.int64)
    pitch, classes, interval, skip, bass, degree, sounding, gap, length, place, velocity = np.moveaxis(values, 2, 0)
    new = gap > 0
    histogram = shares(classes, 12)
    sizes = np.abs(interval - 24) * (interval < NUM_INTERVALS - 2)
    parts = [
        *(shares(column, size) for column, size in zip((interval, skip, bass, degree), (51, 51, 13, 26), strict=True)),
        *(shares(column, size) for column, size in zip((gap, length, place), (_TIMES, _TIMES, _PLACES), strict=True)),
        shares(sounding, _MOST_SOUNDING),
        shares(velocity, _VELOCITIES),
        np.sort(histogram, axis=1),
        scale_misses(histogram),
        np.mean([scale_misses(shares(part, 12)) for part in np.array_split(classes, 4, axis=1)], axis=0),
        pitch.mean(1),
        pitch.std(1),
        np.ptp(pitch, axis=1),
        (np.diff(np.sort(pitch, axis=1), axis=1) > 0).sum(1),
        sizes.mean(1),
        shares(np.minimum(sizes, 24), 25, ~new),
        velocity.std(1),
        np.abs(np.diff(velocity, axis=1)).mean(1),
        (np.sign(np.diff(pitch, axis=1))[:, 1:] * np.sign(np.diff(pitch, axis=1))[:, :-1] < 0).mean(1),
        *(_again(column, lag) for column in (pitch, classes, interval, gap, length, velocity) for lag in _LAGS),
        *(_again(interval * 64 + gap, lag) for lag in _LAGS),
        _pairs(gap, _TIMES),
        _pairs(length, _TIMES),
        _pairs(interval, NUM_INTERVALS),
        _distinct(interval * 64 + gap),
        _distinct(gap),
    ]
    return joined_features(*parts)


def _again(column: NDArray[np.int64], lag: int) -> NDArray[np.float64]:
    """Share of notes whose category comes again `lag` notes later (n,)."""
    if column.shape[1] <= lag:
        return np.full(len(column), np.nan)
    return np.asarray((column[:, lag:] == column[:, :-lag]).mean(1))


def _pairs(column: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """How many different pairs of neighbours there are (n,)."""
    return _distinct(column[:, 1:] * size + column[:, :-1])


def _distinct(column: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(1 + (np.diff(np.sort(column, axis=1), axis=1) > 0).sum(1))
