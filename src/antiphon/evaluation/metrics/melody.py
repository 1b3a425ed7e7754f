"""The melody of a piece: the upper line of the track that carries it.

The track is the highest of those that are nearly one-voiced, or else the highest of all, as
`antiphon.codecs.melody.melody_track` has it for tracks without names. A note of that track belongs to the melody where
nothing higher sounds at its middle and nothing higher begins together with it: the skyline of Uitdenbogerd and Zobel
(Manipulation of Music for Melody Matching, 1998), less the accompaniment that is struck under a held tune. It depends
on how the notes are spread over tracks: compare music of one layout.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.notes import Notes

TOGETHER_SECONDS = 0.03
"""Onsets closer than this are one event, so that a chord that is played is a chord."""

_ONE_VOICED = 0.1


@lru_cache(maxsize=1)
def pitched(notes: Notes) -> Notes:
    """The notes without drums; the same object for the same piece, so that what is known of it can be kept."""
    return notes.only(~notes.is_drum) if notes.is_drum.any() else notes


@lru_cache(maxsize=1)
def melody(notes: Notes) -> Notes:
    """The notes of the melody, each cut off where the next begins."""
    return _cut(notes.only(np.flatnonzero(melody_mask(notes))))


@lru_cache(maxsize=1)
def melody_mask(notes: Notes) -> NDArray[np.bool_]:
    """Which notes (n,) belong to the melody; drums do not. Read-only: the last answer is kept."""
    own = np.flatnonzero(melody_track_mask(notes))
    line = notes.only(own)
    kept = _uncovered(line) & _highest_of_those_together(line)
    mask = np.zeros(len(notes), bool)
    mask[own[kept]] = True
    mask.setflags(write=False)
    return mask


def melody_track_mask(notes: Notes) -> NDArray[np.bool_]:
    """Which notes (n,) stand in the track that carries the melody."""
    tracks = np.unique(notes.track[~notes.is_drum])
    masks = [(notes.track == track) & ~notes.is_drum for track in tracks]
    if len(masks) < 2:
        return ~notes.is_drum
    single = [mask for mask in masks if _overlap_share(notes.only(mask)) < _ONE_VOICED]
    return max(single or masks, key=lambda mask: float(notes.pitch[mask].mean()))


def events(notes: Notes) -> NDArray[np.int64]:
    """The number of the event (n,) that each note belongs to: notes that begin together are one event."""
    apart = np.diff(notes.start_seconds, prepend=-np.inf) > TOGETHER_SECONDS
    return np.cumsum(apart) - 1


def _highest_of_those_together(notes: Notes) -> NDArray[np.bool_]:
    event = events(notes)
    order = np.lexsort((-notes.pitch, event))
    first = np.diff(event[order], prepend=-1) > 0
    mask = np.zeros(len(notes), bool)
    mask[order[first]] = True
    return mask


def _uncovered(notes: Notes) -> NDArray[np.bool_]:
    """Whether nothing higher sounds at the middle of each note."""
    middle = (notes.start_beat + notes.end_beat) / 2
    times, place = np.unique(middle, return_inverse=True)
    if not len(times):
        return np.empty(0, bool)
    lowest = int(notes.pitch.min())
    row = notes.pitch - lowest
    width = len(times) + 1
    begin, end = np.searchsorted(times, notes.start_beat), np.searchsorted(times, notes.end_beat)
    size = (int(row.max()) + 1) * width
    edges = np.bincount(row * width + begin, minlength=size) - np.bincount(row * width + end, minlength=size)
    sounding = np.cumsum(edges.astype(np.int32).reshape(-1, width), axis=1, dtype=np.int32) > 0
    top = len(sounding) - 1 - sounding[::-1].argmax(0)
    return np.asarray(top[place] <= row)


def _overlap_share(notes: Notes) -> float:
    """Share of notes that begin before an earlier one has ended by more than a quarter of their own length."""
    if len(notes) < 2:
        return 0.0
    latest = np.maximum.accumulate(notes.end_beat)[:-1]
    return float((latest - notes.start_beat[1:] > 0.25 * (notes.end_beat - notes.start_beat)[1:]).mean())


def _cut(line: Notes) -> Notes:
    end_beat, end_seconds = line.end_beat.copy(), line.end_seconds.copy()
    end_beat[:-1] = np.minimum(end_beat[:-1], line.start_beat[1:])
    end_seconds[:-1] = np.minimum(end_seconds[:-1], line.start_seconds[1:])
    return replace(line, end_beat=end_beat, end_seconds=end_seconds)
