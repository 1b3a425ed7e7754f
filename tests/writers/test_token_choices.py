"""Tokens drawn from scores: of which they are drawn, and that a choice called sure stands whatever rounding does."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from antiphon.nn.straight_through import gumbel
from antiphon.writers.token_choices import Manner, choose

V = 40

MANNERS = st.builds(
    Manner,
    st.sampled_from([0.0, 0.3, 1.0, 2.5]),
    st.none() | st.integers(1, V + 5),
    st.none() | st.floats(0.01, 1.0),
)


def scores(seed: int, num: int = 6, spread: float = 3.0) -> tuple[torch.Tensor, torch.Tensor]:
    chance = np.random.default_rng(seed)
    logits = spread * torch.from_numpy(chance.standard_normal((num, V)))
    return logits, gumbel(torch.from_numpy(chance.standard_normal((num, V))))


def plainly(logits: np.ndarray, noise: np.ndarray, manner: Manner) -> int:
    """By the definitions, one song at a time."""
    if not manner.temperature:
        return int(logits.argmax())
    shares = np.exp(logits / manner.temperature - (logits / manner.temperature).max())
    shares /= shares.sum()
    order = np.argsort(-shares, kind="stable")
    num = min(manner.top_k or V, V)
    if manner.top_p is not None:
        num = min(num, int(np.searchsorted(np.cumsum(shares[order]), manner.top_p)) + 1)
    left = order[:num]
    return int(left[(logits[left] / manner.temperature + noise[left]).argmax()])


@given(st.integers(0, 10_000), MANNERS)
def test_it_is_the_draw_that_the_definitions_make(seed: int, manner: Manner) -> None:
    logits, noise = scores(seed)
    chosen, sure = choose(logits, noise, manner)
    assert sure.all()
    rows = zip(logits.numpy(), noise.numpy(), strict=True)
    assert chosen.tolist() == [plainly(*row, manner) for row in rows]


@given(st.integers(0, 10_000), MANNERS, st.sampled_from([1e-6, 1e-2, 0.3]))
def test_what_is_sure_stands_under_any_rounding_within_the_margin(seed: int, manner: Manner, margin: float) -> None:
    logits, noise = scores(seed, num=24)
    chosen, sure = choose(logits, noise, manner, margin)
    for other in range(4):
        error = torch.rand(logits.shape, generator=torch.Generator().manual_seed(other), dtype=torch.float64) - 0.5
        again, _ = choose(logits + margin * error, noise, manner)
        assert torch.equal(chosen[sure], again[sure])


@pytest.mark.parametrize("manner", [Manner(), Manner(0.9, 5), Manner(1.0, None, 0.9), Manner(0.0)])
def test_most_choices_are_sure_at_the_margins_of_float32(manner: Manner) -> None:
    logits, noise = scores(0, num=4000)
    assert choose(logits, noise, manner, 1e-4)[1].double().mean() > 0.99
    assert not choose(logits, noise, manner, np.inf)[1].any()
    assert not choose(logits * torch.nan, noise, manner, 1e-4)[1].any()


def test_what_is_out_of_the_question_is_never_drawn() -> None:
    logits, noise = scores(1, num=500, spread=0.01)
    logits[:, 3:] = -torch.inf
    for manner in (Manner(5.0), Manner(1.0, 20), Manner(1.0, None, 1.0), Manner(0.0)):
        assert set(choose(logits, noise, manner)[0].tolist()) <= {0, 1, 2}
    assert set(choose(logits, noise, Manner())[0].tolist()) == {0, 1, 2}


def test_draws_have_the_chances_of_their_softmax() -> None:
    logits = torch.log(torch.tensor([0.6, 0.3, 0.1], dtype=torch.float64)).expand(20_000, 3)
    noise = gumbel(torch.from_numpy(np.random.default_rng(0).standard_normal((20_000, 3))))
    counts = choose(logits, noise, Manner())[0].bincount(minlength=3) / 20_000
    np.testing.assert_allclose(counts, [0.6, 0.3, 0.1], atol=0.015)
    nucleus = choose(logits, noise, Manner(1.0, None, 0.7))[0].bincount(minlength=3) / 20_000
    np.testing.assert_allclose(nucleus, [2 / 3, 1 / 3, 0], atol=0.015)
