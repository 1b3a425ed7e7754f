"""Windows of notes: written examples rule by rule, round trips over every option, and what is lost."""

import os
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.codecs.codec import Rows
from antiphon.codecs.notes import MAX_BEATS, NoteSequences
from antiphon.data.corpus import Corpus
from antiphon.io.midi import read_midi
from antiphon.music.score import TEMPO, TIME_SIGNATURE, Score, Track, notes_from_columns, table

Note = tuple[int, int, int]
STEP = 120

CODECS = tuple(
    NoteSequences.model_validate(
        {"voices": voices, "unit": unit, "resolution": resolution, "length": length, "longest": longest}
    )
    for (voices, unit), (resolution, length, longest) in product(
        product(("all", "melody"), ("beats", "seconds")), ((4, 64, 64), (12, 16, 255), (3, 1, 20))
    )
)


def track(*notes: Note, scale: int = STEP, **more: Any) -> Track:
    """Notes of (start, length, pitch) in steps, with velocities from 40 up."""
    start, size, pitch = np.array(notes, np.int64).reshape(-1, 3).T
    velocity = 40 + np.arange(len(notes)) % 80
    return Track(notes_from_columns(start * scale, (start + size) * scale, pitch, velocity), **more)


def score(*tracks: Track, metre: tuple[int, int] = (4, 4)) -> Score:
    return Score(480, tracks, table(TEMPO, [(0, 600_000)]), table(TIME_SIGNATURE, [(0, *metre)]))


def line(music: Score, **options: Any) -> list[list[int]]:
    """Pitch, duration in steps, offset."""
    values = NoteSequences(**options).line(music)[:, :3].astype(int)
    values[:, 1] += 1
    return [[int(value) for value in note] for note in values]


def decoded(codec: NoteSequences, rows: Rows, music: Score) -> Score:
    changes = music.time_signatures
    metre = (int(changes["numerator"][0]), int(changes["denominator"][0])) if len(changes) else (4, 4)
    return codec.decode(rows["real"], rows["length"], velocity=rows["velocity"], metre=metre)


def same(ours: Rows, theirs: Rows) -> bool:
    return all(np.array_equal(ours[name], theirs[name]) for name in ("real", "velocity", "length"))


def test_a_line_of_two_tracks() -> None:
    drums = track((0, 1, 36), is_drum=True)
    music = score(track((6, 4, 64), (10, 1, 65)), track((6, 10, 48), (6, 10, 40), (30, 2, 43)), drums)
    assert line(music) == [[40, 10, 6], [48, 10, 0], [64, 4, 0], [65, 1, 4], [43, 2, 20]]
    assert NoteSequences().encode(music)["place"][0, :6].tolist() == [6, 6, 6, 10, 14, 0]
    assert NoteSequences().line(music)[:, 3].tolist() == [41, 40, 40, 41, 42]


def test_offsets_begin_at_the_first_heard_bar_and_count_its_metre() -> None:
    music = score(track((27, 1, 60), (36, 1, 62)), metre=(3, 4))
    rows = NoteSequences().encode(music)
    assert rows["real"][0, :2].tolist() == [[60, 0, 3], [62, 0, 9]]
    assert rows["place"][0, :2].tolist() == [3, 0]


@pytest.mark.parametrize(("ticks_per_beat", "resolution"), [(480, 4), (5, 5), (96, 12)])
def test_places_are_those_of_the_scores_bars(ticks_per_beat: int, resolution: int) -> None:
    # Bars of 3/16 are no whole number of ticks where a beat has 5.
    rows = [(0, 3, 4), (2, 7, 8), (11, 3, 16), (20, 4, 4)]
    changes = table(TIME_SIGNATURE, [(beat * ticks_per_beat, over, under) for beat, over, under in rows])
    steps = np.arange(30 * resolution)
    ticks = steps * ticks_per_beat // resolution
    music = Score(ticks_per_beat, (Track(notes_from_columns(ticks, ticks + 1, 60, 90)),), time_signatures=changes)
    lines = music.steps(music.bars(), resolution)
    expected = steps - lines[np.searchsorted(lines, steps, side="right") - 1]
    encoded = NoteSequences(length=len(steps), resolution=resolution).encode(music)
    np.testing.assert_array_equal(encoded["place"][0], expected)


def test_windows_follow_each_other_and_the_last_is_filled_up() -> None:
    music = score(track(*((step, 1, 60 + step) for step in range(10))))
    rows = NoteSequences(length=4).encode(music)
    assert rows["real"].shape == (3, 4, 3) and rows["real"].dtype == np.uint8
    assert rows["length"].tolist() == [4, 4, 2] and rows["length"].dtype == np.int16
    assert rows["real"][..., 0].tolist() == [[60, 61, 62, 63], [64, 65, 66, 67], [68, 69, 0, 0]]
    assert rows["real"][1:, 0, 2].tolist() == [1, 1]
    assert all(not rows[name][2, 2:].any() for name in ("real", "velocity", "place"))


def test_rows_of_many_songs_join() -> None:
    codec = NoteSequences(length=4)
    songs = [codec.encode(score(track(*((step, 1, 60) for step in range(num))))) for num in (9, 0, 3)]
    joined = codec.join(songs)
    assert joined["song"].tolist() == [0, 0, 0, 2] and joined["length"].tolist() == [4, 4, 1, 3]


def test_of_a_unison_the_longest_stays() -> None:
    music = score(track((0, 2, 60), (4, 2, 62)), track((0, 6, 60), (4, 1, 62)))
    assert line(music) == [[60, 6, 0], [62, 2, 4]]
    assert NoteSequences().losses(music)["unisons"] == 2


def test_long_rests_lose_whole_bars() -> None:
    # 85 steps are five bars and five steps; under 64 they are three bars and five.
    music = score(track((0, 70, 60), (85, 64, 62), (149, 1, 64)))
    assert line(music) == [[60, 64, 0], [62, 64, 53], [64, 1, 64]]
    assert line(music, voices="melody") == [[60, 53, 0], [62, 64, 53], [64, 1, 64]]
    assert line(music, longest=10) == [[60, 10, 0], [62, 10, 5], [64, 1, 10]]
    losses = NoteSequences().losses(music)
    assert {name for name, num in losses.items() if num} == {"long", "gaps"} and losses["long"] == losses["gaps"] == 1


def test_melody_is_one_voice() -> None:
    tune = track((0, 8, 72), (0, 2, 60), (4, 4, 74), (8, 4, 71), name="Voice")
    chords = track(*((step, 1, pitch) for step in range(10) for pitch in (40, 43)))
    music = score(chords, tune)
    assert line(music, voices="melody") == [[72, 4, 0], [74, 4, 4], [71, 4, 4]]
    assert NoteSequences(voices="melody").losses(music)["voices"] == 21


def test_a_grace_note_of_the_melody_gives_way() -> None:
    grace = Track(notes_from_columns([0, 470, 480], [470, 480, 960], [60, 62, 64], 90))
    assert line(score(grace), voices="melody") == [[60, 4, 0], [64, 4, 4]]
    assert line(score(grace)) == [[60, 4, 0], [62, 1, 4], [64, 4, 0]]


def test_losses_name_what_the_grid_moves() -> None:
    off = Track(notes_from_columns([0, 490, 960, 1440], [30, 960, 1440, 1920], [60, 62, 64, 65], 90))
    losses = NoteSequences().losses(score(off, track((0, 1, 36), is_drum=True)))
    assert {name: num for name, num in losses.items() if num} == {"off_grid": 1, "short": 1, "drums": 1}


def test_performances_give_none_on_the_grid_and_say_why() -> None:
    starts = np.random.default_rng(0).integers(0, 96_000, 400)
    music = score(Track(notes_from_columns(starts, starts + 200, 60 + starts % 12, 90)))
    codec = NoteSequences()
    assert "free performance" in str(codec.why_silent(music)) and not len(codec.encode(music)["real"])
    assert codec.losses(music)["song"] == 400
    assert NoteSequences(unit="seconds").encode(music)["length"].sum() > 380
    assert len(NoteSequences(off_grid=0.9).line(music)) > 380


def test_triplets_want_their_own_grid() -> None:
    music = score(track(*((step, 1, 60) for step in range(60)), scale=160))
    assert NoteSequences().why_silent(music) and NoteSequences(resolution=12).why_silent(music) is None
    assert line(music, resolution=3)[1:] == [[60, 1, 1]] * 59


def test_files_late_throughout_are_moved_onto_the_grid() -> None:
    music = score(track(*((12 * step + 4, 12, 60 + step) for step in range(20)), scale=10))
    assert line(music)[:3] == [[60, 1, 0], [61, 1, 1], [62, 1, 1]]


@pytest.mark.parametrize("codec", CODECS, ids=range(len(CODECS)))
def test_silence_gives_no_rows_and_none_come_back(codec: NoteSequences) -> None:
    far = Track(notes_from_columns([0, 480 * MAX_BEATS], [480, 480 * MAX_BEATS + 480], 60, 90))
    for music, reason in (
        (Score(), "no pitched"),
        (score(track((0, 1, 36), is_drum=True)), "no"),
        (score(far), "long"),
    ):
        rows = codec.encode(music)
        assert rows["real"].shape == (0, codec.length, 3) and rows["length"].shape == (0,)
        assert reason in str(codec.why_silent(music)) and codec.line(music).shape == (0, 4)
        assert decoded(codec, rows, music).num_notes == 0


notes = st.tuples(st.integers(0, 120), st.integers(0, 80), st.integers(40, 50))
metres = st.sampled_from([(4, 4), (3, 4), (6, 8), (5, 4), (2, 2)])


@given(st.sampled_from(CODECS), st.lists(notes, min_size=1, max_size=20), metres)
@settings(max_examples=300, deadline=None)
def test_what_rows_say_encodes_to_the_same_rows(codec: NoteSequences, rows: list[Note], metre: tuple[int, int]) -> None:
    codec = codec.model_copy(update={"off_grid": 1.0})
    music = score(track(*rows, scale=480 // codec.resolution), metre=metre)
    encoded = codec.encode(music)
    again = codec.encode(decoded(codec, encoded, music))
    if codec.unit == "beats" and codec.longest >= codec.resolution * 6:
        assert same(again, encoded)
    # Elsewhere a first offset beyond the classes, or none in seconds, is another bar line.
    assert np.array_equal(again["length"], encoded["length"])
    flat, other = (values["real"].reshape(-1, 3)[1:] for values in (encoded, again))
    np.testing.assert_array_equal(other, flat)


@given(st.lists(notes, min_size=1, max_size=20), metres)
@settings(max_examples=150, deadline=None)
def test_notes_on_the_grid_come_back_exactly(rows: list[Note], metre: tuple[int, int]) -> None:
    unique = {(start, pitch): max(size, 1) for start, size, pitch in rows}
    music = score(track(*((start, min(size, 64), pitch) for (start, pitch), size in unique.items())), metre=metre)
    codec = NoteSequences(longest=128)
    back = decoded(codec, codec.encode(music), music)
    (theirs,), (ours,) = music.tracks, back.tracks
    first = int(theirs.notes["start"][0])
    bars = music.bars()
    shift = int(bars[np.searchsorted(bars, first, side="right") - 1])
    for name in ("start", "end"):
        np.testing.assert_array_equal(ours.notes[name] + shift, theirs.notes[name])
    np.testing.assert_array_equal(ours.notes[["pitch", "velocity"]], theirs.notes[["pitch", "velocity"]])
    assert not any(codec.losses(music).values())


def test_seconds_are_classes_of_ten_milliseconds_to_ten_seconds() -> None:
    seconds = np.array([0.01, 0.02, 0.1, 1, 10, 60])
    start = np.append(0, np.cumsum(seconds))
    ticks = np.rint(start * 1000).astype(int)
    music = Score(500, (Track(notes_from_columns(ticks[:-1], ticks[1:], 60, 90)),))
    codec = NoteSequences(unit="seconds")
    assert line(music, unit="seconds") == [
        [60, 1, 0],
        *([60, int(b), int(a)] for a, b in pairwise([1, 7, 22, 43, 64, 64])),
    ]
    back = codec.decode(codec.encode(music)["real"], codec.encode(music)["length"], tempo=30)
    (part,) = back.tracks
    heard = np.diff(back.seconds(part.notes["start"]))
    assert np.abs(np.log(heard / seconds[:-1])).max() < 0.056
    assert codec.losses(music)["long"] == 1 and codec.losses(music)["gaps"] == 0


def test_seconds_follow_the_tempo_and_join_a_rolled_chord() -> None:
    tempos = table(TEMPO, [(0, 500_000), (500, 1_000_000)])
    music = Score(
        500, (Track(notes_from_columns([0, 4, 500, 1000], [500, 500, 1000, 1500], [64, 60, 62, 60], 90)),), tempos
    )
    low, high, second, third = line(music, unit="seconds")
    assert [low[0], high[0]] == [60, 64] and high[2] == 0 and second[2] == 37
    assert third[2] == 43 == third[1]


def test_decoding_checks_its_input() -> None:
    codec = NoteSequences()
    assert codec.decode([[60, 3, 4], [64, 3, 0]]).tracks[0].notes["start"].tolist() == [480, 480]
    for values, word in (
        (np.zeros((2, 4), int), "n, 3"),
        (np.zeros(3, int), "n, 3"),
        (np.zeros((1, 3)), "whole"),
        ([[128, 0, 0]], "pitch"),
        ([[0, 64, 0]], "duration"),
        ([[0, 0, -1]], "offset"),
    ):
        with pytest.raises(ValueError, match=word):
            codec.decode(values)
    with pytest.raises(ValueError):
        NoteSequences(longest=256)


@pytest.mark.parametrize("name", ["lieder", "quartets", "freedoom", "leadsheets", "giantmidi"])
def test_embedded_songs_come_back(name: str) -> None:
    corpus = Corpus.open(name)
    scores = [corpus.score(song) for song in range(0, corpus.num_songs, max(1, corpus.num_songs // 4))]
    assert sum(_round_trip(codec, music) for music in scores for codec in CODECS[:9:2]) > 0


@pytest.mark.skipif("ANTIPHON_DATA" not in os.environ, reason="ANTIPHON_DATA names no folder of real files")
def test_real_files_come_back() -> None:
    files = sorted(Path(os.environ["ANTIPHON_DATA"]).glob("*/**/*.mid*"))[::300]
    assert sum(_round_trip(codec, read_midi(file)) for file in files if file.is_file() for codec in CODECS[:9:2]) > 0


def _round_trip(codec: NoteSequences, music: Score) -> int:
    """Notes of a song whose rows were checked."""
    rows = codec.encode(music)
    lost = codec.losses(music)
    assert rows["length"].sum() == music.num_notes - sum(lost[name] for name in ("drums", "voices", "song", "unisons"))
    if not len(rows["real"]):
        return 0
    again = codec.encode(decoded(codec, rows, music))
    np.testing.assert_array_equal(again["length"], rows["length"])
    np.testing.assert_array_equal(again["real"].reshape(-1, 3)[1:], rows["real"].reshape(-1, 3)[1:])
    np.testing.assert_array_equal(again["velocity"], rows["velocity"])
    return int(rows["length"].sum())
