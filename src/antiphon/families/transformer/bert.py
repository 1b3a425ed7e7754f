"""A BERT over tokens: the critic that it becomes, and the masked model that teaches it what music is like.

Attention is torch's own, whose plain kernel `antiphon.gan.penalties.second_order` chooses where it is differentiated
twice.

Axes: B batch, T token, V vocabulary (with the mask one more), D width, H head.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from antiphon.families.transformer.critic import Critic
from antiphon.families.transformer.critic_designs import EMBEDDINGS, BertCritic, BertSizes

_EPSILON = 1e-12
_STD = 0.02
_KINDS = 2


class Layer(nn.Module):
    """Attention over all tokens, then two dense maps token by token; each half is added and normed."""

    def __init__(self, sizes: BertSizes) -> None:
        super().__init__()
        width, self.num_heads, self.dropout = sizes.width, sizes.num_heads, sizes.dropout
        self.heard = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.attended_norm = nn.LayerNorm(width, _EPSILON)
        self.inner = nn.Linear(width, sizes.inner)
        self.outer = nn.Linear(sizes.inner, width)
        self.norm = nn.LayerNorm(width, _EPSILON)
        self.drop = nn.Dropout(sizes.dropout)

    def forward(self, states: Tensor, heard: Tensor | None) -> Tensor:
        """States (B, T, D) from states; attention goes where `heard` (B, 1, 1, T) is true."""
        queries, keys, values = (
            part.unflatten(2, (self.num_heads, -1)).transpose(1, 2) for part in self.heard(states).chunk(3, dim=2)
        )
        dropout = self.dropout if self.training else 0.0
        seen = F.scaled_dot_product_attention(queries, keys, values, heard, dropout).transpose(1, 2).flatten(2)
        states = self.attended_norm(states + self.drop(self.out(seen)))
        normed: Tensor = self.norm(states + self.drop(self.outer(F.gelu(self.inner(states)))))
        return normed


class Encoder(nn.Module):
    """Tokens to states that know of all the others.

    Parameters
    ----------
    sizes
        Its table.
    vocabulary
        Tokens of the music; the mask is the one behind them.
    """

    def __init__(self, sizes: BertSizes, vocabulary: int) -> None:
        super().__init__()
        self.mask = vocabulary
        self.words = nn.Embedding(vocabulary + 1, sizes.width)
        self.positions = nn.Embedding(sizes.positions, sizes.width)
        # A second kind of text, never heard here, is part of the published model.
        self.kinds = nn.Embedding(_KINDS, sizes.width)
        self.norm = nn.LayerNorm(sizes.width, _EPSILON)
        self.drop = nn.Dropout(sizes.dropout)
        self.layers = nn.ModuleList(Layer(sizes) for _ in range(sizes.num_layers))
        self.apply(_init)

    def embed(self, tokens: Tensor) -> Tensor:
        """Word embeddings (B, T, D) of ids (B, T), or of rows of soft one-hots (B, T, V or V - 1)."""
        if not tokens.is_floating_point():
            words: Tensor = self.words(tokens)
            return words
        return tokens @ self.words.weight[: tokens.shape[2]]

    def forward(self, words: Tensor, heard: Tensor | None = None) -> Tensor:
        """States (B, T, D) of word embeddings (B, T, D), of which those are heard where `heard` (B, T) is true.

        Raises
        ------
        ValueError
            If there are more tokens than positions.
        """
        if words.shape[1] > self.positions.num_embeddings:
            raise ValueError(f"{words.shape[1]} tokens are more than the {self.positions.num_embeddings} positions")
        places = self.positions.weight[: words.shape[1]]
        states: Tensor = self.drop(self.norm(words + places + self.kinds.weight[0]))
        for layer in self.layers:
            states = layer(states, None if heard is None else heard[:, None, None])
        return states

    def part(self, name: str) -> tuple[nn.Module, ...]:
        """The modules of that name: "embeddings", or a layer's number."""
        if name == EMBEDDINGS:
            return self.words, self.positions, self.kinds, self.norm
        return (self.layers[int(name)],)


class BertDiscriminator(Critic):
    """The first token's state, pooled, and a linear verdict of two numbers of which the first counts (as published)."""

    def __init__(self, design: BertCritic, vocabulary: int) -> None:
        super().__init__()
        self.encoder = Encoder(design, vocabulary)
        self.pooler = nn.Linear(design.width, design.width)
        self.head_norm = nn.LayerNorm(design.width) if design.head == "normed" else nn.Identity()
        self.drop = nn.Dropout(design.dropout)
        self.classifier = nn.Linear(design.width, 2)
        for part in (self.pooler, self.classifier):
            _init(part)
        for name in design.freeze:
            for module in self.encoder.part(name):
                module.requires_grad_(False)

    def embed(self, tokens: Tensor) -> Tensor:
        """Word embeddings (B, T, D), where the published penalty is taken."""
        return self.encoder.embed(tokens)

    def judge(self, points: Tensor) -> Tensor:
        """Logits (B,) of word embeddings (B, T, D)."""
        pooled = self.head_norm(torch.tanh(self.pooler(self.encoder(points)[:, 0])))
        logits: Tensor = self.classifier(self.drop(pooled))[:, 0]
        return logits


class MaskedModel(nn.Module):
    """What a token was that is masked, from all the others: the embedding table, used once more, is the last map."""

    def __init__(self, sizes: BertSizes, vocabulary: int) -> None:
        super().__init__()
        self.encoder = Encoder(sizes, vocabulary)
        self.dense = nn.Linear(sizes.width, sizes.width)
        self.norm = nn.LayerNorm(sizes.width, _EPSILON)
        self.bias = nn.Parameter(torch.zeros(vocabulary + 1))
        _init(self.dense)

    def forward(self, tokens: Tensor, heard: Tensor | None = None, places: Tensor | None = None) -> Tensor:
        """Logits over all tokens and the mask, (B, T, V) of ids (B, T), or (P, V) at the P `places` (B, T) that are
        true; attention goes where `heard` (B, T) is true."""
        states: Tensor = self.encoder(self.encoder.embed(tokens), heard)
        states = states if places is None else states[places]
        states = self.norm(F.gelu(self.dense(states)))
        return F.linear(states, self.encoder.words.weight, self.bias)


def _init(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, 0.0, _STD)
    if isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)
