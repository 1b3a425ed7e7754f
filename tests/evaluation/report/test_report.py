"""A report is plain values: what is written is read again, NaN as null, and the same report gives the same bytes."""

import json
import math

import pytest
from tests.evaluation.reports import EMPTY, whole

from antiphon.evaluation.measures import Number
from antiphon.evaluation.report.report import Report, Row, from_json


@pytest.mark.parametrize("report", [whole(), EMPTY], ids=["whole", "empty"])
def test_what_is_written_is_read_again(report: Report) -> None:
    text = report.json_text()
    again = from_json(text)
    assert again.json_text() == text
    # NaN is like no value, not even itself: reports are compared in writing.
    assert repr(again) == repr(report)


def test_nan_is_null_in_between() -> None:
    text = whole().json_text()
    assert "NaN" not in text
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    rows = from_json(text).sections[0].rows
    assert math.isnan(rows[3].made.value) and rows[3].made.num_songs == 2
    assert rows[0].floor is not None and rows[0].floor.value == 0.011 and math.isnan(rows[0].floor.low)


def test_infinity_is_null_too() -> None:
    row = Row("name", "sentence", "source", "", Number(math.inf))
    report = from_json(whole().json_text())
    section = type(report.sections[0])("title", "", (row,))
    again = from_json(Report(**{**vars(report), "sections": (section,)}).json_text())
    assert math.isnan(again.sections[0].rows[0].made.value)


def test_a_row_without_a_reference_stays_without() -> None:
    row = from_json(whole().json_text()).sections[1].rows[0]
    assert row.real is None and row.floor is not None
    assert whole().sections[0].rows[3].p is None and from_json(whole().json_text()).sections[0].rows[3].p is None
