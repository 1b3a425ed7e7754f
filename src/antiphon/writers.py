"""How each family writes the next bars, from given chance: the part of generation that knows networks.

Axes: N songs, T step (16).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from antiphon.codecs.codec import Codec
from antiphon.codecs.frames import FrameBars
from antiphon.codecs.melody import NUM_CLASSES, REST, STEPS
from antiphon.families.bar.objective import BarObjective
from antiphon.families.midinet.objective import Midinet
from antiphon.gan.objective import Objective
from antiphon.music.score import Score

Chance = np.random.Generator
Bars = NDArray[np.uint8]


class Writer(ABC):
    """Writes bars with one family's generator.

    Networks compute in float64 here: the largest of 26 or 128 scores then does not depend on the order in which a
    processor, a batch size or a thread count adds numbers up, so a seed gives the same bytes everywhere.

    Attributes
    ----------
    reads
        Of "previous" and "chord", what a bar is conditioned on.
    has_temperature
        Whether there is a choice of a step to be more or less bold in.
    knows_silence
        Whether a song can begin out of nothing, so that no real bar is needed before it.
    tempo
        Beats a minute unless one is asked for.
    """

    reads: frozenset[str]
    has_temperature: ClassVar[bool]
    knows_silence: ClassVar[bool]
    tempo: ClassVar[float]

    @abstractmethod
    def opening(self, chance: Chance) -> Bars:
        """What a song's first bar follows (16,) when nothing is given: not heard itself."""

    @abstractmethod
    def write(self, chances: Sequence[Chance], previous: Bars, chord: Bars, temperature: float) -> Bars:
        """The next bar (N, 16) of each song: after `previous` (N, 16), over `chord` (N,), from its own chance."""

    @abstractmethod
    def last_bar(self, score: Score, codec: Codec) -> Bars | None:
        """The last bar (16,) of a score in the model's representation; None where there is none."""


class MidinetWriter(Writer):
    """Bars of pitches; the choice of a step is the largest activation, all chance lies in the latent."""

    has_temperature: ClassVar[bool] = False
    knows_silence: ClassVar[bool] = False
    tempo: ClassVar[float] = 120.0

    def __init__(self, objective: Midinet) -> None:
        self._objective = objective.double().eval()
        config = objective.config
        conditions = {"previous": config.condition_channels > 0, "chord": config.chord}
        self.reads = frozenset(name for name, read in conditions.items() if read)

    def opening(self, chance: Chance) -> Bars:
        """One held note."""
        return np.full(STEPS, chance.integers(60, 84), np.uint8)

    def write(self, chances: Sequence[Chance], previous: Bars, chord: Bars, temperature: float) -> Bars:
        """See `Writer`."""
        latent = _normal(chances, self._objective.config.latent_dim)
        bars = self._objective.sample_from(latent, {"previous": _tensor(previous), "chord": _tensor(chord)})
        return _array(bars)

    def last_bar(self, score: Score, codec: Codec) -> Bars | None:
        """By version 1's rules, which take a file of any length."""
        rows = FrameBars(version="v1").encode(score)["real"]
        return rows[-1] if len(rows) else None


class BarWriter(Writer):
    """Bars of notes, holds and rests; each step is drawn from scores that the temperature flattens or sharpens."""

    has_temperature: ClassVar[bool] = True
    knows_silence: ClassVar[bool] = True
    tempo: ClassVar[float] = 100.0

    def __init__(self, objective: BarObjective) -> None:
        self._objective = objective.double().eval()
        self.reads = frozenset({"previous", "chord"})

    def opening(self, chance: Chance) -> Bars:
        """Silence."""
        return np.full(STEPS, REST, np.uint8)

    def write(self, chances: Sequence[Chance], previous: Bars, chord: Bars, temperature: float) -> Bars:
        """See `Writer`."""
        latent = _normal(chances, STEPS, NUM_CLASSES)
        condition = {"previous": _tensor(previous), "chord": _tensor(chord)}
        return _array(self._objective.sample_from(latent, condition, temperature))

    def last_bar(self, score: Score, codec: Codec) -> Bars | None:
        """By the codec's own rules: a song with beats, in 4/4."""
        rows = codec.encode(score)["real"]
        return rows[-1] if len(rows) else None


def writer_of(objective: Objective) -> Writer:
    """The writer for a family's networks."""
    return _WRITERS[type(objective).__name__](objective)


def _normal(chances: Sequence[Chance], *size: int) -> Tensor:
    return torch.from_numpy(np.stack([chance.standard_normal(size) for chance in chances]))


def _tensor(values: Bars) -> Tensor:
    return torch.from_numpy(values)


def _array(bars: Tensor) -> Bars:
    values: Bars = bars.numpy()
    return values


_WRITERS: Mapping[str, Callable[..., Writer]] = MappingProxyType(
    {Midinet.__name__: MidinetWriter, BarObjective.__name__: BarWriter}
)
