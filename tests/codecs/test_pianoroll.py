"""Phrases of several tracks: bars by hand, round trips over every option and real music, hostile lengths."""

import os
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError

from antiphon.codecs import strokes
from antiphon.codecs.codec import Rows
from antiphon.codecs.pianoroll import Family, PianoRoll
from antiphon.data.corpus import Corpus
from antiphon.evaluation.rolls import Rolls
from antiphon.io.midi import midi_bytes, parse_midi
from antiphon.music.instruments import FAMILIES, FAMILY_PROGRAMS
from antiphon.music.score import TIME_SIGNATURE, Score, Track, notes_from_columns, table

BEAT = 480
STEP = BEAT // 24
ONE_BAR = PianoRoll(bars=1)


def played(*notes: tuple[float, float, int], program: int = 0, is_drum: bool = False, unit: int = STEP) -> Track:
    """A track of (first step, end step, pitch)."""
    start, end, pitch = zip(*notes, strict=True)
    ticks = np.rint(np.multiply([start, end], unit)).astype(int)
    return Track(notes_from_columns(ticks[0], ticks[1], pitch, 80), program, is_drum)


def score(*tracks: Track, **options: Any) -> Score:
    return Score(BEAT, tracks, **options)


def spans(rows: Rows, track: str, name: str = "real", codec: PianoRoll = ONE_BAR) -> list[tuple[int, int]]:
    """(step of the song, MIDI pitch) of every marked cell of a track, ascending."""
    cells = rows[name][:, codec.tracks.index(track)]
    line = cells.reshape(-1, cells.shape[-1])
    return [(int(step), int(pitch) + codec.lowest_pitch) for step, pitch in np.argwhere(line)]


class TestByHand:
    def test_a_note_is_silent_in_its_last_step(self) -> None:
        rows = ONE_BAR.encode(score(played((0, 6, 60), (6, 12, 60))))
        assert spans(rows, "piano") == [(step, 60) for step in (*range(5), *range(6, 11))]
        assert spans(rows, "piano", "onsets") == [(0, 60), (6, 60)]
        assert not rows["real"][:, [0, 2, 3, 4]].any()

    def test_notes_under_two_steps_are_dropped_and_of_two_sound_for_one(self) -> None:
        rows = ONE_BAR.encode(score(played((0, 1, 60), (8, 10, 62), (20, 20, 64))))
        assert spans(rows, "piano") == [(8, 62)]

    def test_a_note_that_is_dropped_cuts_none_off(self) -> None:
        rows = ONE_BAR.encode(score(played((0, 24, 60), (10, 11, 60))))
        assert spans(rows, "piano", "onsets") == [(0, 60)]
        assert spans(rows, "piano") == [(step, 60) for step in range(23)]

    def test_drums_sound_where_they_are_struck(self) -> None:
        rows = ONE_BAR.encode(score(played((0, 24, 36), (24, 25, 38), (30, 30, 38), (31, 40, 38), is_drum=True)))
        expected = [(0, 36), (24, 38), (30, 38), (31, 38)]
        assert spans(rows, "drums") == spans(rows, "drums", "onsets") == expected

    def test_whole_lengths(self) -> None:
        codec = PianoRoll(bars=1, lengths="whole")
        rows = codec.encode(score(played((0, 6, 60), (6, 7, 60), (9, 9, 60)), played((0, 3, 36), is_drum=True)))
        assert spans(rows, "piano") == [(step, 60) for step in (*range(7), 9)]
        assert spans(rows, "piano", "onsets") == [(0, 60), (6, 60), (9, 60)]
        assert spans(rows, "drums") == [(0, 36), (1, 36), (2, 36)]

    def test_families_share_a_track_and_a_pitch_is_cut_where_it_is_struck_again(self) -> None:
        violin, flute = played((0, 96, 72), program=40), played((24, 48, 72), program=73)
        rows = ONE_BAR.encode(score(violin, flute))
        assert spans(rows, "strings", "onsets") == [(0, 72), (24, 72)]
        assert spans(rows, "strings") == [(step, 72) for step in (*range(23), *range(24, 95))]

    def test_programs_go_to_their_families(self) -> None:
        tracks = [played((0, 24, 60), program=program) for program in (7, 31, 39, 16)]
        rows = ONE_BAR.encode(score(*tracks))
        assert rows["real"].any((0, 2, 3, 4)).tolist() == [False, True, True, True, True]
        only = PianoRoll(tracks=("bass", "drums"), bars=1)
        assert only.encode(score(*tracks))["real"].any((0, 2, 3, 4)).tolist() == [True, False]
        assert (ONE_BAR.drum_track, only.drum_track, PianoRoll(tracks=("bass",)).drum_track) == (0, 1, None)

    def test_pitches_outside_the_range_are_left_out(self) -> None:
        music = score(played((0, 24, 23), (0, 24, 24), (0, 24, 107), (0, 24, 108)))
        rows = ONE_BAR.encode(music)
        assert {pitch for _, pitch in spans(rows, "piano")} == {24, 107}

    def test_a_note_over_the_bar_line_sounds_in_both_bars_and_begins_once(self) -> None:
        rows = ONE_BAR.encode(score(played((90, 103, 60))))
        assert rows["real"].shape == (2, 5, 1, 96, 84)
        assert spans(rows, "piano") == [(step, 60) for step in range(90, 102)]
        assert spans(rows, "piano", "onsets") == [(90, 60)]

    def test_phrases_follow_each_other_and_the_rest_is_dropped_or_filled(self) -> None:
        music = score(played(*[(96 * bar, 96 * bar + 12, 60) for bar in range(10)]))
        assert PianoRoll().encode(music)["bar"].tolist() == [0, 4]
        filled = PianoRoll(last="filled").encode(music)
        assert filled["bar"].tolist() == [0, 4, 8]
        assert filled["onsets"].sum() == 10
        assert filled["real"][2].any((0, 2, 3)).tolist() == [True, True, False, False]

    def test_silent_phrases_are_left_out(self) -> None:
        rows = ONE_BAR.encode(score(played((0, 12, 60), (96 * 5, 96 * 5 + 12, 62))))
        assert rows["bar"].tolist() == [0, 5]
        assert rows["real"].any((1, 2, 3, 4)).all()

    def test_bars_of_another_metre_are_left_out(self) -> None:
        metre = table(TIME_SIGNATURE, [(0, 4, 4), (4 * BEAT, 3, 4), (7 * BEAT, 4, 4)])
        music = score(played(*[(24 * beat, 24 * beat + 12, 60 + beat) for beat in range(11)]), time_signatures=metre)
        rows = ONE_BAR.encode(music)
        assert rows["bar"].tolist() == [0, 1]
        assert sorted({pitch for _, pitch in spans(rows, "piano")}) == [60, 61, 62, 63, 67, 68, 69, 70]
        # The last bars that would make a phrase are not those of the piece's end.
        waltz = table(TIME_SIGNATURE, [(0, 4, 4), (4 * BEAT, 3, 4)])
        ending = score(played((0, 12, 60), (96, 400, 62)), time_signatures=waltz)
        assert len(PianoRoll(last="filled").encode(ending)["real"]) == 0

    def test_a_tick_half_way_goes_to_the_later_step(self) -> None:
        rows = ONE_BAR.encode(score(played((0, 2, 48), (9.5, 13.4, 60), (20.45, 23.5, 62))))
        assert spans(rows, "piano") == [(0, 48), (10, 60), (11, 60), (20, 62), (21, 62), (22, 62)]

    def test_a_file_that_is_late_throughout_is_moved_onto_the_beat(self) -> None:
        late = score(played(*[(6 * k + 1.55, 6 * k + 4.55, 60 + k) for k in range(8)]))
        assert [step for step, _ in spans(ONE_BAR.encode(late), "piano", "onsets")] == [6 * k for k in range(8)]

    def test_music_on_the_grid_stays_where_it_is(self) -> None:
        off_beat = score(played(*[(6 * k + 2, 6 * k + 4, 60) for k in range(8)]))
        assert [step for step, _ in spans(ONE_BAR.encode(off_beat), "piano", "onsets")] == [6 * k + 2 for k in range(8)]

    def test_losses_are_counted_by_reason(self) -> None:
        music = score(
            played((0, 24, 60), (0, 1, 61), (0, 24, 10), (96 * 4, 97 * 4, 64)),
            played((0, 24, 40), program=33),
            played((0, 1, 36), is_drum=True),
        )
        codec = PianoRoll(tracks=("drums", "piano"))
        assert codec.losses(music) == {"family": 1, "range": 1, "short": 1, "bars": 1}
        whole = PianoRoll(tracks=("drums", "piano"), lengths="whole", last="filled")
        assert whole.losses(music) == {"family": 1, "range": 1, "short": 0, "bars": 0}
        kept = music.num_notes - sum(whole.losses(music).values())
        assert whole.encode(music)["onsets"].sum() == kept

    def test_decoded_tracks_have_their_families_sound(self) -> None:
        back = ONE_BAR.decode(np.ones((1, *ONE_BAR.shape), bool), tempo=90)
        assert [track.is_drum for track in back.tracks] == [True, False, False, False, False]
        assert [track.program for track in back.tracks] == [FAMILY_PROGRAMS[name] for name in FAMILIES]
        assert [track.name for track in back.tracks] == ["Drums", "Piano", "Guitar", "Bass", "Strings"]
        assert back.duration_seconds == pytest.approx(97 / 24 * 60 / 90, abs=1e-4)  # the last rest

    def test_decoded_notes_get_their_rest_back(self) -> None:
        music = score(played((0, 6, 60), (6, 12, 60), (12, 36, 62)))
        rows = ONE_BAR.encode(music)
        back = ONE_BAR.decode(rows["real"], rows["onsets"]).tracks[1].notes
        assert back["start"].tolist() == [0, 6 * STEP, 12 * STEP]
        assert back["end"].tolist() == [6 * STEP, 12 * STEP, 36 * STEP]

    def test_a_rest_ends_where_the_pitch_is_struck_again(self) -> None:
        cells, onsets = np.zeros(ONE_BAR.shape, bool), np.zeros(ONE_BAR.shape, bool)
        cells[1, 0, :5, 36], onsets[1, 0, [0, 3], 36] = True, True
        back = ONE_BAR.decode(cells, onsets).tracks[1].notes
        assert back["start"].tolist() == [0, 3 * STEP]
        assert back["end"].tolist() == [3 * STEP, 6 * STEP]


SCORES = {
    "nothing": Score(),
    "no notes": score(Track()),
    "three four": score(played((0, 24, 60)), time_signatures=table(TIME_SIGNATURE, [(0, 3, 4)])),
    "too low": score(played((0, 24, 2))),
    "a note of no length": score(played((0, 0, 60))),
}


@pytest.mark.parametrize("name", SCORES)
def test_music_without_phrases_gives_no_rows(name: str) -> None:
    rows = ONE_BAR.encode(SCORES[name])
    assert {len(values) for values in rows.values()} == {0}
    assert rows["real"].shape == (0, *ONE_BAR.shape)
    assert ONE_BAR.decode(rows["real"], rows["onsets"]).num_notes == 0


def test_hostile_lengths_take_no_memory() -> None:
    hostile = [
        score(played((0, 10**12, 60), unit=1)),
        score(played((0, 12, 60), (10**11, 10**11 + 12, 60))),
        score(*[played((0, BEAT * 4 * 12_000, p), unit=1) for p in range(30, 90)]),
    ]
    tracemalloc.start()
    begin = time.perf_counter()
    for music in hostile:
        assert len(ONE_BAR.encode(music)["real"]) == 0
        assert sum(ONE_BAR.losses(music).values()) in {0, 1, 2}
    seconds, (_, peak) = time.perf_counter() - begin, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50e6
    assert seconds < 5


def test_many_long_notes_are_written_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    music = score(played(*[(7 * k, 7 * k + 90, 40 + k % 50) for k in range(200)]))
    whole = ONE_BAR.encode(music)
    monkeypatch.setattr(strokes, "_CELLS_AT_ONCE", 100)
    parts = ONE_BAR.encode(music)
    for name, values in whole.items():
        np.testing.assert_array_equal(parts[name], values)


@pytest.mark.parametrize(
    "options",
    [
        {"tracks": ("piano", "piano")},
        {"tracks": ()},
        {"tracks": ("flute",)},
        {"lowest_pitch": 100, "num_pitches": 29},
        {"resolution": 0},
        {"bars": 0},
        {"lengths": "half"},
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PianoRoll(**options)


@pytest.mark.parametrize("cells", [np.ones((1, 4, 1, 96, 84), bool), np.ones((5, 1, 96, 84)), np.ones(3, bool)])
def test_decoding_other_shapes_is_refused(cells: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="phrases are bool"):
        ONE_BAR.decode(cells)
    with pytest.raises(ValueError, match="of one shape"):
        ONE_BAR.decode(np.ones((2, *ONE_BAR.shape), bool), np.ones((1, *ONE_BAR.shape), bool))


@st.composite
def phrases(draw: st.DrawFn) -> tuple[PianoRoll, NDArray[np.bool_], NDArray[np.bool_]]:
    """A codec and what it may write: by the paper's lengths a note begins after silence, except on drums, of which each
    cell is a stroke; else some are struck again while they sound. No phrase is silent, nor the last bar."""
    tracks: list[Family] = draw(st.lists(st.sampled_from(FAMILIES), min_size=1, max_size=5, unique=True))
    lowest = draw(st.integers(0, 120))
    codec = PianoRoll(
        tracks=tuple(tracks),
        resolution=draw(st.sampled_from([1, 2, 3, 4, 7, 12, 24])),
        lowest_pitch=lowest,
        num_pitches=draw(st.integers(1, min(8, 128 - lowest))),
        bars=draw(st.integers(1, 4)),
        lengths=draw(st.sampled_from(["paper", "whole"])),
        last=draw(st.sampled_from(["dropped", "filled"])),
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    num_phrases, (_, bars, steps, pitches) = draw(st.integers(1, 3)), codec.shape
    line = rng.random((len(tracks), num_phrases * bars * steps, pitches)) < draw(st.sampled_from([0.0, 0.1, 0.6]))
    line[:, :: bars * steps, 0] = line[:, -1, -1] = True
    struck = line.copy()
    struck[:, 1:] &= ~line[:, :-1]
    if codec.lengths == "whole":
        struck |= line & (rng.random(line.shape) < 0.3)
    elif codec.drum_track is not None:
        struck[codec.drum_track] = line[codec.drum_track]
    shape = (len(tracks), num_phrases, bars, steps, pitches)
    return codec, line.reshape(shape).swapaxes(0, 1), struck.reshape(shape).swapaxes(0, 1)


@given(phrases())
@settings(max_examples=100, deadline=None)
def test_what_is_decoded_encodes_to_the_same_phrases(
    made: tuple[PianoRoll, NDArray[np.bool_], NDArray[np.bool_]],
) -> None:
    codec, cells, onsets = made
    rows = codec.encode(parse_midi(midi_bytes(codec.decode(cells, onsets))))
    assert rows["bar"].tolist() == [codec.bars * n for n in range(len(cells))]
    np.testing.assert_array_equal(rows["real"], cells)
    np.testing.assert_array_equal(rows["onsets"], onsets)


@given(phrases())
@settings(max_examples=50, deadline=None)
def test_without_onsets_what_sounds_stays(made: tuple[PianoRoll, NDArray[np.bool_], NDArray[np.bool_]]) -> None:
    codec, cells, _ = made
    codec = codec.model_copy(update={"lengths": "whole"})
    np.testing.assert_array_equal(codec.encode(codec.decode(cells))["real"], cells)


CODECS = (
    PianoRoll(),
    PianoRoll(lengths="whole"),
    PianoRoll(last="filled", bars=8),
    PianoRoll(resolution=4, bars=2),
    PianoRoll(resolution=12, lowest_pitch=0, num_pitches=128, tracks=("strings", "drums"), bars=1),
)


def _round_trip(codec: PianoRoll, music: Score) -> int:
    """Encode, decode each run of phrases that follow each other, encode again; how many phrases were compared."""
    rows = codec.encode(music)
    assert (rows["onsets"] <= rows["real"]).all()
    assert len({values.shape[0] for values in rows.values()}) == 1
    gaps = np.flatnonzero(np.diff(rows["bar"]) != codec.bars) + 1
    for run in np.split(np.arange(len(rows["bar"])), gaps):
        if not len(run):
            continue
        cells, onsets = rows["real"][run], rows["onsets"][run].copy()
        # What goes on from before the run begins in it.
        onsets[0, :, 0, 0] |= cells[0, :, 0, 0]
        again = PianoRoll(**{**codec.model_dump(), "last": "filled"}).encode(codec.decode(cells, onsets))
        np.testing.assert_array_equal(again["real"], cells)
        np.testing.assert_array_equal(again["onsets"], onsets)
    return len(rows["bar"])


@pytest.mark.parametrize("codec", CODECS, ids=range(len(CODECS)))
@pytest.mark.parametrize("name", ["lieder", "freedoom", "leadsheets"])
def test_real_songs_come_back(name: str, codec: PianoRoll) -> None:
    corpus = Corpus.open(name)
    assert sum(_round_trip(codec, corpus.score(song)) for song in corpus.split("test")[:12]) > 0


@pytest.mark.slow
@pytest.mark.skipif("ANTIPHON_DATA" not in os.environ, reason="ANTIPHON_DATA names no folder of real files")
def test_real_files_come_back() -> None:
    from antiphon.io.midi import read_midi

    files = sorted((Path(os.environ["ANTIPHON_DATA"])).glob("*/**/*.mid*"))[::300]
    assert sum(_round_trip(codec, read_midi(file)) for file in files if file.is_file() for codec in CODECS[:2]) > 0


def test_rolls_of_songs() -> None:
    songs = [score(played((0, 12, 60))), Score(), score(played((96, 108, 60)), played((0, 12, 36), is_drum=True))]
    rolls = Rolls.from_scores(iter(songs), ONE_BAR)
    assert rolls.song.tolist() == [0, 2, 2]
    assert (rolls.tracks, rolls.drum_track, rolls.resolution, rolls.lowest_pitch) == (FAMILIES, 0, 24, 24)
    assert rolls.onsets is not None
    assert rolls.onsets.sum() == 3
    assert len(Rolls.from_scores([], ONE_BAR)) == 0
    assert len(Rolls.from_scores([Score()], ONE_BAR)) == 0


def test_songs_join_to_rows_of_known_song() -> None:
    joined = ONE_BAR.join([ONE_BAR.encode(score(played((0, 120, 60)))), ONE_BAR.encode(score(played((0, 12, 62))))])
    assert joined["song"].tolist() == [0, 0, 1]
    assert joined["real"].shape == (3, *ONE_BAR.shape)


def test_the_codec_is_its_json() -> None:
    codec = PianoRoll(tracks=("bass", "drums"), lengths="whole")
    assert PianoRoll.model_validate_json(codec.model_dump_json()) == codec
    assert codec.model_dump()["kind"] == "pianoroll"


def test_silent_phrases_are_kept_where_silence_is_to_be_measured() -> None:
    notes = notes_from_columns([0, 8 * 1920], [480, 8 * 1920 + 480], 60, 90)
    score = Score(480, (Track(notes),))
    assert PianoRoll(bars=1).encode(score)["bar"].tolist() == [0, 8]
    kept = PianoRoll(bars=1, silent="kept").encode(score)
    assert kept["bar"].tolist() == list(range(9))
    assert kept["real"].any((1, 2, 3, 4)).tolist() == [True, *[False] * 7, True]
