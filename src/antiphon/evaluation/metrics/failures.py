"""The ways in which long generated performances fail: hung notes, repetition, silence, sudden contrast.

Muhamed et al. (2021), "Symbolic Music Generation with Transformer-GANs", section 1, name them ("forgets to switch off
notes", "highly repetitive songs, sections that are almost empty, and discordant jumps between contrasting phrases") and
measure none. The definitions are this project's. Conventions as in `antiphon.evaluation.metrics.performance`.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from antiphon.evaluation.measures import Metric
from antiphon.evaluation.notes import Notes

HUNG_SECONDS = 10.0
"""One of a thousand notes of MAESTRO's training pieces sounds as long, its pedal included."""

NOTES_ALIKE = 8
TOKENS_ALIKE = 16
JOIN_SECONDS = 5.0
JOIN_PARTS = ("contrast_at_joins/density", "contrast_at_joins/velocity", "contrast_at_joins/register")

_SECTION = "Muhamed et al. 2021 (Transformer-GAN), section 1; definition of this project"
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


def hung_notes(notes: Notes, seconds: float = HUNG_SECONDS) -> float:
    """Share of notes that sound for `seconds` or longer, as notes do whose end is forgotten."""
    return float((notes.end_seconds - notes.start_seconds >= seconds - 1e-9).mean()) if len(notes) else np.nan


def repetition(notes: Notes, num_alike: int = NOTES_ALIKE) -> float:
    """Share of notes that lie in a passage whose `num_alike` successive pitches occur elsewhere in the piece too.

    Notes stand in order of onset, then pitch; the two passages may overlap, so that a trill counts. NaN for a piece
    with fewer than `num_alike + 1` notes, in which nothing can occur twice.
    """
    return _covered(notes.pitch, num_alike)


def token_repetition(tokens: NDArray[np.integer], num_alike: int = TOKENS_ALIKE) -> float:
    """Share of tokens that lie in a run of `num_alike` tokens that occurs elsewhere in the piece too.

    Played music, timed to 10 ms, hardly ever repeats itself so exactly: what does is a loop.
    """
    return _covered(np.asarray(tokens), num_alike)


def longest_silence_seconds(notes: Notes, length_seconds: float | None = None) -> float:
    """The longest time, from 0 to the end of the piece, in which nothing sounds."""
    last = float(notes.end_seconds.max(initial=0))
    length = last if length_seconds is None else length_seconds
    if length <= 0:
        return np.nan
    heard_until = np.append(0.0, np.maximum.accumulate(notes.end_seconds))
    return float(max((np.append(notes.start_seconds, length) - heard_until).max(), 0.0))


def contrast_at_joins(
    notes: Notes,
    joins_seconds: ArrayLike | None = None,
    length_seconds: float | None = None,
    window_seconds: float = JOIN_SECONDS,
) -> NDArray[np.float64]:
    """How much the music differs after a join from before it, mean over joins (3,): density in notes a second,
    velocity, register in semitones.

    Each is the absolute difference between the notes that begin in the `window_seconds` before the join and in those
    after it: their number, their mean velocity, their mean pitch. Joins lie where they are stated (where a prime ends
    and its continuation begins); without a statement, at every multiple of `window_seconds`, which says what is usual
    within a piece. A join that has no whole window on each side is left out; so is, for velocity and register, one
    with no note on one side. NaN where none is left.
    """
    if not window_seconds > 0:
        raise ValueError(f"a window lasts more than 0 seconds, not {window_seconds}")
    length = float(notes.end_seconds.max(initial=0)) if length_seconds is None else length_seconds
    everywhere = window_seconds * np.arange(1, max(int(length / window_seconds), 1))
    joins = everywhere if joins_seconds is None else np.atleast_1d(np.asarray(joins_seconds, np.float64))
    joins = joins[(joins >= window_seconds - 1e-9) & (joins <= length - window_seconds + 1e-9)]
    edges = np.searchsorted(notes.start_seconds, joins + window_seconds * np.array([[-1], [0], [1]]) - 1e-9)
    num = np.diff(edges, axis=0)
    density = np.abs(np.diff(num, axis=0))[0] / window_seconds
    heard = (num > 0).all(0)
    parts = [density, *(_change(values, edges[:, heard]) for values in (notes.velocity, notes.pitch))]
    return np.array([part.mean() if len(part) else np.nan for part in parts])


def _change(values: NDArray[np.int64], edges: NDArray[np.int64]) -> NDArray[np.float64]:
    """Difference (joins,) of the means between edges (3, joins)."""
    sums = np.append(0, np.cumsum(values))[edges]
    return np.asarray(np.abs(np.diff(np.diff(sums, axis=0) / np.diff(edges, axis=0), axis=0))[0])


def _covered(line: NDArray[np.integer], num_alike: int) -> float:
    """Share of a line's entries that lie in a run of `num_alike` that occurs twice or more."""
    if num_alike < 1:
        raise ValueError(f"a run holds one entry or more, not {num_alike}")
    num_runs = len(line) - num_alike + 1
    if num_runs < 2:
        return np.nan
    # Runs by a 64-bit hash: among 100,000 of them, two unlike ones agree once in some 10^9 pieces.
    code = np.zeros(num_runs, np.uint64)
    entry = (line.astype(np.uint64) + np.uint64(1)) * _FACTOR
    entry ^= entry >> np.uint64(29)
    for offset in range(num_alike):
        code = code * _FACTOR + entry[offset : offset + num_runs]
        code ^= code >> np.uint64(32)
    order = np.argsort(code)
    same = np.diff(code[order]) == 0
    twice = np.zeros(num_runs, bool)
    twice[order] = np.append(False, same) | np.append(same, False)
    edges = np.zeros(len(line) + 1, np.int64)
    edges[:num_runs] += twice
    edges[num_alike:] -= twice
    return float((np.cumsum(edges)[:-1] > 0).mean())


METRICS: Sequence[Metric] = (
    Metric("hung_notes", "Share of notes that sound for ten seconds or longer.", _SECTION, "%"),
    Metric("repetition", "Share of notes in passages of eight pitches that occur twice or more.", _SECTION, "%"),
    Metric("token_repetition", "Share of tokens in runs of sixteen that occur twice or more.", _SECTION, "%"),
    Metric("longest_silence_seconds", "The longest time in which nothing sounds.", _SECTION, "s"),
    Metric(
        "contrast_at_joins",
        "How much notes a second, velocity and mean pitch change from the five seconds before a join to those after.",
        _SECTION,
    ),
)
