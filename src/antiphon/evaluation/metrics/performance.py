"""Nine measures of a performance by their right definitions.

Conventions: notes are `antiphon.evaluation.notes.Notes` with the pedal folded in, times in seconds from the beginning.
A performance has no written beats: a beat is half a second, the 120 a minute of its MIDI files. `length_seconds` is
where the piece ends, by default where its last note ends. Without a note, or without length, a measure is NaN.

Most of these grow with the length of the piece: compare pieces cut to one number of tokens or seconds (`cut`).
Names and abbreviations are those of Muhamed et al. (2021), "Symbolic Music Generation with Transformer-GANs", table 2.
"""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.performance import STEPS_PER_SECOND, Performance, performed_notes
from antiphon.evaluation.notes import Notes
from antiphon.music.score import Score
from antiphon.music.theory import SCALES

BEATS_PER_SECOND = 2.0
_EPSILON = 1e-9


def performance_of_score(score: Score) -> Performance:
    """What a score's pitched tracks sound like, pedal included: the codec by itself takes drums for piano keys."""
    return performed_notes(score.with_tracks(tuple(track for track in score.tracks if not track.is_drum)))


def notes_of(performance: Performance) -> Notes:
    """The notes of a performance at two beats a second, in bars of four beats."""
    start, end = performance.start_step / STEPS_PER_SECOND, performance.end_step / STEPS_PER_SECOND
    order = np.lexsort((performance.pitch, performance.start_step))
    length = performance.num_steps / STEPS_PER_SECOND * BEATS_PER_SECOND
    num = len(order)
    return Notes(
        start_seconds=start[order],
        end_seconds=end[order],
        start_beat=start[order] * BEATS_PER_SECOND,
        end_beat=end[order] * BEATS_PER_SECOND,
        pitch=performance.pitch[order],
        velocity=performance.velocity[order],
        track=np.zeros(num, np.int64),
        is_drum=np.zeros(num, bool),
        bar_beats=4 * np.arange(int(np.ceil(length / 4)) + 1, dtype=np.float64),
    )


def cut(performance: Performance, tokens: int | None = None, seconds: float | None = None) -> Performance:
    """The beginning of a piece, as many tokens or seconds of it as are asked for; notes that sound there end there.

    Raises
    ------
    ValueError
        If not exactly one length is given, or a negative one.
    """
    if tokens is not None and seconds is None:
        return performance.first(tokens)
    if seconds is not None and tokens is None:
        return performance.first_seconds(seconds)
    raise ValueError("a cut needs a number of tokens or of seconds, one of them")


def pitch_classes_used(notes: Notes) -> float:
    """PCU: the number of pitch classes (of 12) that occur."""
    return float(len(np.unique(notes.pitch % 12))) if len(notes) else np.nan


def pitches_used(notes: Notes) -> float:
    """NPU: the number of pitches that occur. On notes, total used pitches (TUP, Yang and Lerch 2020) is the same."""
    return float(len(np.unique(notes.pitch))) if len(notes) else np.nan


def empty_beat_rate(notes: Notes, length_seconds: float | None = None) -> float:
    """EBR: the share of beats in which nothing sounds, of those from 0 to the end, a last part of a beat included."""
    num_beats = int(np.ceil(_length(notes, length_seconds) * BEATS_PER_SECOND - _EPSILON))
    if num_beats <= 0:
        return np.nan
    first = np.floor(notes.start_seconds * BEATS_PER_SECOND + _EPSILON).astype(np.int64)
    after = np.ceil(notes.end_seconds * BEATS_PER_SECOND - _EPSILON).astype(np.int64)
    edges = np.bincount(first, minlength=num_beats + 1)[: num_beats + 1].astype(np.int64)
    edges -= np.bincount(np.minimum(after, num_beats), minlength=num_beats + 1)
    return float((np.cumsum(edges)[:-1] == 0).mean())


def pitch_class_seconds(notes: Notes) -> NDArray[np.float64]:
    """Seconds (12,) in which each pitch class sounds, summed over its pitches."""
    start, end, pitch = sounding_spans(notes)
    return np.bincount(pitch % 12, end - start, minlength=12).astype(np.float64)


def in_scale_rate(notes: Notes, pitch_classes: Collection[int] = SCALES["major"]) -> float:
    """ISR: the share of the time of all sounding pitches that lies in a scale, given by its pitch classes.

    The limit of the share of a piano roll's non-zero entries as its grid becomes finer.
    """
    if not pitch_classes or any(not 0 <= int(c) < 12 for c in pitch_classes):
        raise ValueError(f"a scale is pitch classes from 0 to 11, not {list(pitch_classes)}")
    weight = pitch_class_seconds(notes)
    return float(weight[sorted(set(pitch_classes))].sum() / weight.sum()) if weight.sum() else np.nan


def best_in_scale_rate(notes: Notes) -> float:
    """ISR under the best-fitting of the twelve major scales; natural minor ones hold the same pitch classes."""
    weight = pitch_class_seconds(notes)
    scales = (np.array(SCALES["major"]) + np.arange(12)[:, None]) % 12
    return float(weight[scales].sum(1).max() / weight.sum()) if weight.sum() else np.nan


def polyphonic_rate(notes: Notes, length_seconds: float | None = None, threshold: int = 3) -> float:
    """PRS: the share of time in which *more than* `threshold` pitches sound (three by default, as the paper says).

    Silence counts as time. A pitch that two notes sound at once counts once.
    """
    length = _length(notes, length_seconds)
    if length <= 0:
        return np.nan
    start, end, _ = sounding_spans(notes)
    times = np.concatenate([start, end])
    order = np.argsort(times, kind="stable")
    sounding = np.cumsum(np.where(order < len(start), 1, -1))[:-1]
    lasts = np.diff(times[order])
    return float(lasts[sounding > threshold].sum() / length)


def pitch_range(notes: Notes) -> float:
    """PR: semitones from the lowest pitch to the highest."""
    return float(np.ptp(notes.pitch)) if len(notes) else np.nan


def average_pitch_shift(notes: Notes) -> float:
    """APS: mean semitones, up or down, from one note to the next in order of onset, then pitch."""
    return float(np.abs(np.diff(notes.pitch)).mean()) if len(notes) > 1 else np.nan


def inter_onset_interval(notes: Notes) -> float:
    """IOI: mean seconds from one onset to the next; within a chord it is 0."""
    return float(np.diff(notes.start_seconds).mean()) if len(notes) > 1 else np.nan


def _length(notes: Notes, length_seconds: float | None) -> float:
    last = float(notes.end_seconds.max(initial=0))
    if length_seconds is not None and length_seconds < last - _EPSILON:
        raise ValueError(f"notes sound until {last:g} s, after the end of the piece at {length_seconds:g} s")
    return last if length_seconds is None else length_seconds


def sounding_spans(notes: Notes) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Start and end in seconds, and pitch, of what sounds, no pitch twice at once; by pitch, then start."""
    order = np.lexsort((notes.start_seconds, notes.pitch))
    start, end, pitch = notes.start_seconds[order], notes.end_seconds[order], notes.pitch[order]
    if not ((pitch[1:] == pitch[:-1]) & (start[1:] < end[:-1])).any():
        return start, end, pitch
    # Pitches laid out one after the other on a line of time, so that one running maximum serves them all.
    place = pitch * (float(end.max()) + 1)
    taken = np.maximum.accumulate(place + end)[:-1] - place[1:]
    start[1:] = np.maximum(start[1:], taken)
    kept = end > start
    return start[kept], end[kept], pitch[kept]
