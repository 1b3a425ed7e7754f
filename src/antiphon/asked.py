"""What can be asked of songs: the kinds, ranges and readings of a caller's options, known before a model is opened.

Torch is not imported here, so that a door answers a slip at once.
"""

import re
import reprlib
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from antiphon.codecs.melody import LOWEST, NUM_PITCHES
from antiphon.errors import InputError
from antiphon.music.accompaniment import PATTERNS
from antiphon.music.form import NO_FORM, Form, measure_form, parse_form
from antiphon.music.score import Score
from antiphon.music.theory import Key, parse_pitch, parse_progression, pitch_name
from antiphon.part_options import read_density, read_program

SLOWEST, FASTEST = 10, 1000
"""Beats a minute."""

MOST_BOLD = 10.0
"""The highest temperature."""

DENSITIES = {"low": 2.5, "medium": 4.0, "high": 6.0}
"""Notes a bar. Of the songs of `lieder`, one in twenty has fewer than the first, one in twenty more than the last."""

REGISTERS = {"low": ("C4", "G4"), "middle": ("F4", "D5"), "high": ("C5", "G5")}
"""Lowest and highest pitch."""

LEARNT, COMMON = "learnt", "common"
COMPOSERS = (LEARNT, COMMON)
"""Who composes chords that are not given, see `antiphon.composing`."""

HELD_OUT = "held-out"
"""What is said instead of a file for a bar that the model was not trained on."""

_MOST_BARS, _MOST_SECONDS = 10_000, 10_000
_AROUND = 4
_FEWEST, _MOST = 0.5, 12.0
_HIGHEST = LOWEST + NUM_PITCHES - 1
_AMOUNTS = f"{', '.join(DENSITIES)} or a number (notes a bar; of a band, how many times as many notes as by itself)"
_PITCH = r"[A-Ga-g][#b♯♭]?-?\d{1,3}|\d{1,3}"
_RANGE = re.compile(rf"({_PITCH})(?:\s*(?:-|to|\.\.)\s*({_PITCH}))?")
_REGISTERS = "write low, middle, high, a pitch such as G4 or 67, or a range such as C4-G4 or 60-67"


class Asked(NamedTuple):
    """The options of `antiphon.generate.Model.generate`, as they were given."""

    bars: int | None = None
    seed: int = 0
    num: int = 1
    form: str | None = None
    section_bars: int | None = None
    chords: str | None = None
    tempo: float | None = None
    key: str | None = None
    density: str | float | Mapping[str, str | float] | None = None
    register: str | int | None = None
    first: Path | str | Score | None = None
    accompaniment: str | None = "block"
    temperature: float = 1.0
    progression: str | None = None
    tracks: str | Sequence[str] | None = None
    program: str | Mapping[str, str | int] | None = None
    mute: str | Sequence[str] | None = None
    sixteenths: bool = False
    seconds: float | None = None
    top_k: int | None = None
    top_p: float | None = None


class Kind(NamedTuple):
    """What a value is an instance of, and what to give, as the end of a sentence."""

    types: tuple[type, ...]
    words: str
    needed: bool = False


def _whole(example: int, needed: bool = False) -> Kind:
    return Kind((Integral,), f"a whole number such as {example}", needed)


def _text(example: str) -> Kind:
    return Kind((str,), f"text such as {example!r}")


_NAMES = Kind((str, list, tuple), "names of parts such as 'drums,bass'")


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "bars": _whole(8),
        "seed": _whole(0, needed=True),
        "num": _whole(1, needed=True),
        "form": _text("AABA"),
        "section_bars": _whole(4),
        "chords": _text("C G Am F"),
        "tempo": Kind((Real,), "a number such as 120"),
        "key": _text("A minor"),
        "density": Kind((str, Real, Mapping), _AMOUNTS),
        "register": Kind((str, Integral), f"{', '.join(REGISTERS)}, a pitch such as 'G4' or 67, or a range"),
        "first": Kind((str, Path, Score), f"a MIDI file, a score or {HELD_OUT!r}"),
        "accompaniment": _text("block"),
        "temperature": Kind((Real,), "a number such as 1.0", needed=True),
        "progression": _text(LEARNT),
        "tracks": _NAMES,
        "program": Kind((str, Mapping), "programs of parts such as 'guitar=30'"),
        "mute": _NAMES,
        "sixteenths": Kind((bool,), "True or False", needed=True),
        "seconds": Kind((Real,), "a number such as 60"),
        "top_k": _whole(32),
        "top_p": Kind((Real,), "a number such as 0.95"),
        "prime": Kind((str, Path, Score), "a MIDI file or a score", needed=True),
        "song": Kind((str, Path, Score), "a MIDI file or a score", needed=True),
    }
)
"""By option; those that are not needed can also be None."""


def check_kind(name: str, value: object) -> None:
    """Raise InputError where an option is no value of its kind."""
    types, words, needed = KINDS[name]
    # To Python a bool is a whole number.
    fits = isinstance(value, types) and (bool in types or not isinstance(value, bool))
    if not fits and (needed or value is not None):
        raise InputError(f"{name} = {reprlib.repr(value)}: give {words}")


def check_values(asked: Asked) -> None:
    """Raise InputError for what no model can honour: values of another kind or out of range, names that are unknown,
    text that cannot be read, and options that contradict each other."""
    for name, value in asked._asdict().items():
        check_kind(name, value)
    for name, (low, high) in _RANGES.items():
        if (number := getattr(asked, name)) is not None:
            _within(name, number, low, high)
    for name, choices in {"accompaniment": PATTERNS, "progression": COMPOSERS}.items():
        if (choice := getattr(asked, name)) is not None and choice not in choices:
            raise InputError(f"{name} {choice!r}: choose one of {', '.join(choices)}")
    measured(asked)
    read_key(asked)
    for name, read in _READINGS.items():
        if (text := getattr(asked, name)) is not None:
            read(text)
    if asked.chords is not None and asked.progression is not None:
        raise InputError(f"progression {asked.progression!r}: chords are given; leave one of the two out")


def names_form(asked: Asked) -> bool:
    """Whether a form is asked for."""
    return asked.form is not None and asked.form.strip().lower() != NO_FORM


def measured(asked: Asked) -> tuple[Form, int, int] | None:
    """The form that is asked for, its bars and those of a section; None where none is.

    Raises
    ------
    InputError
        If it cannot be read, or its bars do not come out.
    """
    if asked.form is not None and names_form(asked):
        form = parse_form(asked.form)
        bars, section_bars = measure_form(form, asked.bars, asked.section_bars)
        _within("bars", bars, *_RANGES["bars"])
        return form, bars, section_bars
    if asked.section_bars is not None:
        raise InputError(f"section_bars = {asked.section_bars}: sections are those of a form; give one, such as AABA")
    return None


def read_key(asked: Asked) -> Key | None:
    """The key that is asked for, of those that progressions are known for where one has to be composed.

    Raises
    ------
    InputError
        If it is none of them.
    """
    if asked.key is None:
        return None
    key = Key.parse(asked.key)
    if asked.chords is None and key.scale not in {"major", "natural minor"}:
        raise InputError(f"key {asked.key!r}: progressions are known in major and minor; give chords for other scales")
    return key


def check_density(given: str | float | Mapping[str, str | float]) -> None:
    """Raise InputError for what is neither a density of a melody (`parse_density`) nor of a band's parts
    (`antiphon.part_options.read_density`)."""
    if isinstance(given, Mapping) or "=" in str(given):
        read_density(given)
        return
    try:
        parse_density(given)
    except InputError as error:
        try:
            read_density(given)
        except InputError:
            raise error from None


def parse_density(text: str | float | Mapping[str, str | float]) -> float:
    """Notes a bar: a name in `DENSITIES`, or a number.

    Raises
    ------
    InputError
        If it is neither, or no bar of music has so many.
    """
    if isinstance(text, str) and text.strip().lower() in DENSITIES:
        return DENSITIES[text.strip().lower()]
    try:
        notes = float(text) if not isinstance(text, Mapping) else float("nan")
    except ValueError:
        raise InputError(f"density {text!r}: write {_AMOUNTS}") from None
    _within("density", notes, _FEWEST, _MOST)
    return notes


def parse_register(text: str | int) -> tuple[int, int]:
    """Lowest and highest MIDI pitch: of a name in `REGISTERS`, four semitones around a pitch, or of a range; pitches by
    name or by MIDI number.

    Raises
    ------
    InputError
        If it is none of them, upside down, or outside the two octaves that melodies are written in.
    """
    plain = str(text).strip()
    if plain.lower() in REGISTERS:
        low, high = (parse_pitch(name) for name in REGISTERS[plain.lower()])
        return low, high
    found = _RANGE.fullmatch(plain)
    if not found:
        raise InputError(f"register {text!r}: {_REGISTERS}")
    low = _pitch(found[1])
    high = _pitch(found[2]) if found[2] else low
    if not LOWEST <= low <= high <= _HIGHEST:
        within = f"{pitch_name(LOWEST)} to {pitch_name(_HIGHEST)} ({LOWEST} to {_HIGHEST})"
        raise InputError(
            f"register {text!r}: melodies lie from {within}, and the lower pitch comes first; {_REGISTERS}"
        )
    around = 0 if found[2] else _AROUND
    return max(low - around, LOWEST), min(high + around, _HIGHEST)


def _pitch(text: str) -> int:
    return int(text) if text.isdecimal() else parse_pitch(text)


def _within(name: str, value: float, low: float, high: float) -> None:
    # Written so that NaN is outside.
    if not low <= value <= high:
        raise InputError(f"{name} = {value}: choose a value from {low} to {high}")


_RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "bars": (1, _MOST_BARS),
        "section_bars": (1, _MOST_BARS),
        "num": (1, 1_000_000),
        "seed": (0, 2**62),
        "tempo": (SLOWEST, FASTEST),
        "temperature": (0, MOST_BOLD),
        "seconds": (1, _MOST_SECONDS),
        "top_k": (1, 1000),
        "top_p": (0.01, 1),
    }
)

_READINGS: Mapping[str, Callable[[Any], object]] = MappingProxyType(
    {"chords": parse_progression, "density": check_density, "register": parse_register, "program": read_program}
)
