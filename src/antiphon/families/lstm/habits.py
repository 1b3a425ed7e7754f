"""What pieces are like on the whole, counted while their notes are learnt: traits that go together, bars that return.

Axes: N song, B bar, K trait, R bars ago.
"""

import torch
from torch import Tensor, nn

from antiphon.families.lstm.brief import MOST_BACK, TRAITS, Brief

_FEWEST = 1e-3


class Habits(nn.Module):
    """Means of traits, of their products two by two, and how often a bar that brings back what lies so many bars ago is
    followed by one that brings back what lies so many."""

    count: Tensor
    mean: Tensor
    product: Tensor
    returns: Tensor

    def __init__(self) -> None:
        super().__init__()
        kinds = MOST_BACK + 1
        self.register_buffer("count", torch.zeros(()))
        self.register_buffer("mean", torch.zeros(len(TRAITS)))
        self.register_buffer("product", torch.eye(len(TRAITS)))
        # Before anything is learnt nothing comes back.
        self.register_buffer("returns", _FEWEST * torch.eye(kinds)[:1].repeat(kinds, 1))

    @torch.no_grad()
    def learn(self, brief: Brief, num_bars: Tensor) -> None:
        """Count pieces, of which so many bars (N,) are known; traits count by bars, for songs are written by bars, and
        of dense music a row of notes has few."""
        bars, traits = num_bars.to(brief.traits), brief.traits
        self.count += bars.sum()
        share = bars / bars.sum()
        weight = bars.sum() / self.count
        self.mean.lerp_(share @ traits, weight)
        self.product.lerp_((share[:, None] * traits).T @ traits, weight)
        back = brief.plan.back
        known = torch.arange(1, back.shape[1], device=back.device) < num_bars[:, None]
        pairs = (back[:, :-1] * (MOST_BACK + 1) + back[:, 1:])[known]
        self.returns += torch.bincount(pairs, minlength=self.returns.numel()).view_as(self.returns)

    def traits(self, latent: Tensor) -> Tensor:
        """Traits (N, K) for a Gaussian latent (N, K)."""
        mean, product = self.mean.to(latent), self.product.to(latent)
        spread = product - mean[:, None] * mean + _FEWEST * torch.eye(len(mean), dtype=latent.dtype)
        root: Tensor = torch.linalg.cholesky(spread)
        return mean + latent @ root.T

    def back(self, chance: Tensor, heard: int = 0) -> Tensor:
        """How many bars ago the bar lies that each of B bars brings back (N, B), for uniform `chance` (N, B), after
        `heard` bars that were there before."""
        chances = (self.returns / self.returns.sum(1, keepdim=True)).to(chance).cumsum(1)
        bars = [torch.zeros(len(chance), dtype=torch.int64, device=chance.device)]
        for bar, drawn in enumerate(chance.unbind(1)):
            back = (drawn[:, None] > chances[bars[-1]]).sum(1).clamp_max(MOST_BACK)
            # What lies before the piece cannot come back.
            bars.append(torch.where(back <= bar + heard, back, 0))
        return torch.stack(bars[1:], dim=1)
