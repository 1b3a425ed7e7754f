from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from antiphon.evaluation.examiner import examination as module
from antiphon.evaluation.examiner.bars import frame_bars, melody_bars
from antiphon.evaluation.examiner.budget import Budget
from antiphon.evaluation.examiner.division import divide
from antiphon.evaluation.examiner.examination import Examination, Hearing, examination, examine, real_against_real
from antiphon.evaluation.examiner.judges import KINDS
from antiphon.evaluation.examiner.material import Material
from antiphon.evaluation.examiner.roc import Scores, auc, bootstrap, interval
from antiphon.evaluation.measures import Number
from antiphon.evaluation.report.report import Row
from antiphon.evaluation.report.wording import Standing, standing
from antiphon.evaluation.sets.certainty import MIN_SONGS

TOY = Budget(iterations=40, batch=24, width=8, checks=1, trees=20, leaves=8)


def scale(seed: int, num: int = 240, songs: int = 12) -> Material:
    """Bars of quarters that climb by whole tones."""
    rng = np.random.default_rng(seed)
    bars = np.full((num, 16), 24)
    bars[:, ::4] = rng.integers(0, 16, num)[:, None] + 2 * np.arange(4)
    return melody_bars(bars, np.roll(bars, 1, axis=0), rng.integers(0, 25, num), rng.integers(0, songs, num))


def leaps(seed: int, num: int = 240, songs: int = 12) -> Material:
    """Bars of quarters of any pitch."""
    rng = np.random.default_rng(seed)
    bars = np.full((num, 16), 24)
    bars[:, ::4] = rng.integers(0, 24, (num, 4))
    return melody_bars(bars, np.roll(bars, 1, axis=0), rng.integers(0, 25, num), 100 + rng.integers(0, songs, num))


def test_every_kind_hears_other_music() -> None:
    verdicts = examine(scale(0), leaps(1), scale(2), leaps(3), TOY)
    assert set(verdicts) == {"convolutional", "recurrent", "boosted features"}
    for verdict in verdicts.values():
        assert verdict.auc > 0.97, verdict.kind
        assert verdict.accuracy > 0.9, verdict.kind


def test_music_of_the_same_kind_is_a_coin_toss() -> None:
    found = real_against_real(leaps(1, 480, 80), seeds=(0, 1), budget=TOY)
    low, high = found.worst.auc_interval
    assert low < 0.5 < high
    assert found.num_songs == 20


def test_an_examination_names_its_worst_kind_and_how_sure_it_is() -> None:
    found = examination(scale(0), leaps(1), seeds=(0, 1), budget=TOY)
    assert found.worst.auc == max(kind.auc for kind in found.kinds)
    assert len(found.worst.splits) == 2
    assert found.worst.auc == pytest.approx(np.mean(found.worst.splits))
    low, high = found.worst.auc_interval
    assert low <= found.worst.auc <= high
    assert found.words(found) == "told from real at once"
    assert sum(found.num_real) == sum(found.num_made) == 240
    assert found.num_songs == MIN_SONGS


def heard(auc: float, low: float, high: float, num_songs: int = 60) -> Examination:
    """An examination in which one kind heard this."""
    hearing = Hearing("recurrent", auc, auc, (low, high), (low, high), (auc,))
    return Examination("bars", (hearing,), (1, 1), (1, 1), num_songs)


@pytest.mark.parametrize(
    ("found", "shuffled", "words", "means"),
    [
        (heard(0.52, 0.47, 0.57), 0.99, "not told from real", "alike"),
        (heard(0.52, 0.47, 0.57), 0.9, "no difference heard, nor in shuffled music", "open"),
        (heard(0.85, 0.45, 0.99), 0.99, "no difference heard, too few songs to be sure", "open"),
        (heard(0.55, 0.5, 0.6), 0.99, "no difference heard, too few songs to be sure", "open"),
        (heard(0.55, 0.51, 0.59), 0.99, "hardly told from real", "slight"),
        (heard(0.7, 0.51, 0.8), 0.99, "often told from real", "apart"),
        (heard(0.9, 0.8, 0.94), 0.99, "mostly told from real", "apart"),
        (heard(0.97, 0.9, 0.99), 0.5, "told from real at once", "apart"),
        (heard(0.97, np.nan, np.nan), 0.99, "too few songs to tell (needs 5 of each class to be tested on)", "unknown"),
        (heard(0.97, 0.9, 0.99, 4), 0.99, "too few songs to tell (needs 5 of each class to be tested on)", "unknown"),
    ],
)
def test_a_verdict_says_no_more_than_was_heard(
    found: Examination, shuffled: float, words: str, means: Standing
) -> None:
    assert found.words(heard(shuffled, shuffled, shuffled)) == words
    assert standing(Row("examiner_auc", "", "", "", Number(found.worst.auc), verdict=words)) == means


def test_the_same_seed_gives_the_same_verdict_and_leaves_chance_alone() -> None:
    import torch

    before = torch.get_rng_state()
    short = TOY.model_copy(update={"iterations": 4, "trees": 4})
    first, again, other = (
        examine(scale(0, 60), leaps(1, 60), scale(2, 60), leaps(3, 60), short, seed=s) for s in (3, 3, 4)
    )
    for kind, verdict in first.items():
        np.testing.assert_array_equal(verdict.scores.made, again[kind].scores.made)
        assert not np.array_equal(verdict.scores.made, other[kind].scores.made)
    assert torch.equal(before, torch.get_rng_state())


def test_songs_stay_on_one_side() -> None:
    real, made = scale(0), leaps(1)
    learn, others, test, more = divide(real, made, seed=0)
    assert not set(learn.song) & set(test.song)
    assert not set(others.song) & set(more.song)
    assert len(learn) + len(test) == len(real)
    conditioned = melody_bars(np.zeros((240, 16), int), song=real.song)
    learn, others, test, more = divide(real, conditioned, seed=0, same_songs=True)
    assert set(learn.song) == set(others.song)
    assert set(test.song) == set(more.song)


def with_held(material: Material, num: int) -> Material:
    """The songs below `num` held out."""
    return replace(material, held=material.song < num)


def songs_of(parts: Sequence[Material]) -> list[tuple[int, ...]]:
    return [tuple(np.unique(part.song).tolist()) for part in parts]


def test_held_out_songs_are_never_learnt_from_and_each_split_deals_anew() -> None:
    real, made = with_held(scale(0, 600, 40), 20), leaps(1)
    splits = [songs_of(divide(real, made, seed)) for seed in range(3)]
    for learn, others, test, more in splits:
        assert max(test) < 20 <= min(learn)
        assert len(test) == len(learn) == 16
        assert not set(others) & set(more)
        assert len(more) == MIN_SONGS
    assert all(len(set(side)) == 3 for side in zip(*splits, strict=True))


def test_what_was_made_under_the_conditions_of_songs_is_dealt_with_them() -> None:
    real = with_held(scale(0, 600, 40), 20)
    made = melody_bars(np.zeros((600, 16), int), song=real.song)
    for seed in range(3):
        learn, others, test, more = songs_of(divide(real, made, seed, same_songs=True))
        assert (learn, test) == (others, more)


def test_a_few_songs_are_all_tested() -> None:
    learn, _, test, _ = divide(with_held(scale(0), MIN_SONGS), leaps(1), seed=0)
    assert set(test.song) == set(range(MIN_SONGS))
    assert len(np.unique(learn.song)) == 6


def test_songs_that_share_a_number_by_chance_are_not_one_song(monkeypatch: pytest.MonkeyPatch) -> None:
    tested: list[Scores] = []

    def noted(splits: Sequence[Scores]) -> NDArray[np.float64]:
        tested.extend(splits)
        return bootstrap(splits, draws=5)

    monkeypatch.setattr(module, "bootstrap", noted)
    made = leaps(1)
    assert set(made.song - 100) == set(scale(0).song)
    short = TOY.model_copy(update={"iterations": 1, "trees": 1})
    examination(scale(0), replace(made, song=made.song - 100), (0, 1), short)
    assert len(tested) == 6
    real, others = (np.concatenate([getattr(one, name) for one in tested]) for name in ("real_song", "made_song"))
    assert not set(real) & set(others)
    tested.clear()
    examination(scale(0), replace(made, song=scale(0).song), (0,), short, same_songs=True)
    assert all(set(one.real_song) == set(one.made_song) for one in tested)


@pytest.mark.parametrize("kind", ["convolutional", "recurrent"])
def test_networks_divide_their_scores_where_it_served_best(kind: str) -> None:
    # After so little training all scores lie on one side of 0, where every second verdict is right.
    short = TOY.model_copy(update={"iterations": 12, "rate": 1e-3})
    judge = KINDS[kind](scale(0), leaps(1), short, 2)
    real, made = judge(scale(2)), judge(leaps(3))
    assert 0.5 * ((real > 0).mean() + (made < 0).mean()) > 0.65


def test_nothing_to_judge_is_refused() -> None:
    with pytest.raises(ValueError, match="the examiners need"):
        examine(scale(0), leaps(0), scale(0), leaps(0)[:0], TOY)


def test_music_of_another_form_is_refused() -> None:
    bare = melody_bars(np.zeros((10, 16), int))
    with pytest.raises(ValueError, match="one form"):
        examine(scale(0), bare, scale(0), bare, TOY)


def test_few_songs_cannot_be_divided() -> None:
    with pytest.raises(ValueError, match="at least 10 songs"):
        examination(scale(0, songs=9), leaps(0), budget=TOY)
    with pytest.raises(ValueError, match="at least 10 songs"):
        examination(scale(0), leaps(0, songs=9), budget=TOY)
    with pytest.raises(ValueError, match="at least 4 songs"):
        real_against_real(scale(0, songs=3), budget=TOY)


def test_auc_counts_ties_half() -> None:
    assert auc([2, 3], [0, 1]) == 1
    assert auc([0, 1], [2, 3]) == 0
    assert auc([1, 1], [1, 1]) == 0.5
    assert auc([1, 2], [1, 0]) == pytest.approx(3.5 / 4)
    with pytest.raises(ValueError, match="both classes"):
        auc([], [1])


def test_the_bootstrap_of_songs_surrounds_the_value_and_knows_songs() -> None:
    rng = np.random.default_rng(0)
    real, made = rng.normal(0.5, 1, 400).round(1), rng.normal(-0.5, 1, 300).round(1)
    alone = Scores(real, made, np.arange(400), 1000 + np.arange(300))
    few = Scores(np.sort(real), np.sort(made), np.arange(400) // 40, 1000 + np.arange(300) // 30)
    draws, wide = bootstrap([alone], draws=400), bootstrap([few], draws=400)
    low, high = interval(draws[:, 0], 300)
    assert low < alone.auc < high
    assert draws[:, 0].mean() == pytest.approx(alone.auc, abs=0.005)
    assert draws[:, 1].mean() == pytest.approx(alone.accuracy, abs=0.005)
    assert np.ptp(interval(wide[:, 0], 300)) > 2 * (high - low)


def test_a_bootstrap_that_draws_every_song_once_is_the_value() -> None:
    scores = Scores(np.array([2.0, 0.0]), np.array([-1.0, 0.0]), np.zeros(2, int), np.ones(2, int))
    np.testing.assert_allclose(bootstrap([scores], draws=3), [[scores.auc, scores.accuracy]] * 3)
    assert (scores.auc, scores.accuracy) == (0.875, 0.75)


def test_an_interval_of_nothing_is_undefined() -> None:
    assert np.isnan(interval(np.array([np.nan]), 10)).all()
    assert np.isnan(interval(np.array([0.5, 0.6]), 1)).all()


def test_fewer_songs_make_a_wider_interval() -> None:
    draws = np.random.default_rng(0).normal(0.6, 0.02, 5000)
    many, few = interval(draws, 10_000), interval(draws, 6)
    assert many == pytest.approx((0.5608, 0.6392), abs=0.002)
    assert few[1] - few[0] == pytest.approx(2 * 0.02 * np.sqrt(6 / 5) * 2.571, abs=0.008)


def test_bars_say_what_follows_what() -> None:
    before = np.full((1, 16), 25)
    before[0, 12:] = 4, 24, 7, 24
    bar = np.full((1, 16), 24)
    bar[0, [0, 4, 8]] = 7, 25, 0
    line, above, interval_, skip, degree, age, step = melody_bars(bar, before, np.array([12])).codes[0].T.astype(int)
    assert line[12:18].tolist() == [4, 24, 7, 24, 7, 24]
    assert (above[:16] == 26).all()
    assert above[16 + 14] == 7
    no_onset = interval_[13]
    assert interval_[12] not in (no_onset, interval_[14])
    assert [interval_[14] - 24, interval_[16] - 24, interval_[24] - 24] == [3, 0, -7]
    assert interval_[20] == no_onset
    assert skip[16] - 24 == 3
    assert degree[[12, 16, 24]].tolist() == [12 + 4, 12 + 7, 12]
    assert age[[0, 12, 13, 16, 19, 20, 21]].tolist() == [0, 0, 1, 0, 3, 0, 1]
    assert step.tolist() == list(range(32))


def test_intervals_and_degrees_do_not_change_under_transposition() -> None:
    rng = np.random.default_rng(0)
    bars, chord = rng.integers(0, 12, (20, 16)), rng.integers(0, 12, 20)
    low, high = melody_bars(bars, bars[::-1], chord), melody_bars(bars + 5, bars[::-1] + 5, (chord + 5) % 12)
    np.testing.assert_array_equal(low.codes[:, :, 2:], high.codes[:, :, 2:])


def test_frame_bars_are_melodies_whose_equal_neighbours_are_held() -> None:
    bars = np.repeat([[60, 62, 62, 83]], 4, axis=1)
    before = np.full((1, 16), 60)
    frames = frame_bars(bars, before).codes[0, :, 0]
    assert frames[16:].tolist() == [128] * 4 + [62] + [128] * 7 + [83] + [128] * 3
    assert frames[0] == 60


def test_malformed_bars_are_refused() -> None:
    with pytest.raises(ValueError, match="classes below 26"):
        melody_bars(np.full((2, 16), 26))
    with pytest.raises(ValueError, match="differ in shape"):
        melody_bars(np.zeros((2, 16), int), np.zeros((3, 16), int))
    with pytest.raises(ValueError, match="0-127"):
        frame_bars(np.full((2, 16), 200))
