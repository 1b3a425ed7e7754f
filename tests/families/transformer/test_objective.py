"""Likelihood of pieces: closed forms, a memory by column, parts and resumes that change nothing, samples."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from antiphon.codecs.performance import PADDING, START
from antiphon.errors import InputError
from antiphon.families.transformer.config import TransformerConfig
from antiphon.families.transformer.designs import LstmNetwork, XlNetwork
from antiphon.families.transformer.likelihood import token_nats
from antiphon.families.transformer.objective import LIKELIHOOD, TransformerObjective, drawn, nats

XL = {"design": "xl", "num_layers": 2, "width": 16, "num_heads": 2, "feedforward": 16}
DESIGNS: dict[str, dict[str, Any]] = {
    "xl": {"network": XL, "memory": 12},
    "lstm": {"network": {"design": "lstm", "num_layers": 2, "width": 12}, "memory": 1},
    "modern": {
        "network": {"design": "modern", "num_layers": 2, "width": 16, "num_heads": 2, "feedforward": 16, "span": 12}
    },
}


def made(design: str = "xl", **changes: Any) -> TransformerObjective:
    torch.manual_seed(0)
    return TransformerConfig.parse({"segment": 6, **DESIGNS[design], **changes}).build()


def batch(num: int = 4, seed: int = 0, fresh: bool = False) -> dict[str, Tensor]:
    chance = torch.Generator().manual_seed(seed)
    real = torch.randint(2, 310, (num, 7), generator=chance)
    real[0, 4:] = PADDING
    return {"real": real, "fresh": torch.full((num,), fresh)}


def test_nats_are_those_of_the_closed_form() -> None:
    logits = torch.randn(2, 3, 310)
    following = torch.tensor([[5, 9, PADDING], [300, PADDING, PADDING]])
    found = nats(logits, following)
    assert found[0, 1] == pytest.approx(float(-logits[0, 1].log_softmax(0)[9]), rel=1e-5)
    assert torch.equal(found == 0, following == PADDING)
    even = nats(torch.zeros(1, 1, 310), torch.tensor([[7]]))
    assert float(even) == pytest.approx(float(np.log(310)))


@pytest.mark.parametrize("design", DESIGNS)
def test_likelihood_is_the_mean_over_what_is_no_padding(design: str) -> None:
    objective = made(design).eval()
    first = objective.augment(batch(fresh=True))
    outcome = objective.losses(LIKELIHOOD, first, 0)
    logits, _ = objective.generator(first["real"][:, :-1])
    known = first["real"][:, 1:] != PADDING
    expected = (nats(logits, first["real"][:, 1:]) * known).sum() / known.sum()
    torch.testing.assert_close(outcome.terms["nats"], expected)
    weight = objective.weight(LIKELIHOOD, first)
    assert weight is not None and int(weight) == 4 * 6 - 3


@pytest.mark.parametrize("design", ["xl", "lstm"])
def test_the_memory_is_the_columns_own_until_it_is_fresh(design: str) -> None:
    alone, among = made(design).eval(), made(design).eval()
    batches = [batch(seed=seed) for seed in range(3)]
    batches[2]["fresh"] = torch.tensor([False, True, False, True])
    for given in batches:
        together = among.augment(given)
        among.losses(LIKELIHOOD, together, 0)
        alone.augment(given)
        for column in range(4):
            one = {name: values[column : column + 1] for name, values in together.items()}
            alone.losses(LIKELIHOOD, one, 0)
    for name, rows in among.carried().items():
        torch.testing.assert_close(alone.carried()[name], rows)
    # A column that began anew knows its own segment alone.
    anew = made(design).eval()
    anew.losses(LIKELIHOOD, anew.augment(batches[2] | {"fresh": torch.ones(4, dtype=torch.bool)}), 0)
    length = among.carried()["length"][1]
    torch.testing.assert_close(
        among.carried()["states"][1, :, -int(length) :], anew.carried()["states"][1, :, -int(length) :]
    )


def test_the_memory_is_of_the_run_and_not_of_the_model() -> None:
    objective = made()
    before = set(objective.state_dict())
    assert objective.carried() == {}
    objective.losses(LIKELIHOOD, objective.augment(batch()), 0)
    assert set(objective.state_dict()) == before
    assert not objective.carried()["states"].requires_grad
    again = made()
    again.carry(objective.carried())
    first, second = (one.losses(LIKELIHOOD, one.augment(batch(seed=5)), 1) for one in (objective.eval(), again.eval()))
    assert torch.equal(first.terms["nats"], second.terms["nats"])


def test_a_design_without_memory_carries_nothing() -> None:
    objective = made("modern")
    objective.losses(LIKELIHOOD, objective.augment(batch()), 0)
    assert objective.carried() == {}
    with pytest.raises(InputError, match="'modern' keeps no memory: set memory to 0"):
        TransformerConfig.parse({**DESIGNS["modern"], "memory": 3})


@pytest.mark.parametrize("design", DESIGNS)
def test_samples_are_music_and_follow_from_chance(design: str) -> None:
    objective = made(design).eval()
    given = torch.randint(2, 310, (3, 20))
    runs = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        runs.append(objective.sample(3, {"real": given}))
    assert runs[0].shape == (3, 20)
    assert torch.equal(runs[0], runs[1]) and not torch.equal(runs[0], runs[2])
    assert int(runs[0].min()) > PADDING and int(runs[0].max()) < 310


def test_start_and_padding_are_never_drawn() -> None:
    logits = torch.zeros(1000, 6)
    logits[:, [START, PADDING]] = 20
    assert set(drawn(logits).tolist()) == {2, 3, 4, 5}


@pytest.mark.parametrize("design", DESIGNS)
def test_nats_of_whole_pieces_do_not_depend_on_how_they_are_read(design: str) -> None:
    generator = made(design).eval().generator
    chance = np.random.default_rng(0)
    pieces = [chance.integers(2, 310, length) for length in (700, 3, 41, 0, 1100)]
    together = token_nats(generator, pieces, span=12, batch_size=3)
    assert [len(found) for found in together] == [700, 3, 41, 0, 1100]
    for piece, found in zip(pieces, together, strict=True):
        (alone,) = token_nats(generator, [piece], span=12)
        np.testing.assert_allclose(found, alone, rtol=1e-4, atol=1e-5)
    short = torch.from_numpy(np.append(START, pieces[1]))[None]
    with torch.no_grad():
        logits, _ = generator(short[:, :-1])
    np.testing.assert_allclose(together[1], nats(logits, short[:, 1:])[0].numpy(), rtol=1e-4, atol=1e-5)


def test_sizes_that_are_slips_are_refused() -> None:
    for values in ({"segment": 0}, {"memory": 10**9}, {"vocabulary": 2}, {"network": {"design": "xl", "width": 10**6}}):
        with pytest.raises(InputError, match="will not do"):
            TransformerConfig.parse(values)


def test_an_lstm_of_equal_size() -> None:
    network = LstmNetwork().build(310)
    assert sum(weight.numel() for weight in network.parameters()) == pytest.approx(4.8e6, rel=0.05)
    assert TransformerConfig(network=XlNetwork(), memory=1024).span == 1024
