"""The table of claims: every row is the setting it names, and the rows of a claim differ in that and nothing else."""

from typing import Any

import pytest

from antiphon.presets.table import PRESETS
from antiphon.reproduce import RECIPES
from antiphon.reproductions.claim_ears import EARS
from antiphon.reproductions.claim_table import CLAIMS, Setting
from antiphon.resolved import RunConfig

TRICKS = {
    "bar-minibatch": {"family.discriminator.minibatch"},
    "bar-smoothing": {"family.real_target"},
    "bar-rates": {"train.discriminator.lr"},
    "bar-updates": {"family.generator_steps"},
    "bar-data": {"codec.num_splits", "family.transposition"},
}
"""What a claim's settings may differ in."""


def flat(value: Any, name: str = "") -> dict[str, Any]:
    """Dotted leaves of a configuration."""
    if not isinstance(value, dict):
        return {name: value}
    return {
        key: leaf for part, inner in value.items() for key, leaf in flat(inner, f"{name}.{part}".strip(".")).items()
    }


def apart(one: RunConfig, other: RunConfig) -> set[str]:
    """Where two runs differ; a part that one of them lacks counts as one place."""
    sides = [flat(config.model_dump(mode="json")) for config in (one, other)]
    keys = {key for key in sides[0].keys() | sides[1].keys() if sides[0].get(key, ...) != sides[1].get(key, ...)}
    whole = "family.discriminator.minibatch"
    return {whole if key.startswith(whole) else key for key in keys}


def run(claim: str, setting: str, *more: str) -> Any:
    return CLAIMS[claim].settings[setting].resolve(*more)


@pytest.mark.parametrize("claim", TRICKS)
def test_settings_differ_in_the_trick_alone(claim: str) -> None:
    rows = [row.resolve("train.seed=3") for row in CLAIMS[claim].settings.values()]
    paper = Setting().resolve("train.seed=3")
    assert rows[0] == paper == PRESETS["midinet-v2"].resolve(["train.seed=3"])
    assert set.union(*(apart(paper, row) for row in rows)) == TRICKS[claim]
    assert all(apart(paper, row) for row in rows[1:])


def test_settings_are_what_their_names_say() -> None:
    assert run("bar-minibatch", "with").family.discriminator.minibatch is not None
    assert run("bar-minibatch", "without").family.discriminator.minibatch is None
    assert run("bar-smoothing", "with").family.real_target == 0.9
    assert run("bar-smoothing", "without").family.real_target == 1.0
    for name in CLAIMS["bar-rates"].settings:
        train = run("bar-rates", name).train
        assert train.generator.lr / train.discriminator.lr == pytest.approx(float(name.partition(" :")[0]))
    for name in CLAIMS["bar-updates"].settings:
        family = run("bar-updates", name).family
        assert (family.generator_steps, family.discriminator_steps) == (int(name[0]), 1)
    data = {name: run("bar-data", name) for name in CLAIMS["bar-data"].settings}
    assert [(row.codec.num_splits, row.family.transposition) for row in data.values()] == [
        (600, "octave"),
        (2000, "octave"),
        (None, "none"),
    ]


def test_twins_are_games_beside_likelihood() -> None:
    bars = [(f"midinet-{version}", f"midinet-{version}-likelihood") for version in ("v1", "v2", "v3")]
    assert CLAIMS["likelihood-twins"].better == tuple(bars)
    alone = [one.better for name, one in CLAIMS.items() if name.startswith("likelihood-twin-")]
    heard = [name for name, row in PRESETS.items() if name.endswith("-likelihood") and row.codec.kind in EARS]
    assert {twin for ((_, twin),) in alone} == set(heard)
    assert all(twin == f"{game}-likelihood" for ((game, twin),) in alone)
    assert apart(run("likelihood-twins", "midinet-v3"), run("likelihood-twins", "midinet-v3-likelihood")) == {
        "preset",
        "family.taught",
    }


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_is_a_recipe_and_compares_settings_that_it_has(name: str) -> None:
    claim = CLAIMS[name]
    assert name in RECIPES
    assert claim.better and {setting for pair in claim.better for setting in pair} == set(claim.settings)
    assert claim.says[0].islower() and not claim.says.endswith(".")
