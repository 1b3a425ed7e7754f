"""Rows of a table: sides are never mixed up, many are corrected together, intervals hold their values."""

from collections.abc import Iterable

import numpy as np
import pytest

from antiphon.evaluation.measures import Column, Metric
from antiphon.evaluation.report.report import Row
from antiphon.evaluation.report.wording import standing
from antiphon.evaluation.sets.certainty import paired_verdict, verdict
from antiphon.evaluation.suite.comparing import curves, histogram_rows, histograms, number, scalar_rows

WORDS = [Metric(f"metric {k}", "A sentence.", "a source") for k in range(20)]
SHARES = Metric("shares", "Shares.", "a source", "%", "histogram", ("a", "b", "c", "d"))
CURVE = Metric("course", "A course.", "a source", "", "curve", ("first", "last"))


def column(seed: int, mean: float = 0.0, songs: int = 30, units: int = 4) -> Column:
    rng = np.random.default_rng(seed)
    song = np.repeat(np.arange(songs), units)
    return Column(mean + rng.normal(size=songs)[song] + 0.3 * rng.normal(size=len(song)), song)


def shares(seed: int, songs: int = 30, lean: float = 1.0) -> Column:
    rng = np.random.default_rng(seed)
    return Column(rng.dirichlet((lean, 1, 1, 1), songs), np.arange(songs))


def by_name(rows: Iterable[Row]) -> dict[str, Row]:
    return {row.name: row for row in rows}


def test_sides_are_never_mixed_up() -> None:
    low, high, shuffled = ({"metric 0": column(seed, mean)} for seed, mean in ((0, -2.0), (1, 2.0), (2, 9.0)))
    (row,), (swapped,) = (scalar_rows(WORDS, a, b, shuffled, 0) for a, b in ((low, high), (high, low)))
    assert row.made == swapped.real == number(low["metric 0"], 0)
    assert row.real == swapped.made == number(high["metric 0"], 0)
    assert row.shuffled == swapped.shuffled == number(shuffled["metric 0"], 0)
    assert row.verdict.startswith("lower") and swapped.verdict.startswith("higher")
    assert row.p == swapped.p


def test_the_whole_table_is_corrected_for_being_many() -> None:
    made, real = ({f"metric {k}": column(k + 100 * side, 0.6 * side) for k in range(20)} for side in (0, 1))
    alone: dict[str, Row] = {}
    for name in made:
        alone |= by_name(scalar_rows(WORDS, {name: made[name]}, {name: real[name]}, None, 0))
    together = by_name(scalar_rows(WORDS, made, real, None, 0))
    p = {name: (alone[name].p or 0, row.p or 0) for name, row in together.items()}
    assert all(corrected >= single for single, corrected in p.values())
    least = min(p.values())
    assert least[1] == pytest.approx(20 * least[0], rel=0.6)
    assert sum(single <= 0.05 for single, _ in p.values()) > sum(corrected <= 0.05 for _, corrected in p.values())


def test_pairs_tell_what_two_sets_do_not() -> None:
    real = column(0)
    made = Column(real.values + 0.15, real.song)
    (row,) = scalar_rows(WORDS, {"metric 0": made}, {"metric 0": real}, None, 0)
    (pair,) = scalar_rows(WORDS, {"metric 0": made}, {"metric 0": real}, None, 0, paired=True)
    assert (row.made, row.real, row.floor) == (pair.made, pair.real, pair.floor)
    assert row.p is not None and row.p > 0.2
    assert pair.p is not None and pair.p < 0.01 and pair.verdict == "higher than real, slight"


def test_pairs_of_equal_songs_are_as_real() -> None:
    real = column(0)
    found = paired_verdict(real, real, column(3, 4.0), 0)
    assert (found.effect, found.effect_low, found.effect_high, found.p, found.position) == (0, 0, 0, 1, 0)
    assert found.needed_songs == 5


def test_pairs_stand_between_real_and_shuffled() -> None:
    real = column(0)
    shuffled, made = (Column(real.values + shift, real.song) for shift in (4.0, 3.0))
    found = paired_verdict(made, real, shuffled, 0)
    assert found.position == pytest.approx(0.75)
    assert found.difference.value == pytest.approx(3)
    needed = verdict(made, real, shuffled, 0).needed_songs
    assert needed is not None and found.needed_songs is not None and found.needed_songs < needed


def test_songs_without_a_partner_are_left_out_of_pairs() -> None:
    real = column(0)
    part = real.song >= 3
    made = Column(real.values[part] + 1, real.song[part])
    found = paired_verdict(made, real, None, 0)
    assert found.difference.num_songs == 27
    assert found.difference.value == pytest.approx(1)


def test_what_is_undefined_on_one_side_says_so() -> None:
    there, nothing = column(0), Column(np.full(4, np.nan), np.arange(4))
    for made, real in ((there, nothing), (nothing, there)):
        (row,) = scalar_rows(WORDS, {"metric 0": made}, {"metric 0": real}, None, 0)
        assert row.verdict == "undefined on one side" and row.p is None and row.floor is None
    assert scalar_rows(WORDS, {"metric 0": nothing}, {"metric 0": nothing}, None, 0) == ()
    (row,) = scalar_rows(WORDS, {"metric 0": there}, None, None, 0)
    assert row.verdict == "" and row.real is None


@pytest.mark.parametrize("songs", [1, 2, 4])
def test_too_few_songs_say_how_many_are_needed(songs: int) -> None:
    (row,) = scalar_rows(WORDS, {"metric 0": column(0, songs=songs)}, {"metric 0": column(1)}, None, 0)
    assert row.verdict.startswith("too few songs to tell (needs ")
    (row,) = histogram_rows([SHARES], {"shares": shares(0, songs)}, {"shares": shares(1)}, None, 0)
    assert row.verdict == "too few songs to tell (needs 5)"


def test_what_never_varies_is_no_evidence() -> None:
    ones = Column(np.ones(40), np.repeat(np.arange(10), 4))
    (row,) = scalar_rows(WORDS, {"metric 0": ones}, {"metric 0": ones}, {"metric 0": column(0)}, 0)
    assert row.verdict == "the same throughout" and standing(row) == ""
    (row,) = scalar_rows(WORDS, {"metric 0": ones}, {"metric 0": Column(0 * ones.values, ones.song)}, None, 0)
    assert standing(row) == "apart"
    few = Column(np.ones(3), np.arange(3))
    (row,) = scalar_rows(WORDS, {"metric 0": few}, {"metric 0": few}, None, 0)
    assert standing(row) == "unknown"
    same = Column(np.tile((1.0, 0, 0, 0), (10, 1)), np.arange(10))
    (row,) = histogram_rows([SHARES], {"shares": same}, {"shares": same}, {"shares": shares(0)}, 0)
    assert row.verdict == "the same throughout"


def test_rows_stand_in_the_metrics_order_with_their_parts() -> None:
    made = {name: column(0) for name in ("metric 1/bass", "metric 0 (24 steps)/bass", "metric 1/piano", "unheard")}
    names = [row.name for row in scalar_rows(WORDS, made, None, None, 0)]
    assert names == ["metric 0 (24 steps)/bass", "metric 1/bass", "metric 1/piano"]


@pytest.mark.parametrize("seed", range(8))
def test_an_agreement_lies_in_its_interval(seed: int) -> None:
    songs = 5 + 5 * seed
    (row,) = histogram_rows([SHARES], {"shares": shares(seed, songs)}, {"shares": shares(seed + 50)}, None, seed)
    assert 0 <= row.made.low <= row.made.value <= row.made.high <= 1
    assert row.made.low < row.made.high


def test_few_songs_agree_less_than_they_will() -> None:
    (row,) = histogram_rows([SHARES], {"shares": shares(0, 6)}, {"shares": shares(1, 200)}, None, 0)
    # Resampled songs agree less still, which says that more songs would agree better, not worse.
    assert row.made.high - row.made.value > row.made.value - row.made.low


def test_an_agreement_with_itself_is_whole() -> None:
    real = {"shares": shares(0)}
    (row,) = histogram_rows([SHARES], real, real, {"shares": shares(1, lean=40)}, 0)
    assert row.made.value == row.made.high == pytest.approx(1)
    assert row.verdict == "as other real songs"


def test_other_histograms_are_far_off() -> None:
    real, like, unlike = ({"shares": shares(seed, 40, lean)} for seed, lean in ((0, 1), (1, 1), (2, 30)))
    verdicts = [histogram_rows([SHARES], made, real, unlike, 0)[0].verdict for made in (like, unlike)]
    assert verdicts[0] == "as other real songs" and verdicts[1] == "as far off as shuffled"
    assert histogram_rows([SHARES], {}, real, unlike, 0) == ()


def test_pictures_are_means_over_songs() -> None:
    values = np.array([[1, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0.0]])
    made = {"shares": Column(values, np.array([0, 0, 1])), "course": Column(values[:, :2], np.array([0, 0, 1]))}
    (drawn,) = histograms([SHARES, CURVE], made, None, None)
    assert drawn.made == (0.5, 0.5, 0, 0) and drawn.real == ()
    (course,) = curves([SHARES, CURVE], made, made, 0)
    assert [one.value for one in course.made] == pytest.approx([2 / 3, 1 / 3])
    assert [one.value for one in course.real] == [one.value for one in course.made]


def test_every_part_of_a_curve_is_drawn_under_its_own_name() -> None:
    values = Column(np.array([[1.0, 2.0], [3.0, 4.0]]), np.arange(2))
    nothing = Column(np.full((2, 2), np.nan), np.arange(2))
    made = {"course/best": values, "course/density": values, "course/stated": nothing}
    drawn = curves([SHARES, CURVE], made, {"course/best": values, "course/stated": nothing}, 0)
    assert [one.name for one in drawn] == ["course/best", "course/density"]
    assert [one.value for one in drawn[0].real] == [2, 3] and drawn[1].real == ()
