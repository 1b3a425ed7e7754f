"""Who moves when in a game that begins with likelihood."""

import pytest

from antiphon.gan.objective import Phase
from antiphon.gan.timetable import LikelihoodThenGame

GAME = LikelihoodThenGame(likelihood_iterations=3, critic_lead=2, penalty_every=2, likelihood_rate=7.0, anchor_rate=0.5)


def moves(game: LikelihoodThenGame, iteration: int) -> list[str]:
    return [phase.name for phase in game.phases if phase.is_due(iteration)]


@pytest.mark.parametrize("iteration", range(3))
def test_likelihood_is_alone_at_first(iteration: int) -> None:
    assert moves(GAME, iteration) == ["likelihood"]


def test_then_the_discriminator_leads() -> None:
    assert {name for iteration in (3, 4) for name in moves(GAME, iteration)} == {"discriminator", "penalty"}
    assert all("discriminator" in moves(GAME, iteration) for iteration in (3, 4))


def test_then_both_play_beside_an_anchor_and_with_a_rare_penalty() -> None:
    played = [moves(GAME, iteration) for iteration in range(5, 105)]
    assert all({"anchor", "discriminator", "generator"} <= set(names) for names in played)
    assert sum("penalty" in names for names in played) == 50
    assert not any("likelihood" in names for names in played)


def test_rates_and_players() -> None:
    rows: dict[str, Phase] = {phase.name: phase for phase in GAME.phases}
    assert {name: phase.rate for name, phase in rows.items()} == {
        "likelihood": 7.0,
        "anchor": 0.5,
        "discriminator": 1.0,
        "penalty": 1.0,
        "generator": 1.0,
    }
    assert {name for name, phase in rows.items() if phase.player == "discriminator"} == {"discriminator", "penalty"}


def test_without_likelihood_and_anchor_it_is_the_game_alone() -> None:
    game = LikelihoodThenGame(critic_lead=0, anchor_rate=0, penalty_every=1)
    assert moves(game, 0) == ["discriminator", "penalty", "generator"]
    assert "anchor" not in {phase.name for phase in game.phases}
