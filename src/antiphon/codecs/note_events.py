"""A piece as one line of notes in ticks, from which it comes back exactly, and the LSTM GAN paper's three numbers."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from antiphon.music.score import NOTE, TEMPO, Score, Track, beat_us, empty, notes_from_columns, round_half_up, table

Integers = NDArray[np.int64]

_TICKS_PER_BEAT = 1024


@dataclass(frozen=True, eq=False)
class NoteEvents:
    """Notes of all tracks but drums in the order of their onsets, those of a chord from low to high.

    Parameters
    ----------
    offset, duration
        (n,) int64 ticks: since the onset before (the first: since tick 0), 0 within a chord; and how long it sounds.
    pitch, velocity
        (n,) int64: 0-127 and 1-127.
    track
        (n,) int64: the number of the note's track in `frame`.
    frame
        The score without its notes: tracks, tempos, metre, keys, controls.
    """

    offset: Integers
    duration: Integers
    pitch: Integers
    velocity: Integers
    track: Integers
    frame: Score

    def __len__(self) -> int:
        """The number of notes."""
        return len(self.pitch)

    @property
    def start(self) -> Integers:
        """Onsets (n,) in ticks."""
        return np.cumsum(self.offset)


def note_events(score: Score) -> NoteEvents:
    """The notes of a score's every track that is no drums'; `score_of` is the exact inverse."""
    tables = [empty(NOTE) if track.is_drum else track.notes for track in score.tracks]
    notes = np.concatenate([empty(NOTE), *tables])
    track = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
    order = np.lexsort((track, notes["end"], notes["pitch"], notes["start"]))
    start, end, pitch, velocity = (notes[name][order].astype(np.int64) for name in NOTE.names or ())
    frame = score.with_tracks(tuple(replace(track, notes=empty(NOTE)) for track in score.tracks))
    return NoteEvents(np.diff(start, prepend=0), end - start, pitch, velocity, track[order], frame)


def score_of(events: NoteEvents) -> Score:
    """The score that the notes came from: every note, tick and velocity, save for drums."""
    start = events.start
    columns = np.stack([start, start + events.duration, events.pitch, events.velocity])
    by_track = np.argsort(events.track, kind="stable")
    ends = np.searchsorted(events.track[by_track], np.arange(len(events.frame.tracks)), side="right")
    tracks = [
        replace(track, notes=notes_from_columns(*columns[:, own]))
        for track, own in zip(events.frame.tracks, np.split(by_track, ends), strict=False)
    ]
    return events.frame.with_tracks(tuple(tracks))


def raw_rows(score: Score) -> NDArray[np.float32]:
    """The LSTM GAN paper's form of a note, (n, 3) float32: MIDI pitch, duration and offset in quarter notes.

    The offset is that since the last onset (the first note's: since the beginning), 0 within a chord.

    The released reading differs: of a file it takes part 0 only, which in most files has no notes, drops the rest of
    the part at its first chord, and counts from the element before, chord or rest. Here all parts are read, and a chord
    is one row a note.
    """
    events = note_events(score)
    beats = np.stack([events.duration, events.offset], axis=1) / score.ticks_per_beat
    return np.column_stack([events.pitch, beats]).astype(np.float32)


def raw_score(rows: ArrayLike, tempo: float = 120.0, velocity: int = 90) -> Score:
    """A score of one track from rows (n, 3) of `raw_rows` or of a network, whose numbers may make no sense.

    Pitches are rounded into 0-127; a duration under one tick (1,024 a beat) is one, a negative offset none; neither
    exceeds 64 beats.

    Raises
    ------
    ValueError
        If the shape is another or a number is not finite.
    """
    values = np.asarray(rows, np.float64)
    if values.ndim != 2 or values.shape[1] != 3 or not np.isfinite(values).all():
        raise ValueError(f"rows are finite numbers (n, 3), not {values.shape}")
    pitch, duration, offset = (_rounded(column, *limits) for column, limits in zip(values.T, _LIMITS, strict=True))
    start = np.cumsum(offset)
    notes = notes_from_columns(start, start + duration, pitch, velocity)
    tempos: Any = table(TEMPO, [(0, beat_us(tempo))])
    return Score(_TICKS_PER_BEAT, (Track(notes),) if len(notes) else (), tempos)


# Scale, lowest and highest of each number.
_LIMITS = ((1, 0, 127), (_TICKS_PER_BEAT, 1, 64 * _TICKS_PER_BEAT), (_TICKS_PER_BEAT, 0, 64 * _TICKS_PER_BEAT))


def _rounded(values: NDArray[np.float64], scale: int, lowest: int, highest: int) -> Integers:
    return round_half_up(np.clip(values, lowest / scale, highest / scale) * scale)
