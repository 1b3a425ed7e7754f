"""Music Transformer (Huang et al. 2018), the other baseline of Transformer-GAN's tables.

Axes: B column of a batch, T token, H head, D width, V vocabulary.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from antiphon.families.transformer.decoding import WindowDecoder, answered, asked, placed, shares
from antiphon.families.transformer.designs import MusicNetwork
from antiphon.families.transformer.generator import Decoder, Generator, Memory, embedded
from antiphon.families.transformer.windows import Windows
from antiphon.nn.dropping import Dropout
from antiphon.nn.products import Projection, affine
from antiphon.nn.relative import biased_attention, by_key
from antiphon.nn.thin import steady, thinned
from antiphon.nn.windowed import band

_EPSILON = 1e-6


class MusicGenerator(Generator):
    """Pre-norm layers whose heads learn a vector for each of the last `reach` distances, by the skewing of the paper.

    The sizes of the default are tensor2tensor's for music, `t_rel_len2048_h384_att512_fs1024_n8_dropout20`: tables of
    embedding and output apart, keys of 512, values of 384, and distances to half the length of a segment. That makes
    16,253,184 weights; the paper's 16,253,189 counts five more numbers, such as the number of the step. Other than
    there a piece begins with its own token rather than with zeros, and no absolute positions are added, which would
    bound how long a piece may be.

    Parameters
    ----------
    sizes
        Its sizes.
    vocabulary
        Tokens, V.
    """

    def __init__(self, sizes: MusicNetwork, vocabulary: int) -> None:
        super().__init__(vocabulary, 0, sizes.width)
        self.sizes = sizes
        self.embedding = nn.Parameter(torch.randn(vocabulary, sizes.width) * sizes.width**-0.5)
        self.output = nn.Parameter(torch.randn(vocabulary, sizes.width) * sizes.width**-0.5)
        self.layers = nn.ModuleList(Layer(sizes) for _ in range(sizes.num_layers))
        self.norm = nn.LayerNorm(sizes.width, eps=_EPSILON)
        self.dropout = Dropout(sizes.dropout)

    def forward(
        self, tokens: Tensor, memory: Memory | None = None, fresh: Tensor | None = None, *, same_length: bool = False
    ) -> tuple[Tensor, Memory | None]:
        """As `Generator.forward`; it keeps no memory, and each token sees its whole segment so far."""
        states = self.dropout(self.entered(tokens))
        for layer in self.layers:
            states = layer(states)
        return self.scores(states), memory

    def decoder(self, num: int, span: int) -> Decoder:
        """As `Generator.decoder`."""
        return MusicDecoder(self, num, span)

    def entered(self, tokens: Tensor) -> Tensor:
        """States (B, T, D) before the first layer."""
        return embedded(tokens, self.embedding) * math.sqrt(self.width)

    def scores(self, states: Tensor) -> Tensor:
        """Logits (..., V) of states (..., D) after the last layer."""
        return affine(self.norm(states).flatten(0, -2), self.output.t(), None).view(*states.shape[:-1], -1)


class Layer(nn.Module):
    """Attention, then two maps; each reads what is normed, and is added to what it read.

    Parameters
    ----------
    sizes
        Of the network.
    """

    def __init__(self, sizes: MusicNetwork) -> None:
        super().__init__()
        self.num_heads, self.dropped = sizes.num_heads, sizes.dropout
        self.widths = [sizes.key_width, sizes.key_width, sizes.width]
        self.told = Projection(sizes.width, sum(self.widths))
        self.mixed = Projection(sizes.width, sizes.width)
        self.up = Projection(sizes.width, sizes.feedforward, bias=True)
        self.down = Projection(sizes.feedforward, sizes.width, bias=True)
        self.heard_norm = nn.LayerNorm(sizes.width, eps=_EPSILON)
        self.norm = nn.LayerNorm(sizes.width, eps=_EPSILON)
        self.dropout = Dropout(sizes.dropout)
        width = sizes.key_width // sizes.num_heads
        # The least distance last.
        self.places = nn.Parameter(torch.randn(sizes.num_heads, sizes.reach, width) * width**-0.5)
        self._draw()

    def _draw(self) -> None:
        for weight in (
            *torch.split(self.told.weight, self.widths),
            self.mixed.weight,
            self.up.weight,
            self.down.weight,
        ):
            nn.init.xavier_uniform_(weight.data)
        for part in (self.up, self.down):
            nn.init.zeros_(part.bias)

    def forward(self, states: Tensor) -> Tensor:
        """States (B, T, D) of a segment."""
        query, key, value = self.heads(states)
        num, length = states.shape[:2]
        # Heads first: all columns ask the same distances, in one product.
        products = query.transpose(0, 1).flatten(1, 2) @ self.within(length + 1).transpose(1, 2)
        near = by_key(products.view(self.num_heads, num, length, length + 1)).transpose(0, 1)
        hidden = ~band(length, length, length, states.device)[None, None]
        dropped = self.dropped if self.training else 0.0
        heard = biased_attention(query, key, value, near, hidden, dropout=dropped)
        return self.after(states, heard)

    def heads(self, states: Tensor) -> tuple[Tensor, ...]:
        """Queries, scaled, keys and values (B, H, T, width of a head)."""
        told = torch.split(self.told(self.heard_norm(states)), self.widths, 2)
        query, key, value = (part.view(*part.shape[:2], self.num_heads, -1).transpose(1, 2) for part in told)
        return query * query.shape[3] ** -0.5, key, value

    def within(self, num: int) -> Tensor:
        """Vectors (H, num, width) of the distances num - 1, ..., 0; those beyond the reach are 0."""
        return F.pad(self.places, (0, 0, num - self.places.shape[1], 0))

    def after(self, states: Tensor, heard: Tensor) -> Tensor:
        """States (B, T, D) of what went in and what the heads heard (B, H, T, D / H)."""
        states = states + self.dropout(self.mixed(heard.transpose(1, 2).flatten(2)))
        inner = self.dropout(F.relu(self.up(self.norm(states))))
        summed: Tensor = states + self.dropout(self.down(inner))
        return summed


class MusicDecoder(WindowDecoder):
    """Pieces that go on; the network's weights are those at the begin.

    Parameters
    ----------
    network, num, span
        Whose, how many pieces, and how many tokens are seen.
    """

    @torch.inference_mode()
    def __init__(self, network: MusicGenerator, num: int, span: int) -> None:
        sizes = network.sizes
        widths = (sizes.key_width // sizes.num_heads, sizes.width // sizes.num_heads)
        super().__init__(Windows((sizes.num_layers, num, sizes.num_heads), widths, span, network.embedding))
        self.network = thinned(network, num)
        self.places = [self._places(layer) for layer in network.layers]

    def _places(self, layer: nn.Module) -> Tensor:
        assert isinstance(layer, Layer)
        return steady(layer.within(self.windows.span + self.windows.most).transpose(1, 2))

    def passed(self, tokens: Tensor) -> Tensor:
        """As `WindowDecoder.passed`."""
        states = self.network.entered(tokens)
        for index, (layer, places) in enumerate(zip(self.network.layers, self.places, strict=True)):
            assert isinstance(layer, Layer)
            query, *told = layer.heads(states)
            keys, values = self.windows.seen(index, told)
            scores = asked(query, keys)
            scores += placed(query, places, keys.shape[3])
            states = layer.after(states, answered(shares(scores, self.windows.span), values))
        return states

    def scores(self, states: Tensor) -> Tensor:
        """As `WindowDecoder.scores`."""
        return self.network.scores(states)
