"""What an examiner may spend: the committed budget, so that two examinations can be compared."""

from pydantic import Field

from antiphon.config import Config


class Budget(Config):
    """Training of the three kinds.

    Parameters
    ----------
    iterations, batch, rate, decay
        Of the networks: steps of AdamW, units of each class a step, learning rate (warmed up over a twentieth of the
        steps, then falling in a line to a twentieth), weight decay.
    width, dropout
        Of the networks.
    checks
        Times that a network is tried on validation songs.
    trees, tree_rate, leaves
        Of the boosted features.
    most
        Most units of each class to learn from; more are drawn at random.
    """

    iterations: int = Field(default=600, ge=1)
    batch: int = Field(default=64, ge=1)
    rate: float = Field(default=3e-3, gt=0)
    decay: float = Field(default=0.01, ge=0)
    width: int = Field(default=48, ge=1)
    dropout: float = Field(default=0.2, ge=0, lt=1)
    checks: int = Field(default=6, ge=1)
    trees: int = Field(default=200, ge=1)
    tree_rate: float = Field(default=0.1, gt=0)
    leaves: int = Field(default=24, ge=2)
    most: int = Field(default=20_000, ge=1)
