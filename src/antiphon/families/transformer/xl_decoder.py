"""Transformer-XL token by token: keys, values and what it makes of distances are kept, not made again.

Axes: B piece, T token, K key, H head, D width, V vocabulary.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from antiphon.families.transformer.decoding import WindowDecoder, answered, asked, placed, shares
from antiphon.families.transformer.windows import Windows
from antiphon.families.transformer.xl import Layer, XlGenerator
from antiphon.nn.relative import sinusoids
from antiphon.nn.thin import ThinProjection, steady, thinned


class XlDecoder(WindowDecoder):
    """Pieces that go on, each token seeing the last `span`; the network's weights are those at the begin.

    Parameters
    ----------
    network, num, span
        Whose, how many pieces, and how many tokens are seen.
    """

    @torch.inference_mode()
    def __init__(self, network: XlGenerator, num: int, span: int) -> None:
        sizes = network.sizes
        width = sizes.width // sizes.num_heads
        super().__init__(Windows((sizes.num_layers, num, sizes.num_heads), (width, width), span, network.embedding))
        self.network = thinned(network, num)
        self.output = ThinProjection(network.embedding, network.bias, num)
        self.told = [self._asking(layer) for layer in network.layers]
        self.places = [self._places(layer) for layer in network.layers]
        # From what asks for content to what asks for places.
        self.apart = (network.to_place - network.to_content) * width**-0.5

    def _asking(self, layer: nn.Module) -> ThinProjection:
        """The map to queries, keys and values whose queries ask for content and are scaled already."""
        assert isinstance(layer, Layer)
        content = self.network.to_content
        scale = content.shape[2] ** -0.5
        query, others = torch.split(layer.told.weight, [self.network.width, 2 * self.network.width])
        bias = torch.cat([content.flatten() * scale, content.new_zeros(len(others))])
        return ThinProjection(torch.cat([query * scale, others]), bias, self.windows.kept[0].shape[1])

    def _places(self, layer: nn.Module) -> Tensor:
        """What a layer makes of distances, the least last, (H, D, distances); those that nobody sees are 0."""
        assert isinstance(layer, Layer)
        distances = sinusoids(self.windows.span, self.network.width, self.network.embedding)
        (made,) = layer.heads(layer.placed(distances)[None], 1)
        return steady(F.pad(made[0].transpose(1, 2), (self.windows.most, 0)))

    def passed(self, tokens: Tensor) -> Tensor:
        """As `WindowDecoder.passed`."""
        states = self.network.entered(tokens)
        parts = zip(self.network.layers, self.told, self.places, strict=True)
        for index, (layer, asking, places) in enumerate(parts):
            assert isinstance(layer, Layer)
            query, *told = layer.heads(asking(states), 3)
            keys, values = self.windows.seen(index, told)
            scores = asked(query, keys)
            scores += placed(query + self.apart, places, keys.shape[3])
            states = layer.after(states, answered(shares(scores, self.windows.span), values))
        return states

    def scores(self, states: Tensor) -> Tensor:
        """As `WindowDecoder.scores`."""
        logits: Tensor = self.output(states)
        return logits
