"""Bits and bytes: both ways, every type, numpy's order, refused lengths."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.nn.bits import pack, unpack


@given(st.lists(st.integers(1, 9), min_size=1, max_size=3), st.integers(0, 5), st.integers(0, 1000))
@settings(max_examples=50, deadline=None)
def test_what_is_packed_comes_back_in_numpys_order(shape: list[int], rows: int, seed: int) -> None:
    cells = np.random.default_rng(seed).random((rows, 2, *shape)) < 0.4
    packed = pack(torch.from_numpy(cells), len(shape))
    np.testing.assert_array_equal(packed.numpy(), np.packbits(cells.reshape(rows, 2, int(np.prod(shape))), axis=-1))
    np.testing.assert_array_equal(unpack(packed, tuple(shape), torch.bool).numpy(), cells)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.bool, torch.int64])
def test_cells_are_zero_and_one_of_the_type(dtype: torch.dtype) -> None:
    cells = unpack(torch.tensor([[0b10100001], [0]], dtype=torch.uint8), (2, 4), dtype)
    assert cells.dtype == dtype
    assert cells.tolist() == [[[1, 0, 1, 0], [0, 0, 0, 1]], [[0] * 4] * 2]


def test_other_lengths_and_types_are_refused() -> None:
    with pytest.raises(ValueError, match="needs 2 bytes"):
        unpack(torch.zeros(3, 1, dtype=torch.uint8), (3, 3))
    with pytest.raises(ValueError, match="of uint8"):
        unpack(torch.zeros(3, 2), (3, 3))
