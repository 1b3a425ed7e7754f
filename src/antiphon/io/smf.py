"""Standard MIDI File bytes: limits, header and chunks checked in Python before a parser in C++ sees them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.config import Config
from antiphon.errors import InputError
from antiphon.io.smf_events import ESCAPE, META, SYSEX, Event, damaged, walk

CHORD_PREFIX = "chord:"
"""A marker event (FF 06) with this prefix holds a chord symbol."""

_HEADER_BYTES = 14
_MAX_TEXTS = 100_000
_TEXT, _MARKER = 0x01, 0x06
# Each program change may open a track, and each track costs the parser kilobytes; few enough need no counting.
_FREE_PROGRAM_CHANGES = 4096
# The parser looks a few bytes ahead of an event that ends with the file.
_LOOK_AHEAD = bytes(16)


class Limits(Config):
    """What a file may ask for; every limit is checked before memory of that size is taken.

    Parameters
    ----------
    max_file_bytes
        Bytes on disk.
    max_ticks, max_beats, max_seconds
        Tick, beat (quarter note) and second of the last event.
    max_notes
        Notes in all tracks.
    max_tracks
        Tracks that the header announces, and tracks after splitting by channel and program.
    """

    max_file_bytes: int = 8 * 1024 * 1024
    max_ticks: int = 100_000_000
    max_beats: int = 200_000
    max_seconds: float = 4 * 3600.0
    max_notes: int = 500_000
    max_tracks: int = 512


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Smf:
    """A file whose structure has been checked.

    Parameters
    ----------
    content
        Bytes that are safe to parse, mended where the parser is known to misread.
    spans
        First byte and end of the events of each track.
    ticks_per_beat
        Ticks a quarter note.
    texts, chords
        (tick, text) pairs of the text events and of the chord markers, ordered by tick.
    """

    content: bytes
    spans: tuple[tuple[int, int], ...]
    ticks_per_beat: int
    texts: tuple[tuple[int, str], ...]
    chords: tuple[tuple[int, str], ...]


def check_smf(content: bytes, name: str, limits: Limits) -> Smf:
    """Check header, chunks and whatever could harm the parser; read texts and chords, which the parser skips.

    Raises
    ------
    InputError
        One sentence that names the file: not MIDI, empty, cut off, too many tracks, SMPTE time, damaged events.
    """
    if len(content) > limits.max_file_bytes:
        raise too_large(name, limits)
    content = _unwrapped(content)
    ticks_per_beat, num_tracks = _header(content, name, limits)
    spans = _track_spans(content, name, num_tracks)
    octets = np.frombuffer(content, np.uint8)
    inspector = _Inspector(content, name, limits)
    for begin, last, end in _spans_to_walk(content, octets, spans):
        inspector.inspect(begin, last, end)
    return Smf(inspector.mended(), tuple(spans), ticks_per_beat, *inspector.words())


def too_large(name: str, limits: Limits) -> InputError:
    """The sentence for a file above the limit of bytes."""
    return InputError(
        f"{name}: larger than {limits.max_file_bytes} bytes, too large for a MIDI file of notes; split it"
    )


def _unwrapped(content: bytes) -> bytes:
    # An .rmi file is a RIFF envelope whose data chunk is a MIDI file.
    if content[:4] == b"RIFF" and content[8:12] == b"RMID":
        return content[max(content.find(b"MThd"), 0) :]
    return content


def _header(content: bytes, name: str, limits: Limits) -> tuple[int, int]:
    if not content:
        raise InputError(f"{name}: the file is empty; get a whole copy of it")
    if content[:4] != b"MThd":
        raise InputError(f"{name}: not a MIDI file (it does not begin with MThd); convert it to MIDI first")
    if len(content) < _HEADER_BYTES:
        raise damaged(name, "it ends within its header")
    length, form, num_tracks, division = (
        int.from_bytes(content[begin:end], "big") for begin, end in ((4, 8), (8, 10), (10, 12), (12, 14))
    )
    if length != 6 or form > 2:
        raise damaged(name, f"header of {length} bytes, format {form}")
    if form == 2:
        raise InputError(f"{name}: MIDI format 2 holds separate patterns, not one song; save it as format 0 or 1")
    if num_tracks == 0:
        raise InputError(f"{name}: the file holds no tracks; export it again with its music")
    if num_tracks > limits.max_tracks:
        raise InputError(f"{name}: announces {num_tracks} tracks, more than {limits.max_tracks}; merge or split them")
    if division & 0x8000:
        raise InputError(f"{name}: counts time in SMPTE frames, not in beats; save it with ticks per quarter note")
    if division == 0:
        raise damaged(name, "zero ticks per quarter note")
    return division, num_tracks


def _track_spans(content: bytes, name: str, num_tracks: int) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    position = _HEADER_BYTES
    while len(spans) < num_tracks:
        begin = position + 8
        end = begin + int.from_bytes(content[position + 4 : begin], "big")
        if begin > len(content) or end > len(content):
            raise damaged(name, f"it is cut off in or before track {len(spans) + 1} of {num_tracks}")
        # The format allows chunks of other kinds, to be skipped.
        if content[position : position + 4] == b"MTrk":
            spans.append((begin, end))
        position = end
    return spans


def _spans_to_walk(
    content: bytes, octets: NDArray[np.uint8], spans: list[tuple[int, int]]
) -> Iterator[tuple[int, int, int]]:
    """Begin, last suspect byte and end of each track that has one; walking costs some 50 times the parser's time."""
    if np.count_nonzero((octets & 0xF0) == 0xC0) > _FREE_PROGRAM_CHANGES:
        yield from ((begin, end, end) for begin, end in spans)
        return
    suspects = _suspects(content, octets)
    for begin, end in spans if len(suspects) else ():
        row = int(np.searchsorted(suspects, end)) - 1
        if row >= 0 and suspects[row] >= begin:
            yield begin, int(suspects[row]), end


def _suspects(content: bytes, octets: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Ascending positions of bytes that may begin what the parser would misread, overflow on, or skip."""
    high = octets >= 0x80
    before, after = octets[:-2], octets[1:-1]
    # Channel 16 with a pitch above 127 reaches beyond the parser's table of sounding notes.
    suspect = ((before | 0x10) == 0x9F) & high[1:-1]
    # Three in a row: a delta time of 2 million ticks or more; a few of these overflow 32 bits.
    suspect |= high[:-2] & high[1:-1] & high[2:]
    # The parser takes an escape (F7 length data) for a message without data.
    suspect |= before == ESCAPE
    meta = before == META
    suspect |= meta & (after == _TEXT)
    if CHORD_PREFIX.encode() in content:
        suspect |= meta & (after == _MARKER)
    return np.flatnonzero(suspect)


class _Inspector:
    """Reads events one by one: refuses, mends, and keeps texts and chords."""

    def __init__(self, content: bytes, name: str, limits: Limits) -> None:
        self._content = content
        self._name = name
        self._limits = limits
        self._escapes: list[int] = []
        self._words: dict[int, list[tuple[int, str]]] = {_TEXT: [], _MARKER: []}
        self._num_voices = 0

    def mended(self) -> bytes:
        """The content, escapes written as the system-exclusive events that the parser skips rightly."""
        if not self._escapes:
            return self._content + _LOOK_AHEAD
        content = bytearray(self._content)
        for position in self._escapes:
            content[position] = SYSEX
        return bytes(content) + _LOOK_AHEAD

    def words(self) -> tuple[tuple[tuple[int, str], ...], tuple[tuple[int, str], ...]]:
        """Texts and chords by tick; those of one tick in file order."""
        texts, markers = (sorted(self._words[kind], key=lambda word: word[0]) for kind in (_TEXT, _MARKER))
        chords = ((tick, text.removeprefix(CHORD_PREFIX)) for tick, text in markers if text.startswith(CHORD_PREFIX))
        return tuple(texts), tuple(chords)

    def inspect(self, begin: int, last: int, end: int) -> None:
        """Inspect the events of one track up to the one that holds byte `last`."""
        voices: set[tuple[int, int]] = set()
        programs = [0] * 16
        for event in walk(self._content, self._name, begin, last, end):
            if event.tick > self._limits.max_ticks:
                raise InputError(f"{self._name}: longer than {self._limits.max_ticks} ticks; cut it into shorter files")
            kind, channel = event.status >> 4, event.status & 0xF
            if kind == 0x9:
                voices.add((channel, programs[channel]))
            elif kind == 0xC:
                programs[channel] = self._content[event.data]
            elif event.status == ESCAPE:
                self._escapes.append(event.position)
            elif event.status == META:
                self._keep_words(event)
        self._num_voices += len(voices)
        if self._num_voices > self._limits.max_tracks:
            raise too_many_tracks(self._name, self._limits)

    def _keep_words(self, event: Event) -> None:
        words = self._words.get(self._content[event.position + 1])
        if words is None:
            return
        if len(words) >= _MAX_TEXTS:
            raise InputError(f"{self._name}: more than {_MAX_TEXTS} text events; remove them")
        words.append((event.tick, _decoded(self._content[event.data : event.stop])))


def too_many_tracks(name: str, limits: Limits) -> InputError:
    """The sentence for more tracks than the limit."""
    return InputError(f"{name}: more than {limits.max_tracks} tracks by channel and program; merge or split them")


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")
