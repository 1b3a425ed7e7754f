"""Generator and discriminator of the LSTM GAN, with the released code's names of weights.

Axes: N batch, T note of a sequence, H hidden, F number of a note (3: pitch, duration, offset).
"""

import torch
from torch import Tensor, nn

NUM_FEATURES = 3


class Generator(nn.Module):
    """An LSTM that is told the same noise at every note; its state alone knows which note it is.

    The paper has one noise vector "undergoing transformation into a sequence" and does not say how it comes in. At
    every note, because for sequences of one note this is the released code.

    Parameters
    ----------
    latent_dim, hidden_dim, num_layers
        Widths and depth.
    """

    def __init__(self, latent_dim: int, hidden_dim: int, num_layers: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(latent_dim, hidden_dim, num_layers, batch_first=True)
        self.fc = nn.Linear(hidden_dim, NUM_FEATURES)

    def forward(self, latent: Tensor, length: int) -> Tensor:
        """Sequences (N, `length`, F) of noise (N, latent_dim), unbounded."""
        hidden, _ = self.lstm(latent[:, None].expand(-1, length, -1))
        notes: Tensor = self.fc(hidden)
        return notes


class Discriminator(nn.Module):
    """An LSTM that gives one verdict on a sequence, after its last note.

    Parameters
    ----------
    hidden_dim, num_layers
        Width and depth.
    """

    def __init__(self, hidden_dim: int, num_layers: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(NUM_FEATURES, hidden_dim, num_layers, batch_first=True)
        self.fc = nn.Linear(hidden_dim, 1)

    def forward(self, notes: Tensor, length: Tensor) -> Tensor:
        """Logits (N,) of sequences (N, T, F) of which the first `length` (N,) notes are valid, one at least."""
        hidden, _ = self.lstm(notes)
        # What comes after the last valid note cannot reach its state, so nothing need be packed.
        last = hidden[torch.arange(len(notes), device=notes.device), length.long() - 1]
        logits: Tensor = self.fc(last).squeeze(1)
        return logits
