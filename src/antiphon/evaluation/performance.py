"""Nine measures of a performance by their right definitions, whole and against position in the piece.

Conventions: notes are `antiphon.evaluation.notes.Notes` with the pedal folded in, times in seconds from the beginning.
A performance has no written beats: a beat is half a second, the 120 a minute of its MIDI files. `length_seconds` is
where the piece ends, by default where its last note ends. Without a note, or without length, a measure is NaN.

Most of these grow with the length of the piece: compare pieces cut to one number of tokens or seconds (`cut`).
Names and abbreviations are those of Muhamed et al. (2021), "Symbolic Music Generation with Transformer-GANs", table 2.
"""

from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.performance import STEPS_PER_SECOND, Performance, performed_notes
from antiphon.evaluation.failures import (
    JOIN_PARTS,
    contrast_at_joins,
    hung_notes,
    longest_silence_seconds,
    repetition,
    token_repetition,
)
from antiphon.evaluation.failures import METRICS as FAILURES
from antiphon.evaluation.measures import Metric
from antiphon.evaluation.notes import Notes
from antiphon.music.score import Score
from antiphon.music.theory import Key

BEATS_PER_SECOND = 2.0
WINDOW, NUM_WINDOWS = 1000, 8
"""Tokens in a window of `by_position`, and how many windows there are at most."""

MAJOR = (0, 2, 4, 5, 7, 9, 11)
_EPSILON = 1e-9

_TABLE = "Muhamed et al. 2021 (Transformer-GAN), table 2"


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


def in_scale_rate(notes: Notes, pitch_classes: Collection[int] = MAJOR) -> float:
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
    scales = (np.array(MAJOR) + np.arange(12)[:, None]) % 12
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


Measure = Callable[[Notes], float]
TimedMeasure = Callable[[Notes, float | None], float]

# What notes that begin in a window say; what everything says that sounds in it, notes from before included.
_BEGUN: dict[str, Measure] = {
    "pitch_classes_used": pitch_classes_used,
    "pitches_used": pitches_used,
    "total_used_pitches": pitches_used,
    "pitch_range": pitch_range,
    "average_pitch_shift": average_pitch_shift,
    "inter_onset_interval": inter_onset_interval,
    "hung_notes": hung_notes,
    "repetition": repetition,
}
_SOUNDING: dict[str, TimedMeasure] = {
    "empty_beat_rate": empty_beat_rate,
    "in_scale_rate/best": lambda notes, _: best_in_scale_rate(notes),
    "in_scale_rate/C major": lambda notes, _: in_scale_rate(notes),
    "polyphonic_rate": polyphonic_rate,
    "longest_silence_seconds": longest_silence_seconds,
}


def performance_metrics(
    piece: Performance,
    prime_tokens: int | None = None,
    *,
    whole: Performance | None = None,
    key: Key | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Every measure of one piece, by column name (`antiphon.evaluation.measures.columns` joins those of many).

    Scalars are (), curves `NAME_by_position` (1, 8), from `by_position`. Contrast is measured where the prime of
    `prime_tokens` tokens ends; without a prime, between adjacent windows of five seconds throughout.

    Parameters
    ----------
    piece
        Cut to the length that is compared.
    prime_tokens
        Tokens that were given; None: none.
    whole
        The piece before it was cut, of which the curves are taken; None: it was not.
    key
        The key that the piece states, for `in_scale_rate/stated`.

    Raises
    ------
    ValueError
        If the prime has no tokens, or is not shorter than the piece.
    """
    if prime_tokens is not None:
        _check_prime(piece, prime_tokens)
    notes, steps = notes_of(piece), piece.steps()
    length = float(steps[-1] / STEPS_PER_SECOND)
    joins = None if prime_tokens is None else [steps[prime_tokens] / STEPS_PER_SECOND]
    values = _measured(notes, notes, piece.tokens, length, key)
    values |= zip(JOIN_PARTS, contrast_at_joins(notes, joins, length), strict=True)
    scalars = {name: np.asarray(value, np.float64) for name, value in values.items()}
    found = by_position(piece if whole is None else whole, key)
    return scalars | {curve_name(name): curve[None] for name, curve in found.items()}


def divided(piece: Performance, tokens: int) -> tuple[Notes, Notes]:
    """The notes of a prime of that many tokens, cut off where it ends, and those that begin after it.

    Raises
    ------
    ValueError
        If the prime has no tokens, or is not shorter than the piece.
    """
    _check_prime(piece, tokens)
    order = np.lexsort((piece.pitch, piece.start_step))
    return notes_of(cut(piece, tokens)), notes_of(piece).only(piece.note_on[order] >= tokens)


def _check_prime(piece: Performance, tokens: int) -> None:
    if not 0 < tokens < len(piece):
        raise ValueError(f"a prime has tokens, and fewer than the piece: not {tokens} of {len(piece)}")


def by_position(piece: Performance, key: Key | None = None) -> dict[str, NDArray[np.float64]]:
    """Each measure in each of the first eight windows of 1,000 tokens, (8,); NaN where the piece is too short.

    What is counted on notes (pitches, intervals, failures) is counted on those that begin in the window; what is a
    share of time takes in the notes held over from before. Contrast is that of the five seconds before a window's
    beginning to the five after it; the first window has none.
    """
    curves: dict[str, NDArray[np.float64]] = {}
    notes, steps = notes_of(piece), piece.steps()
    order = np.lexsort((piece.pitch, piece.start_step))
    note_on = piece.note_on[order]
    edges = steps[::WINDOW][: NUM_WINDOWS + 1] / STEPS_PER_SECOND
    for number in range(len(edges) - 1):
        first, begin, end = number * WINDOW, edges[number], edges[number + 1]
        begun = notes.only((note_on >= first) & (note_on < first + WINDOW))
        sounding = notes.only((note_on < first + WINDOW) & (notes.end_seconds > begin) & (notes.start_seconds < end))
        tokens = piece.tokens[first : first + WINDOW]
        values = _measured(begun, _within(sounding, begin, end), tokens, end - begin, key)
        if number:
            values |= zip(JOIN_PARTS, contrast_at_joins(notes, [begin], edges[-1]), strict=True)
        for name, value in values.items():
            curves.setdefault(name, np.full(NUM_WINDOWS, np.nan))[number] = value
    return curves


def curve_name(name: str) -> str:
    """The column of a measure's curve: `in_scale_rate_by_position/best` of `in_scale_rate/best`."""
    base, slash, part = name.partition("/")
    return f"{base}_by_position{slash}{part}"


def _measured(
    begun: Notes, sounding: Notes, tokens: NDArray[np.int32], length: float, key: Key | None
) -> dict[str, float]:
    values = {name: measure(begun) for name, measure in _BEGUN.items()}
    values |= {name: timed(sounding, length) for name, timed in _SOUNDING.items()}
    values["in_scale_rate/stated"] = np.nan if key is None else in_scale_rate(sounding, key.pitch_classes)
    values["token_repetition"] = token_repetition(tokens)
    return values


def _within(notes: Notes, begin: float, end: float) -> Notes:
    """The part of notes that sounds from `begin` to `end`, on a clock that begins there."""
    return replace(
        notes,
        start_seconds=np.maximum(notes.start_seconds - begin, 0),
        end_seconds=np.minimum(notes.end_seconds, end) - begin,
    )


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


_SCALARS = (
    Metric("pitch_classes_used", "How many of the twelve pitch classes occur (PCU).", _TABLE, "pitch classes"),
    Metric(
        "pitches_used",
        "How many different pitches occur (NPU); of notes, total used pitches (TUP) is the same number and stands "
        "here too.",
        _TABLE,
        "pitches",
    ),
    Metric("total_used_pitches", "How many different pitches occur (TUP).", "Yang and Lerch 2020", "pitches"),
    Metric("empty_beat_rate", "Share of half-second beats in which nothing sounds (EBR).", _TABLE, "%"),
    Metric(
        "in_scale_rate",
        "Share of sounding time on the tones of a scale: the best-fitting major one (best), C major, or that of the "
        "key that the file states at its beginning (stated) (ISR).",
        _TABLE,
        "%",
    ),
    Metric("polyphonic_rate", "Share of time in which more than three pitches sound (PRS).", _TABLE, "%"),
    Metric("pitch_range", "From the lowest pitch to the highest (PR).", "Yang and Lerch 2020", "semitones"),
    Metric(
        "average_pitch_shift",
        "Mean distance in pitch from one note to the next (APS).",
        "Yang and Lerch 2020",
        "semitones",
    ),
    Metric(
        "inter_onset_interval",
        "Mean time from one onset to the next, 0 within a chord (IOI).",
        "Yang and Lerch 2020",
        "s",
    ),
    *FAILURES,
)
_AT_EDGES = (
    "Where each thousand tokens begins: how much notes a second, velocity and mean pitch change from the five seconds "
    "before to those after."
)
METRICS = _SCALARS + tuple(
    replace(
        metric,
        name=curve_name(metric.name),
        sentence=_AT_EDGES
        if metric.name == "contrast_at_joins"
        else f"By thousands of tokens from the beginning: {metric.sentence[0].lower()}{metric.sentence[1:]}",
        kind="curve",
        bins=tuple(f"{number * WINDOW + 1}-{(number + 1) * WINDOW}" for number in range(NUM_WINDOWS)),
    )
    for metric in _SCALARS
)
