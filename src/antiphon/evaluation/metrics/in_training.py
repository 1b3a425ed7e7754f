"""The cheap metrics that a training logs as curves, of made music and of real music alike.

Conventions: `rows` hold "real" (n, T), the bars as their codec writes them, and where the codec has them "previous"
(n, T), the bars before, and "chord" (n,), the codes of their chords; or "real" (n, T, 3), notes one after the other,
and "length" (n,). NaN where a metric is undefined: no bars, nothing that sounds, no interval, no chord.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.chords import NO_CHORD
from antiphon.codecs.codec import Rows
from antiphon.codecs.melody import HOLD, LOWEST, NUM_PITCHES, REST
from antiphon.evaluation.measures import Metric
from antiphon.evaluation.metrics import bars, note_lines

_OCTAVE = 12
_BY_BAR = ("pitch_changes", "held_bars", "notes_a_bar", "silent_steps", "used_pitch_classes", "chord_tone_share")
_YANG_LERCH = "Yang and Lerch 2020, section 3"

METRICS = (
    *(metric for metric in bars.METRICS if metric.name in _BY_BAR),
    Metric("distinct_bars", "How many different bars there are, of all bars.", "this project", "%"),
    Metric("interval_overlap", "How alike steps and leaps are to those of other real music.", _YANG_LERCH, "%"),
    Metric("pitch_class_overlap", "How alike the use of the twelve notes is to other real music's.", _YANG_LERCH, "%"),
)
"""What the names of bars' metrics mean; those of notes are `note_lines.METRICS`."""


def measure(kind: str, rows: Rows, reference: Rows) -> dict[str, float]:
    """Every metric of `rows` that means something for a kind of codec, by name; the overlaps are with `reference`.

    Raises
    ------
    ValueError
        If no metrics are known for the kind.
    """
    if kind not in KINDS:
        raise ValueError(f"no cheap metrics are known for codec {kind!r}; there are {', '.join(KINDS)}")
    return KINDS[kind](rows, reference)


def _bars(ours: Rows, others: Rows) -> dict[str, float]:
    """The metrics of bars as `MelodyBars` has them."""
    by_bar, by_bar_of_others = bars.melody_metrics(ours), bars.melody_metrics(others)
    nothing = np.full((1, 1), np.nan)
    values = {name: _mean(by_bar.get(name, nothing)) for name in _BY_BAR}
    values["distinct_bars"] = bars.distinct_share(ours["real"])
    interval = "interval_histogram"
    values["interval_overlap"] = overlap(by_bar.get(interval, nothing), by_bar_of_others.get(interval, nothing))
    values["pitch_class_overlap"] = overlap(_pitch_classes(ours), _pitch_classes(others))
    return {metric.name: values[metric.name] for metric in METRICS}


def _lines(ours: Rows, others: Rows) -> dict[str, float]:
    """The metrics of notes one after the other."""
    own, real = (note_lines.histograms(rows["real"], rows["length"]) for rows in (ours, others))
    distinct = _mean(note_lines.distinct_notes(ours["real"], ours["length"]))
    overlaps = [overlap(own[name].sum(0), real[name].sum(0)) for name in note_lines.HISTOGRAMS]
    return dict(zip((metric.name for metric in note_lines.METRICS), (*overlaps, distinct), strict=True))


def overlap(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Common area of two histograms of the same bins, each taken as shares: 1 where they are alike, 0 where nothing is
    shared, NaN where one is empty."""
    if not one.sum() > 0 or not other.sum() > 0:
        return float("nan")
    return float(np.minimum(one / one.sum(), other / other.sum()).sum())


def _mean(values: NDArray[np.float64]) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else float("nan")


def _pitch_classes(rows: Rows) -> NDArray[np.int64]:
    """At how many steps each pitch class (12,) sounds."""
    pitch = bars.sounding_pitch(rows["real"], rows["previous"])
    return np.bincount(pitch[pitch >= 0] % _OCTAVE, minlength=_OCTAVE)


def _of_melody(rows: Rows) -> dict[str, NDArray[Any]]:
    real = np.asarray(rows["real"])
    return _with_conditions(rows, real, np.asarray(rows.get("previous", np.full_like(real, REST))))


def _of_frames(rows: Rows) -> dict[str, NDArray[Any]]:
    """A pitch sounds in every column, and a note begins where it is another than before. Pitches outside 60-83 are
    moved there by octaves, as this codec does with those of real music."""
    real = _folded(rows["real"])
    if "previous" not in rows:
        return _with_conditions(rows, _notes(real, np.full((len(real), 1), REST)), np.full_like(real, REST))
    previous = _folded(rows["previous"])
    before = np.full((len(real), 1), REST)
    return _with_conditions(rows, _notes(real, previous[:, -1:]), _notes(previous, before))


def _folded(pitches: NDArray[Any]) -> NDArray[np.uint8]:
    above = np.asarray(pitches).astype(np.int64) - LOWEST
    inside = (above >= 0) & (above < NUM_PITCHES)
    return np.where(inside, above, above % _OCTAVE + _OCTAVE * (above > 0)).astype(np.uint8)


def _notes(pitch: NDArray[np.uint8], before: NDArray[Any]) -> NDArray[np.uint8]:
    line = np.concatenate([before, pitch], axis=1)
    return np.where(line[:, 1:] == line[:, :-1], HOLD, pitch).astype(np.uint8)


def _with_conditions(rows: Rows, real: NDArray[Any], previous: NDArray[Any]) -> dict[str, NDArray[Any]]:
    chord = np.asarray(rows.get("chord", np.full(len(real), NO_CHORD, np.uint8)))
    return {"real": real, "previous": previous, "chord": chord}


KINDS: Mapping[str, Callable[[Rows, Rows], dict[str, float]]] = {
    "frames": lambda rows, reference: _bars(_of_frames(rows), _of_frames(reference)),
    "melody": lambda rows, reference: _bars(_of_melody(rows), _of_melody(reference)),
    "notes": _lines,
}
"""Metrics of rows against reference rows, by kind of codec; a family adds its kind here."""
