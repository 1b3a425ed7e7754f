"""Schedules: closed forms at their corners, and JSON of runs that knew straight lines only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import InputError
from antiphon.training.config import AdamConfig, TrainConfig
from antiphon.training.schedules import Cosine, Decay, InverseSquareRoot


def test_the_published_schedule_at_its_corners() -> None:
    schedule = InverseSquareRoot(warm_up=4000, floor=0.025)
    rates = [schedule.rate(iteration) for iteration in (0, 1000, 4000, 16_000, 100_000, 10_000_000)]
    assert rates == pytest.approx([0, 0.25, 1, 0.5, 0.2, 0.025])


def test_half_a_cosine_after_a_rise() -> None:
    schedule = Cosine(warm_up=3, end=13, floor=0.1)
    rates = [schedule.rate(iteration) for iteration in (0, 1, 2, 3, 8, 13, 20)]
    assert rates == pytest.approx([0.25, 0.5, 0.75, 1, 0.55, 0.1, 0.1])


@given(st.integers(0, 200), st.integers(0, 50), st.integers(1, 100), st.floats(0, 1))
def test_rates_stay_between_nothing_and_all(iteration: int, warm_up: int, lasts: int, floor: float) -> None:
    for schedule in (
        Cosine(warm_up=warm_up, end=warm_up + lasts, floor=floor),
        InverseSquareRoot(warm_up=warm_up + 1, floor=floor),
        Decay(begin=warm_up, end=warm_up + lasts),
    ):
        assert 0 <= schedule.rate(iteration) <= 1
        if iteration > warm_up:
            assert schedule.rate(iteration + 1) <= schedule.rate(iteration)


@pytest.mark.parametrize("schedule", [Decay(begin=1, end=2), InverseSquareRoot(warm_up=3), Cosine(end=4)])
def test_settings_go_through_json(schedule: Decay | InverseSquareRoot | Cosine) -> None:
    config = TrainConfig(iterations=3, decay=schedule, generator=AdamConfig(decay=schedule))
    assert TrainConfig.model_validate_json(config.model_dump_json()) == config
    # Runs of before there were others say nothing of a kind, and go on.
    assert ("kind" in config.model_dump(mode="json")["decay"]) == (schedule.kind != "linear")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"decay": {"kind": "cosine", "warm_up": 5, "end": 5}}, "make end larger"),
        ({"decay": {"kind": "steep", "end": 5}}, r"decay\.kind = 'steep' will not do: choose one of"),
        ({"decay": {"kind": "cosine", "end": 0}}, r"config: decay\.end = 0 will not do"),
        ({"accumulate": 7}, "accumulate = 7 will not do: a batch of 64 has no 7 equal parts"),
        ({"generator": {"decay": {"end": 5, "begin": 1}}, "capture": True}, r"cannot change the rates"),
    ],
)
def test_what_will_not_do_is_said(values: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        TrainConfig.parse({"iterations": 3} | values)
