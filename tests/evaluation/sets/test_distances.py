"""Distances between sets against closed forms, and what they must see and must not."""

import numpy as np
import pytest
from scipy.stats import entropy, gaussian_kde, norm

from antiphon.evaluation.measures import Column
from antiphon.evaluation.sets.distances import (
    METRICS,
    MIN_SAMPLES,
    kl_divergence,
    neighbours,
    overlap_area,
    samples_needed,
    set_distances,
)


def draw(seed: int, num: int, features: int = 4, shift: float = 0, units: int = 1) -> Column:
    rng = np.random.default_rng(seed)
    return Column(rng.normal(shift, size=(num * units, features)), np.repeat(np.arange(num), units))


def clustered(seed: int, num: int, units: int, features: int = 4) -> Column:
    """Songs far apart from each other, whose units are nearly alike."""
    rng = np.random.default_rng(seed)
    song = np.repeat(np.arange(num), units)
    return Column(rng.normal(size=(num, features))[song] + 0.01 * rng.normal(size=(len(song), features)), song)


def test_overlap_area_and_divergence_of_gaussians() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 1, 20000), rng.normal(1, 2, 20000)
    crossing = np.linspace(-20, 20, 40001)
    assert overlap_area(x, y) == pytest.approx(
        np.minimum(norm.pdf(crossing), norm.pdf(crossing, 1, 2)).sum() * 1e-3, abs=0.02
    )
    assert kl_divergence(x, y) == pytest.approx(np.log(2) + 2 / 8 - 0.5, abs=0.03)
    assert overlap_area(x, x) == pytest.approx(1) and kl_divergence(x, x) == 0


def test_densities_are_those_of_scott_as_scipy_has_them() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.gamma(2, size=150), rng.gamma(3, size=80)
    grid = np.linspace(-4, 20, 20001)
    p, q = gaussian_kde(x)(grid), gaussian_kde(y)(grid)
    assert overlap_area(x, y) == pytest.approx(np.minimum(p, q).sum() * (grid[1] - grid[0]), abs=2e-3)
    assert kl_divergence(x, y) == pytest.approx(entropy(p, np.maximum(q, 1e-12)), rel=0.01)


def test_lots_apart_or_without_spread() -> None:
    x = np.random.default_rng(0).normal(size=100)
    assert overlap_area(x, x + 100) == pytest.approx(0, abs=1e-9) and kl_divergence(x, x + 100) > 5
    still = np.full(30, 0.7)
    assert overlap_area(still, still) == pytest.approx(1) and kl_divergence(still, still) == 0
    assert overlap_area(still, still + 1) == pytest.approx(0, abs=1e-9)


def test_distances_do_not_depend_on_the_unit_or_the_origin() -> None:
    made, real = draw(0, 100, shift=0.5), draw(1, 120)
    found = set_distances(made, real, 0)
    scaled = set_distances(Column(9 * made.values - 4, made.song), Column(9 * real.values - 4, real.song), 0)
    assert scaled.overlap == pytest.approx(found.overlap, abs=1e-6)
    assert scaled.divergence == pytest.approx(found.divergence, abs=1e-6)


def test_sets_of_one_kind_overlap_and_others_less() -> None:
    real = draw(0, 200)
    same, near, far = (set_distances(draw(1, 200, shift=shift), real, 0) for shift in (0, 1, 4))
    assert min(same.overlap) > 0.95 and max(same.divergence) < 0.02
    assert same.overlap[0] > near.overlap[0] > far.overlap[0] and far.overlap[0] < 0.05
    assert same.divergence[0] < near.divergence[0] < far.divergence[0]
    assert min(set_distances(real, real, 0).overlap) > 0.95


def test_a_set_that_repeats_itself_shows_in_its_own_overlap() -> None:
    real = draw(0, 200)
    stuck = Column(np.repeat(real.values[:1], 200, axis=0), np.arange(200))
    found = set_distances(stuck, real, 0)
    assert found.overlap[1] < 0.05 and found.overlap[0] > 0.3


def test_pairs_within_a_song_are_left_out() -> None:
    column = clustered(0, 30, 10)
    found = set_distances(column, clustered(1, 30, 10), 0)
    assert len(found.made) == 30 * 29 // 2 * 100 and found.made.min() > 0.05
    assert len(found.between) == 300 * 300


def test_large_sets_are_cut_reproducibly() -> None:
    found = [set_distances(draw(0, 1500), draw(1, 700), seed) for seed in (3, 3, 4)]
    assert len(found[0].real) == 600 * 599 // 2
    assert found[0].overlap == found[1].overlap != found[2].overlap


def test_one_feature_is_a_row_of_numbers() -> None:
    row = Column(draw(0, 50, 1).values[:, 0], np.arange(50))
    assert set_distances(row, row, 0).between.shape == (2500,)


def test_too_few_give_nan_and_the_number_is_known() -> None:
    few, many = draw(0, 10), draw(1, 100)
    assert np.isnan(set_distances(few, many, 0).overlap).all()
    assert np.isnan(set_distances(many, few, 0).divergence).all()
    assert np.isnan(neighbours(few, many, 0).precision)
    one_song = Column(many.values, np.zeros(100, np.int64))
    assert np.isnan(neighbours(many, one_song, 0).coverage)
    nothing = Column(np.empty((0, 4)), np.empty(0, np.int64))
    assert np.isnan(neighbours(nothing, many, 0).recall)
    assert np.isnan(set_distances(nothing, many, 0).overlap).all()
    assert samples_needed("precision") == MIN_SAMPLES["precision"] and samples_needed("frechet_distance", 36) == 180
    assert {metric.name for metric in METRICS} == {*MIN_SAMPLES, "frechet_distance"}


def test_malformed() -> None:
    broken = Column(np.full((100, 2), np.nan), np.arange(100))
    for call in (set_distances, neighbours):
        with pytest.raises(ValueError, match="finite"):
            call(broken, broken, 0)
    with pytest.raises(ValueError, match="NaN"):
        overlap_area(broken.values[:, 0], broken.values[:, 0])


def test_neighbours_of_a_set_with_itself() -> None:
    real = draw(0, 300)
    found = neighbours(real, real, 0)
    assert (found.precision, found.recall, found.coverage, found.num_units) == (1, 1, 1, 300)
    assert found.density == pytest.approx(1 + 1 / 5)  # k balls reach each unit on average, and its own


def test_neighbours_of_sets_of_one_kind_and_of_sets_apart() -> None:
    found = neighbours(draw(0, 1000), draw(1, 1000), 0)
    assert found.density == pytest.approx(1, abs=0.06) and found.coverage == pytest.approx(1 - 2**-5, abs=0.02)
    assert min(found.precision, found.recall) > 0.9
    apart = neighbours(draw(0, 300), draw(1, 300, shift=50), 0)
    assert (apart.precision, apart.recall, apart.density, apart.coverage) == (0, 0, 0, 0)


def test_fewer_modes_are_seen_by_recall_and_coverage_alone() -> None:
    rng = np.random.default_rng(0)
    real = Column(np.concatenate([rng.normal(0, 1, (200, 3)), rng.normal(20, 1, (200, 3))]), np.arange(400))
    found = neighbours(Column(rng.normal(0, 1, (400, 3)), np.arange(400)), real, 0)
    assert found.precision > 0.9 and found.recall < 0.6 and found.coverage < 0.6
    other = neighbours(real, Column(rng.normal(0, 1, (400, 3)), np.arange(400)), 0)
    assert other.precision < 0.6 and other.recall > 0.9


def test_neighbours_are_sought_in_other_songs() -> None:
    made, real = clustered(0, 60, 5), clustered(1, 60, 5)
    assert neighbours(made, real, 0, k=3).recall > 0.7
    blind = neighbours(Column(made.values, np.arange(300)), Column(real.values, np.arange(300)), 0, k=3)
    assert blind.recall < 0.1


def test_sizes_are_made_equal() -> None:
    found = neighbours(draw(0, 4000), draw(1, 300), 0)
    assert found.num_units == 300 and found.coverage == pytest.approx(1 - 2**-5, abs=0.04)
