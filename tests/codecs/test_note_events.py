"""Lines of notes in ticks: every note of made, real and embedded scores comes back, and the paper's three numbers."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.codecs.note_events import note_events, raw_rows, raw_score, score_of
from antiphon.data.corpus import Corpus
from antiphon.io.midi import read_midi
from antiphon.music.score import TEMPO, Score, Track, notes_from_columns, table

Note = tuple[int, int, int, int]

notes = st.tuples(st.integers(0, 60), st.integers(0, 40), st.integers(0, 127), st.integers(1, 127))
tracks = st.lists(st.tuples(st.lists(notes, max_size=12), st.booleans()), max_size=4)


def track(rows: list[Note], is_drum: bool = False) -> Track:
    """Notes of (start, duration, pitch, velocity)."""
    start, duration, pitch, velocity = np.array(rows, np.int64).reshape(-1, 4).T
    return Track(notes_from_columns(start, start + duration, pitch, velocity), is_drum=is_drum, name=str(len(rows)))


def held(score: Score) -> list[list[Note]]:
    return [[] if part.is_drum else sorted(part.notes.tolist()) for part in score.tracks]


@given(tracks, st.integers(1, 960))
@settings(max_examples=150, deadline=None)
def test_every_note_comes_back(parts: list[tuple[list[Note], bool]], ticks_per_beat: int) -> None:
    score = Score(ticks_per_beat, tuple(track(*part) for part in parts), table(TEMPO, [(0, 400_000)]))
    events = note_events(score)
    back = score_of(events)
    assert held(back) == held(score) and len(events) == sum(map(len, held(score)))
    assert back.ticks_per_beat == ticks_per_beat and back.tempos is score.tempos
    assert [part.name for part in back.tracks] == [part.name for part in score.tracks]
    order = np.stack([events.start, events.pitch], axis=1).tolist()
    assert order == sorted(order) and (events.offset >= 0).all()


def test_a_line_of_chords_and_voices() -> None:
    upper, lower = track([(10, 5, 64, 80), (30, 5, 65, 81)]), track([(10, 20, 48, 60), (10, 20, 40, 61)])
    events = note_events(Score(10, (upper, track([(0, 1, 36, 99)], is_drum=True), lower)))
    columns = (events.offset, events.duration, events.pitch, events.velocity, events.track)
    assert [column.tolist() for column in columns] == [
        [10, 0, 0, 20],
        [20, 20, 5, 5],
        [40, 48, 64, 65],
        [61, 60, 80, 81],
        [2, 2, 0, 0],
    ]
    assert not any(len(part.notes) for part in events.frame.tracks)


@pytest.mark.parametrize("name", ["lieder", "quartets", "freedoom", "leadsheets", "giantmidi", "groove"])
def test_embedded_songs_come_back(name: str) -> None:
    corpus = Corpus.open(name)
    for song in range(0, corpus.num_songs, max(1, corpus.num_songs // 8)):
        score = corpus.score(song)
        assert held(score_of(note_events(score))) == held(score)


@pytest.mark.skipif(not {"ANTIPHON_DATA", "ANTIPHON_FIXTURES"} & os.environ.keys(), reason="no folder of real files")
def test_real_files_come_back_in_their_order() -> None:
    data, fixtures = (os.environ.get(f"ANTIPHON_{name}", "") for name in ("DATA", "FIXTURES"))
    files = [*(sorted(Path(data).glob("*/**/*.mid*"))[::300] if data else ())]
    files += sorted(Path(fixtures).glob("**/*.mid*")) if fixtures else []
    files = [file for file in files if file.is_file()]
    for file in files:
        score = read_midi(file)
        for ours, theirs in zip(score_of(note_events(score)).tracks, score.tracks, strict=True):
            expected = theirs.notes[:0] if theirs.is_drum else theirs.notes
            np.testing.assert_array_equal(ours.notes, expected, err_msg=str(file))
    assert files


def test_raw_rows_are_pitch_and_quarters() -> None:
    score = Score(480, (track([(480, 240, 60, 90), (480, 960, 64, 90)]), track([(1080, 120, 36, 90)])))
    rows = raw_rows(score)
    assert rows.dtype == np.float32
    assert rows.tolist() == [[60, 0.5, 1], [64, 2, 0], [36, 0.25, 1.25]]
    assert raw_rows(Score()).shape == (0, 3)


@given(st.lists(notes, max_size=20))
@settings(max_examples=80, deadline=None)
def test_raw_rows_come_back(rows: list[Note]) -> None:
    rows = [(start, max(duration, 1), pitch, 90) for start, duration, pitch, _ in rows]
    back = raw_score(raw_rows(Score(16, (track(rows),))))
    ours = sorted((start // 64, end // 64, pitch) for part in back.tracks for start, end, pitch, _ in part.notes)
    assert ours == sorted((start, start + duration, pitch) for start, duration, pitch, _ in rows)


def test_raw_numbers_that_make_no_sense() -> None:
    (part,) = raw_score(np.array([[64.6, -2, -4.8], [300, 1e9, 1e9], [-3, 0, 0]])).tracks
    assert part.notes[["start", "end", "pitch"]].tolist() == [(0, 1, 65), (65536, 65537, 0), (65536, 131072, 127)]
    for rows in (np.zeros((2, 4)), np.zeros(3), [[1, 2, np.nan]]):
        with pytest.raises(ValueError, match="finite numbers"):
            raw_score(rows)
    assert raw_score(np.empty((0, 3))).tracks == ()
