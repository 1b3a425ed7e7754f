"""Initial weights as published."""

import torch
from torch import nn

from antiphon.nn.grid import GridConv, GridDeconv

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


def truncated_init(module: nn.Module, std: float, generator: torch.Generator | None = None) -> None:
    """Draw the weights of `module`'s convolutions and linear maps from N(0, std) cut at two deviations; biases are 0.

    Parameters
    ----------
    std
        Standard deviation before the cut: 0.02 in MuseGAN's code of 2018, 0.05 in its later one.
    generator
        Source of chance; torch's default one if None.
    """
    for part in module.modules():
        if isinstance(part, (*_WEIGHTED, GridConv, GridDeconv)):
            nn.init.trunc_normal_(part.weight, 0.0, std, -2 * std, 2 * std, generator=generator)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
