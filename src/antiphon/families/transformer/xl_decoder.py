"""Transformer-XL token by token: keys, values and what it makes of distances are kept, not made again.

Axes: B piece, T token, K key, H head, D width, V vocabulary.
"""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from antiphon.families.transformer.windows import Windows, answered, asked, spread
from antiphon.nn.relative import by_key, sinusoids
from antiphon.nn.thin import thin_product
from antiphon.nn.windowed import band

if TYPE_CHECKING:
    from antiphon.families.transformer.xl import XlGenerator


class XlDecoder:
    """Pieces that go on, each token seeing the last `span`; the network's weights are those at the begin.

    Parameters
    ----------
    network, num, span
        Whose, how many pieces, and how many tokens are seen.
    """

    @torch.inference_mode()
    def __init__(self, network: "XlGenerator", num: int, span: int) -> None:
        sizes = network.sizes
        self.network, self.span = network, span
        shape = (num, sizes.num_heads, sizes.width // sizes.num_heads)
        self.windows = Windows(sizes.num_layers, shape, span, network.embedding)
        distances = sinusoids(span, sizes.width, network.embedding)
        self.places = [spread(layer.heads(layer.placed(distances)[None], 1)[0][0], span) for layer in network.layers]

    @torch.inference_mode()
    def follow(self, tokens: Tensor) -> Tensor:
        """As `Decoder.follow`."""
        return self.network.scores(torch.cat([self._pass(some) for some in tokens.split(self.span, 1)], 1))

    @torch.inference_mode()
    def read(self, tokens: Tensor) -> Tensor:
        """As `Decoder.read`."""
        return self.network.scores([self._pass(some)[:, -1] for some in tokens.split(self.span, 1)][-1])

    def step(self, tokens: Tensor) -> Tensor:
        """As `Decoder.step`."""
        return self.read(tokens[:, None])

    def _pass(self, tokens: Tensor) -> Tensor:
        """States (B, T, D) after the last layer of at most `span` tokens (B, T)."""
        states = self.network.entered(tokens)
        self.windows.make_room(tokens.shape[1])
        for index, (layer, places) in enumerate(zip(self.network.layers, self.places, strict=True)):
            query, *told = layer.heads(layer.told(states), 3)
            keys, values = self.windows.seen(index, *told)
            heard = answered(self._scores(query, keys, places).softmax(3), values)
            states = layer.after(states, heard)
        self.windows.advance(tokens.shape[1])
        return states

    def _scores(self, query: Tensor, keys: Tensor, places: Tensor) -> Tensor:
        """What queries (B, H, T, D) make of keys (B, H, D, K) at `places` (H, D, distances), (B, H, T, K)."""
        (num, _, length, width), seen = query.shape, keys.shape[3]
        scores = asked((query + self.network.to_content) * width**-0.5, keys)
        about = ((query + self.network.to_place) * width**-0.5).transpose(0, 1).flatten(1, 2)
        products = thin_product(about, places[..., -seen - 1 :]).unflatten(1, (num, length))
        scores += by_key(products).transpose(0, 1)
        if length > 1:
            scores.masked_fill_(~band(length, seen, self.span, scores.device), -torch.inf)
        return scores
