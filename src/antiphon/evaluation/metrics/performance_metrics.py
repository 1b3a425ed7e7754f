"""What is measured of a performance, with its words: the nine measures and the failures, whole and against position.

Conventions as in `antiphon.evaluation.metrics.performance`.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.performance import STEPS_PER_SECOND, Performance
from antiphon.evaluation.measures import Metric
from antiphon.evaluation.metrics.failures import (
    JOIN_PARTS,
    contrast_at_joins,
    hung_notes,
    longest_silence_seconds,
    repetition,
    token_repetition,
)
from antiphon.evaluation.metrics.failures import METRICS as FAILURES
from antiphon.evaluation.metrics.performance import (
    average_pitch_shift,
    best_in_scale_rate,
    cut,
    empty_beat_rate,
    in_scale_rate,
    inter_onset_interval,
    notes_of,
    pitch_classes_used,
    pitch_range,
    pitches_used,
    polyphonic_rate,
)
from antiphon.evaluation.notes import Notes
from antiphon.music.theory import Key

WINDOW, NUM_WINDOWS = 1000, 8
"""Tokens in a window of `by_position`, and how many windows there are at most."""

_TABLE = "Muhamed et al. 2021 (Transformer-GAN), table 2"

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
