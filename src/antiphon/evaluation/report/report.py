"""What an evaluation found, as plain values: rows of made, real, floor, shuffled and a verdict, and data for pictures.

The JSON of a report is all that its page is drawn from; the same seed gives the same bytes.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from antiphon.evaluation.measures import Number


@dataclass(frozen=True)
class Row:
    """One line of a report.

    Parameters
    ----------
    name
        The metric, with the track or pair after a slash.
    sentence, source, unit
        As in `antiphon.evaluation.measures.Metric`; `unit` "%" prints shares as percentages.
    made, real, shuffled
        The samples, the real songs held against them, and the same real songs shuffled as the section says.
    floor
        What the same measurement gives where nothing is wrong. For a metric: how far as many real songs as there are
        samples, half of them at most, lie from the rest (19 times of 20 not further). For a distance, an agreement or
        an examiner: its value for real songs against other real songs.
    p
        Chance of a difference this large between songs of one kind, corrected for the number of rows: after Holm
        (1979), or by the furthest row of each division (`antiphon.evaluation.sets.floors.p_values`).
    verdict
        In words.
    """

    name: str
    sentence: str
    source: str
    unit: str
    made: Number
    real: Number | None = None
    floor: Number | None = None
    shuffled: Number | None = None
    p: float | None = None
    verdict: str = ""


@dataclass(frozen=True)
class Section:
    """Rows of one kind, with a sentence or two on how they were measured, and what of them must not be missed."""

    title: str
    sentence: str
    rows: tuple[Row, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Histogram:
    """Shares over bins, side by side: mean over songs of the samples, of the real and of the shuffled songs."""

    name: str
    sentence: str
    bins: tuple[str, ...]
    made: tuple[float, ...]
    real: tuple[float, ...] = ()
    shuffled: tuple[float, ...] = ()


@dataclass(frozen=True)
class Curve:
    """A metric against the position in the piece, with intervals."""

    name: str
    sentence: str
    unit: str
    positions: tuple[str, ...]
    made: tuple[Number, ...]
    real: tuple[Number, ...] = ()


@dataclass(frozen=True)
class Thumbnail:
    """A small piano roll: a caption, whether it was made or is real, and a PNG as base64 text."""

    caption: str
    made: bool
    png: str


@dataclass(frozen=True)
class Side:
    """What was measured: its name, what it is ("folder of MIDI", "corpus", "rolls", "model"), how much of it."""

    name: str
    kind: str
    num_songs: int
    licence: str = ""
    remark: str = ""


@dataclass(frozen=True)
class Report:
    """One evaluation.

    Parameters
    ----------
    protocol, seed, version
        What was run; `version` is the package's.
    samples, reference
        The two sides; None where there is no reference.
    remarks
        Sentences that a reader must not miss, the gravest first: what was left out, resampled, too few, the same.
    sections, histograms, curves, thumbnails
        What was found.
    training_curve
        PNG as base64 text of the run that made the samples, or empty.
    """

    protocol: str
    seed: int
    version: str
    samples: Side
    reference: Side | None = None
    remarks: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    histograms: tuple[Histogram, ...] = ()
    curves: tuple[Curve, ...] = ()
    thumbnails: tuple[Thumbnail, ...] = ()
    training_curve: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    def json_text(self) -> str:
        """The report as JSON; NaN is null."""
        return json.dumps(_plain(asdict(self)), indent=1, ensure_ascii=False) + "\n"


def from_json(text: str) -> Report:
    """The report of what `json_text` wrote."""
    values = json.loads(text)
    side = values["reference"]
    return Report(
        **{
            **values,
            "samples": Side(**values["samples"]),
            "reference": Side(**side) if side else None,
            "remarks": tuple(values["remarks"]),
            "sections": tuple(
                Section(s["title"], s["sentence"], tuple(map(_row, s["rows"])), tuple(s["remarks"]))
                for s in values["sections"]
            ),
            "histograms": tuple(Histogram(**_tuples(h)) for h in values["histograms"]),
            "curves": tuple(
                Curve(**{**_tuples(c), "made": _numbers(c["made"]), "real": _numbers(c["real"])})
                for c in values["curves"]
            ),
            "thumbnails": tuple(Thumbnail(**t) for t in values["thumbnails"]),
        }
    )


def _row(values: dict[str, Any]) -> Row:
    sides = {name: _number(values[name]) for name in ("real", "floor", "shuffled")}
    made = _number(values["made"])
    assert made is not None
    return Row(**{**values, **sides, "made": made})


def _number(values: dict[str, Any] | None) -> Number | None:
    if values is None:
        return None
    plain: dict[str, Any] = {name: math.nan if value is None else value for name, value in values.items()}
    return Number(**plain)


def _numbers(values: Iterable[dict[str, Any]]) -> tuple[Number, ...]:
    return tuple(number for number in map(_number, values) if number is not None)


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(math.nan if v is None else v for v in value) if isinstance(value, list) else value
        for name, value in values.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
