"""A strict walk over the events of a MIDI track in plain Python, for what the fast parser skips or misreads."""

from collections.abc import Iterator
from typing import NamedTuple

from antiphon.errors import InputError

SYSEX, ESCAPE, META = 0xF0, 0xF7, 0xFF

_END_OF_TRACK = 0x2F
# Data bytes of each channel message by the high half of its status byte, and of the system messages.
_DATA_BYTES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}
_SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0, 0xF8: 0, 0xFA: 0, 0xFB: 0, 0xFC: 0, 0xFE: 0}


class Event(NamedTuple):
    """One event: its tick, its status (a running one resolved), and where status, data and the next event begin."""

    tick: int
    status: int
    position: int
    data: int
    stop: int


def damaged(name: str, what: str) -> InputError:
    """The sentence for bytes that break the MIDI file format."""
    return InputError(f"{name}: damaged MIDI file ({what}); get a whole copy of it")


def metas(content: bytes, name: str, spans: tuple[tuple[int, int], ...], kind: int) -> list[tuple[int, bytes]]:
    """Tick and data of every meta event of one kind, by tick, those of one tick in file order."""
    found = [
        (event.tick, content[event.data : event.stop])
        for begin, end in spans
        for event in walk(content, name, begin, content.rfind(bytes((META, kind)), begin, end), end)
        if event.status == META and content[event.position + 1] == kind
    ]
    return sorted(found, key=lambda item: item[0])


def walk(content: bytes, name: str, begin: int, last: int, end: int) -> Iterator[Event]:
    """The events of a track from byte `begin` to `end`, up to the one that holds byte `last`, without its end mark.

    Raises
    ------
    InputError
        Naming the file, at the first byte that the format does not allow.
    """
    position, tick, running = begin, 0, 0
    while position <= last and position < end:
        delta, position = _number(content, position, end)
        tick += delta
        status = content[position] if position < end else 0
        if status < 0x80:
            status, data = running, position
        else:
            data = position + 1
            # A system message ends a running status; a meta event does not.
            if status != META:
                running = status if status < 0xF0 else 0
        data, stop = _data(content, status, data, end)
        if stop < 0:
            raise damaged(name, f"no event begins at byte {position}")
        if stop > end:
            raise damaged(name, f"the event at byte {position} is cut off")
        if status < 0xF0 and content[data] | content[stop - 1] >= 0x80:
            raise damaged(name, f"a value above 127 at byte {data}")
        if status == META and content[position + 1] == _END_OF_TRACK:
            return
        yield Event(tick, status, position, data, stop)
        position = stop


def _data(content: bytes, status: int, position: int, end: int) -> tuple[int, int]:
    """Begin and end of the data of an event whose status byte lies before `position`; end -1: no such event."""
    if status in {SYSEX, ESCAPE, META}:
        length, data = _number(content, position + (status == META), end)
        return data, data + length
    length = _DATA_BYTES.get(status >> 4, _SYSTEM_BYTES.get(status, -1))
    return position, position + length if length >= 0 else -1


def _number(content: bytes, position: int, end: int) -> tuple[int, int]:
    """A number of one to four bytes of seven bits, and the position after it."""
    value = 0
    for octet in content[position : min(position + 4, end)]:
        position += 1
        value = value << 7 | octet & 0x7F
        if octet < 0x80:
            break
    return value, position
