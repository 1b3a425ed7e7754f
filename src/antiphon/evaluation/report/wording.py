"""What a report says in words and figures, the same on its page and in the terminal."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from antiphon.evaluation.measures import Number, base_name
from antiphon.evaluation.report.report import Report, Row
from antiphon.evaluation.sets.certainty import MIN_SONGS

Standing = Literal["alike", "slight", "apart", "open", "unknown", ""]
"""What a verdict comes to: as real, slightly apart, apart, no difference seen but too few songs to be sure, too few
songs to tell, none."""

SIGNS: dict[Standing, str] = {"alike": "✓", "slight": "≈", "apart": "✗", "open": "~", "unknown": "?", "": ""}
"""A sign for each standing, so that no reader depends on its colour."""

_STANDINGS: tuple[tuple[str, Standing], ...] = (
    ("copies its condition", "apart"),
    ("a little less than real music does", "slight"),
    ("no less than real music", "open"),
    ("a little more than real music does", "slight"),
    ("nor in real music", "open"),
    ("to be sure", "open"),
    ("no difference", "open"),
    ("not plainly more than in real", "open"),
    ("no more than in real", "alike"),
    ("too few", "unknown"),
    ("undefined", "unknown"),
    ("no floor", "unknown"),
    ("as real", "alike"),
    ("as other real", "alike"),
    ("as among real", "alike"),
    ("not told", "alike"),
    (", slight", "slight"),
    ("hardly told", "slight"),
    ("than real", "apart"),
    ("than in real", "apart"),
    ("than among real", "apart"),
    ("further off", "apart"),
    ("as far off", "apart"),
    ("told from real", "apart"),
)
"""Phrases of verdicts (of `certainty`, `comparing`, `dependence`, the examiners and the sections); the first found
counts."""

SIGNS_OF_ASCII: dict[Standing, str] = {"alike": "=", "slight": "~=", "apart": "!=", "open": "~", "unknown": "?", "": ""}
"""The same where an encoding has no others."""

_SAID: dict[Standing, tuple[str, str]] = {
    "alike": ("is as real songs are", "are as real songs are"),
    "slight": ("differs slightly", "differ slightly"),
    "apart": ("differs", "differ"),
    "open": (
        "shows no difference but needs more songs to be sure",
        "show no difference but need more songs to be sure",
    ),
    "unknown": ("has too few songs to tell", "have too few songs to tell"),
}

NOTHING = "\N{EN DASH}"
"""Where there is no value."""

READING = (
    (
        "made",
        "the samples: the mean of what was measured, and in brackets the 95 % interval of that mean over songs.",
    ),
    ("n", "how many units (bars, pieces) the figure of the samples is of; those without a value are not counted."),
    ("real", "the same measurement of the reference, cut to the same length where length matters."),
    (
        "floor",
        "what chance alone gives. For a metric: how far as many real songs as there are samples, half of them at most, "
        "lie from the rest (19 times of 20 not further). For a distance, an agreement or an examiner: its value for "
        "real songs against other real songs, and in brackets where 95 % of such divisions lie.",
    ),
    (
        "shuffled",
        "the same real songs with their parts shuffled, as the section says: a metric that gives these the value of "
        "the real ones does not see what was destroyed, and a good value of it means little.",
    ),
    (
        "p",
        "how often songs of one kind would lie this far apart by chance, corrected for the number of rows: of metrics "
        "and of dependence after Holm (1979), of distances and agreements as the share of divisions in which the "
        "furthest row lies as far off (max-T, Westfall and Young 1993). 0.05 and below is taken as a difference.",
    ),
    (
        "verdict",
        "songs are compared, each by its own mean, however long it is. 'as real songs' is said only where the whole "
        "interval of the difference is below half the spread of real songs; sizes of differences (slight, small, "
        "medium, large) are in that spread too (Cohen 1988).",
    ),
)
"""How to read each column."""

_SIGNIFY: dict[Standing, str] = {
    "alike": "as real",
    "slight": "slightly apart",
    "apart": "apart",
    "open": "no difference seen, but one may be there",
    "unknown": "too few to tell",
}

_WORST = 3


def printable(text: str) -> str:
    """Text without control and direction characters, which file names may hold."""
    return "".join(character if character.isprintable() else " " for character in text)


def label(name: str) -> str:
    """A metric's name for readers: `empty_bar_rate/bass` is "empty bar rate / bass"."""
    metric, _, part = printable(name).partition("/")
    return metric.replace("_", " ") + (f" / {part}" if part else "")


def legend(signs: Mapping[Standing, str]) -> str:
    """What the signs before verdicts mean."""
    return "; ".join(f"{signs[standing]} {said}" for standing, said in _SIGNIFY.items())


def first_of_each(rows: Iterable[Row]) -> dict[str, Row]:
    """The first row of each metric, by the metric's name: later ones are of other tracks, or of what others print."""
    found: dict[str, Row] = {}
    for row in rows:
        found.setdefault(base_name(row.name), row)
    return found


def standing(row: Row) -> Standing:
    """What a row's verdict comes to; "" where it has none, or says it in words of its own."""
    return next((found for phrase, found in _STANDINGS if phrase in row.verdict), "")


def figure(value: float, unit: str = "", scale: float | None = None) -> str:
    """A value with three significant digits, shares as percentages, a dash for NaN.

    `scale` is the value whose digits it takes, so that the bounds of an interval have as many decimals as its middle.
    """
    if math.isnan(value):
        return NOTHING
    factor, sign = (100, " %") if unit == "%" else (1, "")
    # Rounded first: 99.96 has as many decimals as 100.
    value, size = factor * value, float(f"{abs(factor * (value if scale is None else scale)):.3g}")
    if math.isinf(value) or abs(value) >= 1e6 or 0 < size < 1e-4:
        return f"{value:.3g}{sign}"
    decimals = max(0, 2 - math.floor(math.log10(size))) if 0 < size < math.inf else 0 if value == 0 else 2
    return f"{value:,.{decimals}f}{sign}"


def interval(number: Number, unit: str = "") -> str:
    """ "[low, high]", or "" where there is none."""
    if math.isnan(number.low) or math.isnan(number.high):
        return ""
    scale = number.value if number.value else max(abs(number.low), abs(number.high))
    low, high = (figure(bound, unit, scale).removesuffix(" %") for bound in (number.low, number.high))
    return f"[{low}, {high}]"


def reason(number: Number) -> str:
    """Why there is no value or no interval, or ""."""
    few = f"too few songs: {number.num_songs}" if 0 < number.num_songs < MIN_SONGS else ""
    if math.isnan(number.value):
        return few or ("undefined" if number.num_songs else "nothing to measure it on")
    return f"no interval, {few}" if few and math.isnan(number.low) else ""


def number_text(number: Number | None, unit: str = "") -> str:
    """Value and interval, with the reason where one is missing; "" where nothing was measured."""
    if number is None:
        return ""
    why = reason(number)
    parts = (figure(number.value, unit), interval(number, unit), f"({why})" if why else "")
    return " ".join(part for part in parts if part)


def p_text(p: float | None) -> str:
    """A probability; "" where none was reckoned."""
    if p is None or math.isnan(p):
        return ""
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def side_text(report: Report) -> str:
    """What was compared with what."""
    made = f"{_amount(report.samples.num_songs)} of {printable(report.samples.name)} ({report.samples.kind})"
    if report.reference is None:
        return f"{made}, without a reference"
    real = report.reference
    return f"{made}, held against {_amount(real.num_songs)} of {printable(real.name)} ({real.kind})"


def summary(report: Report) -> Iterator[str]:
    """A few plain sentences: how many rows are as real, which differ most, what the sharpest examiner hears."""
    rows = [row for section in report.sections for row in section.rows]
    if not rows:
        yield "Nothing could be measured."
        return
    counts = Counter(standing(row) for row in rows)
    judged = len(rows) - counts[""]
    if judged:
        said = [f"{counts[one]} {words[counts[one] > 1]}" for one, words in _SAID.items() if counts[one]]
        yield f"Of {_count(judged, 'figure')} held against real music, {_and(said)}."
    else:
        yield f"{_count(len(rows), 'figure')} measured; without a reference none of them has a verdict."
    apart = sorted((row for row in rows if standing(row) == "apart"), key=excess, reverse=True)
    # Figures that have a meaning to the ear come before distances between sets.
    if worst := sorted(apart, key=lambda row: row.real is None)[:_WORST]:
        yield f"Furthest off, measured by the floor: {'; '.join(_difference(row) for row in worst)}."
    if heard := [row for row in rows if "auc" in base_name(row.name).split("_") and not math.isnan(row.made.value)]:
        sharpest = max(heard, key=lambda row: row.made.value)
        value = f"{figure(sharpest.made.value)} {interval(sharpest.made)}".strip()
        yield (
            f"The examiner that hears most, {label(sharpest.name)}, tells made from real with an area under the curve "
            f"of {value}, where 0.5 is guessing and 1 never wrong."
        )


def excess(row: Row) -> float:
    """How many floors the samples lie from the real songs; a distance or agreement, how many half intervals of its
    floor from the floor. NaN counts as 0."""
    if row.floor is None:
        return 0.0
    half = (row.floor.high - row.floor.low) / 2
    floor = row.floor.value if row.real or math.isnan(half) else half
    far = row.made.value - (row.real or row.floor).value
    if math.isnan(far) or math.isnan(floor):
        return 0.0
    return abs(far) / floor if floor > 0 else math.inf if far else 0.0


def _difference(row: Row) -> str:
    other, called = (row.real, "real") if row.real else (row.floor, "floor")
    beside = f", {called} {figure(other.value, row.unit)}" if other else ""
    return f"{label(row.name)} (made {figure(row.made.value, row.unit)}{beside})"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _amount(num_songs: int) -> str:
    return _count(num_songs, "song")


def _and(parts: list[str]) -> str:
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]
