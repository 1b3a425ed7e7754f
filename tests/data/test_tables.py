"""A score goes into tables and comes back."""

from collections.abc import Callable

import numpy as np

from antiphon.data.tables import pack, unpack
from antiphon.music.score import CONTROL, NOTE, PEDAL, Score, Track, table


def _same(one: Score, other: Score) -> None:
    assert one.ticks_per_beat == other.ticks_per_beat
    assert one.chords == other.chords
    for name in ("tempos", "time_signatures", "key_signatures"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    assert len(one.tracks) == len(other.tracks)
    for a, b in zip(one.tracks, other.tracks, strict=True):
        assert (a.program, a.is_drum, a.name) == (b.program, b.is_drum, b.name)
        assert np.array_equal(a.notes, b.notes)
        assert np.array_equal(a.pedal_spans(), b.pedal_spans())


def _there_and_back(score: Score) -> Score:
    packed = pack(score)
    return unpack(packed.tables, packed.strings, packed.ticks_per_beat)


def test_everything_but_texts_comes_back(make_score: Callable[..., Score]) -> None:
    score = make_score(3)
    _same(score, _there_and_back(score))


def test_a_track_without_notes_keeps_its_place(make_score: Callable[..., Score]) -> None:
    score = make_score(1)
    silent = score.with_tracks((Track(name="rest"), score.tracks[0], Track(name="rest"), score.tracks[1], Track()))
    _same(silent, _there_and_back(silent))


def test_an_empty_score_comes_back() -> None:
    _same(Score(), _there_and_back(Score()))


def test_pedal_keeps_its_spans_in_fewer_rows() -> None:
    notes = table(NOTE, [(0, 50, 60, 64)])
    rows = [(0, PEDAL, 10), (5, PEDAL, 64), (6, PEDAL, 99), (9, PEDAL, 63), (20, PEDAL, 70), (90, PEDAL, 71)]
    score = Score(480, (Track(notes, controls=table(CONTROL, [*rows[:3], (7, 7, 100), *rows[3:]])),))
    back = _there_and_back(score)
    assert back.tracks[0].pedal_spans().tolist() == [[5, 9], [20, 90]]
    assert back.tracks[0].controls["tick"].tolist() == [5, 9, 20, 90]


def test_names_that_are_not_unicode_can_be_stored() -> None:
    back = _there_and_back(Score(480, (Track(name="a\udcffb"),)))
    assert back.tracks[0].name == "a?b"
