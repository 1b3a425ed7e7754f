"""Which songs enter, and what is said of them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from antiphon.data.judge import content_key, fault, flags, num_bars
from antiphon.data.manifest import Rules
from antiphon.music.score import TEMPO, TIME_SIGNATURE, Score, Track, notes_from_columns, table

Make = Callable[..., Score]


def _melody(starts: object, ticks_per_beat: int = 480, **fields: object) -> Score:
    starts = np.asarray(starts)
    return Score(ticks_per_beat, (Track(notes_from_columns(starts, starts + 10, 60, 64)),), **fields)  # type: ignore[arg-type]


def test_enough_music_has_no_fault(make_score: Make) -> None:
    assert fault(make_score(bars=4), Rules()) is None


def test_silence_is_a_fault() -> None:
    assert fault(Score(480, (Track(),)), Rules()) == ("silent", "has no notes")


def test_too_few_bars_are_a_fault_and_leading_silence_is_no_music(make_score: Make) -> None:
    assert fault(make_score(bars=3), Rules()) == ("short", "has 3 bars, under 4")
    assert fault(_melody([40 * 1920, 41 * 1920]), Rules()) == ("short", "has 2 bars, under 4")


def test_too_long_is_a_fault(make_score: Make) -> None:
    found = fault(make_score(bars=8), Rules(max_seconds=5))
    assert found is not None and found[0] == "long"
    assert fault(_melody([0, 2**32]), Rules(max_seconds=1e12)) == (
        "long",
        f"ends at tick {2**32 + 10}, over {2**32 - 1}",
    )


def test_bars_follow_the_time_signatures() -> None:
    metre = table(TIME_SIGNATURE, [(0, 3, 4), (3 * 1440, 6, 8), (5 * 1440, 2, 2)])
    score = _melody([0, 5 * 1440 + 2 * 1920 - 10], time_signatures=metre)
    assert num_bars(score) == pytest.approx(7)


def test_hostile_metres_need_no_memory() -> None:
    metre = table(TIME_SIGNATURE, [(0, 1, 2**30)])
    assert num_bars(_melody([0, 2**31], ticks_per_beat=1, time_signatures=metre)) > 4


@pytest.mark.parametrize(
    ("signatures", "metre"),
    [
        ([], "4/4"),
        ([(0, 3, 4)], "3/4"),
        ([(0, 4, 4), (0, 3, 4)], "3/4"),
        ([(0, 3, 4), (1920, 3, 4)], "3/4"),
        ([(0, 3, 4), (1920, 4, 4)], "mixed"),
        ([(480, 3, 4)], "mixed"),
        ([(0, 3, 4), (10**6, 4, 4)], "3/4"),
    ],
)
def test_metre(signatures: list[tuple[int, int, int]], metre: str) -> None:
    score = _melody(np.arange(0, 9600, 480), time_signatures=table(TIME_SIGNATURE, signatures))
    assert flags(score).metre == metre


def test_written_music_has_beats(make_score: Make) -> None:
    said = flags(replace(make_score(), tempos=table(TEMPO, [(0, 500_000)])))
    assert not said.performed and said.on_grid == 1.0


def test_onsets_anywhere_at_a_nominal_tempo_are_performed() -> None:
    starts = np.sort(np.random.default_rng(0).integers(0, 200_000, 2000))
    assert flags(_melody(starts)).performed
    assert flags(_melody(starts)).on_grid < 0.1
    assert not flags(_melody(starts), beats_known=True).performed


def test_a_human_at_a_click_has_beats_even_at_120() -> None:
    chance = np.random.default_rng(0)
    starts = np.maximum(np.arange(1000) * 120 + chance.normal(0, 12, 1000), 0).astype(int)
    said = flags(_melody(starts))
    assert said.on_grid < 0.5 and not said.performed


def test_another_tempo_tells_of_beats() -> None:
    starts = np.sort(np.random.default_rng(0).integers(0, 200_000, 2000))
    assert not flags(_melody(starts, tempos=table(TEMPO, [(0, 480_000)]))).performed


def test_copies_have_one_key(make_score: Make) -> None:
    score = make_score(5)
    late = score.with_tracks(tuple(_shifted(track, 1920) for track in score.tracks[::-1]))
    loud = score.with_tracks(tuple(_with(track, "velocity", 1) for track in score.tracks))
    long = score.with_tracks(tuple(_with(track, "end", 99_999) for track in score.tracks))
    finer = replace(make_score(5, ticks_per_beat=960))
    assert {content_key(copy) for copy in (late, loud, long, finer)} == {content_key(score)}


def test_other_songs_have_other_keys(make_score: Make) -> None:
    score = make_score(5)
    higher = score.with_tracks(tuple(_with(track, "pitch", track.notes["pitch"] + 1) for track in score.tracks))
    drums = score.with_tracks(tuple(replace(track, is_drum=True) for track in score.tracks))
    fewer = score.with_tracks(score.tracks[:1])
    keys = {content_key(other) for other in (score, higher, drums, fewer, make_score(6))}
    assert len(keys) == 5


def _with(track: Track, column: str, value: object) -> Track:
    notes = track.notes.copy()
    notes[column] = value
    return replace(track, notes=notes)


def _shifted(track: Track, ticks: int) -> Track:
    return _with(_with(track, "start", track.notes["start"] + ticks), "end", track.notes["end"] + ticks)
