"""Cheap metrics of phrases: of packed rows and of samples alike, of nothing, stored, and what does not change them."""

import numpy as np
import pytest
from tests.evaluation.bands_made import BASS, DRUMS, PIANO, SIXTEENTHS, bands

from antiphon.codecs.phrases import PhraseRolls, pack
from antiphon.evaluation.metrics.in_training_phrases import distinct_share, measure_phrases

CODEC = PhraseRolls()
ROLLS = bands(12, together=True).without_onsets()


def silenced(track: int) -> np.ndarray:
    cells = ROLLS.cells.copy()
    cells[:, track] = False
    return cells


def test_rows_and_samples_of_the_same_phrases_have_the_same_figures() -> None:
    assert measure_phrases(CODEC, pack(ROLLS.cells)) == measure_phrases(CODEC, ROLLS.cells)


def test_each_track_has_its_figures() -> None:
    found = measure_phrases(CODEC, ROLLS.cells)
    assert {name.partition("/")[2] for name in found} == {"", *CODEC.ensemble.names}
    assert found["empty_bar_rate/bass"] == 0 and found["notes_a_bar/drums"] == 8
    assert found["qualified_note_rate/bass"] == 1 == found["drum_pattern_rate/drums"]
    assert "used_pitch_classes/drums" not in found and "drum_pattern_rate/bass" not in found
    assert found["chroma_agreement"] > found["chroma_agreement of shuffled tracks"] + 0.1


def test_a_dead_track_shows() -> None:
    found = measure_phrases(CODEC, silenced(BASS))
    assert found["empty_bar_rate/bass"] == 1 and np.isnan(found["notes_a_bar/bass"])
    assert found["notes_a_bar/piano"] == measure_phrases(CODEC, ROLLS.cells)["notes_a_bar/piano"]


def test_nothing_and_silence_are_undefined() -> None:
    assert all(np.isnan(value) for value in measure_phrases(CODEC, ROLLS.cells[:0]).values())
    silent = measure_phrases(CODEC, np.zeros_like(ROLLS.cells))
    assert silent["empty_bar_rate/piano"] == 1 and np.isnan(silent["bar_repetition"])
    assert silent["distinct_phrases"] == pytest.approx(1 / len(ROLLS))


def test_the_same_phrase_over_and_over_shows() -> None:
    assert distinct_share(ROLLS.cells) == 1
    assert distinct_share(np.repeat(ROLLS.cells[:2], 4, 0)) == 0.25


def test_an_octave_higher_changes_nothing() -> None:
    cells = ROLLS.cells.copy()
    cells[:, PIANO] = np.roll(cells[:, PIANO], 12, -1)
    found, plain = measure_phrases(CODEC, cells), measure_phrases(CODEC, ROLLS.cells)
    assert found == pytest.approx(plain)


def test_whole_lengths_have_no_rest_to_add() -> None:
    codec = SIXTEENTHS.model_copy(update={"bars": 4, "resolution": 24})
    cells = np.zeros((1, 5, 4, 96, 84), bool)
    cells[0, PIANO, 0, :2, 40] = True
    cells[0, DRUMS, 0, 0, 12] = True
    assert codec.lengths == "whole"
    assert measure_phrases(codec, cells)["qualified_note_rate/piano"] == 0
    assert measure_phrases(CODEC, cells)["qualified_note_rate/piano"] == 1
