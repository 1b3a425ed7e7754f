"""Figures in words: three digits, shares as percentages, a reason where there is no value; verdicts."""

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.evaluation.reports import EMPTY, whole

from antiphon.evaluation.measures import Number
from antiphon.evaluation.report.report import Row
from antiphon.evaluation.report.wording import (
    Standing,
    excess,
    figure,
    interval,
    label,
    number_text,
    p_text,
    standing,
    summary,
)
from antiphon.evaluation.sets.certainty import Estimate, Verdict, words
from antiphon.evaluation.sets.floors import floor_words

NAN = float("nan")
NEAR = np.linspace(0.88, 0.92, 60)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0, "", "0"),
        (0.1234, "%", "12.3 %"),
        (1.0, "%", "100 %"),
        (0.9996, "%", "100 %"),
        (0.00123, "%", "0.123 %"),
        (3.14159, "beats", "3.14"),
        (-0.5, "", "-0.500"),
        (1234.5, "", "1,234"),
        (1.5e7, "", "1.5e+07"),
        (3e-7, "", "3e-07"),
        (math.inf, "", "inf"),
        (NAN, "%", "\N{EN DASH}"),
    ],
)
def test_figures(value: float, unit: str, text: str) -> None:
    assert figure(value, unit) == text


def test_bounds_have_the_digits_of_their_middle() -> None:
    assert interval(Number(0.123, 0.0999, 0.14), "%") == "[10.0, 14.0]"
    assert interval(Number(0.0, 0.0, 0.014), "%") == "[0.00, 1.40]"
    assert interval(Number(0.5)) == ""


def test_a_value_that_is_not_there_says_why() -> None:
    assert number_text(None) == ""
    assert "too few songs: 2" in number_text(Number(NAN, num_songs=2))
    assert "nothing to measure" in number_text(Number(NAN))
    assert number_text(Number(0.5, num_songs=3), "%") == "50.0 % (no interval, too few songs: 3)"
    assert number_text(Number(0.5)) == "0.500"
    # A floor has no interval, and needs none.
    assert number_text(Number(0.5, num_songs=149)) == "0.500"
    assert "undefined" in number_text(Number(NAN, num_songs=149))


def test_probabilities() -> None:
    assert [p_text(p) for p in (None, NAN, 0.0004, 0.0123, 0.5)] == ["", "", "< 0.001", "0.012", "0.50"]


def test_names_keep_what_they_were_measured_with() -> None:
    assert label("qualified_note_rate (24 steps a beat)/bass") == "qualified note rate (24 steps a beat) / bass"
    assert "\n" not in label("a\n\u202eb")


def verdict(p: float, effect: float, position: float = NAN, num_songs: int = 50, width: float = 0.1) -> str:
    gap = Estimate(effect, effect - width, effect + width, num_songs, num_songs)
    return words(Verdict(gap, p, p, effect, effect - width, effect + width, position, 9, effect))


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (verdict(0.5, 0.0), "alike"),
        (verdict(0.5, 0.3, width=0.6), "open"),
        (verdict(0.5, 0.0, num_songs=2), "unknown"),
        (verdict(NAN, 0.0), "unknown"),
        (verdict(0.01, 0.1), "slight"),
        (verdict(0.01, -0.9), "apart"),
        (verdict(0.01, -0.1, position=1.0), "apart"),
        (verdict(0.01, -0.1, position=2.0), "apart"),
        ("lower than real, slight, song by song; over all units higher: long songs differ", "slight"),
        ("lower than real, large, song by song; over all units higher: long songs differ", "apart"),
        ("as real songs, song by song; over all units lower: long songs differ", "alike"),
        ("not told from real (AUC 0.510, 0.480 to 0.540, recurrent)", "alike"),
        ("hardly told from real (AUC 0.550, 0.520 to 0.580, recurrent)", "slight"),
        ("told from real at once (AUC 0.999, 0.990 to 1.000, recurrent)", "apart"),
        (floor_words(0.9, NEAR, 0.5, 0.1, larger_is_better=True), "alike"),
        (floor_words(0.9, NEAR, 0.5, 0.89, larger_is_better=True), "open"),
        (floor_words(0.5, NEAR, 0.01, 0.1, larger_is_better=True), "apart"),
        (floor_words(0.5, NEAR, 0.01, 0.5, larger_is_better=True), "apart"),
        (floor_words(0.5, NEAR, 0.01, 0.95, larger_is_better=True), "apart"),
        (floor_words(NAN, NEAR, 0.5, 0.1, larger_is_better=True), "unknown"),
        ("copies its condition", "apart"),
        ("depends much as real music does", "alike"),
        ("depends less than real music does, if at all", "apart"),
        ("depends a little less than real music does", "slight"),
        ("depends a little more than real music does", "slight"),
        ("depends more than real music does (dependence itself: p < 0.001)", "apart"),
        ("no dependence is seen, too few songs to be sure (needs 90) (dependence itself: p = 0.20)", "open"),
        ("too few songs to tell (needs 5 for a verdict, some 101 for a sure one)", "unknown"),
        ("depends no less than real music, as far as can be seen (needs 90)", "open"),
        ("no dependence is seen, nor in real music", "open"),
        ("no dependence is seen, too few songs to be sure (needs 90)", "open"),
        ("no more than in real music", "alike"),
        ("as among real songs", "alike"),
        ("more than among real songs", "apart"),
        ("as varied as real songs", "alike"),
        ("less varied than real songs", "apart"),
        ("more than in real music", "apart"),
        ("not plainly more than in real music", "open"),
        ("undefined on one side", "unknown"),
        ("", ""),
    ],
)
def test_every_verdict_that_is_given_is_understood(said: str, found: Standing) -> None:
    assert standing(Row("name", "", "", "", Number(0.5), verdict=said)) == found


def test_differences_are_measured_by_their_floor() -> None:
    row = Row("name", "", "", "", Number(0.5), Number(0.2), Number(0.1))
    assert excess(row) == pytest.approx(3)
    assert excess(replace(row, real=None)) == pytest.approx(4)
    assert excess(replace(row, real=None, floor=Number(0.1, 0.0, 0.4))) == pytest.approx(2)
    assert excess(replace(row, floor=Number(0.0))) == math.inf
    assert excess(replace(row, floor=None)) == 0


def test_the_summary_counts_and_names() -> None:
    said = " ".join(summary(whole()))
    assert "Of 5 figures" in said and "1 is as real songs are" in said and "2 differ" in said
    assert "Furthest off, measured by the floor: empty bar rate / bass (made 12.3 %, real 8.06 %); " in said
    assert "; examiner auc / recurrent (made 0.910, floor 0.520)." in said
    assert "examiner auc / recurrent, tells made from real with an area under the curve of 0.910 [0.880, 0.930]" in said


def test_the_summary_of_nothing() -> None:
    assert list(summary(EMPTY)) == ["Nothing could be measured."]
    alone = replace(whole().sections[0], rows=tuple(replace(row, verdict="") for row in whole().sections[0].rows))
    assert "without a reference" in next(summary(replace(EMPTY, sections=(alone,))))
