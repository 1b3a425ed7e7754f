"""What can be asked of the parts of a band: names, densities and instruments, read before a model is opened.

Torch is not imported here, so that a door answers a slip at once. Whether a model has a part of a name is known later,
see `numbered`.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from antiphon.codecs.ensembles import Ensemble
from antiphon.errors import InputError
from antiphon.music.instruments import PROGRAM_NAMES

AMOUNTS: Mapping[str, float] = MappingProxyType({"low": 0.6, "medium": 1.0, "high": 1.6})
"""How many times as many notes as a part would play by itself."""

ALL = ""
"""The name under which a value stands that is for every part."""

_LEAST, _MOST = 0.1, 4.0
_Value = TypeVar("_Value")


class Parts(NamedTuple):
    """What was asked of the parts of a band, by their numbers; see `choose_parts`.

    Parameters
    ----------
    asked, shown
        Those to write, and of them those that are not muted.
    named
        Those that were asked for by name.
    density, programs
        By part, as of `read_density` and `read_program`.
    """

    asked: tuple[int, ...]
    shown: tuple[int, ...]
    named: tuple[int, ...]
    density: Mapping[int, float]
    programs: Mapping[int, int]


def choose_parts(
    ensemble: Ensemble,
    tracks: str | Sequence[str] | None,
    density: str | float | Mapping[str, str | float] | None,
    program: str | Mapping[str, str | int] | None,
    mute: str | Sequence[str] | None,
) -> Parts:
    """The parts that a band by itself plays: those of `tracks`, else all.

    Raises
    ------
    InputError
        If a part is unknown or not to be written, or a value is none of its kind.
    """
    named = tuple(sorted({part_number("tracks", name, ensemble) for name in read_names(tracks)}))
    asked = named or tuple(range(len(ensemble.parts)))
    shown = unmuted(ensemble, asked, read_names(mute))
    amounts = numbered("density", read_density(density), ensemble, asked)
    return Parts(asked, shown, named, amounts, sounds(ensemble, read_program(program), asked))


def read_names(text: str | int | Sequence[str | int] | None) -> tuple[str, ...]:
    """Names (or numbers) by comma, or one by one; none where nothing is given."""
    if text is None:
        return ()
    items = text.split(",") if isinstance(text, str) else [text] if isinstance(text, int) else text
    return tuple(name for item in items if (name := str(item).strip()))


def read_density(given: str | float | Mapping[str, str | float] | None) -> dict[str, float]:
    """Of each part that is named, or of `ALL`, how many times as many notes as by itself it is to play: low, medium,
    high, or a number; written `high` or `drums=1.5,guitar=low`.

    Raises
    ------
    InputError
        If a value is none of them or out of range.
    """
    return _read("density", given, _amount, "drums=1.5,guitar=low")


def read_program(given: str | Mapping[str, str | int] | None) -> dict[str, int]:
    """The General MIDI program, 0-127 or by name, of each part that is named; written `guitar=30,bass=fretless`.

    Raises
    ------
    InputError
        If a part has none, or a program is unknown or could be several.
    """
    found = _read("program", given, _program, "guitar=30,bass=Fretless Bass")
    if ALL in found:
        raise InputError(f"program {given!r}: say of which part, such as program guitar=30")
    return found


def numbered(option: str, values: Mapping[str, _Value], ensemble: Ensemble, asked: Sequence[int]) -> dict[int, _Value]:
    """Values by the numbers of the parts that are to be written; one for `ALL` goes to each that has none of its own.

    Raises
    ------
    InputError
        If a part is unknown, or not to be written.
    """
    found = dict.fromkeys(asked, values[ALL]) if ALL in values else {}
    for name in sorted(values.keys() - {ALL}):
        found[part_number(option, name, ensemble, asked)] = values[name]
    return found


def part_number(option: str, name: str, ensemble: Ensemble, asked: Sequence[int] | None = None) -> int:
    """The number of a part by its name, in any case.

    Raises
    ------
    InputError
        If there is none, or it is not among those that are to be written.
    """
    names = [known.lower() for known in ensemble.names]
    there = ensemble.names if asked is None else [ensemble.names[number] for number in asked]
    if name.lower() not in names:
        raise InputError(f"{option} {name!r}: no part is called so; choose among {', '.join(there)}")
    number = names.index(name.lower())
    if asked is not None and number not in asked:
        raise InputError(f"{option} {name!r}: this part is not to be written; choose among {', '.join(there)}")
    return number


def unmuted(ensemble: Ensemble, asked: Sequence[int], mute: Sequence[str]) -> tuple[int, ...]:
    """The parts that are written into the song, rather than only heard by the others.

    Raises
    ------
    InputError
        If a part is unknown, or none is left.
    """
    muted = {part_number("mute", part, ensemble, asked) for part in mute}
    if not set(asked) - muted:
        raise InputError(f"mute: of {', '.join(ensemble.names[part] for part in asked)} nothing is left; mute fewer")
    return tuple(part for part in asked if part not in muted)


def varied_parts(vary: str | Sequence[str], ensemble: Ensemble, asked: Sequence[int]) -> tuple[int, ...]:
    """Numbers of the parts to write anew, ascending.

    Raises
    ------
    InputError
        If none is named, or one is unknown or not to be written.
    """
    if not (names := read_names(vary)):
        raise InputError(f"vary {vary!r}: name a part, such as {ensemble.names[asked[0]]}")
    return tuple(sorted({part_number("vary", name, ensemble, asked) for name in names}))


def sounds(ensemble: Ensemble, programs: Mapping[str, int], asked: Sequence[int]) -> dict[int, int]:
    """Programs by the numbers of the parts that are to be written.

    Raises
    ------
    InputError
        If a part is unknown, not to be written, or plays drums, which have no programs.
    """
    found = numbered("program", programs, ensemble, asked)
    for number in set(found) & set(ensemble.drums):
        raise InputError(f"program {ensemble.names[number]!r}: on their channel all programs are drums; leave it out")
    return found


def _read(option: str, given: object, value: Callable[[str], _Value], example: str) -> dict[str, _Value]:
    """Values by part, from `NAME=VALUE,NAME=VALUE`, `VALUE`, or a mapping."""
    if given is None:
        return {}
    if isinstance(given, Mapping):
        pairs = [(str(name), str(item)) for name, item in given.items()]
    else:
        pairs = [(name, item) for name, _, item in (text.rpartition("=") for text in read_names(str(given)))]
    if not pairs or any(not item.strip() for _, item in pairs):
        raise InputError(f"{option} {given!r}: write a value for each part, such as {option} {example}")
    if len({name.strip().lower() for name, _ in pairs}) < len(pairs):
        raise InputError(f"{option} {given!r}: one value for each part, such as {option} {example}")
    return {name.strip(): value(item.strip()) for name, item in pairs}


def _amount(text: str) -> float:
    if text.lower() in AMOUNTS:
        return AMOUNTS[text.lower()]
    try:
        times = float(text)
    except ValueError:
        times = float("nan")
    # Written so that NaN is outside.
    if not _LEAST <= times <= _MOST:
        raise InputError(
            f"density {text!r}: write {', '.join(AMOUNTS)}, or how many times as many notes, {_LEAST} to {_MOST:g}"
        )
    return times


def _program(text: str) -> int:
    if text.isdecimal():
        if int(text) >= len(PROGRAM_NAMES):
            raise InputError(f"program {text}: choose a General MIDI program from 0 to 127, or its name")
        return int(text)
    names = [name.lower() for name in PROGRAM_NAMES]
    if text.lower() in names:
        return names.index(text.lower())
    alike = [number for number, name in enumerate(names) if text.lower() in name]
    if len(alike) == 1:
        return alike[0]
    several = f"could be {', '.join(f'{number} {PROGRAM_NAMES[number]}' for number in alike[:8])}"
    what = several if alike else "no General MIDI instrument is called so"
    raise InputError(f"program {text!r}: {what}; write its number, 0 to 127, or its whole name")
