"""Transformer-XL as Transformer-GAN trains it (Dai et al. 2019; the sizes are Transformer-GAN's Table 1).

Axes: B column of a batch, T token, M place of the memory, K key (M + T), H head, L layer, D width, V vocabulary.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from antiphon.families.transformer.designs import XlNetwork
from antiphon.families.transformer.generator import Decoder, Generator, Memory, embedded
from antiphon.nn.dropping import Dropout
from antiphon.nn.products import Projection, affine
from antiphon.nn.relative import biased_attention, by_key, sinusoids
from antiphon.nn.windowed import band

_STD = 0.01


class XlGenerator(Generator):
    """Post-norm layers that see their memory, relative positions whose two biases all layers share, one table for
    embedding and output.

    What the published code computes and this does not: queries and outputs of memory places, gradients into the memory.

    Parameters
    ----------
    sizes
        Its sizes.
    vocabulary
        Tokens, V.
    """

    def __init__(self, sizes: XlNetwork, vocabulary: int) -> None:
        super().__init__(vocabulary, sizes.num_layers, sizes.width)
        self.sizes = sizes
        self.embedding = nn.Parameter(torch.empty(vocabulary, sizes.width))
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        heads = (sizes.num_heads, 1, sizes.width // sizes.num_heads)
        self.to_content = nn.Parameter(torch.empty(heads))
        self.to_place = nn.Parameter(torch.empty(heads))
        self.layers = nn.ModuleList(Layer(sizes) for _ in range(sizes.num_layers))
        self.dropout = Dropout(sizes.dropout)
        self._draw()

    def _draw(self) -> None:
        for part in (self.embedding, self.to_content, self.to_place):
            nn.init.normal_(part, 0.0, _STD)
        for module in self.modules():
            if isinstance(module, (Projection, nn.LayerNorm)):
                nn.init.normal_(module.weight, float(isinstance(module, nn.LayerNorm)), _STD)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(
        self, tokens: Tensor, memory: Memory | None = None, fresh: Tensor | None = None, *, same_length: bool = False
    ) -> tuple[Tensor, Memory | None]:
        """As `Generator.forward`."""
        past = self.begin(len(tokens), 0) if memory is None else _forgotten(memory, fresh)
        places, num = past.states.shape[2], tokens.shape[1]
        if same_length and not places:
            raise ValueError("same_length needs a memory with places; give begin() how many tokens each is to see")
        hidden = _hidden(past, num, places if same_length else None)
        distances = self.dropout(sinusoids(places + num + 1, self.width, self.embedding))
        states = self.dropout(self.entered(tokens))
        levels = []
        for layer, before in zip(self.layers, past.states, strict=True):
            levels.append(states.detach())
            states = layer(states, before, distances, hidden, (self.to_content, self.to_place))
        kept = None if memory is None else _remembered(past, levels)
        return self.scores(self.dropout(states)), kept

    def decoder(self, num: int, span: int) -> Decoder:
        """As `Generator.decoder`: logits are those of `forward` with `same_length` and `span` places."""
        from antiphon.families.transformer.xl_decoder import XlDecoder

        return XlDecoder(self, num, span)

    def entered(self, tokens: Tensor) -> Tensor:
        """States (B, T, D) before the first layer."""
        return embedded(tokens, self.embedding) * math.sqrt(self.width)

    def scores(self, states: Tensor) -> Tensor:
        """Logits (..., V) of states (..., D) after the last layer."""
        return affine(states.flatten(0, -2), self.embedding.t(), self.bias).view(*states.shape[:-1], -1)


class Layer(nn.Module):
    """Attention to memory and segment, then two maps; each is added to what it read, and normed after.

    Parameters
    ----------
    sizes
        Of the network.
    """

    def __init__(self, sizes: XlNetwork) -> None:
        super().__init__()
        self.num_heads, self.attention_dropout = sizes.num_heads, sizes.attention_dropout
        self.told = Projection(sizes.width, 3 * sizes.width)
        self.placed = Projection(sizes.width, sizes.width)
        self.mixed = Projection(sizes.width, sizes.width)
        self.up = Projection(sizes.width, sizes.feedforward, bias=True)
        self.down = Projection(sizes.feedforward, sizes.width, bias=True)
        self.heard_norm = nn.LayerNorm(sizes.width)
        self.norm = nn.LayerNorm(sizes.width)
        self.dropout = Dropout(sizes.dropout)

    def forward(
        self, states: Tensor, memory: Tensor, distances: Tensor, hidden: Tensor, biases: tuple[Tensor, Tensor]
    ) -> Tensor:
        """States (B, T, D) given those of the memory (B, M, D) and distances (K + 1, D); `hidden` (B or 1, 1, T, K)
        keys are not seen, `biases` (H, 1, D / H) are added to what asks for content and for places."""
        query, key, value = self.heads(self.told(states), 3)
        if memory.shape[1]:
            remembered = affine(memory.flatten(0, 1), self.told.weight[states.shape[2] :].t(), None)
            before = self.heads(remembered.view(*memory.shape[:2], -1), 2)
            key, value = (torch.cat(pair, 2) for pair in zip(before, (key, value), strict=True))
        scale = query.shape[3] ** -0.5
        (place,) = self.heads(self.placed(distances)[None], 1)
        # One product for all columns: what a head asks of distances does not depend on the column.
        asked = ((query + biases[1]) * scale).transpose(0, 1).flatten(1, 2)
        near = by_key((asked @ place[0].transpose(1, 2)).view(self.num_heads, *states.shape[:2], -1)).transpose(0, 1)
        dropped = self.attention_dropout if self.training else 0.0
        heard = biased_attention((query + biases[0]) * scale, key, value, near, hidden, dropout=dropped)
        return self.after(states, heard)

    def heads(self, told: Tensor, num: int) -> tuple[Tensor, ...]:
        """`num` parts (B, H, T, D / H) of (B, T, num D)."""
        return told.view(*told.shape[:2], num, self.num_heads, -1).permute(2, 0, 3, 1, 4).unbind(0)

    def after(self, states: Tensor, heard: Tensor) -> Tensor:
        """States (B, T, D) of what went in and what the heads heard (B, H, T, D / H)."""
        states = self.heard_norm(states + self.dropout(self.mixed(heard.transpose(1, 2).flatten(2))))
        inner = self.dropout(F.relu(self.up(states)))
        normed: Tensor = self.norm(states + self.dropout(self.down(inner)))
        return normed


def _forgotten(memory: Memory, fresh: Tensor | None) -> Memory:
    return memory if fresh is None else memory._replace(length=memory.length.masked_fill(fresh, 0))


def _remembered(past: Memory, levels: list[Tensor]) -> Memory:
    """The memory after a segment's states (B, T, D) of each level."""
    places, num = past.states.shape[2], levels[0].shape[1]
    latest = torch.stack([level[:, max(num - places, 0) :] for level in levels]).to(past.states)
    states = torch.cat([past.states[:, :, min(num, places) :], latest], 2)
    return Memory(states, (past.length + num).clamp_max(places))


def _hidden(past: Memory, num: int, span: int | None) -> Tensor:
    """Keys that are not seen, (B or 1, 1, T, K): not yet written, too far, or of no piece or another."""
    places = past.states.shape[2]
    hidden = ~band(num, places + num, span or places + num, past.states.device)[None, None]
    empty = torch.arange(places + num, device=past.states.device) < places - past.length[:, None]
    return hidden | empty[:, None, None]
