import numpy as np
import pytest
import torch

from antiphon.gan.probe import probe_auc, roc_auc


def by_pairs(positive: list[float], negative: list[float]) -> float:
    wins = [1.0 if p > n else 0.5 if p == n else 0.0 for p in positive for n in negative]
    return sum(wins) / len(wins)


def test_auc_is_the_share_of_ordered_pairs_with_ties_by_half() -> None:
    chance = np.random.default_rng(0)
    for _ in range(20):
        positive = chance.integers(0, 6, chance.integers(1, 12)).tolist()
        negative = chance.integers(0, 6, chance.integers(1, 12)).tolist()
        assert roc_auc(positive, negative) == pytest.approx(by_pairs(positive, negative), abs=1e-12)


def test_auc_at_its_ends_and_of_constants() -> None:
    assert roc_auc([2, 3], [0, 1]) == 1
    assert roc_auc([0, 1], [2, 3]) == 0
    assert roc_auc(torch.full((5, 1), 0.3), torch.full((7, 1), 0.3)) == 0.5


def test_auc_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="both sides"):
        roc_auc([], [1.0])


def melodies(num: int, seed: int, hold: float = 0.75) -> np.ndarray:
    chance = np.random.default_rng(seed)
    moves = np.where(chance.random((num, 16)) < hold, 0, chance.integers(-4, 5, (num, 16)))
    return 60 + (np.cumsum(moves, axis=1) + chance.integers(0, 24, (num, 1))) % 24


def test_probe_finds_no_difference_where_there_is_none() -> None:
    assert abs(probe_auc(melodies(1024, 0), melodies(1024, 1), steps=100) - 0.5) < 0.08


@pytest.mark.slow
def test_probe_finds_marginals_and_order_and_rhythm() -> None:
    real, chance = melodies(512, 0), np.random.default_rng(1)
    assert probe_auc(real, chance.integers(60, 84, (512, 16)), steps=100) > 0.99
    assert probe_auc(real, chance.permuted(melodies(512, 1), axis=1)) > 0.85
    assert probe_auc(real, melodies(512, 1, hold=0.4)) > 0.8


def test_probe_is_a_function_of_its_seed_and_leaves_chance_and_gradients_alone() -> None:
    real, fake = torch.from_numpy(melodies(128, 0)), torch.from_numpy(melodies(128, 1, hold=0.2))
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    with torch.no_grad():
        first = probe_auc(real, fake, seed=3, steps=20)
    assert torch.equal(torch.rand(3), expected)
    assert probe_auc(real, fake, seed=3, steps=20) == first
    assert probe_auc(real, fake, seed=4, steps=20) != first


def test_probe_takes_samples_of_any_form() -> None:
    chance = np.random.default_rng(0)
    real = chance.integers(0, 2, (64, 2, 10, 9)).astype(bool)
    assert 0 <= probe_auc(real, ~real, steps=5) <= 1
    assert 0 <= probe_auc(real[:, 0, 0, 0], real[:, 0, 0, 1], steps=5) <= 1
    assert 0 <= probe_auc(real[:, 0, :3].astype(np.float32), real[:50, 1, :3].astype(np.float32), steps=5) <= 1
