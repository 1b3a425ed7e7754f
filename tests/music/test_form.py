"""Forms: read, measured, laid out in bars, drawn; what is none is told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import InputError
from antiphon.music.form import FORMS, PERIODS, Section, draw_form, draw_periods, lay_out, measure_form, parse_form

forms = st.text("ABCd'", min_size=1, max_size=12).filter(lambda text: text[0] != "'")


def test_letters_are_sections_and_apostrophes_endings() -> None:
    assert parse_form("AA'ba''") == (Section(0), Section(0, 1), Section(1), Section(0, 2))
    assert parse_form(" A A \u2019B") == (Section(0), Section(0, 1), Section(1))


@given(forms)
def test_a_form_reads_its_own_name(text: str) -> None:
    form = parse_form(text)
    assert "".join(section.name for section in form) == text.upper()
    assert parse_form("".join(section.name for section in form)) == form


@pytest.mark.parametrize(
    ("text", "words"),
    [("A1B", "'1' is no section"), ("A-A", "'-'"), ("", "no section"), ("'A", "no section"), ("Ä", "'Ä'"),
     ("A" * 300, "300 sections")],
)  # fmt: skip
def test_what_is_no_form(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_form(text)


def test_a_section_comes_back_as_it_first_was() -> None:
    layout = lay_out(parse_form("ABA"), 4, 12)
    assert layout.source.tolist() == [*range(8), 0, 1, 2, 3]
    assert layout.harmony.tolist() == layout.source.tolist()
    assert np.flatnonzero(layout.closes).tolist() == [3, 7, 11]
    assert layout.name == "ABA"


def test_another_ending_is_new_and_comes_back_with_its_name() -> None:
    layout = lay_out(parse_form("AA'A'A"), 4, 16)
    assert layout.source.tolist() == [0, 1, 2, 3, 0, 1, 2, 7, 0, 1, 2, 7, 0, 1, 2, 3]
    assert layout.harmony.tolist() == [0, 1, 2, 3] * 4
    assert lay_out(parse_form("AA'"), 8, 16).source[8:].tolist() == [0, 1, 2, 3, 4, 5, 14, 15]


def test_a_song_may_end_within_a_section() -> None:
    layout = lay_out(parse_form("AAA"), 4, 10)
    assert layout.source.tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
    assert np.flatnonzero(layout.closes).tolist() == [3, 7, 9]


def test_the_second_half_of_a_period_begins_like_the_first() -> None:
    layout = lay_out(parse_form("ABA'"), 8, 24, frozenset({0}))
    assert layout.source[:8].tolist() == [0, 1, 2, 3, 0, 1, 6, 7] and layout.harmony[:8].tolist() == [
        0,
        1,
        2,
        3,
        0,
        1,
        6,
        7,
    ]
    assert layout.source[8:].tolist() == [*range(8, 16), 0, 1, 2, 3, 0, 1, 22, 23]


def test_a_few_long_sections_are_periods_and_no_short_one() -> None:
    chance, form = np.random.default_rng(0), parse_form("ABAC")
    drawn = [draw_periods(form, 8, chance) for _ in range(2000)]
    assert np.mean([len(letters) for letters in drawn]) == pytest.approx(3 * PERIODS, rel=0.2)
    assert set().union(*drawn) == {0, 1, 2}
    assert not set().union(*(draw_periods(form, 7, chance) for _ in range(200)))


@given(forms, st.integers(1, 9))
def test_what_comes_back_was_there(text: str, section_bars: int) -> None:
    form = parse_form(text)
    num_bars = len(form) * section_bars
    layout = lay_out(form, section_bars, num_bars)
    for source in (layout.source, layout.harmony):
        assert (source <= np.arange(num_bars)).all()
        # What is brought back is itself new.
        assert (source[source] == source).all()
        assert ((np.arange(num_bars) - source) % section_bars == 0).all()


@pytest.mark.parametrize(
    ("form", "bars", "section_bars", "measured"),
    [("AABA", None, None, (32, 8)), ("ABABC", None, None, (20, 4)), ("AABA", 16, None, (16, 4)),
     ("AABA", None, 5, (20, 5)), ("AB", 6, 3, (6, 3)), ("A", 1, None, (1, 1))],
)  # fmt: skip
def test_lengths(form: str, bars: int | None, section_bars: int | None, measured: tuple[int, int]) -> None:
    assert measure_form(parse_form(form), bars, section_bars) == measured


@pytest.mark.parametrize(
    ("bars", "section_bars", "words"),
    [(30, None, "bars = 30: the form has 4 sections; choose 28 or 32 bars"), (2, None, "choose 4 bars"),
     (32, 4, "4 sections of 4 bars; choose 16 bars,")],
)  # fmt: skip
def test_bars_that_contradict_the_form(bars: int, section_bars: int | None, words: str) -> None:
    with pytest.raises(InputError, match=words):
        measure_form(parse_form("AABA"), bars, section_bars)


def test_drawn_forms_are_those_of_the_table_and_go_on_in_new_letters() -> None:
    names = {"".join(section.name for section in draw_form(32, np.random.default_rng(seed))) for seed in range(200)}
    assert names == set(FORMS)
    long = draw_form(80, np.random.default_rng(0))
    assert len(long) == 20
    assert {section.letter for section in long[:8]}.isdisjoint({section.letter for section in long[8:16]})
    assert len(draw_form(6, np.random.default_rng(0))) == 2
    assert Section(27, 1).name == "B1'"


def test_the_weights_of_the_table_are_of_20() -> None:
    assert sum(FORMS.values()) == 20
    assert all(len(parse_form(form)) == 8 for form in FORMS)
