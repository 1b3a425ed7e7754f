"""Initial weights as published."""

import torch
from torch import nn

_WEIGHTED = (
    nn.Linear,
    nn.Conv1d,
    nn.Conv2d,
    nn.Conv3d,
    nn.ConvTranspose1d,
    nn.ConvTranspose2d,
    nn.ConvTranspose3d,
)
_NORMED = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def dcgan_init(module: nn.Module, generator: torch.Generator | None = None) -> None:
    """Draw `module`'s weights as the released bar GAN does, in place.

    Convolutions and linear maps: Xavier-uniform weights, torch's own biases. Batch norm: scales from N(1, 0.2) with
    0.2 the standard deviation (not DCGAN's 0.02), shifts 0. Every other parameter stays as it is.

    Parameters
    ----------
    generator
        Source of chance; torch's default one if None.
    """
    for part in module.modules():
        if isinstance(part, _WEIGHTED):
            nn.init.xavier_uniform_(part.weight, generator=generator)
        elif isinstance(part, _NORMED) and part.affine:
            nn.init.normal_(part.weight, 1.0, 0.2, generator=generator)
            nn.init.zeros_(part.bias)
