"""Metrics of form: perfect, empty, malformed, stored; transposition, silence, other voices."""

import math
from dataclasses import replace

import pytest
from tests.evaluation.played import SILENCE, line, piece

from antiphon.evaluation.metrics import form
from antiphon.evaluation.metrics.melody import melody
from antiphon.evaluation.notes import Notes
from antiphon.music.theory import Key

A, B, C, D = (60, 62, 64, 65), (67, 65, 62, 64), (72, 71, 69, 67), (64, 67, 72, 60)


def bars(*pitches: tuple[int, ...]) -> Notes:
    """A bar of quarters for each four pitches; an empty one for none."""
    return piece([note for k, bar in enumerate(pitches) for note in line(*bar, start=4.0 * k)])


def test_a_phrase_over_and_over_comes_back_whole() -> None:
    values = form.form_metrics(bars(*[A, B, C, D] * 5))
    assert values["bars_back_after_4"] == values["bars_back_after_8"] == 1
    assert values["rhythms_back_after_4"] == values["rhythms_back_after_8"] == 1
    assert values["similarity_peak_at_4"] > 0.5
    assert values["similarity_peak_at_8"] > 0.5


def test_stored_values() -> None:
    song = bars(A, B, C, D, A, B, D, D, A)
    assert form.bars_back(song, 4) == 4 / 5
    assert form.bars_back(song, 8) == 1
    assert form.bars_back(song, 1) == 1 / 8
    held = piece([*line(*A), (4, 4, 67), *line(*B, start=8)])
    assert form.bars_back(held, 2, rhythm=True) == 1
    assert form.bars_back(held, 1, rhythm=True) == form.bars_back(held, 2) == 0


def test_music_of_one_bar_has_no_peak() -> None:
    assert form.similarity_peak(bars(*[A] * 20), 4) == 0


def test_a_peak_stands_above_both_neighbours() -> None:
    # Alike one bar apart 1/4, two apart 1/3, three apart 1/2.
    song = bars(A, A, B, A, (65, 67, 69, 70))
    assert form.similarity_peak(song, 2) == pytest.approx(1 / 3 - (1 / 4 + 1 / 2) / 2)


def test_silent_bars_are_no_pairs() -> None:
    assert form.bars_back(bars(A, (), A, ()), 2) == 1
    assert math.isnan(form.bars_back(bars(A, (), (), B), 2))


def test_what_is_too_short_or_silent_is_undefined() -> None:
    assert math.isnan(form.bars_back(bars(A, B), 4))
    assert math.isnan(form.similarity_peak(bars(A, B, C), 4))
    assert all(math.isnan(value) for value in form.form_metrics(SILENCE).values())


def test_lags_that_are_none() -> None:
    with pytest.raises(ValueError, match="not against one 0"):
        form.bars_back(bars(A), 0)
    for lag in (1, 16):
        with pytest.raises(ValueError, match=f"not at {lag}"):
            form.similarity_peak(bars(A), lag)


def test_endings() -> None:
    song = piece([*line(*A), (4, 3, 72)])
    assert form.last_note_on_tonic(song, Key.parse("C")) == 1
    assert form.last_note_on_tonic(song, Key.parse("A minor")) == 0
    assert math.isnan(form.last_note_on_tonic(song, None))
    assert form.last_note_beats(song) == 3


def test_transposing_changes_nothing() -> None:
    song = bars(A, B, C, D, A, B, C, C, A, D, (60, 60, 60, 60))
    assert form.form_metrics(song.transposed(5)) == pytest.approx(form.form_metrics(song), nan_ok=True)


def test_an_accompaniment_is_not_heard() -> None:
    song = [note for k, bar in enumerate((A, B, C, D, A, C)) for note in line(*bar, start=4.0 * k)]
    chords = [(4.0 * k, 4.0, pitch + k) for k in range(6) for pitch in (36, 40, 43)]
    both = piece(song, chords)
    assert form.bars_back(melody(both), 4) == form.form_metrics(both)["bars_back_after_4"] == 1 / 2
    assert form.form_metrics(replace(both, velocity=both.velocity // 2)) == pytest.approx(
        form.form_metrics(both), nan_ok=True
    )
