"""MusicXML lead sheets to scores: notes of each part with ties joined, metre, keys, tempo and chord symbols."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from pathlib import Path
from xml.etree.ElementTree import Element

from antiphon.errors import InputError
from antiphon.io.safexml import XmlLimits, parse_xml, unpack
from antiphon.music.score import (
    KEY_SIGNATURE,
    NOTE,
    TEMPO,
    TIME_SIGNATURE,
    Score,
    Track,
    beat_us,
    notes_from_columns,
    table,
)

VELOCITY = 80
MAX_TICKS_PER_BEAT = 32_767

NO_CHORD = "N.C."
"""Symbol of a place where the chords are silent."""

# MusicXML's kinds of harmony as the suffix of a chord symbol.
_KINDS = {
    "major": "", "minor": "m", "augmented": "aug", "diminished": "dim", "dominant": "7", "major-seventh": "maj7",
    "minor-seventh": "m7", "diminished-seventh": "dim7", "augmented-seventh": "aug7", "half-diminished": "m7b5",
    "major-minor": "mMaj7", "minor-major": "mMaj7", "major-sixth": "6", "minor-sixth": "m6", "dominant-ninth": "9",
    "major-ninth": "maj9", "minor-ninth": "m9", "dominant-11th": "11", "major-11th": "maj11", "minor-11th": "m11",
    "dominant-13th": "13", "major-13th": "maj13", "minor-13th": "m13", "suspended-second": "sus2",
    "suspended-fourth": "sus4", "power": "5", "pedal": "", "Neapolitan": "", "Italian": "", "French": "",
    "German": "", "Tristan": "m7b5", "other": "",
}  # fmt: skip

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SHARP_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLAT_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_BEAT_UNITS = {
    "whole": Fraction(4),
    "half": Fraction(2),
    "quarter": Fraction(1),
    "eighth": Fraction(1, 2),
    "16th": Fraction(1, 4),
}
_NUMBER = re.compile(r"\s*([+-]?\d{1,9})(\.\d{0,9})?\s*")


def read_musicxml(path: Path | str, limits: XmlLimits | None = None) -> Score:
    """Read a .musicxml, .xml or .mxl file.

    Every part becomes a track at sounding pitch. Measures count as long as they are written: a pickup gets its own
    short time signature. Repeats and endings are not unfolded, grace notes and dynamics are left out (velocity is 80).

    Raises
    ------
    InputError
        If the file cannot be read, is no MusicXML, or goes beyond a limit.
    """
    path, limits = Path(path), limits or XmlLimits()
    try:
        size = path.stat().st_size
        if size > limits.max_file_bytes:
            raise InputError(f"{path}: {size:,} bytes are more than {limits.max_file_bytes:,}; this is no lead sheet")
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot read this file ({error.strerror or error}); check the name") from None
    return parse_musicxml(content, str(path), limits)


def parse_musicxml(content: bytes, name: str = "MusicXML data", limits: XmlLimits | None = None) -> Score:
    """Read the content of a MusicXML file, compressed or plain; `name` stands in the error messages."""
    limits = limits or XmlLimits()
    if content.startswith(b"PK"):
        content = unpack(content, name, limits)
    root = parse_xml(content, name, limits)
    if root.tag != "score-partwise":
        raise InputError(f"{name}: this is {root.tag!r}, not partwise MusicXML; export it as MusicXML again")
    try:
        return _Reader(root, limits).score()
    except _FaultError as fault:
        raise InputError(f"{name}: {fault}; export it as MusicXML again") from None


class _FaultError(Exception):
    """What is wrong with the music, in a few words."""


def _number(text: str | None, default: Fraction | None = None) -> Fraction:
    """A plain decimal number; without a limit on its digits it could take all memory."""
    match = _NUMBER.fullmatch(text or "")
    if match:
        return Fraction(match[0].strip())
    if default is not None:
        return default
    raise _FaultError(f"{text!r} stands where a number belongs")


def _child_number(element: Element, tag: str, default: int = 0) -> Fraction:
    text = (element.findtext(tag) or "").strip()
    return _number(text) if text else Fraction(default)


@dataclass
class _Part:
    """What was read of one part; times are in beats."""

    notes: list[tuple[Fraction, Fraction, int]] = field(default_factory=list)
    divisions: Fraction = Fraction(1)
    transposition: int = 0
    open_ties: dict[int, int] = field(default_factory=dict)


class _Reader:
    """Walks the measures of all parts side by side, so that a measure begins at one time in all of them."""

    def __init__(self, root: Element, limits: XmlLimits) -> None:
        self._root, self._limits = root, limits
        self._parts = [(part, _Part()) for part in root.iterfind("part")]
        if not self._parts:
            raise _FaultError("it has no part")
        self._all_divisions: set[int] = set()
        self._metre = (4, 4)
        self._metres: list[tuple[Fraction, int, int]] = []
        self._keys: list[tuple[Fraction, int, bool]] = []
        self._tempos: list[tuple[Fraction, int]] = []
        self._chords: list[tuple[Fraction, str]] = []

    def score(self) -> Score:
        """The whole piece."""
        start = Fraction(0)
        columns = [list(part.iterfind("measure")) for part, _ in self._parts]
        for index in range(max(map(len, columns))):
            lengths = [
                self._measure(measures[index], part, start)
                for measures, (_, part) in zip(columns, self._parts, strict=True)
                if index < len(measures)
            ]
            start += self._close_measure(start, max(lengths))
            if start > self._limits.max_beats:
                raise _FaultError(f"it is longer than {self._limits.max_beats:,} beats")
        return self._assemble()

    def _close_measure(self, start: Fraction, length: Fraction) -> Fraction:
        """Length of the measure in beats; its time signature is noted where it is new or differs from the length."""
        nominal = Fraction(4 * self._metre[0], self._metre[1])
        length = length or nominal
        numerator, denominator = self._metre
        if length != nominal:
            numerator, denominator = _signature(length)
        if not self._metres or self._metres[-1][1:] != (numerator, denominator):
            self._metres.append((start, numerator, denominator))
        return length

    def _measure(self, measure: Element, part: _Part, start: Fraction) -> Fraction:
        cursor = furthest = onset = start
        for element in measure:
            length = self._length(element, part)
            if element.tag == "note":
                if element.find("chord") is None:
                    onset, cursor = cursor, cursor + length
                _add_note(element, part, onset, length)
            elif element.tag == "backup":
                cursor = max(start, cursor - length)
            elif element.tag == "forward":
                cursor += length
            else:
                self._mark(element, part, cursor)
            furthest = max(furthest, cursor)
        return furthest - start

    def _length(self, element: Element, part: _Part) -> Fraction:
        if element.tag not in ("note", "backup", "forward") or element.find("grace") is not None:
            return Fraction(0)
        length = _number(element.findtext("duration")) / part.divisions
        if not 0 <= length <= self._limits.max_beats:
            raise _FaultError(f"a duration of {float(length)} beats will not do")
        return length

    def _mark(self, element: Element, part: _Part, cursor: Fraction) -> None:
        """Attributes, tempo and harmony."""
        time = max(Fraction(0), cursor + _child_number(element, "offset") / part.divisions)
        if element.tag == "attributes":
            self._attributes(element, part, cursor)
        elif element.tag == "harmony":
            self._chords += [(time, symbol) for symbol in _symbols(element, part.transposition)]
        elif element.tag in ("direction", "sound"):
            self._tempos += [(time, beat_us(float(tempo))) for tempo in _tempo(element) if 1 <= tempo <= 2000]

    def _attributes(self, element: Element, part: _Part, time: Fraction) -> None:
        if element.find("divisions") is not None:
            part.divisions = _number(element.findtext("divisions"))
            if part.divisions <= 0:
                raise _FaultError("divisions must be above 0")
            self._all_divisions.add(part.divisions.numerator)
        transpose = element.find("transpose")
        if transpose is not None:
            octaves = _child_number(transpose, "octave-change")
            part.transposition = int(_child_number(transpose, "chromatic") + 12 * octaves)
        beats, beat_type = element.findtext("time/beats"), element.findtext("time/beat-type")
        if beats is not None and beat_type is not None:
            self._metre = _metre(beats, beat_type)
        if element.find("key/fifths") is not None and part is self._parts[0][1]:
            minor = element.findtext("key/mode", "").strip() == "minor"
            self._keys.append((time, _sharps(int(_child_number(element, "key/fifths")), part.transposition), minor))

    def _assemble(self) -> Score:
        grid = lcm(*self._all_divisions) if self._all_divisions else 1
        resolution = grid * -(-480 // grid) if grid <= MAX_TICKS_PER_BEAT else 10_080

        def ticks(time: Fraction) -> int:
            return round(time * resolution)

        chords = {ticks(time): symbol for time, symbol in reversed(self._chords)}
        title = (self._root.findtext("work/work-title") or self._root.findtext("movement-title") or "").strip()
        return Score(
            ticks_per_beat=resolution,
            tracks=tuple(_track(self._root, element.get("id", ""), part, ticks) for element, part in self._parts),
            tempos=table(TEMPO, sorted({ticks(time): (ticks(time), us) for time, us in self._tempos}.values())),
            time_signatures=table(TIME_SIGNATURE, [(ticks(time), *metre) for time, *metre in self._metres]),
            key_signatures=table(KEY_SIGNATURE, [(ticks(time), *key) for time, *key in self._keys]),
            texts=((0, title),) if title else (),
            chords=tuple(sorted(chords.items())),
        )


def _add_note(note: Element, part: _Part, onset: Fraction, length: Fraction) -> None:
    """Append a sounding note, or lengthen the one that is tied to it."""
    pitch = _pitch(note, part.transposition)
    if pitch is None or not length or note.find("cue") is not None:
        return
    ties = {tie.get("type") for tie in note.iterfind("tie")}
    index = part.open_ties.pop(pitch, None)
    if "stop" in ties and index is not None and part.notes[index][1] == onset:
        part.notes[index] = (part.notes[index][0], onset + length, pitch)
    else:
        index = len(part.notes)
        part.notes.append((onset, onset + length, pitch))
    if "start" in ties:
        part.open_ties[pitch] = index


def _pitch(note: Element, transposition: int) -> int | None:
    """Sounding MIDI pitch; None for a rest. An unpitched (drum) note takes the place on the staff where it stands."""
    for name, prefix, shift in (("pitch", "", transposition), ("unpitched", "display-", 0)):
        element = note.find(name)
        if element is not None:
            step = _pitch_class(element, prefix + "step", "alter")
            pitch = step + int(12 * (_child_number(element, f"{prefix}octave", 4) + 1)) + shift
            if not 0 <= pitch <= 127:
                raise _FaultError(f"the pitch {pitch} lies outside 0 to 127")
            return pitch
    return None


def _pitch_class(element: Element, step: str, alter: str) -> int:
    """Semitones above C, -3 to 14 (quarter tones are rounded)."""
    letter = (element.findtext(step) or "B").strip().upper()
    if letter not in _STEPS:
        raise _FaultError(f"{letter!r} is no note name")
    return _STEPS[letter] + round(_child_number(element, alter))


def _symbols(harmony: Element, transposition: int) -> Iterator[str]:
    """Chord symbols of one <harmony>, such as F#m7 or C/E; no chord is `NO_CHORD`."""
    kind = (harmony.findtext("kind") or "").strip()
    root = harmony.find("root")
    if kind == "none":
        yield NO_CHORD
    elif root is not None:
        suffix = _KINDS.get(kind, "") + "".join(_degree(degree) for degree in harmony.iterfind("degree"))
        suffix = suffix.replace("sus4add7", "7sus4")
        yield _name(root, "root", transposition) + suffix + _bass(harmony.find("bass"), transposition)


def _bass(bass: Element | None, transposition: int) -> str:
    return "" if bass is None else "/" + _name(bass, "bass", transposition)


def _name(element: Element, prefix: str, transposition: int) -> str:
    names = _FLAT_NAMES if _child_number(element, f"{prefix}-alter") < 0 else _SHARP_NAMES
    return names[(_pitch_class(element, f"{prefix}-step", f"{prefix}-alter") + transposition) % 12]


def _degree(degree: Element) -> str:
    """A tone added to the chord or altered, such as b9; a removed one is not written."""
    if (degree.findtext("degree-type") or "").strip() == "subtract":
        return ""
    alter = round(_child_number(degree, "degree-alter"))
    sign = {-1: "b", 0: "add", 1: "#"}.get(alter)
    return "" if sign is None else f"{sign}{int(_child_number(degree, 'degree-value'))}"


def _tempo(element: Element) -> Iterator[Fraction]:
    """Beats a minute of a <sound> or <direction>: what it tells players before what it prints."""
    for sound in element.iter("sound"):
        if sound.get("tempo"):
            yield _number(sound.get("tempo"), Fraction(0))
            return
    for metronome in element.iter("metronome"):
        unit = _BEAT_UNITS.get((metronome.findtext("beat-unit") or "").strip())
        if unit is not None:
            dotted = Fraction(3, 2) if metronome.find("beat-unit-dot") is not None else 1
            yield _number(metronome.findtext("per-minute"), Fraction(0)) * unit * dotted


def _metre(beats: str, beat_type: str) -> tuple[int, int]:
    """A time signature; 3+2 beats are 5."""
    numerator, denominator = sum(map(_number, beats.split("+"))), _number(beat_type)
    if not 1 <= numerator <= 255 or denominator not in (1, 2, 4, 8, 16, 32, 64):
        raise _FaultError(f"the time signature {beats}/{beat_type} will not do")
    return int(numerator), int(denominator)


def _signature(length: Fraction) -> tuple[int, int]:
    """The time signature of a measure of `length` beats, in 64ths at the finest."""
    for denominator in (4, 8, 16, 32, 64):
        numerator = length * denominator / 4
        if numerator.denominator == 1 and numerator <= 255:
            return int(numerator), denominator
    return min(255, max(1, round(length))), 4


def _sharps(written: int, transposition: int) -> int:
    """Sharps (negative: flats) of the sounding key; keys beyond seven signs are respelled."""
    sharps = written + 7 * transposition if transposition % 12 else written
    return (sharps + 5) % 12 - 5 if abs(sharps) > 7 else sharps


def _track(root: Element, identity: str, part: _Part, ticks: Callable[[Fraction], int]) -> Track:
    """The part as a track, with name, program and drum channel from the part list."""
    listed = next((entry for entry in root.iterfind("part-list/score-part") if entry.get("id") == identity), None)
    entry = Element("score-part") if listed is None else listed
    program = int(_number(entry.findtext("midi-instrument/midi-program"), Fraction(1))) - 1
    rows = [(ticks(start), max(ticks(end), ticks(start) + 1), pitch, VELOCITY) for start, end, pitch in part.notes]
    return Track(
        notes_from_columns(*zip(*rows, strict=True)) if rows else table(NOTE),
        program=program if 0 <= program <= 127 else 0,
        is_drum=(entry.findtext("midi-instrument/midi-channel") or "").strip() == "10",
        name=(entry.findtext("part-name") or "").strip(),
    )
