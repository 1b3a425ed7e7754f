"""Who moves when: the turns of MuseGAN's game, counted as its paper and its two codes count them."""

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from antiphon.config import Config

if TYPE_CHECKING:
    from antiphon.gan.objective import Phase


class Turns(Config):
    """Several steps of the discriminator to one of the generator.

    Parameters
    ----------
    critic_steps
        The discriminator's, to one of the generator.
    draws
        "fresh": an iteration is one step of the discriminator on a batch of its own, and every `critic_steps`-th goes
        with one of the generator. "reused": an iteration is one step of the generator; the discriminator's, before it,
        see the same real batch and the same latents, as in the code of 2018.
    lead, lead_steps
        For the generator's first `lead` steps the discriminator makes `lead_steps` to each.
    again
        None, or: in each generator step that is a multiple of this, `lead_steps` once more ("reused" only).
    """

    critic_steps: PositiveInt = 5
    draws: Literal["fresh", "reused"] = "fresh"
    lead: int = Field(default=0, ge=0)
    lead_steps: PositiveInt = 5
    again: PositiveInt | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.again is not None and self.draws == "fresh":
            raise ValueError('again goes with draws = "reused"; unset one of them')
        if self.again is not None and (self.again <= self.lead or self.lead_steps <= self.critic_steps):
            raise ValueError("again comes after lead, and lead_steps are more than critic_steps")
        return self

    def generator_step(self, iteration: int) -> int:
        """How many steps the generator has made before this iteration."""
        if self.draws == "reused":
            return iteration
        led = self.lead * self.lead_steps
        if iteration < led:
            return iteration // self.lead_steps
        return self.lead + (iteration - led) // self.critic_steps

    def iterations(self, generator_steps: int) -> int:
        """Iterations in which the generator makes so many steps, `lead` at least."""
        if self.draws == "reused":
            return generator_steps
        return self.lead * self.lead_steps + (generator_steps - self.lead) * self.critic_steps

    @property
    def phases(self) -> "tuple[Phase, ...]":
        """The turns of one iteration, in order."""
        return self._reused if self.draws == "reused" else self._fresh

    @property
    def _fresh(self) -> "tuple[Phase, ...]":
        from antiphon.gan.objective import Phase

        led, pace = self.lead * self.lead_steps, self.critic_steps
        early = Phase("generator", "generator", every=self.lead_steps, start=self.lead_steps - 1, stop=led)
        return (
            Phase("discriminator", "discriminator"),
            *((early,) if self.lead else ()),
            Phase("generator", "generator", every=pace, start=led + pace - 1),
        )

    @property
    def _reused(self) -> "tuple[Phase, ...]":
        from antiphon.gan.objective import Phase

        turns = [Phase("discriminator", "discriminator", self.critic_steps, start=self.lead)]
        if self.lead:
            turns.append(Phase("discriminator", "discriminator", self.lead_steps, stop=self.lead))
        if self.again is not None:
            more = self.lead_steps - self.critic_steps
            turns.append(Phase("discriminator", "discriminator", more, every=self.again, start=self.again))
        return *turns, Phase("generator", "generator")
