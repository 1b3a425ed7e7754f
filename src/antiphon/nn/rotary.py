"""Rotary positions: queries and keys are turned so that their product knows their distance (Su et al. 2021)."""

import torch
from torch import Tensor


def turns(first: int, num: int, width: int, base: float, like: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine and sine (num, width / 2) of the angles of positions first, first + 1, ...: position x base^(-2k / width).

    They come in the type and on the device of `like`; the angles are taken in float64, for float32 is off by a
    hundredth of a turn at position 1e6.
    """
    place = torch.arange(first, first + num, dtype=torch.float64, device=like.device)
    step = base ** (-torch.arange(0, width, 2, dtype=torch.float64, device=like.device) / width)
    angle = place[:, None] * step
    return angle.cos().to(like), angle.sin().to(like)


def turned(states: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """States (..., T, width) turned by `turns` (T, width / 2); the first half goes with the second."""
    (first, second), (cosine, sine) = states.chunk(2, -1), turn
    return torch.cat([first * cosine - second * sine, second * cosine + first * sine], -1)
