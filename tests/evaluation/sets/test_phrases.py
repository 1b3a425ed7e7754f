"""Pieces fall into whole phrases of bars or seconds."""

import numpy as np
import pytest

from antiphon.evaluation.notes import Notes
from antiphon.evaluation.sets.phrases import bar_phrases, second_phrases
from antiphon.music.score import TIME_SIGNATURE, Score, Track, notes_from_columns, table


def piece(start: list[float], length: float | list[float] = 0.5, **changes: object) -> Notes:
    """A note of middle C at each beat of `start`, in 4/4 at 120 beats a minute."""
    begin = np.array(start) * 480
    notes = notes_from_columns(begin.astype(int), (begin + np.array(length) * 480).astype(int), 60, 80)
    return Notes.from_score(Score(tracks=(Track(notes),), **changes), drums=True)  # type: ignore[arg-type]


def test_bars_fall_into_whole_phrases() -> None:
    found = bar_phrases(piece([0, 5, 8, 15.5, 16, 20], length=4), bars=2)
    assert found.number.tolist() == [0, 0, 1, 1, 2, 2] and found.slot.tolist() == [0, 1, 0, 1, 0, 1]
    assert found.start.tolist() == [0, 5, 0, 7.5, 0, 4]
    assert found.end.tolist() == [4, 8, 4, 8, 4, 8]  # cut where the phrase ends
    assert found.place.tolist() == [0, 0.25, 0, 0.875, 0, 0] and found.beat.tolist() == [0, 0, 0, 0.5, 0, 0]
    assert found.length.tolist() == [8, 8, 8] and found.slots == 2


def test_what_fills_no_phrase_is_left_out() -> None:
    notes = piece([0, 5, 9])  # three bars
    assert bar_phrases(notes, bars=2).number.tolist() == [0, 0]
    assert len(bar_phrases(notes, bars=4).length) == 0
    assert second_phrases(notes, seconds=2).number.tolist() == [0, 1] and second_phrases(notes, seconds=9).slots == 8


def test_other_metres_and_their_changes() -> None:
    metre = table(TIME_SIGNATURE, [(0, 3, 4), (6 * 480, 4, 4)])
    found = bar_phrases(piece([0, 3, 6, 10, 13], length=1, time_signatures=metre), bars=2)
    assert found.length.tolist() == [6, 8] and found.slot.tolist() == [0, 1, 0, 1, 1]
    assert found.place.tolist() == [0, 0, 0, 0, 0.75]


def test_seconds() -> None:
    found = second_phrases(piece([0, 3, 4.5, 7.5, 8], length=2), seconds=2)  # a beat is half a second
    assert found.number.tolist() == [0, 0, 1, 1] and found.start.tolist() == [0, 1.5, 0.25, 1.75]
    assert found.end.tolist() == [1, 2, 1.25, 2] and found.slot.tolist() == [0, 6, 1, 7]
    assert np.isnan(found.beat).all()


def test_drums_are_left_out() -> None:
    notes = piece([0, 2, 4, 6], length=2)
    drums = Notes(**{**vars(notes), "is_drum": np.array([True, False, True, False])})
    assert bar_phrases(drums, bars=1).start.tolist() == [2, 2]
    assert second_phrases(drums, seconds=2).start.tolist() == [1, 1]


def test_empty_and_malformed() -> None:
    for nothing in (Notes.from_score(Score()), piece([])):
        assert len(bar_phrases(nothing).number) == len(second_phrases(nothing).length) == 0
    with pytest.raises(ValueError, match="bar"):
        bar_phrases(piece([0]), bars=0)
    with pytest.raises(ValueError, match="seconds"):
        second_phrases(piece([0]), seconds=0)
