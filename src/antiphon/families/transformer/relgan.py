"""The convolutional critic of RelGAN (Nie et al. 2019), as released with the Transformer-GAN.

Axes: B batch, T token, V vocabulary, R view (an embedding of one number a token), C channel.
"""

from typing import cast

import torch
from torch import Tensor, nn

from antiphon.families.transformer.critic import Critic
from antiphon.families.transformer.critic_designs import CnnCritic

_REACH = 0.05


class CnnDiscriminator(Critic):
    """Filters over each view by itself, their largest answers over time, a highway layer, and a verdict a view."""

    def __init__(self, design: CnnCritic, vocabulary: int) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.views = nn.Linear(vocabulary, design.num_views, bias=False)
        self.filters = nn.ModuleList(nn.Conv1d(1, design.channels, width) for width in design.widths)
        channels = design.channels * len(design.widths)
        self.highway = nn.Linear(channels, channels)
        self.drop = nn.Dropout(design.dropout)
        self.hidden = nn.Linear(channels, design.hidden_dim)
        self.out = nn.Linear(design.hidden_dim, 1)
        for weight in self.parameters():
            nn.init.uniform_(weight, -_REACH, _REACH)

    def embed(self, tokens: Tensor) -> Tensor:
        """One-hot rows (B, T, V), where the published penalty is taken."""
        if tokens.is_floating_point():
            return tokens
        return nn.functional.one_hot(tokens, self.vocabulary).to(self.views.weight)

    def judge(self, points: Tensor) -> Tensor:
        """Logits (B, R) of rows (B, T, V), no fewer than the widest filter has.

        Source: Nie et al. 2019, section 2.3; a highway layer is s(h) relu(h) + (1 - s(h)) x with h = W x + b.
        """
        views = self.views(points).transpose(1, 2).flatten(0, 1)[:, None]
        heard = torch.cat([_loudest(cast(nn.Conv1d, filters), views) for filters in self.filters], dim=1)
        turned = self.highway(heard)
        share = torch.sigmoid(turned)
        heard = share * torch.relu(turned) + (1 - share) * heard
        logits: Tensor = self.out(self.hidden(self.drop(heard)))
        return logits.view(len(points), -1)


def _loudest(filters: nn.Conv1d, views: Tensor) -> Tensor:
    """The largest answer of each filter anywhere in (B R, 1, T), (B R, C)."""
    # The rectifier keeps order: after the maximum it has far less to do.
    return torch.relu(filters(views).amax(dim=2))
