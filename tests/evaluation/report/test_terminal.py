"""A report in the terminal: complete, within its width, readable where there is little room."""

from dataclasses import replace

import pytest
from tests.evaluation.reports import EMPTY, whole

from antiphon.evaluation.measures import Number
from antiphon.evaluation.report.report import Report, Row, Section
from antiphon.evaluation.report.terminal import table_text
from antiphon.evaluation.report.wording import label


@pytest.mark.parametrize("width", [10, 24, 40, 60, 80, 120, 160, 250])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(len, table_text(whole(), width).splitlines())) <= max(width, 24)


@pytest.mark.parametrize("width", [40, 80, 160])
def test_every_row_and_sentence_is_there(width: int) -> None:
    text = " ".join(table_text(whole(), width).split())
    for section in whole().sections:
        for row in section.rows:
            assert label(row.name) in text and row.sentence in text
    for said in ("12.3 % [11.0, 13.5]", "8.06 % [7.00, 9.00]", "1.10 %", "< 0.001", "higher than real, medium"):
        assert said in text
    assert text.index("! The reference contains 3 of the samples.") < text.index("Of 5 figures")


def test_wide_terminals_show_a_line_a_row() -> None:
    lines = table_text(whole(), 160).splitlines()
    line = next(line for line in lines if line.startswith("empty bar rate / bass"))
    assert line.split("  ")[-1] == "higher than real, medium"
    assert line.index("12.3 %") == lines[lines.index(line) - 1].index("made")


def test_narrow_terminals_show_a_block_a_row() -> None:
    lines = table_text(whole(), 60).splitlines()
    start = lines.index("empty bar rate / bass")
    assert lines[start + 1].split() == ["made", "12.3", "%", "[11.0,", "13.5]"]


def test_an_empty_report_says_so() -> None:
    assert "Nothing could be measured." in table_text(EMPTY)


def test_names_cannot_steer_the_terminal() -> None:
    report: Report = replace(whole(), samples=replace(whole().samples, name="a\x1b[2Jb\rc"))
    assert "\x1b" not in table_text(report) and "\r" not in table_text(report)


def test_a_section_too_long_for_a_terminal_shows_what_is_furthest_off() -> None:
    rows = tuple(
        Row(f"distance/feature {k}", "", "", "", Number(float(k)), None, Number(0.0, -1.0, 1.0)) for k in range(60)
    )
    text = table_text(replace(EMPTY, sections=(Section("Feature by feature", "", rows),)))
    assert "12 of 60 rows" in text and "feature 59" in text and "feature 1\n" not in text
