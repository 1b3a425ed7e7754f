"""Metrics of notes one after the other: perfect, empty, malformed, stored, and what must not change them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from antiphon.evaluation.metrics.note_lines import HISTOGRAMS, distinct_notes, histograms

# Two chords of two notes, then a third note alone; behind them what does not count.
LINE = np.array([[[60, 3, 5], [64, 3, 0], [62, 1, 4], [67, 1, 0], [65, 3, 8], [99, 9, 9]]], np.uint8)


def counts(values: NDArray[np.int64]) -> dict[int, int]:
    return {int(value): int(values[0, value]) for value in np.flatnonzero(values[0])}


def test_stored_values() -> None:
    found = histograms(LINE, [5])
    assert list(found) == list(HISTOGRAMS)
    assert counts(found["pitch"]) == {60: 1, 62: 1, 64: 1, 65: 1, 67: 1}
    assert counts(found["duration"]) == {1: 2, 3: 3}
    assert counts(found["inter_onset"]) == {4: 1, 8: 1}
    # On top are 64, 67 and 65.
    assert counts(found["interval"]) == {127 + 3: 1, 127 - 2: 1}


def test_a_line_that_repeats_itself_has_few_different_runs() -> None:
    four = np.array([[60, 3, 4], [62, 3, 4], [64, 3, 4], [65, 3, 4]], np.uint8)
    line = np.tile(four, (4, 1))[None]
    # The first offset is not the line's own.
    line[:, 0, 2] = 0
    assert distinct_notes(line, [16]).tolist() == [5 / 13]
    assert distinct_notes(line, [7])[0] == 1
    longer = line.copy()
    longer[0, 9, 1] = 7
    assert distinct_notes(longer, [16])[0] == pytest.approx(9 / 13)


def test_lines_are_counted_apart() -> None:
    line = np.tile(np.array([60, 3, 4], np.uint8), (3, 10, 1))
    line[:, 0, 2] = 0
    assert distinct_notes(line, [10, 5, 3])[:2].tolist() == [2 / 7, 1]
    assert np.isnan(distinct_notes(line, [10, 5, 3])[2])


def test_transposition_changes_no_run_and_no_interval() -> None:
    chance = np.random.default_rng(1)
    lines = chance.integers((40, 0, 0), (50, 3, 2), (9, 64, 3)).astype(np.uint8)
    moved = (lines + np.array([7, 0, 0])).astype(np.uint8)
    np.testing.assert_array_equal(distinct_notes(lines, [64] * 9), distinct_notes(moved, [64] * 9))
    np.testing.assert_array_equal(histograms(lines, [64] * 9)["interval"], histograms(moved, [64] * 9)["interval"])


def test_nothing_gives_nothing() -> None:
    none = np.empty((0, 8, 3), np.uint8)
    assert len(distinct_notes(none, [])) == 0
    assert all(values.shape[0] == 0 for values in histograms(none, []).values())
    assert np.isnan(distinct_notes(np.zeros((1, 3, 3), np.uint8), [3])).all()


@pytest.mark.parametrize(
    ("lines", "length"),
    [(np.zeros((2, 3), int), [3, 3]), (np.zeros((2, 3, 3)), [3, 3]), (np.zeros((2, 3, 3), int), [3]), (LINE, [7])],
)
def test_malformed_lines_are_refused(lines: NDArray[np.int64], length: list[int]) -> None:
    with pytest.raises(ValueError, match="are"):
        histograms(lines, length)
