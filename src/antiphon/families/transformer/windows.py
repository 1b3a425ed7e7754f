"""Keys and values of the last tokens, kept so that what each layer may see is one view and nothing is ever joined.

Axes: L layer, B piece, H head, T token, D width of a head. Tokens are the last axis: a score or a sum over tokens then
reads long rows, which is what memory is fastest at.
"""

import torch
from torch import Tensor

from antiphon.nn.thin import thin_product


class Windows:
    """A buffer twice as long as what is seen: it fills from its begin, and when it is full the end moves to the begin.

    Parameters
    ----------
    num_layers
        L.
    shape
        (B, H, D).
    span
        Tokens seen, the token itself among them.
    like
        Whose type and device the buffer has.
    """

    def __init__(self, num_layers: int, shape: tuple[int, int, int], span: int, like: Tensor) -> None:
        if span < 1:
            raise ValueError(f"a token sees itself at least: span is {span}")
        self.span, self.filled = span, 0
        self.kept = like.new_zeros(num_layers, 2, *shape, 2 * span)

    def make_room(self, num: int) -> None:
        """Let `num` more tokens, at most `span`, have a place."""
        if self.filled + num > self.kept.shape[-1]:
            begin = self.filled - (self.span - 1)
            # What moves may overlap with where it goes; layer by layer, so that the copy is small.
            for kept in self.kept:
                kept[..., : self.span - 1] = kept[..., begin : self.filled].clone()
            self.filled = self.span - 1

    def seen(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Keep what a layer made of tokens (B, H, T, D), and give what the first of them and the later ones see, each
        (B, H, D, tokens)."""
        begin, end = max(self.filled + 1 - self.span, 0), self.filled + key.shape[2]
        keys, values = self.kept[layer]
        keys[..., self.filled : end] = key.transpose(2, 3)
        values[..., self.filled : end] = value.transpose(2, 3)
        return keys[..., begin:end], values[..., begin:end]

    def advance(self, num: int) -> None:
        """Go on after `num` tokens."""
        self.filled += num


def asked(query: Tensor, keys: Tensor) -> Tensor:
    """Products (B, H, T, K) of queries (B, H, T, D) with keys (B, H, D, K)."""
    return thin_product(query.flatten(0, 1), keys.flatten(0, 1)).unflatten(0, query.shape[:2])


def answered(shares: Tensor, values: Tensor) -> Tensor:
    """Sums (B, H, T, D) of values (B, H, D, K) by shares (B, H, T, K)."""
    made = thin_product(values.flatten(0, 1), shares.flatten(0, 1).transpose(1, 2))
    return made.unflatten(0, shares.shape[:2]).transpose(2, 3)


@torch.no_grad()
def spread(states: Tensor, span: int) -> Tensor:
    """States (H, T, D) as (H, D, 2 span) with the tokens last and nothing before them."""
    made = states.new_zeros(len(states), states.shape[2], 2 * span)
    made[..., 2 * span - states.shape[1] :] = states.transpose(1, 2)
    return made
