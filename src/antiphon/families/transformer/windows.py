"""Keys and values of the last tokens, kept so that what each layer may see is one view and nothing is ever joined.

Axes: L layer, B piece, H head, T token, D width of a head.
"""

from torch import Tensor, nn


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

    def __init__(self, num_layers: int, shape: tuple[int, int, int], span: int, like: nn.Module) -> None:
        num, num_heads, width = shape
        self.span, self.filled = span, 0
        parameter = next(like.parameters())
        self.kept = parameter.new_zeros(num_layers, 2, num, num_heads, 2 * span, width)

    def make_room(self, num: int) -> None:
        """Let `num` more tokens, at most `span`, have a place."""
        if self.filled + num > self.kept.shape[4]:
            begin = self.filled - (self.span - 1)
            # What moves may overlap with where it goes.
            self.kept[..., : self.span - 1, :] = self.kept[..., begin : self.filled, :].clone()
            self.filled = self.span - 1

    def seen(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Keep what a layer made of tokens (B, H, T, D), and give what the first of them and the later ones see."""
        begin, end = max(self.filled + 1 - self.span, 0), self.filled + key.shape[2]
        kept = self.kept[layer]
        kept[0, :, :, self.filled : end] = key
        kept[1, :, :, self.filled : end] = value
        return kept[0, :, :, begin:end], kept[1, :, :, begin:end]

    def advance(self, num: int) -> None:
        """Go on after `num` tokens."""
        self.filled += num
