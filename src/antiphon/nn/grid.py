"""Convolutions over a grid of three axes as matrix products, with channels last.

Axes: N batch, X Y Z the grid (bars, steps and pitches in an order of the caller's), C channels. A window is a row of
one product, which costs no copy where windows do not overlap: in the layers of MuseGAN almost none do, and general
convolutions run at a tenth of a product's speed there.
"""

from math import prod

import torch
from torch import Tensor, nn

from antiphon.nn.products import affine, leaky_affine

Three = tuple[int, int, int]
"""A size, a kernel or a stride on the three axes of a grid."""
_EACH: Three = (1, 2, 3)


class GridConv(nn.Module):
    """Convolution of (N, X, Y, Z, C) without padding, to (N, X', Y', Z', filters).

    Parameters
    ----------
    channels, filters
        Read and made.
    kernel, stride
        On the grid; a stride of None is the kernel, so that windows lie side by side.
    """

    def __init__(self, channels: int, filters: int, kernel: Three, stride: Three | None = None) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride or kernel
        self.weight = nn.Parameter(torch.empty(*kernel, channels, filters))
        self.bias = nn.Parameter(torch.zeros(filters))
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, grid: Tensor) -> Tensor:
        """Each window's weighed sum."""
        rows, shape = self._rows(grid)
        return affine(rows, self.weight.flatten(0, 3), self.bias).view(*shape, -1)

    def leaky(self, grid: Tensor) -> Tensor:
        """`leaky` of it, in one go."""
        rows, shape = self._rows(grid)
        return leaky_affine(rows, self.weight.flatten(0, 3), self.bias).view(*shape, -1)

    def _rows(self, grid: Tensor) -> tuple[Tensor, torch.Size]:
        """Windows as rows, and the grid that they form."""
        for axis, kernel, stride in zip(_EACH, self.kernel, self.stride, strict=True):
            grid = _windows(grid, axis, kernel, stride)
        rows = grid.permute(0, 1, 2, 3, 5, 6, 7, 4)
        return rows.reshape(-1, self.weight.shape[:4].numel()), grid.shape[:4]


class GridDeconv(nn.Module):
    """Transposed convolution of (N, X, Y, Z, C) without padding: axis X becomes (X - 1) stride + kernel long.

    Parameters
    ----------
    channels, filters, kernel, stride
        As of `GridConv`.
    """

    def __init__(self, channels: int, filters: int, kernel: Three, stride: Three | None = None) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride or kernel
        self.weight = nn.Parameter(torch.empty(*kernel, filters, channels))
        self.bias = nn.Parameter(torch.zeros(filters))
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, grid: Tensor) -> Tensor:
        """Each cell's pattern, summed where patterns overlap."""
        rows = grid.reshape(-1, grid.shape[4])
        apart = self.kernel == self.stride
        bias = self.bias.repeat(prod(self.kernel)) if apart else None
        spread = affine(rows, self.weight.flatten(0, 3).t(), bias)
        cells = spread.view(*grid.shape[:4], *self.kernel, -1)
        for axis in reversed(_EACH):
            cells = _merged(cells, axis, self.kernel[axis - 1], self.stride[axis - 1])
        return cells if apart else cells + self.bias


class GridNorm(nn.BatchNorm2d):
    """Batch norm of the channels of (N, X, Y, Z, C), over everything else.

    With `track_running_stats` off it goes by the batch when sampling too, as the released MuseGAN of 2018 does; a batch
    of one cell is then normalised to the shift alone.
    """

    def forward(self, grid: Tensor) -> Tensor:
        """The same shape, normalised, scaled and shifted."""
        by_batch = self.training or self.running_mean is None
        tracked = not self.training or self.track_running_stats
        # As a picture in channels-last memory, for which there are kernels on every device.
        picture = grid.reshape(1, -1, 1, grid.shape[-1]).permute(0, 3, 1, 2)
        normed = torch.batch_norm(
            picture,
            self.weight,
            self.bias,
            self.running_mean if tracked else None,
            self.running_var if tracked else None,
            by_batch,
            self.momentum or 0.0,
            self.eps,
            torch.backends.cudnn.enabled,
        )
        return normed.permute(0, 2, 3, 1).reshape(grid.shape)


def _windows(grid: Tensor, axis: int, kernel: int, stride: int) -> Tensor:
    """The windows along an axis, their inside as a last axis."""
    length = grid.shape[axis]
    # A view, whose gradient costs nothing either: windows side by side, or a single one.
    if length == kernel or (kernel == stride and length % kernel == 0):
        return torch.unflatten(grid, axis, (length // kernel, kernel)).movedim(axis + 1, -1)
    return grid.unfold(axis, kernel, stride)


def _merged(cells: Tensor, axis: int, kernel: int, stride: int) -> Tensor:
    """Patterns (..., axis, ..., kernel, C), the kernel on the last axis but one, laid along their axis and summed."""
    if kernel == stride:
        return cells.movedim(-2, axis + 1).flatten(axis, axis + 1)
    size = [*cells.shape[:-2], cells.shape[-1]]
    size[axis] = (size[axis] - 1) * stride + kernel
    summed: Tensor = torch.ops.aten.unfold_backward(cells.movedim(-2, -1), size, axis, kernel, stride)
    return summed
