"""Scores to MusicXML for notation programs: a part a track, in voices, with ties, triplets, metre, keys and tempo."""

from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from antiphon.files import write_text
from antiphon.music.instruments import drum_name, program_name
from antiphon.music.notation import DIVISIONS, TRIPLETS, VALUES, Value, Voices, bar_lines, notate
from antiphon.music.score import Score, Track
from antiphon.music.theory import pitch_class_name

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_CHANNELS = (*range(1, 10), *range(11, 17))
_DRUM_CHANNEL = 10
_MIDDLE = 57
# Where strokes stand on the staff of drums, by General MIDI key; all others stand on its middle line.
_STAVES = {
    **dict.fromkeys((35, 36), ("F", 4)),
    **dict.fromkeys((37, 38, 39, 40), ("C", 5)),
    **dict.fromkeys((41, 43), ("A", 4)),
    **dict.fromkeys((45, 47), ("D", 5)),
    **dict.fromkeys((48, 50), ("E", 5)),
    **dict.fromkeys((42, 44, 46), ("G", 5)),
    **dict.fromkeys((51, 53, 59), ("F", 5)),
    **dict.fromkeys((49, 52, 55, 57), ("A", 5)),
}


def write_musicxml(score: Score, path: Path | str) -> None:
    """Write a .musicxml file, whole or not at all; see `musicxml_text`.

    Raises
    ------
    InputError
        If the place cannot be written.
    """
    write_text(path, musicxml_text(score))


def musicxml_text(score: Score) -> str:
    """A score as partwise MusicXML 4.0.

    What sounds is written down as `antiphon.music.notation` has it: on sixteenths and their triplets. Velocities,
    controls and chord symbols are left out. Accidentals are sharps, in flat keys flats. Drums are strokes on their
    staff.
    """
    tracks = [track for track in score.tracks if len(track.notes)] or list(score.tracks[:1])
    listed = "\n".join(_listed(index, track) for index, track in enumerate(tracks))
    parts = "\n".join(_part(score, index, track) for index, track in enumerate(tracks))
    body = f"<part-list>\n{listed}\n</part-list>\n{parts}"
    return f'{_HEAD}<score-partwise version="4.0">\n{body}\n</score-partwise>\n'


def _listed(index: int, track: Track) -> str:
    part = f"P{index + 1}"
    name = track.name or program_name(track.program, track.is_drum)
    keys = sorted(set(track.notes["pitch"].tolist())) if track.is_drum else [None]
    instruments = "".join(
        f'<score-instrument id="{_instrument(part, key)}"><instrument-name>'
        f"{_text(name if key is None else drum_name(key))}</instrument-name></score-instrument>"
        for key in keys
    )
    channel = _DRUM_CHANNEL if track.is_drum else _CHANNELS[index % len(_CHANNELS)]
    sounds = "".join(
        f'<midi-instrument id="{_instrument(part, key)}"><midi-channel>{channel}</midi-channel>'
        f"<midi-program>{track.program + 1}</midi-program>"
        + ("" if key is None else f"<midi-unpitched>{key + 1}</midi-unpitched>")
        + "</midi-instrument>"
        for key in keys
    )
    return f'<score-part id="{part}"><part-name>{_text(name)}</part-name>{instruments}{sounds}</score-part>'


def _part(score: Score, index: int, track: Track) -> str:
    lines, bars = bar_lines(score).tolist(), notate(score, track)
    part = f"P{index + 1}"
    marks = _attributes(score, track)
    tempos = _tempos(score, lines) if index == 0 else {}
    flats = _flats(score, len(bars))
    measures = []
    for bar, voices in enumerate(bars):
        length = lines[bar + 1] - lines[bar]
        notes = "".join(_voices(voices, length, part, track.is_drum, flats[bar]))
        measures.append(f'<measure number="{bar + 1}">{marks.get(bar, "")}{tempos.get(bar, "")}{notes}</measure>')
    return f'<part id="{part}">\n' + "\n".join(measures) + "\n</part>"


def _attributes(score: Score, track: Track) -> dict[int, str]:
    """What stands at the beginning of bars: divisions, keys, metres, clef."""
    lines = score.bars()[:-1]
    keys, metres = dict[int, str](), dict[int, str]()
    for tick, sharps, minor in score.key_signatures.tolist():
        bar = max(int(lines.searchsorted(tick, side="right")) - 1, 0)
        keys[bar] = f"<key><fifths>{sharps}</fifths><mode>{'minor' if minor else 'major'}</mode></key>"
    for tick, numerator, denominator in [(0, 4, 4), *score.time_signatures.tolist()]:
        bar = max(int(lines.searchsorted(tick, side="right")) - 1, 0)
        metres[bar] = f"<time><beats>{numerator}</beats><beat-type>{denominator}</beat-type></time>"
    found = {bar: keys.get(bar, "") + metres.get(bar, "") for bar in keys.keys() | metres.keys()}
    found[0] = f"<divisions>{DIVISIONS}</divisions>{found.get(0, '')}{_clef(track)}"
    return {bar: f"<attributes>{text}</attributes>" for bar, text in found.items()}


def _clef(track: Track) -> str:
    if track.is_drum:
        return "<clef><sign>percussion</sign></clef>"
    low = len(track.notes) and float(track.notes["pitch"].mean()) < _MIDDLE
    return f"<clef><sign>{'F' if low else 'G'}</sign><line>{4 if low else 2}</line></clef>"


def _tempos(score: Score, lines: list[int]) -> dict[int, str]:
    """Tempo marks by bar."""
    found: dict[int, str] = {}
    last = score.bars()[-1]
    for tick, beat_us in score.tempos[score.tempos["tick"] < last].tolist():
        at = int(score.steps(tick, DIVISIONS))
        bar = min(bisect_right(lines, at), len(lines) - 1) - 1
        tempo = f"{60_000_000 / beat_us:.2f}"
        found[bar] = found.get(bar, "") + (
            f"<direction><direction-type><metronome><beat-unit>quarter</beat-unit><per-minute>{tempo}</per-minute>"
            f"</metronome></direction-type><offset>{at - lines[bar]}</offset><sound tempo="
            f'"{tempo}"/></direction>'
        )
    return found


def _flats(score: Score, num_bars: int) -> list[bool]:
    """Whether each bar is in a key of flats."""
    lines, keys = score.bars()[:num_bars], score.key_signatures
    row = keys["tick"].searchsorted(lines, side="right") - 1
    return [bool(len(keys) and at >= 0 and keys["sharps"][at] < 0) for at in row.tolist()]


def _voices(voices: Voices, length: int, part: str, is_drum: bool, flats: bool) -> Iterator[str]:
    for number, voice in enumerate(voices):
        at = 0
        if number:
            yield f"<backup><duration>{length}</duration></backup>"
        for value in voice:
            if value.start > at:
                yield f"<forward><duration>{value.start - at}</duration></forward>"
            yield from _value(value, number + 1, part if is_drum else "", flats, value.length == length)
            at = value.start + value.length
        if at < length:
            yield f"<forward><duration>{length - at}</duration></forward>"


def _value(value: Value, voice: int, drums: str, flats: bool, is_bar: bool) -> Iterator[str]:
    """A rest, or the notes of a chord."""
    look = f"<voice>{voice}</voice>{_look(value.length)}"
    duration = f"<duration>{value.length}</duration>"
    if not value.pitches:
        rest = '<rest measure="yes"/>' if is_bar else "<rest/>"
        yield f"<note>{rest}{duration}{f'<voice>{voice}</voice>' if is_bar else look}</note>"
    ties = [kind for kind, there in (("stop", value.is_continued), ("start", value.continues)) if there]
    tie = "".join(f'<tie type="{kind}"/>' for kind in ties)
    tied = "".join(f'<tied type="{kind}"/>' for kind in ties)
    notations = f"<notations>{tied}</notations>" if tied else ""
    for index, pitch in enumerate(value.pitches):
        chord = "<chord/>" if index else ""
        if drums:
            step, octave = _STAVES.get(pitch, ("B", 4))
            place = f"<display-step>{step}</display-step><display-octave>{octave}</display-octave>"
            stroke = f'<instrument id="{_instrument(drums, pitch)}"/>'
            yield f"<note>{chord}<unpitched>{place}</unpitched>{duration}{tie}{stroke}{look}{notations}</note>"
        else:
            yield f"<note>{chord}{_pitch(pitch, flats)}{duration}{tie}{look}{notations}</note>"


def _look(length: int) -> str:
    """The value's name, dots and division by three; nothing for a length that no value has."""
    if length in TRIPLETS:
        three = "<time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes></time-modification>"
        return f"<type>{TRIPLETS[length]}</type>{three}"
    if length not in VALUES:
        return ""
    name, dots = VALUES[length]
    return f"<type>{name}</type>" + dots * "<dot/>"


def _pitch(pitch: int, flats: bool) -> str:
    name = pitch_class_name(pitch, flats)
    alter = f"<alter>{-1 if flats else 1}</alter>" if len(name) > 1 else ""
    return f"<pitch><step>{name[0]}</step>{alter}<octave>{pitch // 12 - 1}</octave></pitch>"


def _instrument(part: str, key: int | None) -> str:
    return f"{part}-I{1 if key is None else key + 1}"


def _text(text: str) -> str:
    """Text without what XML cannot hold."""
    return escape("".join(character for character in text if character.isprintable()))
