"""How a melody is built: bars that come back after four bars and after eight, and how its last note ends it.

Conventions: as of `antiphon.evaluation.metrics.structure`, of the melody alone, for accompaniments repeat where tunes
do not. Pairs of bars count where a note begins in both. The tonic is that of the best-fitting key of the whole piece.
NaN stands for what a piece lacks.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.measures import Metric
from antiphon.evaluation.metrics.melody import melody, pitched
from antiphon.evaluation.metrics.pitch import best_key
from antiphon.evaluation.metrics.structure import bar_keys, self_similarity
from antiphon.evaluation.notes import Notes
from antiphon.music.theory import Key

PHRASES: Sequence[int] = (4, 8)
"""Bars after which repetition is looked for."""


def bars_back(line: Notes, lag: int, rhythm: bool = False) -> float:
    """Share of the bars that equal the bar `lag` bars before them.

    Parameters
    ----------
    line
        Notes of one voice.
    rhythm
        Whether bars are equal whose notes begin together and last as long, whatever their pitches.
    """
    if lag < 1:
        raise ValueError(f"a bar is held against one before it, not against one {lag} bars before")
    bar = line.bar()
    kept = (bar >= 0) & (bar < line.num_bars)
    keys = np.zeros(line.num_bars, np.uint64)
    there = np.unique(bar[kept])
    sounds = np.isin(np.arange(line.num_bars), there)
    keys[there] = bar_keys(replace(line, pitch=np.zeros_like(line.pitch)) if rhythm else line)
    both = sounds[lag:] & sounds[:-lag]
    return float((keys[lag:] == keys[:-lag])[both].mean()) if both.any() else float("nan")


def similarity_peak(line: Notes, lag: int) -> float:
    """How far bars are alike that are `lag` bars apart, beyond those that are one bar more or less apart: the peak at
    `lag` of `antiphon.evaluation.metrics.structure.self_similarity`, from -1 to 1 and 0 for music without phrases."""
    alike: NDArray[np.float64] = self_similarity(line)[0]
    if not 2 <= lag < len(alike):
        raise ValueError(f"peaks are looked for from 2 to {len(alike) - 1} bars, not at {lag}")
    return float(alike[lag - 1] - (alike[lag - 2] + alike[lag]) / 2)


def last_note_on_tonic(line: Notes, key: Key | None) -> float:
    """1 where the last note is the tonic of a key, in any octave, else 0: over pieces, the share that is."""
    return float(line.pitch[-1] % 12 == key.tonic) if len(line) and key else float("nan")


def last_note_beats(line: Notes) -> float:
    """Length of the last note in beats."""
    return float(line.end_beat[-1] - line.start_beat[-1]) if len(line) else float("nan")


def form_metrics(notes: Notes) -> dict[str, float]:
    """Every value of `METRICS` for one piece."""
    notes = pitched(notes)
    line, key = melody(notes), best_key(notes)
    return {
        **{f"bars_back_after_{lag}": bars_back(line, lag) for lag in PHRASES},
        **{f"rhythms_back_after_{lag}": bars_back(line, lag, rhythm=True) for lag in PHRASES},
        **{f"similarity_peak_at_{lag}": similarity_peak(line, lag) for lag in PHRASES},
        "last_note_on_tonic": last_note_on_tonic(line, key),
        "last_note_beats": last_note_beats(line),
    }


_SHARE = "share of equal bars; beside the repetitions that human melodies of the corpus have"
_WORDS = {4: "four", 8: "eight"}

METRICS = (
    *(
        Metric(
            f"bars_back_after_{lag}",
            f"How many bars of the melody are, note for note, the bar {_WORDS[lag]} bars before.",
            _SHARE,
            "%",
        )
        for lag in PHRASES
    ),
    *(
        Metric(
            f"rhythms_back_after_{lag}",
            f"How many bars of the melody have the rhythm of the bar {_WORDS[lag]} bars before.",
            _SHARE,
            "%",
        )
        for lag in PHRASES
    ),
    *(
        Metric(
            f"similarity_peak_at_{lag}",
            f"How much more alike bars of the melody are that lie {_WORDS[lag]} bars apart than those that lie one bar "
            "more or less apart.",
            "Foote, Visualizing music and audio using self-similarity, ACM Multimedia 1999; peak over the neighbours",
            "%",
        )
        for lag in PHRASES
    ),
    Metric(
        "last_note_on_tonic",
        "Whether the melody's last note is the tonic of the piece's best-fitting key.",
        "Aldwell and Schachter, Harmony and Voice Leading",
        "%",
    ),
    Metric(
        "last_note_beats",
        "How long the melody's last note is.",
        "this project",
        "beats",
    ),
)
