"""Products with single vectors are products, whichever library makes them."""

import pytest
import torch
from torch import nn

from antiphon.nn.products import Projection
from antiphon.nn.thin import ThinProjection, spacious, steady, thin_product, thinned


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


def test_places_are_zeros_or_copies_of_the_type_asked_for() -> None:
    for dtype in (torch.float32, torch.float64):
        like = torch.randn(4, 3, dtype=dtype)
        assert not spacious((2, 5), like).any()
        assert spacious((2, 5), like).dtype == dtype
        copied = steady(like.t())
        assert copied.is_contiguous()
        assert copied.equal(like.t())
        assert copied.data_ptr() != like.data_ptr()


@torch.no_grad()
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("rows", [1, 3, 100])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_thin_projection_is_that_projection(bias: bool, rows: int, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    full = Projection(5, 7, bias).to(dtype)
    thin = ThinProjection(full.weight, full.bias, rows)
    for num in (rows, 2):
        states = torch.randn(num, 1, 5, dtype=dtype)
        torch.testing.assert_close(thin(states), full(states))


@torch.no_grad()
def test_thinned_shares_weights_and_leaves_the_module_as_it_is() -> None:
    module = nn.Sequential(Projection(4, 4), nn.Sequential(nn.Dropout(0.5), Projection(4, 2))).train()
    made = thinned(module, 2)
    assert not made.training
    assert module.training
    assert isinstance(module[0], Projection)
    assert isinstance(made[0], ThinProjection)
    assert made[0].weight is module[0].weight
    states = torch.randn(2, 4)
    torch.testing.assert_close(made(states), module.eval()(states))
