"""Pitch classes, chords, keys and scales: names to numbers and back."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Self

from antiphon.errors import InputError

SHARP_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FLAT_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")

QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "5": (0, 7),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "mMaj7": (0, 3, 7, 11),
    "dim7": (0, 3, 6, 9),
    "m7b5": (0, 3, 6, 10),
    "aug7": (0, 4, 8, 10),
    "7sus4": (0, 5, 7, 10),
    "9": (0, 4, 7, 10, 2),
    "maj9": (0, 4, 7, 11, 2),
    "m9": (0, 3, 7, 10, 2),
    "69": (0, 4, 7, 9, 2),
    "11": (0, 4, 7, 10, 2, 5),
    "maj11": (0, 4, 7, 11, 2, 5),
    "m11": (0, 3, 7, 10, 2, 5),
    "13": (0, 4, 7, 10, 2, 9),
    "maj13": (0, 4, 7, 11, 2, 9),
    "m13": (0, 3, 7, 10, 2, 9),
}
"""Semitones above the root, by quality; after it tones may be altered (`7b9`) or added (`add11`)."""

_SYNONYMS: dict[str, str] = {
    "maj": "", "M": "", "major": "", "min": "m", "-": "m", "mi": "m", "minor": "m",
    "o": "dim", "°": "dim", "+": "aug", "sus": "sus4", "o7": "dim7", "°7": "dim7",
    "M7": "maj7", "Maj7": "maj7", "ma7": "maj7", "Δ": "maj7", "Δ7": "maj7", "min7": "m7", "-7": "m7", "mi7": "m7",
    "mM7": "mMaj7", "mmaj7": "mMaj7", "minmaj7": "mMaj7", "ø": "m7b5", "ø7": "m7b5", "min7b5": "m7b5", "m7-5": "m7b5",
    "+7": "aug7", "7#5": "aug7", "7sus": "7sus4", "M9": "maj9", "min9": "m9", "min6": "m6", "2": "sus2", "4": "sus4",
}  # fmt: skip

SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "natural minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic minor": (0, 2, 3, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "major pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "chromatic": tuple(range(12)),
}
"""Semitones above the tonic; the melodic minor is the ascending one."""

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"#": 1, "♯": 1, "b": -1, "♭": -1}
_ROOT = re.compile(r"([A-G])((?:[#♯]{1,2}|[b♭]{1,2})?)")
_PITCH = re.compile(rf"{_ROOT.pattern}(-?\d{{1,2}})")
_CHANGE = re.compile(r"(add|b|#)(13|11|9|7|6|5|4|2)")
_CHANGES = re.compile(r"(?:(?:add|b|#)(?:13|11|9|7|6|5|4|2))*$")
_NATURAL = {"2": 2, "4": 5, "5": 7, "6": 9, "7": 10, "9": 2, "11": 5, "13": 9}
_NO_CHORDS = {"N", "N.C.", "NC", "-"}
# Number of sharps of the major key on each pitch class, the usual of two spellings.
_SHARPS = (0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5)


def pitch_class_name(pitch_class: int, flats: bool = False) -> str:
    """Name of a pitch class (any integer, taken modulo 12): with sharps, or with flats."""
    return (FLAT_NAMES if flats else SHARP_NAMES)[pitch_class % 12]


def pitch_name(pitch: int) -> str:
    """Name of a MIDI pitch with its octave; 60 is C4."""
    return f"{pitch_class_name(pitch)}{pitch // 12 - 1}"


def parse_pitch(text: str) -> int:
    """The MIDI pitch of a name with its octave, such as `G4`, `f#5` or `Bb3`; C4 is 60.

    Raises
    ------
    InputError
        Naming the pitch, with an example.
    """
    found = _PITCH.fullmatch(text.strip()[:1].upper() + text.strip()[1:])
    alterations = sum(_ACCIDENTALS[sign] for sign in found[2]) if found else 0
    pitch = _LETTERS[found[1]] + alterations + 12 * (int(found[3]) + 1) if found else -1
    if not 0 <= pitch <= 127:
        raise InputError(f"pitch {text!r}: write a letter and an octave, such as G4, F#5 or Bb3; C4 is the middle C")
    return pitch


@dataclass(frozen=True)
class Chord:
    """A chord by its root and quality.

    Parameters
    ----------
    root
        Pitch class 0-11.
    quality
        A key of `QUALITIES`, tones altered or added after it: `m7`, `7b9`, `m7add11`.
    bass
        Pitch class of the lowest note, where it is not the root (`C/E`).
    flats
        Whether the symbol is spelt with flats.
    """

    root: int
    quality: str = ""
    bass: int | None = None
    flats: bool = False

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """Pitch classes from the root upward; a foreign bass comes first."""
        own = tuple((self.root + semitones) % 12 for semitones in _semitones(self.quality))
        return own if self.bass is None or self.bass in own else (self.bass, *own)

    @property
    def is_minor(self) -> bool:
        """Whether the third is minor: minor, diminished and their sevenths."""
        base, _ = _split(self.quality)
        return 3 in QUALITIES[base]

    @property
    def symbol(self) -> str:
        """The chord symbol, such as `F#m7` or `C/E`; `parse_chord` reads it back."""
        bass = "" if self.bass is None else f"/{pitch_class_name(self.bass, self.flats)}"
        return f"{pitch_class_name(self.root, self.flats)}{self.quality}{bass}"

    def transpose(self, semitones: int) -> "Chord":
        """The chord `semitones` higher (lower where negative)."""
        bass = None if self.bass is None else (self.bass + semitones) % 12
        return replace(self, root=(self.root + semitones) % 12, bass=bass)


def parse_chord(symbol: str) -> Chord | None:
    """Read a chord symbol: triads to thirteenths, suspended, altered, with a bass after a slash; None for no chord.

    `N`, `N.C.` and `-` stand for no chord.

    Raises
    ------
    InputError
        Naming the symbol, with an example.
    """
    text = symbol.strip().replace("(", "").replace(")", "").replace("6/9", "69")
    if text in _NO_CHORDS:
        return None
    above, slash, below = text.partition("/")
    found, bass = _ROOT.match(above), _ROOT.fullmatch(below)
    if not found or (slash and not bass) or len(text) > 32:
        raise _no_chord(symbol)
    base, changes = _split(above[found.end() :])
    if base not in QUALITIES or not _CHANGES.fullmatch(changes):
        raise _no_chord(symbol)
    root = _pitch_class(found)
    lowest = _pitch_class(bass) if bass else root
    accidentals = found[2] or (bass[2] if bass else "")
    return Chord(root, base + changes, lowest if lowest != root else None, flats=accidentals[:1] in {"b", "♭"})


def _split(quality: str) -> tuple[str, str]:
    """A quality as a key of `QUALITIES` (or the unknown beginning of it) and the altered and added tones."""
    quality = _SYNONYMS.get(quality, quality)
    if quality in QUALITIES:
        return quality, ""
    found = _CHANGES.search(quality)
    if not found:
        return quality, ""
    return _SYNONYMS.get(quality[: found.start()], quality[: found.start()]), found[0]


@lru_cache(maxsize=256)
def _semitones(quality: str) -> tuple[int, ...]:
    base, changes = _split(quality)
    tones = list(QUALITIES[base])
    for sign, degree in _CHANGE.findall(changes):
        natural = _NATURAL[degree]
        tone = (natural + _ACCIDENTALS.get(sign, 0)) % 12
        if sign != "add" and natural in tones:
            tones.remove(natural)
        if tone not in tones:
            tones.append(tone)
    return tuple(tones)


def parse_progression(text: str) -> tuple[Chord | None, ...]:
    """Read chord symbols, one a bar, separated by spaces, commas or bar lines: `C G Am F`, `| Dm7 | G7 | C | N |`.

    Raises
    ------
    InputError
        If there is no symbol, or one that is no chord.
    """
    symbols = re.split(r"[\s,;|:]+", text)
    chords = tuple(parse_chord(symbol) for symbol in symbols if symbol)
    if not chords:
        raise InputError(f"chords {text!r}: there is no chord symbol; write one a bar, such as 'C G Am F'")
    return chords


@dataclass(frozen=True)
class Key:
    """A key: tonic pitch class 0-11 and a scale, a key of `SCALES`."""

    tonic: int
    scale: str = "major"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `C`, `A minor`, `F#m`, `Bb major`, `D dorian`, `E harmonic minor`; `minor` is the natural one.

        Raises
        ------
        InputError
            Naming the key, with an example.
        """
        found = _ROOT.match(text.strip()[:1].upper() + text.strip()[1:])
        rest = " ".join(text.strip()[found.end() :].split()) if found else ""
        mode = {"": "major", "M": "major", "m": "natural minor"}.get(rest, rest.lower())
        mode = {"maj": "major", "min": "natural minor", "minor": "natural minor", "ionian": "major"}.get(mode, mode)
        mode = {"aeolian": "natural minor"}.get(mode, mode)
        if not found or mode not in SCALES:
            scales = ", ".join(SCALES)
            raise InputError(f"key {text!r}: write a tonic and a scale, such as 'A minor' or 'Bb'; scales: {scales}")
        return cls(_pitch_class(found), mode)

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """Pitch classes of the scale from the tonic upward."""
        return tuple((self.tonic + semitones) % 12 for semitones in SCALES[self.scale])

    @property
    def is_minor(self) -> bool:
        """Whether the third above the tonic is minor."""
        return 3 in SCALES[self.scale] and 4 not in SCALES[self.scale]

    @property
    def sharps(self) -> int:
        """Sharps (negative: flats) of the signature: that of the major or minor key on the tonic."""
        return _signature(self.tonic, self.is_minor)

    @property
    def name(self) -> str:
        """Such as `A natural minor`; `parse` reads it back."""
        return f"{pitch_class_name(self.tonic, self.sharps < 0)} {self.scale}"

    def degree(self, pitch_class: int) -> int | None:
        """Degree 1, 2, ... of a pitch class in the scale; None outside it."""
        classes = self.pitch_classes
        return classes.index(pitch_class % 12) + 1 if pitch_class % 12 in classes else None

    def triad(self, degree: int) -> Chord:
        """Triad of stacked thirds on degree 1-7 of a scale with seven tones, such as the dominant on 5.

        Raises
        ------
        ValueError
            If the scale has no such triad among `QUALITIES`.
        """
        classes = self.pitch_classes
        if len(classes) != 7 or not 1 <= degree <= 7:
            raise ValueError(f"{self.name} has no triad on degree {degree}; take a scale of seven tones, degree 1 to 7")
        root = classes[degree - 1]
        steps = tuple((classes[(degree - 1 + third) % 7] - root) % 12 for third in (0, 2, 4))
        quality = next(name for name, semitones in QUALITIES.items() if semitones == steps)
        return Chord(root, quality, flats=self.sharps < 0)

    def transpose(self, semitones: int) -> "Key":
        """The key `semitones` higher (lower where negative)."""
        return Key((self.tonic + semitones) % 12, self.scale)


def _pitch_class(found: re.Match[str]) -> int:
    return (_LETTERS[found[1]] + sum(_ACCIDENTALS[sign] for sign in found[2])) % 12


def _signature(tonic: int, minor: bool) -> int:
    return _SHARPS[(tonic + 3 * minor) % 12]


def _no_chord(symbol: str) -> InputError:
    return InputError(
        f"chord {symbol!r}: no chord that is known here; write a root from A to G with # or b, then nothing for major "
        "or a quality (m, dim, aug, sus4, 6, 7, maj7, m7, m7b5, 9, ...), such as C, Am, F#m7, Bbmaj7 or C/E; N is none"
    )
