"""Dropout (Srivastava et al. 2014) whose chance is cheap on a processor: sixteen bits a number."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_STEPS = 1 << 16
_PER_DRAW = 4


class Dropout(nn.Module):
    """Drops a share of what passes while training, and scales what is left by what that makes up for.

    Parameters
    ----------
    share
        Of numbers that become 0.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, states: Tensor) -> Tensor:
        """States of any shape."""
        return dropped(states, self.share) if self.training else states

    def extra_repr(self) -> str:
        """What torch prints."""
        return f"share={self.share}"


def dropped(states: Tensor, share: float) -> Tensor:
    """States of which a share is 0, and the rest as much larger; on a processor the share is rounded to 1 / 65,536.

    Torch draws a number in 4 ns there, which was a tenth of a step of training.
    """
    steps = round(share * _STEPS)
    if states.device.type != "cpu" or not 0 < steps < _STEPS:
        return F.dropout(states, share)
    num = -(-states.numel() // _PER_DRAW)
    # None: up to the largest number, so that all 64 bits are drawn.
    drawn = torch.empty(num, dtype=torch.int64).random_(-(1 << 63), None).view(torch.int16)
    kept = (drawn >= steps - _STEPS // 2)[: states.numel()].view(states.shape)
    return states * (kept.to(states.dtype) * (_STEPS / (_STEPS - steps)))
