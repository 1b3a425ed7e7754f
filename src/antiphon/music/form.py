"""The form of a song: which of its sections come back, and which of them with another ending.

A form is a letter for each section, such as `AABA`; small letters are read as capitals. A letter that was there before
brings its section back. An apostrophe asks for another ending: `A'` goes like `A` but for its last bars, a fourth of
the section and at least one; `A''` is a third ending, and each ending comes back with its name. A few long sections are
periods, whose second half begins like the first.

Axes: B bar.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import ascii_uppercase

import numpy as np
from numpy.typing import NDArray

from antiphon.errors import InputError

NO_FORM = "none"
"""What is said instead of a form for music that is composed through."""

FORM_TEXT = "form: "
"""How a score's text begins that tells its form."""

SECTION_BARS = 4
"""Bars a section of the forms in `FORMS`."""

FORMS: Mapping[str, int] = {
    "ABCDEFGH": 8,
    "AA'BCDEFG": 2,
    "ABCC'DEFG": 2,
    "ABACDEFG": 4,
    "ABCDA'BEF": 1,
    "ABCDEFAB'": 3,
}
"""Forms of 32 bars and how often in 20 times each is drawn: with them, bars come back after 4 and after 8 bars as often
as in the songs of the corpus `lieder`, where most have no section that comes back note for note (`python -m benchmarks
form`)."""

PERIODS = 0.06
"""How many letters of long sections stand for a period, so that bars of songs in `AABA` come back after four bars as
often as in `lieder`."""

_LONG_FORM = 4
_MOST_SECTIONS = 256
_SECTION = re.compile(r"([A-Za-z])(['\u2019\u2032]*)")
_FORM = re.compile(rf"(?:{_SECTION.pattern})+")


@dataclass(frozen=True)
class Section:
    """A section by its letter, 0 for A, and the number of its ending, 0 for the first."""

    letter: int
    ending: int = 0

    @property
    def name(self) -> str:
        """Such as `B'`; letters beyond Z have a number."""
        again, letter = divmod(self.letter, len(ascii_uppercase))
        return f"{ascii_uppercase[letter]}{again or ''}{self.ending * chr(39)}"


Form = tuple[Section, ...]


@dataclass(frozen=True, eq=False)
class Layout:
    """A form in bars.

    Parameters
    ----------
    form
        Its sections, in order.
    section_bars
        Bars a section; the last may be cut.
    source
        int64 (B,): the bar that each bar brings back, itself where it is new.
    harmony
        int64 (B,): the same for chords, which an ending shares with the section that it ends.
    """

    form: Form
    section_bars: int
    source: NDArray[np.int64]
    harmony: NDArray[np.int64]

    @property
    def name(self) -> str:
        """The form as it is written, such as `AA'BA`."""
        return "".join(section.name for section in self.form)

    @property
    def text(self) -> str:
        """What a score says of it."""
        return f"{FORM_TEXT}{self.name}, sections of {self.section_bars} bars"

    @property
    def closes(self) -> NDArray[np.bool_]:
        """(B,): whether a bar is the last of its section or of the song."""
        bar = np.arange(len(self.source))
        last: NDArray[np.bool_] = (bar % self.section_bars == self.section_bars - 1) | (bar == len(bar) - 1)
        return last


def parse_form(text: str) -> Form:
    """Read a form such as `AABA` or `AA'BA`.

    Raises
    ------
    InputError
        Naming the character that is none, or where there is nothing to read or too much.
    """
    plain = "".join(text.split())
    if odd := next((character for character in plain if not re.match(r"[A-Za-z'\u2019\u2032]", character)), None):
        raise InputError(f"form {text!r}: {odd!r} is no section; {_ACCEPTED}")
    if not _FORM.fullmatch(plain):
        raise InputError(f"form {text!r}: no section to begin with; {_ACCEPTED}")
    sections = tuple(Section(ord(letter.upper()) - ord("A"), len(marks)) for letter, marks in _SECTION.findall(plain))
    if len(sections) > _MOST_SECTIONS:
        raise InputError(f"form: {len(sections)} sections; write at most {_MOST_SECTIONS}")
    return sections


def draw_form(num_bars: int, chance: np.random.Generator) -> Form:
    """A form of `FORMS` for every 32 bars or a part of them, with letters of its own."""
    sections: list[Section] = []
    weights = np.array(list(FORMS.values()), np.float64)
    while len(sections) * SECTION_BARS < num_bars:
        row = parse_form(list(FORMS)[int(chance.choice(len(weights), p=weights / weights.sum()))])
        above = 1 + max((section.letter for section in sections), default=-1)
        sections += [Section(above + section.letter, section.ending) for section in row]
    return tuple(sections[: -(-num_bars // SECTION_BARS)])


def measure_form(form: Form, bars: int | None, section_bars: int | None) -> tuple[int, int]:
    """Bars of the song and of a section, where one of them or neither is given.

    Unasked, a section has 8 bars in forms of up to four sections, else 4.

    Raises
    ------
    InputError
        If both are given and contradict each other, or the bars cannot be dealt to the sections.
    """
    num = len(form)
    if bars is None:
        length = section_bars or (2 * SECTION_BARS if num <= _LONG_FORM else SECTION_BARS)
        return num * length, length
    length = section_bars or bars // num
    if length * num != bars:
        lengths = [section_bars] if section_bars else sorted({max(bars // num, 1), bars // num + 1})
        fitting = " or ".join(str(num * each) for each in lengths)
        given = f" of {section_bars} bars" if section_bars else ""
        raise InputError(f"bars = {bars}: the form has {num} sections{given}; choose {fitting} bars, or leave bars out")
    return bars, length


def draw_periods(form: Form, section_bars: int, chance: np.random.Generator) -> frozenset[int]:
    """The letters of a form whose sections are periods, of two halves that begin alike: none where sections are shorter
    than eight bars."""
    letters = sorted({section.letter for section in form})
    drawn = chance.random(len(letters)) < PERIODS
    return frozenset(np.array(letters)[drawn].tolist() if section_bars >= 2 * SECTION_BARS else ())


def lay_out(form: Form, section_bars: int, num_bars: int, periods: frozenset[int] = frozenset()) -> Layout:
    """A form in bars: each section's first appearance is what its letter brings back, its endings by their own; the
    second half of a period brings back its first, but for the ending."""
    source = np.arange(num_bars)
    harmony = np.arange(num_bars)
    ending = max(section_bars // 4, 1)
    first: dict[int, int] = {}
    ended: dict[Section, int] = {}
    for number, section in enumerate(form):
        begin = number * section_bars
        bars = np.arange(begin, min(begin + section_bars, num_bars))
        closing = bars - begin >= section_bars - ending
        shared, own = first.setdefault(section.letter, begin), ended.setdefault(section, begin)
        half = section_bars // 2 if section.letter in periods else section_bars
        place = np.where(closing, bars - begin, (bars - begin) % half)
        harmony[bars] = place + shared
        source[bars] = place + np.where(closing, own, shared)
    return Layout(form, section_bars, source, harmony)


_ACCEPTED = "write a letter for each section, with an apostrophe for another ending, such as AABA or AA'BA"
