"""What pitches a piece uses and how its melody moves between them.

Conventions: every function takes the `Notes` of one piece and leaves drums out. Pitch classes run from 0, C, to 11, B.
Sounding time is in beats, so that a change of tempo weighs nothing. The melody is that of
`antiphon.evaluation.metrics.melody`. A piece without what a figure needs (a note, two notes of melody, a stated key)
has NaN there.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.measures import Metric
from antiphon.evaluation.metrics.histograms import agreement, entropy, histogram, shares, transitions
from antiphon.evaluation.metrics.melody import melody, pitched
from antiphon.evaluation.notes import Notes
from antiphon.music.keys import key_of_weights
from antiphon.music.theory import SHARP_NAMES, Key

WIDEST = 13
"""Melodic intervals from this many semitones on share a bin."""

_DIATONIC = np.array([np.isin(np.arange(12), Key(tonic).pitch_classes) for tonic in range(12)], np.float64)
_YANG_LERCH = "Yang and Lerch, On the evaluation of generative models in music, Neural Computing and Applications 2020"


def best_key(notes: Notes) -> Key | None:
    """The major or natural minor key whose profile (Krumhansl and Kessler 1982) fits the sounding time best."""
    return key_of_weights(_sounding_beats(pitched(notes)))


def in_key_share(notes: Notes, key: Key | None) -> float:
    """Share of the sounding time that is on the seven pitch classes of a key; 7/12 for all twelve alike."""
    return _share_in(key, _sounding_beats(pitched(notes)))


def in_key_onset_share(notes: Notes, key: Key | None) -> float:
    """Share of the notes that are of the seven pitch classes of a key."""
    return _share_in(key, _counts(pitched(notes)))


def scale_consistency(notes: Notes) -> float:
    """Largest share of the notes that any of the twelve diatonic scales holds (Mogren 2016).

    max over s of the number of notes with pitch mod 12 in s, over the number of notes; each major scale stands for its
    natural minor too. At least `in_key_onset_share`, and never below 7/12.
    """
    counts = _counts(pitched(notes))
    return float((_DIATONIC @ counts).max() / counts.sum()) if counts.any() else float("nan")


def pitch_class_histogram(notes: Notes) -> NDArray[np.float64]:
    """Shares (1, 12) of the sounding time on each pitch class from C on (Yang and Lerch 2020, PCH)."""
    return shares(_sounding_beats(pitched(notes)))


def key_relative_histogram(notes: Notes) -> NDArray[np.float64]:
    """`pitch_class_histogram` from the tonic of the best-fitting key on, so that transposing changes nothing."""
    key = best_key(notes)
    return np.roll(pitch_class_histogram(notes), -key.tonic if key else 0, axis=1)


def pitch_class_entropy(notes: Notes) -> float:
    """Entropy of the pitch classes of the notes in bits: 0 for one class, log2 12 = 3.58 for all alike.

    -sum over c of h_c log2 h_c, with h_c the share of notes of class c (Wu and Yang 2020, section 5.1, on the
    whole piece).
    """
    return float(entropy(shares(_counts(pitched(notes))))[0])


def bar_pitch_class_entropy(notes: Notes) -> float:
    """Mean over the bars with notes of the entropy in bits of the pitch classes that begin in them (Wu and Yang 2020,
    section 5.1): low where each bar keeps to few pitch classes, whatever the piece uses altogether."""
    notes = pitched(notes)
    if not len(notes):
        return float("nan")
    bar = notes.bar() - int(notes.bar()[0])
    counts = np.bincount(bar * 12 + notes.pitch % 12, minlength=12 * (int(bar[-1]) + 1)).reshape(-1, 12)
    counts = counts[counts.any(1)]
    return float(entropy(counts / counts.sum(1, keepdims=True)).mean())


def pitch_entropy(notes: Notes) -> float:
    """Entropy of the pitches of the notes in bits, as `pitch_class_entropy` with octaves told apart."""
    pitch = pitched(notes).pitch
    return float(entropy(shares(np.bincount(pitch - pitch.min(initial=0), minlength=1)))[0])


def pitch_range(notes: Notes) -> float:
    """Semitones from the lowest note to the highest (Yang and Lerch 2020, PR)."""
    pitch = pitched(notes).pitch
    return float(pitch.max() - pitch.min()) if len(pitch) else float("nan")


def interval_histogram(line: Notes) -> NDArray[np.float64]:
    """Shares (1, 27) of the melodic intervals from 13 semitones or more down, over 0, to 13 or more up.

    Parameters
    ----------
    line
        Notes of one voice: `melody(notes)`.
    """
    return histogram(np.clip(np.diff(line.pitch), -WIDEST, WIDEST) + WIDEST, 2 * WIDEST + 1)


def stepwise_share(line: Notes) -> float:
    """Share of the melodic intervals of one or two semitones among those that are no repeated note (jSymbolic 2.2,
    "Stepwise Motion", which counts repeated notes in)."""
    moves = np.abs(np.diff(line.pitch))
    return _mean(moves[moves > 0] <= 2)


def pitch_class_transition_matrix(line: Notes) -> NDArray[np.float64]:
    """Shares (1, 144) of the pairs of pitch classes that follow each other in a melody (Yang and Lerch 2020, PCTM)."""
    return transitions(line.pitch % 12, 12)


def key_relative_transition_matrix(line: Notes, key: Key | None) -> NDArray[np.float64]:
    """`pitch_class_transition_matrix` with pitch classes counted from the tonic of a key, so that melodies in different
    keys are compared by their tones."""
    return transitions((line.pitch - (key.tonic if key else 0)) % 12, 12)


def pitch_distribution_agreement(own: NDArray[Any], reference: NDArray[Any]) -> float:
    """How far the pitch distributions of two sets of music agree: 1 minus their Jensen-Shannon distance, 0 to 1.

    Parameters
    ----------
    own, reference
        Rows (n, 12) of `key_relative_histogram`, so that the keys that each set prefers weigh nothing, or of
        `pitch_class_histogram`, where they should.
    """
    return agreement(own, reference)


def pitch_metrics(notes: Notes) -> dict[str, float | NDArray[np.float64]]:
    """Every value of `METRICS` for one piece: scalars, and histograms as rows (1, d)."""
    notes = pitched(notes)
    line, key = melody(notes), best_key(notes)
    return {
        "in_key_share": in_key_share(notes, key),
        "in_key_onset_share": in_key_onset_share(notes, key),
        "in_stated_key_share": in_key_share(notes, notes.key),
        "scale_consistency": scale_consistency(notes),
        "pitch_class_histogram": pitch_class_histogram(notes),
        "key_relative_histogram": key_relative_histogram(notes),
        "pitch_class_entropy": pitch_class_entropy(notes),
        "bar_pitch_class_entropy": bar_pitch_class_entropy(notes),
        "pitch_entropy": pitch_entropy(notes),
        "pitch_range": pitch_range(notes),
        "interval_histogram": interval_histogram(line),
        "stepwise_share": stepwise_share(line),
        "pitch_class_transition_matrix": pitch_class_transition_matrix(line),
        "key_relative_transition_matrix": key_relative_transition_matrix(line, key),
    }


def _sounding_beats(notes: Notes) -> NDArray[np.float64]:
    """Beats (12,) that each pitch class sounds, added up over its notes."""
    return np.bincount(notes.pitch % 12, notes.end_beat - notes.start_beat, minlength=12).astype(np.float64)


def _counts(notes: Notes) -> NDArray[np.int64]:
    return np.bincount(notes.pitch % 12, minlength=12).astype(np.int64)


def _share_in(key: Key | None, weights: NDArray[Any]) -> float:
    if key is None or not weights.any():
        return float("nan")
    return float(weights[list(key.pitch_classes)].sum() / weights.sum())


def _mean(flags: NDArray[np.bool_]) -> float:
    return float(flags.mean()) if len(flags) else float("nan")


_TONES = tuple(f"tonic+{semitones}" for semitones in range(12))
_INTERVALS = tuple(f"{interval:+d}" if interval else "0" for interval in range(-WIDEST, WIDEST + 1))

METRICS = (
    Metric(
        "in_key_share",
        "How much of the sounding time is on the seven tones of the key that fits the piece best; music that wanders "
        "over all twelve tones has 58 %.",
        "key by Krumhansl and Kessler 1982; seven tones of the major or natural minor scale",
        "%",
    ),
    Metric(
        "in_key_onset_share",
        "How many of the notes are of the seven tones of the key that fits the piece best.",
        "key by Krumhansl and Kessler 1982; seven tones of the major or natural minor scale",
        "%",
    ),
    Metric(
        "in_stated_key_share",
        "How much of the sounding time is on the seven tones of the key that the file states at its beginning.",
        "seven tones of the major or natural minor scale",
        "%",
    ),
    Metric(
        "scale_consistency",
        "How many of the notes the best of the twelve diatonic scales holds.",
        "Mogren, C-RNN-GAN, 2016, scale consistency",
        "%",
    ),
    Metric(
        "pitch_class_histogram",
        "How the sounding time is spread over the twelve pitch classes.",
        f"{_YANG_LERCH}, PCH",
        "%",
        "histogram",
        SHARP_NAMES,
    ),
    Metric(
        "key_relative_histogram",
        "How the sounding time is spread over the twelve pitch classes counted from the tonic of the best-fitting key.",
        f"{_YANG_LERCH}, PCH, after transposing to C",
        "%",
        "histogram",
        _TONES,
    ),
    Metric(
        "pitch_class_entropy",
        "How evenly the notes are spread over the twelve pitch classes: 0 for one, 3.58 for all alike.",
        "Wu and Yang, The Jazz Transformer on the front line, ISMIR 2020, section 5.1",
        "bits",
    ),
    Metric(
        "bar_pitch_class_entropy",
        "How evenly the notes of a bar are spread over the twelve pitch classes, on average over bars.",
        "Wu and Yang, The Jazz Transformer on the front line, ISMIR 2020, section 5.1, H of one bar",
        "bits",
    ),
    Metric(
        "pitch_entropy",
        "How evenly the notes are spread over the pitches that they use, octaves told apart.",
        "Shannon entropy of pitches; muspy calls it so",
        "bits",
    ),
    Metric("pitch_range", "How far the highest note lies above the lowest.", f"{_YANG_LERCH}, PR", "semitones"),
    Metric(
        "interval_histogram",
        "How often the melody moves by each interval, down and up.",
        "jSymbolic 2.2, melodic intervals, with their direction",
        "%",
        "histogram",
        _INTERVALS,
    ),
    Metric(
        "stepwise_share",
        "How many of the melody's moves to another pitch are steps of one or two semitones.",
        "jSymbolic 2.2, Stepwise Motion, repeated notes left out",
        "%",
    ),
    Metric(
        "pitch_class_transition_matrix",
        "How often each pitch class follows each in the melody.",
        f"{_YANG_LERCH}, PCTM",
        "%",
        "histogram",
        tuple(f"{first} {second}" for first in SHARP_NAMES for second in SHARP_NAMES),
    ),
    Metric(
        "key_relative_transition_matrix",
        "How often each tone of the best-fitting key, counted from its tonic, follows each in the melody.",
        f"{_YANG_LERCH}, PCTM, after transposing to C",
        "%",
        "histogram",
        tuple(f"{first} {second}" for first in _TONES for second in _TONES),
    ),
)
