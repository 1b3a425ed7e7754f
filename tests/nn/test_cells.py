"""Layers tile by tile: values and derivatives of the same layers one after the other, as a penalty takes them."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from antiphon.gan.penalties import gradient_penalty
from antiphon.nn import cells
from antiphon.nn.cells import num_along, over_cells
from antiphon.nn.grid import GridConv
from antiphon.nn.leaky import leaky

SILENT = -1.0


@pytest.fixture(autouse=True)
def _small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "_TILE", 5)


def layers(seed: int = 0) -> list[GridConv]:
    """Windows that overlap, windows side by side, and one over all that is left."""
    torch.manual_seed(seed)
    made = [
        GridConv(3, 4, (1, 1, 2), (1, 1, 1)),
        GridConv(4, 5, (1, 1, 2)),
        GridConv(5, 6, (1, 1, 2), (1, 1, 1)),
    ]
    for layer in made:
        torch.nn.init.normal_(layer.weight)
        torch.nn.init.normal_(layer.bias)
    return made


def grid(sounding: float = 0.02, num: int = 3) -> Tensor:
    """-1 where nothing sounds: (N, 2, 4, 5, 3)."""
    return (torch.rand(num, 2, 4, 5, 3, generator=torch.Generator().manual_seed(1)) < sounding).float() * 2 - 1


def one_by_one(phrases: Tensor, along: list[GridConv]) -> Tensor:
    for layer in along:
        phrases = leaky(layer(phrases))
    return phrases


@pytest.mark.parametrize("sounding", [0.0, 0.02, 0.5, 1.0])
def test_values_and_gradients_of_weights(sounding: float) -> None:
    along, phrases = layers(), grid(sounding)
    weights = [part for layer in along for part in layer.parameters()]
    made, expected = over_cells(phrases, along, SILENT), one_by_one(phrases, along)
    torch.testing.assert_close(made, expected)
    wanted = torch.randn(expected.shape, generator=torch.Generator().manual_seed(2))
    ours = torch.autograd.grad(made, weights, wanted)
    for one, other in zip(ours, torch.autograd.grad(expected, weights, wanted), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_gradients_of_the_grid_and_of_weights_at_once() -> None:
    along, phrases = layers(), torch.randn(2, 2, 4, 5, 3).requires_grad_()
    leaves = [phrases, *(part for layer in along for part in layer.parameters())]
    ours = torch.autograd.grad(over_cells(phrases, along, SILENT).square().sum(), leaves)
    for one, other in zip(ours, torch.autograd.grad(one_by_one(phrases, along).square().sum(), leaves), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-3)


def test_a_penalty_and_its_gradients() -> None:
    along, end = layers(), torch.nn.Linear(6, 1)
    weights = [*(layer.weight for layer in along), *end.parameters()]
    real, fake, shares = grid(), torch.randn(3, 2, 4, 5, 3).tanh(), torch.rand(3)

    def penalty(through: bool) -> list[Tensor]:
        def critic(phrases: Tensor) -> Tensor:
            made = over_cells(phrases, along, SILENT) if through else one_by_one(phrases, along)
            return leaky(end(made)).flatten(1).square().sum(1)

        value = gradient_penalty(critic, real, fake, alpha=shares)
        return [value, *torch.autograd.grad(value, weights)]

    for one, other in zip(penalty(True), penalty(False), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-3)


def test_what_cannot_be_differentiated_says_so() -> None:
    along = layers()
    made = over_cells(torch.randn(1, 2, 4, 5, 3), along, SILENT)
    (gradient,) = torch.autograd.grad(made.square().sum(), along[0].weight, create_graph=True)
    with pytest.raises(ValueError, match="of_inputs"):
        gradient.sum().backward()


def test_silent_cells_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    through = cells._through

    def noted(rows: Tensor, along: Sequence[GridConv]) -> Tensor:
        seen.append(len(rows))
        return through(rows, along)

    monkeypatch.setattr(cells, "_through", noted)
    phrases = torch.full((2, 2, 4, 5, 3), SILENT)
    phrases[1, 0, 2, 3, 1] = 1
    over_cells(phrases, layers(), SILENT)
    over_cells(phrases.requires_grad_(), layers(), SILENT)
    assert seen == [2, 16]


def test_layers_along_the_last_axis_are_counted() -> None:
    along, across = layers(), GridConv(6, 7, (1, 4, 1))
    assert num_along([*along, across, along[0]]) == 3 and num_along([across]) == 0 and num_along(along) == 3
    assert num_along([GridConv(3, 4, (1, 1, 2), (2, 1, 2))]) == 0
