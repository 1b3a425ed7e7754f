"""A fresh discriminator, trained for a moment to tell real bars from made ones: its AUC is what it can still hear.

The network is that of the published bar GAN's version 2 without minibatch statistics (24 kernels as high as the roll
and two steps wide, 77 kernels three wide, 1,024 units, dropout 0.3), trained by Adam at 3e-4 on pure batches of 72.
0.5 means that it hears no difference, 1 that it is always right. Grade it against two floors: other real bars, and
shuffled ones.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import ArrayLike, NDArray
from scipy.stats import mannwhitneyu
from torch import Tensor, nn

_BATCH = 72
_LEARNING_RATE = 3e-4


@dataclass(frozen=True)
class Bars:
    """Bars as classes with what surrounds them.

    Parameters
    ----------
    bars
        (n, T) classes.
    previous
        (n, T) classes of the bars before, or None where the examiner shall not see them.
    chord
        (n,) codes, or None.
    """

    bars: NDArray[np.integer[Any]]
    previous: NDArray[np.integer[Any]] | None = None
    chord: NDArray[np.integer[Any]] | None = None

    def __getitem__(self, rows: NDArray[Any]) -> Self:
        previous = None if self.previous is None else self.previous[rows]
        return type(self)(self.bars[rows], previous, None if self.chord is None else self.chord[rows])

    def bare(self) -> Self:
        """The bars alone."""
        return type(self)(self.bars)

    def shuffled_conditions(self, rng: np.random.Generator) -> Self:
        """The same bars, each beside the conditions of another one."""
        order = rng.permutation(len(self.bars))
        previous = None if self.previous is None else self.previous[order]
        return type(self)(self.bars, previous, None if self.chord is None else self.chord[order])

    def shuffled_steps(self, rng: np.random.Generator) -> Self:
        """Bars with their steps in random order, each bar in its own."""
        return type(self)(rng.permuted(self.bars, axis=1), self.previous, self.chord)


class Examiner(nn.Module):
    """Version 2's discriminator over (planes, 16), conditions beside the bar: the bar before as more rows, the chord
    as more units of the flat layer."""

    def __init__(self, num_classes: int, num_chords: int, sees_previous: bool) -> None:
        super().__init__()
        self.num_classes, self.num_chords = num_classes, num_chords
        # A kernel as high as the roll is a convolution over time with the pitches as channels.
        self.conv1 = nn.Conv1d(num_classes * (1 + sees_previous), 24, 2, stride=2)
        self.conv2 = nn.Conv1d(24, 77, 3, stride=2)
        self.hidden = nn.Linear(231 + num_chords, 1024)
        self.verdict = nn.Linear(1024, 1)
        self.dropout = nn.Dropout(0.3)

    def forward(self, bars: Tensor, previous: Tensor | None, chord: Tensor | None) -> Tensor:
        """Logits (N,) of bars (N, 16)."""
        seen = bars if previous is None else torch.stack([bars, previous], dim=2)
        planes = F.one_hot(seen, self.num_classes).float().flatten(2).transpose(1, 2)
        hidden = self.dropout(F.leaky_relu(self.conv1(planes), 0.01))
        hidden = self.dropout(F.leaky_relu(self.conv2(hidden), 0.01)).flatten(1)
        if chord is not None:
            hidden = torch.cat([hidden, F.one_hot(chord, self.num_chords).float()], dim=1)
        logits: Tensor = self.verdict(self.dropout(F.leaky_relu(self.hidden(hidden), 0.01)))[:, 0]
        return logits


def examine(real: Bars, fake: Bars, held_real: Bars, held_fake: Bars, *, iterations: int = 300, seed: int = 0) -> float:
    """AUC with which an examiner trained on (`real`, `fake`) separates (`held_real`, `held_fake`).

    Raises
    ------
    ValueError
        If one of the four has no bars.
    """
    if not all(len(part.bars) for part in (real, fake, held_real, held_fake)):
        raise ValueError("the examiner needs real and made bars to learn from, and others to be tested on")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        classes = 1 + max(int(part.bars.max()) for part in (real, fake, held_real, held_fake))
        chords = (
            0 if real.chord is None else 1 + max(int(p.chord.max()) for p in (real, held_real) if p.chord is not None)
        )
        examiner = Examiner(classes, chords, real.previous is not None)
        _train(examiner, real, fake, iterations)
        return auc(_judge(examiner, held_real), _judge(examiner, held_fake))


def auc(positive: ArrayLike, negative: ArrayLike) -> float:
    """Chance that a positive score is above a negative one, ties counted half (Mann and Whitney 1947)."""
    positive, negative = np.asarray(positive), np.asarray(negative)
    return float(mannwhitneyu(positive, negative).statistic / (len(positive) * len(negative)))


def _train(examiner: Examiner, real: Bars, fake: Bars, iterations: int) -> None:
    optimizer = torch.optim.Adam(examiner.parameters(), _LEARNING_RATE, betas=(0.5, 0.999))
    for _ in range(iterations):
        loss = torch.zeros(())
        for sign, bars in ((-1, real), (1, fake)):
            chosen = bars[torch.randint(len(bars.bars), (_BATCH,)).numpy()]
            loss = loss + F.softplus(sign * examiner(*_tensors(chosen))).mean()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()


@torch.no_grad()
def _judge(examiner: Examiner, bars: Bars) -> NDArray[np.float32]:
    examiner.eval()
    return np.asarray(examiner(*_tensors(bars)).numpy())


def _tensors(bars: Bars) -> tuple[Tensor | None, ...]:
    parts = (bars.bars, bars.previous, bars.chord)
    return tuple(None if part is None else torch.from_numpy(np.asarray(part, np.int64)) for part in parts)
