"""Settings of the `masked` family: a BERT that learns to tell hidden tokens, for critics to be built on."""

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from antiphon.config import Config
from antiphon.families.transformer.critic_designs import BertSizes

if TYPE_CHECKING:
    from antiphon.families.transformer.pretraining import MaskedObjective


class Masking(Config):
    """What is hidden.

    Parameters
    ----------
    choice
        "spans" as the paper says, or tokens "single", as its released code does.
    share
        Of all tokens.
    chance, longest
        Spans have a length of geometric distribution with this chance, and are no longer than that (SpanBERT's own
        values: the mean is 3.8).
    """

    choice: Literal["spans", "single"] = "spans"
    share: float = Field(default=0.15, gt=0, lt=1)
    chance: float = Field(default=0.2, gt=0, lt=1)
    longest: int = Field(default=10, ge=1, le=512)


class MaskedConfig(Config):
    """Blocks of tokens, some of them hidden.

    Parameters
    ----------
    sizes
        Of the network.
    vocabulary
        Tokens that the codec has.
    block
        Tokens in a block.
    masking
        What is hidden of it.
    """

    kind: Literal["masked"] = "masked"
    sizes: BertSizes = BertSizes()
    vocabulary: int = Field(default=310, ge=3, le=4096)
    block: int = Field(default=512, ge=1, le=65_536)
    masking: Masking = Masking()

    @model_validator(mode="after")
    def _block_has_places(self) -> Self:
        if self.block > self.sizes.positions:
            raise ValueError(f"block = {self.block} is more than sizes.positions = {self.sizes.positions}; change one")
        return self

    def build(self) -> "MaskedObjective":
        """A fresh model."""
        from antiphon.families.transformer.pretraining import MaskedObjective

        return MaskedObjective(self)
