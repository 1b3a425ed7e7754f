"""Performances for the tests of what measures them."""

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from antiphon.codecs.performance import Performance, quantised
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.performance import notes_of

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
