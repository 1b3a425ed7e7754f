"""The flat tables in which a corpus keeps its scores, and the way of a score into and out of them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.music.score import (
    CONTROL,
    KEY_SIGNATURE,
    NOTE,
    PEDAL,
    TEMPO,
    TIME_SIGNATURE,
    Score,
    Track,
)

Table = NDArray[np.void]

DTYPES: dict[str, np.dtype[np.void]] = {
    "notes": np.dtype(
        [("song", "<u4"), ("start", "<u4"), ("end", "<u4"), ("track", "<u2"), ("pitch", "u1"), ("velocity", "u1")]
    ),
    "tracks": np.dtype([("song", "<u4"), ("name", "<u4"), ("program", "u1"), ("is_drum", "?")]),
    "tempos": np.dtype([("song", "<u4"), ("tick", "<u4"), ("beat_us", "<u4")]),
    "time_signatures": np.dtype([("song", "<u4"), ("tick", "<u4"), ("numerator", "<u2"), ("denominator", "<u2")]),
    "key_signatures": np.dtype([("song", "<u4"), ("tick", "<u4"), ("sharps", "i1"), ("minor", "?")]),
    "pedal": np.dtype([("song", "<u4"), ("tick", "<u4"), ("track", "<u2"), ("value", "u1")]),
    "chords": np.dtype([("song", "<u4"), ("tick", "<u4"), ("symbol", "<u4")]),
}
"""Every table begins with the song; `name` and `symbol` are indices into the corpus's list of strings.

Of the controls only the sustain pedal is kept, and of that the changes between up and down: what `pedal_spans` needs.
Texts are not kept.
"""

MAX_TICK = 2**32 - 1


@dataclass(frozen=True)
class Packed:
    """One score as rows of the tables; their `song` column is 0 and strings are indices into its own list."""

    ticks_per_beat: int
    tables: Mapping[str, Table]
    strings: tuple[str, ...]


def pack(score: Score) -> Packed:
    """Lay one score out in tables; `unpack` gives its notes, pedal spans, metre, tempos and chords back unchanged."""
    strings: dict[str, int] = {}
    tables = {
        "notes": _notes(score),
        "tracks": _tracks(score, strings),
        "tempos": _events("tempos", score.tempos),
        "time_signatures": _events("time_signatures", score.time_signatures),
        "key_signatures": _events("key_signatures", score.key_signatures),
        "pedal": _pedal(score),
        "chords": _chords(score, strings),
    }
    return Packed(score.ticks_per_beat, tables, tuple(strings))


def unpack(tables: Mapping[str, Table], strings: tuple[str, ...], ticks_per_beat: int) -> Score:
    """The score of one song's rows.

    Parameters
    ----------
    tables
        Rows of this song in every table of `DTYPES`.
    strings
        The list into which `name` and `symbol` point.
    ticks_per_beat
        Ticks a quarter note.
    """
    notes, pedal = tables["notes"], tables["pedal"]
    numbers = np.arange(len(tables["tracks"]) + 1)
    at, pedal_at = np.searchsorted(notes["track"], numbers), np.searchsorted(pedal["track"], numbers)
    tracks = tuple(
        Track(
            notes=_as(NOTE, notes[at[k] : at[k + 1]]),
            program=int(row["program"]),
            is_drum=bool(row["is_drum"]),
            name=strings[row["name"]],
            controls=_controls(pedal[pedal_at[k] : pedal_at[k + 1]]),
        )
        for k, row in enumerate(tables["tracks"])
    )
    return Score(
        ticks_per_beat=ticks_per_beat,
        tracks=tracks,
        tempos=_as(TEMPO, tables["tempos"]),
        time_signatures=_as(TIME_SIGNATURE, tables["time_signatures"]),
        key_signatures=_as(KEY_SIGNATURE, tables["key_signatures"]),
        chords=tuple((int(row["tick"]), strings[row["symbol"]]) for row in tables["chords"]),
    )


def _notes(score: Score) -> Table:
    stored = np.zeros(score.num_notes, DTYPES["notes"])
    begin = 0
    for number, track in enumerate(score.tracks):
        part = stored[begin : begin + len(track.notes)]
        for name in ("start", "end", "pitch", "velocity"):
            part[name] = track.notes[name]
        part["track"] = number
        begin += len(track.notes)
    return stored


def _tracks(score: Score, strings: dict[str, int]) -> Table:
    rows = [(0, _string(track.name, strings), track.program, track.is_drum) for track in score.tracks]
    return np.array(rows, DTYPES["tracks"])


def _chords(score: Score, strings: dict[str, int]) -> Table:
    rows = [(0, tick, _string(symbol, strings)) for tick, symbol in score.chords if tick <= MAX_TICK]
    return np.array(rows, DTYPES["chords"])


def _string(text: str, strings: dict[str, int]) -> int:
    # Names come from foreign files: lone surrogates could not be written as UTF-8.
    return strings.setdefault(text.encode("utf-8", "replace").decode(), len(strings))


def _events(name: str, events: Table) -> Table:
    events = events[events["tick"] <= MAX_TICK]
    stored = np.zeros(len(events), DTYPES[name])
    for column in events.dtype.names or ():
        stored[column] = events[column]
    return stored


def _pedal(score: Score) -> Table:
    parts = [_pedal_changes(number, track) for number, track in enumerate(score.tracks) if len(track.controls)]
    return np.concatenate([np.empty(0, DTYPES["pedal"]), *parts])


def _pedal_changes(number: int, track: Track) -> Table:
    # Most controls of a recorded performance are pedal positions between two changes: copy as few rows as can be.
    pedal = np.flatnonzero(track.controls["number"] == PEDAL)
    down = track.controls["value"][pedal] >= 64
    kept = np.empty(len(down), bool)
    kept[:1], kept[1:] = down[:1], down[1:] != down[:-1]
    # An unreleased pedal is held through its last event, changed or not.
    kept[-1:] |= down[-1:]
    rows = track.controls[pedal[kept]]
    stored = np.zeros(len(rows), DTYPES["pedal"])
    stored["tick"], stored["value"], stored["track"] = rows["tick"], rows["value"], number
    return stored[rows["tick"] <= MAX_TICK]


def _as(dtype: np.dtype[np.void], rows: Table) -> Table:
    events = np.empty(len(rows), dtype)
    for column in dtype.names or ():
        events[column] = rows[column]
    return events


def _controls(pedal: Table) -> Table:
    controls = np.empty(len(pedal), CONTROL)
    controls["tick"], controls["value"], controls["number"] = pedal["tick"], pedal["value"], PEDAL
    return controls
