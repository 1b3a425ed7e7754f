"""The turns of a game that begins with likelihood: when each phase starts, ends, and how often it comes."""

from typing import TYPE_CHECKING

from pydantic import Field

from antiphon.config import Config

if TYPE_CHECKING:
    from antiphon.gan.objective import Phase


class LikelihoodThenGame(Config):
    """Likelihood first, then the game, in which likelihood goes on as an anchor; penalties come every few turns.

    Parameters
    ----------
    penalty
        Weight gamma of the zero-centred penalties on real and fake (R1 and R2, Roth et al. 2017).
    penalty_every
        Iterations between two penalty steps (lazy regularisation, Karras et al. 2020); the weight grows to match.
    likelihood_iterations
        Iterations of teacher-forced likelihood before the game begins; 0 for a pure GAN.
    likelihood_rate
        The generator's learning rate is multiplied by this in the likelihood start.
    anchor_rate
        In the game each adversarial step of the generator goes with one of likelihood at this multiple of its learning
        rate, or it drifts: the critic, right in six pairs of ten, says little and that with noise. 0 lets it drift.
    temperature
        Of the Gumbel-softmax whose gradient replaces that of what was drawn.
    adversarial_weight
        Of the generator's adversarial loss, whose gradient is smaller than the anchor's, with which it shares an
        optimizer.
    critic_lead
        Iterations of the game in which only the discriminator moves, so that its first verdicts mean something.
    """

    penalty: float = Field(default=0.002, ge=0, allow_inf_nan=False)
    penalty_every: int = Field(default=4, ge=1)
    likelihood_iterations: int = Field(default=0, ge=0)
    likelihood_rate: float = Field(default=66.0, gt=0, allow_inf_nan=False)
    anchor_rate: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    temperature: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    adversarial_weight: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    critic_lead: int = Field(default=100, ge=0)

    @property
    def phases(self) -> "tuple[Phase, ...]":
        """The turns of one iteration, in order.

        An anchor of rate 0 is left out, since even that would stir the optimizer's averages.
        """
        # Settings are read without torch, which takes seconds to load.
        from antiphon.gan.objective import Phase

        start, played = self.likelihood_iterations, self.likelihood_iterations + self.critic_lead
        anchor = [Phase("anchor", "generator", start=played, rate=self.anchor_rate)] if self.anchor_rate else []
        return (
            Phase("likelihood", "generator", stop=start, rate=self.likelihood_rate),
            *anchor,
            Phase("discriminator", "discriminator", start=start),
            Phase("penalty", "discriminator", start=start, every=self.penalty_every),
            Phase("generator", "generator", start=played),
        )
