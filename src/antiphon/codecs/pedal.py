"""What a score's notes sound like under the sustain pedal, by the rules of the published reader of performances.

The rules are those of magenta's note-seq (`apply_sustain_control_changes`) on notes as pretty_midi reads them.
"""

import numpy as np
from numpy.typing import NDArray

from antiphon.music.score import PEDAL, Score

_NEVER = np.iinfo(np.int64).max


def sounding_notes(score: Score) -> tuple[NDArray[np.int64], ...]:
    """Start, end, pitch and velocity of every note, in ticks, by track, each track under its own pedal."""
    pedals = [track.controls[track.controls["number"] == PEDAL] for track in score.tracks]
    last = max([score.end, *(int(pedal["tick"].max(initial=0)) for pedal in pedals)])
    parts = [_pedalled(_struck(track.notes), pedal, last) for track, pedal in zip(score.tracks, pedals, strict=True)]
    table = np.concatenate([np.empty((4, 0), np.int64), *parts], axis=1)
    return tuple(table)


def _struck(notes: NDArray[np.void]) -> NDArray[np.int64]:
    """Start, end, pitch and velocity (4, n) by pitch, then start, of notes that any note-off of their pitch ends.

    A Score's note lasts until a note-off of its own; the published reader lets one note-off end all that sounds.
    """
    columns = np.stack([notes[name].astype(np.int64) for name in ("start", "end", "pitch", "velocity")])
    columns = columns[:, np.argsort(columns[2] * 2**40 + columns[0], kind="stable")]
    start, end, pitch, _ = columns
    if not (np.diff(pitch * 2**40) + start[1:] - end[:-1] < 0).any():
        return columns[:, end > start]
    ends = np.sort(pitch * 2**40 + end)
    following = np.searchsorted(ends, pitch * 2**40 + start, side="right")
    kept = end > start
    columns[1, kept] = ends[following[kept]] - pitch[kept] * 2**40
    return columns[:, kept]


def _pedalled(notes: NDArray[np.int64], pedal: NDArray[np.void], last: int) -> NDArray[np.int64]:
    """Notes (4, n) by pitch, then start, as the pedal lets them sound: the same, with other ends.

    A note that ends while the pedal is down sounds until the pedal goes up, or, where it never does, until `last`, the
    piece's last event. But a note struck under the pedal ends what still sounds of its pitch; of two struck together
    the first is left out. At one tick the pedal comes before notes, down before up.
    """
    start, end, pitch, velocity = notes
    changes = _pedal_changes(pedal)
    if not len(changes):
        return notes
    at_start, at_end = (np.searchsorted(changes, ticks, side="right") for ticks in (start, end))
    # Changes go down, up, down, up: after an odd number of them the pedal is down, and the next one lets go.
    sounding_end = np.where(at_end % 2 == 1, np.append(changes, last)[at_end], end)
    struck = np.flatnonzero(at_start % 2 == 1)
    following = np.append(struck, 0)[np.searchsorted(struck, np.arange(len(start)), side="right")]
    again = np.where((following > np.arange(len(start))) & (pitch[following] == pitch), start[following], _NEVER)
    sounding_end = np.minimum(sounding_end, again)
    kept = sounding_end > start
    return np.stack([start, sounding_end, pitch, velocity])[:, kept]


def _pedal_changes(pedal: NDArray[np.void]) -> NDArray[np.int64]:
    """Ticks at which the pedal goes down, up, down and so on; what goes down and up at one tick is up."""
    ticks = pedal["tick"].astype(np.int64)
    first = np.flatnonzero(np.diff(ticks, prepend=-1))
    if not len(first):
        return ticks
    down = np.logical_and.reduceat(pedal["value"] >= 64, first)
    return ticks[first][np.diff(down, prepend=False)]


def published_seconds(score: Score, ticks: NDArray[np.int64]) -> NDArray[np.float64]:
    """Seconds of ticks in the published reader's arithmetic.

    Times half-way between two steps are common (1 of 192 in MAESTRO), and its last bit decides where they go;
    `Score.seconds` is exact, and rounds some of them the other way.
    """
    tempos = score.tempos
    beat_us = np.append(500_000, tempos["beat_us"])
    starts = np.append(0, tempos["tick"].astype(np.int64))
    last = np.append(starts[1:] != starts[:-1], True)
    starts, scale = starts[last], 60.0 / ((6e7 / beat_us[last]) * score.ticks_per_beat)
    changed = np.append(True, scale[1:] != scale[:-1])
    starts, scale = starts[changed], scale[changed]
    if len(starts) == 1:
        return np.asarray(scale[0] * ticks)
    begins = np.zeros(len(starts))
    for change in range(1, len(starts)):
        begins[change] = begins[change - 1] + scale[change - 1] * (starts[change] - starts[change - 1])
    row = np.searchsorted(starts, ticks, side="right") - 1
    return np.asarray(begins[row] + scale[row] * (ticks - starts[row]))
