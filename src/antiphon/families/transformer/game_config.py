"""Settings of the adversarial stage of `transformer`: what is written, what is judged, and who moves when."""

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from antiphon.config import Config

if TYPE_CHECKING:
    from antiphon.gan.objective import Phase

Places = Annotated[int, Field(ge=1, le=65_536)]
# The names of `antiphon.gan.losses.LOSSES` and of `antiphon.families.transformer.temperature.POLICIES`, which are not
# imported because a configuration is read without torch.
LossName = Literal[
    "non-saturating",
    "saturating",
    "kullback-leibler",
    "wasserstein",
    "total-variation",
    "least-squares",
    "hinge",
    "relativistic",
    "relativistic-average",
]
PolicyName = Literal["no", "lin", "exp", "log", "sigmoid", "quad", "sqrt"]


class Game(Config):
    """Likelihood goes on, and now and then a critic hears what the generator writes; defaults as released.

    Parameters
    ----------
    loss
        A name in `antiphon.gan.losses.LOSSES`.
    penalty
        Weight of the critic's gradient penalty; 0: none.
    weight
        Of the generator's adversarial loss (lambda of the paper's equation 2).
    length
        Tokens of a fake, those of its context among them.
    context
        Real tokens that a fake begins with.
    shared
        Whether what a fake is compared with begins with the same tokens, as in the paper; else with those of another.
    windows
        Parts of equal length into which real and fake are cut for the critic; gradients end at their borders.
    memory
        Tokens that the generator sees while it writes.
    gradient
        Through what gradients go from a token to those before it, see `antiphon.families.transformer.fakes.WAYS`.
        "tokens": from each to the next alone, as released; "segment": also through attention to all of a window, as the
        paper says; "choices": not at all, each choice learns for itself.
    policy, highest, rise
        How the inverse temperature of the gradient rises to `highest` in `rise` iterations, see
        `antiphon.families.transformer.temperature`.
    dropout
        "always": of both players, in every turn, as released; "taught": of the generator where it learns by likelihood,
        of the critic where it learns.
    after, critic_every, generator_every
        The critic moves in those iterations after `after` that `critic_every` divides, then the generator in those that
        `generator_every` divides.
    """

    loss: LossName = "wasserstein"
    penalty: float = Field(default=10.0, ge=0, allow_inf_nan=False)
    weight: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    length: Places = 128
    context: Places = 5
    shared: bool = True
    windows: Places = 2
    memory: Places = 128
    gradient: Literal["tokens", "segment", "choices"] = "tokens"
    policy: PolicyName = "exp"
    highest: float = Field(default=100.0, ge=1, allow_inf_nan=False)
    rise: int = Field(default=100_000, ge=1)
    dropout: Literal["always", "taught"] = "always"
    after: int = Field(default=100, ge=0)
    critic_every: int = Field(default=5, ge=1)
    generator_every: int = Field(default=5, ge=1)

    @model_validator(mode="after")
    def _windows_divide(self) -> Self:
        if self.length % self.windows:
            raise ValueError(f"length = {self.length} has no {self.windows} equal windows; change one of them")
        if self.context >= self.window:
            raise ValueError(f"context = {self.context} leaves nothing to write in a window of {self.window} tokens")
        return self

    @property
    def window(self) -> int:
        """Tokens that the critic hears at once."""
        return self.length // self.windows

    @property
    def crop(self) -> int:
        """Real tokens that an iteration takes: a stretch for the critic's turn, and one for the generator's."""
        return 2 * self.length

    @property
    def phases(self) -> "tuple[Phase, ...]":
        """The two adversarial turns; the generator's has averages of gradients of its own."""
        # Settings are read without torch, which takes seconds to load.
        from antiphon.gan.objective import Phase

        critic, generator = self.critic_every, self.generator_every
        return (
            Phase("discriminator", "discriminator", start=self._first(critic), every=critic),
            Phase("generator", "generator", start=self._first(generator), every=generator, moments="adversarial"),
        )

    def _first(self, every: int) -> int:
        """The first iteration after `after` that a number divides."""
        return (self.after // every + 1) * every
