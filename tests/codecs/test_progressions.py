"""Chords of songs: told from the tonic on, in windows; keys; cadences; real lead sheets round trip."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.codecs.chords import NO_CHORD, TRIADS
from antiphon.codecs.progressions import Progressions, bar_lines, cadences, chords_of, harmony_of, sounding
from antiphon.data.corpus import Corpus
from antiphon.music.score import KEY_SIGNATURE, NOTE, TIME_SIGNATURE, Score, Track, notes_from_columns, table
from antiphon.music.theory import Key

BEAT = 480
CODEC = Progressions()
TURN = np.array([0, 9 + 12, 5, 7, 0, 2 + 12, 7, 0], np.uint8)


def song(degrees: np.ndarray, key: str = "C", beats: int = 4) -> Score:
    """A melody of roots over triads, one a bar."""
    codes = [(int(code) % 12 + Key.parse(key).tonic) % 12 + int(code) // 12 * 12 for code in degrees]
    bars = np.arange(len(codes)) * beats * BEAT
    low = [
        (bar, bar + beats * BEAT, 48 + tone, 60) for bar, code in zip(bars, codes, strict=True) for tone in TRIADS[code]
    ]
    tune = [(bar, bar + BEAT, 72 + code % 12, 90) for bar, code in zip(bars, codes, strict=True)]
    tracks = tuple(
        Track(notes_from_columns(*zip(*rows, strict=True)), name=name)
        for name, rows in (("Voice", tune), ("Piano", low))
    )
    return Score(BEAT, tracks, time_signatures=table(TIME_SIGNATURE, [(0, beats, 4)]))


@pytest.mark.parametrize("key", ["C", "Eb", "F#", "A minor", "G minor"])
@pytest.mark.parametrize("beats", [2, 3, 4])
def test_chords_are_told_from_the_tonic_on_in_any_key_and_metre(key: str, beats: int) -> None:
    degrees = np.where(np.isin(TURN, (0, 5)), TURN + 12, TURN) if "minor" in key else TURN
    degrees = np.where(degrees == 9 + 12, 8, degrees) if "minor" in key else degrees
    found = harmony_of(song(degrees, key, beats))
    assert found is not None
    assert (found.key.tonic, found.key.is_minor) == (Key.parse(key).tonic, "minor" in key)
    assert found.degrees.tolist() == degrees.tolist()


def test_windows_know_what_was_before_and_what_is_left() -> None:
    song_of_20 = np.arange(20).astype(np.uint8)
    rows = CODEC.windows([song_of_20, song_of_20[:3]], [True, False])
    assert rows["place"].tolist() == [0, 4, 0, 4, 0]
    assert rows["left"].tolist() == [19, 15, 11, 7, 3]
    assert rows["mode"].tolist() == [1] * 5
    assert rows["previous"][0].tolist() == [NO_CHORD] * 8
    assert rows["previous"][2].tolist() == list(range(8))
    assert rows["real"][0].tolist() == list(range(16))
    assert rows["real"][4].tolist() == [16, 17, 18, 19] + [NO_CHORD] * 12
    whole = np.concatenate([rows["previous"], rows["real"]], axis=1)
    assert (
        (whole == NO_CHORD)
        == (rows["left"][:, None] < np.arange(-8, 16)) | (np.arange(-8, 16) < -4 * np.arange(5)[:, None])
    ).all()


def test_nothing_gives_rows_of_no_length() -> None:
    drums = Track(notes_from_columns(0, 480, 36, 90), is_drum=True)
    for score in (Score(), Score(BEAT, (Track(),)), Score(BEAT, (drums,)), song(TURN[:2])):
        rows = CODEC.encode(score)
        assert {name: values.shape for name, values in rows.items()} == {
            "real": (0, 16),
            "previous": (0, 8),
            "mode": (0,),
            "place": (0,),
            "left": (0,),
        }


def test_a_free_performance_has_no_bars() -> None:
    chance = np.random.default_rng(0)
    score = song(np.tile(TURN, 4))
    tracks = tuple(replace(track, notes=track.notes.copy()) for track in score.tracks)
    for track in tracks:
        track.notes["start"] += chance.integers(0, 2 * BEAT, len(track.notes))
        track.notes["end"] += 2 * BEAT
    assert harmony_of(score) is not None
    assert harmony_of(score.with_tracks(tracks)) is None


def test_written_chords_come_before_heard_ones_and_what_says_nothing_goes_on() -> None:
    score = replace(
        song(TURN), chords=((0, "F"), (4 * BEAT, "N.C."), (8 * BEAT, "Gsus4"), (12 * BEAT, "C7"), (20 * BEAT, "F"))
    )
    found = harmony_of(replace(score, key_signatures=table(KEY_SIGNATURE, [(0, -1, False)])))
    assert found is not None
    assert found.key == Key(5)
    assert found.degrees.tolist() == [0, 0, 0, 7, 7, 0, 0, 0]
    # More than a quarter of the bars say nothing here.
    assert harmony_of(replace(score, chords=((0, "F"), (4 * BEAT, "N.C.")))) is not None
    assert harmony_of(replace(score, chords=((0, "N.C."),))) is None


def test_the_longest_of_the_written_chords_is_a_bars() -> None:
    score = replace(song(TURN[:2]), chords=((0, "C"), (BEAT, "G"), (4 * BEAT, "F"), (7 * BEAT, "G")))
    found = harmony_of(score)
    assert found is not None and found.codes.tolist() == [7, 5]


def test_the_song_ends_where_its_last_chord_does_and_begins_with_the_first() -> None:
    degrees = np.concatenate([TURN, TURN])
    score = song(degrees)
    silent = tuple(replace(track, notes=track.notes[track.notes["start"] >= 8 * BEAT]) for track in score.tracks)
    found = harmony_of(score.with_tracks(silent))
    assert found is not None and found.degrees.tolist() == degrees[2:].tolist()


def test_a_pickup_is_no_bar() -> None:
    score = song(TURN)
    later = tuple(replace(track, notes=track.notes.copy()) for track in score.tracks)
    for track in later:
        track.notes["start"] += BEAT
        track.notes["end"] += BEAT
    signatures = table(TIME_SIGNATURE, [(0, 1, 4), (BEAT, 4, 4)])
    score = replace(score.with_tracks(later), time_signatures=signatures)
    assert bar_lines(score, 0)[0] == BEAT
    found = harmony_of(score)
    assert found is not None and found.degrees.tolist() == TURN.tolist()


def test_a_stated_key_counts_and_files_say_major_unasked() -> None:
    minor = np.array([9 + 12, 2 + 12, 4, 9 + 12] * 2, np.uint8)
    found = harmony_of(replace(song(minor), key_signatures=table(KEY_SIGNATURE, [(0, 0, False)])))
    assert found is not None and found.key == Key.parse("A minor")
    # Between two keys that both fit the signature decides, and one that does not fit is not believed.
    open_ended = np.array([0, 5, 0, 7], np.uint8)
    keys = [
        harmony_of(replace(song(open_ended), key_signatures=table(KEY_SIGNATURE, [(0, n, False)]))) for n in (0, 1, 6)
    ]
    assert [found.key.tonic for found in keys if found is not None] == [0, 7, 7]


@given(st.lists(st.integers(0, 23), min_size=4, max_size=40), st.integers(0, 11), st.booleans())
@settings(max_examples=60, deadline=None)
def test_what_is_decoded_is_encoded_again(degrees: list[int], tonic: int, minor: bool) -> None:
    key = Key(tonic, "natural minor" if minor else "major")
    score = CODEC.decode(np.array(degrees, np.uint8), key=key)
    found = harmony_of(score)
    assert found is not None
    absolute = [(code % 12 + tonic) % 12 + code // 12 * 12 for code in degrees]
    assert found.codes.tolist() == absolute
    assert [chord.root + 12 * chord.is_minor for chord in chords_of(np.array(degrees, np.uint8), key)] == absolute
    assert len(score.tracks[0].notes) == 3 * len(degrees)


@pytest.mark.parametrize(
    ("key", "degrees", "spelt"),
    [
        ("C", (1, 3, 6, 8, 10), "Db Eb F# Ab Bb"),
        ("A", (1, 3, 6, 8, 10), "Bb C D# F G"),
        ("Eb", (1, 3, 6, 8, 10), "E Gb A B Db"),
        ("E minor", (1, 4, 6, 9, 11), "F G# A# C# D#"),
    ],
)
def test_what_is_not_of_the_key_is_spelt_as_its_degree(key: str, degrees: tuple[int, ...], spelt: str) -> None:
    chords = chords_of(np.array(degrees, np.uint8), Key.parse(key))
    assert " ".join(chord.symbol for chord in chords) == spelt


def test_a_window_is_decoded_up_to_its_end() -> None:
    rows = CODEC.windows([TURN], [False])
    score = CODEC.decode(rows["real"][:1])
    assert [symbol for _, symbol in score.chords] == ["C", "Am", "F", "G", "C", "Dm", "G", "C"]
    assert CODEC.decode(np.empty(0, np.uint8)).num_notes == 0


@pytest.mark.parametrize(
    ("chords", "minor", "closes"),
    [
        ([0, 5, 7, 0], False, True),
        ([0, 7, 0, 0, 0], False, True),
        ([0, 2, 5, 0], False, True),
        ([0, 7, 12], True, True),
        ([12, 7, 0], True, True),
        ([0, 19, 12], True, True),
        ([0, 7, 12], False, False),
        ([0, 9, 0], False, False),
        ([0, 5, 7], False, False),
        ([0, 0, 0], False, False),
        ([0], False, False),
    ],
)
def test_cadences_by_hand(chords: list[int], minor: bool, closes: bool) -> None:
    assert bool(cadences(np.array(chords, np.uint8), minor)) == closes


def test_cadences_of_many_songs_at_once() -> None:
    songs = np.random.default_rng(0).integers(0, 24, (50, 3, 6)).astype(np.uint8)
    songs[:, :, -2:] = songs[:, :, -2:] % 2 * 7
    minor = np.arange(50) % 2 == 0
    each = [[bool(cadences(song, mode)) for song in three] for three, mode in zip(songs, minor, strict=True)]
    assert cadences(songs, minor[:, None]).tolist() == each
    assert any(any(three) for three in each)


def test_sounding_time_is_what_lies_within_a_bar() -> None:
    notes = notes_from_columns([0, 300, 900], [400, 1200, 1000], [60, 64, 72], 90)
    weights = sounding(notes, np.array([0, 500, 1000, 1500]))
    assert weights[:, 0].tolist() == [400, 100, 0]
    assert weights[:, 4].tolist() == [200, 500, 200]
    assert sounding(np.empty(0, NOTE), np.array([0, 10])).tolist() == [[0] * 12]


@pytest.mark.parametrize(("name", "least"), [("leadsheets", 0.9), ("lieder", 0.9)])
def test_most_real_songs_have_chords_and_end_on_their_tonic(name: str, least: float) -> None:
    corpus = Corpus.open(name)
    songs = corpus.split("train")[:60]
    found = [harmony for harmony in (harmony_of(corpus.score(song)) for song in songs) if harmony is not None]
    assert len(found) >= least * len(songs)
    ends = [harmony.degrees[-1] % 12 == 0 for harmony in found]
    assert np.mean(ends) > 0.8
    rows = CODEC.windows([harmony.degrees for harmony in found], [harmony.key.is_minor for harmony in found])
    assert len(rows["real"]) and int(rows["real"][:, 0].max()) < NO_CHORD
