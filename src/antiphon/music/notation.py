"""Notes as they are written down: on a grid of sixteenths or triplets, in voices, cut at bar lines into note values.

Lengths and places are in divisions, 24 a beat, counted from the beginning of a bar.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.music.score import Score, Track

DIVISIONS = 24
"""A beat: the least that holds 32nds, sixteenths and their triplets."""

VALUES = {96: ("whole", 0), 72: ("half", 1), 48: ("half", 0), 36: ("quarter", 1), 24: ("quarter", 0),
          18: ("eighth", 1), 12: ("eighth", 0), 6: ("16th", 0), 3: ("32nd", 0)}  # fmt: skip
"""Plain lengths: the name of the value and its dots."""

TRIPLETS = {16: "quarter", 8: "eighth", 4: "16th"}
"""Lengths of which three take the time of two plain ones."""

MOST_VOICES = 4

_SIXTEENTH, _TRIPLET = 6, 4


@dataclass(frozen=True)
class Value:
    """One written value: where it begins, how long it is, what sounds (nothing in a rest), and whether it is tied to
    the value before and the one after it."""

    start: int
    length: int
    pitches: tuple[int, ...] = ()
    is_continued: bool = False
    continues: bool = False


Voices = list[list[Value]]


@dataclass
class _Chord:
    """Notes that begin and end together, in divisions of the song."""

    start: int
    end: int
    pitches: set[int]


def bar_lines(score: Score) -> NDArray[np.int64]:
    """Divisions at which the song's bars begin, and the last one ends."""
    return score.steps(score.bars(), DIVISIONS)


def notate(score: Score, track: Track) -> list[Voices]:
    """The bars of a track: of each its voices, the first of which is whole, with rests; the others have gaps.

    Onsets go to the nearest sixteenth, or triplet sixteenth in beats that these fit better. Where more than four voices
    would sound, that which has sounded longest ends when the next begins.
    """
    lines = bar_lines(score)
    start, end, triple = _snapped(score, track, lines)
    voices = _voiced(_chords(start, end, track.notes["pitch"]))
    bars: list[Voices] = [[] for _ in lines[:-1]]
    bounds = lines.tolist()
    for voice in voices:
        for bar, values in _written(voice, bounds, triple).items():
            bars[bar].append(values)
    lengths = np.diff(lines).tolist()
    return [
        _whole(values, length, triple.get(bar, set()))
        for bar, (values, length) in enumerate(zip(bars, lengths, strict=True))
    ]


def _snapped(
    score: Score, track: Track, lines: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], dict[int, set[int]]]:
    """Starts and ends (n,) on the grid, and the beats of each bar that are divided by three."""
    notes = track.notes
    start, end = (score.steps(notes[name], DIVISIONS) for name in ("start", "end"))
    last = len(lines) - 2
    bar = np.clip(np.searchsorted(lines, start, side="right") - 1, 0, last)
    within = start - lines[bar]
    beats = int(np.diff(lines).max(initial=0)) // DIVISIONS + 2
    place = bar * beats + within // DIVISIONS
    misses = [np.bincount(place, _off(within, unit), len(lines) * beats) for unit in (_TRIPLET, _SIXTEENTH)]
    by_three = misses[0] < misses[1]
    unit = np.where(by_three[place], _TRIPLET, _SIXTEENTH)
    snapped = lines[bar] + _nearest(within, unit)
    end_bar = np.clip(np.searchsorted(lines, end, side="right") - 1, 0, last)
    end_within = end - lines[end_bar]
    end_unit = np.where(
        by_three[end_bar * beats + np.minimum(end_within // DIVISIONS, beats - 1)], _TRIPLET, _SIXTEENTH
    )
    ends = np.minimum(lines[end_bar] + _nearest(end_within, end_unit), lines[-1])
    if track.is_drum:
        # A stroke has no length; it is written until the next, within a beat.
        onsets = np.unique(snapped)
        following = np.append(onsets, snapped.max(initial=0) + DIVISIONS)[np.searchsorted(onsets, snapped) + 1]
        ends = np.minimum(following, (snapped // DIVISIONS + 1) * DIVISIONS)
    triple: dict[int, set[int]] = {}
    for number in np.flatnonzero(by_three).tolist():
        triple.setdefault(number // beats, set()).add(number % beats)
    return snapped, np.maximum(ends, snapped + unit), triple


def _off(within: NDArray[np.int64], unit: int) -> NDArray[np.int64]:
    return np.asarray(np.abs(within - _nearest(within, np.full_like(within, unit))))


def _nearest(places: NDArray[np.int64], unit: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray((2 * places + unit) // (2 * unit) * unit)


def _chords(start: NDArray[np.int64], end: NDArray[np.int64], pitch: NDArray[np.int16]) -> list[_Chord]:
    """By start, long ones first."""
    chords: dict[tuple[int, int], set[int]] = {}
    for begin, stop, height in zip(start.tolist(), end.tolist(), pitch.tolist(), strict=True):
        chords.setdefault((begin, -stop), set()).add(height)
    return [_Chord(begin, -stop, pitches) for (begin, stop), pitches in sorted(chords.items())]


def _voiced(chords: list[_Chord]) -> list[list[_Chord]]:
    """Each chord in the first voice that is free."""
    voices: list[list[_Chord]] = []
    for chord in chords:
        free = next((voice for voice in voices if voice[-1].end <= chord.start), None)
        if free is None and len(voices) < MOST_VOICES:
            voices.append(free := [])
        if free is None:
            free = min(voices, key=lambda voice: voice[-1].start)
            if free[-1].start == chord.start:
                free[-1].pitches |= chord.pitches
                continue
            free[-1].end = chord.start
        free.append(chord)
    return voices


def _written(voice: list[_Chord], lines: list[int], triple: dict[int, set[int]]) -> dict[int, list[Value]]:
    """The values of a voice by bar."""
    found: dict[int, list[Value]] = {}
    bar = 0
    for chord in voice:
        while bar + 2 < len(lines) and lines[bar + 1] <= chord.start:
            bar += 1
        pieces = list(_cut(chord, lines, bar, triple))
        for index, (number, start, length) in enumerate(pieces):
            value = Value(start, length, tuple(sorted(chord.pitches)), index > 0, index < len(pieces) - 1)
            found.setdefault(number, []).append(value)
    return found


def _cut(chord: _Chord, lines: list[int], bar: int, triple: dict[int, set[int]]) -> Iterator[tuple[int, int, int]]:
    """Bar, start and length of each value that a chord is written with."""
    start = chord.start
    while start < chord.end and bar + 1 < len(lines):
        stop = min(chord.end, lines[bar + 1])
        for begin, length in _values(start - lines[bar], stop - lines[bar], triple.get(bar, set())):
            yield bar, begin, length
        start, bar = stop, bar + 1


def _values(start: int, end: int, triple: set[int]) -> Iterator[tuple[int, int]]:
    """Start and length of values that fill a stretch of a bar."""
    while start < end:
        beat, within = divmod(start, DIVISIONS)
        # In a beat divided by three, up to its end; else up to the next such beat.
        bounds = (number * DIVISIONS for number in sorted(triple) if number * DIVISIONS > start)
        limit = (beat + 1) * DIVISIONS if beat in triple else next(bounds, end)
        room = min(end, limit) - start
        length = _longest(room, beat in triple and bool(within % 12 or room % 12))
        yield start, length
        start += length


def _longest(room: int, by_three: bool) -> int:
    """The longest value that fits; what no value fits is taken as it is."""
    return next((value for value in (TRIPLETS if by_three else VALUES) if value <= room), room)


def _whole(voices: Voices, length: int, triple: set[int]) -> Voices:
    """With rests in the first voice."""
    first, *others = voices or [[]]
    if not first:
        return [[Value(0, length)], *others]
    filled, at = [], 0
    for value in first:
        filled += [Value(*rest) for rest in _values(at, value.start, triple)]
        filled.append(value)
        at = value.start + value.length
    return [[*filled, *(Value(*rest) for rest in _values(at, length, triple))], *others]
