"""What a critic of tokens owes the game: where its penalty is taken, and verdicts from there.

Axes: B batch, T token, V vocabulary, D width, R verdicts a sample.
"""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Critic(nn.Module, ABC):
    """Hears tokens int64 (B, T), or floats (B, T, V): rows of (soft) one-hots, which carry gradients."""

    @abstractmethod
    def embed(self, tokens: Tensor) -> Tensor:
        """The points (B, T, D) at which a gradient penalty looks at the critic's slope."""

    @abstractmethod
    def judge(self, points: Tensor) -> Tensor:
        """Logits (B,), or (B, R) where a sample gets several verdicts, of what `embed` gave."""

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (B,) or (B, R); higher is more real."""
        return self.judge(self.embed(tokens))
