"""Shares, transitions, entropy, agreement."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.evaluation.metrics.histograms import agreement, entropy, histogram, shares, transitions

counts = st.lists(st.integers(0, 50), min_size=6, max_size=6).filter(any)


def test_stored_values() -> None:
    assert histogram(np.array([0, 2, 2, 1]), 4).tolist() == [[0.25, 0.25, 0.5, 0]]
    assert histogram(np.array([0, 1]), 2, np.array([1.0, 3.0])).tolist() == [[0.25, 0.75]]
    assert transitions(np.array([0, 1, 0, 1]), 2)[0] == pytest.approx([0, 2 / 3, 1 / 3, 0])
    assert entropy([[0.5, 0.25, 0.25, 0]])[0] == 1.5
    # H((p + q) / 2) = 0.8113 and H(q) / 2 = 0.5 bits; JSD 0.3113, its root 0.5579.
    assert agreement([1, 0], [0.5, 0.5]) == pytest.approx(1 - 0.55793, abs=1e-5)


def test_nothing_counted_is_not_zero() -> None:
    assert np.isnan(histogram(np.empty(0, np.int64), 3)).all()
    assert np.isnan(transitions(np.array([1]), 2)).all()
    assert np.isnan(entropy(shares([0, 0]))).all()
    assert np.isnan(agreement(shares([0, 0]), [1, 1]))


def test_malformed_input_is_refused() -> None:
    with pytest.raises(ValueError, match="run from 0 to 2"):
        histogram(np.array([3]), 3)
    with pytest.raises(ValueError, match="run from 0 to 2"):
        histogram(np.array([-1]), 3)
    with pytest.raises(ValueError, match="same bins"):
        agreement([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="negative"):
        agreement([1, -2], [1, 2])


@given(counts, counts)
def test_agreement_is_symmetric_and_between_zero_and_one(p: list[int], q: list[int]) -> None:
    assert agreement(p, p) == pytest.approx(1, abs=1e-6)
    assert agreement(p, q) == pytest.approx(agreement(q, p))
    assert 0 <= agreement(p, q) <= 1
    assert agreement([*p, *[0] * 6], [*[0] * 6, *q]) == pytest.approx(0, abs=1e-6)


def test_rows_of_pieces_are_averaged_and_undefined_ones_left_out() -> None:
    rows = np.array([[1, 0], [0.5, 0.5], [np.nan, np.nan]])
    assert agreement(rows, [0.75, 0.25]) == pytest.approx(1)
