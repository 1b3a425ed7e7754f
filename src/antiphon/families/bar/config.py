"""Settings of the `bar` family: sizes, loss and the timetable of its three phases."""

from typing import TYPE_CHECKING, Literal

from pydantic import PositiveInt

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
        In the generator: it reads 13,000 bars, and without it is surer of itself than held-out songs warrant.
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
    hidden_dim: PositiveInt = 192
    embedding_dim: PositiveInt = 48
    dropout: float = 0.3
    critic_dim: PositiveInt = 96
    penalty: float = 0.002
    penalty_every: PositiveInt = 4
    temperature: float = 1.0
    likelihood_iterations: int = 0
    likelihood_rate: float = 66.0
    anchor_rate: float = 1.0
    critic_lead: int = 600
    transpose: int = 6
    silence: float = 0.05

    def build(self) -> "BarObjective":
        """Two fresh players."""
        from antiphon.families.bar.objective import BarObjective

        return BarObjective(self)
