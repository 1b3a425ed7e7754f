import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tests.gan.onehot_game import Game, Settings

from antiphon.gan.health import RULES, Alarm, diagnose, examine
from antiphon.gan.losses import LOSSES, adversarial_loss
from antiphon.gan.vitals import (
    Evidence,
    distinct_share,
    duplicate_share,
    effective_samples,
    entropy,
    measure,
    spread,
)

SMOOTHED = adversarial_loss("non-saturating", real_target=0.9)


def bars(num: int, seed: int) -> NDArray[np.int64]:
    chance = np.random.default_rng(seed)
    moves = np.where(chance.random((num, 8)) < 0.6, 0, chance.integers(-4, 5, (num, 8)))
    return 60 + (np.cumsum(moves, axis=1) + chance.integers(0, 24, (num, 1))) % 24


def logits(num: int, mean: float, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(mean, 1.0, num)


def course(confidence_real: float, confidence_fake: float, num: int = 20, **last: float) -> list[dict[str, float]]:
    record = {
        "discriminator/loss": 1.3,
        "generator/loss": 0.8,
        "discriminator/gradient_norm": 1.0,
        "generator/gradient_norm": 2.0,
        "discriminator/confidence_real": confidence_real,
        "discriminator/confidence_fake": confidence_fake,
    }
    renamed = {name.replace("__", "/"): value for name, value in last.items()}
    return [dict(record) for _ in range(num - 6)] + [record | renamed for _ in range(6)]


SOUND = Evidence(bars(512, 0), bars(512, 1), bars(256, 2), logits(512, 0.3, 3), logits(512, -0.3, 4))
BALANCED = course(0.45, 0.55)


def names(alarms: list[Alarm]) -> list[str]:
    return [alarm.name for alarm in alarms]


def test_a_sound_game_raises_nothing_even_when_its_discriminator_is_at_the_constant_optimum() -> None:
    unsure = replace(SOUND, real_logits=logits(512, 0, 3), fake_logits=logits(512, 0, 4))
    for evidence in (SOUND, unsure):
        checkup = examine(BALANCED, evidence, loss=SMOOTHED)
        assert checkup.alarms == ()
        assert checkup.measures["probe_auc"] < 0.65


def test_one_bar_over_and_over_is_mode_collapse_and_not_partial() -> None:
    alarms = diagnose(course(0.6, 0.6), replace(SOUND, fake=np.repeat(bars(3, 1), 171, axis=0)))
    assert names(alarms) == ["mode collapse"]
    assert alarms[0].evidence["effective_ratio"] < 0.02
    assert "minibatch discrimination" in alarms[0].remedy
    assert str(alarms[0]).startswith("mode collapse (effective ratio 0.0")


def test_one_bar_with_ornaments_is_mode_collapse_though_no_two_are_equal() -> None:
    chance = np.random.default_rng(0)
    fake = np.repeat(bars(1, 1), 512, axis=0)
    fake[np.arange(512), chance.integers(0, 8, 512)] = chance.integers(60, 84, 512)
    alarms = diagnose(course(0.6, 0.6), replace(SOUND, fake=fake))
    assert names(alarms) == ["mode collapse"]
    assert set(alarms[0].evidence) == {"spread_ratio"}


def test_a_few_dozen_bars_are_partial_mode_collapse() -> None:
    fake = bars(30, 1)[np.random.default_rng(0).integers(0, 30, 512)]
    alarms = diagnose(course(0.6, 0.6), replace(SOUND, fake=fake))
    assert names(alarms) == ["partial mode collapse"]
    assert 0.06 < alarms[0].evidence["effective_ratio"] < 0.3


def test_a_latent_without_effect_is_partial_mode_collapse() -> None:
    few = bars(40, 2)[np.random.default_rng(0).integers(0, 40, 256)]
    alarms = diagnose(course(0.6, 0.6), replace(SOUND, fake_one_condition=few))
    assert names(alarms) == ["partial mode collapse"]
    assert alarms[0].evidence == {"distinct_one_condition": len(np.unique(few, axis=0)) / 256}
    nearly = np.repeat(bars(1, 2), 256, axis=0)
    nearly[:, 3] = 60 + np.arange(256) % 24
    assert "spread_one_condition" in diagnose(course(0.6, 0.6), replace(SOUND, fake_one_condition=nearly))[0].evidence


@pytest.mark.parametrize(("kept", "name"), [(12, None), (5, "partial mode collapse"), (2, "mode collapse")])
def test_lost_categories_are_collapse_by_their_share(kept: int, name: str | None) -> None:
    counts = {"pitch_class": (np.full(12, 50), np.where(np.arange(12) < kept, 50, 0))}
    checkup = examine(course(0.6, 0.6), replace(SOUND, counts=counts))
    assert [alarm.name for alarm in checkup.alarms] == ([name] if name else [])
    assert checkup.measures["entropy_pitch_class"] == pytest.approx(math.log(kept))
    assert checkup.measures["categories_ratio"] == pytest.approx(kept / 12)


def test_a_discriminator_that_is_always_right_is_winning() -> None:
    apart = replace(SOUND, real_logits=logits(512, 4, 3), fake_logits=logits(512, -4, 4))
    alarms = diagnose(course(0.88, 0.97), apart, loss=SMOOTHED)
    assert names(alarms) == ["winning discriminator"]
    assert alarms[0].evidence["separation"] == pytest.approx(0.85)
    assert alarms[0].evidence["critic_auc"] > 0.99
    # A moment's victory is none yet.
    assert diagnose(BALANCED, apart, loss=SMOOTHED) == []


def test_winning_is_read_by_the_loss_that_is_played() -> None:
    apart = replace(SOUND, real_logits=logits(512, 4, 3), fake_logits=logits(512, -4, 4))
    assert names(diagnose([], apart, loss=LOSSES["relativistic"])) == ["winning discriminator"]
    # A Wasserstein critic is meant to be at its best all the time, and its logits are no odds.
    assert diagnose(course(0.95, 0.95), apart, loss=LOSSES["wasserstein"]) == []


@pytest.mark.parametrize("loss", ["non-saturating", "wasserstein", "hinge", "relativistic"])
def test_a_blind_discriminator_is_accused_only_with_a_probe_as_witness(loss: str) -> None:
    noise = np.random.default_rng(7).integers(60, 84, (512, 8))
    blind = replace(SOUND, fake=noise, real_logits=logits(512, 0, 3), fake_logits=logits(512, 0, 4))
    alarms = diagnose(BALANCED, blind, loss=LOSSES[loss])
    assert names(alarms) == ["blind discriminator"]
    assert alarms[0].evidence["probe_auc"] > 0.9
    assert abs(alarms[0].evidence["critic_auc"] - 0.5) < 0.08
    assert diagnose(BALANCED, replace(blind, fake=bars(512, 1)), loss=LOSSES[loss]) == []


def test_a_critic_that_tells_every_pair_apart_is_not_blind() -> None:
    """Only pairs count to a pairing loss: what all bars over one chord have in common is nobody's error."""
    zero = np.random.default_rng(3).normal(0, 20, 512)
    told = replace(SOUND, fake=np.random.default_rng(7).integers(60, 84, (512, 8)))
    told = replace(told, real_logits=zero + 0.2, fake_logits=zero - 0.2)
    measures = examine([], told, loss=LOSSES["relativistic"])
    assert measures.measures["critic_auc"] == 1
    assert "blind discriminator" not in [alarm.name for alarm in measures.alarms]
    assert "blind discriminator" in names(diagnose([], told, loss=LOSSES["relativistic-average"]))
    even = measure([], Evidence(real_logits=zero, fake_logits=zero), LOSSES["relativistic"])
    assert even["critic_auc"] == 0.5


def game(begins: int, now: int, every: int = 50) -> list[dict[str, float]]:
    """The log of a run in which the critic moves alone until the generator joins it."""
    log = [{"iteration": float(n), "discriminator/loss": 1.3} for n in range(every, now + 1, every)]
    return [record | ({"generator/loss": 0.8} if record["iteration"] > begins else {}) for record in log] + [
        {"iteration": float(now)}
    ]


@pytest.mark.parametrize(
    ("history", "age"),
    [
        ([{"iteration": 5.0}], 0),
        (game(1000, 1000), 0),
        (game(900, 950), 50),
        (game(900, 1000), 100),
        (game(0, 1000), 1000),
        ([record for record in game(0, 1000) if "generator/loss" not in record], 0),
    ],
)
def test_nobody_is_accused_before_both_have_played(history: list[dict[str, float]], age: int) -> None:
    noise = np.random.default_rng(7).integers(60, 84, (512, 8))
    blind = replace(SOUND, fake=noise, real_logits=logits(512, 0, 3), fake_logits=logits(512, 0, 4))
    apart = replace(SOUND, real_logits=logits(512, 4, 3), fake_logits=logits(512, -4, 4))
    for evidence, name in ((blind, "blind discriminator"), (apart, "winning discriminator")):
        checkup = examine(history, evidence, loss=LOSSES["relativistic"])
        assert checkup.measures["game_iterations"] == age
        assert [alarm.name for alarm in checkup.alarms] == ([name] if age >= 100 else [])
    assert ("probe_auc" in examine(history, blind).measures) == (age >= 100)
    # What a generator writes is judged from the first.
    same = replace(SOUND, fake=np.repeat(bars(3, 1), 171, axis=0))
    assert names(diagnose(history, same)) == ["mode collapse"]


def test_no_probe_is_trained_while_the_discriminator_sees() -> None:
    seeing = replace(SOUND, real_logits=logits(512, 1, 3), fake_logits=logits(512, -1, 4))
    assert "probe_auc" not in examine(course(0.7, 0.7), seeing).measures


def test_gradients_that_grow_a_thousandfold_are_exploding_and_small_ones_are_not() -> None:
    grown = course(0.6, 0.6, generator__gradient_norm=3e3)
    alarms = diagnose(grown, SOUND)
    assert names(alarms) == ["exploding gradients"]
    assert alarms[0].evidence == {"gradient_growth": pytest.approx(1500), "gradient_norm": 3000}
    tiny = [record | {"generator/gradient_norm": record["generator/gradient_norm"] / 1e3} for record in grown]
    assert diagnose(tiny, SOUND) == []


def test_nan_and_infinity_are_reported_first_and_harm_no_other_measure() -> None:
    spoiled = logits(512, 0.3, 3)
    spoiled[:3] = (math.nan, math.inf, -math.inf)
    checkup = examine(course(0.6, 0.6), replace(SOUND, real_logits=spoiled))
    assert names(list(checkup.alarms)) == ["non-finite"]
    assert checkup.measures["critic_gap"] == pytest.approx(0.6, abs=0.2)
    assert checkup.measures["non_finite"] == 3
    assert names(diagnose(course(0.6, 0.6, generator__loss=math.nan), SOUND)) == ["non-finite"]
    nothing = np.full(512, math.nan)
    assert names(diagnose([], replace(SOUND, real_logits=nothing, fake_logits=nothing))) == ["non-finite"]


def test_little_evidence_raises_nothing() -> None:
    assert diagnose([], Evidence()) == []
    assert diagnose(course(0.9, 1.0, num=7), Evidence(bars(9, 0), np.repeat(bars(1, 0), 9, 0))) == []


def test_every_limit_has_its_reason_and_every_alarm_its_remedy() -> None:
    for rule in RULES:
        assert rule.remedy.endswith(".")
        assert rule.some or rule.every
        assert all(sign.reason.endswith(".") for sign in (*rule.some, *rule.every))


def test_shares_of_distinct_samples() -> None:
    samples = torch.tensor([[1, 2], [1, 2], [2, 1], [1, 2]])
    assert distinct_share(samples) == 0.5
    assert duplicate_share(samples) == 0.5
    # Six pairs, three of them equal.
    assert effective_samples(samples) == pytest.approx(2)
    assert effective_samples(torch.arange(10)[:, None]) == pytest.approx(45)


def test_effective_samples_do_not_depend_on_how_many_are_looked_at() -> None:
    drawn = np.random.default_rng(0).integers(0, 50, (4000, 1))
    assert effective_samples(drawn) == pytest.approx(50, rel=0.05)
    assert effective_samples(drawn[:400]) == pytest.approx(50, rel=0.1)


def test_spread_is_the_mean_hamming_distance_of_pairs() -> None:
    samples = bars(12, 0)
    pairs = [(samples[i] != samples[j]).mean() for i in range(12) for j in range(i)]
    assert spread(samples) == pytest.approx(float(np.mean(pairs)))


def test_entropy_in_nats() -> None:
    assert entropy([3, 3, 3, 3]) == pytest.approx(math.log(4))
    assert entropy([5, 0]) == 0
    assert entropy([]) == 0


def test_measures_by_hand() -> None:
    evidence = Evidence(real_logits=[0.0, 2.0], fake_logits=[1.0, -1.0])
    measures = measure([], evidence, LOSSES["hinge"])
    assert measures["critic_gap"] == 1
    assert measures["critic_auc"] == 0.75
    # D pays (1 + 0) / 2 + (2 + 0) / 2 of the 2 that a constant pays.
    assert measures["separation"] == pytest.approx(0.25)


GAMES = {
    "sound": Settings(),
    "mode collapse": Settings(generator_lr=3e-2, discriminator_lr=1e-4, penalty=0, iterations=300),
    "partial mode collapse": Settings(latent_dim=2, iterations=300),
    "winning discriminator": Settings(generator_lr=1e-5, discriminator_lr=3e-3, penalty=0, iterations=400),
    "blind discriminator": Settings(discriminator_lr=1e-6, generator_lr=1e-5, iterations=200),
}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("failure", GAMES)
def test_real_games_raise_the_alarm_of_their_failure_and_sound_ones_none(failure: str, seed: int) -> None:
    game = Game(GAMES[failure], seed).play()
    alarms = diagnose(game.history, game.evidence(), loss=SMOOTHED, seed=seed)
    assert alarms == [] if failure == "sound" else failure in names(alarms)
    # A game that goes on without the generator is lost in one way only.
    assert names(alarms) == [failure] or failure != "winning discriminator"
