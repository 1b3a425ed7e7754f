"""Settings of the `transformer` family: which generator, of which tokens, how much of a piece it learns at a time."""

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from antiphon.config import Config
from antiphon.families.transformer.critic_designs import BertCritic, CriticDesign
from antiphon.families.transformer.designs import LstmNetwork, Network, XlNetwork
from antiphon.families.transformer.game_config import Game

if TYPE_CHECKING:
    from antiphon.families.transformer.objective import TransformerObjective

_BYTES = 4
# The shares of attention, and what dropout left of them, wait for their gradients.
_KEPT = 2
Length = Annotated[int, Field(ge=1, le=65_536)]


class TransformerConfig(Config):
    """Pieces of tokens, one token after the other, for as long as one likes.

    Parameters
    ----------
    network
        The generator's design and sizes.
    vocabulary
        Tokens that the codec has.
    segment
        Tokens that it learns at a time; what it sees beside comes from its memory.
    memory
        Tokens before a segment whose states it keeps from the iterations before, for designs that have a memory; an
        LSTM's state is one, whatever this says. 0: none, and segments are taken from anywhere.
    critic, game
        Who judges what is written, and how the game goes; without them there is likelihood alone.
    """

    kind: Literal["transformer"] = "transformer"
    network: Network = XlNetwork()
    vocabulary: int = Field(default=310, ge=3, le=4096)
    segment: Length = 128
    memory: int = Field(default=0, ge=0, le=65_536)
    critic: CriticDesign | None = None
    game: Game | None = None

    @model_validator(mode="after")
    def _has_a_memory(self) -> Self:
        if self.memory and not isinstance(self.network, XlNetwork | LstmNetwork):
            raise ValueError(
                f"the design {self.network.design!r} keeps no memory: set memory to 0, and segment to what it shall see"
            )
        return self

    @model_validator(mode="after")
    def _game_has_a_critic(self) -> Self:
        if (self.critic is None) != (self.game is None):
            raise ValueError("a critic goes with a game: set both critic and game, or neither")
        if self.game is None:
            return self
        if isinstance(self.critic, BertCritic) and self.critic.positions < self.game.window:
            raise ValueError(
                f"game.length / game.windows = {self.game.window} tokens are more than critic.positions = "
                f"{self.critic.positions}; change one of them"
            )
        return self

    @property
    def span(self) -> int:
        """Tokens that each is to see where nothing else is asked, itself among them."""
        return self.memory or self.segment

    def memory_bytes(self, batch_size: int, parts: int) -> int:
        """The least that training takes beside the weights: the memory of all columns, and what attention keeps of
        one part of a batch for its gradients."""
        sizes = self.network
        if not isinstance(sizes, XlNetwork):
            return 0
        held = batch_size * self.memory * sizes.num_layers * sizes.width
        pairs = self.segment * (self.segment + self.memory)
        kept = batch_size // parts * sizes.num_layers * max(sizes.num_heads * pairs * _KEPT, self._kept_in_game())
        return (held + kept) * _BYTES

    def _kept_in_game(self) -> int:
        """Floats that a layer keeps of a fake: keys and values of what was read, anew for each token of a window."""
        if self.game is None or self.game.gradient == "choices":
            return 0
        # Of the memory's places half have been read on the average, and a place has a key and a value.
        return self.game.window * min(self.game.memory, self.game.length) * self.network.width

    def build(self) -> "TransformerObjective":
        """A fresh generator in its game."""
        if self.game is not None:
            from antiphon.families.transformer.game import TransformerGame

            return TransformerGame(self)
        from antiphon.families.transformer.objective import TransformerObjective

        return TransformerObjective(self)
