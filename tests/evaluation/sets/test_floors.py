"""Floors: divisions share no song, p values hold under the null, words claim no more than was seen."""

import numpy as np
import pytest

from antiphon.evaluation.measures import Column
from antiphon.evaluation.sets.floors import division, division_sizes, floor_number, floor_words, joined, p_values


def column(num_songs: int, units: int = 3, seed: int = 0) -> Column:
    values = np.random.default_rng(seed).normal(size=num_songs * units)
    return Column(values, np.repeat(np.arange(num_songs), units).astype(np.int64))


def test_divisions_have_the_sizes_asked_for_and_share_no_song() -> None:
    one, other = division(column(20), (5, 8), np.random.default_rng(0))
    assert one.num_songs == 5 and other.num_songs == 8
    assert not set(one.song.tolist()) & set(other.song.tolist())
    assert division_sizes(5, 8, 20) == (5, 8)
    assert division_sizes(100, 20, 30) == (25, 5)


def test_joined_sets_keep_their_songs_apart() -> None:
    both = joined(column(4), column(5))
    assert both.num_songs == 9 and len(both.values) == 27


def test_p_values_are_uniform_under_the_null_and_corrected_for_many() -> None:
    rng = np.random.default_rng(0)
    falsely = 0
    for _ in range(300):
        draws = {str(k): rng.normal(size=60) for k in range(20)}
        own = {str(k): float(rng.normal()) for k in range(20)}
        falsely += min(p_values(own, draws, dict.fromkeys(own, False)).values()) <= 0.05
    assert falsely / 300 == pytest.approx(0.05, abs=0.035)


def test_a_figure_far_off_is_found_among_many_in_the_direction_that_matters() -> None:
    rng = np.random.default_rng(1)
    draws = {str(k): rng.normal(size=60) for k in range(20)}
    own = {**{str(k): 0.0 for k in range(20)}, "3": 6.0}
    assert p_values(own, draws, dict.fromkeys(own, False))["3"] == pytest.approx(1 / 61)
    assert p_values(own, draws, dict.fromkeys(own, True))["3"] == 1.0
    assert np.isnan(p_values({"a": np.nan}, {"a": rng.normal(size=9)}, {"a": False})["a"])
    assert np.isnan(p_values({"a": 1.0}, {"a": np.empty(0)}, {"a": False})["a"])


def test_words_claim_sameness_only_where_a_difference_would_be_seen() -> None:
    narrow, wide = np.linspace(0.9, 1.1, 60), np.linspace(0, 2, 60)
    assert floor_words(1.0, narrow, 0.6, 20.0, larger_is_better=False) == "as other real songs"
    assert "too few songs" in floor_words(1.0, wide, 0.6, 2.2, larger_is_better=False)
    assert "50 % of the way" in floor_words(10.5, narrow, 0.01, 20.0, larger_is_better=False)
    assert floor_words(20.0, narrow, 0.01, 20.0, larger_is_better=False) == "as far off as shuffled"
    assert floor_words(3.0, narrow, 0.01, 1.0, larger_is_better=False) == "further off than other real songs"
    assert floor_words(0.2, narrow, 0.01, 0.1, larger_is_better=True) == "as far off as shuffled"
    assert floor_words(np.nan, narrow, 0.5, 1.0, larger_is_better=True) == "too few to tell"
    assert floor_words(1.0, np.empty(0), np.nan, 1.0, larger_is_better=True) == "no floor to compare with"


def test_words_say_where_shuffled_music_would_pass_too() -> None:
    narrow = np.linspace(0.9, 1.1, 60)
    passing = "no difference seen, nor would it be of shuffled music"
    assert floor_words(1.0, narrow, 0.6, 1.05, larger_is_better=False) == passing
    assert floor_words(1.0, narrow, 0.6, np.nan, larger_is_better=False).endswith("too few songs to be sure")
    assert floor_words(1.0, np.ones(60), 1.0, 0.2, larger_is_better=True) == "the same throughout"
    assert floor_words(0.9, np.ones(60), 0.01, 0.2, larger_is_better=True) != "the same throughout"


def test_the_floor_in_a_report_is_the_mean_and_range_of_the_draws() -> None:
    found = floor_number(np.linspace(0, 1, 101))
    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.025, 0.975))
    assert np.isnan(floor_number(np.empty(0)).value)
