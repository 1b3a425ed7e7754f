"""Notes as they are written down: bars are full, notes come back, triplets stay triplets."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.played_to import BAR, BEAT, line, song

from antiphon.music.notation import DIVISIONS, TRIPLETS, VALUES, Value, bar_lines, notate
from antiphon.music.score import TIME_SIGNATURE, Score, Track, notes_from_columns, table


def written(*rows: tuple[float, float, int], is_drum: bool = False) -> list[list[list[Value]]]:
    start, end, pitch = np.array(rows, np.float64).T
    notes = notes_from_columns((start * BEAT).round(), (end * BEAT).round(), pitch.astype(int), 80)
    track = Track(notes, is_drum=is_drum)
    return notate(Score(BEAT, (track,)), track)


def plain(voice: list[Value]) -> list[tuple[int, int, tuple[int, ...]]]:
    return [(value.start, value.length, value.pitches) for value in voice]


def test_values_rests_and_ties() -> None:
    (((first,)), (second,)) = written((0, 1.5, 60), (1.5, 2, 62), (3, 5, 64))
    assert plain(first) == [(0, 36, (60,)), (36, 12, (62,)), (48, 24, ()), (72, 24, (64,))]
    assert first[-1].continues and not first[-1].is_continued
    assert plain(second) == [(0, 24, (64,)), (24, 72, ())] and second[0].is_continued and not second[0].continues


def test_chords_share_a_value_and_others_have_voices() -> None:
    ((first, second),) = written((0, 4, 48), (0, 1, 60), (0, 1, 64), (1, 2, 62))
    assert plain(first) == [(0, 96, (48,))] and plain(second) == [(0, 24, (60, 64)), (24, 24, (62,))]


def test_more_voices_than_can_be_written_end_early() -> None:
    (bar,) = written(*[(0.25 * n, 4, 60 + n) for n in range(6)])
    assert len(bar) == 4 and {p for voice in bar for value in voice for p in value.pitches} == set(range(60, 66))
    # The first that sounds ends where the fifth begins.
    assert plain(bar[0])[:2] == [(0, 24, (60,)), (24, 72, (64,))]


def test_triplets_are_where_they_fit_better() -> None:
    ((voice,),) = written((0, 1 / 3, 60), (1 / 3, 2 / 3, 62), (2 / 3, 1, 64), (1, 1.25, 65), (1.25, 2, 67))
    assert plain(voice)[:5] == [(0, 8, (60,)), (8, 8, (62,)), (16, 8, (64,)), (24, 6, (65,)), (30, 18, (67,))]


def test_strokes_last_until_the_next() -> None:
    ((voice,),) = written((0, 0.1, 36), (0.5, 0.6, 42), (1, 1.1, 36), (1, 1.1, 42), is_drum=True)
    assert plain(voice)[:3] == [(0, 12, (36,)), (12, 12, (42,)), (24, 24, (36, 42))]


@given(
    st.lists(
        st.tuples(st.integers(0, 20 * BEAT), st.integers(0, 5 * BEAT), st.integers(0, 127)), min_size=1, max_size=30
    ),
    st.sampled_from([[(0, 4, 4)], [(0, 3, 4), (3 * BEAT, 7, 8)], [(0, 5, 16), (700, 4, 4)]]),
    st.booleans(),
)
def test_bars_are_full_and_voices_go_on(
    rows: list[tuple[int, int, int]], metre: list[tuple[int, int, int]], drum: bool
) -> None:
    start, length, pitch = np.array(rows).T
    track = Track(notes_from_columns(start, start + length, pitch, 80), is_drum=drum)
    piece = Score(BEAT, (track,), time_signatures=table(TIME_SIGNATURE, metre))
    bars = notate(piece, track)
    lengths = np.diff(bar_lines(piece)).tolist()
    assert len(bars) == len(lengths)
    for voices, size in zip(bars, lengths, strict=True):
        assert sum(value.length for value in voices[0]) == size and 1 <= len(voices) <= 4
        for voice in voices:
            assert all(one.start + one.length <= other.start for one, other in pairwise(voice))
            assert voice[0].start >= 0 and voice[-1].start + voice[-1].length <= size
    heard = {p for voices in bars for voice in voices for value in voice for p in value.pitches}
    assert heard <= set(pitch.tolist())


@given(st.lists(st.tuples(st.integers(0, 63), st.integers(1, 16)), min_size=1, max_size=20))
def test_sixteenths_come_back(rows: list[tuple[int, int]]) -> None:
    start, length = np.array(rows).T * BEAT // 4
    track = Track(notes_from_columns(start, start + length, np.arange(len(start)) + 40, 80))
    piece = Score(BEAT, (track,))
    lines = bar_lines(piece)
    bars = notate(piece, track)
    begun = sorted(
        (int(lines[bar]) + value.start, pitch)
        for bar, voices in enumerate(bars)
        for voice in voices
        for value in voice
        for pitch in value.pitches
        if not value.is_continued
    )
    assert begun == sorted((int(tick) * DIVISIONS // BEAT, 40 + n) for n, tick in enumerate(start))
    assert all(v.length in VALUES or v.length in TRIPLETS for voices in bars for voice in voices for v in voice)


def test_a_song_without_notes_in_a_bar_rests() -> None:
    piece = song("tune").with_tracks((Track(line(60, start=2 * BAR)),))
    assert [plain(voices[0]) for voices in notate(piece, piece.tracks[0])[:2]] == [[(0, 96, ())]] * 2
