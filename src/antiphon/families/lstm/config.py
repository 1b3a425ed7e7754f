"""Settings of the `lstm` family: the published model of three numbers a note, and ours of discrete notes."""

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from antiphon.config import Config
from antiphon.gan.timetable import LikelihoodThenGame

if TYPE_CHECKING:
    from antiphon.families.lstm.note_objective import LstmObjective
    from antiphon.families.lstm.objective import LstmGan
    from antiphon.gan.objective import Phase

# Beyond this a layer is a slip of the finger, which no machine would have memory for.
_WIDEST = 4096
Width = Annotated[int, Field(ge=1, le=_WIDEST)]


class LstmGanConfig(Config):
    """Sequences of notes, each three real numbers: pitch, duration and offset since the onset before.

    The defaults are what the paper's text describes. Its released code is the same networks with sequences of one note,
    numbers as they come, and notes laid end to end.

    Parameters
    ----------
    latent_dim, hidden_dim, num_layers
        Sizes of both players.
    row_length
        Notes in a row of the codec.
    sequence_length
        Notes that one latent becomes, and that the discriminator judges together; it divides `row_length`.
    standardised
        Whether the networks see each number less its mean over the training notes, in its standard deviations, rather
        than semitones and beats.
    reading
        How generated numbers become notes, a name in `antiphon.families.lstm.notes.READINGS`.
    """

    kind: Literal["lstm-gan"] = "lstm-gan"
    latent_dim: Width = 100
    hidden_dim: Width = 256
    num_layers: int = Field(default=2, ge=1, le=16)
    row_length: Width = 64
    sequence_length: Width = 64
    standardised: bool = True
    reading: Literal["rounded", "as-published"] = "rounded"

    @field_validator("sequence_length")
    @classmethod
    def _divides_a_row(cls, length: int, info: ValidationInfo) -> int:
        if "row_length" in info.data and info.data["row_length"] % length:
            raise ValueError(f"a row of {info.data['row_length']} notes is no whole number of such sequences")
        return length

    def build(self) -> "LstmGan":
        """Two fresh players."""
        from antiphon.families.lstm.objective import LstmGan

        return LstmGan(self)


AS_PUBLISHED = LstmGanConfig(sequence_length=1, standardised=False, reading="as-published")
"""The released code: sequences of one note, numbers as they come."""


class LstmConfig(LikelihoodThenGame):
    """Notes on the grid one after the other, each drawn from scores given all before it, for as long as one likes.

    The game's turns as of `LikelihoodThenGame`, but that the rate of the likelihood start rises and falls.

    Parameters
    ----------
    hidden_dim, embedding_dim, head_dim, num_layers
        Sizes of the generator.
    dropout
        In the generator's states, while it is taught.
    critic_dim, critic_layers
        Width and depth of the discriminator.
    row_length
        Notes in a row of the codec.
    passage
        Notes that the game is about, drawn from each row.
    transpose
        Largest random transposition in semitones.
    """

    kind: Literal["lstm"] = "lstm"
    hidden_dim: Width = 320
    embedding_dim: Width = 96
    head_dim: Width = 256
    num_layers: int = Field(default=1, ge=1, le=16)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    critic_dim: Width = 160
    critic_layers: int = Field(default=1, ge=1, le=16)
    row_length: Width = 256
    passage: Width = 64
    transpose: int = Field(default=6, ge=0, le=12)
    adversarial_weight: float = Field(default=10.0, ge=0, allow_inf_nan=False)

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

    def build(self) -> "LstmObjective":
        """Two fresh players."""
        from antiphon.families.lstm.note_objective import LstmObjective

        return LstmObjective(self)


_STRETCHES = 20
# A start at a third, then half a cosine down to a thirtieth.
_SHARES = tuple(
    0.3 if stretch == 0 else max((1 + math.cos(math.pi * stretch / _STRETCHES)) / 2, 0.03)
    for stretch in range(_STRETCHES)
)
