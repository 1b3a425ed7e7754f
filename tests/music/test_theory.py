"""Chord symbols, progressions, chord codes, keys, scales and General MIDI names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import InputError
from antiphon.music.instruments import (
    DRUM_NAMES,
    FAMILIES,
    FAMILY_PROGRAMS,
    PROGRAM_GROUPS,
    PROGRAM_NAMES,
    drum_name,
    family,
    program_group,
    program_name,
)
from antiphon.music.theory import (
    QUALITIES,
    SCALES,
    Chord,
    Key,
    parse_chord,
    parse_pitch,
    parse_progression,
    pitch_class_name,
    pitch_name,
)

CHORDS = st.builds(
    Chord,
    root=st.integers(0, 11),
    quality=st.builds(str.__add__, st.sampled_from(sorted(QUALITIES)), st.sampled_from(["", "add11", "add13"])),
    bass=st.none(),
    flats=st.booleans(),
)


@pytest.mark.parametrize(
    ("symbol", "pitch_classes"),
    [
        ("C", (0, 4, 7)),
        ("F#m7", (6, 9, 1, 4)),
        ("Bbmaj7", (10, 2, 5, 9)),
        ("B♭7", (10, 2, 5, 8)),
        ("Ebdim", (3, 6, 9)),
        ("G+", (7, 11, 3)),
        ("Dsus4", (2, 7, 9)),
        ("Asus2", (9, 11, 4)),
        ("Bm7b5", (11, 2, 5, 9)),
        ("Co7", (0, 3, 6, 9)),
        ("C/E", (0, 4, 7)),
        ("Fm/Eb", (3, 5, 8, 0)),
        ("D7b9", (2, 6, 9, 0, 3)),
        ("D9#5", (2, 6, 0, 4, 10)),
        ("C7(#9)", (0, 4, 7, 10, 3)),
        ("E6/9", (4, 8, 11, 1, 6)),
        ("Cbb", (10, 2, 5)),
        ("F##m", (7, 10, 2)),
    ],
)
def test_chord_symbols(symbol: str, pitch_classes: tuple[int, ...]) -> None:
    chord = parse_chord(symbol)
    assert chord is not None
    assert chord.pitch_classes == pitch_classes


@given(CHORDS, st.integers(-30, 30))
def test_a_symbol_is_read_back_and_transposed(chord: Chord, semitones: int) -> None:
    again = parse_chord(chord.symbol)
    assert again is not None
    assert (again.root, again.pitch_classes, again.is_minor) == (chord.root, chord.pitch_classes, chord.is_minor)
    moved = chord.transpose(semitones)
    assert moved.pitch_classes == tuple((tone + semitones) % 12 for tone in chord.pitch_classes)
    assert moved.transpose(-semitones) == chord


def test_a_bass_moves_with_its_chord() -> None:
    chord = parse_chord("C/E")
    assert chord is not None
    assert chord.transpose(2).symbol == "D/F#"
    assert chord.symbol == "C/E"
    written = parse_chord("Cm/Eb")
    assert written is not None
    assert written.symbol == "Cm/Eb"


@pytest.mark.parametrize("symbol", ["m", "major", "dim", "7", "maj7", "sus4", "aug", "m7b5", "madd9", "minor"])
def test_minor_is_the_third(symbol: str) -> None:
    chord = parse_chord("D" + symbol)
    assert chord is not None
    assert chord.is_minor == (symbol in {"m", "dim", "m7b5", "madd9", "minor"})


@pytest.mark.parametrize("symbol", ["H", "c", "", "C/", "C/H", "Cfoo", "Am7x", "C//E", "C" + "b9" * 40, "7", "\n"])
def test_what_is_no_chord_is_named(symbol: str) -> None:
    with pytest.raises(InputError, match="such as C, Am") as caught:
        parse_chord(symbol)
    assert repr(symbol) in str(caught.value)


@given(st.text(max_size=12))
def test_any_text_is_a_chord_or_an_input_error(text: str) -> None:
    try:
        parse_chord(text)
        parse_progression(text)
    except InputError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("text", ["C G Am F", "C,G,Am,F", "| C | G |\tAm |: F :|", " C ,G; Am\nF "])
def test_progressions(text: str) -> None:
    symbols = [chord.symbol for chord in parse_progression(text) if chord]
    assert symbols == ["C", "G", "Am", "F"]


def test_progressions_may_rest() -> None:
    first, second, third, fourth = parse_progression("N C - N.C.")
    assert first is third is fourth is None
    assert second == Chord(0)
    with pytest.raises(InputError, match="one a bar, such as 'C G Am F'"):
        parse_progression(" | ")
    with pytest.raises(InputError, match="'X7'"):
        parse_progression("C X7")


@pytest.mark.parametrize(
    ("text", "key", "sharps"),
    [
        ("C", Key(0), 0),
        ("A minor", Key(9, "natural minor"), 0),
        ("F#m", Key(6, "natural minor"), 3),
        ("Bb major", Key(10), -2),
        ("bb", Key(10), -2),
        ("am", Key(9, "natural minor"), 0),
        ("E harmonic minor", Key(4, "harmonic minor"), 1),
        ("D  Dorian", Key(2, "dorian"), -1),
        ("Eb MAJOR", Key(3), -3),
        ("G♯ minor", Key(8, "natural minor"), 5),
    ],
)
def test_keys(text: str, key: Key, sharps: int) -> None:
    assert Key.parse(text) == key
    assert key.sharps == sharps
    assert Key.parse(key.name) == key


@pytest.mark.parametrize("text", ["", "H", "C foo", "minor", "C major minor", "12"])
def test_what_is_no_key_is_named(text: str) -> None:
    with pytest.raises(InputError, match="'A minor' or 'Bb'") as caught:
        Key.parse(text)
    assert repr(text) in str(caught.value)


def test_signatures_follow_the_circle_of_fifths() -> None:
    sharps = [Key(fifths * 7 % 12).sharps for fifths in range(-5, 7)]
    assert sharps == list(range(-5, 7))
    assert all(Key(tonic, "natural minor").sharps == Key((tonic + 3) % 12).sharps for tonic in range(12))


def test_degrees_and_triads() -> None:
    key = Key.parse("A harmonic minor")
    assert key.degree(8) == 7
    assert key.degree(7) is None
    assert [key.triad(degree).symbol for degree in (1, 4, 5, 7)] == ["Am", "Dm", "E", "G#dim"]
    assert [Key.parse("F").triad(degree).symbol for degree in range(1, 8)] == ["F", "Gm", "Am", "Bb", "C", "Dm", "Edim"]
    assert Key(0).transpose(-2) == Key(10)
    with pytest.raises(ValueError, match="seven tones"):
        Key(0, "major pentatonic").triad(1)


def test_scales_ascend_within_an_octave() -> None:
    for semitones in SCALES.values():
        assert semitones[0] == 0
        assert list(semitones) == sorted(set(semitones))
        assert semitones[-1] < 12
    modes = ("major", "dorian", "phrygian", "lydian", "mixolydian", "natural minor", "locrian")
    tonics = (0, 2, 4, 5, 7, 9, 11)
    assert {frozenset(Key(tonic, mode).pitch_classes) for tonic, mode in zip(tonics, modes, strict=True)} == {
        frozenset(Key(0).pitch_classes)
    }


def test_pitch_names() -> None:
    assert [pitch_name(pitch) for pitch in (60, 21, 108, 61)] == ["C4", "A0", "C8", "C#4"]
    assert pitch_class_name(-2, flats=True) == "Bb"


def test_general_midi() -> None:
    assert len(PROGRAM_NAMES) == len(set(PROGRAM_NAMES)) == 128
    assert len(PROGRAM_GROUPS) == 16
    known = {0: "Acoustic Grand Piano", 24: "Acoustic Guitar (nylon)", 40: "Violin", 56: "Trumpet", 73: "Flute"}
    known |= {33: "Electric Bass (finger)", 48: "String Ensemble 1", 80: "Lead 1 (square)", 127: "Gunshot"}
    assert {program: program_name(program) for program in known} == known
    assert program_name(0, is_drum=True) == "Drums"
    assert program_group(19) == "organ"
    assert DRUM_NAMES[35] == "Acoustic Bass Drum"
    assert (drum_name(38), drum_name(42), drum_name(49)) == ("Acoustic Snare", "Closed Hi-hat", "Crash Cymbal 1")
    assert (drum_name(81), drum_name(20), len(DRUM_NAMES)) == ("Open Triangle", "Drum 20", 47)


def test_families() -> None:
    assert {family(program) for program in range(128)} | {"drums"} == set(FAMILIES)
    assert [family(program) for program in (7, 8, 24, 32, 40, 73)] == [
        "piano",
        "strings",
        "guitar",
        "bass",
        "strings",
        "strings",
    ]
    assert family(0, is_drum=True) == "drums"
    assert all(family(program, name == "drums") == name for name, program in FAMILY_PROGRAMS.items())


@given(st.integers(0, 127))
def test_pitches_read_their_own_names(pitch: int) -> None:
    assert parse_pitch(pitch_name(pitch)) == pitch


def test_pitches_and_what_is_none() -> None:
    assert [parse_pitch(text) for text in ("g4", "Bb3", "Cb4", "B#4", "C-1")] == [67, 58, 59, 72, 0]
    for text in ("", "H4", "G", "4", "G#11", "C-2"):
        with pytest.raises(InputError, match=f"pitch '{text}'"):
            parse_pitch(text)
