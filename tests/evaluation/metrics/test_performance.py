"""Each measure of a performance: perfect, empty, malformed, stored; against rolls; and what must not change it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluation.performed import Row, line, notes, pieces, roll

from antiphon.codecs.performance import MAX_SHIFT, SHIFT, performance_of
from antiphon.evaluation.metrics import performance as measure
from antiphon.evaluation.metrics.performance import cut, notes_of
from antiphon.evaluation.notes import Notes
from antiphon.music.score import Score, Track, notes_from_columns
from antiphon.music.theory import SCALES

SILENCE = performance_of([SHIFT + MAX_SHIFT] * 5)
COUNTS: tuple[Callable[[Notes], float], ...] = (
    measure.pitch_classes_used,
    measure.pitches_used,
    measure.pitch_range,
    measure.average_pitch_shift,
    measure.inter_onset_interval,
    measure.in_scale_rate,
    measure.best_in_scale_rate,
    measure.empty_beat_rate,
    measure.polyphonic_rate,
)


def test_a_chromatic_octave_one_note_a_beat() -> None:
    octave = notes(*line(*range(60, 72)))
    assert measure.pitch_classes_used(octave) == 12
    assert measure.pitches_used(octave) == 12
    assert measure.pitch_range(octave) == 11
    assert measure.average_pitch_shift(octave) == 1
    assert measure.inter_onset_interval(octave) == pytest.approx(0.5)
    assert measure.empty_beat_rate(octave) == 0
    assert measure.in_scale_rate(octave) == pytest.approx(7 / 12)
    assert measure.best_in_scale_rate(octave) == pytest.approx(7 / 12)
    assert measure.polyphonic_rate(octave) == 0


def test_one_pitch_class_in_four_octaves() -> None:
    assert measure.pitch_classes_used(notes(*line(36, 48, 60, 72))) == 1
    assert measure.pitches_used(notes(*line(36, 48, 60, 72))) == 4


def test_the_best_scale_is_found_where_the_stated_one_fails() -> None:
    flat = notes(*line(61, 63, 65, 66, 68, 70, 72))
    assert measure.best_in_scale_rate(flat) == 1
    assert measure.in_scale_rate(flat) == pytest.approx(2 / 7)
    assert measure.in_scale_rate(flat, [1, 3, 5, 6, 8, 10, 0]) == 1


def test_the_share_in_a_scale_is_of_time_not_of_notes() -> None:
    assert measure.in_scale_rate(notes((0, 300, 60), (0, 100, 61))) == pytest.approx(0.75)


@pytest.mark.parametrize(("voices", "rate"), [(3, 0.0), (4, 0.5)])
def test_polyphony_is_more_than_three_pitches_over_all_time(voices: int, rate: float) -> None:
    chord: list[Row] = [(0, 100, 60 + 3 * voice) for voice in range(voices)]
    assert measure.polyphonic_rate(notes(*chord, (100, 100, 60))) == pytest.approx(rate)
    assert measure.polyphonic_rate(notes(*chord), 2.0) == pytest.approx(rate)


def test_one_pitch_sounded_twice_is_one_pitch() -> None:
    assert measure.polyphonic_rate(notes(*[(k, 100, 60) for k in range(5)])) == 0
    assert measure.in_scale_rate(notes((0, 100, 60), (50, 50, 60), (0, 100, 61))) == pytest.approx(0.5)


def test_three_of_four_beats_are_empty() -> None:
    assert measure.empty_beat_rate(notes((0, 50, 60)), 2.0) == 0.75
    assert measure.empty_beat_rate(notes((0, 51, 60)), 2.0) == 0.5
    assert measure.empty_beat_rate(notes((0, 10, 60), (190, 5, 60))) == 0.5
    assert measure.empty_beat_rate(notes_of(SILENCE), 5.0) == 1


@given(pieces)
@settings(max_examples=100, deadline=None)
def test_measures_of_time_agree_with_a_roll(some: Notes) -> None:
    cells = roll(some)
    at_once = cells.sum(1)
    assert measure.polyphonic_rate(some) == pytest.approx((at_once > 3).mean())
    assert measure.polyphonic_rate(some, threshold=1) == pytest.approx((at_once > 1).mean())
    classes = np.pad(cells, ((0, 0), (0, 4))).reshape(len(cells), 11, 12).sum((0, 1))
    assert measure.in_scale_rate(some) == pytest.approx(classes[list(SCALES["major"])].sum() / classes.sum())
    beats = np.pad(cells.any(1), (0, -len(cells) % 50)).reshape(-1, 50).any(1)
    assert measure.empty_beat_rate(some) == pytest.approx(1 - beats.mean())


@given(pieces, st.integers(-12, 12))
@settings(max_examples=60, deadline=None)
def test_transposition_changes_only_the_stated_scale(some: Notes, semitones: int) -> None:
    for function in COUNTS:
        if function is not measure.in_scale_rate:
            assert function(some.transposed(semitones)) == pytest.approx(function(some), nan_ok=True)
    octave = measure.in_scale_rate(some.transposed(12))
    assert octave == pytest.approx(measure.in_scale_rate(some))


@given(pieces)
@settings(max_examples=60, deadline=None)
def test_time_reversal_changes_nothing_that_has_no_direction(some: Notes) -> None:
    length = float(some.end_seconds.max())
    backwards = some.only(np.lexsort((some.pitch, -some.end_seconds)))
    start, end = length - backwards.end_seconds, length - backwards.start_seconds
    backwards = replace(backwards, start_seconds=np.round(start, 6), end_seconds=np.round(end, 6))
    for function in (measure.pitch_classes_used, measure.pitches_used, measure.pitch_range, measure.in_scale_rate):
        assert function(backwards) == pytest.approx(function(some))
    assert measure.polyphonic_rate(backwards, length) == pytest.approx(measure.polyphonic_rate(some, length), abs=1e-4)


@given(pieces)
@settings(max_examples=60, deadline=None)
def test_playing_a_piece_twice_changes_no_share_of_sound(some: Notes) -> None:
    beats = int(np.ceil(some.end_seconds.max() * 2 - 1e-9))
    start, end = (np.concatenate([times, times + beats / 2]) for times in (some.start_seconds, some.end_seconds))
    twice = replace(some.only(np.tile(np.arange(len(some)), 2)), start_seconds=start, end_seconds=end)
    for function in (measure.pitch_classes_used, measure.pitches_used, measure.best_in_scale_rate):
        assert function(twice) == pytest.approx(function(some))
    assert measure.empty_beat_rate(twice) == pytest.approx(measure.empty_beat_rate(some))


def test_nothing_is_undefined() -> None:
    for function in COUNTS:
        assert np.isnan(function(notes()))
    assert np.isnan(measure.average_pitch_shift(notes((0, 1, 60))))
    assert np.isnan(measure.inter_onset_interval(notes((0, 1, 60))))


def test_malformed_is_refused() -> None:
    some = notes((0, 100, 60))
    for scale in ([], [12], [-1]):
        with pytest.raises(ValueError, match="scale"):
            measure.in_scale_rate(some, scale)
    for function in (measure.empty_beat_rate, measure.polyphonic_rate):
        with pytest.raises(ValueError, match="after the end"):
            function(some, 0.5)
    with pytest.raises(ValueError, match="one of them"):
        cut(SILENCE)
    with pytest.raises(ValueError, match="one of them"):
        cut(SILENCE, tokens=1, seconds=1)


def test_notes_are_in_order_and_on_the_clock() -> None:
    some = notes((0, 10, 70), (0, 10, 60), (100, 50, 50))
    assert some.pitch.tolist() == [60, 70, 50]
    assert some.start_beat.tolist() == [0, 0, 2]
    assert some.end_beat.tolist() == [0.2, 0.2, 3]
    assert some.bar_beats.tolist() == [0, 4]


def test_drums_are_no_piano_keys() -> None:
    keys, drums = (
        Track(notes_from_columns(0, 100, pitch, 60), is_drum=is_drum) for pitch, is_drum in ((60, False), (36, True))
    )
    assert measure.performance_of_score(Score(tracks=(keys, drums))).pitch.tolist() == [60]
