"""Metrics of one-voice bars: how often the pitch changes, how many bars hold one note, how many are alike.

Conventions: bars (n, T) are classes of `antiphon.codecs.melody` (0-23 a pitch begins, 24 hold, 25 rest), `previous` the
bars before them, chords (n,) codes of `antiphon.codecs.chords`. Figures of no bars are NaN.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.chords import NO_CHORD, TRIADS
from antiphon.codecs.codec import Rows
from antiphon.codecs.melody import HOLD, LOWEST, NUM_CLASSES, NUM_PITCHES, RESOLUTION
from antiphon.evaluation.measures import Metric

_SILENT = -1
_OCTAVE = 12

METRICS = (
    Metric("pitch_changes", "How often in a bar another pitch, or silence, begins to sound.", "bar GAN, section V"),
    Metric(
        "held_bars",
        "Share of bars in which one pitch sounds from the first step to the last.",
        "bar GAN, section V",
        "%",
    ),
    Metric("notes_a_bar", "How many notes begin in a bar.", "Dong et al. 2018, in kind", "notes"),
    Metric("silent_steps", "Share of a bar's sixteenths in which nothing sounds.", "this project", "%"),
    Metric(
        "used_pitch_classes", "How many of the twelve pitch classes sound in a bar.", "Dong et al. 2018, UPC", "classes"
    ),
    Metric(
        "pitch_range",
        "Semitones between the lowest and the highest note of a bar.",
        "Yang and Lerch 2020, PR",
        "semitones",
    ),
    Metric("off_beat_share", "Share of a bar's notes that begin between two beats.", "this project", "%"),
    Metric("repeats_bar_before", "Share of bars that are the bar before once more.", "this project", "%"),
    Metric("repeats_rhythm_before", "Share of bars with the rhythm of the bar before.", "this project", "%"),
    Metric(
        "chord_tone_share",
        "Share of a bar's notes that belong to the bar's chord, where it has one.",
        "Yeh et al. 2021, CTnCTR, in kind",
        "%",
    ),
    Metric(
        "chord_tones_on_downbeats",
        "Share of bars with a chord whose first beat begins with one of its tones, of those that begin with a note.",
        "this project",
        "%",
    ),
    Metric(
        "interval_histogram",
        "Semitones from one note to the next, over the bar line too: how melodies step and leap.",
        "Yang and Lerch 2020, in kind",
        kind="histogram",
        bins=("-12 or more", *(f"{step:+d}" for step in range(-11, 12)), "+12 or more"),
    ),
    Metric(
        "onset_histogram",
        "At which sixteenth of the bar notes begin.",
        "this project",
        kind="histogram",
        bins=tuple(f"{step // RESOLUTION + 1}{('', 'e', '&', 'a')[step % RESOLUTION]}" for step in range(16)),
    ),
    Metric(
        "melody_pitch_class_histogram",
        "Which scale steps the melody uses, in semitones above the root of the bar's chord.",
        "Yang and Lerch 2020, PCH, relative to the chord",
        kind="histogram",
        bins=tuple(str(step) for step in range(12)),
    ),
)


def melody_metrics(rows: Rows) -> dict[str, NDArray[np.float64]]:
    """Every metric of `METRICS` for the bars of one song.

    Parameters
    ----------
    rows
        "real" and "previous" (n, T), "chord" (n,), as `antiphon.codecs.melody.MelodyBars` gives them.

    Returns
    -------
    (n,) for each scalar, NaN for bars of which it says nothing; (1, bins) for each histogram, NaN for songs without
    such notes. No names at all for no bars.
    """
    bars, previous, chord = (np.asarray(rows[name]) for name in ("real", "previous", "chord"))
    if not len(bars):
        return {}
    pitch = sounding_pitch(bars, previous)
    begins = _checked(bars) < NUM_PITCHES
    sounds = pitch != _SILENT
    num_notes = begins.sum(1)
    return {
        "pitch_changes": (pitch[:, 1:] != pitch[:, :-1]).sum(1).astype(float),
        "held_bars": ((pitch == pitch[:, :1]).all(1) & sounds[:, 0]).astype(float),
        "notes_a_bar": num_notes.astype(float),
        "silent_steps": (~sounds).mean(1),
        "used_pitch_classes": _where(sounds.any(1), _classes(pitch).sum(1)),
        "pitch_range": _where(num_notes > 0, _range(bars, begins)),
        "off_beat_share": _ratio((begins & (np.arange(bars.shape[1]) % RESOLUTION > 0)).sum(1), num_notes),
        "repeats_bar_before": _same(bars, previous, previous),
        "repeats_rhythm_before": _same(_rhythm(bars), _rhythm(previous), previous),
        **_chord_fit(bars, begins, chord),
        "interval_histogram": _intervals(bars, previous),
        "onset_histogram": _shares(begins.sum(0)),
        "melody_pitch_class_histogram": _above_root(bars, begins, chord),
    }


def _where(defined: Any, values: Any) -> NDArray[np.float64]:
    return np.where(defined, np.asarray(values, np.float64), np.nan)


def _same(now: NDArray[np.uint8], before: NDArray[np.uint8], previous: NDArray[np.uint8]) -> NDArray[np.float64]:
    """1 where two bars are equal, 0 where not, NaN where no note begins in the bar before."""
    return _where(np.asarray((previous < NUM_PITCHES).any(1)), np.equal(now, before).all(1))


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)


def _shares(counts: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(counts / counts.sum() if counts.sum() else np.full(len(counts), np.nan), np.float64)[None]


def _classes(pitch: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which pitch classes sound in each bar, (n, 12)."""
    classes = np.where(pitch >= 0, pitch % _OCTAVE, _SILENT)
    return np.asarray((classes[:, :, None] == np.arange(_OCTAVE)).any(1))


def _range(bars: NDArray[np.uint8], begins: NDArray[np.bool_]) -> NDArray[np.int64]:
    highest = np.where(begins, bars, 0).max(1).astype(np.int64)
    return np.asarray(highest - np.where(begins, bars, NUM_PITCHES).min(1), np.int64)


def _rhythm(bars: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.maximum(bars, NUM_PITCHES - 1)


def _chord_fit(
    bars: NDArray[np.uint8], begins: NDArray[np.bool_], chord: NDArray[np.uint8]
) -> dict[str, NDArray[np.float64]]:
    tones = np.zeros((NO_CHORD + 1, _OCTAVE), bool)
    tones[np.arange(NO_CHORD)[:, None], TRIADS] = True
    fits = tones[chord[:, None], (bars + LOWEST) % _OCTAVE] & begins
    known = chord != NO_CHORD
    return {
        "chord_tone_share": np.where(known, _ratio(fits.sum(1), begins.sum(1)), np.nan),
        "chord_tones_on_downbeats": _where(known & begins[:, 0], fits[:, 0]),
    }


def _intervals(bars: NDArray[np.uint8], previous: NDArray[np.uint8]) -> NDArray[np.float64]:
    line = np.concatenate([previous, bars], axis=1)
    row, step = np.nonzero(line < NUM_PITCHES)
    pitch = line[row, step].astype(np.int64)
    # The second note of a pair lies in the bar itself: pairs within the bar before were counted there.
    pairs = (row[1:] == row[:-1]) & (step[1:] >= previous.shape[1])
    size = np.clip(np.diff(pitch)[pairs], -_OCTAVE, _OCTAVE) + _OCTAVE
    return _shares(np.bincount(size, minlength=2 * _OCTAVE + 1))


def _above_root(bars: NDArray[np.uint8], begins: NDArray[np.bool_], chord: NDArray[np.uint8]) -> NDArray[np.float64]:
    above = (bars.astype(np.int64) + LOWEST - (chord % _OCTAVE)[:, None]) % _OCTAVE
    return _shares(np.bincount(above[begins & (chord != NO_CHORD)[:, None]], minlength=_OCTAVE))


def sounding_pitch(bars: NDArray[np.uint8], previous: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The pitch 0-23 that sounds at each step (n, T), -1 in a rest; a bar that opens with a hold goes on with the
    pitch that `previous` (n, T) ends on."""
    line = np.concatenate([_checked(previous), _checked(bars)], axis=1).astype(np.int64)
    steps = np.arange(line.shape[1])
    latest = np.maximum.accumulate(np.where(line == HOLD, 0, steps), axis=1)
    held = np.take_along_axis(line, latest, axis=1)
    return np.where(held < NUM_PITCHES, held, _SILENT)[:, previous.shape[1] :]


def distinct_share(bars: NDArray[np.uint8]) -> float:
    """Number of different bars over the number of bars."""
    return len(np.unique(_checked(bars), axis=0)) / len(bars) if len(bars) else float("nan")


def _checked(bars: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if bars.ndim != 2 or (bars.size and int(bars.max()) >= NUM_CLASSES):
        raise ValueError(f"bars must be (n, steps) of classes below {NUM_CLASSES}, not {bars.shape}")
    return bars
