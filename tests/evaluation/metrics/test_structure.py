"""Metrics of structure: perfect, empty, malformed, stored; transposition, time reversal, silence, repetition."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.played import SILENCE, line, piece, pieces, repeated, reversed_in_time

from antiphon.evaluation.metrics import structure
from antiphon.evaluation.metrics.melody import melody
from antiphon.evaluation.notes import Notes

A, B, HIGHER = (60, 62, 64, 65), (67, 65, 62, 64), (65, 67, 69, 70)
texts = st.lists(st.integers(0, 2), max_size=24).map(lambda symbols: np.array(symbols, np.int64))


def bars(*pitches: tuple[int, ...]) -> Notes:
    """A bar of quarters for each four pitches; an empty one for none."""
    return piece([note for k, bar in enumerate(pitches) for note in line(*bar, start=4.0 * k)])


def repetition(notes: Notes, transposed: bool = False) -> float:
    return structure.bar_repetition(structure.bar_keys(notes, transposed))


def test_one_bar_over_and_over_is_all_repetition() -> None:
    values = structure.structure_metrics(bars(*[A] * 20))
    for name in ("bar_repetition", "transposed_bar_repetition", "next_bar_repetition", "longest_repeated_share"):
        assert values[name] == 1
    assert (np.asarray(values["self_similarity"]) == 1).all()
    # Three steps up and one leap down are three kinds of move.
    assert values["distinct_1"] == 3 / 32
    assert values["distinct_4"] == 4 / 32


def test_stored_values() -> None:
    form = bars(A, A, B, A, HIGHER)
    assert repetition(form) == 2 / 4
    assert repetition(form, transposed=True) == 3 / 4
    assert structure.next_bar_repetition(structure.bar_keys(form)) == 1 / 4
    # A and B share no (step, pitch); A and A all.
    assert structure.self_similarity(form)[0, :3] == pytest.approx([1 / 4, 1 / 3, 1 / 2])
    assert np.isnan(structure.self_similarity(form)[0, 4:]).all()


def test_what_begins_in_a_bar_is_told_by_step_pitch_and_length() -> None:
    assert repetition(piece([(0, 1, 60), (4, 1, 60)])) == 1
    assert repetition(piece([(0, 1, 60), (4, 2, 60)])) == 0
    assert repetition(piece([(0, 1, 60), (5, 1, 60)])) == 0
    assert repetition(piece([(0, 1, 60), (4, 1, 72)])) == 0
    assert repetition(piece([(0, 1, 60), (0, 1, 64), (4, 1, 60)])) == 0


def test_velocity_track_and_order_do_not_matter() -> None:
    notes = piece([(0, 1, 60), (0, 1, 64), (4, 1, 60)], [(4, 1, 64)])
    assert repetition(replace(notes, velocity=np.arange(1, 5))) == 1


def test_silent_bars_repeat_nothing() -> None:
    assert repetition(bars(A, (), (), B)) == 0
    assert structure.next_bar_repetition(structure.bar_keys(bars(A, (), A))) == 1
    assert structure.self_similarity(bars(A, (), (), B))[0, :2].tolist() == [0, 0]


def test_a_note_is_not_taken_for_its_neighbour() -> None:
    assert structure.self_similarity(piece([(12, 4, 60), (0, 4, 61)]))[0, 2] == 0


def test_moves_are_intervals_and_times() -> None:
    moves = structure.moves(melody(piece([(0, 1, 60), (1, 0.5, 62), (2, 1, 64), (3, 0.5, 62), (4, 1, 60)])))
    assert len(set(moves.tolist())) == 2
    assert moves[0] == moves[1] != moves[2] == moves[3]


def test_distinct_runs_are_counted_in_stretches_of_one_length() -> None:
    period = np.tile([0, 1, 2, 3], 100)
    assert [structure.distinct_ngrams(period[:k], 2) for k in (33, 100, 400)] == [4 / 32] * 3
    assert structure.distinct_ngrams(np.arange(33), 2) == 1
    assert math.isnan(structure.distinct_ngrams(np.arange(32), 2))
    # 0 0 and 0 1 follow one another, then 1 1 and 1 0.
    assert structure.distinct_ngrams(np.tile([0, 0, 1, 1], 10), 2) == 4 / 32
    assert structure.distinct_ngrams(np.tile([0, 1], 20), 2) == 2 / 32
    with pytest.raises(ValueError, match="at least one"):
        structure.distinct_ngrams(period, 0)


def by_search(text: list[int]) -> int:
    """The longest passage that comes again, by trying all."""
    sizes = range(1, len(text) // 2 + 1)
    places = [(size, i) for size in sizes for i in range(len(text) - 2 * size + 1)]
    again = (size for size, i in places if str(text[i : i + size])[1:-1] in _windows(text[i + size :], size))
    return max(again, default=0)


def _windows(text: list[int], size: int) -> set[str]:
    return {str(text[j : j + size])[1:-1] for j in range(len(text) - size + 1)}


@given(texts)
def test_the_longest_passage_is_the_one_that_trying_all_finds(text: np.ndarray) -> None:
    found = structure.longest_repeated_passage(text)
    assert math.isnan(found) if len(text) < 2 else found == by_search(text.tolist())


def test_a_tune_played_twice_is_its_own_longest_passage() -> None:
    tune = (60, 64, 62, 67, 65, 71, 69, 60)
    values = structure.structure_metrics(piece(line(*tune, *(pitch + 2 for pitch in tune))))
    assert (values["longest_repeated_passage"], values["longest_repeated_share"]) == (7, 1)


def test_equal_pieces_are_duplicates_in_any_key_and_from_any_bar_on() -> None:
    late = piece([(begin + 8, length, pitch) for begin, length, pitch in line(*A)])
    assert structure.duplicate_rate([bars(A), bars(A).transposed(5), bars(B), late]) == 3 / 4
    assert structure.duplicate_rate([bars(A), bars(B), bars(A, B)]) == 0
    assert math.isnan(structure.duplicate_rate([bars(A), SILENCE]))
    assert math.isnan(structure.duplicate_rate([]))


def test_silence_and_drums_alone_are_undefined() -> None:
    for notes in (SILENCE, piece(line(36, 38, 36, 38), drums=0)):
        assert all(np.isnan(value).all() for value in structure.structure_metrics(notes).values())


def test_notes_outside_the_bars_are_in_none() -> None:
    notes = replace(bars(A, B, A, B), bar_beats=np.array([4.0, 8.0, 12.0]))
    assert len(structure.bar_keys(notes)) == 2
    assert structure.self_similarity(notes)[0, 0] == 0


def test_every_value_has_its_words_and_its_shape() -> None:
    values = structure.structure_metrics(bars(A, B))
    assert tuple(values) == tuple(metric.name for metric in structure.METRICS)
    for metric in structure.METRICS:
        assert np.shape(values[metric.name]) == ((1, len(metric.bins)) if metric.kind == "curve" else ())


@given(pieces, st.integers(-24, 24))
def test_transposing_the_piece_changes_nothing(notes: Notes, up: int) -> None:
    before, after = structure.structure_metrics(notes), structure.structure_metrics(notes.transposed(up))
    for name, value in before.items():
        np.testing.assert_array_equal(after[name], value)


@given(pieces)
def test_time_reversal_of_short_notes_changes_no_repetition_of_bars(notes: Notes) -> None:
    # Ends become onsets: of notes of one step bars are turned around as they are.
    short = replace(notes, end_beat=notes.start_beat + 1 / 12, end_seconds=notes.start_seconds + 1 / 24)
    before, after = structure.structure_metrics(short), structure.structure_metrics(reversed_in_time(short))
    for name in ("bar_repetition", "transposed_bar_repetition", "next_bar_repetition", "self_similarity"):
        np.testing.assert_allclose(after[name], before[name], atol=1e-12)


@given(pieces.filter(len))
def test_a_piece_played_twice_repeats_half_of_it(notes: Notes) -> None:
    once, twice = structure.bar_keys(notes), structure.bar_keys(repeated(notes))
    assert twice.tolist() == [*once.tolist(), *once.tolist()]
    assert structure.bar_repetition(twice) >= len(once) / (2 * len(once) - 1)
    assert structure.duplicate_rate([notes, notes.transposed(1)]) == 1
