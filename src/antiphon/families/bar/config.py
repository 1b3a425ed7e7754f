"""Settings of the `bar` family: sizes, loss and the timetable of its three phases."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from antiphon.config import Config

if TYPE_CHECKING:
    from antiphon.families.bar.objective import BarObjective


class BarConfig(Config):
    """A bar of melody, step by step, given the bar before and a chord.

    Parameters
    ----------
    hidden_dim, embedding_dim
        Sizes of the generator.
    dropout
        In the generator: it reads some 14,000 bars, and without it is surer of itself than held-out songs warrant.
    critic_dim
        Channels of the discriminator.
    penalty
        Weight gamma of the zero-centred penalties on real and fake bars (R1 and R2, Roth et al. 2017).
    penalty_every
        Iterations between two penalty steps (lazy regularisation, Karras et al. 2020); the weight grows to match.
    temperature
        Of the Gumbel-softmax whose gradient replaces that of the sampled step.
    likelihood_iterations
        Iterations of teacher-forced likelihood before the game begins; 0 for a pure GAN.
    likelihood_rate
        The generator's learning rate is multiplied by this in the likelihood start.
    anchor_rate
        In the game each adversarial step of the generator goes with one of likelihood at this multiple of its learning
        rate, or it drifts: the critic, right in six pairs of ten, says little and that with noise. 0 lets it drift.
    critic_lead
        Iterations of the game in which only the discriminator moves, so that its first verdicts mean something.
    transpose
        Largest random transposition in semitones, bars and chord together.
    silence
        Share of training bars whose previous bar is replaced by silence, so that a first bar can come from nothing.
    """

    kind: Literal["bar"] = "bar"
    hidden_dim: int = Field(default=192, ge=1, le=2048)
    embedding_dim: int = Field(default=48, ge=1, le=2048)
    dropout: float = Field(default=0.3, ge=0, lt=1)
    critic_dim: int = Field(default=96, ge=1, le=2048)
    penalty: float = Field(default=0.002, ge=0, allow_inf_nan=False)
    penalty_every: int = Field(default=4, ge=1)
    temperature: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    likelihood_iterations: int = Field(default=0, ge=0)
    likelihood_rate: float = Field(default=66.0, gt=0, allow_inf_nan=False)
    anchor_rate: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    critic_lead: int = Field(default=600, ge=0)
    transpose: int = Field(default=6, ge=0, le=12)
    silence: float = Field(default=0.05, ge=0, le=1)

    def build(self) -> "BarObjective":
        """Two fresh players."""
        from antiphon.families.bar.objective import BarObjective

        return BarObjective(self)
