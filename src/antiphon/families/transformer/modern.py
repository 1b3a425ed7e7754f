"""Our generator of tokens: a pre-norm Transformer with rotary positions that sees a sliding window.

Axes: B column of a batch, T token, H head, D width, V vocabulary.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from antiphon.families.transformer.decoding import WindowDecoder, answered, asked, shares
from antiphon.families.transformer.designs import ModernNetwork
from antiphon.families.transformer.generator import Decoder, Generator, Memory, embedded
from antiphon.families.transformer.windows import Windows
from antiphon.nn.dropping import Dropout
from antiphon.nn.products import Projection, affine
from antiphon.nn.rotary import turned, turns
from antiphon.nn.thin import thinned
from antiphon.nn.windowed import windowed_attention

_STD = 0.02

Turn = tuple[Tensor, Tensor]


class ModernGenerator(Generator):
    """Pre-norm layers without biases, whose last maps begin at zero, so that each layer begins as the identity.

    Norms have no weights: the map that follows has them. Embedding and output are one table.

    Parameters
    ----------
    sizes
        Its sizes.
    vocabulary
        Tokens, V.
    """

    def __init__(self, sizes: ModernNetwork, vocabulary: int) -> None:
        super().__init__(vocabulary, 0, sizes.width)
        self.sizes = sizes
        self.embedding = nn.Parameter(torch.randn(vocabulary, sizes.width) * _STD)
        self.layers = nn.ModuleList(Layer(sizes) for _ in range(sizes.num_layers))
        self.dropout = Dropout(sizes.dropout)

    def forward(
        self, tokens: Tensor, memory: Memory | None = None, fresh: Tensor | None = None, *, same_length: bool = False
    ) -> tuple[Tensor, Memory | None]:
        """As `Generator.forward`; it keeps no memory, and each token sees the last `span` whatever is asked."""
        states = self.dropout(self.entered(tokens))
        turn = turns(0, tokens.shape[1], self.sizes.width // self.sizes.num_heads, self.sizes.base, states)
        for layer in self.layers:
            states = layer(states, turn)
        return self.scores(states), memory

    def decoder(self, num: int, span: int) -> Decoder:
        """As `Generator.decoder`; beyond the tokens that it was trained to see, it would hear distances for the first
        time, hence `span` is cut to that of its sizes."""
        return ModernDecoder(self, num, min(span, self.sizes.span))

    def entered(self, tokens: Tensor) -> Tensor:
        """States (B, T, D) before the first layer."""
        return normed(embedded(tokens, self.embedding))

    def scores(self, states: Tensor) -> Tensor:
        """Logits (..., V) of states (..., D) after the last layer."""
        return affine(normed(states).flatten(0, -2), self.embedding.t(), None).view(*states.shape[:-1], -1)


class Layer(nn.Module):
    """Attention, then a squared ReLU layer, each added to what it read.

    Parameters
    ----------
    sizes
        Of the network.
    """

    def __init__(self, sizes: ModernNetwork) -> None:
        super().__init__()
        self.num_heads, self.span = sizes.num_heads, sizes.span
        self.told = Projection(sizes.width, 3 * sizes.width)
        self.mixed = Projection(sizes.width, sizes.width)
        self.up = Projection(sizes.width, sizes.feedforward)
        self.down = Projection(sizes.feedforward, sizes.width)
        self.sharpness = nn.Parameter(torch.ones(sizes.num_heads, 1, 1))
        self.dropout = Dropout(sizes.dropout)
        for begins, weight in ((0.0, self.mixed), (0.0, self.down), (1.0, self.told), (1.0, self.up)):
            nn.init.normal_(weight.weight, 0.0, begins * weight.weight.shape[1] ** -0.5)

    def forward(self, states: Tensor, turn: Turn) -> Tensor:
        """States (B, T, D) of a segment that begins at position 0."""
        heard = windowed_attention(*self.heads(states, turn), self.span)
        return self.after(states, heard)

    def heads(self, states: Tensor, turn: Turn) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values (B, H, T, D / H)."""
        told: Tensor = self.told(normed(states))
        query, key, value = told.view(*told.shape[:2], 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
        return turned(normed(query) * self.sharpness.to(query), turn), turned(normed(key), turn), value

    def after(self, states: Tensor, heard: Tensor) -> Tensor:
        """States (B, T, D) of what went in and what the heads heard (B, H, T, D / H)."""
        states = states + self.dropout(self.mixed(heard.transpose(1, 2).flatten(2)))
        summed: Tensor = states + self.dropout(self.down(F.relu(self.up(normed(states))).square()))
        return summed


class ModernDecoder(WindowDecoder):
    """Pieces that go on; the network's weights are those at the begin.

    Parameters
    ----------
    network, num, span
        Whose, how many pieces, and how many tokens are seen.
    """

    def __init__(self, network: ModernGenerator, num: int, span: int) -> None:
        sizes = network.sizes
        width = sizes.width // sizes.num_heads
        super().__init__(Windows((sizes.num_layers, num, sizes.num_heads), (width, width), span, network.embedding))
        self.network, self.position = thinned(network, num), 0

    def passed(self, tokens: Tensor) -> Tensor:
        """As `WindowDecoder.passed`."""
        states, width = self.network.entered(tokens), self.windows.kept[0].shape[3]
        turn = turns(self.position, tokens.shape[1], width, self.network.sizes.base, states)
        for index, layer in enumerate(self.network.layers):
            assert isinstance(layer, Layer)
            query, *told = layer.heads(states, turn)
            keys, values = self.windows.seen(index, told)
            given = shares(asked(query * width**-0.5, keys), self.windows.span)
            states = layer.after(states, answered(given, values))
        self.position += tokens.shape[1]
        return states

    def scores(self, states: Tensor) -> Tensor:
        """As `WindowDecoder.scores`."""
        return self.network.scores(states)


def normed(states: Tensor) -> Tensor:
    """States (..., D) at a mean square of 1."""
    return F.rms_norm(states, states.shape[-1:])
