"""Settings of the `bar` family: sizes, loss and the timetable of its three phases."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from antiphon.gan.timetable import LikelihoodThenGame

if TYPE_CHECKING:
    from antiphon.families.bar.objective import BarObjective


class BarConfig(LikelihoodThenGame):
    """A bar of melody, step by step, given the bar before and a chord; the game's turns as of `LikelihoodThenGame`.

    Parameters
    ----------
    hidden_dim, embedding_dim
        Sizes of the generator.
    dropout
        In the generator: it reads some 14,000 bars, and without it is surer of itself than held-out songs warrant.
    critic_dim
        Channels of the discriminator.
    transpose
        Largest random transposition in semitones of what the generator learns from, bars and chord together. Degrees
        and intervals need none, and songs have their favourite heights.
    hearing
        Largest random transposition of the pairs that the discriminator hears.
    silence
        Share of training bars whose previous bar is replaced by silence, so that a first bar can come from nothing.
    """

    kind: Literal["bar"] = "bar"
    hidden_dim: int = Field(default=192, ge=1, le=2048)
    embedding_dim: int = Field(default=48, ge=1, le=2048)
    dropout: float = Field(default=0.3, ge=0, lt=1)
    critic_dim: int = Field(default=96, ge=1, le=2048)
    penalty: float = Field(default=0.001, ge=0, allow_inf_nan=False)
    likelihood_rate: float = Field(default=21.0, gt=0, allow_inf_nan=False)
    anchor_rate: float = Field(default=0.6, ge=0, allow_inf_nan=False)
    critic_lead: int = Field(default=300, ge=0)
    transpose: int = Field(default=0, ge=0, le=12)
    hearing: int = Field(default=6, ge=0, le=12)
    silence: float = Field(default=0.05, ge=0, le=1)

    def build(self) -> "BarObjective":
        """Two fresh players."""
        from antiphon.families.bar.objective import BarObjective

        return BarObjective(self)
