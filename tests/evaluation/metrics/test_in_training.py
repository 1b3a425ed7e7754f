"""Cheap metrics of a training: perfect, empty, malformed, stored, and what must not change them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from antiphon.codecs.chords import NO_CHORD, transpose_codes
from antiphon.codecs.melody import HOLD, REST
from antiphon.evaluation.metrics import note_lines
from antiphon.evaluation.metrics.in_training import KINDS, METRICS, measure, overlap

Rows = dict[str, NDArray[np.uint8]]
SEEN = {"melody": (0, 26), "frames": (60, 84)}


def rows(kind: str, num: int = 200, seed: int = 0) -> Rows:
    chance = np.random.default_rng(seed)
    bars = chance.integers(*SEEN[kind], (2, num, 16)).astype(np.uint8)
    return {"real": bars[0], "previous": bars[1], "chord": chance.integers(0, 25, num).astype(np.uint8)}


@pytest.mark.parametrize("kind", SEEN)
def test_bars_against_themselves_overlap_wholly(kind: str) -> None:
    one = rows(kind)
    values = measure(kind, one, one)
    assert list(values) == [metric.name for metric in METRICS]
    assert values["interval_overlap"] == pytest.approx(1) and values["pitch_class_overlap"] == pytest.approx(1)
    assert values["distinct_bars"] == 1
    assert 1 <= values["used_pitch_classes"] <= 12 and 0 < values["chord_tone_share"] < 0.5


@pytest.mark.parametrize("kind", SEEN)
def test_nothing_gives_nothing(kind: str) -> None:
    none, some = {name: values[:0] for name, values in rows(kind).items()}, rows(kind)
    assert all(np.isnan(value) for value in measure(kind, none, some).values())
    values = measure(kind, some, none)
    assert np.isnan(values["interval_overlap"]) and np.isnan(values["pitch_class_overlap"])
    assert np.isfinite(values["pitch_changes"])


def test_silence_uses_no_pitch_classes() -> None:
    silent = {"real": np.full((3, 16), REST, np.uint8), "previous": np.full((3, 16), REST, np.uint8)}
    values = measure("melody", silent, rows("melody"))
    assert (
        values["silent_steps"] == 1 and values["notes_a_bar"] == 0 and values["distinct_bars"] == pytest.approx(1 / 3)
    )
    for name in ("used_pitch_classes", "chord_tone_share", "interval_overlap", "pitch_class_overlap"):
        assert np.isnan(values[name]), name


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="'rolls'"):
        measure("rolls", rows("melody"), rows("melody"))


def test_stored_frames() -> None:
    # C C D E ... E over C major after a bar that ends on C; then one held G without a chord, struck anew.
    real = np.array([[60, 60, 62, *[64] * 13], [67] * 16], np.uint8)
    previous = np.array([[60] * 16, [60] * 16], np.uint8)
    one = {"real": real, "previous": previous, "chord": np.array([0, NO_CHORD], np.uint8)}
    values = measure("frames", one, one)
    assert values["pitch_changes"] == 1 and values["held_bars"] == 0.5
    # D and E begin in the first bar, G in the second.
    assert values["notes_a_bar"] == 1.5 and values["used_pitch_classes"] == 2
    assert values["chord_tone_share"] == 0.5 and values["silent_steps"] == 0
    alone = measure("frames", {"real": real}, one)
    assert alone["notes_a_bar"] == 2 and np.isnan(alone["chord_tone_share"])


def test_frames_outside_the_range_are_moved_by_octaves() -> None:
    inside, outside = np.array([[60, 71, 72, 83] * 4], np.uint8), np.array([[48, 59, 84, 95] * 4], np.uint8)
    for values in (measure("frames", {"real": bars}, {"real": inside}) for bars in (inside, outside)):
        assert values["used_pitch_classes"] == 2 and values["pitch_class_overlap"] == pytest.approx(1)


def test_a_melody_and_its_frames_agree() -> None:
    pitches = rows("frames", seed=2)
    line = np.concatenate([pitches["previous"], pitches["real"]], axis=1)
    held = np.where(line[:, 1:] == line[:, :-1], HOLD, line[:, 1:] - 60).astype(np.uint8)
    first = (line[:, :1] - 60).astype(np.uint8)
    melody = {"previous": np.concatenate([first, held[:, :15]], 1), "real": held[:, 15:], "chord": pitches["chord"]}
    assert measure("frames", pitches, pitches) == measure("melody", melody, melody)


def test_transposition_with_the_chord_changes_only_which_pitch_classes_are_used() -> None:
    chance, low = np.random.default_rng(4), rows("frames")
    low |= {name: chance.integers(60, 72, (200, 16)).astype(np.uint8) for name in ("real", "previous")}
    high = {"real": low["real"] + 5, "previous": low["previous"] + 5, "chord": transpose_codes(low["chord"], 5)}
    before, after = measure("frames", low, low), measure("frames", high, low)
    assert {name for name in before if before[name] != pytest.approx(after[name])} == {"pitch_class_overlap"}


def test_disjoint_histograms_share_nothing() -> None:
    assert overlap(np.array([1, 0]), np.array([0, 5])) == 0
    assert overlap(np.array([1, 1]), np.array([2, 6])) == pytest.approx(0.75)
    assert np.isnan(overlap(np.array([0, 0]), np.array([1, 1])))


def lines(num: int = 50, seed: int = 0) -> Rows:
    chance = np.random.default_rng(seed)
    real = chance.integers((40, 0, 0), (80, 16, 8), (num, 20, 3)).astype(np.uint8)
    return {"real": real, "length": chance.integers(10, 21, num).astype(np.uint8)}


def test_notes_have_metrics_of_their_own() -> None:
    one = lines()
    values = measure("notes", one, one)
    assert set(values) == {metric.name for metric in note_lines.METRICS}
    assert values.pop("distinct_notes_4") == 1
    assert all(value == pytest.approx(1) for value in values.values())
    higher = {**one, "real": (one["real"] + np.array([40, 0, 0])).astype(np.uint8)}
    moved = measure("notes", higher, one)
    assert moved["pitch_overlap"] == 0 and moved["duration_overlap"] == 1 and moved["top_interval_overlap"] == 1


def test_no_notes_give_nothing() -> None:
    none = {name: values[:0] for name, values in lines().items()}
    assert all(np.isnan(value) for value in measure("notes", none, lines()).values())


def test_every_kind_is_known_to_a_test() -> None:
    assert set(KINDS) == {*SEEN, "notes"}
