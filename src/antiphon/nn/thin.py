"""Products with one or a few rows, as writing token by token needs: bound by how fast memory is read.

Axes: N product, A row, D summed over, K column.
"""

import copy
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from antiphon.nn.products import Projection, quick

_Module = TypeVar("_Module", bound=nn.Module)
# Above these neither a library for vectors nor a weight packed for few rows gains anything.
_FEW, _MORE = 8, 64


def thin_product(left: Tensor, right: Tensor) -> Tensor:
    """left right, (N, A, D) and (N, D, K) to (N, A, K), by the library that reads the larger one faster.

    Where A or K is small, torch's library reads float32 at some two thirds of a processor's rate, numpy's at nearly all
    of it, provided that the rows of the larger one are long. No gradient goes through it.
    """
    if min(left.shape[1], right.shape[2]) > _FEW or not quick(left):
        return left @ right
    made = left.new_empty(left.shape[0], left.shape[1], right.shape[2])
    np.matmul(left.detach().numpy(), right.detach().numpy(), out=made.numpy())
    return made


def spacious(shape: Sequence[int], like: Tensor) -> Tensor:
    """Zeros of the type and on the device of `like`, to be read over and over by `thin_product`.

    On a processor numpy allocates them: it asks the system for large pages, by which reading is a quarter faster.
    """
    if not quick(like):
        return like.detach().new_zeros(*shape)
    made = np.empty(shape, np.float32)
    made.fill(0)
    return torch.from_numpy(made)


def steady(states: Tensor) -> Tensor:
    """A copy of states in such a place, row after row."""
    return spacious(states.shape, states).copy_(states.detach())


def thinned(module: _Module, rows: int) -> _Module:
    """A copy in eval mode that shares the weights, but for its projections, which are quick for so many rows and keep
    what weights they find."""
    memo: dict[int, object] = {id(part): part for part in (*module.parameters(), *module.buffers())}
    made = copy.deepcopy(module, memo).eval()
    for parent in list(made.modules()):
        for name, child in parent.named_children():
            if isinstance(child, Projection):
                setattr(parent, name, ThinProjection(child.weight, child.bias, rows))
    return made


class ThinProjection(nn.Module):
    """A linear map that keeps its weight a second time as suits so many rows at once; no gradient goes through it.

    Parameters
    ----------
    weight, bias
        (outputs, inputs), and (outputs,) or None; unless float32 on a processor, nothing is kept.
    rows
        How many rows it is quick for, others it takes too.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, rows: int) -> None:
        super().__init__()
        self.weight, self.bias, self.rows = weight, bias, rows
        self._by_input = steady(weight.t()) if rows == 1 and quick(weight) else None
        # A packed weight is for torch's operator alone, whose name begins with a line: without it none is kept.
        packs = 1 < rows <= _MORE and quick(weight) and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
        self._packed = torch.ops.mkldnn._reorder_linear_weight(weight.detach(), rows) if packs else None

    def forward(self, states: Tensor) -> Tensor:
        """States (..., outputs) of states (..., inputs)."""
        flat = states.reshape(-1, states.shape[-1])
        made = self._made(flat) if len(flat) == self.rows else F.linear(flat, self.weight, self.bias)
        return made.view(*states.shape[:-1], -1)

    def _made(self, flat: Tensor) -> Tensor:
        if self._by_input is not None:
            made = thin_product(flat[None], self._by_input[None])[0]
            return made if self.bias is None else made + self.bias
        if self._packed is None:
            return F.linear(flat, self.weight, self.bias)
        packed: Tensor = torch.ops.mkldnn._linear_pointwise(flat, self._packed, self.bias, "none", [], "")
        return packed
