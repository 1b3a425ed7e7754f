"""MuseGAN's metrics as printed: the verified defects by hand, where they agree with the right ones, bad input."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from antiphon.errors import InputError
from antiphon.evaluation.measures import base_name
from antiphon.evaluation.metrics import as_published
from antiphon.evaluation.metrics import multitrack as metrics
from antiphon.evaluation.rolls import Rolls

TRACKS = ("bass", "drums", "guitar", "strings", "piano")
BASS, DRUMS, GUITAR = range(3)


def rolls(cells: NDArray[np.bool_], **options: Any) -> Rolls:
    return Rolls(cells, 24, cells.shape[3] // 4, DRUMS, TRACKS, **options)


def bar(*notes: tuple[int, int, int, int]) -> Rolls:
    """One bar from notes (track, first step, end step, MIDI pitch)."""
    cells = np.zeros((1, 5, 1, 96, 84), bool)
    for track, start, end, pitch in notes:
        cells[0, track, 0, start:end, pitch - 24] = True
    return rolls(cells)


def one(values: NDArray[np.float64], track: int = BASS) -> float:
    return float(values[0, track, 0])


NOISE = rolls(np.random.default_rng(5).random((3, 5, 2, 96, 84)) < 0.01)


def test_seven_pitch_classes_in_a_row_lie_in_one_or_two_registers() -> None:
    scale = bar(*[(BASS, 8 * k, 8 * k + 8, 24 + k) for k in range(7)])
    assert one(as_published.used_pitch_classes(scale)) == 1
    assert one(metrics.used_pitch_classes(scale)) == 7


def test_c_in_four_octaves_lies_in_four_registers() -> None:
    octaves = bar(*[(BASS, 0, 96, pitch) for pitch in (24, 36, 48, 60)])
    assert one(as_published.used_pitch_classes(octaves, "v1")) == 4
    assert one(as_published.used_pitch_classes(octaves, "v2")) == 4
    assert one(metrics.used_pitch_classes(octaves)) == 1


def test_registers_are_seven_pitches_wide_and_eight_in_the_second_version() -> None:
    two = bar((BASS, 0, 96, 24), (BASS, 0, 96, 31))
    assert one(as_published.used_pitch_classes(two, "v1")) == 2
    assert one(as_published.used_pitch_classes(two, "v2")) == 1
    highest = bar((BASS, 0, 96, 107), (BASS, 0, 96, 24))
    # Registers 0 and 11, or 0 and 10: one or both "in C major".
    assert one(as_published.in_scale_rate(highest, "v1")) == 1
    assert one(as_published.in_scale_rate(highest, "v2")) == 0.5


def test_a_triad_lies_far_from_itself_an_octave_higher() -> None:
    triads = bar(*[(BASS, 0, 96, p) for p in (48, 52, 55)], *[(GUITAR, 0, 96, p) for p in (60, 64, 67)])
    assert as_published.tonal_distance(triads, "v1")[0, 0, 0] == pytest.approx(3**0.5)
    assert as_published.tonal_distance(triads, "v2")[0, 0, 0] == pytest.approx(2.134, abs=5e-4)
    assert metrics.tonal_distance(triads)[0, 0, 0] == pytest.approx(0, abs=1e-12)


def test_one_silent_beat_drops_the_bar() -> None:
    rows = bar((BASS, 0, 96, 48), (GUITAR, 0, 72, 48))
    assert np.isnan(as_published.tonal_distance(rows)[0, 0, 0])
    assert metrics.tonal_distance(rows)[0, 0, 0] == 0


def test_two_sounding_steps_are_a_qualified_note_and_onsets_are_not_known() -> None:
    notes = bar((BASS, 0, 1, 60), (BASS, 8, 10, 60))
    onsets = np.zeros_like(notes.cells)
    onsets[0, BASS, 0, [0, 8, 9], 36] = True
    assert one(as_published.qualified_note_rate(notes)) == 0.5
    assert one(as_published.qualified_note_rate(rolls(notes.cells, onsets=onsets))) == 0.5


def test_the_second_version_counts_the_end_of_a_drum_as_a_stroke() -> None:
    held = bar((DRUMS, 0, 3, 36))
    assert one(as_published.drum_pattern_rate(held, "v1"), DRUMS) == 1
    assert one(as_published.drum_pattern_rate(held, "v2"), DRUMS) == 0.5
    beside = bar((DRUMS, 0, 1, 36))
    assert one(as_published.drum_pattern_rate(beside, "v2"), DRUMS) == pytest.approx(0.55)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_columns_bear_the_names_of_the_right_ones(version: Any) -> None:
    printed = as_published.as_published_bars(NOISE, version)
    right = metrics.bar_metrics(NOISE)
    assert {base_name(name) for name in printed} == {base_name(name) for name in right} - {"tonal_distance_beats"}
    assert all(f"(as published, {version})" in name and values.shape == (6,) for name, values in printed.items())
    for name in ("empty_bar_rate", "used_pitches", "polyphonicity"):
        np.testing.assert_array_equal(printed[f"{name} (as published, {version})/bass"], right[f"{name}/bass"])


def test_silence_is_undefined_but_for_empty_bars() -> None:
    for name, values in as_published.as_published_bars(rolls(np.zeros((1, 5, 2, 96, 84), bool)), "v2").items():
        expected = 1.0 if base_name(name) == "empty_bar_rate" else np.nan
        np.testing.assert_array_equal(values, [expected, expected], err_msg=name)


def test_no_samples_give_no_rows() -> None:
    versions: tuple[as_published.Version, ...] = ("v1", "v2")
    for version in versions:
        found = as_published.as_published_bars(NOISE[:0], version)
        assert {values.shape for values in found.values()} == {(0,)}


@pytest.mark.parametrize("shape", [(1, 5, 1, 48, 84), (1, 5, 1, 96, 72)])
def test_other_grids_and_ranges_are_refused_with_the_reason(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="24 steps a beat and 84 pitches, not"):
        as_published.as_published_bars(rolls(np.ones(shape, bool)))


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(ValueError, match="v1, v2, not v3"):
        as_published.used_pitch_classes(NOISE, "v3")  # type: ignore[arg-type]


def test_without_drums() -> None:
    no_drums = Rolls(NOISE.cells, 24, 24, None, TRACKS)
    assert not any(name.startswith("drum") for name in as_published.as_published_bars(no_drums, "v2"))
    assert np.isnan(as_published.drum_pattern_rate(no_drums, "v2")).all()
