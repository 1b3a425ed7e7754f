"""Bars of one voice as the examiners take them, beside the bar before and the chord.

A *line* is the bar before and the bar, (n, 32) classes: 0 to P-1 a pitch begins, P it is held, P + 1 silence. The
networks see at every step the class, the class one bar earlier, the interval from the pitch last begun, the interval
from the one before that, the onset's degree over the chord's root with the chord's kind, how old the note is, and the
step's number. The trees see counts of the same, of rhythm against the bar before, and of repeated notes.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.chords import NO_CHORD, TRIADS
from antiphon.codecs.melody import NUM_CLASSES, NUM_PITCHES
from antiphon.evaluation.examiner.intervals import NUM_DEGREES, NUM_INTERVALS, degrees, interval_codes
from antiphon.evaluation.examiner.material import Material, joined_features, scale_misses, shares, song_numbers

_MIDI_PITCHES = 128
_NONE = 99


def melody_bars(
    bars: NDArray[np.integer],
    previous: NDArray[np.integer] | None = None,
    chord: NDArray[np.integer] | None = None,
    song: NDArray[np.integer] | None = None,
    held: NDArray[np.bool_] | None = None,
) -> Material:
    """Bars of `antiphon.codecs.melody`.

    Parameters
    ----------
    bars
        (n, steps) classes: 0-23 a pitch begins, 24 hold, 25 rest.
    previous
        (n, steps), the bars before; None where the examiner shall not see them.
    chord
        (n,) codes of `antiphon.codecs.chords`; None where it shall not see them.
    song
        (n,); None: each bar is its own.
    held
        See `Material`.

    Raises
    ------
    ValueError
        If a class is beyond 25 or the shapes differ.
    """
    bars = np.asarray(bars, np.int64)
    if bars.size and not 0 <= int(bars.min()) <= int(bars.max()) < NUM_CLASSES:
        raise ValueError(f"bars are classes below {NUM_CLASSES}")
    return _material(_line(bars, previous), NUM_PITCHES, steps=bars.shape[1], chord=chord, song=song, held=held)


def frame_bars(
    bars: NDArray[np.integer],
    previous: NDArray[np.integer] | None = None,
    chord: NDArray[np.integer] | None = None,
    song: NDArray[np.integer] | None = None,
    held: NDArray[np.bool_] | None = None,
) -> Material:
    """Bars of `antiphon.codecs.frames`: (n, 16) MIDI pitches, of which equal neighbours are one note.

    Parameters as of `melody_bars`.
    """
    line = _line(bars, previous)
    if line.size and not 0 <= int(line.min()) <= int(line.max()) < _MIDI_PITCHES:
        raise ValueError("frame bars are MIDI pitches 0-127")
    begins = np.diff(line, axis=1, prepend=-1) != 0
    return _material(
        np.where(begins, line, _MIDI_PITCHES), _MIDI_PITCHES, steps=bars.shape[1], chord=chord, song=song, held=held
    )


@dataclass(frozen=True, eq=False)
class _Notes:
    """What begins where in lines (n, L), and what it follows."""

    onset: NDArray[np.bool_]
    sounds: NDArray[np.bool_]
    pitch: NDArray[np.int64]  # of the note last begun, also in a rest; -1 before the first
    interval: NDArray[np.int64]  # from the note before; _NONE where there is no onset or no note before
    skip: NDArray[np.int64]  # from the note before that
    age: NDArray[np.int64]  # steps since the class was last a pitch or a rest


def _notes(line: NDArray[np.int64], num_pitches: int) -> _Notes:
    onset, steps = line < num_pitches, np.arange(line.shape[1])
    latest = np.maximum.accumulate(np.where(onset, steps, -1), axis=1)
    changed = np.maximum.accumulate(np.where(line == num_pitches, 0, steps), axis=1)
    # The step of the onset before each step's own latest one: what was latest a step before that onset.
    before = _at(np.pad(latest, ((0, 0), (1, 0)), constant_values=-1)[:, :-1], latest)
    earlier = _at(before, before)
    pitch, last, third = (_at(line, where) for where in (latest, before, earlier))
    state = np.take_along_axis(line, changed, axis=1)
    return _Notes(
        onset,
        state < num_pitches,
        pitch,
        np.where(onset & (last >= 0), pitch - last, _NONE),
        np.where(onset & (third >= 0), pitch - third, _NONE),
        steps - changed,
    )


def _at(values: NDArray[np.int64], where: NDArray[np.int64]) -> NDArray[np.int64]:
    """values[i, where[i, j]], -1 where `where` is -1."""
    return np.where(where < 0, -1, np.take_along_axis(values, np.maximum(where, 0), axis=1))


def _line(bars: NDArray[Any], previous: NDArray[Any] | None) -> NDArray[np.int64]:
    if previous is None:
        return np.asarray(bars, np.int64)
    if previous.shape != bars.shape:
        raise ValueError(f"bars {bars.shape} and the bars before {previous.shape} differ in shape")
    return np.concatenate([previous, bars], axis=1).astype(np.int64)


def _material(
    line: NDArray[np.int64],
    num_pitches: int,
    *,
    steps: int,
    chord: NDArray[Any] | None,
    song: NDArray[Any] | None,
    held: NDArray[np.bool_] | None,
) -> Material:
    num, length = line.shape
    codes = np.full(num, NO_CHORD, np.int64) if chord is None else np.asarray(chord, np.int64)
    notes = _notes(line, num_pitches)
    degree = degrees(notes.pitch, notes.onset, codes[:, None])
    above = np.full_like(line, num_pitches + 2)
    above[:, steps:] = line[:, :-steps] if length > steps else above[:, steps:]
    channels = (
        (line, num_pitches + 2),
        (above, num_pitches + 3),
        (interval_codes(notes.onset, notes.interval != _NONE, notes.interval), NUM_INTERVALS),
        (interval_codes(notes.onset, notes.skip != _NONE, notes.skip), NUM_INTERVALS),
        (degree, NUM_DEGREES),
        (np.minimum(notes.age, 16), 17),
        (np.broadcast_to(np.arange(length), line.shape), length),
    )
    return Material(
        f"bars of {steps} steps and {num_pitches} pitches, {length // steps - 1} before",
        np.stack([values for values, _ in channels], axis=2).astype(np.uint8),
        tuple(size for _, size in channels),
        np.zeros((num, length, 0), np.uint8),
        _features(notes, degree, line, steps, codes),
        song_numbers(song, num),
        held,
    )


def _features(
    notes: _Notes, degree: NDArray[np.int64], line: NDArray[np.int64], steps: int, chord: NDArray[np.int64]
) -> NDArray[np.float32]:
    now, then = slice(line.shape[1] - steps, None), slice(0, line.shape[1] - steps)
    onset, interval = notes.onset[:, now], notes.interval[:, now]
    told = onset & (interval != _NONE)
    size = np.where(told, np.abs(interval), 0)
    known = np.clip(interval, -12, 12) + 12
    relative = np.where(notes.sounds[:, now], notes.pitch[:, now] - notes.pitch[:, now][:, :1], _NONE)
    classes = shares(notes.pitch[:, now] % 12, 12, onset)
    parts = [
        onset,
        relative,
        line[:, now],
        shares(known, 25, told),
        shares(np.minimum(notes.age[:, now], 15), 16),
        shares(degree[:, now], NUM_DEGREES),
        onset.sum(1),
        notes.sounds[:, now].sum(1),
        size.sum(1),
        size.max(1),
        ((interval == 0) & told).sum(1),
        (told & (size > 2)).sum(1),
        (np.sign(interval) * np.sign(notes.skip[:, now] - interval) < 0).sum(1, where=told),
        (classes > 0).sum(1),
        scale_misses(classes),
        _chord_tones(notes.pitch[:, now], chord, onset),
        _chord_tones(notes.pitch[:, now], chord, onset & (np.arange(steps) % 4 == 0)),
        chord,
        _spread(notes.pitch[:, now], onset),
    ]
    if line.shape[1] > steps:
        parts += _against_before(notes, line, now, then)
    return joined_features(*parts)


def _against_before(notes: _Notes, line: NDArray[np.int64], now: slice, then: slice) -> list[NDArray[Any]]:
    """Of the bar before: its own few counts, and how alike the two are in rhythm, pitch and everything."""
    onset, before = notes.onset[:, now], notes.onset[:, then]
    classes = [shares(notes.pitch[:, part] % 12, 12, notes.onset[:, part]) for part in (now, then)]
    first = np.take_along_axis(notes.interval[:, now], onset.argmax(1)[:, None], axis=1)
    return [
        (onset != before).sum(1),
        (line[:, now] != line[:, then]).sum(1),
        (np.minimum(*classes) > 0).sum(1),
        ((classes[0] > 0) & (classes[1] == 0)).sum(1),
        scale_misses(classes[0] + classes[1]),
        first,
        before.sum(1),
        line[:, then][:, -4:],
        _spread(notes.pitch[:, then], before),
    ]


def _chord_tones(pitch: NDArray[np.int64], chord: NDArray[np.int64], counted: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Share of the counted onsets that are tones of the chord; NaN where there are none, or no chord."""
    tones = TRIADS[np.minimum(chord, NO_CHORD - 1)]
    inside = ((pitch % 12)[:, :, None] == tones[:, None]).any(2) & counted
    there = counted.sum(1)
    share = np.full(len(pitch), np.nan, np.float32)
    np.divide(inside.sum(1), there, out=share, where=(there > 0) & (chord != NO_CHORD), casting="unsafe")
    return share


def _spread(pitch: NDArray[np.int64], counted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Highest less lowest of the counted pitches."""
    top = np.where(counted, pitch, -1).max(1, initial=-1)
    low = np.where(counted, pitch, 999).min(1, initial=999)
    return np.where(top < 0, 0, top - low)
