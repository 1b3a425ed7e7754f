"""Pieces cut into phrases of equal length: bars where beats are known, seconds where they are not.

Conventions: only whole phrases count; a note belongs to the phrase in which it begins, and ends with it at the latest;
drums are left out. Times are in beats for phrases of bars and in seconds for phrases of seconds. A *slot* is a bar, or
an eighth of a phrase of seconds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.notes import Notes

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Phrases:
    """The notes of a piece cut into phrases, in order of phrase and onset.

    Parameters
    ----------
    number, slot
        (n,) the phrase of each note, and the slot within it.
    start, end
        (n,) times from the beginning of the phrase.
    place, beat
        (n,) where in its slot (0 to 1) and in its beat (0 to 1; NaN where beats are unknown) each note begins.
    pitch, velocity
        (n,) as in `Notes`.
    length
        (phrases,) of each phrase.
    slots
        Slots a phrase.
    """

    number: Integers
    slot: Integers
    start: Floats
    end: Floats
    place: Floats
    beat: Floats
    pitch: Integers
    velocity: Integers
    length: Floats
    slots: int


def bar_phrases(notes: Notes, bars: int = 8) -> Phrases:
    """Phrases of `bars` bars from the first bar on; times in beats. Bars that do not fill a phrase are left out."""
    if bars < 1:
        raise ValueError(f"a phrase has at least one bar, not {bars}")
    count = notes.num_bars // bars
    bar = notes.bar()
    kept = np.flatnonzero(~notes.is_drum & (bar >= 0) & (bar < count * bars))
    bar, lines = bar[kept], notes.bar_beats
    number, start = bar // bars, notes.start_beat[kept]
    edges = lines[: count * bars + 1 : bars]
    within = np.maximum(start - lines[bar], 0)
    return Phrases(
        number=number,
        slot=bar % bars,
        start=start - edges[number],
        end=np.minimum(notes.end_beat[kept], edges[number + 1]) - edges[number],
        place=within / (lines[bar + 1] - lines[bar]),
        beat=within % 1,
        pitch=notes.pitch[kept],
        velocity=notes.velocity[kept],
        length=np.diff(edges),
        slots=bars,
    )


def second_phrases(notes: Notes, seconds: float = 20.0) -> Phrases:
    """Phrases of `seconds` from the beginning on, for performances without known beats; times in seconds."""
    if not seconds > 0:
        raise ValueError(f"a phrase lasts longer than {seconds} seconds")
    count = int(notes.end_seconds.max(initial=0) // seconds)
    number = (notes.start_seconds // seconds).astype(np.int64)
    kept = np.flatnonzero(~notes.is_drum & (number >= 0) & (number < count))
    # In order of seconds: a performance's beats may be anything.
    kept = kept[np.lexsort((notes.pitch[kept], notes.start_seconds[kept]))]
    number = number[kept]
    start = notes.start_seconds[kept] - number * seconds
    eighths = start / seconds * 8
    slot = np.clip(eighths.astype(np.int64), 0, 7)
    return Phrases(
        number=number,
        slot=slot,
        start=start,
        end=np.minimum(notes.end_seconds[kept] - number * seconds, seconds),
        place=eighths - slot,
        beat=np.full(len(kept), np.nan),
        pitch=notes.pitch[kept],
        velocity=notes.velocity[kept],
        length=np.full(count, seconds),
        slots=8,
    )
