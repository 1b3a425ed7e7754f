"""A small fresh classifier of real against fake, and the exact area under a ROC curve.

Axes: N samples, S positions of a sample.
"""

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool1d, leaky_relu, pad

from antiphon.gan.losses import cross_entropy

MAX_SAMPLES = 1024
"""Samples a side that a probe looks at."""
_BATCH = 64
_MAX_WIDTH = 64


def roc_auc(positive: ArrayLike | Tensor, negative: ArrayLike | Tensor) -> float:
    """The chance that a score of `positive` exceeds one of `negative`, ties counting half: exact, by ranks.

    Parameters
    ----------
    positive, negative
        Finite scores (N,) and (M,), at least one each.
    """
    above, below = as_array(positive).ravel(), as_array(negative).ravel()
    if len(above) == 0 or len(below) == 0:
        raise ValueError("an area under the curve needs scores on both sides; give at least one each")
    below = np.sort(below)
    beaten = np.searchsorted(below, above, side="left") + np.searchsorted(below, above, side="right")
    return float(beaten.sum() / (2 * len(above) * len(below)))


def probe_auc(real: ArrayLike | Tensor, fake: ArrayLike | Tensor, seed: int = 0, steps: int = 200) -> float:
    """Train a fresh classifier on half of the samples; its AUC on the other half, real ranked above fake.

    An embedding, a convolution along the flattened sample and a hidden layer: about half a second at 1,024 samples
    of 16 positions. Chance is its own: torch's generators are left as they were.

    Parameters
    ----------
    real, fake
        Arrays of categories (N, ...) of one shape but for N; the first `MAX_SAMPLES` of each are looked at.
    seed
        Decides halves, weights and batches.
    steps
        Updates of the classifier.
    """
    chance = np.random.default_rng(seed)
    sides = [chance.permutation(as_rows(samples)[:MAX_SAMPLES]) for samples in (real, fake)]
    categories = np.unique(np.concatenate(sides))
    codes = [torch.from_numpy(np.searchsorted(categories, side)) for side in sides]
    train, held_out = zip(*((side[: len(side) // 2], side[len(side) // 2 :]) for side in codes), strict=True)
    # Modules draw their first weights from torch's default generator only.
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(seed)
        probe = _Probe(len(categories), codes[0].shape[1])
        _fit(probe, train[0], train[1], steps, torch.Generator().manual_seed(seed))
    with torch.no_grad():
        scores = [probe(side) for side in held_out]
    return roc_auc(scores[0], scores[1])


def _fit(probe: nn.Module, real: Tensor, fake: Tensor, steps: int, chance: torch.Generator) -> None:
    optimizer = torch.optim.AdamW(probe.parameters(), lr=2e-3, weight_decay=1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        parts = [side[torch.randint(len(side), (_BATCH,), generator=chance)] for side in (real, fake)]
        logits = probe(torch.cat(parts))
        torch.autograd.backward(cross_entropy(logits[:_BATCH], 1) + cross_entropy(logits[_BATCH:], 0))
        optimizer.step()


class _Probe(nn.Module):
    def __init__(self, num_categories: int, length: int) -> None:
        super().__init__()
        # Long samples are averaged down, so that the hidden layer stays small.
        self.width = min(length, _MAX_WIDTH)
        self.embed = nn.Embedding(num_categories, 16)
        self.convolve = nn.Conv1d(17, 32, 3, padding=1)
        self.judge = nn.Sequential(nn.Linear(32 * self.width, 64), nn.LeakyReLU(), nn.Linear(64, 1))

    def forward(self, codes: Tensor) -> Tensor:
        """Logits (N,) of category numbers (N, S)."""
        # Whether a position repeats the one before would take an embedding thousands of samples to learn.
        repeats = pad((codes[:, 1:] == codes[:, :-1]).float(), (1, 0))
        seen = torch.cat([self.embed(codes), repeats.unsqueeze(2)], dim=2).transpose(1, 2)
        features = adaptive_avg_pool1d(leaky_relu(self.convolve(seen), 0.2), self.width)
        logits: Tensor = self.judge(features.flatten(1))
        return logits.squeeze(1)


def as_array(values: ArrayLike | Tensor) -> NDArray[np.generic]:
    """Values as a numpy array, fetched from their device."""
    if isinstance(values, Tensor):
        values = values.detach()
        values = values.float() if values.is_floating_point() else values
        fetched: NDArray[np.generic] = values.cpu().numpy()
        return fetched
    return np.asarray(values)


def as_rows(samples: ArrayLike | Tensor) -> NDArray[np.generic]:
    """Samples (N, ...) as a contiguous array (N, S)."""
    array = as_array(samples)
    return np.ascontiguousarray(array.reshape(len(array), -1))
