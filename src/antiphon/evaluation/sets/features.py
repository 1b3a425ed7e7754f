"""A phrase as 39 plain numbers, each with a name and a meaning: what distances between sets of music are taken over.

Conventions: phrases are cut by `antiphon.evaluation.sets.phrases`, which leaves drums out; times are in its unit, beats
or seconds, so that sets must be cut alike. Notes that begin within 0.04 of the note before are one *onset*, whose
highest note is the melody's. NaN where a phrase lacks what a feature is about.
"""

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.measures import Column, Metric
from antiphon.evaluation.sets.phrases import Floats, Integers, Phrases
from antiphon.music.keys import MAJOR_PROFILE, MINOR_PROFILE
from antiphon.music.theory import SCALES

_OWN = "antiphon: plain statistics, in the manner of Yang & Lerch 2020, section 3.1, and jSymbolic (McKay 2010)"
_KEYS = "Krumhansl 1990, Cognitive foundations of musical pitch, table 2.1"

METRICS = tuple(
    Metric(name, sentence, source, unit)
    for name, unit, source, sentence in (
        ("pitch_mean", "MIDI pitch", _OWN, "How high the notes lie on average."),
        ("pitch_spread", "semitones", _OWN, "How far pitches scatter around their mean (standard deviation)."),
        ("pitch_range", "semitones", _OWN, "From the lowest to the highest note."),
        ("pitch_class_entropy", "bits", _OWN, "How evenly the twelve pitch classes are used; 3.6 at most."),
        ("used_pitch_classes", "pitch classes", _OWN, "How many of the twelve are used."),
        ("in_key_share", "%", _OWN, "Notes within the major scale (or its natural minor) that fits best."),
        ("key_clarity", "", _KEYS, "How well the pitch classes agree with the best of 24 keys (correlation)."),
        ("fifths_concentration", "", _OWN, "How close together the notes lie on the circle of fifths; 1: all on one."),
        ("interval_size", "semitones", _OWN, "How far the melody moves from note to note, without sign."),
        ("interval_spread", "semitones", _OWN, "How much that varies, with sign (standard deviation)."),
        ("interval_entropy", "bits", _OWN, "How varied the melody's intervals are."),
        ("unison_share", "%", _OWN, "Melody notes that repeat the note before."),
        ("semitone_share", "%", _OWN, "Melody moves by one semitone."),
        ("whole_tone_share", "%", _OWN, "Melody moves by two semitones."),
        ("leap_share", "%", _OWN, "Melody moves by more than a fifth."),
        ("rising_share", "%", _OWN, "Melody moves that go up."),
        ("turn_share", "%", _OWN, "Melody moves that turn the direction of the move before."),
        ("chord_size", "notes", _OWN, "Notes that begin together."),
        ("polyphony", "notes", _OWN, "Notes that sound together while any does."),
        ("consonance_share", "%", _OWN, "Neighbouring notes of a chord at a unison, third, fourth, fifth or sixth."),
        ("semitone_clash_share", "%", _OWN, "Neighbouring notes of a chord at a semitone or major seventh."),
        ("chroma_continuity", "", _OWN, "How alike the pitch classes of successive slots are (cosine)."),
        ("note_rate", "a beat or second", _OWN, "How many notes begin."),
        ("onset_rate", "a beat or second", _OWN, "How many onsets there are."),
        ("onset_gap", "log2", _OWN, "How far apart onsets are (mean of logarithms)."),
        ("onset_gap_spread", "log2", _OWN, "How much that varies (standard deviation of logarithms)."),
        ("onset_gap_entropy", "bits", _OWN, "How varied the gaps between onsets are, in half octaves."),
        ("even_share", "%", _OWN, "Gaps between onsets that equal the gap before, within a tenth."),
        ("note_length", "log2", _OWN, "How long notes are (mean of logarithms)."),
        ("note_length_spread", "log2", _OWN, "How much that varies (standard deviation of logarithms)."),
        ("sounding_share", "%", _OWN, "Time in which anything sounds."),
        ("longest_rest", "%", _OWN, "The longest silence as a share of the phrase."),
        ("on_beat_share", "%", _OWN, "Notes that begin on a beat; phrases of bars only."),
        ("on_half_beat_share", "%", _OWN, "Notes that begin half-way between beats; phrases of bars only."),
        ("rhythm_continuity", "", _OWN, "How alike the onsets of successive slots are (cosine over 16 places)."),
        ("slot_repetition", "", _OWN, "How well slots match the best one before them, in pitch classes and onsets."),
        ("motif_repetition", "%", _OWN, "Groups of four melody notes, by intervals and rhythm, that come back."),
        ("velocity_mean", "MIDI velocity", _OWN, "How loud the notes are on average."),
        ("velocity_spread", "MIDI velocity", _OWN, "How much loudness varies (standard deviation)."),
    )
)

FEATURES: tuple[str, ...] = tuple(metric.name for metric in METRICS)

_TOGETHER, _SHORTEST, _PLACES, _FURTHEST = 0.04, 1 / 64, 16, 5.0
_CONSONANT = (0, 3, 4, 5, 7, 8, 9)


def phrase_features(phrases: Phrases) -> Floats:
    """The features (phrases, len(FEATURES)) of each phrase, in the order of `FEATURES`; see `METRICS` for each."""
    found = {**_pitches(phrases), **_melody(phrases), **_chords(phrases), **_rhythm(phrases), **_slots(phrases)}
    return np.stack([found[name] for name in FEATURES], axis=1)


def standardised(made: Column, real: Column) -> tuple[Column, Column]:
    """Both sets' features (n, d) in the real set's units: its mean taken off, divided by its standard deviation.

    What is undefined becomes the real mean, 0; values further off than five deviations become five, so that single
    phrases do not outweigh all others. A feature that the real set lacks or that does not vary there is 0 in both,
    so that no distance sees it.
    """
    if made.values.ndim != 2 or real.values.ndim != 2 or made.values.shape[1] != real.values.shape[1]:
        raise ValueError(f"two sets (n, d) of the same features, not {made.values.shape} and {real.values.shape}")
    there = ~np.isnan(real.values)
    num = there.sum(0)
    mean = np.where(there, real.values, 0).sum(0) / np.maximum(num, 1)
    spread = np.sqrt(np.where(there, (real.values - mean) ** 2, 0).sum(0) / np.maximum(num - 1, 1))
    varies = spread > 1e-9 * np.maximum(np.abs(mean), 1)
    scale = np.where(varies, spread, np.inf)

    def scaled(column: Column) -> Column:
        values = np.nan_to_num((column.values - mean) / scale, nan=0.0)
        return Column(np.clip(values, -_FURTHEST, _FURTHEST), column.song)

    return scaled(made), scaled(real)


def _pitches(cut: Phrases) -> dict[str, Floats]:
    size = len(cut.length)
    mean, spread = _moments(cut.number, cut.pitch, size)
    loud, loudness_spread = _moments(cut.number, cut.velocity, size)
    low, high = np.full(size, 999), np.full(size, -999)
    np.minimum.at(low, cut.number, cut.pitch)
    np.maximum.at(high, cut.number, cut.pitch)
    chroma = _counts(cut.number, cut.pitch % 12, size, 12)
    total = _or_nan(chroma.sum(1))
    turns = (np.arange(12)[:, None] + np.arange(12)) % 12
    scale = np.isin(np.arange(12), SCALES["major"]).astype(float)
    profiles = np.stack([np.asarray(profile)[turns] for profile in (MAJOR_PROFILE, MINOR_PROFILE)]).reshape(24, 12)
    return {
        "pitch_mean": mean,
        "pitch_spread": spread,
        "pitch_range": np.where(high >= low, high - low, np.nan),
        "pitch_class_entropy": _entropy(chroma),
        "used_pitch_classes": np.where(chroma.any(1), (chroma > 0).sum(1), np.nan),
        "in_key_share": (chroma @ scale[turns].T).max(1) / total,
        "key_clarity": (_unit(chroma - chroma.mean(1)[:, None]) @ _unit(profiles - profiles.mean(1)[:, None]).T).max(1),
        "fifths_concentration": np.abs(chroma @ np.exp(2j * np.pi * 7 * np.arange(12) / 12)) / total,
        "velocity_mean": loud,
        "velocity_spread": loudness_spread,
    }


def _melody(cut: Phrases) -> dict[str, Floats]:
    size = len(cut.length)
    first = _onsets(cut)
    number, time = cut.number[first], cut.start[first]
    line = np.maximum.reduceat(cut.pitch, first) if len(first) else cut.pitch
    step, gap, within = np.diff(line), np.diff(time), np.flatnonzero(np.diff(number) == 0)
    step, gap, number = step[within], np.log2(np.maximum(gap[within], _SHORTEST)), number[:-1][within]
    after = np.flatnonzero(np.diff(number) == 0)
    change = gap[after + 1] - gap[after]
    gap_mean, gap_spread = _moments(number, gap, size)
    return {
        "interval_size": _mean(number, np.abs(step), size),
        "interval_spread": _moments(number, step, size)[1],
        "interval_entropy": _entropy(_counts(number, np.clip(step, -24, 24) + 24, size, 49)),
        "unison_share": _mean(number, step == 0, size),
        "semitone_share": _mean(number, np.abs(step) == 1, size),
        "whole_tone_share": _mean(number, np.abs(step) == 2, size),
        "leap_share": _mean(number, np.abs(step) > 7, size),
        "rising_share": _mean(number, step > 0, size),
        "turn_share": _mean(number[after], step[after] * step[after + 1] < 0, size),
        "onset_rate": np.bincount(cut.number[first], minlength=size) / cut.length,
        "onset_gap": gap_mean,
        "onset_gap_spread": gap_spread,
        "onset_gap_entropy": _entropy(_counts(number, np.clip(np.rint(2 * gap), -12, 8).astype(int) + 12, size, 21)),
        "even_share": _mean(number[after], np.abs(change) < 0.14, size),
        "motif_repetition": _repeated(number, step, gap, size),
    }


def _chords(cut: Phrases) -> dict[str, Floats]:
    size, first = len(cut.length), _onsets(cut)
    together = np.ones(len(cut.number), bool)
    together[first] = False
    at = np.flatnonzero(together)
    apart = np.abs(cut.pitch[at] - cut.pitch[at - 1]) % 12
    notes = np.bincount(cut.number, minlength=size)
    return {
        "chord_size": notes / _or_nan(np.bincount(cut.number[first], minlength=size)),
        "consonance_share": _mean(cut.number[at], np.isin(apart, _CONSONANT), size),
        "semitone_clash_share": _mean(cut.number[at], np.isin(apart, (1, 11)), size),
        "note_rate": notes / cut.length,
    }


def _rhythm(cut: Phrases) -> dict[str, Floats]:
    size = len(cut.length)
    length_mean, length_spread = _moments(cut.number, np.log2(np.maximum(cut.end - cut.start, _SHORTEST)), size)
    # Phrases one after the other on one line, so that one running maximum tells until when anything sounds.
    begin = np.concatenate([[0], np.cumsum(cut.length)])
    start, end = begin[cut.number] + cut.start, begin[cut.number] + cut.end
    before = np.maximum.accumulate(np.concatenate([[0.0], end]))[:-1]
    heard = np.bincount(cut.number, np.maximum(end - np.maximum(start, before), 0), size)
    rest, last = np.zeros(size), begin[:-1].copy()
    np.maximum.at(rest, cut.number, start - np.maximum(before, begin[cut.number]))
    np.maximum.at(last, cut.number, end)
    sum_of_lengths = np.bincount(cut.number, cut.end - cut.start, size)
    return {
        "note_length": length_mean,
        "note_length_spread": length_spread,
        "polyphony": sum_of_lengths / _or_nan(heard),
        "sounding_share": heard / cut.length,
        "longest_rest": np.maximum(rest, begin[1:] - last) / cut.length,
        "on_beat_share": _mean(cut.number, _near(cut.beat, 0) | _near(cut.beat, 1), size, ~np.isnan(cut.beat)),
        "on_half_beat_share": _mean(cut.number, _near(cut.beat, 0.5), size, ~np.isnan(cut.beat)),
    }


def _slots(cut: Phrases) -> dict[str, Floats]:
    size, slots = len(cut.length), cut.slots
    at = cut.number * slots + cut.slot
    place = np.minimum((cut.place * _PLACES + 0.5).astype(np.int64), _PLACES - 1)
    alike = []
    for bins, num in ((cut.pitch % 12, 12), (place, _PLACES)):
        rows = _unit(_counts(at, bins, size * slots, num)).reshape(size, slots, num)
        alike.append(rows @ rows.transpose(0, 2, 1))
    both = np.where(np.tri(slots, k=-1, dtype=bool), (alike[0] + alike[1]) / 2, np.nan)[:, 1:]
    best = np.fmax.reduce(both, axis=2) if slots > 1 else np.empty((size, 0))
    return {
        "chroma_continuity": _row_mean(np.diagonal(alike[0], 1, 1, 2)),
        "rhythm_continuity": _row_mean(np.diagonal(alike[1], 1, 1, 2)),
        "slot_repetition": _row_mean(best),
    }


def _onsets(cut: Phrases) -> Integers:
    """Indices of the notes with which onsets begin."""
    new = (np.diff(cut.start) > _TOGETHER) | (np.diff(cut.number) != 0)
    return np.flatnonzero(np.concatenate([np.ones(min(len(cut.start), 1), bool), new]))


def _repeated(number: Integers, step: Integers, gap: Floats, size: int) -> Floats:
    """Share of runs of three melody moves, by interval and rhythm relative to the first gap, that occur twice."""
    at = np.flatnonzero(number[2:] == number[:-2])
    ratio = [np.clip(np.rint(2 * (gap[at + k] - gap[at])), -8, 8).astype(np.int64) + 8 for k in (1, 2)]
    code = number[at]
    for value, base in [*((np.clip(step[at + k], -24, 24) + 24, 49) for k in range(3)), *((r, 17) for r in ratio)]:
        code = code * base + value
    _, where, count = np.unique(code, return_inverse=True, return_counts=True)
    return _mean(number[at], count[where] > 1, size)


def _near(values: Floats, target: float) -> NDArray[np.bool_]:
    return np.abs(values - target) < 1 / 24


def _counts(number: Integers, bins: Integers, size: int, num: int) -> Floats:
    return np.bincount(number * num + bins, minlength=size * num).reshape(size, num).astype(np.float64)


def _or_nan(values: NDArray[np.number]) -> Floats:
    return np.where(values > 0, values, np.nan).astype(np.float64)


def _mean(number: Integers, values: NDArray[np.generic], size: int, there: NDArray[np.bool_] | None = None) -> Floats:
    if there is not None:
        number, values = number[there], values[there]
    return np.asarray(np.bincount(number, values, size) / _or_nan(np.bincount(number, minlength=size)))


def _moments(number: Integers, values: NDArray[np.number], size: int) -> tuple[Floats, Floats]:
    mean = _mean(number, values, size)
    return mean, np.sqrt(_mean(number, (values - mean[number]) ** 2, size))


def _entropy(counts: Floats) -> Floats:
    share = counts / _or_nan(counts.sum(1))[:, None]
    return np.asarray(-(share * np.log2(np.where(share > 0, share, 1))).sum(1))


def _unit(rows: Floats) -> Floats:
    """Rows of length one; NaN for rows of nothing."""
    return np.asarray(rows / _or_nan(np.sqrt((rows**2).sum(-1)))[..., None])


def _row_mean(rows: Floats) -> Floats:
    there = ~np.isnan(rows)
    return np.asarray(np.where(there, rows, 0).sum(1) / _or_nan(there.sum(1)))
