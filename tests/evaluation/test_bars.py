"""Each figure: perfect, empty, malformed, stored; and what must not change it."""

import math

import numpy as np
import pytest

from antiphon.codecs.melody import HOLD, REST
from antiphon.evaluation import bars as stats

SILENCE = np.full((1, 16), REST, np.uint8)
HELD = np.array([[5] + [HOLD] * 15], np.uint8)
SCALE = np.array([[0, 2, 4, 5, 7, 9, 11, 12, 14, 12, 11, 9, 7, 5, 4, 2]], np.uint8)


def test_stored_values() -> None:
    bars = np.concatenate([HELD, SCALE, SILENCE])
    before = np.repeat(SILENCE, 3, axis=0)
    assert stats.pitch_changes(bars, before) == pytest.approx(15 / 3)
    assert stats.held_share(bars, before) == pytest.approx(1 / 3)
    assert stats.onsets(bars) == pytest.approx(17 / 3)
    assert stats.rest_share(bars) == pytest.approx(1 / 3)
    assert stats.distinct_share(np.concatenate([bars, bars])) == 0.5


def test_a_bar_that_opens_with_a_hold_goes_on_with_the_pitch_before() -> None:
    bar = np.full((1, 16), HOLD, np.uint8)
    assert stats.held_share(bar, HELD) == 1
    assert (stats.sounding_pitch(bar, HELD) == 5).all()
    assert (stats.sounding_pitch(bar, SILENCE) == -1).all()


def test_striking_the_same_pitch_again_is_no_change() -> None:
    bar = np.full((1, 16), 7, np.uint8)
    assert stats.pitch_changes(bar, SILENCE) == 0
    assert stats.onsets(bar) == 16


def test_transposition_changes_nothing() -> None:
    up = np.where(SCALE < 24, SCALE + 3, SCALE).astype(np.uint8)
    assert stats.pitch_changes(up, SILENCE) == stats.pitch_changes(SCALE, SILENCE)


def test_empty_is_nan() -> None:
    none = np.empty((0, 16), np.uint8)
    for value in (
        stats.pitch_changes(none, none),
        stats.held_share(none, none),
        stats.onsets(none),
        stats.rest_share(none),
        stats.distinct_share(none),
    ):
        assert math.isnan(value)


@pytest.mark.parametrize("malformed", [np.full((2, 16), 26, np.uint8), np.zeros(16, np.uint8)])
def test_malformed_is_refused(malformed: np.ndarray) -> None:
    with pytest.raises(ValueError, match="classes below 26"):
        stats.onsets(malformed)
