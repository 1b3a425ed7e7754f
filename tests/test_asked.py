"""What can be asked for: its kinds and ranges, what is read of it, and what is known to be wrong without a model."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from antiphon.asked import COMPOSERS, KINDS, Asked, check_kind, check_values, parse_density, parse_register
from antiphon.composing import PROGRESSIONS
from antiphon.errors import InputError
from antiphon.music.score import Score


@pytest.mark.parametrize(("text", "notes"), [("low", 2.5), (" High ", 6.0), ("3.5", 3.5), (4, 4.0)])
def test_densities(text: str | float, notes: float) -> None:
    assert parse_density(text) == notes


@pytest.mark.parametrize(
    ("text", "words"), [("loud", "'loud': write low, medium, high or"), (0, "density = 0"), ("nan", "nan"), (40, "40")]
)
def test_what_is_no_density(text: str | float, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_density(text)


@pytest.mark.parametrize(
    ("text", "pitches"),
    [("low", (60, 67)), ("MIDDLE", (65, 74)), ("high", (72, 79)), ("G4", (63, 71)), ("c4", (60, 64)), ("B5", (79, 83)),
     ("C4-G4", (60, 67)), ("Bb4 to F#5", (70, 78)), ("a4..a4", (69, 69)), ("72", (68, 76)), (72, (68, 76)),
     (np.int64(60), (60, 64)), ("60-72", (60, 72)), (" 83 ", (79, 83)), ("60 to G4", (60, 67)), ("C4..83", (60, 83))],
)  # fmt: skip
def test_registers(text: str | int, pitches: tuple[int, int]) -> None:
    assert parse_register(text) == pitches


@pytest.mark.parametrize(
    ("text", "words"),
    [("bass", "'bass': write low"), ("G2", "C4 to B5"), ("C5-C4", "lower pitch comes first"), ("H4", "'H4'"),
     ("C4-C9", "C4 to B5"), ("", "write low"), ("C4-", "'C4-'"), ("C99", "'C99'"), (59, r"60 to 83\), and"),
     ("84", "C4 to B5"), ("72-60", "lower pitch comes first"), ("-60", "write low"), ("6" * 5000, "write low"),
     ("C" + "4" * 5000, "write low"), ("60.5", "write low")],
)  # fmt: skip
def test_what_is_no_register(text: str | int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_register(text)


WRONG: dict[str, tuple[object, ...]] = {
    "bars": ("8", 8.0, True, [8], float("nan")),
    "seed": (None, "0", 1.5, False),
    "num": (None, 2.0, "1"),
    "form": (5, ["A", "B"], b"AABA"),
    "section_bars": (4.0, "4"),
    "chords": (["C"], 7),
    "tempo": ("fast", [120], 1j, True),
    "key": (3, ("A", "minor")),
    "density": ([], b"high", True),
    "register": (72.0, [60, 72], (60, 72)),
    "first": (3, b"a.mid", [Score()]),
    "accompaniment": (3, ["block"], {}),
    "temperature": (None, "hot", "1.0", [1.0]),
    "progression": (1, ["learnt"]),
    "tracks": (3, {"drums"}),
    "program": (30, ["guitar=30"]),
    "mute": (True, 1),
    "sixteenths": (None, 1, "yes"),
    "seconds": ("60", True, [60]),
    "top_k": (3.0, "32", True),
    "top_p": ("0.9", True, [0.9]),
    "prime": (None, 3, ["a.mid"]),
    "song": (None, 3, ["a.mid"]),
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_values_of_another_kind_are_named(name: str, value: object) -> None:
    with pytest.raises(InputError, match=rf"^{name} = .*: give .*") as caught:
        check_kind(name, value) if name in {"prime", "song"} else check_values(Asked(**{name: value}))  # type: ignore[arg-type]
    assert KINDS[name].words in str(caught.value) and len(str(caught.value)) < 160 and "\n" not in str(caught.value)


def test_every_option_has_a_kind_that_its_default_is_of() -> None:
    assert set(KINDS) == {*Asked._fields, "prime", "song"} == set(WRONG)
    check_values(Asked())
    optional: dict[str, Any] = {name: None for name, kind in KINDS.items() if not kind.needed}
    check_values(Asked(**optional))


@pytest.mark.parametrize(
    "options",
    [
        {"bars": np.int64(8), "seed": np.uint8(3), "num": np.int32(1)},
        {"tempo": 120, "temperature": 1},
        {"tempo": np.float32(99.5), "temperature": np.float64(0.5), "density": np.float32(4)},
        {"temperature": Fraction(1, 2), "density": 4, "register": 72},
        {"first": Path("a.mid")},
        {"first": Score(), "accompaniment": None},
        {"bars": 28, "form": "AABA"},
        {"density": 0.2},
        {"seconds": 60, "top_k": np.int64(32), "top_p": np.float32(0.5)},
        {"seconds": 1.005, "top_k": 1, "top_p": 1},
        {"density": "drums=1.5,bass=low"},
        {"density": {"drums": 1.5}, "tracks": ["drums"], "mute": ("bass",), "program": {"bass": 33}},
    ],
)
def test_values_of_their_kind_pass(options: dict[str, Any]) -> None:
    check_values(Asked(**options))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"chords": "C X7"}, "'X7'"),
        ({"seconds": 0.99}, "seconds = 0.99: choose a value from 1"),
        ({"seconds": float("nan")}, "seconds = nan"),
        ({"top_k": 0}, "top_k = 0"),
        ({"top_p": 0.0}, "top_p = 0.0"),
        ({"top_p": 1.01}, "top_p = 1.01"),
        ({"key": "H"}, "'H'"),
        ({"key": "D dorian"}, "give chords for other scales"),
        ({"form": "AB2"}, "'2' is no section"),
        ({"form": "AABA", "section_bars": 10_000}, "bars = 40000"),
        ({"section_bars": 4}, "give one, such as AABA"),
        ({"section_bars": 4, "form": "none"}, "give one, such as AABA"),
        ({"progression": "jazz"}, "choose one of learnt, common"),
        ({"progression": "common", "chords": "C"}, "leave one of the two out"),
        ({"accompaniment": "polka"}, "'polka': choose one of block"),
        ({"tempo": float("inf")}, "tempo = inf"),
        ({"num": 0}, "num = 0: choose a value from 1"),
    ],
)
def test_what_no_model_can_honour(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        check_values(Asked(**options))


def test_composers_are_those_that_there_are() -> None:
    assert set(COMPOSERS) == set(PROGRESSIONS)
