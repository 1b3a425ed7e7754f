"""How much of a piece comes back: bars, passages of the melody, whole pieces of a set.

Conventions: drums are left out. Onsets and lengths are rounded to 12 steps a beat, the coarsest grid that has 16ths and
triplets, so that a performance, whose notes never fall alike twice, repeats nothing. A bar is the set of what begins in
it: (step of the bar, pitch, length); velocity and track do not matter. A melody is the sequence of its moves: interval
to the next note, steps until it. NaN stands for what a piece lacks.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.measures import Metric
from antiphon.evaluation.metrics.melody import melody, pitched
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.suffixes import Suffixes
from antiphon.music.score import round_half_up

RESOLUTION = 12
"""Steps a beat."""

LAGS = 16
"""Bars up to which `self_similarity` looks ahead."""

WINDOW = 32
"""Moves of the melody over which different ones are counted."""

_LONGEST = 4095


def bar_repetition(keys: NDArray[np.uint64]) -> float:
    """Share of the bars, all but the first, that equal an earlier one: (n - different bars) / (n - 1).

    Parameters
    ----------
    keys
        (n,) of `bar_keys`: the same number for the same bar.
    """
    return (len(keys) - len(np.unique(keys))) / (len(keys) - 1) if len(keys) > 1 else float("nan")


def next_bar_repetition(keys: NDArray[np.uint64]) -> float:
    """Share of the bars, all but the first, that equal the one before; silent bars between them do not count."""
    return float((keys[1:] == keys[:-1]).mean()) if len(keys) > 1 else float("nan")


def bar_keys(notes: Notes, transposed: bool = False) -> NDArray[np.uint64]:
    """A number (n,) for each bar in which a note begins, in order: equal for equal bars, and for others by a chance of
    one in 2 ** 64 a pair.

    Parameters
    ----------
    transposed
        Whether bars are equal that differ by transposition: pitches are counted from the lowest of the bar.
    """
    notes, bar = _in_bars(notes)
    if not len(notes):
        return np.empty(0, np.uint64)
    return _keys(notes, notes.start_beat - notes.bar_beats[bar], np.flatnonzero(np.diff(bar, prepend=-1)), transposed)


def self_similarity(notes: Notes) -> NDArray[np.float64]:
    """How far bars are alike that are 1 to 16 bars apart, (1, 16); NaN where the piece is too short.

    The mean Jaccard index of the sets of (step, pitch) that begin in bar b and in bar b + lag, over the pairs of which
    at least one sounds: the diagonals of a self-similarity matrix (Foote 1999) of bars.
    """
    notes, bar = _in_bars(notes)
    step = round_half_up((notes.start_beat - notes.bar_beats[bar]) * RESOLUTION) if len(notes) else bar
    token = step * 128 + notes.pitch - notes.pitch.min(initial=127)
    places = np.unique(token * notes.num_bars + bar)
    sizes = np.bincount(places % max(notes.num_bars, 1), minlength=notes.num_bars)
    shared = _shared(places, notes.num_bars)
    return np.array([[_jaccard(shared[:, lag], sizes, lag) for lag in range(1, LAGS + 1)]])


def moves(line: Notes) -> NDArray[np.int64]:
    """The moves (n - 1,) of one voice as numbers: interval to the next note and steps until it, equal where both are.

    Parameters
    ----------
    line
        Notes of one voice: `melody(notes)`.
    """
    steps = np.minimum(round_half_up(np.diff(line.start_beat) * RESOLUTION), _LONGEST)
    return np.asarray((np.diff(line.pitch) + 127) * (_LONGEST + 1) + steps, np.int64)


def distinct_ngrams(melodic: NDArray[np.int64], n: int) -> float:
    """Number of different runs of n moves over the number of runs, in stretches of 32 runs, on average (distinct-n of
    Li et al. 2016; in stretches of one length, because the share falls as a text gets longer).

    NaN where the melody has fewer than 32 runs.
    """
    if n < 1:
        raise ValueError(f"a run has at least one move, not {n}")
    _, codes = np.unique(melodic, return_inverse=True)
    runs = codes[: max(len(codes) - n + 1, 0)]
    for k in range(1, n):
        _, runs = np.unique(runs * len(codes) + codes[k : k + len(runs)], return_inverse=True)
    stretches = np.sort(runs[: len(runs) // WINDOW * WINDOW].reshape(-1, WINDOW), axis=1)
    if not len(stretches):
        return float("nan")
    return float(((np.diff(stretches, axis=1) > 0).sum(1) + 1).mean() / WINDOW)


def longest_repeated_passage(melodic: NDArray[np.int64]) -> float:
    """Moves of the longest passage of the melody that comes again, transposed or not, without overlapping itself; 0
    where no move comes twice. NaN for a melody of fewer than two moves."""
    if len(melodic) < 2:
        return float("nan")
    _, codes = np.unique(melodic, return_inverse=True)
    suffixes = Suffixes.of(np.append(codes, -1), len(codes) // 2 + 1)
    # Suffixes that share a passage stand side by side in their order.
    order = suffixes.order[suffixes.order < len(codes)].astype(np.int64)
    common = suffixes.common(order[:-1], order[1:])
    # What repeats at one length repeats at every smaller one.
    least, most = 0, min(len(codes) // 2, int(common.max()))
    while least < most:
        length = (least + most + 1) // 2
        least, most = (length, most) if _comes_again(order, common, length) else (least, length - 1)
    return float(least)


def duplicate_rate(pieces: Sequence[Notes]) -> float:
    """Share of the pieces of a set that have an equal in it, up to transposition and silence before the first note.

    NaN for a set of fewer than two pieces with notes; silent pieces are left out.
    """
    keys = [_piece_key(pitched(notes)) for notes in pieces if len(pitched(notes))]
    _, counts = np.unique(np.array(keys, np.uint64), return_counts=True)
    return float(counts[counts > 1].sum() / len(keys)) if len(keys) > 1 else float("nan")


def structure_metrics(notes: Notes) -> dict[str, float | NDArray[np.float64]]:
    """Every value of `METRICS` for one piece: scalars, and curves as rows (1, d)."""
    notes = pitched(notes)
    keys, melodic = bar_keys(notes), moves(melody(notes))
    passage = longest_repeated_passage(melodic)
    return {
        "bar_repetition": bar_repetition(keys),
        "transposed_bar_repetition": bar_repetition(bar_keys(notes, transposed=True)),
        "next_bar_repetition": next_bar_repetition(keys),
        "self_similarity": self_similarity(notes),
        **{f"distinct_{n}": distinct_ngrams(melodic, n) for n in (1, 2, 3, 4)},
        "longest_repeated_passage": passage,
        "longest_repeated_share": passage / (len(melodic) // 2) if len(melodic) > 1 else float("nan"),
    }


def _in_bars(notes: Notes) -> tuple[Notes, NDArray[np.int64]]:
    """The pitched notes that begin in a bar, and their bars."""
    notes = pitched(notes)
    bar = notes.bar()
    kept = (bar >= 0) & (bar < notes.num_bars)
    return notes.only(kept), bar[kept]


def _keys(notes: Notes, onset: NDArray[np.float64], groups: NDArray[np.int64], transposed: bool) -> NDArray[np.uint64]:
    """A number for each group of notes, that begins at each index of `groups`, from onsets in beats, pitches and
    lengths."""
    pitch = notes.pitch
    if transposed:
        pitch = pitch - np.repeat(np.minimum.reduceat(pitch, groups), np.diff(groups, append=len(pitch)))
    length = np.clip(round_half_up((notes.end_beat - notes.start_beat) * RESOLUTION), 1, _LONGEST)
    code = (round_half_up(onset * RESOLUTION) * (_LONGEST + 1) + length) * 1024 + pitch
    # Sums do not depend on the order of notes.
    return np.asarray(np.add.reduceat(_mixed(code.astype(np.uint64)), groups), np.uint64)


def _mixed(codes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Codes as 64 bits that look random, the same for the same code (the finalizer of Steele et al. 2014, SplitMix)."""
    mixed = codes + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _piece_key(notes: Notes) -> int:
    return int(_keys(notes, notes.start_beat - notes.start_beat[0], np.zeros(1, np.int64), transposed=True)[0])


def _shared(places: NDArray[np.int64], num_bars: int) -> NDArray[np.int64]:
    """How many tokens each bar and the one `lag` bars after it have in common, (bars, LAGS + 1).

    `places` are token times number of bars plus bar, ascending: a token comes back `lag` bars later where two places
    differ by `lag`. Places of different tokens differ by it only where that bar would lie after the end.
    """
    width = LAGS + 1
    counts = np.zeros(num_bars * width, np.int64)
    for shift in range(1, width):
        lag = places[shift:] - places[:-shift]
        near = np.flatnonzero(lag <= LAGS)
        if not len(near):
            break
        counts += np.bincount(places[near] % num_bars * width + lag[near], minlength=len(counts))
    return counts.reshape(num_bars, width)


def _jaccard(shared: NDArray[np.int64], sizes: NDArray[np.int64], lag: int) -> float:
    """Mean Jaccard index of bars (n,) and those `lag` bars after them, from what they share and how much each has."""
    both = shared[: max(len(sizes) - lag, 0)]
    union = sizes[: len(both)] + sizes[lag:] - both
    return float((both[union > 0] / union[union > 0]).mean()) if union.any() else float("nan")


def _comes_again(order: NDArray[np.int64], common: NDArray[np.int64], length: int) -> bool:
    """Whether a passage of `length` symbols begins at two places at least that far apart.

    Parameters
    ----------
    order, common
        Positions (n,) in the order of their suffixes, and how much each (n - 1,) shares with the next.
    """
    groups = np.flatnonzero(np.append(True, common < length))
    spread = np.maximum.reduceat(order, groups) - np.minimum.reduceat(order, groups)
    return bool((spread >= length).any())


_REPETITION = "share of equal bars; beside the repetitions that human pieces of the corpus have"

METRICS = (
    Metric("bar_repetition", "How many bars are the same, note for note, as an earlier one.", _REPETITION, "%"),
    Metric(
        "transposed_bar_repetition",
        "How many bars are the same as an earlier one, perhaps higher or lower.",
        _REPETITION,
        "%",
    ),
    Metric("next_bar_repetition", "How many bars are the same, note for note, as the one before.", _REPETITION, "%"),
    Metric(
        "self_similarity",
        "How many of their notes bars have in common that are one bar apart, two, and so on up to sixteen.",
        "Foote, Visualizing music and audio using self-similarity, ACM Multimedia 1999; Jaccard index of bars",
        "%",
        "curve",
        tuple(f"{lag} bar{'s' * (lag > 1)}" for lag in range(1, LAGS + 1)),
    ),
    *(
        Metric(
            f"distinct_{n}",
            f"How many of 32 successive runs of {n} melodic move{'s' * (n > 1)} (interval and time to the next note) "
            "are different ones.",
            f"Li et al., A diversity-promoting objective function for neural conversation models, 2016, distinct-{n}",
            "%",
        )
        for n in (1, 2, 3, 4)
    ),
    Metric(
        "longest_repeated_passage",
        "How many moves the longest passage of the melody has that comes again, transposed or not.",
        "longest repeated substring without overlap, of intervals and times between onsets",
        "moves",
    ),
    Metric(
        "longest_repeated_share",
        "How much of half the melody the longest passage takes that comes again: all of it where the piece is played "
        "twice.",
        "longest repeated substring without overlap, over half the melody",
        "%",
    ),
)

SET_METRICS = (
    Metric(
        "duplicate_rate",
        "How many pieces of the set are the same as another of it, perhaps transposed.",
        "share of pieces with an equal in the set",
        "%",
    ),
)
