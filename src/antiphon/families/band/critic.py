"""The discriminator of `band`: it hears four bars of all tracks, what is struck and what sounds.

Axes: N phrases, K track, S step, P pitch, C pitch class.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from antiphon.families.band.config import BandConfig
from antiphon.families.band.rolls import OCTAVE, folded


class BandDiscriminator(nn.Module):
    """Logits (N,) of phrases (N, 2 K, S, P): the planes of what is struck, then those of what sounds."""

    def __init__(self, config: BandConfig) -> None:
        super().__init__()
        num_tracks, width = config.tracks, config.critic_dim
        # Filled up to whole octaves.
        self._more = -config.pitches % OCTAVE
        octaves = (config.pitches + self._more) // OCTAVE
        self.rolls = nn.Sequential(
            nn.Conv2d(2 * num_tracks, width, (1, OCTAVE), (1, OCTAVE)),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, width, (4, 1), (4, 1)),
            nn.LeakyReLU(0.2),
        )
        self.classes = nn.Sequential(
            nn.Conv2d(2 * num_tracks, width, (4, OCTAVE), (2, 1), padding=(1, 0)),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, (2, 1), (2, 1)),
            nn.LeakyReLU(0.2),
        )
        self.beats = nn.Sequential(
            nn.Conv1d(octaves * width + 2 * width, 4 * width, 5, padding=2),
            nn.LeakyReLU(0.2),
            nn.Conv1d(4 * width, 4 * width, 5, 2, padding=2),
            nn.LeakyReLU(0.2),
            nn.Conv1d(4 * width, 4 * width, 5, 2, padding=2),
            nn.LeakyReLU(0.2),
        )
        self.verdict = nn.Linear(4 * width, 1)

    def forward(self, phrases: Tensor) -> Tensor:
        """See the class."""
        rolls = self.rolls(F.pad(phrases, (0, self._more)))
        # Every interval of twelve lies within one window: classes go round.
        classes = folded(phrases).clamp_max(1)
        turned = torch.cat([classes, classes[..., : OCTAVE - 1]], -1)
        harmony = self.classes(turned).amax(-1)
        beats = torch.cat([rolls.transpose(2, 3).flatten(1, 2), harmony], 1)
        logits: Tensor = self.verdict(self.beats(beats).mean(-1))
        return logits[:, 0]
