"""The accompaniment patterns, column by column against the published table."""

from dataclasses import dataclass

import pytest

from antiphon.errors import InputError
from antiphon.music.accompaniment import PATTERNS, accompany
from antiphon.music.score import Track


@dataclass(frozen=True)
class Tones:
    pitch_classes: tuple[int, ...]


C_MAJOR, C_MINOR = Tones((0, 4, 7)), Tones((0, 3, 7))
BAR, COLUMN = 1920, 120


def strokes(track: Track) -> dict[int, list[tuple[int, int, int, int]]]:
    """By bar: first column, last column, lowest pitch and velocity of each chord struck."""
    found: dict[int, set[tuple[int, int, int, int]]] = {}
    for start, end, _, velocity in track.notes.tolist():
        pitches = track.notes["pitch"][track.notes["start"] == start]
        stroke = (start % BAR // COLUMN, (end - 1) % BAR // COLUMN, int(pitches.min()), velocity)
        found.setdefault(start // BAR, set()).add(stroke)
    return {bar: sorted(rows) for bar, rows in found.items()}


def test_names() -> None:
    assert set(PATTERNS) == {"block", "1", "2", "3", "4", "5", "6"}


def test_block_fills_every_bar() -> None:
    assert strokes(accompany([C_MAJOR] * 3, "block")) == {bar: [(0, 15, 48, 35)] for bar in range(3)}


def test_pattern_1_holds_the_first_n_bars() -> None:
    assert strokes(accompany([C_MAJOR] * 4, "1", n=2)) == {0: [(0, 14, 48, 35)], 1: [(0, 14, 48, 35)]}


def test_pattern_2_continues_an_octave_lower() -> None:
    high, low = (0, 14, 48, 35), (0, 14, 36, 35)
    assert strokes(accompany([C_MAJOR] * 4, "2", n=3)) == {0: [high], 1: [high], 2: [high], 3: [low]}


def test_pattern_3_alternates_octaves() -> None:
    high, low = (0, 14, 48, 35), (0, 14, 36, 35)
    assert strokes(accompany([C_MAJOR] * 4, "3")) == {0: [high], 1: [low], 2: [high], 3: [low]}


def test_pattern_4_strikes_in_every_nth_bar() -> None:
    bar = [(0, 1, 48, 35), (5, 7, 48, 35), (9, 15, 48, 35)]
    assert strokes(accompany([C_MAJOR] * 7, "4", n=3)) == {0: bar, 3: bar, 6: bar}


def test_pattern_5_sways() -> None:
    even = [(0, 1, 48, 45), (5, 9, 48, 35), (11, 15, 48, 45)]
    odd = [(first, last, 36, velocity) for first, last, _, velocity in even]
    assert strokes(accompany([C_MAJOR] * 3, "5")) == {0: even, 1: odd, 2: even}


def test_pattern_6_answers() -> None:
    even = [(0, 1, 48, 45), (5, 9, 48, 35), (11, 15, 48, 45)]
    assert strokes(accompany([C_MAJOR] * 3, "6")) == {0: even, 1: [(10, 13, 36, 45)], 2: even}


def test_minor_chords_stand_on_their_own_root() -> None:
    assert accompany([C_MINOR], "block").notes["pitch"].tolist() == [48, 51, 55]


def test_any_chord_octave_and_loudness() -> None:
    track = accompany([Tones((7, 11, 2, 5))], "block", offset=5, loudest=100)
    assert track.notes["pitch"].tolist() == [62, 65, 67, 71]
    assert set(track.notes["velocity"].tolist()) == {70}


def test_a_bar_without_chord_is_silent() -> None:
    assert set(strokes(accompany([C_MAJOR, None, C_MAJOR], "block"))) == {0, 2}
    assert len(accompany([None], "5").notes) == 0


@pytest.mark.parametrize("ticks_per_beat", [1, 7, 220, 480])
def test_bars_meet_at_every_resolution(ticks_per_beat: int) -> None:
    notes = accompany([C_MAJOR] * 2, "block", ticks_per_beat).notes
    assert notes["end"].max() == 8 * ticks_per_beat
    assert set(notes["start"].tolist()) == {0, 4 * ticks_per_beat}


def test_three_beats_a_bar() -> None:
    assert accompany([C_MAJOR] * 2, "block", beats=3).notes["start"].max() == 1440


def test_unknown_pattern_lists_the_names() -> None:
    with pytest.raises(InputError, match=r"'7'.*block, 1, 2, 3, 4, 5, 6"):
        accompany([C_MAJOR], "7")


@pytest.mark.parametrize("wrong", [{"n": 0}, {"offset": 0}, {"offset": 10}, {"loudest": 0}, {"loudest": 128}])
def test_parameters_out_of_range(wrong: dict[str, int]) -> None:
    with pytest.raises(InputError):
        accompany([C_MAJOR], "4", **wrong)  # type: ignore[arg-type]  # a mapping of keyword options
