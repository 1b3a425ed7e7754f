"""A report as plain text for the terminal: tables where there is room, a block a row where there is not."""

import textwrap
from collections.abc import Iterator, Mapping

from antiphon.evaluation.report.report import Report, Row, Section
from antiphon.evaluation.report.wording import (
    READING,
    SIGNS,
    SIGNS_OF_ASCII,
    Standing,
    excess,
    first_of_each,
    label,
    legend,
    number_text,
    p_text,
    printable,
    side_text,
    standing,
    summary,
)

HEADS = ("", "made", "n", "real", "floor", "shuffled", "p", "verdict")
"""`n`: the units that the figure is of; songs are counted in the page."""
_NARROWEST, _NAME, _VERDICT = 24, 24, 16
_MOST, _SHORT = 48, 12
_FIRST: tuple[Standing, ...] = ("apart", "slight", "open")

Signs = Mapping[Standing, str]


def table_text(report: Report, width: int = 80, encoding: str = "utf-8") -> str:
    """The tables of a report, `width` characters wide; no colours, so that it can be piped anywhere.

    Remarks come first, each metric's sentence and the way to read the columns last. What an encoding lacks is replaced.
    """
    signs = SIGNS if _can_show("".join(SIGNS.values()), encoding) else SIGNS_OF_ASCII
    text = "\n".join(_lines(report, max(width, _NARROWEST), signs)) + "\n"
    return text.encode(encoding, "replace").decode(encoding)


def _can_show(text: str, encoding: str) -> bool:
    try:
        return bool(text.encode(encoding))
    except UnicodeEncodeError:
        return False


def _lines(report: Report, width: int, signs: Signs) -> Iterator[str]:
    yield from _wrapped(f"{report.protocol}: {side_text(report)}", width)
    for remark in report.remarks:
        yield from _wrapped(printable(remark), width, "! ")
    for sentence in summary(report):
        yield from _wrapped(sentence, width)
    for section in report.sections:
        yield from ("", printable(section.title).upper())
        yield from _wrapped(printable(section.sentence), width)
        yield from _section(section, width, signs)
    yield from _words(report, width, signs)


def _section(section: Section, width: int, signs: Signs) -> Iterator[str]:
    told = section.rows
    if len(told) > _MOST:
        told = _furthest(told)
        those = f"{len(told)} of them, what stands apart first" if told else "none of them stands apart"
        yield from _wrapped(f"{len(section.rows)} rows; {those}; all are in the page and in the JSON.", width)
    if not told:
        return
    cells = [HEADS, *(_cells(row, signs) for row in told)]
    used = [column for column in range(len(HEADS)) if any(row[column] for row in cells[1:])]
    widths = _widths([max(len(row[column]) for row in cells) for column in used], width)
    if widths:
        for row in cells:
            yield from _line([row[column] for column in used], widths)
    else:
        for row in cells[1:]:
            yield from _block(row, width)


def _furthest(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The rows that differ, those furthest off first, then those that may; not what is better than its floor."""
    may = [row for row in rows if standing(row) in _FIRST]
    return tuple(sorted(may, key=lambda row: (_FIRST.index(standing(row)), -excess(row)))[:_SHORT])


def _widths(wanted: list[int], width: int) -> list[int]:
    """Rooms of a table's columns; none where it does not fit. Names and verdicts may take several lines."""
    name, *numbers, verdict = wanted
    room = width - sum(numbers) - 2 * (len(wanted) - 1)
    least = min(name, _NAME) + min(verdict, _VERDICT)
    if room < least:
        return []
    verdict = min(verdict, room - min(name, _NAME))
    return [min(name, room - verdict), *numbers, verdict]


def _line(cells: list[str], widths: list[int]) -> Iterator[str]:
    names, verdicts = textwrap.wrap(cells[0], widths[0]), textwrap.wrap(cells[-1], widths[-1])
    for line in range(max(len(names), len(verdicts), 1)):
        first, last = (parts[line] if line < len(parts) else "" for parts in (names, verdicts))
        between = cells[1:-1] if line == 0 else [""] * (len(cells) - 2)
        yield "  ".join(cell.ljust(room) for cell, room in zip([first, *between, last], widths, strict=True)).rstrip()


def _block(cells: tuple[str, ...], width: int) -> Iterator[str]:
    yield from _wrapped(cells[0], width)
    room = max(map(len, HEADS))
    for head, cell in zip(HEADS[1:], cells[1:], strict=True):
        if cell:
            yield from _wrapped(cell, width, f"  {head:{room}} ")


def _cells(row: Row, signs: Signs) -> tuple[str, ...]:
    made, *numbers = (number_text(number, row.unit) for number in (row.made, row.real, row.floor, row.shuffled))
    num = f"{row.made.num_units:,}" if row.made.num_units else ""
    unit = f" ({row.unit})" if row.unit not in ("", "%") else ""
    verdict = f"{signs[standing(row)]} {printable(row.verdict)}".strip()
    return (label(row.name) + unit, made, num, *numbers, p_text(row.p), verdict)


def _words(report: Report, width: int, signs: Signs) -> Iterator[str]:
    """Each metric's sentence once, then how to read the columns."""
    rows = [row for section in report.sections for row in section.rows]
    if not rows:
        return
    yield from ("", "WHAT IS MEASURED")
    for name, row in first_of_each(rows).items():
        yield from _wrapped(f"{label(name)}: {printable(row.sentence)}", width, "- ")
    yield from ("", "HOW TO READ IT")
    for name, sentence in READING:
        yield from _wrapped(f"{name}: {sentence}", width, "- ")
    yield from _wrapped(f"signs: {legend(signs)}.", width, "- ")


def _wrapped(text: str, width: int, first: str = "") -> list[str]:
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=" " * len(first))
