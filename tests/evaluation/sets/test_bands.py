"""Bands beside real bands: goals that real music reaches and damaged music misses."""

import numpy as np
import pytest
from tests.evaluation.bands_made import BASS, PIANO, bands

from antiphon.evaluation.baselines import shuffled_bar_order, shuffled_tracks
from antiphon.evaluation.sets.bands import (
    AGREEMENT,
    CLOSED,
    GOALS,
    OVERLAP,
    REPETITION,
    SHUFFLED,
    Figure,
    Measured,
    base,
    measure,
    shortfall,
)
from antiphon.evaluation.sets.certainty import Estimate

ROLLS = bands(16, together=True)
REAL = Measured.of(ROLLS)
RNG = np.random.default_rng


def test_real_music_beside_itself_reaches_every_goal_but_those_of_other_music() -> None:
    figures = measure(REAL, REAL)
    assert all(figure.reached for name, figure in figures.items() if name not in {SHUFFLED, REPETITION})
    assert figures[CLOSED].made.value == 1 == figures[f"{OVERLAP}/bass"].made.value


def test_intervals_hold_the_figures_and_can_be_left_out() -> None:
    figures, bare = measure(REAL, REAL), measure(REAL, REAL, intervals=False)
    for name in ("empty_bar_rate/bass", "notes_a_bar/drums", AGREEMENT, f"{OVERLAP}/piano"):
        assert figures[name].made.low <= figures[name].made.value <= figures[name].made.high
        assert bare[name].made.value == pytest.approx(figures[name].made.value) and np.isnan(bare[name].made.low)


def test_shuffled_tracks_are_seen_between_tracks_alone() -> None:
    figures = measure(REAL, shuffled_tracks(ROLLS, RNG(0)))
    assert not figures[AGREEMENT].reached and not figures[CLOSED].reached
    assert all(figures[f"{metric}/bass"].reached for metric in ("notes_a_bar", OVERLAP, "empty_bar_rate"))
    assert figures[SHUFFLED].made.value == pytest.approx(REAL.columns[SHUFFLED].values.mean(), abs=0.15)


def test_bars_of_other_songs_are_seen_in_what_comes_back() -> None:
    steady = bands(8, together=True)
    cells = np.repeat(steady.cells[:, :, :1], 4, 2)
    onsets = np.repeat(np.array(steady.onsets)[:, :, :1], 4, 2)
    again = type(steady)(cells, 24, 24, 0, steady.tracks, steady.song, onsets)
    value = measure(again, again, intervals=False)[REPETITION].made.value
    assert (
        value == 1 and measure(again, shuffled_bar_order(again, RNG(0)), intervals=False)[REPETITION].made.value < 0.8
    )


@pytest.mark.parametrize("name", ["empty_bar_rate/bass", "notes_a_bar/bass", f"{OVERLAP}/bass"])
def test_a_silent_track_is_a_miss(name: str) -> None:
    cells, onsets = ROLLS.cells.copy(), np.array(ROLLS.onsets)
    cells[:, BASS], onsets[:, BASS] = False, False
    figures = measure(REAL, type(ROLLS)(cells, 24, 24, 0, ROLLS.tracks, ROLLS.song, onsets))
    assert not figures[name].reached and figures["notes_a_bar/piano"].reached
    assert shortfall(figures) > shortfall(measure(REAL, REAL))


def test_a_track_that_real_bands_do_not_play_has_no_goal_but_silence() -> None:
    cells, onsets = ROLLS.cells.copy(), np.array(ROLLS.onsets)
    cells[:, BASS], onsets[:, BASS] = False, False
    figures = measure(type(ROLLS)(cells, 24, 24, 0, ROLLS.tracks, ROLLS.song, onsets), REAL)
    goals = {name: figure.goal for name, figure in figures.items() if name.endswith("/bass")}
    assert goals.pop("empty_bar_rate/bass") == (0.95, 1.0)
    assert set(goals.values()) == {None}


def test_halved_lengths_miss_note_lengths_and_no_density() -> None:
    cells = ROLLS.cells.copy()
    held = cells[:, PIANO] & ~np.array(ROLLS.onsets)[:, PIANO]
    half = np.arange(96) % 24 >= 12
    held[:, :, half] = False
    cells[:, PIANO] = held | np.array(ROLLS.onsets)[:, PIANO]
    figures = measure(REAL, type(ROLLS)(cells, 24, 24, 0, ROLLS.tracks, ROLLS.song, ROLLS.onsets))
    assert not figures[f"{OVERLAP}/piano"].reached and figures["notes_a_bar/piano"].reached


def test_no_phrases_have_no_figures_and_fall_short_wholly() -> None:
    figures = measure(REAL, ROLLS[:0])
    assert all(np.isnan(figure.made.value) for figure in figures.values())
    assert not any(figure.reached for figure in figures.values() if figure.goal is not None)
    assert shortfall(figures) == 1


def test_sides_must_be_alike() -> None:
    other = type(ROLLS)(ROLLS.cells, 25, 24, 0, ROLLS.tracks, ROLLS.song, ROLLS.onsets)
    with pytest.raises(ValueError, match="lowest_pitch"):
        measure(REAL, other)


def test_a_miss_is_a_share_of_the_real_value() -> None:
    def at(value: float) -> Estimate:
        return Estimate(value, value, value, 1, 1)

    assert Figure(at(8.0), at(10.0), (9.0, 11.0)).miss == pytest.approx(0.1)
    assert Figure(at(12.0), at(10.0), (9.0, 11.0)).miss == pytest.approx(0.1)
    assert Figure(at(10.0), at(10.0), (9.0, 11.0)).miss == 0 == Figure(at(1.0), at(10.0)).miss


@pytest.mark.parametrize(
    ("name", "real", "goal"),
    [
        ("notes_a_bar", 10.0, (9.0, 11.0)),
        ("used_pitch_classes", 2.0, (1.7, 2.3)),
        ("empty_bar_rate", 0.3, (0.25, 0.35)),
        ("empty_bar_rate", 0.02, (0.0, 0.07)),
        ("qualified_note_rate", 0.99, (0.94, 1.0)),
        ("drum_pattern_rate", 0.9, (0.85, 0.95)),
        (OVERLAP, 1.0, (0.9, np.inf)),
        (AGREEMENT, 0.7, (0.55, np.inf)),
        (SHUFFLED, 0.21, (-np.inf, 0.22)),
        (REPETITION, 0.34, (0.25, np.inf)),
        (CLOSED, 1.0, (2 / 3, np.inf)),
    ],
)
def test_goals(name: str, real: float, goal: tuple[float, float]) -> None:
    assert GOALS[name](Estimate(real, real, real, 1, 1)) == pytest.approx(goal)


def test_names() -> None:
    assert base("qualified_note_rate (24 steps a beat)/bass") == "qualified_note_rate"
    assert base(SHUFFLED) == SHUFFLED and base(f"{AGREEMENT}/piano-bass") == AGREEMENT
