"""Settings of the `lstm` family: the published model of three numbers a note, and ours of discrete notes."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from antiphon.config import Config
from antiphon.gan.timetable import LikelihoodThenGame

if TYPE_CHECKING:
    from antiphon.families.lstm.note_objective import LstmObjective
    from antiphon.families.lstm.objective import LstmGan

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

    The game's turns as of `LikelihoodThenGame`.

    Parameters
    ----------
    latent_dim
        Of a piece's latent, heard at every note.
    hidden_dim, embedding_dim, num_layers
        Sizes of the generator.
    dropout
        In the generator's states, while it is taught.
    critic_dim, critic_layers
        Width and depth of the discriminator.
    row_length
        Notes in a row of the codec.
    temperature
        Of the Gumbel-softmax whose gradient replaces that of a choice.
    transpose
        Largest random transposition in semitones.
    """

    kind: Literal["lstm"] = "lstm"
    latent_dim: Width = 32
    hidden_dim: Width = 256
    embedding_dim: Width = 64
    num_layers: int = Field(default=1, ge=1, le=16)
    dropout: float = Field(default=0.2, ge=0, lt=1)
    critic_dim: Width = 128
    critic_layers: int = Field(default=1, ge=1, le=16)
    row_length: Width = 64
    temperature: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    transpose: int = Field(default=6, ge=0, le=12)

    def build(self) -> "LstmObjective":
        """Two fresh players."""
        from antiphon.families.lstm.note_objective import LstmObjective

        return LstmObjective(self)
