"""Strokes as a whole: what stays, what moves, and that no pitch sounds twice at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.codecs.stroke_changes import joined, nothing, of_tracks, on_sixteenths, transposed
from antiphon.codecs.strokes import Grid, Strokes

STEPS = 192
PAPER = Grid(resolution=24, lowest_pitch=24, num_pitches=84, rests=True, struck=(0,))


def strokes(*rows: tuple[int, int, int, int]) -> Strokes:
    return Strokes(*np.array(rows, np.int64).reshape(-1, 4).T)


def rows(found: Strokes) -> set[tuple[int, ...]]:
    return set(zip(*(part.tolist() for part in (found.track, found.pitch, found.start, found.end)), strict=True))


def test_joined_and_divided_by_track() -> None:
    song = strokes((0, 12, 0, 1), (1, 30, 0, 9), (2, 31, 4, 8))
    parts = [of_tracks(song, {1}), of_tracks(song, (0, 2)), nothing()]
    assert rows(parts[0]) == {(1, 30, 0, 9)}
    assert rows(joined(parts)) == rows(song)


def test_sixteenths_are_the_nearest_ones() -> None:
    song = strokes((1, 30, 2, 10), (1, 31, 3, 4), (1, 32, 8, 11), (0, 12, 20, 21), (1, 33, 190, 192))
    # With its rest the first is from 2 to 11, so from 0 to 12; it rests in its last step.
    assert rows(on_sixteenths(song, PAPER, STEPS)) == {
        (1, 30, 0, 11),
        (1, 31, 6, 11),
        (1, 32, 6, 11),
        (0, 12, 18, 19),
        (1, 33, 186, 191),
    }


def test_fragments_in_one_sixteenth_are_one_note() -> None:
    song = strokes((1, 30, 0, 1), (1, 30, 2, 3), (1, 30, 4, 16))
    assert rows(on_sixteenths(song, PAPER, STEPS)) == {(1, 30, 0, 5), (1, 30, 6, 17)}


def test_no_stroke_goes_into_the_next_run_of_bars() -> None:
    song = strokes((1, 30, 94, 96), (1, 31, 100, 120))
    assert rows(on_sixteenths(song, PAPER, np.array([96, 192]))) == {(1, 30, 90, 95), (1, 31, 102, 119)}


def test_grids_without_sixteenths_are_misuse() -> None:
    with pytest.raises(ValueError, match="6 steps has no sixteenths"):
        on_sixteenths(nothing(), Grid(6, 24, 84, rests=False), STEPS)


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, STEPS - 1), st.integers(1, 40)), max_size=30
    ),
    st.booleans(),
)
def test_whatever_is_quantised(notes: list[tuple[int, int, int, int]], rests: bool) -> None:
    song = strokes(*((track, pitch, start, min(start + length, STEPS)) for track, pitch, start, length in notes))
    grid = Grid(24, 24, 84, rests, struck=(0,))
    found = on_sixteenths(song, grid, STEPS)
    pitched = found.track != 0
    assert not (found.start % 6).any() and not ((found.end + rests)[pitched] % 6).any()
    assert (found.end > found.start).all() and (found.end <= STEPS).all()
    sounding = np.zeros((3, 4, STEPS), int)
    for track, pitch, start, end in rows(found):
        sounding[track, pitch, start:end] += 1
    assert sounding.max(initial=0) <= 1 and len(rows(found)) == len(found.start)
    assert rows(on_sixteenths(found, grid, STEPS)) == rows(found)
    assert {row[:2] for row in rows(found)} == {row[:2] for row in rows(song)}


def test_all_but_drums_are_transposed_within_midi() -> None:
    song = strokes((0, 12, 0, 1), (1, 30, 0, 9), (1, 2, 0, 9), (2, 100, 4, 8))
    assert rows(transposed(song, -5, 0, (0,))) == {(0, 12, 0, 1), (1, 25, 0, 9), (1, 9, 0, 9), (2, 95, 4, 8)}
    assert rows(transposed(song, 6, 24, (0,))) == {(0, 12, 0, 1), (1, 36, 0, 9), (1, 8, 0, 9), (2, 94, 4, 8)}
