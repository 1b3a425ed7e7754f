"""How the temperature falls: each policy's ends, its middle, and that it stays at the end."""

import math

import pytest

from antiphon.families.transformer.temperature import POLICIES, temperature

MIDDLE = {
    "no": 1.0,
    "lin": 50.5,
    "exp": 10.0,
    "log": 1 + 99 * math.log(501) / math.log(1000),
    "sigmoid": 50.5,
    "quad": 25.75,
    "sqrt": 1 + 99 * math.sqrt(0.5),
}


@pytest.mark.parametrize("policy", POLICIES)
def test_it_falls_from_one_to_the_lowest_and_stays(policy: str) -> None:
    values = [temperature(policy, i, 1000, 100.0) for i in (0, 1, 10, 500, 999, 1000, 5000)]
    assert values[0] == pytest.approx(1, rel=0.005)
    assert values == sorted(values, reverse=True)
    assert values[-1] == values[-2] == pytest.approx(1.0 if policy == "no" else 0.01, rel=0.003)
    assert 1 / values[3] == pytest.approx(MIDDLE[policy], rel=0.003)


def test_a_run_of_one_iteration_has_a_temperature() -> None:
    assert all(0 < temperature(policy, 0, 1, 100.0) <= 1 for policy in POLICIES)


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(ValueError, match="exp"):
        temperature("cubic", 0, 10, 100.0)
