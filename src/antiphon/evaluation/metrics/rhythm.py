"""When notes begin and how long they last: on a grid, alike from bar to bar, in which note values.

Conventions: every function takes the `Notes` of one piece and leaves drums out. Times are in beats, so a file without
real beats (a performance at 120 beats a minute) is measured against beats that nobody heard: of it only the densities
in seconds mean something. Onset patterns of bars lie on the grid of 12 steps a beat, the coarsest that has 16ths and
triplets, and an onset goes to the nearest step of its own bar. Bars begin where `Notes.bar_beats` says and there is
none after the end. A piece without what a figure needs has NaN there.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.measures import Metric
from antiphon.evaluation.metrics.histograms import histogram, transitions
from antiphon.evaluation.metrics.melody import events, melody, pitched
from antiphon.evaluation.notes import Notes
from antiphon.music.score import round_half_up

RESOLUTION = 12
"""Steps a beat of a bar's onset pattern."""

TOLERANCE = 1 / 48
"""Beats by which an onset may miss the grid, 10 ms at 120 beats a minute."""

NOTE_VALUES = {
    "whole": 4.0, "half": 2.0, "quarter": 1.0, "8th": 0.5, "16th": 0.25,
    "dotted half": 3.0, "dotted quarter": 1.5, "dotted 8th": 0.75, "dotted 16th": 0.375,
    "half triplet": 4 / 3, "quarter triplet": 2 / 3, "8th triplet": 1 / 3,
}  # fmt: skip
"""Beats of the twelve classes of note lengths (Yang and Lerch 2020, NLH)."""

_GRID = np.array([0, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 5 / 6, 1])
_LONGEST_BAR, _MOST_BARS = 16 * RESOLUTION, 1024
_YANG_LERCH = "Yang and Lerch, On the evaluation of generative models in music, Neural Computing and Applications 2020"


def grid_share(notes: Notes) -> float:
    """Share of the notes that begin within `TOLERANCE` of a 16th, or of a triplet of 8ths or 16ths.

    Onsets anywhere at all have one third, the share of the beat that the tolerance covers.
    """
    within = pitched(notes).start_beat % 1
    place = np.clip(np.searchsorted(_GRID, within), 1, len(_GRID) - 1)
    miss = np.minimum(within - _GRID[place - 1], _GRID[place] - within)
    return _mean(miss <= TOLERANCE + 1e-9)


def onset_patterns(notes: Notes) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """The steps of each bar at which a note begins.

    Returns
    -------
    bool (bars, steps of the longest bar), int64 (bars,): the patterns, and how many steps each bar has; 0 for bars
    longer than 16 beats, which no metre has and which nothing is compared with, and none after the first 1,024 bars.
    """
    notes = pitched(notes)
    lengths = round_half_up(np.diff(notes.bar_beats) * RESOLUTION)[:_MOST_BARS]
    lengths[lengths > _LONGEST_BAR] = 0
    patterns = np.zeros((len(lengths), int(lengths.max(initial=0))), bool)
    bar = notes.bar()
    kept = (bar >= 0) & (bar < len(lengths))
    kept[kept] = lengths[bar[kept]] > 0
    bar = bar[kept]
    step = round_half_up((notes.start_beat[kept] - notes.bar_beats[bar]) * RESOLUTION)
    patterns[bar, np.clip(step, 0, lengths[bar] - 1)] = True
    return patterns, lengths


def onset_self_similarity(notes: Notes) -> float:
    """How far the onset patterns of the bars are alike: the mean Jaccard index over all pairs of sounding bars.

    J(a, b) = |a and b| / |a or b| over the steps at which a note begins in bar a and in bar b, so that steps that are
    empty in both say nothing. Bars without an onset are left out, as are pairs of bars of different length. NaN with
    fewer than two bars to compare.
    """
    patterns, lengths = onset_patterns(notes)
    heard = patterns.any(1)
    kinds, lengths, count = _kinds(patterns[heard], lengths[heard])
    pairs = (lengths[:, None] == lengths[None, :]) * (count[:, None] * count[None, :] - np.diag(count))
    total = pairs.sum()
    return float((_jaccard_matrix(kinds) * pairs).sum() / total) if total else float("nan")


def next_bar_onset_similarity(notes: Notes) -> float:
    """The mean Jaccard index of the onset patterns of a bar and the next, over neighbours of one length of which at
    least one has an onset: `groove_consistency` without the steps at which neither begins a note."""
    first, second, _ = _neighbours(notes)
    union = (first | second).sum(1)
    both = (first & second).sum(1)[union > 0]
    return _mean(both / union[union > 0])


def groove_consistency(notes: Notes) -> float:
    """Mean similarity of the onset patterns of a bar and the next (Wu and Yang 2020, section 5.2, for neighbours).

    GS(a, b) = 1 - (1 / Q) sum over q of a_q xor b_q, with Q the steps of the bar, 48 in 4/4. Steps that are empty in
    both count as agreement, as printed, so that sparse bars score high whatever they play; pairs of bars that are both
    without an onset are left out.
    """
    first, second, steps = _neighbours(notes)
    heard = (first | second).any(1)
    return _mean(1 - (first ^ second)[heard].sum(1) / steps[heard])


def notes_per_beat(notes: Notes) -> float:
    """Number of notes over the beats from the first onset to the last end."""
    notes = pitched(notes)
    return len(notes) / float(notes.end_beat.max() - notes.start_beat[0]) if len(notes) else float("nan")


def notes_per_second(notes: Notes) -> float:
    """Number of notes over the seconds from the first onset to the last end."""
    notes = pitched(notes)
    return len(notes) / float(notes.end_seconds.max() - notes.start_seconds[0]) if len(notes) else float("nan")


def note_values(beats: NDArray[np.float64]) -> NDArray[np.int64]:
    """The class of `NOTE_VALUES` nearest in ratio to each length in beats (n,), in their order; int64 (n,)."""
    values = np.array(list(NOTE_VALUES.values()))
    order = np.argsort(values)
    between = np.sqrt(values[order][1:] * values[order][:-1])
    return np.asarray(order[np.searchsorted(between, beats)], np.int64)


def note_length_histogram(notes: Notes) -> NDArray[np.float64]:
    """Shares (1, 12) of the notes of each length (Yang and Lerch 2020, NLH, without its rests)."""
    notes = pitched(notes)
    return histogram(note_values(notes.end_beat - notes.start_beat), len(NOTE_VALUES))


def inter_onset_histogram(notes: Notes) -> NDArray[np.float64]:
    """Shares (1, 12) of the note values from one onset to the next, notes that begin together being one onset."""
    notes = pitched(notes)
    first = np.diff(events(notes), prepend=-1) > 0
    return histogram(note_values(np.diff(notes.start_beat[first])), len(NOTE_VALUES))


def note_length_transition_matrix(line: Notes) -> NDArray[np.float64]:
    """Shares (1, 144) of the pairs of note lengths that follow each other (Yang and Lerch 2020, NLTM).

    Parameters
    ----------
    line
        Notes of one voice: `melody(notes)`.
    """
    return transitions(note_values(line.end_beat - line.start_beat), len(NOTE_VALUES))


def rhythm_metrics(notes: Notes) -> dict[str, float | NDArray[np.float64]]:
    """Every value of `METRICS` for one piece: scalars, and histograms as rows (1, d)."""
    notes = pitched(notes)
    return {
        "grid_share": grid_share(notes),
        "onset_self_similarity": onset_self_similarity(notes),
        "next_bar_onset_similarity": next_bar_onset_similarity(notes),
        "groove_consistency": groove_consistency(notes),
        "notes_per_beat": notes_per_beat(notes),
        "notes_per_second": notes_per_second(notes),
        "note_length_histogram": note_length_histogram(notes),
        "inter_onset_histogram": inter_onset_histogram(notes),
        "note_length_transition_matrix": note_length_transition_matrix(melody(notes)),
    }


def _kinds(
    patterns: NDArray[np.bool_], lengths: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
    """The different patterns among some, how long each is, and how often it occurs: few, where bars are many."""
    rows = np.column_stack([np.packbits(patterns, axis=1), lengths.astype(np.uint8)])
    _, first, count = np.unique(rows.view(f"V{rows.shape[1]}").ravel(), return_index=True, return_counts=True)
    return patterns[first], lengths[first], count.astype(np.int64)


def _jaccard_matrix(patterns: NDArray[np.bool_]) -> NDArray[np.float64]:
    """J (n, n) of patterns (n, steps) of which each has an onset."""
    steps = patterns.astype(np.float32)
    both = (steps @ steps.T).astype(np.float64)
    sizes = patterns.sum(1)
    return np.asarray(both / (sizes[:, None] + sizes[None, :] - both))


def _neighbours(notes: Notes) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
    """Patterns of bars and of the bars after them, where both have one number of steps, and that number."""
    patterns, lengths = onset_patterns(notes)
    alike = lengths[1:] == lengths[:-1]
    return patterns[:-1][alike], patterns[1:][alike], lengths[1:][alike]


def _mean(values: NDArray[Any]) -> float:
    return float(values.mean()) if len(values) else float("nan")


METRICS = (
    Metric(
        "grid_share",
        "How many notes begin on the grid of 16ths and triplets; onsets anywhere at all have 33 %.",
        "positions of 16ths, 8th and 16th triplets, each within 1/48 beat; rhythmic coherence of Neo and Saleem 2024",
        "%",
    ),
    Metric(
        "onset_self_similarity",
        "How far any two bars of the piece begin their notes at the same places; silent places count for nothing.",
        "Jaccard index of onset patterns at 12 steps a beat, over all pairs of sounding bars",
        "%",
    ),
    Metric(
        "next_bar_onset_similarity",
        "How far a bar begins its notes at the same places as the bar before; silent places count for nothing.",
        "Jaccard index of onset patterns at 12 steps a beat; grooving pattern similarity without shared zeros",
        "%",
    ),
    Metric(
        "groove_consistency",
        "How many places of a bar agree with the bar before on whether a note begins there, silent places included.",
        "Wu and Yang, The Jazz Transformer on the front line, ISMIR 2020, section 5.2, at 12 steps a beat",
        "%",
    ),
    Metric("notes_per_beat", "How many notes begin in a beat.", "notes over beats from first onset to last end"),
    Metric("notes_per_second", "How many notes begin in a second.", "notes over seconds from first onset to last end"),
    Metric(
        "note_length_histogram",
        "How many notes have each length.",
        f"{_YANG_LERCH}, NLH",
        "%",
        "histogram",
        tuple(NOTE_VALUES),
    ),
    Metric(
        "inter_onset_histogram",
        "How often each note value lies between one onset and the next.",
        f"{_YANG_LERCH}, IOI, as a histogram over the classes of NLH",
        "%",
        "histogram",
        tuple(NOTE_VALUES),
    ),
    Metric(
        "note_length_transition_matrix",
        "How often each note length follows each in the melody.",
        f"{_YANG_LERCH}, NLTM",
        "%",
        "histogram",
        tuple(f"{first}, {second}" for first in NOTE_VALUES for second in NOTE_VALUES),
    ),
)
