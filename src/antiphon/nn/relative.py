"""Attention that knows how far back a token is (Dai et al. 2019; Huang et al. 2018), plain, so that it is exact.

Axes: N head and column, T query, K key, the last K - T of the keys before the first query; D width.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def sinusoids(num: int, width: int, like: Tensor) -> Tensor:
    """Positions num - 1, ..., 1, 0 as [sin(d w), cos(d w)] with w_k = 10000^(-2k / width), (num, width), sines first.

    In the type and on the device of `like`.
    """
    distance = torch.arange(num - 1, -1, -1, dtype=torch.float64, device=like.device)
    frequency = 10000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64, device=like.device) / width)
    angle = distance[:, None] * frequency
    return torch.cat([angle.sin(), angle.cos()], 1).to(like)


def by_key(products: Tensor) -> Tensor:
    """Products of queries with distances as products with keys, without a copy: (..., T, K + 1) to (..., T, K).

    Distances come from K down to 0, of which K is nobody's and only fills; query i is key K - T + i. Of the triangle of
    keys to come the values mean nothing.
    """
    *more, num, seen = products.shape
    return products.flatten(-2)[..., num:].view(*more, num, seen - 1)


def biased_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Tensor,
    *,
    scale: float,
    dropout: float = 0.0,
    multiple: int | None = None,
) -> Tensor:
    """softmax(scale q k + bias) v of queries (B, H, T, D), keys (B, H, K, D), values (B, H, K, D') and a bias
    (B, H, T, K) that may learn; shares are dropped by `dropout`.

    Parameters
    ----------
    multiple
        What heads' widths are filled up to a multiple of: 8 on a GPU by default, whose fused kernel takes no others.
    """
    multiple = multiple or (8 if query.is_cuda else 1)
    filled = [F.pad(part, (0, -part.shape[3] % multiple)) for part in (query, key, value)]
    heard = F.scaled_dot_product_attention(
        filled[0], filled[1], filled[2], attn_mask=bias, dropout_p=dropout, scale=scale
    )
    return heard[..., : value.shape[3]]
