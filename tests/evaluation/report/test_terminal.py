"""A report in the terminal: complete, within its width, readable where there is little room."""

import re
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
    assert line.split("  ")[-1] == "✗ higher than real, medium"
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
    floor = Number(0.0, -1.0, 1.0)

    def told(far: range) -> list[int]:
        """Rows of a table of 60 in which those of `far` stand apart, 50 and 51 may, and others are better than real."""
        rows = []
        for k in range(60):
            said = "further off than other real songs" if k in far else "as other real songs"
            said = "no difference seen, too few songs to be sure" if k in (50, 51) else said
            rows.append(Row(f"distance/feature {k}", "", "", "", Number(float(k)), None, floor, verdict=said))
        text = table_text(replace(EMPTY, sections=(Section("Feature by feature", "", tuple(rows)),)), 160)
        table = text.partition("WHAT IS MEASURED")[0]
        found = re.findall(r"^distance / feature (\d+)", table, re.M)
        assert f"60 rows; {len(found)} of them" in table or not found
        return [int(one) for one in found]

    assert told(range(30, 45)) == list(range(44, 32, -1))
    assert told(range(3, 6)) == [5, 4, 3, 51, 50]
    assert told(range(0)) == [51, 50]


def test_a_long_section_in_which_nothing_stands_apart_says_so() -> None:
    rows = tuple(Row(f"a/{k}", "", "", "", Number(9.0), None, Number(0.0), verdict="as real songs") for k in range(60))
    text = table_text(replace(EMPTY, sections=(Section("Feature by feature", "", rows),)))
    assert "60 rows; none of them stands apart" in text


def test_verdicts_have_their_signs_in_any_encoding() -> None:
    text = table_text(whole(), 160)
    for sign, said in (("✗", "higher than real, medium"), ("✓", "as real songs"), ("≈", "higher than real, slight")):
        assert f"  {sign} {said}" in text
    assert "signs: ✓ as real; ≈ slightly apart; ✗ apart;" in text
    plain = table_text(whole(), 160, "ascii")
    assert plain.isascii() and "  != higher than real, medium" in plain and "signs: = as real; ~= slightly" in plain
    assert max(map(len, plain.splitlines())) <= 160
