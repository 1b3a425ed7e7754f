"""Metrics of pitch: perfect, empty, malformed, stored; octaves, transposition, time reversal."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.evaluation.played import SILENCE, line, piece, pieces, reversed_in_time, stated

from antiphon.evaluation.metrics import pitch
from antiphon.evaluation.metrics.melody import melody
from antiphon.evaluation.notes import Notes
from antiphon.music.theory import Key

SCALE = piece(line(60, 62, 64, 65, 67, 69, 71, 72, 67, 64, 60))
CHROMATIC = piece(line(*range(60, 72)))
UNCHANGED_BY_TRANSPOSING = (
    "scale_consistency", "pitch_class_entropy", "bar_pitch_class_entropy", "pitch_entropy", "pitch_range",
    "interval_histogram", "stepwise_share",
)  # fmt: skip


def test_a_scale_is_in_its_key() -> None:
    values = pitch.pitch_metrics(stated(SCALE, 0))
    assert pitch.best_key(SCALE) == Key.parse("C")
    for name in ("in_key_share", "in_key_onset_share", "in_stated_key_share", "scale_consistency"):
        assert values[name] == 1
    assert pitch.in_key_share(SCALE, Key.parse("F# major")) == pytest.approx(2 / 11)


def test_all_twelve_pitch_classes_are_in_no_key_more_than_in_another() -> None:
    values = pitch.pitch_metrics(CHROMATIC)
    assert values["in_key_share"] == values["scale_consistency"] == pytest.approx(7 / 12)
    assert values["pitch_class_entropy"] == values["pitch_entropy"] == pytest.approx(math.log2(12))
    assert values["bar_pitch_class_entropy"] == 2
    assert values["pitch_range"] == 11


def test_stored_values() -> None:
    notes = piece([(0, 3, 60), (3, 1, 66), (4, 1, 67), (5, 2, 84), (7, 1, 67)])
    histogram = pitch.pitch_class_histogram(notes)[0]
    assert histogram[[0, 6, 7]].tolist() == [5 / 8, 1 / 8, 2 / 8]
    assert pitch.in_key_share(notes, Key.parse("C")) == 7 / 8
    assert pitch.in_key_onset_share(notes, Key.parse("C")) == 4 / 5
    intervals = pitch.interval_histogram(melody(notes))[0]
    assert {k - 13: share for k, share in enumerate(intervals) if share} == {6: 0.25, 1: 0.25, 13: 0.25, -13: 0.25}
    assert pitch.stepwise_share(melody(notes)) == 0.25
    pairs = pitch.pitch_class_transition_matrix(melody(notes))[0].reshape(12, 12)
    assert pairs[0, 6] == pairs[6, 7] == pairs[7, 0] == pairs[0, 7] == 0.25


def test_key_relative_histograms_begin_at_the_tonic() -> None:
    for up in range(12):
        relative = pitch.key_relative_histogram(SCALE.transposed(up))[0]
        assert relative == pytest.approx(pitch.pitch_class_histogram(SCALE)[0])


def test_notes_count_alike_in_entropy_however_long() -> None:
    notes = piece([(0, 3, 60), (3, 1, 62), (4, 2, 64), (6, 1, 65)])
    assert pitch.pitch_class_entropy(notes) == 2


def test_steps_are_of_two_semitones_at_most() -> None:
    assert pitch.stepwise_share(melody(piece(line(60, 61, 63, 66, 62)))) == 1 / 2


def test_transitions_from_the_tonic_know_no_key() -> None:
    own = pitch.pitch_metrics(SCALE)["key_relative_transition_matrix"]
    for up in range(12):
        np.testing.assert_array_equal(pitch.pitch_metrics(SCALE.transposed(up))["key_relative_transition_matrix"], own)


def test_repeated_notes_are_no_moves() -> None:
    assert pitch.stepwise_share(melody(piece(line(60, 60, 62, 62)))) == 1
    assert math.isnan(pitch.stepwise_share(melody(piece(line(60, 60, 60)))))


def test_silence_and_drums_alone_are_undefined() -> None:
    for notes in (SILENCE, piece(line(36, 38, 36, 38), drums=0)):
        values = pitch.pitch_metrics(notes)
        assert all(np.isnan(value).all() for value in values.values())


def test_one_note_has_pitch_but_no_interval() -> None:
    values = pitch.pitch_metrics(piece([(0, 4, 60)]))
    assert (values["pitch_range"], values["pitch_entropy"]) == (0, 0)
    assert np.isnan(values["interval_histogram"]).all()
    assert math.isnan(float(np.asarray(values["in_stated_key_share"])))


def test_every_value_has_its_words_and_its_shape() -> None:
    values = pitch.pitch_metrics(SCALE)
    assert tuple(values) == tuple(metric.name for metric in pitch.METRICS)
    for metric in pitch.METRICS:
        assert np.shape(values[metric.name]) == ((1, len(metric.bins)) if metric.kind == "histogram" else ())


def test_agreement_is_between_sets_of_histograms() -> None:
    rows = np.concatenate([pitch.pitch_class_histogram(notes) for notes in (SCALE, CHROMATIC)])
    assert pitch.pitch_distribution_agreement(rows, rows) == pytest.approx(1)
    assert pitch.pitch_distribution_agreement(rows[:1], rows[1:]) < 0.8


@given(pieces, st.integers(-24, 24))
def test_transposing_turns_the_histogram_and_nothing_else(notes: Notes, up: int) -> None:
    before, after = pitch.pitch_metrics(notes), pitch.pitch_metrics(notes.transposed(up))
    for name in UNCHANGED_BY_TRANSPOSING:
        np.testing.assert_allclose(after[name], before[name], atol=1e-12)
    turned = np.roll(before["pitch_class_histogram"], up, axis=1)
    np.testing.assert_allclose(after["pitch_class_histogram"], turned, atol=1e-12)
    pairs = np.roll(before["pitch_class_transition_matrix"].reshape(12, 12), (up, up), (0, 1)).reshape(1, 144)  # type: ignore[union-attr]
    np.testing.assert_allclose(after["pitch_class_transition_matrix"], pairs, atol=1e-12)


@given(pieces)
def test_time_reversal_changes_no_distribution_of_pitches(notes: Notes) -> None:
    before, after = pitch.pitch_metrics(notes), pitch.pitch_metrics(reversed_in_time(notes))
    for name in ("in_key_share", "in_key_onset_share", "pitch_class_histogram", "pitch_entropy", "pitch_range"):
        np.testing.assert_allclose(after[name], before[name], atol=1e-12)
    own = melody(notes)
    turned = pitch.interval_histogram(melody(reversed_in_time(own)))
    np.testing.assert_allclose(turned[:, ::-1], pitch.interval_histogram(own), atol=1e-12)


@given(pieces, st.lists(st.integers(-1, 1), min_size=40, max_size=40))
def test_octaves_of_single_notes_change_no_pitch_class(notes: Notes, octaves: list[int]) -> None:
    assume(len(notes))
    moved = piece(
        [
            (begin, end - begin, number + 12 * octave)
            for begin, end, number, octave in zip(
                notes.start_beat, notes.end_beat, notes.pitch, octaves[: len(notes)], strict=True
            )
        ]
    )
    before, after = pitch.pitch_metrics(notes), pitch.pitch_metrics(moved)
    for name in ("in_key_share", "scale_consistency", "pitch_class_histogram", "pitch_class_entropy"):
        np.testing.assert_allclose(after[name], before[name], atol=1e-12)


@given(pieces)
def test_shares_are_shares(notes: Notes) -> None:
    assume(len(notes))
    values = pitch.pitch_metrics(notes)
    assert 7 / 12 <= float(np.asarray(values["scale_consistency"])) <= 1
    assert float(np.asarray(values["in_key_onset_share"])) <= float(np.asarray(values["scale_consistency"])) + 1e-12
    assert np.asarray(values["pitch_class_histogram"]).sum() == pytest.approx(1)
