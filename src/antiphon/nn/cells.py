"""Layers along one axis of a grid, tile by tile: what is between them never leaves the processor's cache.

M cells; a cell is a row (Z C) of its places Z along that axis, C channels each.
"""

# Function.apply bears no types in torch.
# mypy: disable-error-code="no-untyped-call"

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from antiphon.nn.grid import GridConv
from antiphon.nn.products import multiplied, weights_wait

# Cells a tile: between the layers of MuseGAN's critic 1.6 MB. Half as many fit a smaller cache, and twice as many calls
# cost more than that saves.
_TILE = 1024
_SLOPE = 0.2


def num_along(layers: Sequence[GridConv]) -> int:
    """How many of the first layers read along the last axis of the grid alone."""
    for num, layer in enumerate(layers):
        if (*layer.kernel[:2], *layer.stride[:2]) != (1, 1, 1, 1):
            return num
    return len(layers)


def over_cells(grid: Tensor, layers: Sequence[GridConv], silence: float) -> Tensor:
    """What convolutions along the last axis, each followed by `leaky`, make of a grid: (N, X, Y, Z, C) to Z' and C'.

    It can be differentiated twice by the grid, as a gradient penalty does. It computes again what the layers gave
    rather than keep it: of a phrase of the paper that is 12 MB, which to write and read takes as long.

    Parameters
    ----------
    layers
        Such as `num_along` counts.
    silence
        A value of which most cells of most grids consist; they are computed once, unless the grid is differentiated by.
    """
    cells = grid.reshape(-1, grid.shape[3] * grid.shape[4])
    made = _through(cells, layers) if cells.requires_grad else _through_sounding(cells, layers, silence)
    return made.view(*grid.shape[:3], -1, layers[-1].weight.shape[4])


def _through_sounding(cells: Tensor, layers: Sequence[GridConv], silence: float) -> Tensor:
    sounding = torch.nonzero((cells != silence).any(1)).squeeze(1)
    if 2 * len(sounding) > len(cells):
        return _through(cells, layers)
    silent = cells.new_full((1, cells.shape[1]), silence)
    some = _through(torch.cat([silent, cells[sounding]]), layers)
    placed: Tensor = _Placed.apply(some, sounding, len(cells))
    return placed


def _through(cells: Tensor, layers: Sequence[GridConv]) -> Tensor:
    each = ((layer.weight.shape[3], layer) for layer in layers)
    windows = tuple(_Window(width * layer.kernel[2], width * layer.stride[2]) for width, layer in each)
    weights = [part for layer in layers for part in (layer.weight.flatten(0, 3), layer.bias)]
    made: Tensor = _Through.apply(windows, cells, *weights)
    return made


class _Window(NamedTuple):
    """What a layer reads of a cell: so many values, and so many on from there."""

    length: int
    stride: int


class _Layers(NamedTuple):
    """Layers as the functions below take them."""

    windows: tuple[_Window, ...]
    weights: tuple[Tensor, ...]
    biases: tuple[Tensor, ...]

    @classmethod
    def of(cls, windows: tuple[_Window, ...], parts: Sequence[Tensor]) -> "_Layers":
        return cls(windows, tuple(parts[::2]), tuple(parts[1::2]))

    def rows(self, cells: Tensor, index: int) -> Tensor:
        """The windows of a layer."""
        return cells.unfold(1, *self.windows[index]).reshape(-1, self.windows[index].length)

    def stages(self, cells: Tensor, num: int) -> list[Tensor]:
        """Cells, and what the first `num` layers make of them."""
        stages = [cells]
        for index in range(num):
            rows = self.rows(stages[-1], index)
            stages.append(multiplied(rows, self.weights[index], self.biases[index], _SLOPE).view(len(cells), -1))
        return stages

    def back(self, steep: Tensor, index: int, width: int) -> Tensor:
        """The gradient (M, `width`) by what went into a layer, of that by what came out, before the rectifier."""
        length, stride = self.windows[index]
        each = multiplied(steep.view(-1, self.weights[index].shape[1]), self.weights[index].t())
        each = each.view(len(steep), -1, length)
        if each.shape[1] == 1 or length == stride:
            return each.view(len(steep), width)
        summed: Tensor = torch.ops.aten.unfold_backward(each, (len(steep), width), 1, length, stride)
        return summed

    def steeps(self, stages: list[Tensor], gradient: Tensor) -> list[Tensor]:
        """The gradients before the rectifiers of all layers, of that by the last stage."""
        steeps = [torch.ops.aten.leaky_relu_backward(gradient, stages[-1], _SLOPE, True)]
        for index in range(len(self.windows) - 1, 0, -1):
            gradient = self.back(steeps[0], index, stages[index].shape[1])
            steeps.insert(0, _slope(gradient, stages[index]))
        return steeps

    def tiles(self, made: Tensor, cells: Tensor, *others: Tensor) -> Iterator[tuple[list[Tensor], tuple[Tensor, ...]]]:
        """For each tile all stages, and its part of other tensors."""
        parts = (part.split(_TILE) for part in (made, cells, *others))
        for end, begin, *more in zip(*parts, strict=True):
            yield [*self.stages(begin, len(self.windows) - 1), end], tuple(more)

    def gradient(self, steep: Tensor, rows: Tensor, index: int) -> Tensor:
        """That of a layer's weights."""
        return multiplied(steep.view(-1, self.weights[index].shape[1]).t(), rows).t()


def _slope(gradient: Tensor, rectified: Tensor) -> Tensor:
    """`sloped` in place."""
    steep: Tensor = torch.ops.aten.leaky_relu_backward.grad_input(
        gradient, rectified, _SLOPE, True, grad_input=gradient
    )
    return steep


def _joined(tiles: Iterator[Tensor], num: int) -> Tensor:
    """All rows of tiles, each put in its place while the cache still holds it."""
    begin, first = 0, next(tiles)
    rows = first.new_empty(num, *first.shape[1:])
    for tile in chain([first], tiles):
        rows[begin : begin + len(tile)] = tile
        begin += len(tile)
    return rows


class _Through(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, windows: tuple[_Window, ...], cells: Tensor, *parts: Tensor) -> Tensor:
        layers = _Layers.of(windows, parts)
        made = _joined((layers.stages(tile, len(windows))[-1] for tile in cells.split(_TILE)), len(cells))
        ctx.save_for_backward(cells, made, *parts)
        ctx.windows = windows
        return made

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        cells, made, *parts = ctx.saved_tensors
        given = (ctx.windows, gradients[0], cells, made.detach(), *parts)
        _, led, *moving = ctx.needs_input_grad
        back = _Back.apply(*given) if led else None
        learned = _Learned.apply(*given) if any(moving) and weights_wait() else (None for _ in parts)
        return None, back, *learned


class _Back(torch.autograd.Function):
    """The gradient by the cells, which can be differentiated by the gradient that it is made of and by the weights."""

    @staticmethod
    def forward(
        ctx: Any, windows: tuple[_Window, ...], gradient: Tensor, cells: Tensor, made: Tensor, *parts: Tensor
    ) -> Tensor:
        ctx.save_for_backward(gradient, cells, made, *parts)
        ctx.windows = windows
        layers = _Layers.of(windows, parts)
        tiles = layers.tiles(made, cells, gradient)
        backs = (layers.back(layers.steeps(stages, part)[0], 0, cells.shape[1]) for stages, (part,) in tiles)
        return _joined(backs, len(cells))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, ...]:
        gradient, cells, made, *parts = ctx.saved_tensors
        layers = _Layers.of(ctx.windows, parts)
        sums = [torch.zeros_like(weight) for weight in layers.weights]

        def ends() -> Iterator[Tensor]:
            for stages, (part, felt) in layers.tiles(made, cells, gradient, outer[0]):
                passed = felt
                # Slopes are constant, so what is felt goes through the layers as the cells do, but for the biases.
                for index, steep in enumerate(layers.steeps(stages, part)):
                    rows = layers.rows(passed, index)
                    sums[index] += layers.gradient(steep, rows, index)
                    passed = multiplied(rows, layers.weights[index]).view(len(felt), -1)
                    passed = _slope(passed, stages[index + 1])
                yield passed

        end = _joined(ends(), len(cells))
        return None, end, None, None, *(each for total in sums for each in (total, None))


class _Learned(torch.autograd.Function):
    """The gradients by weights and biases."""

    @staticmethod
    def forward(
        ctx: Any, windows: tuple[_Window, ...], gradient: Tensor, cells: Tensor, made: Tensor, *parts: Tensor
    ) -> tuple[Tensor, ...]:
        layers = _Layers.of(windows, parts)
        sums = tuple(torch.zeros_like(part) for part in parts)
        for stages, (part,) in layers.tiles(made, cells, gradient):
            for index, steep in enumerate(layers.steeps(stages, part)):
                sums[2 * index].add_(layers.gradient(steep, layers.rows(stages[index], index), index))
                sums[2 * index + 1].add_(steep.view(-1, len(sums[2 * index + 1])).sum(0))
        return sums

    @staticmethod
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, ...]:
        raise ValueError("these weights' gradients have no derivative; differentiate within `of_inputs`")


class _Placed(torch.autograd.Function):
    """Rows at some places and the first of them everywhere else."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, places: Tensor, num: int) -> Tensor:
        ctx.save_for_backward(places)
        return rows[:1].repeat(num, 1).index_copy_(0, places, rows[1:])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (places,) = ctx.saved_tensors
        there = gradients[0].index_select(0, places)
        elsewhere = gradients[0].sum(0, keepdim=True) - there.sum(0, keepdim=True)
        return torch.cat([elsewhere, there]), None, None
