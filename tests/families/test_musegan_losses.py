"""What MuseGAN's discriminators hear in each turn: whose given track fakes have, and where the penalty is measured."""

import pytest
import torch
from tests.families.musegan_toys import cells, hold, phrases, toy
from torch import Tensor, nn

from antiphon.families.musegan.objective import Musegan


class Ear(nn.Module):
    """A discriminator that remembers what it heard, in order, and scores it by one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(0.01))
        self.heard: list[Tensor] = []

    def forward(self, heard: Tensor) -> Tensor:
        self.heard.append(heard.detach().clone())
        return self.slope * heard.flatten(1).sum(1)


def listening(game: Musegan) -> Ear:
    ear = Ear()
    game.discriminator.each = nn.ModuleList([ear])
    return ear


@pytest.mark.parametrize("player", [0, -1])
@pytest.mark.parametrize("name", ["musegan-composer-conditional", "musegan-v3-accompaniment"])
def test_fakes_are_made_to_the_given_track_of_their_own_phrase(name: str, player: int) -> None:
    game = toy(name, penalty=0.0)
    ear, phase, batch = listening(game), game.phases[player], phrases(game, 3)
    place = game.config.condition
    assert place is not None
    hold(game, phase)
    game.losses(phase, batch, 0)
    given = cells(game, batch)[:, place].float() * 2 - 1
    assert not torch.equal(given[0], given[2])
    fakes = ear.heard[-1]
    assert fakes.shape[0] == 3 and not torch.equal(fakes[:, 0], 2 * cells(game, batch)[:, 0].float() - 1)
    torch.testing.assert_close(fakes[:, place], given, rtol=0, atol=0)


def test_the_penalty_is_measured_at_a_place_of_its_own_for_each_phrase(monkeypatch: pytest.MonkeyPatch) -> None:
    game = toy("musegan-composer")
    ear, batch = listening(game), phrases(game, 5)
    batch["real"] = torch.zeros_like(batch["real"])
    monkeypatch.setattr(game, "_write", lambda *inputs: torch.zeros(5, 5, 4, 96, 84))
    hold(game, game.phases[0])
    game.losses(game.phases[0], batch, 0)
    # Real cells are -1 and made ones 0, so that what lies between is a phrase's share.
    between = torch.cat([heard for heard in ear.heard if -1 < heard.min() < 0]).flatten(1)
    assert len(between) == 5 and torch.equal(between.amin(1), between.amax(1))
    assert len(between[:, 0].unique()) == 5
