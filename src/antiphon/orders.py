"""What a caller asks of songs: read, checked against what a model can do, and settled before any is planned."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from antiphon.codecs.melody import LOWEST, NUM_PITCHES
from antiphon.composing import LEARNT, PROGRESSIONS
from antiphon.errors import InputError
from antiphon.music.accompaniment import PATTERNS
from antiphon.music.form import NO_FORM, SECTION_BARS, Form, measure_form, parse_form
from antiphon.music.theory import Chord, Key, parse_pitch, parse_progression, pitch_name
from antiphon.writers.choosing import Wishes
from antiphon.writers.chords import ChordsWriter
from antiphon.writers.phrases import PhraseWriter
from antiphon.writers.writer import MOST_BOLD, Writer

Chords = tuple[Chord | None, ...]

BARS = 8
"""Length of a song unless one is asked for, by number or by form."""

SLOWEST, FASTEST = 10, 1000
"""Beats a minute that can be asked for."""

DENSITIES = {"low": 2.5, "medium": 4.0, "high": 6.0}
"""Notes a bar. Of the songs of `lieder`, one in twenty has fewer than the first, one in twenty more than the last."""

REGISTERS = {"low": ("C4", "G4"), "middle": ("F4", "D5"), "high": ("C5", "G5")}
"""Lowest and highest pitch."""

_MOST_BARS = 10_000
_AROUND = 4
_FEWEST, _MOST = 0.5, 12.0
_HIGHEST = LOWEST + NUM_PITCHES - 1
_PITCH = r"[A-Ga-g][#b♯♭]?-?\d+"
_RANGE = re.compile(rf"({_PITCH})(?:\s*(?:-|to|\.\.)\s*({_PITCH}))?")
_REGISTERS = "write low, middle, high, a pitch such as G4 or a range such as C4-G4"


@dataclass(frozen=True)
class Order:
    """What was asked of all songs of a call.

    Parameters
    ----------
    bars
        Length of each.
    phrased
        Whether songs have sections and an end, rather than being one chain of bars.
    form, section_bars
        Their sections, None for forms drawn by seed, and bars a section.
    chords, key
        None where they are to be drawn.
    wishes
        Of every bar.
    progression
        Who composes chords that are not given, a name in `antiphon.composing.PROGRESSIONS`.
    temperature
        Boldness of chords that the model itself composes.
    """

    bars: int
    phrased: bool = False
    form: Form | None = None
    section_bars: int = SECTION_BARS
    chords: Chords | None = None
    key: Key | None = None
    wishes: Wishes = field(default_factory=Wishes)
    progression: str = LEARNT
    temperature: float = 1.0


class Asked(NamedTuple):
    """The options of `antiphon.generate.Model.generate` that a model may not be able to honour, as they were given."""

    bars: int | None = None
    form: str | None = None
    section_bars: int | None = None
    chords: str | None = None
    key: str | None = None
    density: str | float | None = None
    register: str | None = None
    first: object = None
    accompaniment: str | None = None
    temperature: float = 1.0
    progression: str | None = None


def check_values(asked: Asked, seed: int, num: int, tempo: float | None) -> None:
    """Raise InputError for numbers that are out of range, and for an unknown pattern."""
    for name in ("bars", "section_bars"):
        if (value := getattr(asked, name)) is not None:
            _within(name, value, 1, _MOST_BARS)
    _within("num", num, 1, 1_000_000)
    _within("seed", seed, 0, 2**62)
    _within("tempo", 120 if tempo is None else tempo, SLOWEST, FASTEST)
    _within("temperature", asked.temperature, 0, MOST_BOLD)
    if asked.accompaniment is not None and asked.accompaniment not in PATTERNS:
        raise InputError(f"accompaniment {asked.accompaniment!r}: choose one of {', '.join(PATTERNS)}")
    if asked.progression is not None and asked.progression not in PROGRESSIONS:
        raise InputError(f"progression {asked.progression!r}: choose one of {', '.join(PROGRESSIONS)}")


def check_abilities(name: str, writer: Writer, asked: Asked) -> None:
    """Raise InputError for an option that the model of that name cannot honour."""
    phrases = isinstance(writer, PhraseWriter)
    # Block chords are what is played unasked; without chords they are silence.
    played = asked.accompaniment not in {None, "block"}
    for option, wanted in {
        "chords": asked.chords,
        "key": asked.key,
        "accompaniment": played or None,
        "progression": asked.progression,
    }.items():
        if wanted is not None and "chord" not in writer.reads:
            _refuse(name, option, "hears no chords", "bar and midinet-v3 models do")
    if asked.first is not None and "previous" not in writer.reads:
        _refuse(name, "first", "does not hear the bar before", "bar, midinet-v2 and midinet-v3 models do")
    if asked.temperature != 1.0 and not writer.has_temperature:
        _refuse(name, "temperature", "has no choice to make at a step", "bar and lstm models do")
    for option, given in {"chords": asked.chords, "progression": asked.progression}.items():
        if given is not None and isinstance(writer, ChordsWriter):
            _refuse(name, option, "composes chords and nothing over them", "bar models write over others")
    if asked.accompaniment is None and isinstance(writer, ChordsWriter):
        raise InputError(f"accompaniment: the model {name} writes chords alone, so choose how they are played")
    if _named(asked.form) and not _has_sections(writer):
        _refuse(name, "form", "writes no sections", "bar models do")
    for option, wish in {"density": asked.density, "register": asked.register}.items():
        if wish is not None and not phrases:
            _refuse(name, option, "cannot choose among bars", "bar models do")


def settle(asked: Asked, writer: Writer) -> Order:
    """The order that options come to.

    Raises
    ------
    InputError
        If one of them cannot be read, or they contradict each other.
    """
    bars, phrased, form, section_bars = _measured(asked, _has_sections(writer))
    _within("bars", bars, 1, _MOST_BARS)
    if phrased and form is None and isinstance(writer, ChordsWriter):
        # Chords are composed through: how they return was learnt.
        form, section_bars = parse_form("A"), bars
    if asked.chords is not None and asked.progression is not None:
        raise InputError(f"progression {asked.progression!r}: chords are given; leave one of the two out")
    return Order(
        bars,
        phrased,
        form,
        section_bars,
        parse_progression(asked.chords) if asked.chords is not None else None,
        _key(asked.key, asked.chords is not None) if asked.key is not None else None,
        Wishes(
            notes=parse_density(asked.density) if asked.density is not None else None,
            register=parse_register(asked.register) if asked.register is not None else None,
            echoes=phrased,
        ),
        asked.progression or LEARNT,
        asked.temperature,
    )


def _has_sections(writer: Writer) -> bool:
    return isinstance(writer, PhraseWriter | ChordsWriter)


def _named(form: str | None) -> bool:
    return form is not None and form.strip().lower() != NO_FORM


def _measured(asked: Asked, phrases: bool) -> tuple[int, bool, Form | None, int]:
    """Bars, whether there are sections, which, and bars a section."""
    if asked.form is not None and _named(asked.form):
        form = parse_form(asked.form)
        bars, section_bars = measure_form(form, asked.bars, asked.section_bars)
        return bars, True, form, section_bars
    if asked.section_bars is not None:
        raise InputError(f"section_bars = {asked.section_bars}: sections are those of a form; give one, such as AABA")
    bars = BARS if asked.bars is None else asked.bars
    # What is shorter than a section has no form.
    return bars, phrases and asked.form is None and bars >= SECTION_BARS, None, SECTION_BARS


def _key(text: str, has_chords: bool) -> Key:
    """A key, of those that progressions are known for where one has to be drawn."""
    key = Key.parse(text)
    if not has_chords and key.scale not in {"major", "natural minor"}:
        raise InputError(f"key {text!r}: progressions are known in major and minor; give chords for other scales")
    return key


def parse_density(text: str | float) -> float:
    """Notes a bar: a name in `DENSITIES`, or a number.

    Raises
    ------
    InputError
        If it is neither, or no bar of music has so many.
    """
    if isinstance(text, str) and text.strip().lower() in DENSITIES:
        return DENSITIES[text.strip().lower()]
    try:
        notes = float(text)
    except ValueError:
        raise InputError(f"density {text!r}: write {', '.join(DENSITIES)} or a number of notes a bar") from None
    _within("density", notes, _FEWEST, _MOST)
    return notes


def parse_register(text: str) -> tuple[int, int]:
    """Lowest and highest MIDI pitch: of a name in `REGISTERS`, four semitones around a pitch, or of a range.

    Raises
    ------
    InputError
        If it is none of them, upside down, or outside the two octaves that melodies are written in.
    """
    if text.strip().lower() in REGISTERS:
        low, high = (parse_pitch(name) for name in REGISTERS[text.strip().lower()])
        return low, high
    found = _RANGE.fullmatch(text.strip())
    if not found:
        raise InputError(f"register {text!r}: {_REGISTERS}")
    low = parse_pitch(found[1])
    high = parse_pitch(found[2]) if found[2] else low
    if not LOWEST <= low <= high <= _HIGHEST:
        names = f"{pitch_name(LOWEST)} to {pitch_name(_HIGHEST)}"
        raise InputError(f"register {text!r}: melodies lie from {names}, and the lower pitch comes first; {_REGISTERS}")
    around = 0 if found[2] else _AROUND
    return max(low - around, LOWEST), min(high + around, _HIGHEST)


def _refuse(name: str, option: str, why: str, who: str) -> None:
    raise InputError(f"{option}: the model {name} {why}; {who}, so leave {option} out or choose one of those")


def _within(name: str, value: float, low: float, high: float) -> None:
    # Written so that NaN is outside.
    if not low <= value <= high:
        raise InputError(f"{name} = {value}: choose a value from {low} to {high}")
