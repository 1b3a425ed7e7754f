"""The three measures as pypianoroll 0.5.3 prints them: hand-checked, empty, malformed, stored, and against a roll."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from tests.evaluation.performed import line, notes, pieces

from antiphon.evaluation.metrics import as_published_performance as published
from antiphon.evaluation.metrics import performance as right
from antiphon.evaluation.notes import Notes
from antiphon.io.midi import read_midi


def test_a_chromatic_octave_lies_in_two_registers() -> None:
    octave = notes(*line(*range(60, 72)))
    assert published.pitch_classes_used(octave) == 2
    assert published.empty_beat_rate_as_published(octave) == 1
    assert published.in_scale_rate(octave) == pytest.approx(2 / 12)


def test_one_pitch_class_in_four_octaves_lies_in_four_registers() -> None:
    assert published.pitch_classes_used(notes(*line(36, 48, 60, 72))) == 4
    assert published.in_scale_rate(notes(*line(36, 48, 60, 72))) == pytest.approx(2 / 4)


def test_the_whole_piano_lies_in_nine_registers() -> None:
    assert published.pitch_classes_used(notes(*line(*range(21, 109)))) == 9


def test_the_highest_pitches_count_in_every_register() -> None:
    some = notes(*line(100)).transposed(20)
    assert published.pitch_classes_used(some) == 12
    assert published.in_scale_rate(some) == pytest.approx(7)


def test_three_empty_beats_of_four_are_printed_as_a_quarter() -> None:
    assert published.empty_beat_rate_as_published(notes((0, 50, 60), (190, 10, 60))) == 0.5
    assert published.empty_beat_rate_as_published(notes((150, 50, 60))) == 0.25


@given(pieces)
@settings(max_examples=100, deadline=None)
def test_all_three_agree_with_a_roll(some: Notes) -> None:
    start = np.floor(some.start_seconds * 48 + 0.5).astype(int)
    end = np.maximum(np.floor(some.end_seconds * 48 + 0.5).astype(int), start + 1)
    cells = np.zeros((-(-int(end.max()) // 24) * 24, 128), bool)
    for begin, stop, pitch in zip(start, end, some.pitch, strict=True):
        cells[begin:stop, pitch] = True
    registers = cells[:, :120].reshape(-1, 12, 10).sum(2)
    mask = np.isin(np.arange(12), (0, 2, 4, 5, 7, 9, 11))
    assert published.pitch_classes_used(some) == registers.any(0).sum()
    assert published.in_scale_rate(some) == pytest.approx((registers * mask).sum() / cells.sum())
    assert published.empty_beat_rate_as_published(some) == pytest.approx(cells.reshape(-1, 24 * 128).any(1).mean())


def test_nothing_is_undefined() -> None:
    assert np.isnan(list(published.as_published_metrics(notes()).values())).all()


def test_malformed_is_refused() -> None:
    with pytest.raises(ValueError, match="pitches 0 to 127"):
        published.pitch_classes_used(notes((0, 1, 100)).transposed(40))


def test_every_value_has_its_words() -> None:
    assert list(published.as_published_metrics(notes((0, 1, 60)))) == [metric.name for metric in published.METRICS]


def test_stored_values_of_real_pieces() -> None:
    folder = Path(os.environ.get("ANTIPHON_DATA", "")) / "maestro-v3.0.0-midi"
    paths = sorted(path for path in folder.rglob("*.mid*") if path.is_file())[::200]
    if "ANTIPHON_DATA" not in os.environ or not paths:
        pytest.skip("ANTIPHON_DATA names no folder with maestro-v3.0.0-midi/")
    some = [right.notes_of(right.performance_of_score(read_midi(path))) for path in paths]
    printed = np.mean([list(published.as_published_metrics(piece).values()) for piece in some], axis=0)
    assert 7 < printed[0] < 9
    assert printed[1] > 0.95
    assert np.mean([right.pitch_classes_used(piece) for piece in some]) > 11.5
    assert np.mean([right.empty_beat_rate(piece) for piece in some]) < 0.05
