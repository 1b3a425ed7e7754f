"""Training seeds are the unit; sampling seeds of one training do not stand in for them."""

import numpy as np
import pytest

from antiphon.evaluation.sets.seeds import seed_spread


def test_by_hand() -> None:
    # Means 1 and 3: squares between 2 x (1 + 1) / 1 = 4, within (0.5 + 0.5) / 2... = 1; (4 - 1) / 2 = 1.5.
    found = seed_spread({10: [1 - 0.5**0.5, 1 + 0.5**0.5], 11: [3 - 0.5**0.5, 3 + 0.5**0.5]})
    assert found.mean == 2 and found.standard_error == pytest.approx(1)
    assert found.sampling_spread == pytest.approx(1) and found.training_spread == pytest.approx(1.5**0.5)
    assert found.high - found.mean == pytest.approx(12.706, abs=1e-3)
    assert (found.num_training_seeds, found.num_values) == (2, 4)


def test_uneven_numbers_by_hand() -> None:
    # Means 0 and 4 of 4 and 2 values, 4 / 3 over all: squares between 4 x 16 / 9 + 2 x 64 / 9 = 64 / 3, within
    # (4 x 1 + 2 x 2) / 4 = 2; a training seed's share of the values is (6 - 20 / 6) / 1 = 8 / 3, not 6 / 2.
    found = seed_spread([[-1, -1, 1, 1], [4 - 2**0.5, 4 + 2**0.5]])
    assert found.sampling_spread**2 == pytest.approx(2)
    assert found.training_spread**2 == pytest.approx((64 / 3 - 2) / (8 / 3))


def test_the_level_is_that_of_the_interval() -> None:
    narrow, wide = (seed_spread([[1.0], [3.0]], level) for level in (0.5, 0.99))
    assert narrow.high - narrow.mean == pytest.approx(1) and wide.high - wide.mean == pytest.approx(63.657, abs=1e-3)
    with pytest.raises(ValueError, match="level"):
        seed_spread([[1.0]], 95)


def test_components_are_found_back_from_uneven_numbers_of_samples() -> None:
    rng = np.random.default_rng(0)
    rows = [2 * rng.normal() + 0.5 * rng.normal(size=rng.integers(2, 9)) for _ in range(2000)]
    found = seed_spread(rows)
    assert found.training_spread == pytest.approx(2, rel=0.05)
    assert found.sampling_spread == pytest.approx(0.5, rel=0.05)


def test_more_sampling_does_not_make_one_surer_of_the_recipe() -> None:
    rng = np.random.default_rng(1)
    trained = rng.normal(size=4)
    few, many = (seed_spread([seed + 0.01 * rng.normal(size=n) for seed in trained]) for n in (3, 3000))
    assert many.standard_error == pytest.approx(few.standard_error, rel=0.1)


def test_the_interval_covers() -> None:
    rng = np.random.default_rng(2)
    found = [seed_spread([rng.normal() + rng.normal(size=3) for _ in range(4)]) for _ in range(400)]
    assert np.mean([one.low <= 0 <= one.high for one in found]) == pytest.approx(0.95, abs=0.04)


def test_no_difference_between_trainings_is_no_negative_spread() -> None:
    assert seed_spread([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]).training_spread == 0


def test_what_cannot_be_told_is_nan() -> None:
    one = seed_spread([[1.0, 2.0, np.nan]])
    assert one.mean == 1.5 and np.isnan([one.standard_error, one.low, one.training_spread]).all()
    assert one.num_values == 2 and one.sampling_spread == pytest.approx(0.5**0.5)
    single = seed_spread([[1.0], [2.0], [np.nan]])
    assert np.isnan([single.training_spread, single.sampling_spread]).all() and single.standard_error == 0.5
    none = seed_spread([])
    assert np.isnan(none.mean) and none.num_training_seeds == 0
