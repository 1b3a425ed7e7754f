"""Products in two libraries: the same values and derivatives, whatever the shapes and the order in memory."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import leaky_relu

from antiphon.nn import products
from antiphon.nn.products import affine, leaky_affine, multiplied, of_inputs, quick

DIMS = st.integers(1, 40)
LAYOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "plain": lambda matrix: matrix,
    "transposed": lambda matrix: matrix.t().contiguous().t(),
    "part": lambda matrix: torch.cat([matrix, matrix], 1)[:, : matrix.shape[1]],
    "stretched": lambda matrix: matrix[:1].expand(len(matrix), -1),
}


def drawn(rows: int, columns: int, seed: int) -> Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))


@settings(deadline=None, max_examples=60)
@given(DIMS, DIMS, DIMS, st.sampled_from(sorted(LAYOUTS)), st.sampled_from(sorted(LAYOUTS)))
def test_products_of_any_matrices(num: int, inner: int, made: int, first: str, second: str) -> None:
    left, right = LAYOUTS[first](drawn(num, inner, 1)), LAYOUTS[second](drawn(inner, made, 2))
    torch.testing.assert_close(multiplied(left, right), left @ right)
    bias = drawn(1, made, 3)[0]
    torch.testing.assert_close(multiplied(left, right, bias, 0.3), leaky_relu(left @ right + bias, 0.3))


@pytest.mark.parametrize("quickly", [True, False])
@pytest.mark.parametrize("slope", [None, 0.2])
def test_layers_have_first_and_second_derivatives(quickly: bool, slope: float | None) -> None:
    def layer(rows: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return affine(rows, weight, bias) if slope is None else leaky_affine(rows, weight, bias, slope)

    def expected(rows: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        summed = rows @ weight + bias
        return summed if slope is None else leaky_relu(summed, slope)

    results = []
    for function, dtype in ((layer, torch.float32 if quickly else torch.float64), (expected, torch.float64)):
        parts = [drawn(9, 5, 1), drawn(5, 4, 2), drawn(1, 4, 3)[0]]
        parts = [part.to(dtype).requires_grad_() for part in parts]
        first = torch.autograd.grad(function(*parts).pow(2).sum(), parts, create_graph=True)
        second = torch.autograd.grad(torch.stack([part.pow(2).sum() for part in first]).sum(), parts)
        results.append([*first, *second])
    assert not quickly or quick(torch.zeros(1))
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours.double(), theirs, rtol=1e-4, atol=1e-3)


def test_only_gradients_of_inputs_are_computed_where_none_other_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, weight, bias = drawn(3, 2, 1).requires_grad_(), drawn(2, 4, 2).requires_grad_(), torch.zeros(4)
    shapes = []

    def noted(left: Tensor, *more: Any) -> Tensor:
        shapes.append(left.shape)
        return multiplied(left, *more)

    monkeypatch.setattr(products, "multiplied", noted)
    made = leaky_affine(rows, weight, bias)
    shapes.clear()
    with of_inputs():
        torch.autograd.grad(made.sum(), rows, create_graph=True)
    assert shapes == [(3, 4)]
    torch.autograd.grad(leaky_affine(rows, weight, bias).sum(), weight)
    assert (2, 3) in shapes


def test_autocast_is_left_to_torch() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        assert leaky_affine(drawn(3, 2, 1), drawn(2, 4, 2), torch.zeros(4)).dtype == torch.bfloat16
