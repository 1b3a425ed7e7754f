"""What can be asked of parts: names, densities, instruments."""

import pytest

from antiphon.codecs.ensembles import ENSEMBLES
from antiphon.errors import InputError
from antiphon.part_options import ALL, numbered, part_number, read_density, read_names, read_program

FIVE = ENSEMBLES["lpd-5"]


def test_names_come_by_comma_or_one_by_one() -> None:
    assert read_names("a, b,,c ") == ("a", "b", "c") == read_names(["a", "b", " c"])
    assert read_names(3) == ("3",) and read_names(None) == () == read_names(" , ")


def test_densities() -> None:
    assert read_density("high") == {ALL: 1.6} == read_density(1.6)
    assert read_density("drums=1.5, guitar=Low") == {"drums": 1.5, "guitar": 0.6}
    assert read_density({"bass": "medium", "drums": 2}) == {"bass": 1.0, "drums": 2.0} and read_density(None) == {}
    assert read_density("drums=2,low") == {"drums": 2.0, ALL: 0.6}


@pytest.mark.parametrize("text", ["", "much", "drums=", "drums=x", "drums=0", "nan", "9", "drums=1,Drums=2", {}])
def test_no_densities(text: object) -> None:
    with pytest.raises(InputError, match="density"):
        read_density(text)  # type: ignore[arg-type]


def test_instruments() -> None:
    found = read_program("guitar=30,bass=fretless,strings=Violin")
    assert found == {"guitar": 30, "bass": 35, "strings": 40}
    assert read_program({"guitar": 127}) == {"guitar": 127} and read_program(None) == {}
    assert read_program("piano=celesta") == {"piano": 8}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("guitar=128", "from 0 to 127"),
        ("guitar=synth", "could be 38 Synth Bass 1, 39 Synth Bass 2"),
        ("guitar=crwth", "no General MIDI instrument is called so"),
        ("30", "say of which part"),
    ],
)
def test_no_instruments(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_program(text)


def test_values_go_to_the_parts_that_are_written() -> None:
    assert numbered("density", {ALL: 2.0, "Drums": 1.0}, FIVE, (0, 3)) == {0: 1.0, 3: 2.0}
    assert numbered("density", {}, FIVE, (0, 3)) == {} and part_number("tracks", "BASS", FIVE) == 3
    with pytest.raises(InputError, match=r"density 'piano': this part is not to be written; choose among drums, bass"):
        numbered("density", {"piano": 1.0}, FIVE, (0, 3))
    with pytest.raises(InputError, match="mute 'kazoo': no part is called so"):
        part_number("mute", "kazoo", FIVE, (0, 3))
