"""Performances for the tests of what measures them."""

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from antiphon.codecs.performance import Performance, performed_notes, quantised, score_of
from antiphon.evaluation.metrics.performance import notes_of
from antiphon.evaluation.notes import Notes
from antiphon.music.score import CONTROL, Score, Track, notes_from_columns, table

Row = tuple[int, int, int]


def played(*rows: Row) -> Performance:
    """Notes of (start, length, pitch) in steps of 10 ms."""
    start, length, pitch = np.array(rows, np.int64).reshape(-1, 3).T
    return quantised(start / 100, (start + length) / 100, pitch, np.full(len(start), 65))


def notes(*rows: Row) -> Notes:
    return notes_of(played(*rows))


def line(*pitches: int, step: int = 50) -> list[Row]:
    return [(k * step, step, pitch) for k, pitch in enumerate(pitches)]


def made(seed: int, num: int) -> Performance:
    random = np.random.default_rng(seed)
    start = np.cumsum(random.exponential(0.12, num))
    pitch = random.integers(40, 90, num)
    return quantised(start, start + random.exponential(0.5, num), pitch, random.integers(1, 128, num))


pieces = st.lists(
    st.tuples(st.integers(0, 400), st.integers(1, 150), st.integers(21, 108)), min_size=1, max_size=25
).map(lambda rows: notes(*rows))


def roll(some: Notes) -> NDArray[np.bool_]:
    """What sounds in each step of 10 ms, (steps, 128)."""
    cells = np.zeros((round(some.end_seconds.max() * 100), 128), bool)
    for start, end, pitch in zip(some.start_seconds, some.end_seconds, some.pitch, strict=True):
        cells[round(start * 100) : round(end * 100), pitch] = True
    return cells


def pedalled(seed: int, num: int = 500) -> Score:
    """A piece as a piano records it: short notes, long ones by a pedal that is down most of the time."""
    random = np.random.default_rng(seed)
    start = np.cumsum(0.03 + random.exponential(0.1, num))
    # Octaves in turns, so that no key is struck again before it can be.
    octaves = [60 + 12 * (k % 2) + random.permutation(12) for k in range(num // 12 + 1)]
    pitch = np.concatenate(octaves)[:num]
    ticks = np.rint(start * 1000).astype(np.int64)
    notes = notes_from_columns(ticks, ticks + random.integers(40, 120, num), pitch, random.integers(30, 100, num))
    down = np.arange(0, int(ticks[-1]), 2000)
    changes = [row for tick in down.tolist() for row in ((tick, 64, 127), (tick + 1800, 64, 0))]
    return Score(500, (Track(notes, controls=table(CONTROL, changes)),))


def through_the_codec(score: Score) -> Score:
    """The same as a model of tokens would give it: without a pedal, which lies in the lengths of notes."""
    return score_of(performed_notes(score))
