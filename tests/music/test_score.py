"""Tempo map, grid rounding, bars and pedal of a Score, against mido, exact fractions and slow loops."""

from fractions import Fraction

import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.music.score import (
    CONTROL,
    NOTE,
    PEDAL,
    TEMPO,
    TIME_SIGNATURE,
    Score,
    Track,
    beat_us,
    notes_from_columns,
    round_half_up,
    table,
)

TEMPO_ROWS = st.lists(
    st.tuples(st.integers(0, 20_000), st.integers(1, 0xFFFFFF)), max_size=8, unique_by=lambda row: row[0]
).map(sorted)


def score_of(end: int, signatures: list[tuple[int, int, int]] | None = None, ticks_per_beat: int = 480) -> Score:
    track = Track(notes_from_columns(0, end, 60, 64))
    return Score(ticks_per_beat, (track,), time_signatures=table(TIME_SIGNATURE, signatures or []))


@given(TEMPO_ROWS, st.integers(1, 0x7FFF), st.lists(st.integers(0, 40_000), min_size=1, max_size=20))
def test_seconds_are_those_of_mido(tempos: list[tuple[int, int]], resolution: int, ticks: list[int]) -> None:
    score = Score(resolution, tempos=table(TEMPO, tempos))
    found = score.seconds(ticks)
    for tick, seconds in zip(ticks, found, strict=True):
        expected, exact, now, tempo = 0.0, Fraction(0), 0, 500_000
        for change, new_tempo in [*tempos, (tick, 0)]:
            delta = max(0, min(change, tick) - now)
            expected += mido.tick2second(delta, resolution, tempo)
            exact += Fraction(delta * tempo, resolution * 1_000_000)
            now, tempo = now + delta, new_tempo if change <= tick else tempo
        assert seconds == pytest.approx(expected, rel=1e-12)
        assert seconds == float(exact)


@given(TEMPO_ROWS, st.integers(1, 960), st.lists(st.integers(0, 40_000), min_size=1, max_size=20))
def test_ticks_invert_seconds(tempos: list[tuple[int, int]], resolution: int, ticks: list[int]) -> None:
    score = Score(resolution, tempos=table(TEMPO, [(tick, max(us, 1000)) for tick, us in tempos]))
    assert score.ticks(score.seconds(ticks)).tolist() == ticks


def test_seconds_of_one_tick_is_a_scalar() -> None:
    score = Score(480, tempos=table(TEMPO, [(0, 600_000)]))
    assert float(score.seconds(480)) == 0.6
    assert score.seconds(480).shape == ()
    assert int(score.ticks(0.6)) == 480


def test_before_the_first_tempo_and_at_repeated_ones() -> None:
    late = Score(100, tempos=table(TEMPO, [(100, 1_000_000)]))
    assert late.seconds([0, 100, 200]).tolist() == [0.0, 0.5, 1.5]
    assert late.seconds(-100) == -0.5
    twice = Score(100, tempos=table(TEMPO, [(0, 1), (0, 250_000), (100, 7), (100, 1_000_000)]))
    assert twice.seconds([0, 100, 200]).tolist() == [0.0, 0.25, 1.25]


def test_duration_and_counts() -> None:
    first = Track(notes_from_columns([0, 10], [500, 20], [60, 61], 64))
    score = Score(100, (first, Track()), tempos=table(TEMPO, [(0, 1_000_000)]))
    assert (score.end, score.num_notes, score.duration_seconds) == (500, 2, 5.0)
    assert (Score().end, Score().num_notes, Score().duration_seconds) == (0, 0, 0.0)
    assert score.with_tracks(()).end == 0


@given(st.lists(st.integers(0, 1 << 40), min_size=1), st.integers(1, 0x7FFF), st.integers(1, 96))
def test_steps_are_nearest_with_halves_up(ticks: list[int], ticks_per_beat: int, resolution: int) -> None:
    steps = Score(ticks_per_beat).steps(ticks, resolution).tolist()
    for tick, step in zip(ticks, steps, strict=True):
        error = Fraction(tick * resolution, ticks_per_beat) - step
        assert -Fraction(1, 2) <= error < Fraction(1, 2)
    assert [steps[row] for row in np.argsort(ticks, kind="stable")] == sorted(steps)


@given(st.integers(0, 10_000), st.integers(1, 96), st.integers(1, 40))
def test_grid_ticks_keep_their_step(step: int, resolution: int, ticks_per_step: int) -> None:
    score = Score(resolution * ticks_per_step)
    assert score.steps(step * ticks_per_step, resolution) == step


def test_half_a_step_goes_to_the_later_one() -> None:
    assert Score(480).steps([59, 60, 61, 180], 4).tolist() == [0, 1, 1, 2]
    assert round_half_up([0.5, 1.5, 2.5, -0.5]).tolist() == [1, 2, 3, 0]


@pytest.mark.parametrize(
    ("end", "signatures", "bars"),
    [
        (0, [], [0, 1920]),
        (1920, [], [0, 1920]),
        (1921, [], [0, 1920, 3840]),
        (3000, [(0, 3, 4)], [0, 1440, 2880, 4320]),
        (2000, [(0, 6, 8), (1440, 2, 4)], [0, 1440, 2400]),
        # A change within a bar cuts that bar short.
        (3500, [(0, 4, 4), (2400, 2, 4)], [0, 1920, 2400, 3360, 4320]),
        # Before the first signature 4/4 holds.
        (4000, [(1920, 3, 4)], [0, 1920, 3360, 4800]),
        # Of several signatures at one tick the last holds.
        (1000, [(0, 4, 4), (0, 1, 4)], [0, 480, 960, 1440]),
        # Changes after the end do not matter.
        (1000, [(0, 2, 4), (96_000, 3, 4)], [0, 960, 1920]),
        (1000, [(0, 2, 4), (1200, 3, 4)], [0, 960, 1200]),
    ],
)
def test_bars(end: int, signatures: list[tuple[int, int, int]], bars: list[int]) -> None:
    assert score_of(end, signatures).bars().tolist() == bars


SIGNATURE_ROWS = st.lists(
    st.tuples(st.integers(0, 3000), st.integers(1, 12), st.sampled_from([1, 2, 4, 8, 16, 64])),
    max_size=5,
    unique_by=lambda row: row[0],
).map(sorted)


@given(st.integers(0, 4000), SIGNATURE_ROWS, st.sampled_from([1, 7, 24, 96]))
def test_bars_are_those_of_a_slow_count(end: int, signatures: list[tuple[int, int, int]], ticks_per_beat: int) -> None:
    score = score_of(end, signatures, ticks_per_beat)
    changes = signatures if signatures and signatures[0][0] == 0 else [(0, 4, 4), *signatures]
    expected = []
    for (begin, numerator, denominator), stop in zip(changes, [row[0] for row in changes[1:]] + [10**9], strict=True):
        length = max(Fraction(1), Fraction(4 * ticks_per_beat * numerator, denominator))
        num_lines = -((begin - min(stop, 2 * end + 20_000)) // length)
        expected += [begin + length * bar // 1 for bar in range(num_lines)]
    expected = expected[: next(row for row, line in enumerate(expected) if line >= max(end, 1)) + 1]
    assert score.bars().tolist() == expected


def test_bars_of_odd_lengths_do_not_drift() -> None:
    # 3/8 at one tick a beat: a tick and a half.
    assert score_of(6, [(0, 3, 8)], 1).bars().tolist() == [0, 1, 3, 4, 6]


@pytest.mark.parametrize(
    ("controls", "spans"),
    [
        ([], []),
        ([(10, PEDAL, 127), (50, PEDAL, 0)], [[10, 50]]),
        ([(10, PEDAL, 64), (20, PEDAL, 90), (50, PEDAL, 63), (60, PEDAL, 0)], [[10, 50]]),
        ([(5, PEDAL, 0), (10, 7, 127), (20, 67, 127)], []),
        ([(10, PEDAL, 127), (30, PEDAL, 0), (30, PEDAL, 100), (70, PEDAL, 1)], [[10, 30], [30, 70]]),
        # Never released: until the last note ends.
        ([(10, PEDAL, 127)], [[10, 100]]),
        ([(10, PEDAL, 127), (300, PEDAL, 127)], [[10, 300]]),
    ],
)
def test_pedal_spans(controls: list[tuple[int, int, int]], spans: list[list[int]]) -> None:
    track = Track(notes_from_columns(0, 100, 60, 64), controls=table(CONTROL, controls))
    assert track.pedal_spans().tolist() == spans
    assert track.pedal_spans().shape == (len(spans), 2)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(60, 63), st.integers(1, 127))))
def test_notes_are_ordered_by_start_pitch_end(rows: list[tuple[int, int, int, int]]) -> None:
    notes = notes_from_columns(*np.array(rows, np.int64).reshape(-1, 4).T)
    assert notes.dtype == NOTE
    assert notes.tolist() == sorted(rows, key=lambda row: (row[0], row[2], row[1]))


def test_columns_are_broadcast_and_tables_read_only() -> None:
    assert notes_from_columns([4, 0], [5, 9], 60, 64).tolist() == [(0, 9, 60, 64), (4, 5, 60, 64)]
    tempos = table(TEMPO, [(0, 1)])
    with pytest.raises(ValueError, match="read-only"):
        tempos["tick"] = 3
    assert beat_us(120) == 500_000
