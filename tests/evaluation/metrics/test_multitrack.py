"""MuseGAN's metrics: perfect, empty, malformed, stored values, what must not change them, a slow second opinion."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from antiphon.evaluation.measures import base_name
from antiphon.evaluation.metrics import multitrack as metrics
from antiphon.evaluation.metrics import packed
from antiphon.evaluation.rolls import Rolls
from antiphon.music.theory import SCALES

NAMES = ("drums", "piano", "bass")
C_MAJOR = SCALES["major"]


def rolls(cells: NDArray[np.bool_], lowest: int = 24, drum: int | None = 0, onsets: Any = None) -> Rolls:
    names = NAMES[: cells.shape[1]] if cells.shape[1] <= 3 else tuple(f"t{k}" for k in range(cells.shape[1]))
    return Rolls(cells, lowest, cells.shape[3] // 4, drum, names, onsets=onsets)


def bar(*notes: tuple[int, int, int, int], tracks: int = 3, steps: int = 96, pitches: int = 84) -> Rolls:
    """One bar from notes (track, first step, end step, MIDI pitch); track 0 is the drums."""
    cells = np.zeros((1, tracks, 1, steps, pitches), bool)
    for track, start, end, pitch in notes:
        cells[0, track, 0, start:end, pitch - 24] = True
    return rolls(cells)


def one(values: NDArray[np.float64], track: int = 1) -> float:
    """The value of a single bar's track."""
    return float(values[0, track, 0])


RNG = np.random.default_rng(3)
NOISE = rolls(RNG.random((3, 3, 2, 96, 84)) < 0.02)
SILENCE = rolls(np.zeros((2, 3, 2, 96, 84), bool))
FULL = rolls(np.ones((2, 3, 2, 96, 84), bool))


class TestByHand:
    def test_a_chord_of_c_in_two_octaves(self) -> None:
        chord = bar(*[(1, 0, 48, pitch) for pitch in (48, 52, 55, 60, 64, 67)])
        assert one(metrics.used_pitches(chord)) == 6
        assert one(metrics.used_pitch_classes(chord)) == 3
        assert one(metrics.polyphonicity(chord)) == 0.5
        assert one(metrics.in_scale_rate(chord)) == 1
        assert one(metrics.qualified_note_rate(chord)) == 1
        assert one(metrics.empty_bar_rate(chord)) == 0
        assert one(metrics.empty_bar_rate(chord), 2) == 1

    def test_the_chromatic_scale(self) -> None:
        scale = bar(*[(1, 8 * k, 8 * k + 8, 60 + k) for k in range(12)])
        assert one(metrics.used_pitch_classes(scale)) == 12
        assert one(metrics.in_scale_rate(scale)) == pytest.approx(7 / 12)
        assert one(metrics.in_scale_rate(scale, tonic=None)) == pytest.approx(7 / 12)
        assert one(metrics.polyphonicity(scale)) == 0

    def test_two_pitches_far_apart_sound_together(self) -> None:
        assert one(metrics.polyphonicity(bar((1, 0, 96, 24), (1, 0, 24, 107)))) == 0.25

    def test_a_scale_is_found_that_is_not_c_major(self) -> None:
        d_major = bar(*[(1, 8 * k, 8 * k + 8, 62 + degree) for k, degree in enumerate(C_MAJOR)])
        assert one(metrics.in_scale_rate(d_major)) == pytest.approx(5 / 7)
        assert one(metrics.in_scale_rate(d_major, tonic=2)) == 1
        assert one(metrics.in_scale_rate(d_major, tonic=None)) == 1

    def test_the_best_scale_is_the_phrases_and_not_the_bars(self) -> None:
        cells = np.zeros((1, 2, 2, 96, 84), bool)
        cells[0, 1, 0, :, [36 + degree for degree in C_MAJOR]] = True  # all of C major
        cells[0, 1, 1, :24, 37] = True  # a C sharp
        rates = metrics.in_scale_rate(rolls(cells), tonic=None)
        assert rates[0, 1].tolist() == [1, 0]

    def test_drums_have_no_say_in_the_scale(self) -> None:
        drums = [(0, 0, 96, 37 + 12 * k + degree) for k in range(5) for degree in C_MAJOR]
        music = bar(*drums, *[(1, 8 * k, 8 * k + 8, 60 + degree) for k, degree in enumerate(C_MAJOR)])
        assert one(metrics.in_scale_rate(music, tonic=None)) == 1

    def test_notes_of_one_to_four_steps(self) -> None:
        notes = bar(*[(1, 8 * k, 8 * k + k, 60) for k in range(1, 5)])
        assert one(metrics.qualified_note_rate(notes)) == 3 / 4  # two sounding steps and the rest
        assert one(metrics.qualified_note_rate(notes, rest=0)) == 2 / 4
        assert one(metrics.qualified_note_rate(notes, min_steps=5)) == 1 / 4
        assert one(metrics.qualified_note_rate(notes, min_steps=1)) == 1
        assert one(metrics.qualified_note_rate(notes, min_steps=97, rest=0)) == 0
        assert one(metrics.qualified_note_rate(notes, min_steps=1000)) == 0

    def test_a_note_struck_again_at_once_has_lost_no_step(self) -> None:
        held = bar((1, 0, 8, 60))
        onsets = np.zeros_like(held.cells)
        onsets[0, 1, 0, [0, 2, 4], 36] = True
        struck = rolls(held.cells, onsets=onsets)
        assert one(metrics.qualified_note_rate(held)) == 1
        assert one(metrics.qualified_note_rate(struck)) == pytest.approx(1 / 3)  # 2, 2 and 4 steps
        assert one(metrics.qualified_note_rate(struck, min_steps=2)) == 1

    def test_a_note_held_over_the_bar_line_is_a_note_of_its_second_bar(self) -> None:
        cells, onsets = np.zeros((1, 2, 2, 96, 84), bool), np.zeros((1, 2, 2, 96, 84), bool)
        cells[0, 1, 0, 90:, 36] = cells[0, 1, 1, :1, 36] = True
        onsets[0, 1, 0, 90, 36] = True
        assert metrics.qualified_note_rate(rolls(cells, onsets=onsets))[0, 1].tolist() == [1, 0]

    @pytest.mark.parametrize(("resolution", "steps"), [(24, 3), (12, 2), (8, 1), (4, 1), (1, 1), (48, 6)])
    def test_a_32nd_note_in_steps(self, resolution: int, steps: int) -> None:
        assert metrics.default_min_steps(resolution) == steps

    def test_on_a_grid_of_sixteenths_every_note_is_qualified_and_on_the_pattern(self) -> None:
        coarse = rolls(RNG.random((2, 2, 1, 16, 84)) < 0.1)
        assert (metrics.qualified_note_rate(coarse)[:, 1] == 1).all()
        assert (metrics.drum_pattern_rate(coarse)[:, 0] == 1).all()

    def test_strokes_on_eighths_sixteenths_and_beside_them(self) -> None:
        def both(*steps: int) -> tuple[float, float]:
            strokes = bar(*[(0, step, step + 1, 36) for step in steps])
            return one(metrics.drum_pattern_rate(strokes, 8), 0), one(metrics.drum_pattern_rate(strokes), 0)

        assert both(0, 12, 24, 36) == (1, 1)
        assert both(0, 6, 12, 18, 24) == (3 / 5, 1)
        assert both(0, 24, 49) == pytest.approx((2.3 / 3, 2.3 / 3))
        assert both(1, 13, 25) == (1, 1)  # the pattern may lie anywhere
        assert both(0, 24, 51) == pytest.approx((2 / 3, 2 / 3))

    def test_a_stroke_held_from_the_bar_before_is_none_where_onsets_are_known(self) -> None:
        cells = bar((0, 0, 2, 36), (0, 7, 8, 38)).cells
        onsets = np.zeros_like(cells)
        onsets[0, 0, 0, 7, 14] = True
        assert one(metrics.drum_pattern_rate(rolls(cells), near=0), 0) == 0.5
        assert one(metrics.drum_pattern_rate(rolls(cells, onsets=onsets), near=0), 0) == 1
        assert np.isnan(one(metrics.drum_pattern_rate(rolls(cells, onsets=np.zeros_like(cells))), 0))

    def test_tonal_distances(self) -> None:
        def distance(first: tuple[int, ...], second: tuple[int, ...]) -> float:
            notes = [(1, 0, 96, pitch) for pitch in first] + [(2, 0, 96, pitch) for pitch in second]
            return float(metrics.tonal_distance(bar(*notes))[0, 0, 0])

        triad = (60, 64, 67)
        assert distance(triad, triad) == 0
        assert distance(triad, (48, 52, 55, 60)) != 0
        assert distance(triad, tuple(pitch + 12 for pitch in triad)) == pytest.approx(0, abs=1e-12)
        fifth, tritone = distance((60,), (67,)), distance((60,), (66,))
        # On the circle of fifths a step of 30 degrees, of minor thirds 90, of major thirds 120.
        turns = np.deg2rad([30, 90, 120])
        assert fifth == pytest.approx(np.sqrt((np.array([1, 1, 0.25]) * (2 - 2 * np.cos(turns))).sum()))
        assert tritone == pytest.approx(np.sqrt(4 + 4 + 0))
        assert fifth < tritone

    def test_silent_beats_are_left_out_and_counted(self) -> None:
        rows = bar((1, 0, 96, 60), (2, 0, 24, 67), (2, 24, 48, 60))
        beats, distance = metrics.tonal_distance_beats(rows), metrics.tonal_distance(rows)
        fifth = metrics.tonal_distance(bar((1, 0, 24, 60), (2, 0, 24, 67)))
        assert beats.tolist() == [[[2]]]
        assert distance[0, 0, 0] == pytest.approx(fifth[0, 0, 0] / 2)
        assert np.isnan(metrics.tonal_distance(rows, min_beats=3)).all()

    def test_a_beat_weighs_by_how_long_each_note_sounds(self) -> None:
        long = metrics.tonal_distance(bar((1, 0, 20, 60), (1, 20, 24, 66), (2, 0, 24, 60)))
        short = metrics.tonal_distance(bar((1, 0, 4, 60), (1, 4, 24, 66), (2, 0, 24, 60)))
        assert long < short


class TestEmptyAndFull:
    def test_silence_is_empty_and_undefined_otherwise(self) -> None:
        found = metrics.bar_metrics(SILENCE)
        for name, values in found.items():
            expected = {"empty_bar_rate": 1.0, "tonal_distance_beats": 0.0}.get(base_name(name), np.nan)
            np.testing.assert_array_equal(values, np.full(4, expected), err_msg=name)

    def test_no_samples_give_no_rows(self) -> None:
        found = metrics.bar_metrics(NOISE[:0])
        assert found.keys() == metrics.bar_metrics(NOISE).keys()
        assert {values.shape for values in found.values()} == {(0,)}
        assert metrics.tonal_distance(NOISE[:0]).shape == (0, 1, 2)

    def test_all_sounding(self) -> None:
        found = {name.partition(" (")[0]: values for name, values in metrics.bar_metrics(FULL).items()}
        assert (found["empty_bar_rate/piano"] == 0).all()
        assert (metrics.used_pitches(FULL) == 84).all()
        assert (metrics.used_pitch_classes(FULL)[:, 1:] == 12).all()
        assert (metrics.polyphonicity(FULL)[:, 1:] == 1).all()
        assert metrics.in_scale_rate(FULL)[:, 1:] == pytest.approx(7 / 12)
        assert (metrics.tonal_distance(FULL) == 0).all()

    def test_drums_have_no_pitch_classes_and_others_no_drum_pattern(self) -> None:
        for measure in (
            metrics.used_pitch_classes,
            metrics.polyphonicity,
            metrics.in_scale_rate,
            metrics.qualified_note_rate,
        ):
            values = measure(FULL)
            assert np.isnan(values[:, 0]).all()
            assert not np.isnan(values[:, 1:]).any()
        assert np.isnan(metrics.drum_pattern_rate(FULL)[:, 1:]).all()

    def test_a_grid_without_sixteenths_has_no_pattern_of_them(self) -> None:
        six = rolls(RNG.random((1, 1, 1, 24, 12)) < 0.5)
        assert np.isnan(metrics.drum_pattern_rate(six)).all()
        assert not np.isnan(metrics.drum_pattern_rate(six, 8)).any()


class TestMalformed:
    @pytest.mark.parametrize(
        ("measure", "options"),
        [
            (metrics.qualified_note_rate, {"min_steps": 0}),
            (metrics.qualified_note_rate, {"rest": 2}),
            (metrics.bar_metrics, {"rest": -1}),
            (metrics.drum_pattern_rate, {"pattern": 4}),
            (metrics.drum_pattern_rate, {"near": 1.5}),
            (metrics.in_scale_rate, {"scale": ()}),
            (metrics.in_scale_rate, {"scale": (0, 12)}),
            (metrics.in_scale_rate, {"tonic": 12}),
            (metrics.tonal_distance, {"min_beats": 0}),
            (metrics.tonal_distance, {"min_beats": 5}),
        ],
    )
    def test_misuse_is_refused_before_anything_is_measured(self, measure: Any, options: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=r"not|cannot"):
            measure(NOISE, **options)


class TestProperties:
    def test_an_octave_higher_changes_nothing_but_the_pitches(self) -> None:
        low = RNG.random((2, 3, 1, 96, 60)) < 0.03
        assert_same_but(metrics.bar_metrics(rolls(low, 24)), metrics.bar_metrics(rolls(low, 36)), set())

    @pytest.mark.parametrize("semitones", [1, 5, 7])
    def test_transposition_changes_the_stated_scale_alone(self, semitones: int) -> None:
        first, second = (metrics.bar_metrics(rolls(NOISE.cells, 24 + shift)) for shift in (0, semitones))
        assert_same_but(first, second, {"in_scale_rate (C major)"})
        for name in ("piano", "bass"):
            moved = metrics.in_scale_rate(rolls(NOISE.cells, 24 + semitones), tonic=semitones)
            there = moved[:, NAMES.index(name)].reshape(-1)
            np.testing.assert_allclose(there, first[f"in_scale_rate (C major)/{name}"])

    def test_time_reversal_changes_the_drum_pattern_alone(self) -> None:
        backwards = rolls(NOISE.cells[:, :, :, ::-1])
        first, second = metrics.bar_metrics(NOISE), metrics.bar_metrics(backwards)
        assert_same_but(first, second, {"drum_pattern_rate (8-beat", "drum_pattern_rate (16-beat"})

    def test_bars_and_samples_are_measured_alone(self) -> None:
        whole = metrics.bar_metrics(NOISE)
        for name, values in whole.items():
            if "best-fitting" in name:
                continue
            parts = [
                metrics.bar_metrics(rolls(NOISE.cells[n : n + 1, :, b : b + 1]))[name] for n in range(3) for b in (0, 1)
            ]
            np.testing.assert_allclose(values, np.concatenate(parts), atol=1e-12, err_msg=name)

    def test_repetition_repeats_the_values(self) -> None:
        twice = rolls(np.repeat(NOISE.cells, 2, axis=2))
        for name, values in metrics.bar_metrics(twice).items():
            np.testing.assert_array_equal(values, np.repeat(metrics.bar_metrics(NOISE)[name], 2), err_msg=name)

    def test_parts_join_to_the_same_as_the_whole(self, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = metrics.bar_metrics(NOISE)
        monkeypatch.setattr(packed.chunks, "__defaults__", (1,))
        for name, values in metrics.bar_metrics(NOISE).items():
            np.testing.assert_array_equal(values, whole[name], err_msg=name)

    def test_without_the_counting_of_numpy_2(self, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = metrics.bar_metrics(NOISE)
        monkeypatch.delattr(np, "bitwise_count", raising=False)
        for name, values in metrics.bar_metrics(NOISE).items():
            np.testing.assert_array_equal(values, whole[name], err_msg=name)

    def test_a_view_with_other_strides_is_the_same_music(self) -> None:
        strided = rolls(np.asfortranarray(NOISE.cells))
        for name, values in metrics.bar_metrics(strided).items():
            np.testing.assert_array_equal(values, metrics.bar_metrics(NOISE)[name], err_msg=name)


def assert_same_but(first: dict[str, Any], second: dict[str, Any], changed: set[str]) -> None:
    """Equal columns, save those whose names begin so: they must differ, or the property would show nothing."""
    for name, values in first.items():
        if any(name.startswith(begin) for begin in changed):
            assert not np.allclose(values, second[name], equal_nan=True), name
        else:
            np.testing.assert_allclose(second[name], values, atol=1e-12, err_msg=name)


@st.composite
def any_rolls(draw: st.DrawFn) -> Rolls:
    shape = tuple(draw(st.integers(*span)) for span in ((1, 2), (1, 4), (1, 3)))
    resolution, pitches = draw(st.integers(1, 9)), draw(st.integers(1, 128))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    cells = rng.random((*shape, 4 * resolution, pitches)) < draw(st.sampled_from([0.0, 0.02, 0.3, 0.9]))
    onsets = rng.random(cells.shape) < 0.3 if draw(st.booleans()) else None
    drum = draw(st.none() | st.integers(0, shape[1] - 1))
    names = tuple(f"t{k}" for k in range(shape[1]))
    return Rolls(cells, draw(st.integers(0, 128 - pitches)), resolution, drum, names, onsets=onsets)


@given(any_rolls(), st.integers(1, 4), st.integers(0, 1))
@settings(max_examples=60, deadline=None)
def test_a_slow_second_opinion(music: Rolls, min_steps: int, rest: int) -> None:
    found = {
        name.replace(f"{min_steps} steps of ", ""): values
        for name, values in metrics.bar_metrics(music, min_steps, rest).items()
    }
    grid = music.grid
    for number, (n, b) in enumerate(np.ndindex(music.cells.shape[0], music.cells.shape[2])):
        for k, name in enumerate(music.tracks):
            cells = music.cells[n, k, b]
            onsets = None if music.onsets is None else music.onsets[n, k, b]
            assert found[f"empty_bar_rate/{name}"][number] == (not cells.any())
            agree(found[f"used_pitches/{name}"][number], cells.any(0).sum() if cells.any() else np.nan)
            if k == music.drum_track:
                continue
            classes = {(music.lowest_pitch + p) % 12 for p in np.flatnonzero(cells.any(0))}
            agree(found[f"used_pitch_classes/{name}"][number], len(classes) or np.nan)
            together = [np.count_nonzero(step) > 1 for step in cells]
            agree(found[f"polyphonicity/{name}"][number], np.mean(together) if cells.any() else np.nan)
            inside = [(music.lowest_pitch + p) % 12 in C_MAJOR for _, p in np.argwhere(cells)]
            agree(found[f"in_scale_rate (C major)/{name}"][number], np.mean(inside) if inside else np.nan)
            long = [
                length >= min_steps - (rest and not at_once) and length >= 1 for length, at_once in notes(cells, onsets)
            ]
            agree(found[f"qualified_note_rate ({grid})/{name}"][number], np.mean(long) if long else np.nan)


def notes(cells: NDArray[np.bool_], onsets: NDArray[np.bool_] | None) -> Iterator[tuple[int, bool]]:
    """(sounding steps, whether the pitch is struck again at once) of each note of a bar."""
    for pitch in range(cells.shape[1]):
        step = 0
        while step < len(cells):
            if not cells[step, pitch]:
                step += 1
                continue
            end = step + 1
            while end < len(cells) and cells[end, pitch] and not (onsets is not None and onsets[end, pitch]):
                end += 1
            yield end - step, end < len(cells) and bool(cells[end, pitch])
            step = end


def agree(ours: float, expected: Any) -> None:
    assert ours == pytest.approx(float(expected), nan_ok=True)


def test_every_column_has_its_words() -> None:
    words = {metric.name: metric for metric in metrics.METRICS}
    assert {base_name(name) for name in metrics.bar_metrics(NOISE)} == words.keys()
    assert len(words) == len(metrics.METRICS)
    assert all(metric.sentence.endswith(".") and metric.source for metric in words.values())


def test_rows_for_any_set_of_tracks() -> None:
    five = Rolls(np.ones((1, 5, 1, 4, 3), bool), 60, 1, None, ("a", "b", "c", "d", "e"))
    names = set(metrics.bar_metrics(five))
    assert sum(name.startswith("tonal_distance/") for name in names) == 10
    assert not any(name.startswith("drum_pattern_rate") for name in names)
    drums = Rolls(np.ones((1, 1, 1, 4, 3), bool), 60, 1, 0, ("drums",))
    expected = {"empty_bar_rate", "used_pitches", "drum_pattern_rate"}
    assert {base_name(name) for name in metrics.bar_metrics(drums)} == expected


STORED = {
    "used_pitch_classes/piano": 11.375,
    "qualified_note_rate (24 steps a beat)/piano": 0.003571,
    "drum_pattern_rate (16-beat, 24 steps a beat)/drums": 0.351276,
    "tonal_distance/piano-bass": 0.648313,
}


def test_stored_values() -> None:
    music = rolls(np.random.default_rng(11).random((4, 3, 2, 96, 84)) < 0.004)
    found = metrics.bar_metrics(music)
    assert {name: round(float(np.nanmean(found[name])), 6) for name in STORED} == STORED


def test_only_some_metrics_are_those_of_all() -> None:
    some = bar((1, 0, 48, 60), (2, 0, 96, 36), (0, 0, 1, 36))
    every = metrics.bar_metrics(some)
    for only in ({"empty_bar_rate"}, {"tonal_distance"}, {"in_scale_rate", "drum_pattern_rate"}):
        found = metrics.bar_metrics(some, only=only)
        assert {base_name(name) for name in found} - {"tonal_distance_beats"} == only
        for name, values in found.items():
            np.testing.assert_array_equal(values, every[name])
