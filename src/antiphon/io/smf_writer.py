"""Scores to Standard MIDI File bytes: every note, integer tempo, control, text and chord, the same bytes each time."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from antiphon.errors import InputError
from antiphon.io.smf import CHORD_PREFIX
from antiphon.music.score import PITCH_BEND, Score, Track

_MAX_DELTA = 0x0FFFFFFF
_DRUM_CHANNEL = 9
_MELODIC_CHANNELS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15)
_END_OF_TRACK = b"\x00\xff\x2f\x00"


def midi_bytes(score: Score, name: str = "the score") -> bytes:
    """A MIDI file of format 1: a track of tempos, metres, keys, texts (FF 01) and chords (markers), then the tracks.

    `parse_midi` reads the same notes, tempos, signatures, controls, texts and chords from it, with two exceptions that
    lie in MIDI: a track without notes does not come back, and where one note lies inside another of the same pitch and
    track, the two exchange their ends.

    Raises
    ------
    InputError
        If a value does not fit into MIDI; `name` stands for the file in the sentence.
    """
    try:
        tracks = [_conductor(score), *(_track(track, index, channel) for index, channel, track in _seats(score))]
        header = b"MThd\x00\x00\x00\x06\x00\x01" + _number(len(tracks), 2) + _number(score.ticks_per_beat, 2, 0x7FFF)
    except _UnfitError as error:
        raise InputError(f"{name}: MIDI cannot hold {error}; change it before writing") from None
    return header + b"".join(b"MTrk" + _number(len(track), 4) + track for track in tracks)


class _UnfitError(Exception):
    """A value that MIDI cannot hold."""


def _seats(score: Score) -> Iterator[tuple[int, int, Track]]:
    """Each track with its index among the melodic tracks and its channel; percussion sits on channel 10."""
    index = 0
    for track in score.tracks:
        yield index, _DRUM_CHANNEL if track.is_drum else _MELODIC_CHANNELS[index % 15], track
        index += not track.is_drum


def _number(value: int, size: int, largest: int | None = None) -> bytes:
    largest = (1 << 8 * size) - 1 if largest is None else largest
    if not 0 <= value <= largest:
        raise _UnfitError(f"the number {value} (0 to {largest})")
    return int(value).to_bytes(size, "big")


def _length(value: int) -> bytes:
    """A number of one to four bytes of seven bits, the highest bit of all but the last set."""
    if not 0 <= value <= _MAX_DELTA:
        raise _UnfitError(f"a step or text of {value} (0 to {_MAX_DELTA})")
    octets = [value & 0x7F]
    while value := value >> 7:
        octets.append(value & 0x7F | 0x80)
    return bytes(reversed(octets))


def _meta(kind: int, content: bytes) -> bytes:
    return bytes((0xFF, kind)) + _length(len(content)) + content


def _text(kind: int, text: str) -> bytes:
    return _meta(kind, text.encode(errors="replace"))


def _conductor(score: Score) -> bytes:
    events = [(int(tick), _meta(0x51, _number(int(beat_us), 3))) for tick, beat_us in score.tempos]
    events += [(int(tick), _time_signature(int(over), int(under))) for tick, over, under in score.time_signatures]
    events += [(int(tick), _key_signature(int(sharps), bool(minor))) for tick, sharps, minor in score.key_signatures]
    events += [(tick, _text(0x01, text)) for tick, text in score.texts]
    events += [(tick, _text(0x06, CHORD_PREFIX + symbol)) for tick, symbol in score.chords]
    pieces, now = [], 0
    for tick, event in sorted(events, key=lambda item: item[0]):
        pieces.append(_length(tick - now) + event)
        now = tick
    return b"".join(pieces) + _END_OF_TRACK


def _time_signature(numerator: int, denominator: int) -> bytes:
    power = denominator.bit_length() - 1
    if not 1 <= numerator <= 255 or not 0 <= power <= 7 or denominator != 1 << power:
        raise _UnfitError(f"the time signature {numerator}/{denominator}")
    # A click each quarter note (24 MIDI clocks), 8 thirty-seconds a quarter note.
    return _meta(0x58, bytes((numerator, power, 24, 8)))


def _key_signature(sharps: int, minor: bool) -> bytes:
    if abs(sharps) > 7:
        raise _UnfitError(f"a key signature of {sharps} sharps")
    return _meta(0x59, bytes((sharps & 0xFF, minor)))


def _track(track: Track, index: int, channel: int) -> bytes:
    prefix = b"\x00" + _text(0x03, track.name) if track.name else b""
    # More than 15 instruments: a further port for each 15, so that players keep their channels apart.
    if index >= 15:
        prefix += b"\x00" + _meta(0x21, _number(index // 15, 1, 127))
    prefix += b"\x00" + bytes((0xC0 | channel,)) + _number(track.program, 1, 127)
    return prefix + _packed(_channel_events(track, channel)) + _END_OF_TRACK


def _channel_events(track: Track, channel: int) -> NDArray[np.int64]:
    """Rows (n, 4) of tick, status, two data bytes, in the order in which they are written.

    At one tick: controls, ends of notes, then beginnings in the order (pitch, end), each note of length zero directly
    followed by its end. A reader that closes the oldest note first then finds the same notes again.
    """
    _check_track(track)
    notes = track.notes[np.lexsort((track.notes["end"], track.notes["pitch"], track.notes["start"]))]
    controls = track.controls
    bend = controls["number"] == PITCH_BEND
    value = np.where(bend, controls["value"].astype(np.int64) + 8192, controls["value"])
    control_rows = np.column_stack(
        [
            controls["tick"],
            np.where(bend, 0xE0, 0xB0) | channel,
            np.where(bend, value & 0x7F, controls["number"]),
            np.where(bend, value >> 7, value),
        ]
    )
    on = np.column_stack([notes["start"], np.full(len(notes), 0x90 | channel), notes["pitch"], notes["velocity"]])
    off = np.column_stack([notes["end"], np.full(len(notes), 0x80 | channel), notes["pitch"], np.full(len(notes), 64)])
    rows = np.concatenate([control_rows, on, off]).astype(np.int64)
    turn = np.arange(len(notes))
    rank = np.concatenate([np.zeros(len(controls)), np.full(len(notes), 2), 1 + (notes["start"] == notes["end"])])
    within = np.concatenate([np.arange(len(controls)), 2 * turn, 2 * turn + 1])
    return rows[np.lexsort((within, rank, rows[:, 0]))]


def _check_track(track: Track) -> None:
    notes, controls = track.notes, track.controls
    faults = {
        "a note before tick 0 or ending before it begins": (notes["start"] < 0) | (notes["end"] < notes["start"]),
        "a pitch outside 0 to 127": (notes["pitch"] < 0) | (notes["pitch"] > 127),
        "a velocity outside 1 to 127": (notes["velocity"] < 1) | (notes["velocity"] > 127),
        "a control number outside 0 to 128": (controls["number"] < 0) | (controls["number"] > PITCH_BEND),
        "a control before tick 0": controls["tick"] < 0,
    }
    bend = controls["number"] == PITCH_BEND
    least, most = np.where(bend, -8192, 0), np.where(bend, 8191, 127)
    faults["a control value outside its range"] = (controls["value"] < least) | (controls["value"] > most)
    for what, fault in faults.items():
        if fault.any():
            raise _UnfitError(what)


def _packed(rows: NDArray[np.int64]) -> bytes:
    """Delta times of one to four bytes and three bytes an event, all events at once."""
    delta = np.diff(rows[:, 0], prepend=0)
    if len(delta) and delta.max() > _MAX_DELTA:
        raise _UnfitError(f"a rest of {delta.max()} ticks (0 to {_MAX_DELTA})")
    octets = np.empty((len(rows), 7), np.uint8)
    octets[:, :4] = delta[:, None] >> (21, 14, 7, 0) & 0x7F
    octets[:, :3] |= 0x80
    octets[:, 4:] = rows[:, 1:]
    written = np.ones(octets.shape, np.bool_)
    written[:, :3] = delta[:, None] >= (1 << 21, 1 << 14, 1 << 7)
    return octets[written].tobytes()
