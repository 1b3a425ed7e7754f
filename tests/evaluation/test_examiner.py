import numpy as np
import pytest

from antiphon.evaluation.examiner import Bars, auc, examine


def made(seed: int, low: int, high: int, num: int = 300) -> Bars:
    rng = np.random.default_rng(seed)
    bars = rng.integers(low, high, (num, 16))
    return Bars(bars, np.roll(bars, 1, axis=0), rng.integers(0, 25, num))


@pytest.mark.slow
def test_the_same_music_is_a_coin_toss_and_other_music_is_heard() -> None:
    real = made(0, 0, 26), made(1, 0, 26)
    assert abs(examine(made(2, 0, 26), made(3, 0, 26), *real, iterations=100) - 0.5) < 0.08
    assert examine(made(2, 0, 26), made(3, 0, 12), real[0], made(4, 0, 12), iterations=100) > 0.99


@pytest.mark.slow
def test_conditions_are_seen_only_where_they_are_given() -> None:
    def follows(seed: int) -> Bars:
        bars = made(seed, 0, 26, 500)
        return Bars(bars.bars, bars.bars, bars.chord)  # each bar repeats the one before

    rng = np.random.default_rng(0)
    learn, test = follows(0), follows(1)
    shuffled, held = learn.shuffled_conditions(rng), test.shuffled_conditions(rng)
    assert abs(examine(learn.bare(), shuffled.bare(), test.bare(), held.bare(), iterations=150) - 0.5) < 0.08
    assert examine(learn, shuffled, test, held, iterations=400) > 0.6


def test_the_same_seed_gives_the_same_verdict_and_leaves_chance_alone() -> None:
    import torch

    before = torch.get_rng_state()
    parts = [made(seed, 0, 26, 80) for seed in range(4)]
    assert examine(*parts, iterations=5, seed=3) == examine(*parts, iterations=5, seed=3)
    assert torch.equal(before, torch.get_rng_state())


def test_nothing_to_judge_is_refused() -> None:
    with pytest.raises(ValueError, match="the examiner needs"):
        examine(made(0, 0, 26, 10), made(0, 0, 26, 10), made(0, 0, 26, 10), made(0, 0, 26, 0))


def test_auc_counts_ties_half() -> None:
    assert auc([2, 3], [0, 1]) == 1
    assert auc([0, 1], [2, 3]) == 0
    assert auc([1, 1], [1, 1]) == 0.5
    assert auc([1, 2], [1, 0]) == pytest.approx(3.5 / 4)


def test_shuffled_steps_keep_each_bars_classes() -> None:
    bars = made(0, 0, 26, 20)
    shuffled = bars.shuffled_steps(np.random.default_rng(1))
    assert not np.array_equal(bars.bars, shuffled.bars)
    np.testing.assert_array_equal(np.sort(bars.bars, axis=1), np.sort(shuffled.bars, axis=1))
