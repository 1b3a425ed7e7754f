"""Orders: what can be asked for, what is read of it, and what contradicts itself."""

import pytest

from antiphon.errors import InputError
from antiphon.orders import parse_density, parse_register


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
     ("C4-G4", (60, 67)), ("Bb4 to F#5", (70, 78)), ("a4..a4", (69, 69))],
)  # fmt: skip
def test_registers(text: str, pitches: tuple[int, int]) -> None:
    assert parse_register(text) == pitches


@pytest.mark.parametrize(
    ("text", "words"),
    [("bass", "'bass': write low"), ("G2", "C4 to B5"), ("C5-C4", "lower pitch comes first"), ("H4", "'H4'"),
     ("C4-C9", "C4 to B5"), ("", "write low"), ("C4-", "'C4-'"), ("C99", "'C99'")],
)  # fmt: skip
def test_what_is_no_register(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_register(text)
