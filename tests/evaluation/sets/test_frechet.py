"""The Frechet distance against its closed form, and its error of few samples taken away."""

import numpy as np
import pytest
from numpy.typing import NDArray

from antiphon.evaluation.measures import Column
from antiphon.evaluation.sets.frechet import MIN_GROUPS, frechet_at_infinity, frechet_distance


def exactly(mean: list[float], covariance: list[list[float]], num: int = 500) -> NDArray[np.float64]:
    """Samples of exactly this mean and covariance."""
    rows = np.random.default_rng(0).normal(size=(num, len(mean)))
    rows = rows - rows.mean(0)
    rows = rows @ np.linalg.inv(np.linalg.cholesky(np.atleast_2d(np.cov(rows.T)))).T
    return np.asarray(rows @ np.linalg.cholesky(np.array(covariance)).T + mean)


def songs(seed: int, num: int, units: int, features: int, shift: float = 0) -> Column:
    rng = np.random.default_rng(seed)
    mixing = np.eye(features) + 0.5 * np.random.default_rng(99).normal(size=(features, features)) / features**0.5
    song = np.repeat(np.arange(num), units)
    rows = rng.normal(size=(num, features))[song] + rng.normal(size=(len(song), features))
    return Column(rows @ mixing + shift, song)


def test_gaussians_by_their_closed_form() -> None:
    # |m|^2 = 25, and (2 - 1)^2 + (3 - 1)^2 of the standard deviations.
    x, y = exactly([0, 0], [[1, 0], [0, 1]]), exactly([3, 4], [[4, 0], [0, 9]])
    assert frechet_distance(x, y) == pytest.approx(30)
    assert frechet_distance(exactly([1], [[4]]), exactly([0], [[1]])) == pytest.approx(2)
    # Axes turned by 45 degrees against each other: 2 (1 + 4) - 2 tr(root), the root's square having trace 12.5, det 16.
    turned = exactly([0, 0], [[2.5, 1.5], [1.5, 2.5]])
    assert frechet_distance(turned, exactly([0, 0], [[1, 0], [0, 4]])) == pytest.approx(10 - 2 * np.sqrt(12.5 + 8))


def test_properties() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 5)), rng.gamma(2, size=(80, 5))
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-12)
    assert frechet_distance(x, y) == pytest.approx(frechet_distance(y, x))
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    assert frechet_distance(3 * x @ turn + 7, 3 * y @ turn + 7) == pytest.approx(9 * frechet_distance(x, y))


def test_features_without_spread_do_no_harm() -> None:
    x = np.random.default_rng(0).normal(size=(50, 3))
    x[:, 1], x[:, 2] = 5, x[:, 0]
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(x, x + np.array([0, 2, 0])) == pytest.approx(4, abs=1e-6)


def test_malformed() -> None:
    x = np.zeros((5, 2))
    for wrong in (np.zeros((5, 3)), np.zeros(5), np.zeros((1, 2))):
        with pytest.raises(ValueError, match="two sets"):
            frechet_distance(x, wrong)
    with pytest.raises(ValueError, match="finite"):
        frechet_distance(x, np.full((5, 2), np.nan))


def test_the_raw_distance_of_one_kind_is_not_zero_and_the_extrapolated_one_is() -> None:
    found = [frechet_at_infinity(songs(s, 60, 5, 20), songs(s + 100, 70, 5, 20), s) for s in range(8)]
    assert min(one.raw for one in found) > 0.8
    assert all(one.low <= 0 <= one.high < one.raw for one in found)
    assert abs(np.mean([one.value for one in found])) < 0.1


def test_the_interval_covers_a_true_distance_and_shrinks() -> None:
    found = [frechet_at_infinity(songs(s, 40, 5, 8, 0.5), songs(s + 100, 60, 5, 8), s) for s in range(30)]
    assert np.mean([one.low <= 2 <= one.high for one in found]) >= 0.85
    large = frechet_at_infinity(songs(0, 1000, 5, 8, 0.5), songs(1, 1000, 5, 8), 0)
    assert large.high - large.low < 0.4 * (found[0].high - found[0].low) and large.low <= 2 <= large.high


def test_the_raw_value_is_the_plain_distance_and_the_place_of_the_origin_does_not_matter() -> None:
    x, y = songs(0, 30, 5, 6), songs(1, 40, 5, 6, 1)
    found = frechet_at_infinity(x, y, 0)
    assert found.raw == pytest.approx(frechet_distance(x.values, y.values))
    moved = frechet_at_infinity(Column(x.values + 1e5, x.song), Column(y.values + 1e5, y.song), 0)
    assert moved.value == pytest.approx(found.value, abs=1e-5)
    assert (found.num_units, found.num_songs) == (150, 30)


def test_units_of_a_song_do_not_pass_for_songs() -> None:
    x, y = songs(0, 24, 20, 6), songs(1, 24, 20, 6)
    alone = [Column(column.values, np.arange(len(column.values))) for column in (x, y)]
    by_song, by_unit = frechet_at_infinity(x, y, 0), frechet_at_infinity(alone[0], alone[1], 0)
    assert by_song.low <= 0 < by_unit.low


def test_too_few_songs_or_units() -> None:
    enough = songs(0, 40, 5, 6)
    for few in (songs(1, MIN_GROUPS - 1, 30, 6), songs(1, 29, 1, 6), Column(np.empty((0, 6)), np.empty(0, np.int64))):
        assert np.isnan(frechet_at_infinity(few, enough, 0).value) and np.isnan(frechet_at_infinity(enough, few, 0).low)
