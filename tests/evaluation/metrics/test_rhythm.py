"""Metrics of rhythm: perfect, empty, malformed, stored; transposition, time reversal, silence, repetition."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.evaluation.played import SILENCE, line, piece, pieces, repeated, reversed_in_time

from antiphon.evaluation.metrics import rhythm
from antiphon.evaluation.metrics.melody import melody
from antiphon.evaluation.notes import Notes

BAR = [(0.0, 1.0, 60), (1.0, 0.5, 62), (1.5, 0.5, 64), (2.0, 2.0, 65)]
FOUR = piece([(4 * bar + begin, length, pitch) for bar in range(4) for begin, length, pitch in BAR])
SCALARS = tuple(metric.name for metric in rhythm.METRICS if metric.kind == "scalar")


def bars(*patterns: str) -> Notes:
    """A bar for each pattern of 16 signs, a 16th note where the sign is an x."""
    return piece(
        [
            (4 * k + step / 4, 0.25, 60)
            for k, pattern in enumerate(patterns)
            for step in range(16)
            if pattern[step] == "x"
        ]
    )


def test_a_repeated_bar_is_like_itself_without_a_phantom_bar_after_it() -> None:
    assert FOUR.num_bars == 4
    values = rhythm.rhythm_metrics(FOUR)
    for name in ("grid_share", "onset_self_similarity", "next_bar_onset_similarity", "groove_consistency"):
        assert values[name] == 1


def test_silent_bars_are_compared_with_nothing() -> None:
    first, silent = "x...x...x...x...", "." * 16
    assert rhythm.onset_self_similarity(bars(first, silent, first)) == 1
    # A sounding bar and a silent one share nothing; two silent ones are no pair.
    assert rhythm.next_bar_onset_similarity(bars(first, silent, silent, first)) == 0
    assert rhythm.groove_consistency(bars(first, silent, silent, first)) == 1 - 4 / 48


def test_shared_silence_is_agreement_only_as_printed() -> None:
    sparse = bars("x...............", "........x.......")
    assert rhythm.next_bar_onset_similarity(sparse) == rhythm.onset_self_similarity(sparse) == 0
    assert rhythm.groove_consistency(sparse) == 1 - 2 / 48


def test_stored_values() -> None:
    notes = bars("x...x...........", "x...x...x...x...", "x...............")
    assert rhythm.next_bar_onset_similarity(notes) == pytest.approx((2 / 4 + 1 / 4) / 2)
    assert rhythm.onset_self_similarity(notes) == pytest.approx((2 / 4 + 1 / 4 + 1 / 2) / 3)
    assert rhythm.groove_consistency(notes) == pytest.approx(1 - (2 + 3) / 2 / 48)
    assert rhythm.notes_per_beat(notes) == pytest.approx(7 / 8.25)
    assert rhythm.notes_per_second(notes) == pytest.approx(7 / 4.125)


def test_bars_of_other_length_are_not_compared() -> None:
    notes = replace(FOUR, bar_beats=np.array([0, 4, 7, 11, 14, 16.0]))
    assert rhythm.onset_patterns(notes)[1].tolist() == [48, 36, 48, 36, 24]
    assert math.isnan(rhythm.next_bar_onset_similarity(notes))
    assert 0 < rhythm.onset_self_similarity(notes) < 1
    downbeats = replace(piece([(0, 1, 60), (4, 1, 60)]), bar_beats=np.array([0, 4, 7.0]))
    assert math.isnan(rhythm.onset_self_similarity(downbeats))


def test_groove_counts_the_places_of_the_bar_that_there_is() -> None:
    waltz = replace(piece([(0, 1, 60), (1, 1, 60), (3, 1, 60), (5, 1, 60)]), bar_beats=np.array([0, 3, 6.0]))
    assert rhythm.onset_patterns(waltz)[1].tolist() == [36, 36]
    assert rhythm.groove_consistency(waltz) == pytest.approx(1 - 2 / 36)


def test_a_bar_that_no_metre_has_takes_no_room() -> None:
    notes = replace(FOUR, bar_beats=np.array([0, 1e6, 1e6 + 4]))
    assert rhythm.onset_patterns(notes)[0].shape == (2, 48)
    assert math.isnan(rhythm.onset_self_similarity(notes))


def test_the_grid_has_16ths_and_triplets_and_what_is_near_them() -> None:
    on = [0, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 5 / 6]
    assert rhythm.grid_share(piece([(k + part, 0.1, 60) for k, part in enumerate(on)])) == 1
    assert rhythm.grid_share(piece([(k + part + 1 / 49, 0.1, 60) for k, part in enumerate(on)])) == 1
    assert rhythm.grid_share(piece([(k + part + 1 / 40, 0.1, 60) for k, part in enumerate(on)])) == 0
    assert rhythm.grid_share(piece([(k + 1 - 1 / 60, 0.1, 60) for k in range(4)])) == 1


def test_onsets_anywhere_have_a_third() -> None:
    begins = np.random.default_rng(0).uniform(0, 400, 4000)
    assert rhythm.grid_share(piece([(float(begin), 0.1, 60) for begin in begins])) == pytest.approx(1 / 3, abs=0.03)


def test_each_note_value_is_of_its_own_class() -> None:
    values = np.array(list(rhythm.NOTE_VALUES.values()))
    assert rhythm.note_values(values).tolist() == list(range(12))
    assert rhythm.note_values(values * 1.02).tolist() == list(range(12))
    names = list(rhythm.NOTE_VALUES)
    assert [names[k] for k in rhythm.note_values(np.array([0.01, 100]))] == ["16th", "whole"]


def test_histograms_of_lengths() -> None:
    half, quarter, eighth = (list(rhythm.NOTE_VALUES).index(name) for name in ("half", "quarter", "8th"))
    lengths = rhythm.note_length_histogram(FOUR)[0]
    assert (lengths[half], lengths[quarter], lengths[eighth]) == (0.25, 0.25, 0.5)
    gaps = rhythm.inter_onset_histogram(piece([*BAR, (0.0, 4.0, 48)]))[0]
    assert (gaps[quarter], gaps[eighth]) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    pairs = rhythm.note_length_transition_matrix(melody(FOUR))[0].reshape(12, 12)
    assert pairs[half, quarter] == pytest.approx(3 / 15)
    assert pairs[quarter, eighth] == pairs[eighth, eighth] == pairs[eighth, half] == pytest.approx(4 / 15)


def test_silence_and_drums_alone_are_undefined() -> None:
    for notes in (SILENCE, piece(line(36, 38, 36, 38), drums=0)):
        assert all(np.isnan(value).all() for value in rhythm.rhythm_metrics(notes).values())


def test_every_value_has_its_words_and_its_shape() -> None:
    values = rhythm.rhythm_metrics(FOUR)
    assert tuple(values) == tuple(metric.name for metric in rhythm.METRICS)
    for metric in rhythm.METRICS:
        assert np.shape(values[metric.name]) == ((1, len(metric.bins)) if metric.kind == "histogram" else ())


def test_all_sounding_says_all() -> None:
    values = rhythm.rhythm_metrics(bars(*["x" * 16] * 3))
    assert values["onset_self_similarity"] == values["groove_consistency"] == 1
    assert values["notes_per_beat"] == 4


@given(pieces, st.integers(-24, 24))
def test_pitch_changes_nothing(notes: Notes, up: int) -> None:
    before, after = rhythm.rhythm_metrics(notes), rhythm.rhythm_metrics(notes.transposed(up))
    for name, value in before.items():
        np.testing.assert_array_equal(after[name], value)


@given(pieces)
def test_time_reversal_of_notes_of_one_step_changes_no_similarity(notes: Notes) -> None:
    # Onsets become ends: of notes that last one step of the grid the patterns are turned around.
    short = replace(notes, end_beat=notes.start_beat + 1 / 12, end_seconds=notes.start_seconds + 1 / 24)
    assume(len(short))
    before, after = rhythm.rhythm_metrics(short), rhythm.rhythm_metrics(reversed_in_time(short))
    for name in ("onset_self_similarity", "next_bar_onset_similarity", "groove_consistency", "notes_per_beat"):
        np.testing.assert_allclose(after[name], before[name], atol=1e-12)


@given(pieces)
def test_a_repeated_piece_is_at_least_as_like_itself(notes: Notes) -> None:
    assume(len(notes))
    twice = repeated(notes)
    once, more = rhythm.onset_self_similarity(notes), rhythm.onset_self_similarity(twice)
    assert more == 1 if math.isnan(once) else more >= once - 1e-9
    assert rhythm.grid_share(twice) == rhythm.grid_share(notes)


@given(pieces)
def test_shares_are_shares(notes: Notes) -> None:
    values = rhythm.rhythm_metrics(notes)
    for name in SCALARS[:4]:
        value = float(np.asarray(values[name]))
        assert math.isnan(value) or 0 <= value <= 1
    if not math.isnan(rhythm.groove_consistency(notes)):
        assert rhythm.groove_consistency(notes) >= rhythm.next_bar_onset_similarity(notes) - 1e-9
