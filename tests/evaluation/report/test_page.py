"""The page of a report: well-formed, complete, escaped, self-contained, the same for the same report."""

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from tests.evaluation.reports import EMPTY, whole

from antiphon.evaluation.measures import Number
from antiphon.evaluation.report import drawings
from antiphon.evaluation.report.page import page
from antiphon.evaluation.report.report import Curve, Histogram, Report, Section, from_json
from antiphon.evaluation.report.wording import label

NAN = float("nan")
_VOID = {"meta", "img", "br", "link", "hr"}


class Reader(HTMLParser):
    """Checks that every element ends where it must, and keeps what the page holds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, f"never ended: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"{tag} has an attribute twice"
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> ends something else"

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def without_reference() -> Report:
    report = whole()
    rows = tuple(
        replace(row, real=None, floor=None, shuffled=None, p=None, verdict="") for row in report.sections[0].rows
    )
    return replace(
        report, reference=None, sections=(replace(report.sections[0], rows=rows),), thumbnails=report.thumbnails[:2]
    )


REPORTS = {"whole": whole(), "empty": EMPTY, "without reference": without_reference()}


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_it_is_well_formed(report: Report) -> None:
    reader = Reader(page(report))
    tags = Counter(tag for tag, _ in reader.elements)
    assert tags["html"] == tags["title"] == tags["h1"] == tags["main"] == 1
    identities = [named["id"] for _, named in reader.elements if "id" in named]
    assert len(identities) == len(set(identities))
    for _, named in reader.elements:
        assert named.get("aria-labelledby") in {None, *identities}
        if str(named.get("href", "")).startswith("#"):
            assert str(named["href"])[1:] in identities


def test_every_row_and_sentence_is_there() -> None:
    report = whole()
    text = Reader(page(report)).text
    for section in report.sections:
        assert section.title in text and section.sentence in text
        for row in section.rows:
            assert label(row.name) in text
            for words in (row.sentence, row.source, row.verdict):
                assert words in text
    # In its table once for all tracks, and in the glossary.
    assert text.count(report.sections[0].rows[0].sentence) == 2
    for said in [drawn.sentence for drawn in report.histograms] + [drawn.sentence for drawn in report.curves]:
        assert said in text
    for remark in report.remarks:
        assert remark in text
    assert "✓ as real; ≈ slightly apart; ✗ apart; ~ no difference seen, but one may be there; ? too few" in text
    for value in ("12.3 %", "[11.0, 13.5]", "1.10 %", "< 0.001", "too few songs: 2", "seed 7"):
        assert value in text
    assert "1,200 in 50 songs" in text
    assert text.index(report.remarks[0]) < text.index("In short")


def test_songs_are_counted_once() -> None:
    row = replace(whole().sections[0].rows[0], made=Number(0.1, 0.0, 0.2, 12, 12), real=Number(0.1, num_songs=34))
    text = Reader(page(replace(whole(), sections=(Section("", "", (row,)),)))).text
    assert "12 songs" in text and "12 in 12" not in text
    assert "34 songs" not in text


def test_tables_are_accessible() -> None:
    reader = Reader(page(whole()))
    rows = len(whole().sections[0].rows) + len(whole().sections[1].rows)
    assert sum(tag == "th" and named.get("scope") == "row" for tag, named in reader.elements) == rows
    heads = [named.get("scope") for tag, named in reader.elements if tag == "th"]
    assert set(heads) == {"row", "col"}
    assert all(named["alt"] for tag, named in reader.elements if tag == "img")
    pictures = [named for tag, named in reader.elements if tag == "svg"]
    assert all(named.get("aria-label") or named.get("aria-hidden") for named in pictures)
    assert ("html", {"lang": "en"}) in reader.elements


def test_columns_that_nothing_fills_are_left_out() -> None:
    heads = page(without_reference())
    assert '<th scope="col">Made</th>' in heads
    for head in ("Real", "Floor", "Shuffled", "p", "Verdict"):
        assert f'<th scope="col">{head}</th>' not in heads


def test_names_of_files_stay_text() -> None:
    nasty = "\"><script>alert('x')</script><!-- \x00 \u202e &amp; ${1}"
    report = whole()
    row = replace(
        report.sections[0].rows[0],
        **dict.fromkeys(("name", "sentence", "source", "unit", "verdict"), nasty),  # type: ignore[arg-type]
    )
    nasty_report = Report(
        protocol=nasty,
        seed=0,
        version=nasty,
        samples=replace(report.samples, name=nasty, kind=nasty, remark=nasty, licence=nasty),
        reference=replace(report.samples, name=nasty, kind=nasty, remark=nasty, licence=nasty),
        remarks=(nasty,),
        sections=(Section(nasty, nasty, (row,)),),
        histograms=(Histogram(nasty, nasty, (nasty,), (1.0,)),),
        curves=(Curve(nasty, nasty, nasty, (nasty,), (Number(1.0),)),),
        thumbnails=tuple(replace(one, caption=nasty) for one in report.thumbnails),
        settings={nasty: nasty},
    )
    text = page(nasty_report)
    assert "\x00" not in text and "\u202e" not in text
    reader = Reader(text)
    assert not {"script"} & {tag for tag, _ in reader.elements}
    assert reader.text.count("<script>alert('x')</script>") > 10
    written = page(whole())
    assert "<script" not in written.lower()


def test_a_picture_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="base64"):
        page(replace(whole(), training_curve='"><script>'))


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_nothing_comes_from_elsewhere(report: Report) -> None:
    text = page(report)
    reader = Reader(text)
    assert not {"script", "link", "iframe", "object", "embed"} & {tag for tag, _ in reader.elements}
    for _, named in reader.elements:
        assert not [name for name in named if name.startswith("on")]
        for name in ("src", "href", "srcset", "action"):
            assert str(named.get(name, "#")).startswith(("#", "data:image/png;base64,"))
    assert not re.search(r"url\(|@import|https?://", text)


def test_the_same_report_gives_the_same_bytes() -> None:
    assert page(whole()) == page(whole())
    assert page(from_json(whole().json_text())) == page(whole())


def test_light_dark_and_paper() -> None:
    assert "prefers-color-scheme: dark" in page(EMPTY) and "@media print" in page(EMPTY)


def svg(text: str) -> ElementTree.Element:
    """A drawing, which must be well-formed; a browser draws nothing at a coordinate that is no number."""
    drawn = ElementTree.fromstring(text)
    coordinates = [value for element in drawn.iter() for name, value in element.attrib.items() if name in _PLACES]
    assert not any(word in value for value in coordinates for word in ("nan", "inf"))
    return drawn


_PLACES = {"x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height", "points", "d"}


def test_intervals_lie_where_their_values_are() -> None:
    row = whole().sections[0].rows[0]
    low, high = drawings.strip_range([row])
    assert (low, high) == (0.07, 0.135)
    drawn = svg(drawings.strip(row, low, high))
    circle, square = drawn.find("circle"), drawn.find("rect[@class='real']")
    assert circle is not None and square is not None
    made, real = float(circle.attrib["cx"]), float(square.attrib["x"]) + 3.5
    width = 170 - 12
    assert made == pytest.approx(6 + width * (0.123 - low) / (high - low), abs=0.1)
    assert real == pytest.approx(6 + width * (0.0806 - low) / (high - low), abs=0.1)


def test_bars_are_as_high_as_their_shares() -> None:
    drawn = svg(drawings.histogram(Histogram("name", "", ("a", "b"), (0.2, 0.4), (0.4, NAN))))
    heights = {
        name: [float(bar.attrib["height"]) for bar in drawn.findall(f"rect[@class='{name}']")]
        for name in ("made", "real")
    }
    assert heights["made"][1] == pytest.approx(2 * heights["made"][0], abs=0.2)
    assert heights["real"] == [heights["made"][1]]


def test_of_very_many_bins_the_fullest_are_shown() -> None:
    shares = tuple((index * 37 % 100) / 4950 for index in range(100))
    drawn = Histogram("name", "Words.", tuple(map(str, range(100))), shares, shares)
    kept = drawings.fullest(drawn)
    assert len(kept.bins) == 16 and kept.bins[0] == str(shares.index(max(shares)))
    assert list(kept.made) == sorted(shares, reverse=True)[:16] and kept.real == kept.made and kept.shuffled == ()
    assert "Words. The 16 fullest of 100." in page(replace(whole(), histograms=(drawn,)))
    assert "fullest of" not in page(whole())


def test_long_names_are_tilted_and_given_room() -> None:
    short = svg(drawings.histogram(Histogram("name", "", ("a", "b"), (0.5, 0.5))))
    names = tuple(f"dotted quarter {index}" for index in range(12))
    long = svg(drawings.histogram(Histogram("name", "", names, (1 / 12,) * 12)))
    assert float(long.attrib["height"]) > float(short.attrib["height"]) + 40
    assert sum("rotate" in text.attrib.get("transform", "") for text in long.findall("text")) == 12


def test_a_curve_breaks_where_a_value_is_missing() -> None:
    numbers = (Number(1.0), Number(2.0), Number(NAN), Number(3.0))
    drawn = svg(drawings.curve(Curve("name", "", "", ("1", "2", "3", "4"), numbers)))
    lines = drawn.findall("polyline")
    assert [len(line.attrib["points"].split()) for line in lines] == [2, 1]


@pytest.mark.parametrize("value", [0.0, 1e-9, 5.0, -3.0, 1e12])
def test_drawings_of_a_single_value(value: float) -> None:
    row = replace(whole().sections[0].rows[0], made=Number(value), real=None, floor=None, shuffled=None)
    svg(drawings.strip(row, *drawings.strip_range([row])))
    svg(drawings.curve(Curve("name", "", "%", ("1",), (Number(value),))))
    svg(drawings.histogram(Histogram("name", "", ("a",), (abs(value),))))


def test_drawings_of_nothing() -> None:
    row = replace(whole().sections[0].rows[0], made=Number(NAN), real=None, floor=None, shuffled=None)
    svg(drawings.strip(row, *drawings.strip_range([row])))
    svg(drawings.histogram(Histogram("name", "", (), ())))
    svg(drawings.histogram(Histogram("name", "", ("a",), (NAN,), (NAN,))))
    svg(drawings.curve(Curve("name", "", "", (), ())))
    svg(drawings.curve(Curve("name", "", "", ("1",), (Number(NAN),), (Number(NAN),))))
