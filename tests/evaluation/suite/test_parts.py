"""Parts measure every kind of music with words for what they give, and say why a song gives nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.suite.test_songs import rolls_file
from tests.made import song

from antiphon.evaluation.measures import base_name
from antiphon.evaluation.rolls import Rolls
from antiphon.evaluation.suite.gather import UnusableError
from antiphon.evaluation.suite.parts import PARTS, PROTOCOLS, Setting, melody_notes, song_notes, song_rolls
from antiphon.evaluation.suite.protocols import notes_reader
from antiphon.evaluation.suite.sides import common_grid
from antiphon.evaluation.suite.songs import in_memory, open_songs
from antiphon.music.score import NOTE, TIME_SIGNATURE, Score, Track, empty, notes_from_columns, table


def waltz() -> Score:
    return replace(song(0), time_signatures=table(TIME_SIGNATURE, [(0, 3, 4)]))


def quarters(*pitches: int, length: int = 480) -> Score:
    """Notes a beat apart, for a whole number of bars."""
    starts = 480 * np.arange(len(pitches))
    return Score(480, (Track(notes_from_columns(starts, starts + length, pitches, 80)),))


@pytest.mark.parametrize("name", PARTS)
def test_every_value_has_words_and_a_shuffled_counterpart(name: str) -> None:
    songs = in_memory("made", [song(0)])
    own, shuffled = PARTS[name].measure(songs, 0, Setting(tokens=200))
    words = {base_name(metric.name) for metric in PARTS[name].metrics}
    assert own and set(own) == set(shuffled)
    assert {base_name(key) for key in own} <= words
    again, _ = PARTS[name].measure(songs, 0, Setting(tokens=200))
    for key, values in own.items():
        np.testing.assert_array_equal(np.asarray(values), np.asarray(again[key]))


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("silence", [Score(), replace(song(0), tracks=(Track(empty(NOTE)),))])
def test_a_silent_song_gives_a_reason(name: str, silence: Score) -> None:
    with pytest.raises(UnusableError, match="no "):
        PARTS[name].measure(in_memory("made", [silence]), 0, Setting())


@pytest.mark.parametrize("name", ["bars", "rolls"])
def test_a_waltz_has_no_bars(name: str) -> None:
    with pytest.raises(UnusableError, match="no whole bar in 4/4"):
        PARTS[name].measure(in_memory("made", [waltz()]), 0, Setting())


def test_a_song_beyond_memory_says_so() -> None:
    long = Score(480, (Track(notes_from_columns([0, 7000 * 1920], [480, 7001 * 1920], [60, 60], 80)),))
    with pytest.raises(UnusableError, match="7,001 bars are too many"):
        song_rolls(in_memory("made", [long]), 0, Setting())
    with pytest.raises(UnusableError, match="lasts longer than"):
        end = 70_000 * 480
        song_rolls(in_memory("made", [Score(480, (Track(notes_from_columns([0], [end], [60], 80)),))]), 0, Setting())


def test_seeds_shuffle_otherwise() -> None:
    songs = in_memory("made", [song(0)])
    first, other = (PARTS["notes"].measure(songs, 0, Setting(seed=seed))[1] for seed in (0, 1))
    assert any(not np.array_equal(np.asarray(first[key]), np.asarray(other[key]), equal_nan=True) for key in first)


def test_the_stated_length_cuts() -> None:
    songs = in_memory("made", [song(0, bars=32)])
    cut, whole = (PARTS["performance"].measure(songs, 0, Setting(tokens=tokens))[0] for tokens in (100, None))
    assert np.all(np.asarray(cut["pitches_used"]) < np.asarray(whole["pitches_used"]))


def test_rolls_are_measured_as_they_are(tmp_path: Path) -> None:
    songs = open_songs(rolls_file(tmp_path / "a.npz"))
    grid, _ = common_grid(songs, None)
    native = song_rolls(songs, 0, Setting(grid))
    assert songs.rolls is not None
    assert (native.cells == songs.rolls.cells[:1]).all()


def test_a_coarse_grid_keeps_sixteenths(tmp_path: Path) -> None:
    songs = open_songs(rolls_file(tmp_path / "a.npz"))
    grid, _ = common_grid(songs, None)
    rolls = song_rolls(in_memory("made", [quarters(60, 62, 64, 65, length=120)]), 0, Setting(grid))
    piano = rolls.tracks.index("piano")
    assert rolls.cells[0, piano].sum() == 4
    assert "qualified_note_rate (4 steps a beat)/piano" in PARTS["rolls"].measure(songs, 0, Setting(grid))[0]


def test_without_onsets_touching_notes_are_one_on_both_sides(tmp_path: Path) -> None:
    songs = in_memory("made", [quarters(60, 60, 60, 60)])
    grid, _ = common_grid(open_songs(rolls_file(tmp_path / "a.npz")), None)
    known, unknown = (song_rolls(songs, 0, Setting(grid, onsets=onsets)) for onsets in (True, False))
    assert known.onsets is not None and known.onsets.sum() == 4
    assert unknown.onsets is None and (unknown.cells == known.cells).all()


def test_without_onsets_a_drum_sounds_where_it_is_struck() -> None:
    cells, onsets = np.zeros((2, 1, 2, 1, 16, 4), bool)
    cells[0, :, 0, :8] = True
    onsets[0, :, 0, ::4] = cells[0, :, 0, ::4]
    rolls = Rolls(cells, 60, 4, 0, ("drums", "piano"), onsets=onsets)
    bare = rolls.without_onsets()
    assert (bare.cells[0, 0] == onsets[0, 0]).all() and (bare.cells[0, 1] == cells[0, 1]).all()
    assert bare.without_onsets() is bare


def test_the_bar_protocol_reads_the_melody_alone() -> None:
    songs = in_memory("made", [song(0)])
    assert notes_reader("bar", Setting()) is melody_notes and notes_reader("all", Setting()) is song_notes
    assert len(melody_notes(songs, 0)) < len(song_notes(songs, 0))


def test_protocols_are_made_of_parts() -> None:
    assert {part for parts in PROTOCOLS.values() for part in parts} == set(PARTS) == set(PROTOCOLS["all"])
