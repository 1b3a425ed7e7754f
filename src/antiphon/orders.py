"""What a caller asks of songs, checked against what a model can do, and settled before any is planned."""

from dataclasses import dataclass, field

from antiphon.asked import LEARNT, Asked, measured, names_form, parse_density, parse_register, read_key
from antiphon.errors import InputError
from antiphon.music.form import SECTION_BARS, Form, parse_form
from antiphon.music.theory import Chord, Key, parse_progression
from antiphon.writers.bands import BandWriter
from antiphon.writers.choosing import Wishes
from antiphon.writers.chords import ChordsWriter
from antiphon.writers.performances import PerformanceWriter
from antiphon.writers.phrases import PhraseWriter
from antiphon.writers.writer import Writer

Chords = tuple[Chord | None, ...]

BARS = 8
"""Length of a song unless one is asked for, by number or by form."""


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
        Who composes chords that are not given, of `antiphon.asked.COMPOSERS`.
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


def check_abilities(name: str, writer: Writer, asked: Asked) -> None:
    """Raise InputError for an option that the model of that name cannot honour."""
    if writer.accompanies:
        raise InputError(
            f"the model {name} writes to a given track, so it needs a track to accompany, and none is given here; give "
            f"it one with antiphon accompany SONG.mid {name} --keep TRACK, or choose a model that writes from scratch"
        )
    _check_performance(name, writer, asked)
    is_band = isinstance(writer, BandWriter)
    chooses = isinstance(writer, PhraseWriter) and writer.chooses
    # Block chords are what is played unasked; without chords they are silence.
    played = asked.accompaniment not in {None, "block"}
    for option, wanted in {
        "chords": asked.chords,
        "key": asked.key,
        "accompaniment": played or None,
        "progression": asked.progression,
    }.items():
        if wanted is not None and "chord" not in writer.reads and not (is_band and option == "key"):
            _refuse(name, option, "hears no chords", "bar, lstm and midinet-v3 models do")
    if asked.first is not None and "previous" not in writer.reads:
        _refuse(name, "first", "does not hear the bar before", "bar, midinet-v2 and midinet-v3 models do")
    if asked.temperature != 1.0 and not writer.has_temperature:
        _refuse(name, "temperature", "has no choice to make at a step", "bar and lstm models do")
    for option, given in {"chords": asked.chords, "progression": asked.progression}.items():
        if given is not None and isinstance(writer, ChordsWriter):
            _refuse(name, option, "composes chords and nothing over them", "bar models write over others")
    if played and writer.has_harmony:
        _refuse(name, "accompaniment", "writes its own", "bar models take one")
    if asked.accompaniment is None and isinstance(writer, ChordsWriter):
        raise InputError(f"accompaniment: the model {name} writes chords alone, so choose how they are played")
    if names_form(asked) and not _has_sections(writer):
        _refuse(name, "form", "writes no sections", "bar and lstm models do")
    for option, wish in {"density": asked.density, "register": asked.register}.items():
        if wish is not None and not chooses and not (is_band and option == "density"):
            _refuse(name, option, "cannot choose among bars", "bar models do")
    _check_parts(name, writer, asked)


def _check_performance(name: str, writer: Writer, asked: Asked) -> None:
    """What is asked of the length of a song, and of how its tokens are drawn."""
    if isinstance(writer, PerformanceWriter):
        for option, instead in {
            "bars": "give seconds",
            "section_bars": "give seconds",
            "tempo": "leave it out",
            "first": "antiphon continue plays on from a file",
        }.items():
            if getattr(asked, option) is not None:
                raise InputError(f"{option}: the model {name} plays freely, by no bars and no beat; {instead}")
        return
    if asked.seconds is not None:
        _refuse(name, "seconds", "writes bars", "piano-small and other transformer models play for so many")
    for option in ("top_k", "top_p"):
        if getattr(asked, option) is not None:
            _refuse(name, option, "draws no tokens", "piano-small and other transformer models do")


def _check_parts(name: str, writer: Writer, asked: Asked) -> None:
    """What is asked of the parts of a band."""
    if isinstance(writer, BandWriter):
        if asked.density is not None and not writer.has_density:
            _refuse(name, "density", "cannot play more or fewer notes", "band and bar models do")
        return
    for option in ("tracks", "program", "mute", "sixteenths"):
        if getattr(asked, option):
            _refuse(name, option, "writes no parts of a band", "band and musegan models do")


def settle(asked: Asked, writer: Writer) -> Order:
    """The order that options come to, which `check_values` and `check_abilities` have let through."""
    bars, phrased, form, section_bars = _measured(asked, _has_sections(writer))
    if phrased and form is None and writer.knows_form:
        form, section_bars = parse_form("A"), bars
    return Order(
        bars,
        phrased,
        form,
        section_bars,
        parse_progression(asked.chords) if asked.chords is not None else None,
        read_key(asked),
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


def _measured(asked: Asked, has_sections: bool) -> tuple[int, bool, Form | None, int]:
    """Bars, whether there are sections, which, and bars a section."""
    if (found := measured(asked)) is not None:
        form, bars, section_bars = found
        return bars, True, form, section_bars
    bars = BARS if asked.bars is None else asked.bars
    # What is shorter than a section has no form.
    return bars, has_sections and asked.form is None and bars >= SECTION_BARS, None, SECTION_BARS


def _refuse(name: str, option: str, why: str, who: str) -> None:
    raise InputError(f"{option}: the model {name} {why}; {who}, so leave {option} out or choose one of those")
