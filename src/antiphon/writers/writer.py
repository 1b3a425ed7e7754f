"""What every family owes to generation: songs from given chance.

Axes: N songs, T step (16).
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from antiphon.codecs.codec import Codec
from antiphon.music.score import Score

Chance = np.random.Generator
Bars = NDArray[np.uint8]


class Writer(ABC):
    """Writes with one family's generator.

    Choices are those of float64: the largest of 26 or 128 scores then does not depend on the order in which a
    processor, a batch size or a thread count adds numbers up, so a seed gives the same bytes everywhere. Most are made
    in float32 and known to be the same, see `antiphon.gan.steady`.

    Parameters
    ----------
    objective
        The family's networks, which stay as they are.

    Attributes
    ----------
    reads
        Of "previous" and "chord", what a bar is conditioned on.
    has_temperature
        Whether there is a choice of a step to be more or less bold in.
    knows_silence
        Whether a song can begin out of nothing, so that no real bar is needed before it.
    has_harmony
        Whether what it writes holds its own accompaniment, so that chords need not be played beside it.
    knows_form
        Whether what comes back in a song was learnt, so that no form is drawn for it.
    accompanies
        Whether it writes to a given track only.
    tempo
        Beats a minute unless one is asked for.
    """

    reads: frozenset[str]
    has_temperature: ClassVar[bool]
    knows_silence: ClassVar[bool]
    has_harmony: ClassVar[bool] = False
    knows_form: ClassVar[bool] = False
    accompanies: bool = False
    tempo: ClassVar[float]


class SongWriter(Writer):
    """Writes whole songs, bar after bar or note after note."""

    @abstractmethod
    def opening(self, chance: Chance) -> Bars:
        """What a song's first bar follows (16,) when nothing is given: not heard itself. Pieces follow nothing (0,)."""

    @abstractmethod
    def compose(self, chances: Sequence[Chance], openings: Bars, chords: Bars, temperature: float) -> Sequence[Bars]:
        """Songs as their codec's rows, each after its own opening, over its `chords` (N, B), one a bar, from its own
        chance."""

    @abstractmethod
    def last_bar(self, score: Score, codec: Codec) -> Bars | None:
        """The last bar (16,) of a score in the model's representation; None where there is none."""

    def decode(self, codec: Any, rows: Bars, tempo: float) -> Score:
        """What `compose` wrote, as a score."""
        score: Score = codec.decode(rows, tempo=tempo)
        return score


def normal(chances: Sequence[Chance], *size: int) -> Tensor:
    """Gaussians (N, *size) in float64, each song's from its own chance."""
    return torch.from_numpy(np.stack([chance.standard_normal(size) for chance in chances]))


def as_tensor(values: Bars) -> Tensor:
    """The same values for torch."""
    return torch.from_numpy(values)


def as_array(bars: Tensor) -> Bars:
    """The same values for numpy."""
    values: Bars = bars.numpy()
    return values
