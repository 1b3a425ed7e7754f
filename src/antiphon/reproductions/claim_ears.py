"""How rows of each kind of codec are heard: what is given beside them, what examiners take, which histograms count."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.codec import Rows
from antiphon.codecs.notes import COLUMNS
from antiphon.evaluation.examiner.bars import frame_bars, melody_bars
from antiphon.evaluation.examiner.events import events
from antiphon.evaluation.examiner.material import Material
from antiphon.evaluation.metrics.in_training import measure, overlap
from antiphon.evaluation.notes import Notes

Held = NDArray[np.bool_] | None

_WINDOW = 32
"""Notes that an examiner hears at once."""


@dataclass(frozen=True)
class Ear:
    """A kind of rows.

    Parameters
    ----------
    called
        What a row is.
    given
        The names of rows that a model may be given; "real" itself where it is told what the real music is like.
    material
        From a codec, rows with their "song", and which of them are held out.
    columns
        Cheap figures of rows, by column, some of them against other real rows.
    """

    called: str
    given: tuple[str, ...]
    material: Callable[[Any, Rows, Held], Material]
    columns: Callable[[Rows, Rows], dict[str, float]]


def _bars(kind: str, of: Callable[..., Material]) -> Ear:
    def material(codec: Any, rows: Rows, held: Held) -> Material:
        return of(rows["real"], rows.get("previous"), rows.get("chord"), rows["song"], held)

    def columns(rows: Rows, others: Rows) -> dict[str, float]:
        values = measure(kind, rows, others)
        return {column: values[name] for column, name in _BAR_COLUMNS.items()}

    return Ear("bars", ("previous", "chord"), material, columns)


_BAR_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "pitch changes a bar": "pitch_changes",
        "interval overlap": "interval_overlap",
        "pitch class overlap": "pitch_class_overlap",
    }
)


def _note_material(codec: Any, rows: Rows, held: Held) -> Material:
    """Each row as a piece of its own."""
    parts = (slice(row, row + 1) for row in range(len(rows["real"])))
    pieces = [Notes.from_score(codec.decode(rows["real"][part], rows["length"][part])) for part in parts]
    return events(pieces, rows["song"], held, length=_WINDOW)


def _note_columns(rows: Rows, others: Rows) -> dict[str, float]:
    """How alike pitches, durations and offsets are to those of other real rows."""
    ours, theirs = (_histograms(some) for some in (rows, others))
    return {f"{name} overlap": overlap(ours[name], theirs[name]) for name in COLUMNS}


def _histograms(rows: Rows) -> dict[str, NDArray[np.int64]]:
    real = np.asarray(rows["real"])
    there = np.arange(real.shape[1]) < np.asarray(rows["length"])[:, None]
    return {name: np.bincount(real[..., column][there], minlength=256) for column, name in enumerate(COLUMNS)}


EARS: Mapping[str, Ear] = MappingProxyType(
    {
        "frames": _bars("frames", frame_bars),
        "melody": _bars("melody", melody_bars),
        # Models of notes are told the plan of the real music: its chords, its returns, what it is like.
        "notes": Ear("sequences", ("real", "length", "place", "bar"), _note_material, _note_columns),
    }
)
"""By kind of codec."""
