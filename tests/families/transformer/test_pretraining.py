"""Masked pre-training: what it learns, and that its body becomes a critic's."""

import pytest
import torch
from torch import Tensor

from antiphon.codecs.performance import PADDING
from antiphon.errors import InputError
from antiphon.families.transformer.critic_designs import BertSizes
from antiphon.families.transformer.masked_config import MaskedConfig, Masking
from antiphon.families.transformer.pretraining import MaskedObjective

SIZES = BertSizes(num_layers=1, width=16, num_heads=2, inner=32, positions=32, dropout=0.0)
TOY = MaskedConfig(sizes=SIZES, vocabulary=12, block=16)


def batch(num: int = 16) -> dict[str, Tensor]:
    """One token and its double in turns, so that any other tells a token."""
    begin = torch.randint(2, 7, (num, 1))
    return {"real": begin + 5 * (torch.arange(17) % 2)}


@pytest.mark.parametrize("choice", ["spans", "single"])
def test_it_learns_to_tell_what_its_neighbours_tell(choice: str) -> None:
    objective = TOY.model_copy(update={"masking": Masking.parse({"choice": choice})}).build()
    (phase,) = objective.phases
    optimizer = torch.optim.Adam(objective.parameters(), lr=1e-2)
    for step in range(150):
        outcome = objective.losses(phase, batch(), step)
        optimizer.zero_grad()
        outcome.terms["nats"].backward()
        optimizer.step()
    assert float(outcome.terms["nats"].detach()) < 0.5
    assert float(outcome.watch["right"]) > 0.8
    objective.eval()
    real = batch(50)["real"][:, 1:]
    drawn = objective.sample(50, {"real": real})
    assert 0.0 < float((drawn != real).float().mean()) < 0.08


def test_only_the_masked_model_moves_and_it_tells_what_it_is_for() -> None:
    objective = TOY.build()
    assert [phase.player for phase in objective.phases] == ["generator"]
    assert not list(objective.discriminator.parameters())


def test_padding_is_neither_asked_nor_heard() -> None:
    objective = TOY.build().eval()
    tokens = batch(8)["real"][:, 1:]
    padded = torch.where(torch.arange(16) < 9, tokens, PADDING)
    torch.manual_seed(4)
    nats, _ = objective.surprise(padded)
    # 15 % of nine tokens is one.
    assert nats.shape == (8,)


def test_a_block_in_which_nothing_is_hidden_costs_nothing() -> None:
    objective = MaskedObjective(TOY.model_copy(update={"masking": Masking(choice="single", share=1e-9)}))
    outcome = objective.losses(objective.phases[0], batch(1), 0)
    assert float(outcome.terms["nats"].detach()) == 0.0


def test_a_block_longer_than_its_places_is_told() -> None:
    with pytest.raises(InputError, match="block = 64"):
        TOY.override(["block=64"])
