"""Pre-training of a critic's body: what was hidden of a block is told from all the rest.

Axes: B block, T token, V vocabulary with the mask.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from antiphon.codecs.performance import PADDING, START
from antiphon.families.transformer.bert import MaskedModel
from antiphon.families.transformer.masked_config import MaskedConfig
from antiphon.families.transformer.spans import CHOICES, Chosen, heard
from antiphon.gan.objective import Batch, Objective, Outcome, Phase


class MaskedObjective(Objective):
    """Batches: "real" int64 (B, T + 1), see `antiphon.piece_loader`; the first token only tells of a piece's begin.

    The masked model is the generator; nobody judges.
    """

    generator: MaskedModel

    def __init__(self, config: MaskedConfig) -> None:
        super().__init__()
        self.config = config
        self.generator = MaskedModel(config.sizes, config.vocabulary)
        self.discriminator = nn.Identity()

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Telling alone."""
        return (Phase("masked", "generator"),)

    def losses(self, phase: Phase, batch: Batch, iteration: int) -> Outcome:
        """Mean nats of the hidden tokens, and how many of them are told right."""
        nats, right = self.surprise(batch["real"][:, 1:])
        # Of a small block nothing may be hidden.
        num = max(len(nats), 1)
        return Outcome({"nats": nats.sum() / num}, {"right": right.sum() / num})

    def surprise(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Nats (N,) of each hidden token of blocks (B, T), and whether it was told right."""
        chosen, sounding = self._chosen(tokens)
        logits = self.generator(heard(tokens, chosen, self.config.vocabulary), sounding, chosen.places)
        wanted = tokens[chosen.places]
        return F.cross_entropy(logits.float(), wanted, reduction="none"), logits.argmax(1) == wanted

    @torch.no_grad()
    def sample(self, num: int, condition: Batch) -> Tensor:
        """The blocks "real" int64 (num, T), with hidden tokens drawn anew from what the model tells."""
        tokens = condition["real"][:num].long()
        chosen, sounding = self._chosen(tokens)
        told = self.generator(heard(tokens, chosen, self.config.vocabulary), sounding, chosen.places)
        told[:, [START, PADDING, self.config.vocabulary]] = -torch.inf
        return tokens.masked_scatter(chosen.places, torch.multinomial(told.float().softmax(1), 1)[:, 0])

    def _chosen(self, tokens: Tensor) -> tuple[Chosen, Tensor]:
        """What is hidden of blocks (B, T), and which of their tokens (B, T) are music."""
        sounding = tokens != PADDING
        return CHOICES[self.config.masking.choice](sounding, self.config.masking), sounding
