"""Settings of the `chords` family: sizes and the timetable of its game."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from antiphon.gan.timetable import LikelihoodThenGame

if TYPE_CHECKING:
    from antiphon.families.chords.objective import ChordsObjective


class ChordsConfig(LikelihoodThenGame):
    """Chord after chord from the tonic on, for as many bars as one likes; the game's turns as of `LikelihoodThenGame`.

    Parameters
    ----------
    hidden_dim
        Size of the generator's state.
    dropout
        In the generator while it is taught: songs are few, and without it they are learnt by heart.
    critic_dim
        Channels of the discriminator.
    """

    kind: Literal["chords"] = "chords"
    hidden_dim: int = Field(default=64, ge=1, le=2048)
    dropout: float = Field(default=0.5, ge=0, lt=1)
    critic_dim: int = Field(default=40, ge=1, le=2048)

    def build(self) -> "ChordsObjective":
        """Two fresh players."""
        from antiphon.families.chords.objective import ChordsObjective

        return ChordsObjective(self)
