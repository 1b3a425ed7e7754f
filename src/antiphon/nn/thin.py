"""Products of matrices with single vectors, as writing token by token needs: bound by how fast memory is read.

Axes: N product, D summed over.
"""

import numpy as np
import torch
from torch import Tensor


def thin_product(left: Tensor, right: Tensor) -> Tensor:
    """left right, (N, A, D) and (N, D, K) to (N, A, K), by the library that reads the larger one faster.

    Where A or K is 1, torch's library reads float32 at some two thirds of a processor's rate, numpy's at all of it; of
    `right` for a vector on the left, and of `left` for one on the right, rows that are long serve best. No gradient
    goes through it.
    """
    vector = left.shape[1] == 1 or right.shape[2] == 1
    if not vector or left.device.type != "cpu" or left.dtype != torch.float32 or right.dtype != torch.float32:
        return left @ right
    made = torch.empty(left.shape[0], left.shape[1], right.shape[2])
    np.matmul(left.detach().numpy(), right.detach().numpy(), out=made.numpy())
    return made
