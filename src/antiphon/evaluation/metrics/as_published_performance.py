"""Three measures of performances as pypianoroll 0.5.3 computes them, which is what Transformer-GAN's table 2 prints.

Conventions: those of `antiphon.evaluation.metrics.performance`, on a piano roll of 24 steps a beat, two beats a second;
a note covers the steps from its rounded start to its rounded end, one at least. What differs from the words of the
table:

* "Pitch classes" are registers of ten neighbouring pitches, 0-9 to 110-119; each pitch of 120-127 counts in all twelve.
* "Empty" beats are those in which something sounds.
* The "scale" is seven of these registers: a mask of A major on pitch classes from A, rolled by three places.

The measures are wrong by their names, and only good for comparing with numbers that were printed so.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.measures import Metric
from antiphon.evaluation.metrics.performance import BEATS_PER_SECOND, empty_beat_rate, sounding_spans
from antiphon.evaluation.notes import Notes

RESOLUTION = 24
_REGISTERS, _PITCHES_EACH = 12, 10
_MASK = np.roll([0, 1, 1, 0, 1, 0, 1, 0, 1, 1, 0, 1], 3).astype(bool)
_STEPS_PER_SECOND = RESOLUTION * BEATS_PER_SECOND


def as_published_metrics(notes: Notes) -> dict[str, float]:
    """All three of a piece, by column name."""
    values = (pitch_classes_used(notes), empty_beat_rate_as_published(notes), in_scale_rate(notes))
    return dict(zip((metric.name for metric in METRICS), values, strict=True))


def pitch_classes_used(notes: Notes) -> float:
    """PCU as printed: the number of registers of ten pitches that sound, at most 12; 9 cover the piano."""
    registers = _register_steps(notes)
    return float(np.count_nonzero(registers)) if len(notes) else np.nan


def empty_beat_rate_as_published(notes: Notes) -> float:
    """EBR as printed: the share of beats in which something does sound."""
    return 1 - empty_beat_rate(_on_grid(notes))


def in_scale_rate(notes: Notes) -> float:
    """ISR as printed: the share of the roll's cells that lie in pitches 0-9, 20-29, 40-59, 70-79, 90-99 and 110-119."""
    start, end, _ = sounding_spans(_on_grid(notes))
    steps = (end - start).sum() * _STEPS_PER_SECOND
    return float(_register_steps(notes)[_MASK].sum() / steps) if steps else np.nan


def _register_steps(notes: Notes) -> NDArray[np.float64]:
    """Cells (12,) of the roll in each register."""
    start, end, pitch = sounding_spans(_on_grid(notes))
    steps = np.bincount(pitch, (end - start) * _STEPS_PER_SECOND, minlength=128)
    own = steps[: _REGISTERS * _PITCHES_EACH].reshape(_REGISTERS, _PITCHES_EACH).sum(1)
    return np.asarray(own + steps[_REGISTERS * _PITCHES_EACH :].sum())


def _on_grid(notes: Notes) -> Notes:
    """The notes from step to step of the roll, times still in seconds."""
    if len(notes) and not 0 <= notes.pitch.min() <= notes.pitch.max() <= 127:
        raise ValueError("the roll has pitches 0 to 127 only")
    start, end = (np.floor(t * _STEPS_PER_SECOND + 0.5) for t in (notes.start_seconds, notes.end_seconds))
    end = np.maximum(end, start + 1)
    return replace(notes, start_seconds=start / _STEPS_PER_SECOND, end_seconds=end / _STEPS_PER_SECOND)


_SOURCE = "pypianoroll 0.5.3, metrics; printed in Muhamed et al. 2021 (Transformer-GAN), table 2"
METRICS = (
    Metric("pitch_classes_used (as published)", "How many registers of ten pitches occur.", _SOURCE, "registers"),
    Metric("empty_beat_rate (as published)", "Share of half-second beats in which something sounds.", _SOURCE, "%"),
    Metric("in_scale_rate (as published)", "Share of sounding time in seven registers of ten pitches.", _SOURCE, "%"),
)
