"""MuseGAN's settings: which networks write, which judge, and how their game goes."""

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from antiphon.config import Config
from antiphon.families.musegan.layers import Grid
from antiphon.families.musegan.players import AtOnce, BarByBar, Convolutional, Streams, TwoStages
from antiphon.families.musegan.turns import Turns

if TYPE_CHECKING:
    from antiphon.families.musegan.objective import Musegan

Writer = Annotated[BarByBar | AtOnce, Field(discriminator="kind")]
Judge = Annotated[Convolutional | TwoStages | Streams, Field(discriminator="kind")]
# Those of `antiphon.gan.losses.LOSSES` that judge each phrase by itself, so that a batch can be taken in parts.
LossName = Literal["wasserstein", "hinge", "non-saturating", "saturating"]


class Slope(Config):
    """The slope of binary neurons: `first` until the generator's step `begin`, then straight on to `last` at `end`."""

    first: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    last: float = Field(default=5.0, gt=0, allow_inf_nan=False)
    begin: int = Field(default=10_000, ge=0)
    end: PositiveInt = 50_000

    @model_validator(mode="after")
    def _goes_on(self) -> Self:
        if self.end <= self.begin:
            raise ValueError(f"the slope changes from step begin = {self.begin} to a later one; make end larger")
        return self


class MuseganConfig(Config):
    """A multi-track sequential GAN (Dong et al. 2018): random vectors, and by variant one track, to bars of all tracks.

    Parameters
    ----------
    tracks, bars, steps, pitches
        The size of a phrase.
    condition
        None: from scratch. Else the number of the track that is given; the others are written to it, and phrases in
        which it is silent are not trained on.
    generator, discriminator
        See `antiphon.families.musegan.players`.
    judged
        "together": one discriminator sees all tracks; "apart": each written track has its own (jamming), which hears it
        beside the given track where there is one: the paper leaves this open, and nothing else could tell a player to
        listen.
    loss, penalty
        The game, and the weight of its gradient penalty (Gulrajani et al. 2017); 0: there is none.
    neurons
        The generator's last layer: "tanh", or "deterministic" or "stochastic" binary neurons.
    slope
        Of binary neurons.
    monophonic
        Tracks of which at each step only the pitch with the highest activation sounds, if any does.
    init_std
        Of the truncated normal distribution that weights are drawn from, at a scale of 1.
    turns
        See there.
    scale
        All layers' widths times this: toys, and models for small machines.
    """

    kind: Literal["musegan"] = "musegan"
    tracks: int = Field(default=5, ge=1, le=32)
    bars: int = Field(default=4, ge=1, le=64)
    steps: int = Field(default=96, ge=1, le=384)
    pitches: int = Field(default=84, ge=12, le=128)
    condition: int | None = Field(default=None, ge=0)
    generator: Writer
    discriminator: Judge
    judged: Literal["together", "apart"] = "together"
    loss: LossName = "wasserstein"
    penalty: float = Field(default=10.0, ge=0, allow_inf_nan=False)
    neurons: Literal["tanh", "deterministic", "stochastic"] = "tanh"
    slope: Slope | None = None
    monophonic: tuple[int, ...] = ()
    init_std: float = Field(default=0.02, gt=0, allow_inf_nan=False)
    turns: Turns = Turns()
    scale: float = Field(default=1.0, gt=0, le=4)

    @property
    def size(self) -> Grid:
        """Bars, steps and pitches of a phrase."""
        return self.bars, self.steps, self.pitches

    @property
    def written(self) -> tuple[int, ...]:
        """The tracks that the generator writes."""
        return tuple(track for track in range(self.tracks) if track != self.condition)

    @property
    def heard(self) -> tuple[tuple[int, ...], ...]:
        """The tracks that each discriminator hears."""
        if self.judged == "together":
            return (tuple(range(self.tracks)),)
        given = () if self.condition is None else (self.condition,)
        return tuple((track, *given) for track in self.written)

    @property
    def players(self) -> tuple[BarByBar | AtOnce, Convolutional | TwoStages | Streams]:
        """Generator and discriminator in the widths to build."""
        return self.generator.scaled(self.scale), self.discriminator.scaled(self.scale)

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in ("condition", "monophonic"):
            given = getattr(self, name)
            numbers = given if isinstance(given, tuple) else () if given is None else (given,)
            if any(number not in range(self.tracks) for number in numbers):
                raise ValueError(f"{name} names a track by its number, 0 to {self.tracks - 1}")
        if not self.written:
            raise ValueError("the only track is given and nothing is left to write; raise tracks or unset condition")
        self.generator.check(self.size, len(self.written))
        self.discriminator.check(self.size)
        return self

    def build(self) -> "Musegan":
        """Both players with fresh weights, drawn from torch's default generator."""
        from antiphon.families.musegan.objective import Musegan

        return Musegan(self)
