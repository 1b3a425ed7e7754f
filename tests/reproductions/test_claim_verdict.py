"""Verdicts on made-up numbers: a claim holds, is reversed, or cannot be told, and says by how much."""

import numpy as np
import pytest
from scipy.stats import ttest_ind

from antiphon.reproductions.claim_verdict import Judged, compare, overall, sentence

MORE, LESS = Judged("distinct", 1), Judged("AUC", -1)


@pytest.mark.parametrize(
    ("better", "worse", "figure", "verdict"),
    [
        ([0.9, 0.91, 0.92], [0.3, 0.31, 0.32], MORE, "holds"),
        ([0.3, 0.31, 0.32], [0.9, 0.91, 0.92], MORE, "is reversed"),
        ([0.3, 0.31, 0.32], [0.9, 0.91, 0.92], LESS, "holds"),
        ([0.9, 0.91, 0.92], [0.3, 0.31, 0.32], LESS, "is reversed"),
        ([0.9, 0.3, 0.6], [0.5, 0.4, 0.6], MORE, "cannot be told"),
        ([1, 1, 1], [1, 1, 1], MORE, "cannot be told"),
        ([1, 1, 1], [0.002, 0.002, 0.002], MORE, "holds"),
        ([1, 1, np.nan], [0.002, 0.002, 0.002], MORE, "holds"),
    ],
)
def test_verdict(better: list[float], worse: list[float], figure: Judged, verdict: str) -> None:
    found = compare(better, worse, figure)
    assert found is not None and found.verdict == verdict


def test_the_interval_is_welchs() -> None:
    one, other = [0.61, 0.7, 0.66, 0.8], [0.5, 0.52, 0.49]
    found = compare(one, other, MORE)
    expected = ttest_ind(one, other, equal_var=False).confidence_interval(0.95)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.difference == pytest.approx(np.mean(one) - np.mean(other))


def test_intervals_widen_with_the_number_of_comparisons() -> None:
    one, other = [0.61, 0.7, 0.66], [0.5, 0.52, 0.49]
    alone, among = compare(one, other, MORE), compare(one, other, MORE, 4)
    assert alone is not None and among is not None
    assert (alone.level, among.level) == (0.95, 0.9875)
    assert (alone.verdict, among.verdict) == ("holds", "cannot be told")


def test_a_single_seed_tells_nothing() -> None:
    assert compare([0.9], [0.1, 0.2], MORE) is None
    assert compare([0.9, np.nan], [0.1, 0.2], MORE) is None


@pytest.mark.parametrize(
    ("verdicts", "whole"),
    [
        (["holds", "holds"], "holds"),
        (["holds", "cannot be told"], "holds as far as it can be told"),
        (["holds", "is reversed"], "holds in part and is reversed in part"),
        (["cannot be told", "is reversed"], "is reversed"),
        (["cannot be told"], "cannot be told"),
        ([], "cannot be told"),
    ],
)
def test_overall(verdicts: list[str], whole: str) -> None:
    assert overall(verdicts) == whole  # type: ignore[arg-type]


def test_the_sentence_names_settings_figures_and_numbers() -> None:
    found = compare([0.9, 0.91, 0.92], [0.3, 0.31, 0.32], MORE)
    assert found is not None
    told = sentence("more is better", {("with", "without"): [found]}, 3)
    assert told.startswith(
        "Verdict with 3 training seeds: that more is better holds (with against without: by distinct"
    )
    assert "+0.600, 95 % interval +0.5" in told and told.endswith(").")
    assert "nothing could be measured" in sentence("more is better", {("with", "without"): []}, 1)
