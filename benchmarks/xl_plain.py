"""Transformer-XL computed the published way: everything of memory and segment made anew at every call.

Not of the package: benchmarks time the package's own beside it, with the same weights. Axes: T token, B column, M place
of the memory, H head, D width.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from antiphon.families.transformer.xl import Layer, XlGenerator
from antiphon.nn.relative import sinusoids


def plain_logits(
    network: XlGenerator, tokens: Tensor, memory: Tensor, span: int | None = None
) -> tuple[Tensor, Tensor]:
    """Logits (B, T, V) of tokens (B, T) given the states before (L, B, M, D), and the states after.

    Parameters
    ----------
    span
        Tokens that each sees, itself among them; None: the whole memory and its segment so far.
    """
    places, num = memory.shape[2], tokens.shape[1]
    shares = (network.sizes.dropout, network.training)
    distances = F.dropout(sinusoids(places + num, network.width, network.embedding), *shares)
    far = torch.ones(num, places + num, dtype=torch.bool).triu(1 + places)
    hidden = far if span is None else far | torch.ones_like(far).tril(places - span)
    states = F.dropout(F.embedding(tokens, network.embedding) * math.sqrt(network.width), *shares).transpose(0, 1)
    levels = []
    for layer, before in zip(network.layers, memory.transpose(1, 2), strict=True):
        assert isinstance(layer, Layer)
        levels.append(states)
        states = _passed(network, layer, states, before, distances=distances, hidden=hidden)
    logits = F.linear(F.dropout(states, *shares), network.embedding, network.bias).transpose(0, 1)
    after = torch.cat([memory, torch.stack(levels).detach().transpose(1, 2)], 2)
    return logits, after[:, :, -(span or max(places, 1)) :]


def _passed(
    network: XlGenerator, layer: Layer, states: Tensor, memory: Tensor, *, distances: Tensor, hidden: Tensor
) -> Tensor:
    shares = (network.sizes.dropout, network.training)
    joined = torch.cat([memory, states])
    query, key, value = F.linear(joined, layer.told.weight).unflatten(2, (3, layer.num_heads, -1)).unbind(2)  # type: ignore[no-untyped-call]
    query = query[-len(states) :]
    place = F.linear(distances, layer.placed.weight).unflatten(1, (layer.num_heads, -1))  # type: ignore[no-untyped-call]
    content = torch.einsum("ibnd,jbnd->ijbn", query + network.to_content[:, 0], key)
    where = torch.einsum("ibnd,jnd->ijbn", query + network.to_place[:, 0], place)
    scores = (content + _shifted(where)) / math.sqrt(query.shape[3])
    given = scores.masked_fill(hidden[:, :, None, None], -torch.inf).softmax(1)
    given = F.dropout(given, network.sizes.attention_dropout, network.training)
    heard = torch.einsum("ijbn,jbnd->ibnd", given, value).flatten(2)
    states = layer.heard_norm(states + F.dropout(F.linear(heard, layer.mixed.weight), *shares))
    inner = F.dropout(F.relu(F.linear(states, layer.up.weight, layer.up.bias)), *shares)
    normed: Tensor = layer.norm(states + F.dropout(F.linear(inner, layer.down.weight, layer.down.bias), *shares))
    return normed


def _shifted(products: Tensor) -> Tensor:
    padded = torch.cat([torch.zeros_like(products[:, :1]), products], 1)
    return padded.view(products.shape[1] + 1, products.shape[0], *products.shape[2:])[1:].view_as(products)
