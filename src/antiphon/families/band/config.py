"""Settings of the `band` family: sizes, what training varies, and the timetable of its game."""

import math
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from antiphon.gan.timetable import LikelihoodThenGame

if TYPE_CHECKING:
    from antiphon.families.band.objective import BandObjective
    from antiphon.gan.objective import Phase


class BandConfig(LikelihoodThenGame):
    """Tracks on a grid, one after the other, each step by step given all that was written before it.

    The game's turns as of `LikelihoodThenGame`, but that the rate of the likelihood start rises and falls.

    Parameters
    ----------
    tracks, bars, steps, pitches
        The size of a row; what is written may be of any length.
    drums
        Numbers of the percussion tracks, whose pitches are instruments: they have no classes, and are not transposed.
    lowest
        Of each track the lowest pitch that it writes, as instruments have one; none: all pitches for all.
    hidden_dim, hearing_dim, head_dim
        Widths of the recurrent layer, of what hears the other tracks, and of the heads.
    dropout
        In the generator, while it is taught.
    critic_dim
        Channels of the discriminator.
    transpose
        Largest random transposition in semitones.
    doubt
        Standard deviation of what is added to a track's traits in training, in units of theirs, and how often they are
        left out: or they would be a song's name.
    wear
        Largest share of its notes that a part misses in its past, in training: what it writes itself is thinner than
        music, and who has only heard music goes on with less and less.
    disguise
        How often a part hears pitched tracks as others than they are, in training.
    phrase
        Bars that the game is about.
    """

    kind: Literal["band"] = "band"
    tracks: int = Field(default=5, ge=1, le=32)
    bars: int = Field(default=16, ge=1, le=64)
    steps: int = Field(default=16, ge=4, le=96)
    pitches: int = Field(default=84, ge=12, le=128)
    drums: tuple[int, ...] = (0,)
    lowest: tuple[int, ...] = ()
    hidden_dim: int = Field(default=256, ge=4, le=2048)
    hearing_dim: int = Field(default=96, ge=4, le=2048)
    head_dim: int = Field(default=192, ge=4, le=2048)
    dropout: float = Field(default=0.2, ge=0, lt=1)
    critic_dim: int = Field(default=48, ge=4, le=1024)
    transpose: int = Field(default=6, ge=0, le=12)
    doubt: float = Field(default=0.15, ge=0, le=1)
    wear: float = Field(default=0.2, ge=0, lt=1)
    disguise: float = Field(default=0.3, ge=0, le=1)
    phrase: int = Field(default=4, ge=1, le=64)

    @model_validator(mode="after")
    def _of_tracks(self) -> Self:
        if any(track not in range(self.tracks) for track in self.drums):
            raise ValueError(f"drums names tracks by number, 0 to {self.tracks - 1}")
        if len(self.lowest) not in {0, self.tracks}:
            raise ValueError(f"lowest has a pitch for each of {self.tracks} tracks, or none at all ([])")
        return self

    @property
    def phases(self) -> "tuple[Phase, ...]":
        """The turns of one iteration; the likelihood start is one phase a stretch of equal rate."""
        from antiphon.gan.objective import Phase

        played = ("anchor",) if not self.adversarial_weight else ("anchor", "discriminator", "penalty", "generator")
        turns = [turn for turn in super().phases if turn.name in played]
        ends = [self.likelihood_iterations * end // _STRETCHES for end in range(_STRETCHES + 1)]
        taught = [
            Phase("likelihood", "generator", start=begin, stop=end, rate=self.likelihood_rate * share)
            for begin, end, share in zip(ends[:-1], ends[1:], _SHARES, strict=True)
            if begin < end
        ]
        return (*taught, *turns)

    def build(self) -> "BandObjective":
        """Two fresh players."""
        from antiphon.families.band.objective import BandObjective

        return BandObjective(self)


_STRETCHES = 20
# A start at a third, then half a cosine down to a thirtieth.
_SHARES = tuple(
    0.3 if stretch == 0 else max((1 + math.cos(math.pi * stretch / _STRETCHES)) / 2, 0.03)
    for stretch in range(_STRETCHES)
)
