"""Causal attention to a window of the past, in blocks, so that its cost grows with the length and not its square.

Axes: B batch, H head, T token, K key, D width of a head.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

# Queries at a time on a processor: enough for a product, and few keys to come among theirs.
_BLOCK = 512


def windowed_attention(query: Tensor, key: Tensor, value: Tensor, span: int) -> Tensor:
    """softmax(q k / sqrt(D)) v, (B, H, T, D) each, where each token sees the last `span`, itself among them.

    In the type of `value`. On a GPU it is torch's fused attention, which has no second derivative; on a processor plain
    products, with which a step forward and back in bfloat16 takes two fifths of the time.
    """
    attention = fused if query.is_cuda else plain
    return attention(query.to(value), key.to(value), value, span)


def plain(query: Tensor, key: Tensor, value: Tensor, span: int) -> Tensor:
    """`windowed_attention` by products of blocks of queries with the keys that they see."""
    scale, heard = query.shape[3] ** -0.5, []
    with torch.autocast(query.device.type, enabled=False):
        for begin in range(0, query.shape[2], _BLOCK):
            asking = query[:, :, begin : begin + _BLOCK] * scale
            first, end = max(begin + 1 - span, 0), begin + asking.shape[2]
            unseen = ~band(asking.shape[2], end - first, span, query.device)
            bias = torch.zeros_like(unseen, dtype=query.dtype).masked_fill_(unseen, -torch.inf)
            seen = key[:, :, first:end].flatten(0, 1).transpose(1, 2)
            given = torch.baddbmm(bias, asking.flatten(0, 1), seen).softmax(2)
            heard.append((given @ value[:, :, first:end].flatten(0, 1)).view(asking.shape))
    return torch.cat(heard, 2)


def fused(query: Tensor, key: Tensor, value: Tensor, span: int) -> Tensor:
    """`windowed_attention` by torch's kernel: blocks of `span` queries see their own keys and those of the block
    before."""
    length = query.shape[2]
    if length <= span:
        return F.scaled_dot_product_attention(query, key, value, is_causal=True)
    query, key, value = (F.pad(part, (0, 0, 0, -length % span)) for part in (query, key, value))
    begin = F.scaled_dot_product_attention(query[:, :, :span], key[:, :, :span], value[:, :, :span], is_causal=True)
    late = F.scaled_dot_product_attention(
        _blocks(query[:, :, span:], span, span),
        _blocks(key, 2 * span, span),
        _blocks(value, 2 * span, span),
        attn_mask=band(span, 2 * span, span, query.device),
    )
    late = late.view(len(query), -1, *late.shape[1:]).transpose(1, 2).flatten(2, 3)
    return torch.cat([begin, late], 2)[:, :, :length]


def band(num: int, seen: int, span: int, device: torch.device) -> Tensor:
    """Which of `seen` keys the last `num` tokens may see, (num, seen) of bool: the last `span` each, none to come."""
    distance = torch.arange(seen - num, seen, device=device)[:, None] - torch.arange(seen, device=device)
    return (distance >= 0) & (distance < span)


def _blocks(states: Tensor, size: int, stride: int) -> Tensor:
    """Blocks (B N, H, size, D) of states (B, H, T, D)."""
    return states.unfold(2, size, stride).permute(0, 2, 1, 4, 3).flatten(0, 1)
