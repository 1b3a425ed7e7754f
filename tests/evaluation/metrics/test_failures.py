"""Each failure of long samples: perfect, empty, malformed, stored; it is seen where it is, and not where it is not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluation.performed import made, notes

from antiphon.codecs.performance import performance_of
from antiphon.evaluation.metrics import failures
from antiphon.evaluation.metrics.performance import notes_of
from antiphon.evaluation.metrics.performance_metrics import performance_metrics
from antiphon.evaluation.notes import Notes

lines = st.lists(st.integers(0, 2), max_size=40)


def alike(line: list[int], size: int) -> float:
    """The share of a line in runs that occur twice, by looking at every pair of runs."""
    runs = [tuple(line[k : k + size]) for k in range(len(line) - size + 1)]
    inside = {k + i for k, run in enumerate(runs) if runs.count(run) > 1 for i in range(size)}
    return len(inside) / len(line) if len(runs) > 1 else float("nan")


@given(lines, st.integers(1, 6))
@settings(max_examples=150, deadline=None)
def test_repetition_is_what_every_pair_of_runs_says(line: list[int], size: int) -> None:
    expected = alike(line, size)
    assert failures.token_repetition(np.array(line, np.int64), size) == pytest.approx(expected, nan_ok=True)
    melody = notes(*[(10 * k, 10, 60 + step) for k, step in enumerate(line)])
    assert failures.repetition(melody, size) == pytest.approx(expected, nan_ok=True)
    assert failures.repetition(melody.transposed(7), size) == pytest.approx(expected, nan_ok=True)
    assert failures.token_repetition(np.array(line[::-1], np.int64), size) == pytest.approx(expected, nan_ok=True)


def test_a_loop_repeats_and_chance_does_not() -> None:
    once = made(5, 200)
    assert failures.repetition(notes_of(once)) == 0
    assert failures.token_repetition(once.tokens) == 0
    loop = performance_of(np.tile(once.tokens, 3))
    assert failures.token_repetition(loop.tokens) == 1
    assert failures.repetition(notes_of(loop)) > 0.9


def test_one_note_in_four_hangs() -> None:
    some = notes((0, 999, 60), (0, 1000, 62), (0, 10, 64), (0, 20, 65))
    assert failures.hung_notes(some) == 0.25
    assert failures.hung_notes(some, seconds=0.15) == 0.75


def test_a_note_that_nothing_ends_hangs_until_the_end() -> None:
    on = 102 + 2 * (60 - 21)
    piece = performance_of([on, *[101] * 12])
    assert performance_metrics(piece)["hung_notes"] == 1


def test_silence_is_counted_before_between_and_after() -> None:
    some = notes((300, 100, 60), (350, 10, 62), (900, 100, 60))
    assert failures.longest_silence_seconds(some) == pytest.approx(5)
    assert failures.longest_silence_seconds(some, 17.0) == pytest.approx(7)
    assert failures.longest_silence_seconds(notes((600, 1, 60))) == pytest.approx(6)
    assert failures.longest_silence_seconds(notes(), 9.0) == 9
    assert failures.longest_silence_seconds(notes((0, 1000, 60), (0, 1, 62), (500, 1, 64))) == 0


def test_a_jump_at_the_join_is_measured_in_its_three_parts() -> None:
    before = [(100 * k, 50, 50) for k in range(5)]
    after = [(500 + 50 * k, 50, 62) for k in range(10)]
    some = notes(*before, *after)
    density, velocity, register = failures.contrast_at_joins(some, [5.0])
    assert (density, velocity, register) == pytest.approx((1.0, 0.0, 12.0))
    np.testing.assert_allclose(failures.contrast_at_joins(some), [1, 0, 12])


def test_music_that_goes_on_as_it_was_has_no_contrast() -> None:
    some = notes(*[(50 * k, 50, 60 + k % 2) for k in range(200)])
    np.testing.assert_allclose(failures.contrast_at_joins(some), 0, atol=1e-12)
    assert (failures.contrast_at_joins(some) <= failures.contrast_at_joins(made_jump())).all()


def made_jump() -> Notes:
    return notes(*[(100 * k, 50, 40) for k in range(50)], *[(5000 + 50 * k, 50, 80) for k in range(100)])


def test_a_join_without_music_on_one_side_has_density_only() -> None:
    some = notes(*[(100 * k, 50, 60) for k in range(5)])
    density, velocity, register = failures.contrast_at_joins(some, [5.0], 10.0)
    assert density == 1
    assert np.isnan([velocity, register]).all()


def test_a_join_too_near_an_end_is_left_out() -> None:
    some = notes(*[(100 * k, 50, 60) for k in range(20)])
    assert np.isnan(failures.contrast_at_joins(some, [2.0, 18.0])).all()


def test_nothing_is_undefined() -> None:
    for value in (
        failures.hung_notes(notes()),
        failures.repetition(notes()),
        failures.repetition(notes(*[(k, 1, 60) for k in range(8)])),
        failures.token_repetition(np.empty(0, np.int32)),
        failures.longest_silence_seconds(notes()),
        *failures.contrast_at_joins(notes()),
    ):
        assert np.isnan(value)


def test_malformed_is_refused() -> None:
    with pytest.raises(ValueError, match="run"):
        failures.repetition(notes(), 0)
    with pytest.raises(ValueError, match="window"):
        failures.contrast_at_joins(notes(), window_seconds=0)


def test_stored_values() -> None:
    some = notes_of(made(7, 2000))
    np.testing.assert_allclose(failures.contrast_at_joins(some), STORED, atol=1e-3)


STORED = (1.4696, 5.6439, 2.5383)
