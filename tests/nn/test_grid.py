"""Grids: convolutions and batch norm against torch's own, with and without overlap, up to second derivatives."""

import pytest
import torch
from torch import nn
from torch.nn.functional import conv3d, conv_transpose3d

from antiphon.nn.grid import GridConv, GridDeconv, GridNorm, Three

LAYERS: list[tuple[Three, Three | None]] = [
    ((1, 1, 1), None),
    ((1, 1, 3), None),
    ((2, 2, 1), None),
    ((2, 1, 1), (1, 1, 1)),
    ((1, 4, 1), (1, 2, 1)),
    ((1, 2, 3), (1, 2, 2)),
    ((4, 1, 1), (1, 1, 1)),
    ((3, 2, 2), (1, 1, 2)),
]


def grid() -> torch.Tensor:
    return torch.randn(2, 4, 6, 7, 3, dtype=torch.float64)


@pytest.mark.parametrize(("kernel", "stride"), LAYERS)
def test_convolutions_equal_torchs(kernel: Three, stride: Three | None) -> None:
    layer, cells = GridConv(3, 5, kernel, stride).double(), grid()
    weight = layer.weight.permute(4, 3, 0, 1, 2)
    expected = conv3d(cells.permute(0, 4, 1, 2, 3), weight, layer.bias, stride or kernel)
    torch.testing.assert_close(layer(cells), expected.permute(0, 2, 3, 4, 1))


@pytest.mark.parametrize(("kernel", "stride"), LAYERS)
def test_transposed_convolutions_equal_torchs(kernel: Three, stride: Three | None) -> None:
    layer, cells = GridDeconv(3, 5, kernel, stride).double(), grid()
    nn.init.normal_(layer.bias)
    weight = layer.weight.permute(4, 3, 0, 1, 2)
    expected = conv_transpose3d(cells.permute(0, 4, 1, 2, 3), weight, layer.bias, stride or kernel)
    torch.testing.assert_close(layer(cells), expected.permute(0, 2, 3, 4, 1))


@pytest.mark.parametrize(("kernel", "stride"), [((1, 1, 2), None), ((1, 2, 1), (1, 1, 1))])
def test_convolutions_have_their_second_derivative(kernel: Three, stride: Three | None) -> None:
    layer = GridConv(2, 2, kernel, stride).double()
    cells = torch.randn(1, 1, 4, 2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda values: layer(values).square(), (cells,))


def test_batch_norm_equals_torchs_in_training_and_after() -> None:
    ours, theirs = GridNorm(3, eps=1e-3, momentum=0.1), nn.BatchNorm3d(3, eps=1e-3, momentum=0.1)
    for norm in (ours, theirs):
        nn.init.constant_(norm.weight, 1.5)
        nn.init.constant_(norm.bias, -0.5)
    for training in (True, True, False):
        cells = grid().float()
        expected = theirs.train(training)(cells.permute(0, 4, 1, 2, 3)).permute(0, 2, 3, 4, 1)
        torch.testing.assert_close(ours.train(training)(cells), expected)
    torch.testing.assert_close(ours.running_var, theirs.running_var)


def test_a_held_batch_norm_goes_by_the_batch_and_learns_nothing() -> None:
    norm = GridNorm(3).train()
    norm.track_running_stats = False
    assert norm(5 + grid().float()).mean().abs() < 1e-5
    assert norm.running_mean is not None and not norm.running_mean.any()


def test_batch_norm_without_statistics_goes_by_the_batch_when_sampling() -> None:
    norm = GridNorm(3, track_running_stats=False).eval()
    assert norm(5 + grid().float()).mean().abs() < 1e-5
    assert not norm(torch.ones(1, 1, 1, 1, 3)).any()
