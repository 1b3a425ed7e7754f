"""N-grams: chances add up to one, counts by hand, contexts that were never seen, and what cannot be counted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.evaluation.ngrams import NGrams

lines = st.lists(st.lists(st.integers(1, 4), max_size=30), min_size=1, max_size=5).filter(any)


@given(lines, st.integers(1, 5), st.lists(st.integers(1, 4), max_size=8))
@settings(max_examples=100, deadline=None)
def test_chances_add_up_to_one_after_any_context(pieces: list[list[int]], order: int, context: list[int]) -> None:
    grams = NGrams([np.array(piece, np.int16) for piece in pieces], 5, order)
    chances = [np.exp(-grams.nats(np.array([*context, token]))[-1]) for token in range(5)]
    assert sum(chances) == pytest.approx(1)
    assert min(chances) > 0


def test_what_always_follows_costs_little() -> None:
    piece = np.tile([1, 2, 3, 4], 200)
    nats = NGrams([piece], 5, 3).nats(piece)
    assert nats.shape == (800,)
    # The first token stands where no other ever began.
    assert nats[4:].max() < 0.02
    assert NGrams([piece], 5, 3).nats(np.array([1, 2, 4]))[-1] > 4


def test_single_tokens_by_hand() -> None:
    # Three counts in all, too few to estimate discounts: half is taken from each kind.
    nats = NGrams([np.array([1, 1, 2])], 4, 1).nats(np.array([1, 2, 3, 0]))
    left = (0.5 + 0.5) / 3
    expected = [1.5 / 3 + left / 4, 0.5 / 3 + left / 4, left / 4, left / 4]
    np.testing.assert_allclose(np.exp(-nats), expected)


def test_pairs_by_hand() -> None:
    grams = NGrams([np.array([1, 2, 1, 3])], 4, 2)
    # Pairs: start-1, 1-2, 2-1, 1-3. One follows two kinds of token, two and three one each.
    left = 3 * 0.5 / 4
    single = {1: 1.5 / 4 + left / 4, 2: 0.5 / 4 + left / 4, 3: 0.5 / 4 + left / 4}
    after_one = {2: 0.5 / 2 + 0.5 * single[2], 3: 0.5 / 2 + 0.5 * single[3]}
    nats = grams.nats(np.array([1, 3, 2]))
    assert np.exp(-nats[1]) == pytest.approx(after_one[3])
    # Nothing ever followed a three.
    assert np.exp(-nats[2]) == pytest.approx(single[2])


def test_more_context_helps_where_there_is_order() -> None:
    chance = np.random.default_rng(0)
    pieces = []
    for _ in range(40):
        line = [1, 2]
        for _ in range(300):
            line.append((line[-1] + line[-2]) % 5 + 1 if chance.random() < 0.9 else int(chance.integers(1, 6)))
        pieces.append(np.array(line))
    means = [NGrams(pieces[:30], 6, order) for order in (1, 2, 3, 4)]
    costs = [np.mean(np.concatenate([grams.nats(piece) for piece in pieces[30:]])) for grams in means]
    assert costs[2] < costs[1] - 0.5 and costs[2] < costs[0] - 0.5
    assert costs[3] == pytest.approx(costs[2], abs=0.1)


def test_an_empty_piece_costs_nothing() -> None:
    grams = NGrams([np.array([1, 2]), np.array([], np.int64)], 4)
    assert grams.nats(np.array([], np.int64)).shape == (0,)


@pytest.mark.parametrize(
    ("pieces", "num_tokens", "order", "told"),
    [
        ([[]], 4, 2, "no token"),
        ([[4]], 4, 2, "0 to 3"),
        ([[-1]], 4, 2, "0 to 3"),
        ([[1]], 310, 9, "lower the order"),
        ([[1]], 310, 0, "lower the order"),
    ],
)
def test_what_cannot_be_counted_is_said(pieces: list[list[int]], num_tokens: int, order: int, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        NGrams([np.array(piece, np.int64) for piece in pieces], num_tokens, order)
