"""Pieces for the tests of note-based metrics."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from antiphon.evaluation.notes import Notes
from antiphon.music.score import KEY_SIGNATURE, Score, Track, notes_from_columns, table


def piece(
    *tracks: list[tuple[float, float, int]], chords: tuple[tuple[float, str], ...] = (), drums: int = -1
) -> Notes:
    """Notes of tracks of (start, length, pitch) in beats, in 4/4 at 120 beats a minute."""
    return Notes.from_score(score(*tracks, chords=chords, drums=drums), drums=True)


def score(
    *tracks: list[tuple[float, float, int]], chords: tuple[tuple[float, str], ...] = (), drums: int = -1
) -> Score:
    rows = [np.array(track, np.float64).reshape(-1, 3) for track in tracks]
    tables = [
        notes_from_columns((r[:, 0] * 480).round(), ((r[:, 0] + r[:, 1]) * 480).round(), r[:, 2], 80) for r in rows
    ]
    return Score(
        480,
        tuple(Track(notes, is_drum=k == drums) for k, notes in enumerate(tables)),
        chords=tuple((round(beat * 480), symbol) for beat, symbol in chords),
    )


def line(*pitches: int, length: float = 1.0, start: float = 0.0) -> list[tuple[float, float, int]]:
    """Notes one after the other."""
    return [(start + k * length, length, pitch) for k, pitch in enumerate(pitches)]


def stated(notes: Notes, sharps: int, minor: bool = False) -> Notes:
    """The notes with a key stated at their beginning."""
    signed = Score(key_signatures=table(KEY_SIGNATURE, [(0, sharps, minor)]))
    return replace(notes, key=Notes.from_score(signed).key)


def reversed_in_time(notes: Notes) -> Notes:
    """The piece from its end to its beginning; bars stay where they are."""
    end = float(notes.bar_beats[-1])
    order = np.lexsort((notes.pitch, end - notes.end_beat))
    return replace(
        notes,
        start_beat=(end - notes.end_beat)[order],
        end_beat=(end - notes.start_beat)[order],
        start_seconds=(end - notes.end_beat)[order] / 2,
        end_seconds=(end - notes.start_beat)[order] / 2,
        pitch=notes.pitch[order],
        velocity=notes.velocity[order],
        track=notes.track[order],
        is_drum=notes.is_drum[order],
    )


def repeated(notes: Notes) -> Notes:
    """The piece twice, the second time from the bar after its end."""
    span = float(notes.bar_beats[-1])
    return Notes(
        start_seconds=_twice(notes.start_seconds, span / 2),
        end_seconds=_twice(notes.end_seconds, span / 2),
        start_beat=_twice(notes.start_beat, span),
        end_beat=_twice(notes.end_beat, span),
        pitch=np.tile(notes.pitch, 2),
        velocity=np.tile(notes.velocity, 2),
        track=np.tile(notes.track, 2),
        is_drum=np.tile(notes.is_drum, 2),
        bar_beats=np.append(notes.bar_beats[:-1], notes.bar_beats + span),
        chord_beat=_twice(notes.chord_beat, span),
        chord=np.tile(notes.chord, 2),
        key=notes.key,
    )


def _twice(times: NDArray[np.float64], later: float) -> NDArray[np.float64]:
    return np.concatenate([times, times + later])


SILENCE = piece()

_rows = st.tuples(st.integers(0, 64), st.integers(1, 12), st.integers(24, 100)).map(
    lambda row: (row[0] / 4, row[1] / 4, row[2])
)
pieces = st.lists(_rows, min_size=0, max_size=40).map(piece)
"""Pieces of one track on the grid of 16ths, silent ones among them."""
