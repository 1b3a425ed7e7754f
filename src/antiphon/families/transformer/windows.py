"""Keys and values of the last tokens, kept so that what each layer may see is one view and nothing is ever joined.

Axes: L layer, B piece, H head, T token, D width of a head. Tokens are the last axis: a score or a sum over tokens then
reads long rows, which is what memory is fastest at.
"""

from collections.abc import Sequence

from torch import Tensor

from antiphon.nn.thin import spacious

# Tokens that are read at once, and steps from one move to the next.
_MOST = 256


class Windows:
    """Buffers longer than what is seen: they fill from their begin, and when they are full their end moves there.

    Parameters
    ----------
    shape
        (L, B, H).
    widths
        Of a key and of a value.
    span
        Tokens seen, the token itself among them.
    like
        Whose type and device the buffers have.

    Attributes
    ----------
    most
        How many tokens there is room for at once.
    """

    def __init__(self, shape: tuple[int, int, int], widths: tuple[int, int], span: int, like: Tensor) -> None:
        if span < 1:
            raise ValueError(f"a token sees itself at least: span is {span}")
        self.span, self.filled, self.most = span, 0, min(span, _MOST)
        self.kept = tuple(spacious((*shape, width, span + self.most), like) for width in widths)

    def make_room(self, num: int) -> None:
        """Let `num` more tokens, at most `most`, have a place."""
        if self.filled + num <= self.kept[0].shape[-1]:
            return
        begin = self.filled - (self.span - 1)
        for layer in (layer for kept in self.kept for layer in kept):
            # What moves may overlap with where it goes.
            layer[..., : self.span - 1] = layer[..., begin : self.filled].clone()
        self.filled = self.span - 1

    def seen(self, layer: int, told: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Keep the keys and values (B, H, T, D) that a layer made of tokens, and give those that the first of these
        tokens and the later ones see, (B, H, D, tokens) each."""
        begin, end = max(self.filled + 1 - self.span, 0), self.filled + told[0].shape[2]
        for kept, states in zip(self.kept, told, strict=True):
            kept[layer][..., self.filled : end] = states.transpose(2, 3)
        keys, values = (kept[layer][..., begin:end] for kept in self.kept)
        return keys, values

    def advance(self, num: int) -> None:
        """Go on after `num` tokens."""
        self.filled += num
