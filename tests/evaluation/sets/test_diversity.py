"""Shares of distinct units by hand and of equal size, their intervals over songs, and what differences say."""

import numpy as np
import pytest

from antiphon.evaluation.sets.diversity import (
    Units,
    distinct,
    expected_distinct,
    gap,
    share,
    songs_for_distinct,
    songs_for_shares,
)


def zipf(rng: np.random.Generator, songs: int, units: int = 20, kinds: int = 300) -> Units:
    """Songs that draw from a dozen kinds of their own each, of which some are in many songs."""
    own = np.minimum(rng.zipf(1.3, (songs, 12)), kinds)
    song = np.repeat(np.arange(songs), units)
    return Units(own[song, rng.integers(0, 12, len(song))], song)


def test_expected_distinct_by_hand() -> None:
    assert expected_distinct(np.array([7, 7, 7]), 2) == pytest.approx(0.5)
    assert expected_distinct(np.arange(9), 4) == pytest.approx(1)
    # Of a, a, b, c two: one of six pairs is alike.
    assert expected_distinct(np.array([0, 0, 1, 2]), 2) == pytest.approx((5 * 2 + 1) / 6 / 2)
    assert expected_distinct(np.array([0, 0, 1, 2]), 4) == pytest.approx(3 / 4)
    for wrong in (0, 5):
        with pytest.raises(ValueError, match="cannot be drawn"):
            expected_distinct(np.zeros(4, np.int64), wrong)


def test_expected_distinct_is_what_drawing_gives() -> None:
    rng = np.random.default_rng(0)
    kinds = zipf(rng, 20).kind
    drawn = [len(np.unique(rng.choice(kinds, 90, replace=False))) / 90 for _ in range(400)]
    assert expected_distinct(kinds, 90) == pytest.approx(np.mean(drawn), abs=0.01)


def test_the_interval_is_over_songs() -> None:
    rng = np.random.default_rng(0)
    truth = np.mean([expected_distinct(zipf(rng, 30).kind, 600) for _ in range(200)])
    found = [distinct([zipf(rng, 30)], seed)[0] for seed in range(100)]
    assert np.mean([one.low <= truth <= one.high for one in found]) > 0.88
    # Halves of the bars instead of halves of the songs give a fifth of it or less where songs repeat themselves.
    song = np.repeat(np.arange(20), 40)
    apart = distinct([Units(np.where(song < 10, song, 100 + np.arange(800)), song)], 0)[0]
    assert apart.value == pytest.approx((10 + 400) / 800) and apart.high - apart.low > 0.3


@pytest.mark.parametrize("sizes", [(20, 200), (200, 20)])
def test_sets_of_one_kind_are_as_varied_whatever_their_size(sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    found = [distinct([zipf(rng, num) for num in sizes], seed) for seed in range(40)]
    gaps = [gap(a, b) for a, b in found]
    assert abs(np.mean([one.value for one in gaps])) < 0.02
    assert np.mean([one.low <= 0 <= one.high for one in gaps]) > 0.85
    assert tuple(one.num_songs for one in found[0]) == sizes


def test_a_few_bars_that_are_all_different_are_not_sure_to_be() -> None:
    low = [distinct([Units(np.arange(n), np.arange(n) // 2)], 0)[0].low for n in (10, 1000)]
    assert low == pytest.approx([1 - 3.84 / 13.84, 1 - 3.84 / 1003.84], abs=1e-3)


def test_one_song_has_no_interval_and_none_no_share() -> None:
    found = distinct([Units(np.arange(5), np.zeros(5, np.int64))], 0)[0]
    assert found.value == 1 and np.isnan([found.low, found.high]).all() and found.num_songs == 1
    nothing = Units(np.arange(0), np.arange(0))
    for sets in ([], [nothing]):
        with pytest.raises(ValueError, match="without units"):
            distinct(sets, 0)


def test_shares_by_hand() -> None:
    # Wilson's interval of 0 of 10 ends at z^2 / (n + z^2), that of 5 of 10 is symmetric.
    none, half, every = share(0, 10), share(5, 10), share(10, 10)
    assert (none.low, every.high) == (0, 1)
    assert none.high == pytest.approx(3.8416 / 13.8416) == 1 - every.low
    assert half.low == pytest.approx(0.2366, abs=1e-4) and half.high == pytest.approx(0.7634, abs=1e-4)
    assert np.isnan(share(0, 0).value) and share(0, 0).num_songs == 0


def test_gaps_of_shares_as_newcombe_prints_them() -> None:
    # Newcombe 1998, table II, method 10: 56 of 70 less 48 of 80, and 9 of 10 less 3 of 10.
    for a, b, low, high in (((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090)):
        found = gap(share(*a), share(*b))
        assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)


def test_the_number_that_is_asked_for_is_enough() -> None:
    asked = songs_for_shares(share(0, 6), share(0, 16), 0.05)
    found = gap(share(0, asked), share(0, asked))
    assert 100 < asked < 200 and found.high - found.low <= 0.05
    asked = songs_for_shares(share(5, 10), share(5, 10), 0.05)
    found = gap(share(asked // 2, asked), share(asked // 2, asked))
    assert found.high - found.low == pytest.approx(0.05, rel=0.01)
    rng = np.random.default_rng(0)
    few = distinct([zipf(rng, 12), zipf(rng, 12)], 0)
    asked = songs_for_distinct(few[0], few[1], 0.1)
    many = distinct([zipf(rng, asked), zipf(rng, asked)], 0)
    found = gap(many[0], many[1])
    assert 12 < asked < 200 and found.high - found.low < 0.11
