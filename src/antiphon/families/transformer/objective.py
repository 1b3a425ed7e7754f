"""Likelihood of tokens given all before them, with a memory that goes from segment to segment of a piece.

Axes: B column of a batch, T token, M place of the memory, L level, D width, V vocabulary.
"""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from antiphon.codecs.performance import PADDING, START
from antiphon.families.transformer.config import TransformerConfig
from antiphon.families.transformer.generator import Generator, Memory
from antiphon.gan.objective import Batch, Objective, Outcome, Phase

LIKELIHOOD = Phase("likelihood", "generator")
"""Due in every iteration, since its columns go on from one to the next."""


class TransformerObjective(Objective):
    """Batches: "real" int64 (B, T + 1) and "fresh" bool (B,), see `antiphon.piece_loader`.

    Parameters
    ----------
    config
        The design, and how much it learns at a time.
    """

    generator: Generator

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.generator = config.network.build(config.vocabulary)
        # Nobody judges: a critic comes with the game.
        self.discriminator = nn.Identity()
        # No buffer: it belongs to the run, not to the model.
        self._memory: Memory | None = None

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Likelihood alone."""
        return (LIKELIHOOD,)

    def augment(self, batch: Batch) -> Batch:
        """The batch as it is, each row with the number of its column, by which it finds its memory."""
        num, device = len(batch["real"]), batch["real"].device
        if self.config.memory and self._memory is None:
            self._memory = self.generator.begin(num, self.config.memory)
        return {**batch, "column": torch.arange(num, device=device)}

    def weight(self, phase: Phase, batch: Batch) -> Tensor | None:
        """The tokens that likelihood is a mean over; a critic's verdicts all count alike."""
        return (batch["real"][:, 1:] != PADDING).sum() if phase.name == LIKELIHOOD.name else None

    def losses(self, phase: Phase, batch: Batch, iteration: int) -> Outcome:
        """The mean cross-entropy of a batch's tokens."""
        return Outcome({"nats": self.likelihood(batch)})

    def likelihood(self, batch: Batch) -> Tensor:
        """Mean nats a token, padding left out; the columns' memory goes on by the segment."""
        tokens, following = batch["real"][:, :-1], batch["real"][:, 1:]
        logits, memory = self.generator(tokens, self._recalled(batch["column"]), batch["fresh"])
        self._remember(batch["column"], memory)
        return nats(logits, following).sum() / (following != PADDING).sum().clamp_min(1)

    def carried(self) -> Mapping[str, Tensor]:
        """The memory, columns first."""
        if self._memory is None:
            return {}
        return {"states": self._memory.states.transpose(0, 1), "length": self._memory.length}

    def carry(self, state: Mapping[str, Tensor]) -> None:
        """Take over the memory of a run."""
        if state:
            states = state["states"].transpose(0, 1).clone(memory_format=torch.contiguous_format)
            self._memory = Memory(states, state["length"].clone())

    @torch.no_grad()
    def sample(self, num: int, condition: Batch) -> Tensor:
        """Tokens int64 (num, T) that go on from those of "real" (num, T), or from START where there are none."""
        given = condition["real"].long()
        first = given.new_full((num, 1), START)
        decoder = self.generator.decoder(num, self.config.span)
        logits, written = decoder.read(torch.cat([first, given], dim=1)), list[Tensor]()
        for place in range(given.shape[1]):
            written.append(drawn(logits))
            if place + 1 < given.shape[1]:
                logits = decoder.step(written[-1])
        return torch.stack(written, dim=1)

    def _recalled(self, column: Tensor) -> Memory | None:
        if self._memory is None:
            return None
        return Memory(self._memory.states.index_select(1, column), self._memory.length.index_select(0, column))

    def _remember(self, column: Tensor, memory: Memory | None) -> None:
        if self._memory is not None and memory is not None:
            self._memory.states.index_copy_(1, column, memory.states.detach().to(self._memory.states))
            self._memory.length.index_copy_(0, column, memory.length)


def nats(logits: Tensor, following: Tensor) -> Tensor:
    """-ln p (B, T) of the tokens that follow under logits (B, T, V), 0 for padding."""
    flat = F.cross_entropy(logits.flatten(0, 1).float(), following.flatten(), ignore_index=PADDING, reduction="none")
    return flat.view_as(following)


def drawn(logits: Tensor) -> Tensor:
    """Tokens (B,) drawn by logits (B, V), never START nor PADDING."""
    allowed = logits.float().index_fill(1, torch.tensor([START, PADDING], device=logits.device), -torch.inf)
    return torch.multinomial(allowed.softmax(1), 1)[:, 0]
