"""Attention that knows how far back a token is (Dai et al. 2019; Huang et al. 2018), plain, so that it is exact.

Axes: N head and column, T query, K key, the last K - T of the keys before the first query; D width.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from antiphon.nn.dropping import dropped


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
    query: Tensor, key: Tensor, value: Tensor, bias: Tensor, hidden: Tensor, *, dropout: float = 0.0
) -> Tensor:
    """softmax(q k + bias) v of queries (B, H, T, D), keys (B, H, K, D), values (B, H, K, D') and a bias (B, H, T, K)
    that may learn, `hidden` (B or 1, 1, T, K) keys left out; shares are dropped by `dropout`. In the type of `value`.

    By torch's fused kernel on a GPU, hence without a second derivative there.
    """
    query, key, bias = query.to(value), key.to(value), bias.to(value)
    attention = fused if query.is_cuda else plain
    with torch.autocast(query.device.type, enabled=False):
        return attention(query, key, value, bias, hidden, dropout=dropout)


def plain(query: Tensor, key: Tensor, value: Tensor, bias: Tensor, hidden: Tensor, *, dropout: float) -> Tensor:
    """`biased_attention` by products."""
    scores = torch.baddbmm(bias.flatten(0, 1), query.flatten(0, 1), key.flatten(0, 1).transpose(1, 2))
    scores = scores.view(bias.shape).masked_fill_(hidden, -torch.inf)
    given = dropped(scores.softmax(3), dropout).flatten(0, 1)
    return (given @ value.flatten(0, 1)).view(*query.shape[:3], -1)


def fused(query: Tensor, key: Tensor, value: Tensor, bias: Tensor, hidden: Tensor, *, dropout: float) -> Tensor:
    """`biased_attention` by torch's kernel, which takes no widths but multiples of 8."""
    filled = [F.pad(part, (0, -part.shape[3] % 8)) for part in (query, key, value)]
    seen = bias.masked_fill(hidden, -torch.inf)
    heard = F.scaled_dot_product_attention(
        filled[0], filled[1], filled[2], attn_mask=seen, dropout_p=dropout, scale=1.0
    )
    return heard[..., : value.shape[3]]
