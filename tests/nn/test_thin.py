"""Products with single vectors are products, whichever library makes them."""

import pytest
import torch

from antiphon.nn.thin import thin_product


@pytest.mark.parametrize(("left", "right"), [((3, 1, 5), (3, 5, 7)), ((3, 6, 5), (3, 5, 1)), ((3, 2, 5), (3, 5, 4))])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_is_the_product(left: tuple[int, ...], right: tuple[int, ...], dtype: torch.dtype) -> None:
    one, other = torch.randn(left, dtype=dtype), torch.randn(right, dtype=dtype)
    torch.testing.assert_close(thin_product(one, other), one @ other)


def test_windows_of_larger_tensors_are_read_where_they_are() -> None:
    kept, vector = torch.randn(3, 5, 20), torch.randn(3, 1, 5)
    torch.testing.assert_close(thin_product(vector, kept[..., 7:15]), vector @ kept[..., 7:15])
    shares = torch.randn(3, 8, 1)
    torch.testing.assert_close(thin_product(kept[..., 7:15], shares), kept[..., 7:15] @ shares)
