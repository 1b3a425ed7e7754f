"""Alarms of games with tracks and conditions: each rings for its failure, and none for a sound game."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from antiphon.gan.health import FROZEN, FULL, SILENT, UNHEARD, diagnose, examine
from antiphon.gan.track_vitals import condition_effect, measure_tracks, track_measures
from antiphon.gan.vitals import Evidence, TrackEvidence

N, S = 128, 16
ALARMS = {rule.alarm for rule in (SILENT, FULL, FROZEN, UNHEARD)}


def outlines(seed: int, rest: float = 0.3) -> NDArray[np.int64]:
    chance = np.random.default_rng(seed)
    return np.where(chance.random((N, S)) < rest, 0, chance.integers(40, 60, (N, S)))


def track(seed: int, **changes: Any) -> TrackEvidence:
    density = np.random.default_rng(seed).uniform(0.01, 0.03, (2, N))
    return replace(TrackEvidence(outlines(seed), outlines(seed + 1), density[0], density[1]), **changes)


def evidence(**changes: TrackEvidence) -> Evidence:
    tracks = {"bass": track(0), "drums": track(2), "piano": track(4)} | changes
    sides = [np.stack([np.asarray(getattr(one, side)) for one in tracks.values()], 1) for side in ("real", "fake")]
    return Evidence(sides[0], sides[1], tracks=tracks)


def rung(shown: Evidence, *history: dict[str, float]) -> list[str]:
    return [alarm.name for alarm in diagnose(history, shown)]


def test_a_sound_game_rings_none() -> None:
    assert rung(evidence()) == []
    other = replace(evidence(), fake_other_condition=evidence(bass=track(6), drums=track(7), piano=track(8)).fake)
    assert rung(other) == []


def test_a_track_that_dies() -> None:
    dead = track(0, fake=np.zeros((N, S), int), fake_density=np.zeros(N))
    found = {alarm.name: alarm for alarm in diagnose([], evidence(bass=dead))}
    assert ALARMS & set(found) == {SILENT.alarm} and found[SILENT.alarm].evidence == {"track_density_least": 0}
    assert examine([], evidence(bass=dead)).measures["density_bass"] == 0
    rare = track(0, real_density=np.full(N, 0.001), fake_density=np.full(N, 0.0002))
    assert rung(evidence(bass=rare)) == []


def test_a_track_that_fills_up() -> None:
    assert rung(evidence(drums=track(2, fake_density=np.full(N, 0.4)))) == [FULL.alarm]
    assert rung(evidence(drums=track(2, fake_density=np.full(N, 0.06)))) == []


def test_a_track_that_stands_still() -> None:
    still = outlines(1)[:1].repeat(N, 0)
    assert ALARMS & set(rung(evidence(piano=track(4, fake=still)))) == {FROZEN.alarm}
    moving = np.where(np.random.default_rng(0).random((N, S)) < 0.5, outlines(9), still)
    assert rung(evidence(piano=track(4, fake=moving))) == []


def test_the_same_sample_over_and_over_is_mode_collapse_and_no_more() -> None:
    same = {name: track(seed, fake=outlines(seed)[:1].repeat(N, 0)) for name, seed in (("bass", 0), ("drums", 2))}
    collapsed = evidence(**same, piano=track(4, fake=outlines(4)[:1].repeat(N, 0)))
    assert rung(replace(collapsed, fake_other_condition=collapsed.fake)) == ["mode collapse"]


def test_a_condition_that_nothing_hears() -> None:
    shown = evidence()
    assert rung(replace(shown, fake_other_condition=shown.fake)) == [UNHEARD.alarm]


def test_a_game_that_has_not_begun_is_not_accused() -> None:
    dead = evidence(bass=track(0, fake_density=np.zeros(N)))
    log = {"iteration": 50.0, "generator/loss": 1.0, "discriminator/loss": 1.0}
    assert ALARMS & set(rung(dead, log)) == set()
    assert SILENT.alarm in rung(dead, log, {**log, "iteration": 500.0})


def test_an_unused_track_of_real_music_is_not_judged() -> None:
    unused = TrackEvidence(np.zeros((N, S), int), outlines(1), np.zeros(N), np.full(N, 0.1))
    assert rung(evidence(piano=unused)) == []
    assert "density_piano" not in track_measures({"piano": unused})


def test_few_samples_have_no_spread_and_nothing_no_measures() -> None:
    few = TrackEvidence(outlines(0)[:20], outlines(1)[:1].repeat(20, 0), np.full(20, 0.1), np.full(20, 0.1))
    assert "track_spread_least" not in track_measures({"bass": few})
    assert track_measures({}) == {} == measure_tracks(Evidence())


def test_effects_by_hand() -> None:
    fake = np.array([[0, 0], [1, 1]])
    assert condition_effect(fake, fake) == 0 and condition_effect(fake, fake[::-1]) == 1
    assert condition_effect(fake, [[0, 1], [1, 1]]) == pytest.approx(0.25)
    assert condition_effect([[0], [0], [1], [1]], [[1], [1], [0], [0]]) == pytest.approx(1.5)
    assert condition_effect(np.zeros((4, 2)), np.ones((4, 2))) == 0
