"""Intervals cover, tests are honest under the null and see effects, and verdicts say no more than is known."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from antiphon.evaluation.measures import Column
from antiphon.evaluation.sets.certainty import (
    ALPHA,
    MIN_SONGS,
    Estimate,
    Verdict,
    corrected,
    difference,
    estimate,
    estimates,
    holm,
    paired_difference,
    paired_test,
    paired_verdict,
    permutation_test,
    real_floor,
    verdict,
    words,
)

EMPTY = Column(np.empty(0), np.empty(0, np.int64))
NAN = Column(np.full(6, np.nan), np.arange(6))


def songs(rng: np.random.Generator, num: int, units: int, mean: float = 0, within: float = 1) -> Column:
    """Songs whose own means spread by 1 around `mean`, of about `units` units each."""
    sizes = rng.poisson(units - 1, num) + 1
    song = np.repeat(np.arange(num), sizes)
    return Column(mean + rng.normal(size=num)[song] + within * rng.normal(size=len(song)), song)


def test_the_mean_is_over_units_and_counts_what_is_defined() -> None:
    column = Column(np.array([1.0, 2, 6, np.nan, np.nan]), np.array([4, 4, 9, 9, 11]))
    found = estimate(column, seed=0)
    assert found.value == 3 and (found.num_units, found.num_songs) == (3, 2)
    assert found.low == 1.5 and found.high == 6  # two songs: nothing between their own means is sure


def coverage(num: int, units: int, repeats: int) -> float:
    rng = np.random.default_rng(num)
    found = [estimate(songs(rng, num, units), seed, 400) for seed in range(repeats)]
    return float(np.mean([one.low <= 0 <= one.high for one in found]))


def test_the_interval_covers_although_units_of_a_song_are_alike() -> None:
    assert coverage(25, 20, 200) > 0.89  # an interval over units would cover about 0.4


@pytest.mark.slow
@pytest.mark.parametrize(("num", "least"), [(6, 0.87), (12, 0.91), (30, 0.925), (100, 0.93)])
def test_coverage_comes_near_its_level_as_songs_grow(num: int, least: float) -> None:
    assert least < coverage(num, 10, 1500) < 0.97


def test_dealing_many_songs_into_groups_leaves_the_interval() -> None:
    column = songs(np.random.default_rng(0), 5000, 1)
    found = estimate(column, seed=1)
    error = column.values.std() / np.sqrt(5000)
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.15)


def test_an_interval_is_wider_at_a_higher_level_and_the_same_for_the_same_seed() -> None:
    column = songs(np.random.default_rng(3), 20, 5)
    wide, narrow = estimate(column, 7, level=0.99), estimate(column, 7, level=0.8)
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high
    assert estimate(column, 7, level=0.8) == narrow


@pytest.mark.parametrize("column", [EMPTY, NAN], ids=["empty", "nan"])
def test_nothing_defined_gives_nan_and_no_warning(column: Column) -> None:
    found, other = estimate(column, 0), songs(np.random.default_rng(0), 8, 3)
    assert np.isnan([found.value, found.low, found.high]).all() and found.num_units == 0
    assert np.isnan(permutation_test(column, other, 0)) and np.isnan(paired_test(column, other, 0))
    assert np.isnan(real_floor(column, 0, splits=3)).all()
    assert np.isnan(difference(column, other, 0).value)
    assert words(verdict(column, other, None, 0)) == f"too few songs to tell (needs {MIN_SONGS})"
    assert words(verdict(other, column, other, 0)) == f"too few songs to tell (needs {MIN_SONGS})"


def test_one_song_has_a_mean_but_no_interval() -> None:
    found = estimate(Column(np.arange(5.0), np.zeros(5, np.int64)), 0)
    assert found.value == 2 and np.isnan([found.low, found.high]).all() and found.num_songs == 1


def test_malformed() -> None:
    rows = Column(np.zeros((3, 2)), np.arange(3))
    for call in (lambda: estimate(rows, 0), lambda: permutation_test(rows, rows, 0), lambda: real_floor(rows, 0)):
        with pytest.raises(ValueError, match="histogram or curve"):
            call()
    with pytest.raises(ValueError, match="scalars"):
        estimates(NAN, 0)
    with pytest.raises(ValueError, match="level"):
        estimate(NAN, 0, level=95)
    with pytest.raises(ValueError, match="repeat"):
        permutation_test(NAN, NAN, 0, permutations=0)
    for wrong in ([0.5, 1.5], [[0.1]]):
        with pytest.raises(ValueError, match="p values"):
            holm(wrong)


def test_each_position_of_a_curve_has_its_own_interval() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal([0, 5, 10], size=(40, 3))
    values[:30, 2] = np.nan
    found = estimates(Column(values, np.arange(40)), 0)
    assert [one.num_units for one in found] == [40, 40, 10]
    assert found[1].low < 5.2 < found[1].high + 0.4 and found[2].value == pytest.approx(values[30:, 2].mean())


def test_a_difference_is_one_of_units_where_no_verdict_is_asked_for() -> None:
    a, b = Column(np.array([0.0, 1, 1, 1]), np.array([0, 1, 1, 1])), Column(np.zeros(4), np.arange(4))
    assert difference(a, b, 0).value == 0.75 and verdict(a, b, None, 0).difference.value == 0.5


def test_the_interval_of_a_difference_covers_it() -> None:
    rng = np.random.default_rng(5)
    found = [difference(songs(rng, 15, 4, 2), songs(rng, 60, 9), seed, 300) for seed in range(200)]
    assert np.mean([one.low <= 2 <= one.high for one in found]) > 0.89
    assert found[0].num_songs == 15


Shape = tuple[int, int]


@pytest.mark.parametrize(
    ("ours", "theirs"), [((12, 8), (12, 8)), ((200, 1), (20, 60)), ((6, 5), (30, 2))], ids=["alike", "long", "few"]
)
def test_p_is_uniform_where_nothing_differs_even_between_long_and_short_songs(ours: Shape, theirs: Shape) -> None:
    rng = np.random.default_rng(11)
    p = np.array([permutation_test(songs(rng, *ours), songs(rng, *theirs), seed, 99) for seed in range(200)])
    assert (p <= 0.05).mean() < 0.1
    assert (p <= 0.2).mean() == pytest.approx(0.2, abs=0.09)
    assert (p <= 0.5).mean() == pytest.approx(0.5, abs=0.11)


def test_p_is_small_where_songs_differ_in_either_direction() -> None:
    rng = np.random.default_rng(2)
    a, b = songs(rng, 200, 1, 1.2), songs(rng, 20, 60)
    assert permutation_test(a, b, 0) < 0.01 and permutation_test(b, a, 0) < 0.01
    sure = Column(np.zeros(9), np.arange(9)), Column(np.ones(9), np.arange(9))
    assert permutation_test(*sure, 0, permutations=500) <= 2 / 501


def test_equal_constants_do_not_differ_through_rounding() -> None:
    a = Column(np.full(30, 0.1), np.repeat(np.arange(10), 3))
    b = Column(np.full(8, 0.1), np.arange(8))
    assert permutation_test(a, b, 0) == 1 and paired_test(a, b, 0) == 1
    assert words(verdict(a, b, None, 0)) == "as real songs"


def test_songs_by_the_thousand_are_exchanged_in_groups() -> None:
    rng = np.random.default_rng(0)
    a, b = 50 + rng.normal(size=2999), 50 + rng.normal(size=4500)
    for shift in (0, 0.03, 0.15):
        found = permutation_test(Column(a, np.arange(2999)), Column(b + shift, np.arange(4500)), 0)
        assert found == pytest.approx(ttest_ind(a, b + shift, equal_var=False).pvalue, abs=0.03)


def test_songs_are_what_is_exchanged() -> None:
    # Three songs against three: the best of 20 exchanges cannot be rare, however many units there are.
    a = Column(np.repeat([1.0, 1.1, 1.2], 1000), np.repeat(np.arange(3), 1000))
    b = Column(a.values - 1, a.song)
    assert permutation_test(a, b, 0) > 0.08


def test_pairs_see_what_the_spread_over_songs_hides() -> None:
    rng = np.random.default_rng(1)
    one = songs(rng, 15, 6, within=0.05)
    other = Column((one.values + 0.2)[::-1], one.song[::-1])
    assert permutation_test(one, other, 0) > 0.2 and paired_test(one, other, 0) < 0.01
    gap = paired_difference(other, one, 0)
    assert gap.value == pytest.approx(0.2) and gap.low == pytest.approx(0.2) and gap.num_songs == 15
    apart = Column(one.values, one.song + 100)
    assert np.isnan(paired_test(one, apart, 0))


def test_sign_flips_are_uniform_under_the_null() -> None:
    rng = np.random.default_rng(4)
    p = np.array([paired_test(songs(rng, 12, 3), songs(rng, 12, 3), seed, 99) for seed in range(200)])
    assert (p <= 0.05).mean() < 0.1 and (p <= 0.5).mean() == pytest.approx(0.5, abs=0.11)


def test_holm_by_hand() -> None:
    # 0.01 x 4, 0.02 x 3, then 0.03 x 2 = 0.06 stays, 0.04 x 1 rises to it.
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1, 1])
    assert holm([0.01, np.nan, 0.02]) == pytest.approx([0.02, np.nan, 0.02], nan_ok=True)
    assert len(holm([])) == 0 and np.isnan(holm([np.nan])).all()


@given(st.lists(st.floats(0, 1), max_size=30))
def test_holm_keeps_order_and_never_lowers(p: list[float]) -> None:
    found = holm(p)
    assert (found >= p).all() and (found <= 1).all() and (found <= np.array(p) * max(len(p), 1) + 1e-12).all()
    assert (np.diff(found[np.argsort(p, kind="stable")]) >= -1e-12).all()


def test_the_floor_shrinks_with_songs_and_grows_with_smaller_parts() -> None:
    rng = np.random.default_rng(0)
    small, large = songs(rng, 20, 10), songs(rng, 2000, 10)
    assert np.median(real_floor(large, 0)) < 0.2 * np.median(real_floor(small, 0))
    assert np.median(real_floor(large, 0, num_songs=10)) > 4 * np.median(real_floor(large, 0))
    assert real_floor(small, 0).shape == (200,) and (real_floor(small, 0) >= 0).all()


def test_the_floor_halves_songs_not_units() -> None:
    column = Column(np.repeat([0.0, 1.0], 50), np.repeat([0, 1], 50))
    assert (real_floor(column, 0) == 1).all()


def judged(build: Callable[[np.random.Generator], tuple[Column, Column, Column | None]]) -> Verdict:
    return verdict(*build(np.random.default_rng(8)), seed=0)


def test_verdicts_in_words() -> None:
    def say(made: float, num: int = 400, shuffled: float | None = 3, real: int = 400) -> str:
        return words(
            judged(
                lambda rng: (
                    songs(rng, num, 4, made),
                    songs(rng, real, 4),
                    None if shuffled is None else songs(rng, 100, 4, shuffled),
                )
            )
        )

    assert say(0) == "as real songs"
    assert say(3) == "as far off as shuffled"
    assert say(6) == "further off than shuffled"
    assert say(6, shuffled=None) == "higher than real, large"
    assert say(0.4) == "higher than real, small"
    assert say(-0.8) == "lower than real, medium"
    assert say(-3) == "lower than real, large"
    assert say(0, num=3).startswith("too few songs to tell (needs 5 for a verdict, some ")
    assert say(0, num=8).startswith("no difference seen, too few songs to be sure (needs ")


def test_a_difference_that_only_long_songs_turn_round_is_that_of_the_songs() -> None:
    rng = np.random.default_rng(3)
    real = Column(rng.normal(size=60), np.arange(60))
    sizes = np.repeat([1, 200], [40, 4])
    own = np.repeat([-1.5, 4.0], [40, 4]) + 0.3 * rng.normal(size=44)
    made = Column(np.repeat(own, sizes), np.repeat(np.arange(44), sizes))
    found = verdict(made, real, None, 0)
    assert found.p < 0.01 and found.effect_high < 0 and found.unit_effect > 1
    assert found.difference.value == pytest.approx(own.mean() - real.values.mean())
    assert found.effect_low < found.effect < found.effect_high
    assert words(found) == "lower than real, large, song by song; over all units higher: long songs differ"
    paired = paired_verdict(made, Column(real.values[:44], np.arange(44)), None, 0)
    assert paired.effect < 0 < paired.unit_effect


def test_songs_that_are_alike_while_units_are_not_are_said() -> None:
    rng = np.random.default_rng(3)
    real, own = songs(rng, 400, 1, within=0), rng.normal(size=400)
    own[:2] += 2
    sizes = np.repeat([400, 1], [2, 398])
    made = Column(np.repeat(own, sizes), np.repeat(np.arange(400), sizes))
    assert words(verdict(made, real, None, 0)).startswith("as real songs, song by song; over all units higher")


@pytest.mark.parametrize(("position", "phrase"), [(0.7, "higher"), (0.9, "as far"), (1.2, "as far"), (1.3, "further")])
def test_places_between_real_and_shuffled(position: float, phrase: str) -> None:
    gap = Estimate(1, 0.9, 1.1, 50, 50)
    assert words(Verdict(gap, 0.01, 0.01, 1, 0.9, 1.1, position, 9, 1)).startswith(phrase)


def test_the_number_of_songs_that_is_asked_for_is_enough() -> None:
    rng = np.random.default_rng(1)
    asked = verdict(songs(rng, 12, 4), songs(rng, 12, 4), None, 0).needed_songs
    assert asked is not None and 50 < asked < 400
    found = [words(verdict(songs(rng, asked, 4), songs(rng, asked, 4), None, seed, resamples=200)) for seed in range(8)]
    assert sum("too few" in phrase for phrase in found) <= 1


def test_position_and_effect() -> None:
    rng = np.random.default_rng(0)
    real, shuffled = songs(rng, 300, 5), songs(rng, 300, 5, 4)
    found = verdict(songs(rng, 300, 5, 2), real, shuffled, 0)
    assert found.position == pytest.approx(0.5, abs=0.1)
    assert found.effect == pytest.approx(2 / np.sqrt(1 + 1 / 5), abs=0.25)
    assert found.effect_low < found.effect < found.effect_high and found.p == found.corrected_p < ALPHA
    blind = verdict(songs(rng, 300, 5, 2), real, songs(rng, 300, 5), 0)
    assert np.isnan(blind.position) and words(blind) == "higher than real, large"


def test_real_songs_without_spread() -> None:
    real, made = Column(np.zeros(20), np.arange(20)), songs(np.random.default_rng(0), 20, 5, 9)
    found = verdict(made, real, None, 0)
    assert found.effect == np.inf and found.needed_songs is None and words(found) == "higher than real, large"


def test_holm_takes_a_table_together() -> None:
    rng = np.random.default_rng(6)
    one = verdict(songs(rng, 30, 4, 1.5), songs(rng, 30, 4), None, 0, permutations=200)
    table = corrected({f"metric {k}": one for k in range(12)})
    assert one.p <= ALPHA < table["metric 0"].corrected_p and table["metric 0"].p == one.p
    assert words(one).startswith("higher") and "too few" in words(table["metric 3"])
