"""Small pictures of a report as inline SVG: intervals on one scale, histograms side by side, curves with bands.

Colours are classes (`made`, `real`, `shuffled`, `floor`) that the page's style sheet fills, so that they follow its
light and dark scheme; marks differ in shape as well.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from antiphon.evaluation.measures import Number
from antiphon.evaluation.report.report import Curve, Histogram, Row
from antiphon.evaluation.report.wording import figure, label, number_text, printable

SIDES = ("made", "real", "shuffled")
_WIDE, _HIGH = 640, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 12, 30
_STRIP, _STRIP_HIGH, _EDGE = 170, 34, 6
_LETTER = 6.5
_TILTED, MOST_BINS, _FULLEST = 24, 48, 16


@dataclass(frozen=True)
class Scale:
    """A straight line from values to pixels."""

    low: float
    high: float
    first: float
    last: float

    def __call__(self, value: float) -> float:
        """Pixels of a value."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.first + (self.last - self.first) * share, 1)


def strip_range(rows: Iterable[Row]) -> tuple[float, float]:
    """The least and greatest value that drawings of these rows must hold; rows of one metric share it."""
    ends = [end for row in rows for end in _ends(row) if math.isfinite(end)]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def strip(row: Row, low: float, high: float) -> str:
    """Made, real and shuffled with their intervals on a scale from low to high; the floor is a band."""
    at = Scale(low, high, _EDGE, _STRIP - _EDGE)
    parts = [f'<line class="axis" x1="0" x2="{_STRIP}" y1="{_STRIP_HIGH - 1}" y2="{_STRIP_HIGH - 1}"/>']
    if (band := _floor(row)) is not None:
        left, right = (at(min(max(end, low), high)) for end in band)
        parts.append(
            f'<rect class="floor" x="{left}" y="0" width="{max(1, right - left):.1f}" height="{_STRIP_HIGH}"/>'
        )
    for name, number, y in (("made", row.made, 7), ("real", row.real, 17), ("shuffled", row.shuffled, 27)):
        if number is not None and math.isfinite(number.value):
            parts += [*_whisker(name, number, at, y), _mark(name, at(number.value), y)]
    said = ", ".join(f"{name} {number_text(getattr(row, name), row.unit)}" for name in SIDES if getattr(row, name))
    return _svg(_STRIP, _STRIP_HIGH, f"{label(row.name)}: {said}", parts, "strip")


def fullest(drawn: Histogram) -> Histogram:
    """The histogram itself, or of one with more than `MOST_BINS` bins the 16 fullest, the fullest first."""
    if len(drawn.bins) <= MOST_BINS:
        return drawn
    made, real, shuffled = (np.array(getattr(drawn, name)) for name in SIDES)
    heights = np.nan_to_num(np.maximum(made, real) if len(real) else made)
    kept = np.argsort(-heights, kind="stable")[:_FULLEST]
    bins = tuple(drawn.bins[index] for index in kept)
    shares = (tuple(values[kept].tolist()) if len(values) else () for values in (made, real, shuffled))
    return Histogram(drawn.name, drawn.sentence, bins, *shares)


def histogram(drawn: Histogram) -> str:
    """Bars of every bin side by side: made, real, shuffled, as far as they are there."""
    drawn = fullest(drawn)
    sides = [(name, values) for name in SIDES if (values := getattr(drawn, name))]
    tall = max((value for _, values in sides for value in values if math.isfinite(value)), default=0.0) or 1.0
    ticks = _ticks(0, tall)
    up = Scale(0, max(tall, ticks[-1]), _HIGH - _BOTTOM, _TOP)
    slot = (_WIDE - _LEFT - _RIGHT) / max(1, len(drawn.bins))
    bar = 0.84 * slot / max(1, len(sides))
    parts = [*_grid(ticks, up, "%")]
    for place, (name, values) in enumerate(sides):
        for index, value in enumerate(values):
            if math.isfinite(value) and value > 0:
                x = _LEFT + slot * (index + 0.08) + bar * place
                size = f'width="{bar * 0.94:.1f}" height="{up(0) - up(value):.1f}"'
                parts.append(f'<rect class="{name}" x="{x:.1f}" y="{up(value)}" {size}/>')
    names, below = _names(drawn.bins, [_LEFT + slot * (index + 0.5) for index in range(len(drawn.bins))])
    said = f"{label(drawn.name)}: {_said(drawn, sides)}"
    return _svg(_WIDE, _HIGH + below, said, [*parts, *names], "chart")


def curve(drawn: Curve) -> str:
    """Lines against the position with bands for their intervals; a gap where a value is missing."""
    sides = [(name, numbers) for name in SIDES[:2] if (numbers := getattr(drawn, name))]
    ends = [e for _, numbers in sides for n in numbers for e in (n.value, n.low, n.high) if math.isfinite(e)]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    low, high = (low, high) if high > low else (low - 0.5, high + 0.5)
    ticks = _ticks(low, high)
    up = Scale(min(low, ticks[0]), max(high, ticks[-1]), _HIGH - _BOTTOM, _TOP)
    slot = (_WIDE - _LEFT - _RIGHT) / max(1, len(drawn.positions))
    places = [round(_LEFT + slot * (index + 0.5), 1) for index in range(len(drawn.positions))]
    parts = [*_grid(ticks, up, drawn.unit)]
    for name, numbers in reversed(sides):
        for run in _runs(list(zip(places, numbers, strict=False))):
            parts += _line(name, run, up)
    names, below = _names(drawn.positions, places)
    said = f"{label(drawn.name)} against the position; {_ends_said(drawn)}"
    return _svg(_WIDE, _HIGH + below, said, [*parts, *names], "chart")


def _ends(row: Row) -> Iterator[float]:
    for number in (row.made, row.real, row.shuffled):
        if number is not None:
            yield from (number.value, number.low, number.high)
    if (band := _floor(row)) is not None and row.real is None:
        yield from band


def _floor(row: Row) -> tuple[float, float] | None:
    """As much around real as its floor; of a distance, the floor's own interval."""
    if row.floor is None or not math.isfinite(row.floor.value):
        return None
    if row.real is not None:
        return row.real.value - row.floor.value, row.real.value + row.floor.value
    bounds = row.floor.low, row.floor.high
    return bounds if math.isfinite(sum(bounds)) else (row.floor.value, row.floor.value)


def _whisker(name: str, number: Number, at: Scale, y: int) -> list[str]:
    if not (math.isfinite(number.low) and math.isfinite(number.high)):
        return []
    return [f'<line class="{name}" x1="{at(number.low)}" x2="{at(number.high)}" y1="{y}" y2="{y}"/>']


def _mark(name: str, x: float, y: int) -> str:
    if name == "made":
        return f'<circle class="made" cx="{x}" cy="{y}" r="4"/>'
    if name == "real":
        return f'<rect class="real" x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7"/>'
    return f'<path class="shuffled" d="M{x - 3:.1f} {y - 3}l6 6m0 -6l-6 6"/>'


def _ticks(low: float, high: float) -> list[float]:
    """Three to six round numbers from low to high, one beyond each at most."""
    rough = (high - low) / 4
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * size for size in (1, 2, 2.5, 5, 10) if unit * size >= rough * 0.999)
    return [step * k for k in range(math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9) + 1)]


def _grid(ticks: Sequence[float], up: Scale, unit: str) -> Iterator[str]:
    for tick in ticks:
        text = figure(tick, unit, max(map(abs, ticks)))
        yield f'<line class="grid" x1="{_LEFT}" x2="{_WIDE - _RIGHT}" y1="{up(tick)}" y2="{up(tick)}"/>'
        yield f'<text x="{_LEFT - 6}" y="{up(tick) + 4:.1f}" text-anchor="end">{escape(text)}</text>'


def _names(names: Sequence[str], places: Sequence[float]) -> tuple[list[str], int]:
    """Names below the axis, and the room that they need beyond one line: a few that are long are tilted, of many as
    many are written as have room."""
    names = [printable(name) for name in names]
    longest = _LETTER * (max(map(len, names), default=0) + 1)
    slot = (_WIDE - _LEFT - _RIGHT) / max(1, len(names))
    y = _HIGH - 10
    if longest > slot and len(names) <= _TILTED:
        turned = zip(names, places, strict=True)
        said = [
            f'<text transform="translate({x + 4:.1f} {y - 4}) rotate(-35)" text-anchor="end">{escape(name)}</text>'
            for name, x in turned
        ]
        return said, math.ceil(longest * math.sin(math.radians(35)))
    some = list(zip(names, places, strict=True))[:: max(1, math.ceil(longest / slot))]
    return [f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{escape(name)}</text>' for name, x in some], 0


def _runs(points: list[tuple[float, Number]]) -> Iterator[list[tuple[float, Number]]]:
    """Stretches without a missing value."""
    run: list[tuple[float, Number]] = []
    for x, number in points:
        if math.isfinite(number.value):
            run.append((x, number))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _line(name: str, run: list[tuple[float, Number]], up: Scale) -> Iterator[str]:
    bounded = [(x, n) for x, n in run if math.isfinite(n.low) and math.isfinite(n.high)]
    if len(bounded) > 1:
        edge = [(x, up(n.high)) for x, n in bounded] + [(x, up(n.low)) for x, n in reversed(bounded)]
        yield f'<polygon class="{name} band" points="{_points(edge)}"/>'
    yield f'<polyline class="{name}" points="{_points([(x, up(n.value)) for x, n in run])}"/>'
    yield from (_mark(name, x, round(up(n.value))) for x, n in run)


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def _said(drawn: Histogram, sides: Sequence[tuple[str, tuple[float, ...]]]) -> str:
    """The fullest bin of each side, for those who do not see the picture."""
    said = []
    for name, values in sides:
        if not np.isnan(values).all():
            fullest = int(np.nanargmax(values))
            said.append(f"{name} most in {printable(drawn.bins[fullest])}, {figure(values[fullest], '%')}")
    return "; ".join(said) or "no values"


def _ends_said(drawn: Curve) -> str:
    said = []
    for name, numbers in (("made", drawn.made), ("real", drawn.real)):
        there = [number.value for number in numbers if math.isfinite(number.value)]
        if there:
            said.append(f"{name} from {figure(there[0], drawn.unit)} to {figure(there[-1], drawn.unit)}")
    return "; ".join(said) or "no values"


def _svg(width: int, height: int, said: str, parts: Iterable[str], kind: str) -> str:
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return f'<svg class="{kind}" role="img" aria-label="{escape(said)}" {size}>{"".join(parts)}</svg>'
