"""The turns of a game that begins with likelihood: when each phase starts, ends, and how often it comes."""

from antiphon.gan.objective import Phase


def likelihood_then_game(
    likelihood_iterations: int, critic_lead: int, *, likelihood_rate: float, anchor_rate: float, penalty_every: int
) -> tuple[Phase, ...]:
    """Likelihood first, then the game, in which likelihood goes on as an anchor; penalties come every few turns.

    Parameters
    ----------
    likelihood_iterations
        Of teacher-forced likelihood before the game begins; 0 for a pure GAN.
    critic_lead
        Iterations of the game in which only the discriminator moves.
    likelihood_rate, anchor_rate
        Multiples of the generator's learning rate in the two; an anchor of 0 is left out, since even at rate 0 it would
        stir the optimizer's averages.
    penalty_every
        Iterations between two penalty steps.
    """
    start, played = likelihood_iterations, likelihood_iterations + critic_lead
    anchor = [Phase("anchor", "generator", start=played, rate=anchor_rate)] if anchor_rate else []
    return (
        Phase("likelihood", "generator", stop=start, rate=likelihood_rate),
        *anchor,
        Phase("discriminator", "discriminator", start=start),
        Phase("penalty", "discriminator", start=start, every=penalty_every),
        Phase("generator", "generator", start=played),
    )
