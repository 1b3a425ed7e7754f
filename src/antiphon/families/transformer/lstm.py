"""An LSTM as a generator of tokens: what a recurrence of equal size can do beside attention.

Axes: B column of a batch, T token, L level, D width, V vocabulary.
"""

import torch
from torch import Tensor, nn

from antiphon.families.transformer.designs import LstmNetwork
from antiphon.families.transformer.generator import Decoder, Generator, Memory, embedded

_STD = 0.02


class LstmGenerator(Generator):
    """Embedding and output are one table; the memory is the state, hidden and cell by layer: two levels each.

    Parameters
    ----------
    sizes
        Its sizes.
    vocabulary
        Tokens, V.
    """

    def __init__(self, sizes: LstmNetwork, vocabulary: int) -> None:
        super().__init__(vocabulary, 2 * sizes.num_layers, sizes.width)
        self.embedding = nn.Parameter(torch.randn(vocabulary, sizes.width) * _STD)
        self.layers = nn.LSTM(sizes.width, sizes.width, sizes.num_layers, batch_first=True, dropout=_between(sizes))
        self.dropout = nn.Dropout(sizes.dropout)
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def begin(self, num: int, places: int) -> Memory:
        """As `Generator.begin`; a state has one place, whatever is asked."""
        return super().begin(num, 1)

    def forward(
        self, tokens: Tensor, memory: Memory | None = None, fresh: Tensor | None = None, *, same_length: bool = False
    ) -> tuple[Tensor, Memory | None]:
        """As `Generator.forward`; how far it sees is its own affair."""
        held = self.begin(len(tokens), 1) if memory is None else memory
        states = held.states if fresh is None else held.states.masked_fill(fresh[:, None, None], 0)
        hidden, cell = states[:, :, 0].contiguous().chunk(2)
        entered = self.dropout(embedded(tokens, self.embedding))
        heard, left = self.layers(entered, (hidden.to(entered), cell.to(entered)))
        logits = self.dropout(heard) @ self.embedding.t() + self.bias
        after = Memory(torch.cat(left)[:, :, None].detach(), torch.ones_like(held.length))
        return logits, None if memory is None else after

    def decoder(self, num: int, span: int) -> Decoder:
        """As `Generator.decoder`; it hears the whole piece, whatever `span` is."""
        return LstmDecoder(self, num)


class LstmDecoder:
    """Pieces that go on from a state."""

    def __init__(self, network: LstmGenerator, num: int) -> None:
        self._network, self._memory = network, network.begin(num, 1)

    @torch.no_grad()
    def follow(self, tokens: Tensor) -> Tensor:
        """Logits (B, T, V) after each of the tokens."""
        logits: Tensor
        logits, memory = self._network(tokens, self._memory)
        assert memory is not None
        self._memory = memory
        return logits

    def read(self, tokens: Tensor) -> Tensor:
        """Logits (B, V) after the last of tokens (B, T)."""
        return self.follow(tokens)[:, -1]

    def step(self, tokens: Tensor) -> Tensor:
        """Logits (B, V) after one more token (B,) each."""
        return self.follow(tokens[:, None])[:, 0]


def _between(sizes: LstmNetwork) -> float:
    # torch warns of dropout between layers where there is only one.
    return sizes.dropout if sizes.num_layers > 1 else 0.0
