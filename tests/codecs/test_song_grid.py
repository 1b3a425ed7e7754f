"""A song's 4/4 bars as one row of steps, and back."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.played_to import BAR, BEAT, line, song

from antiphon.codecs.song_grid import SongGrid
from antiphon.codecs.strokes import Strokes
from antiphon.music.score import TIME_SIGNATURE, Score, Track, notes_from_columns, table

# Two bars in 4/4, one in 3/4, two in 4/4: 19 beats.
TURNS = [(0, 4, 4), (2 * BAR, 3, 4), (2 * BAR + 3 * BEAT, 4, 4)]


def turning(resolution: int = 4) -> SongGrid:
    piece = Score(BEAT, (Track(line(*[60] * 19)),), time_signatures=table(TIME_SIGNATURE, TURNS))
    return SongGrid.of(piece, resolution)


def strokes(*rows: tuple[int, int]) -> Strokes:
    start, end = np.array(rows, np.int64).reshape(-1, 2).T
    return Strokes(np.zeros_like(start), np.arange(len(start)), start, end)


def spans(found: Strokes) -> list[tuple[int, int, int]]:
    return sorted(zip(found.pitch.tolist(), found.start.tolist(), found.end.tolist(), strict=True))


def test_bars_in_other_metres_are_left_out() -> None:
    grid = turning()
    assert grid.lines.tolist() == [0, BAR, 2 * BAR + 3 * BEAT, 3 * BAR + 3 * BEAT]
    assert grid.begins.tolist() == [True, False, True, False] and grid.others.tolist() == [3]
    assert grid.ends(np.array([0, 31, 32, 63])).tolist() == [32, 32, 64, 64]


def test_what_sounds_there_is_cut_and_struck_anew() -> None:
    # The song's steps: 0-31 in 4/4, 32-43 in 3/4, 44-75 in 4/4.
    found = turning().laid(strokes((0, 4), (30, 34), (33, 40), (40, 46), (28, 50), (70, 90), (80, 90), (32, 40)))
    assert spans(found) == [(0, 0, 4), (1, 30, 32), (3, 32, 34), (4, 28, 32), (4, 32, 38), (5, 58, 64)]


def test_steps_lie_on_the_songs_ticks() -> None:
    grid = turning(24)
    steps = np.array([0, 1, 96, 192, 193])
    ticks = [0, 20, BAR, 2 * BAR + 3 * BEAT, 2 * BAR + 3 * BEAT + 20]
    assert grid.ticks(steps, steps).tolist() == ticks
    # The end of a run is the line after it, not the next run's.
    assert grid.ticks(np.array([192]), np.array([191])).tolist() == [2 * BAR]


def test_a_song_that_is_late_throughout_has_its_lines_where_they_are_and_its_steps_late() -> None:
    piece = song("tune")
    late = piece.with_tracks((replace(piece.tracks[0], notes=line(*[60] * 16, start=50)),))
    grid = SongGrid.of(late, 4, late=50)
    assert len(grid.lines) == 4 and grid.ticks(np.array([0, 4]), np.array([0, 4])).tolist() == [50, 50 + BEAT]
    early = SongGrid.of(piece, 4, late=-30)
    assert early.ticks(np.array([0, 4]), np.array([0, 4])).tolist() == [0, BEAT - 30]


def test_a_bar_into_which_notes_only_ring_is_none() -> None:
    ringing = Score(BEAT, (Track(notes_from_columns([0, 3 * BEAT], [BEAT, BAR + 40], 60, 80)),))
    struck = Score(BEAT, (Track(notes_from_columns([0, 3 * BEAT], [BEAT, BAR + 200], 60, 80)),))
    assert len(SongGrid.of(ringing, 4).lines) == 1 and len(SongGrid.of(struck, 4).lines) == 2
    assert not len(SongGrid.of(ringing, 4).others)


def test_a_file_that_counts_beats_is_in_fours_to_its_end() -> None:
    piece = Score(BEAT, (Track(line(*[60] * 6)),), time_signatures=table(TIME_SIGNATURE, [(0, 1, 4)]))
    grid = SongGrid.of(piece, 4)
    assert grid.lines.tolist() == [0, BAR] and not len(grid.others)


def test_a_waltz_has_no_bars_of_ours() -> None:
    piece = Score(BEAT, (Track(line(*[60] * 6)),), time_signatures=table(TIME_SIGNATURE, [(0, 3, 4)]))
    grid = SongGrid.of(piece, 4)
    assert not len(grid.lines) and grid.others.tolist() == [1, 2]
    assert not len(grid.laid(strokes((0, 4))).start)


@given(
    st.lists(st.sampled_from([(4, 4), (3, 4), (2, 2), (7, 8)]), min_size=1, max_size=12),
    st.sampled_from([4, 12, 24]),
    st.sampled_from([96, 100, 480]),
)
def test_every_step_comes_back(metres: list[tuple[int, int]], resolution: int, beat: int) -> None:
    ticks = np.cumsum([0, *(4 * beat * over // under for over, under in metres)])
    rows = [(int(tick), *metre) for tick, metre in zip(ticks, metres, strict=False)]
    piece = Score(
        beat, (Track(notes_from_columns(0, [ticks[-1]], 60, 80)),), time_signatures=table(TIME_SIGNATURE, rows)
    )
    grid = SongGrid.of(piece, resolution)
    assert len(grid.lines) == sum(over / under == 1 for over, under in metres)
    steps = np.arange(len(grid.lines) * grid.steps)
    at = piece.steps(grid.ticks(steps, steps), resolution)
    back = grid.laid(Strokes(0 * steps, 0 * steps, at, at + 1))
    np.testing.assert_array_equal(back.start, steps)
    np.testing.assert_array_equal(back.end, steps + 1)
    assert len(grid.others) + len(grid.lines) == len(piece.bars()) - 1
