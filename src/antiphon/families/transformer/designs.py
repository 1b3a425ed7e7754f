"""Designs of generators of tokens, as tables of sizes: Transformer-XL, Music Transformer, and ours."""

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from antiphon.config import Config

if TYPE_CHECKING:
    from antiphon.families.transformer.lstm import LstmGenerator
    from antiphon.families.transformer.modern import ModernGenerator
    from antiphon.families.transformer.music import MusicGenerator
    from antiphon.families.transformer.xl import XlGenerator

# Beyond this a layer is a slip of the finger, which no machine would have memory for.
_WIDEST = 16384
Width = Annotated[int, Field(ge=1, le=_WIDEST)]
Depth = Annotated[int, Field(ge=1, le=128)]
Share = Annotated[float, Field(ge=0, lt=1)]


class _Sizes(Config):
    """What all designs have.

    Parameters
    ----------
    num_layers, width, num_heads, feedforward
        Depth; width of a token's state; heads, which share it; width of the inner layer of the other sublayer.
    dropout
        Share of states that is dropped in training, each design at its own places.
    """

    num_layers: Depth
    width: Width
    num_heads: Depth
    feedforward: Width
    dropout: Share = 0.1

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> Self:
        if self.width % (2 * self.num_heads):
            raise ValueError(f"width {self.width} is not {self.num_heads} heads (num_heads) of an even width each")
        return self


class XlNetwork(_Sizes):
    """Transformer-XL as Transformer-GAN trains it; the defaults are those of the paper's Table 1.

    Parameters
    ----------
    attention_dropout
        Share of attention probabilities that is dropped in training.
    """

    design: Literal["xl"] = "xl"
    num_layers: Depth = 6
    width: Width = 500
    num_heads: Depth = 10
    feedforward: Width = 1000
    attention_dropout: Share = 0.1

    def build(self, vocabulary: int) -> "XlGenerator":
        """A fresh generator of `vocabulary` tokens."""
        from antiphon.families.transformer.xl import XlGenerator

        return XlGenerator(self, vocabulary)


class MusicNetwork(_Sizes):
    """Music Transformer, the paper's other baseline; the defaults are those of its Table 1, and what it leaves open is
    as in tensor2tensor's settings for music.

    Parameters
    ----------
    key_width
        Of queries and keys, all heads together.
    reach
        Distances in tokens that a head has a vector for; beyond them it hears what was played, not how far back.
    """

    design: Literal["music"] = "music"
    num_layers: Depth = 8
    width: Width = 384
    num_heads: Depth = 8
    feedforward: Width = 1024
    dropout: Share = 0.2
    key_width: Width = 512
    reach: Annotated[int, Field(ge=1, le=65536)] = 1024

    @model_validator(mode="after")
    def _heads_share_the_keys(self) -> Self:
        if self.key_width % self.num_heads:
            raise ValueError(f"key_width {self.key_width} is not {self.num_heads} heads (num_heads) of a width each")
        return self

    def build(self, vocabulary: int) -> "MusicGenerator":
        """A fresh generator of `vocabulary` tokens."""
        from antiphon.families.transformer.music import MusicGenerator

        return MusicGenerator(self, vocabulary)


class ModernNetwork(_Sizes):
    """Ours: pre-norm, rotary positions, normed queries and keys, attention to the last `span` tokens.

    Parameters
    ----------
    span
        Tokens that attention sees, the token itself among them.
    base
        Of the rotary positions: their longest wave is 2 pi times this many tokens.
    """

    design: Literal["modern"] = "modern"
    num_layers: Depth = 8
    width: Width = 384
    num_heads: Depth = 6
    feedforward: Width = 1536
    dropout: Share = 0.0
    span: Annotated[int, Field(ge=1, le=65536)] = 1024
    base: Annotated[float, Field(gt=1, le=1e9, allow_inf_nan=False)] = 10000.0

    def build(self, vocabulary: int) -> "ModernGenerator":
        """A fresh generator of `vocabulary` tokens."""
        from antiphon.families.transformer.modern import ModernGenerator

        return ModernGenerator(self, vocabulary)


class LstmNetwork(Config):
    """A plain LSTM (Hochreiter & Schmidhuber 1997) of several layers, whose state is its memory: a baseline.

    Parameters
    ----------
    num_layers, width
        Depth, and width of a token's state.
    dropout
        Share of states that is dropped between layers in training.
    """

    design: Literal["lstm"] = "lstm"
    num_layers: Depth = 2
    width: Width = 540
    dropout: Share = 0.1

    def build(self, vocabulary: int) -> "LstmGenerator":
        """A fresh generator of `vocabulary` tokens."""
        from antiphon.families.transformer.lstm import LstmGenerator

        return LstmGenerator(self, vocabulary)


Network = Annotated[XlNetwork | MusicNetwork | ModernNetwork | LstmNetwork, Field(discriminator="design")]
"""Any of the designs, by its key `design`."""
