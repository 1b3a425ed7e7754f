"""MuseGAN's random vectors: drawn, redrawn for one track, and joined to what a bar of a track is written from.

Every part is (N, K, B, L): N phrases, K tracks (1 where tracks share it), B bars (1 where it does not flow, or where a
temporal network makes it flow), L its length.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from antiphon.families.musegan.layers import LatentConfig

Latents = Mapping[str, Tensor]
"""By the names of `LatentConfig.lengths`."""


def draw(
    config: LatentConfig, num: int, tracks: int, bars: int, *, limit: float | None = None, like: Tensor
) -> dict[str, Tensor]:
    """Fresh latents from torch's default generator.

    Parameters
    ----------
    num, tracks, bars
        Phrases; the tracks of one; values that flowing latents have.
    limit
        Largest deviation that is drawn, in standard deviations; the configuration's where None.
    like
        Gives device and type.
    """
    limit = config.limit if limit is None else limit
    drawn = {}
    for name, length in config.lengths.items():
        size = (num, tracks if "private" in name else 1, bars if "flowing" in name else 1, length)
        values = torch.empty(size, device=like.device, dtype=like.dtype)
        if limit is None:
            values.normal_()
        else:
            torch.nn.init.trunc_normal_(values, 0.0, 1.0, -limit, limit)
        drawn[name] = config.std * values
    return drawn


def redrawn(latents: Latents, fresh: Latents, track: int) -> dict[str, Tensor]:
    """The same latents but for the private ones of one track, which come from `fresh`."""
    changed = dict(latents)
    for name, values in latents.items():
        if "private" in name:
            places = torch.arange(values.shape[1], device=values.device) == track
            changed[name] = torch.where(places[:, None, None], fresh[name], values)
    return changed


def joined(config: LatentConfig, latents: Latents, track: int, bars: int) -> Tensor:
    """What each bar of a track is written from, (N, B, width): its latents, flowing ones first, or their sum."""
    parts = [latents[name][:, track if "private" in name else 0].expand(-1, bars, -1) for name in config.lengths]
    return torch.stack(parts).sum(0) if config.joined == "summed" else torch.cat(parts, 2)
