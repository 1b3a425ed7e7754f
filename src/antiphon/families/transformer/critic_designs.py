"""Tables of the critics: their sizes, what they drop, and what of them stays as it began."""

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from antiphon.config import Config

if TYPE_CHECKING:
    from antiphon.families.transformer.bert import BertDiscriminator
    from antiphon.families.transformer.relgan import CnnDiscriminator

# Beyond this a layer is a slip of the finger, which no machine would have memory for.
_WIDEST = 4096
Width = Annotated[int, Field(ge=1, le=_WIDEST)]
EMBEDDINGS = "embeddings"
"""The name under which the tables that tokens, places and kinds are looked up in, and their norm, are held still."""


class BertSizes(Config):
    """Sizes of a BERT over tokens (Devlin et al. 2018), by default those of the released code.

    Parameters
    ----------
    num_layers, width, num_heads, inner
        Layers, the width of a state, attention heads, and the width between a layer's two dense maps.
    dropout
        Of embeddings, of shares of attention, and of what each half of a layer adds.
    positions
        Tokens that it can hear at once.
    """

    num_layers: int = Field(default=5, ge=1, le=96)
    width: Width = 768
    num_heads: int = Field(default=12, ge=1, le=256)
    inner: int = Field(default=3072, ge=1, le=4 * _WIDEST)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    positions: int = Field(default=512, ge=2, le=65_536)

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if self.width % self.num_heads:
            raise ValueError(f"width = {self.width} is no whole number of {self.num_heads} heads; change one of them")
        return self


class BertCritic(BertSizes):
    """A BERT whose first state is pooled to a verdict.

    Parameters
    ----------
    freeze
        What stays as it began, by name: "embeddings", and layers from "0" on (table 3 of the paper: ["embeddings",
        "0", "1", "2", "3", "4"] is its best row, [] its first, where all weights are random and move).
    origin
        The masked model that it begins with, by name or file; None: random weights.
    head
        "pooled": the verdict is read from the pooled state; "normed": after one more layer norm.
    """

    design: Literal["bert"] = "bert"
    freeze: tuple[str, ...] = ()
    origin: str | None = None
    head: Literal["pooled", "normed"] = "pooled"

    @field_validator("freeze")
    @classmethod
    def _each_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) < len(names):
            raise ValueError("a layer is named twice; name each once")
        return names

    @model_validator(mode="after")
    def _frozen_layers_exist(self) -> Self:
        known = (EMBEDDINGS, *(str(layer) for layer in range(self.num_layers)))
        unknown = next((name for name in self.freeze if name not in known), None)
        if unknown is not None:
            raise ValueError(f"freeze names {unknown!r}, which is no part of this critic; choose of {', '.join(known)}")
        return self

    def build(self, vocabulary: int) -> "BertDiscriminator":
        """A fresh critic of the tokens of a generator's vocabulary."""
        from antiphon.families.transformer.bert import BertDiscriminator

        return BertDiscriminator(self, vocabulary)


class CnnCritic(Config):
    """A convolutional critic that hears a piece through many embeddings (RelGAN, Nie et al. 2019).

    Parameters
    ----------
    num_views
        Embeddings of one number a token; each is judged for itself.
    widths, channels
        Widths of the filters in tokens, and how many there are of each.
    hidden_dim
        Width before the verdict.
    dropout
        Before that.
    """

    design: Literal["cnn"] = "cnn"
    num_views: Width = 64
    widths: tuple[Width, ...] = Field(default=(2, 3, 4, 5), min_length=1)
    channels: Width = 300
    hidden_dim: Width = 100
    dropout: float = Field(default=0.25, ge=0, lt=1)

    def build(self, vocabulary: int) -> "CnnDiscriminator":
        """A fresh critic of the tokens of a generator's vocabulary."""
        from antiphon.families.transformer.relgan import CnnDiscriminator

        return CnnDiscriminator(self, vocabulary)


CriticDesign = Annotated[BertCritic | CnnCritic, Field(discriminator="design")]
SMALL = BertCritic(num_layers=2, width=128, num_heads=4, inner=512)
"""A critic that two CPU cores train."""
