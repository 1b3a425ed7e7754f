"""Thumbnails: small, of the beginning, of whatever there is."""

import base64
import struct

import numpy as np
import pytest
from tests.made import song

from antiphon.evaluation.report.thumbnails import opening, thumbnails
from antiphon.music.score import TIME_SIGNATURE, Score, Track, notes_from_columns, table


def test_they_are_small_pictures() -> None:
    drawn = thumbnails([song(0), Score()], ["a", "b"], made=True)
    assert [one.caption for one in drawn] == ["a", "b"] and all(one.made for one in drawn)
    for one in drawn:
        content = base64.b64decode(one.png)
        width, height = struct.unpack(">II", content[16:24])
        assert width == 640 and 240 <= height <= 400 and len(content) < 40_000


def test_captions_that_are_missing_are_refused() -> None:
    with pytest.raises(ValueError, match="captions"):
        thumbnails([song(0)], [], made=False)


def test_eight_bars_from_the_first_note() -> None:
    notes = notes_from_columns([9600, 9600 + 480 * 40], [9600 + 480 * 80, 9600 + 480 * 41], [60, 62], 90)
    cut = opening(Score(tracks=(Track(notes),), chords=((0, "C"), (9600, "G"), (10**6, "F"))))
    (note,) = cut.tracks[0].notes
    assert (note["start"], note["end"]) == (0, 8 * 4 * 480)
    assert cut.chords == ((0, "G"),)


def test_the_metre_that_holds_comes_along() -> None:
    metres = table(TIME_SIGNATURE, [(0, 4, 4), (1920, 3, 4), (1920 + 3 * 1440, 2, 4)])
    notes = notes_from_columns([1920 + 1440 + 480], [1920 + 20 * 1440], [60], 90)
    cut = opening(Score(tracks=(Track(notes),), time_signatures=metres))
    assert cut.tracks[0].notes["start"].tolist() == [480]
    assert cut.time_signatures.tolist() == [(0, 3, 4), (2880, 2, 4)]
    assert np.diff(cut.bars()).tolist()[:3] == [1440, 1440, 960]


def test_a_bar_without_end_is_cut() -> None:
    metres = table(TIME_SIGNATURE, [(0, 99, 1)])
    notes = notes_from_columns([0, 480 * 33], [480, 480 * 34], [60, 60], 90)
    assert opening(Score(tracks=(Track(notes),), time_signatures=metres)).num_notes == 1
