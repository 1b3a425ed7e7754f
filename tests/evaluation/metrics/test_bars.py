"""Each figure: perfect, empty, malformed, stored; and what must not change it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from antiphon.codecs.chords import NO_CHORD
from antiphon.codecs.codec import Rows
from antiphon.codecs.melody import HOLD, REST
from antiphon.evaluation.metrics import bars as stats
from antiphon.evaluation.metrics.bars import METRICS, melody_metrics

SILENCE = np.full((1, 16), REST, np.uint8)
HELD = np.array([[5] + [HOLD] * 15], np.uint8)
SCALE = np.array([[0, 2, 4, 5, 7, 9, 11, 12, 14, 12, 11, 9, 7, 5, 4, 2]], np.uint8)


def mean(name: str, bars: np.ndarray, previous: np.ndarray) -> float:
    chord = np.full(len(bars), NO_CHORD, np.uint8)
    return float(melody_metrics({"real": bars, "previous": previous, "chord": chord})[name].mean())


def test_stored_values() -> None:
    bars = np.concatenate([HELD, SCALE, SILENCE])
    before = np.repeat(SILENCE, 3, axis=0)
    assert mean("pitch_changes", bars, before) == pytest.approx(15 / 3)
    assert mean("held_bars", bars, before) == pytest.approx(1 / 3)
    assert mean("notes_a_bar", bars, before) == pytest.approx(17 / 3)
    assert mean("silent_steps", bars, before) == pytest.approx(1 / 3)
    assert stats.distinct_share(np.concatenate([bars, bars])) == 0.5


def test_a_bar_that_opens_with_a_hold_goes_on_with_the_pitch_before() -> None:
    bar = np.full((1, 16), HOLD, np.uint8)
    assert mean("held_bars", bar, HELD) == 1
    assert (stats.sounding_pitch(bar, HELD) == 5).all()
    assert (stats.sounding_pitch(bar, SILENCE) == -1).all()


def test_striking_the_same_pitch_again_is_no_change() -> None:
    bar = np.full((1, 16), 7, np.uint8)
    assert mean("pitch_changes", bar, SILENCE) == 0
    assert mean("notes_a_bar", bar, SILENCE) == 16


def test_no_bars_have_no_distinct_share() -> None:
    assert math.isnan(stats.distinct_share(np.empty((0, 16), np.uint8)))


@pytest.mark.parametrize("malformed", [np.full((2, 16), 26, np.uint8), np.zeros(16, np.uint8)])
def test_malformed_is_refused(malformed: np.ndarray) -> None:
    with pytest.raises(ValueError, match="classes below 26"):
        stats.distinct_share(malformed)


def rows(bars: list[list[int]], previous: list[list[int]], chord: list[int]) -> Rows:
    return {
        "real": np.array(bars, np.uint8),
        "previous": np.array(previous, np.uint8),
        "chord": np.array(chord, np.uint8),
    }


C_MAJOR_BAR = [0, 24, 24, 24, 4, 24, 7, 24, 12, 24, 24, 24, 25, 25, 2, 25]
SILENT_BAR = [25] * 16


def test_every_metric_of_one_bar_by_hand() -> None:
    found = melody_metrics(rows([C_MAJOR_BAR], [SILENT_BAR], [0]))
    assert set(found) == {metric.name for metric in METRICS}
    scalars = {name: float(values[0]) for name, values in found.items() if values.ndim == 1}
    assert scalars["pitch_changes"] == 6
    assert scalars["held_bars"] == 0
    assert scalars["notes_a_bar"] == 5
    assert scalars["silent_steps"] == 3 / 16
    assert scalars["used_pitch_classes"] == 4
    assert scalars["pitch_range"] == 12
    assert scalars["off_beat_share"] == 2 / 5
    assert np.isnan(scalars["repeats_bar_before"]) and np.isnan(scalars["repeats_rhythm_before"])
    assert scalars["chord_tone_share"] == 4 / 5
    assert scalars["chord_tones_on_downbeats"] == 1
    intervals = found["interval_histogram"][0]
    assert intervals[[12 + 4, 12 + 3, 12 + 5, 12 - 10]].tolist() == [0.25] * 4
    assert found["onset_histogram"][0][[0, 4, 6, 8, 14]].tolist() == [0.2] * 5
    assert found["melody_pitch_class_histogram"][0][[0, 2, 4, 7]].tolist() == [0.4, 0.2, 0.2, 0.2]


def test_silence_has_no_pitches_and_no_shares() -> None:
    found = melody_metrics(rows([SILENT_BAR], [C_MAJOR_BAR], [NO_CHORD]))
    for name in ("used_pitch_classes", "pitch_range", "off_beat_share", "chord_tone_share", "chord_tones_on_downbeats"):
        assert np.isnan(found[name][0]), name
    assert found["silent_steps"][0] == 1 and found["held_bars"][0] == 0 and found["repeats_bar_before"][0] == 0
    assert np.isnan(found["interval_histogram"]).all()
    assert melody_metrics(rows([], [], [])) == {}


def test_a_held_bar_goes_on_from_the_bar_before() -> None:
    found = melody_metrics(rows([[24] * 16], [C_MAJOR_BAR[:12] + [24] * 4], [0]))
    assert found["held_bars"][0] == 1 and found["notes_a_bar"][0] == 0 and found["silent_steps"][0] == 0


def test_repetition_and_the_interval_over_the_bar_line() -> None:
    found = melody_metrics(rows([C_MAJOR_BAR], [C_MAJOR_BAR], [0]))
    assert found["repeats_bar_before"][0] == 1 and found["repeats_rhythm_before"][0] == 1
    assert found["interval_histogram"][0][12 - 2] == 0.2, "from the last D to the C"


@given(arrays(np.uint8, (3, 16), elements=st.integers(0, 25)), st.integers(0, 11))
def test_transposing_melody_and_chord_changes_nothing_but_names(bars: np.ndarray, semitones: int) -> None:
    low = np.where(bars < 24, bars % 12, bars).astype(np.uint8)
    high = np.where(low < 24, low + semitones, low).astype(np.uint8)
    chords = np.arange(len(bars)) % 12
    kept = melody_metrics({"real": low, "previous": low[::-1], "chord": chords.astype(np.uint8)})
    moved = melody_metrics(
        {"real": high, "previous": high[::-1], "chord": ((chords + semitones) % 12).astype(np.uint8)}
    )
    for name, values in kept.items():
        np.testing.assert_allclose(moved[name], values, err_msg=name)
