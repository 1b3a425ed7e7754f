"""A report as one HTML page that a stranger can read: no script, no network, every picture inside it."""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from itertools import zip_longest

from antiphon.evaluation.measures import Number, base_name
from antiphon.evaluation.report import drawings
from antiphon.evaluation.report.page_style import STYLE
from antiphon.evaluation.report.report import Histogram, Report, Row, Section, Side, Thumbnail
from antiphon.evaluation.report.wording import (
    READING,
    SIGNS,
    figure,
    first_of_each,
    interval,
    label,
    legend,
    p_text,
    printable,
    reason,
    side_text,
    standing,
    summary,
)

_HEADS = {
    "made": "Made",
    "real": "Real",
    "drawing": "On one scale",
    "floor": "Floor",
    "shuffled": "Shuffled",
    "p": "p",
    "verdict": "Verdict",
}
_ALWAYS = ("made", "drawing")
_MARKS = {
    "made": '<circle class="made" cx="7" cy="7" r="4"/>',
    "real": '<rect class="real" x="3" y="3" width="8" height="8"/>',
    "shuffled": '<path class="shuffled" d="M4 4l6 6m0 -6l-6 6"/>',
    "floor": '<rect class="floor" width="14" height="14"/>',
}
_BARS = {name: f'<rect class="{name}" x="2" width="10" height="14"/>' for name in drawings.SIDES}
_BASE64 = re.compile(r"[A-Za-z0-9+/=]*")


def page(report: Report) -> str:
    """The whole page as text; the same report gives the same bytes.

    Raises
    ------
    ValueError
        If a picture is not base64 text.
    """
    return "\n".join(_page(report)) + "\n"


def _page(report: Report) -> Iterator[str]:
    title = f"Evaluation of {_text(report.samples.name)}"
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>"
    yield f"<p>{_text(side_text(report))}.</p>"
    yield from (f'<p class="faint">{_side(side)}</p>' for side in (report.samples, report.reference) if side)
    yield "</header>\n<main>"
    yield from _remarks(report.remarks)
    yield '<section aria-labelledby="summary">\n<h2 id="summary">In short</h2>'
    yield from (f'<p class="summary">{_text(sentence)}</p>' for sentence in summary(report))
    yield "</section>"
    yield from _contents(report)
    for number, section in enumerate(report.sections):
        yield from _section(section, number)
    yield from _histograms(report)
    yield from _curves(report)
    yield from _thumbnails(report.thumbnails)
    yield from _training(report.training_curve)
    yield from _glossary(report)
    yield "</main>"
    yield from _footer(report)
    yield "</body>\n</html>"


def _text(text: str) -> str:
    return escape(printable(text))


def _side(side: Side) -> str:
    said = "; ".join(
        part for part in (side.remark.rstrip("."), f"licence {side.licence}" if side.licence else "") if part
    )
    return f"{_text(side.name)}: {_text(said)}." if said else ""


def _remarks(remarks: tuple[str, ...]) -> Iterator[str]:
    if remarks:
        yield '<section class="remarks" role="note" aria-labelledby="remarks">\n<h2 id="remarks">⚠ Read this first</h2>'
        yield "<ul>" + "".join(f"<li>{_text(remark)}</li>" for remark in remarks) + "</ul>\n</section>"


def _contents(report: Report) -> Iterator[str]:
    links = [(f"section-{number}", section.title) for number, section in enumerate(report.sections)]
    there = (report.histograms, report.curves, report.thumbnails, report.training_curve, report.sections)
    names = ("Histograms", "Curves", "Rolls", "Training", "Glossary")
    links += [(name.lower(), name) for name, has in zip(names, there, strict=True) if has]
    if links:
        items = "".join(f'<li><a href="#{place}">{_text(name)}</a></li>' for place, name in links)
        yield f'<nav aria-label="Contents"><ul>{items}</ul></nav>'


def _section(section: Section, number: int) -> Iterator[str]:
    place = f"section-{number}"
    yield f'<section aria-labelledby="{place}">\n<h2 id="{place}">{_text(section.title)}</h2>'
    yield f"<p>{_text(section.sentence)}</p>"
    if section.rows:
        shown = [name for name in _HEADS if name in _ALWAYS or any(getattr(row, name) for row in section.rows)]
        yield _legend([name for name in _MARKS if name in shown], _MARKS)
        yield f'<div class="scroll" role="region" tabindex="0" aria-labelledby="{place}">\n<table>'
        yield f"<caption>{_text(section.title)}: values with their 95 % intervals over songs</caption>"
        heads = "".join(f'<th scope="col">{_HEADS[name]}</th>' for name in shown)
        yield f'<thead><tr><th scope="col">Metric</th>{heads}</tr></thead>\n<tbody>'
        yield from _rows(section.rows, shown)
        yield "</tbody>\n</table>\n</div>"
    yield "</section>"


def _rows(rows: tuple[Row, ...], shown: list[str]) -> Iterator[str]:
    """Rows of one metric share a scale, and its sentence stands at the first of them."""
    told: set[str] = set()
    for row in rows:
        name = base_name(row.name)
        low, high = drawings.strip_range(other for other in rows if base_name(other.name) == name)
        cells = _cells(row, drawings.strip(row, low, high))
        yield f"<tr>{_head(row, '' if name in told else row.sentence)}{''.join(cells[name] for name in shown)}</tr>"
        told.add(name)


def _head(row: Row, sentence: str) -> str:
    unit = f' <span class="why">({_text(row.unit)})</span>' if row.unit not in ("", "%") else ""
    why = f'<div class="why">{_text(sentence)}</div>' if sentence else ""
    return f'<th scope="row">{_text(label(row.name))}{unit}{why}</th>'


def _cells(row: Row, picture: str) -> dict[str, str]:
    words = standing(row)
    sign = f'<span class="sign" aria-hidden="true">{SIGNS[words]}</span>' if words else ""
    contents = {
        "made": _value(row.made, row.unit),
        "real": _value(row.real, row.unit),
        "drawing": picture,
        "floor": _value(row.floor, row.unit),
        "shuffled": _value(row.shuffled, row.unit),
        "p": escape(p_text(row.p)),
        "verdict": f'<div class="{words or "plain"}">{sign}{_text(row.verdict)}</div>' if row.verdict else "",
    }
    return {name: f'<td class="{name}" data-head="{_HEADS[name]}">{content}</td>' for name, content in contents.items()}


def _value(number: Number | None, unit: str) -> str:
    if number is None:
        return ""
    small = (interval(number, unit), reason(number), _counted(number))
    below = "".join(f"<small>{_text(text)}</small>" for text in small if text)
    return f"<div>{escape(figure(number.value, unit))}{below}</div>"


def _counted(number: Number) -> str:
    """How much a value rests on; nothing for floors, which have no interval, and where it is told already."""
    if not number.num_songs or math.isnan(number.low):
        return ""
    songs = f"{number.num_songs:,} songs"
    return songs if number.num_units in (0, number.num_songs) else f"{number.num_units:,} in {songs}"


def _legend(names: Iterable[str], signs: Mapping[str, str]) -> str:
    items = "".join(
        f'<span><svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">{signs[name]}</svg>'
        f"{'floor: where chance alone leads' if name == 'floor' else name}</span>"
        for name in names
    )
    return f'<div class="legend">{items}</div>'


def _histograms(report: Report) -> Iterator[str]:
    figures = [
        (drawn.name, f"{drawn.sentence} {_left_out(drawn)}".rstrip(), drawings.histogram(drawn))
        for drawn in report.histograms
    ]
    legend = _legend(drawings.SIDES, _BARS)
    yield from _pictures("histograms", "Histograms side by side", "Shares; mean over songs.", legend, figures)


def _left_out(drawn: Histogram) -> str:
    shown = len(drawings.fullest(drawn).bins)
    return f"The {shown} fullest of {len(drawn.bins):,}." if shown < len(drawn.bins) else ""


def _curves(report: Report) -> Iterator[str]:
    said = "Bands are 95 % intervals over songs; the dashed line is real music."
    figures = [(drawn.name, drawn.sentence, drawings.curve(drawn)) for drawn in report.curves]
    yield from _pictures(
        "curves", "Against the position in the piece", said, _legend(("made", "real"), _MARKS), figures
    )


def _pictures(place: str, title: str, said: str, legend: str, figures: list[tuple[str, str, str]]) -> Iterator[str]:
    if not figures:
        return
    yield f'<section aria-labelledby="{place}">\n<h2 id="{place}">{title}</h2>\n<p>{said}</p>'
    yield f'{legend}\n<div class="pictures">'
    for name, sentence, picture in figures:
        words = f"<figcaption>{_text(sentence)}</figcaption>"
        yield f"<div><h3>{_text(label(name))}</h3>\n<figure>{picture}{words}</figure></div>"
    yield "</div>\n</section>"


def _thumbnails(thumbnails: tuple[Thumbnail, ...]) -> Iterator[str]:
    """Made on the left, real on the right."""
    if not thumbnails:
        return
    yield '<section aria-labelledby="rolls">\n<h2 id="rolls">Rolls</h2>'
    yield "<p>How pieces begin, time from left to right and pitch upwards; left made, right real.</p>"
    yield '<div class="thumbnails">'
    made, real = ([t for t in thumbnails if t.made is side] for side in (True, False))
    for pair in zip_longest(made, real) if made and real else ((thumbnail,) for thumbnail in thumbnails):
        yield from (_thumbnail(one) if one else "<div></div>" for one in pair)
    yield "</div>\n</section>"


def _thumbnail(thumbnail: Thumbnail) -> str:
    words = f"{'Made' if thumbnail.made else 'Real'}: {_text(thumbnail.caption)}"
    return f"<figure>{_png(thumbnail.png, f'Piano roll. {words}')}<figcaption>{words}</figcaption></figure>"


def _training(png: str) -> Iterator[str]:
    if png:
        yield '<section aria-labelledby="training">\n<h2 id="training">Training</h2>'
        yield "<p>How the run went that made the samples.</p>"
        yield f"{_png(png, 'Curves of the training run', 'run')}\n</section>"


def _png(content: str, said: str, kind: str = "roll") -> str:
    if not _BASE64.fullmatch(content):
        raise ValueError("a picture of a report is base64 text")
    return f'<img class="{kind}" alt="{said}" src="data:image/png;base64,{content}">'


def _glossary(report: Report) -> Iterator[str]:
    rows = [row for section in report.sections for row in section.rows]
    if not rows:
        return
    yield '<section aria-labelledby="glossary">\n<h2 id="glossary">Glossary</h2>\n<h3>How to read the tables</h3>\n<dl>'
    yield from (f"<dt>{name}</dt><dd>{_text(said)}</dd>" for name, said in READING)
    yield f"<dt>signs</dt><dd>{_text(legend(SIGNS))}.</dd>"
    yield "</dl>\n<h3>What is measured</h3>\n<dl>"
    for name, row in first_of_each(rows).items():
        source = f' <span class="faint">Source: {_text(row.source)}</span>' if row.source else ""
        yield f"<dt>{_text(label(name))} <code>{_text(name)}</code></dt><dd>{_text(row.sentence)}{source}</dd>"
    yield "</dl>\n</section>"


def _footer(report: Report) -> Iterator[str]:
    yield f'<footer class="faint">\n<p>Protocol {_text(report.protocol)}, seed {report.seed}, '
    yield f"antiphon {_text(report.version)}.</p>"
    if report.settings:
        said = json.dumps(report.settings, sort_keys=True, ensure_ascii=False)
        yield f"<p>Settings: <code>{_text(said)}</code></p>"
    yield "</footer>"
