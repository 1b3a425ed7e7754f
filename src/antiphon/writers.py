"""How each family writes songs, from given chance: the part of generation that knows networks.

Axes: N songs, T step (16).
"""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from antiphon.codecs.chords import NO_CHORD
from antiphon.codecs.codec import Codec
from antiphon.codecs.frames import FrameBars
from antiphon.codecs.melody import NUM_CLASSES, REST, STEPS
from antiphon.families.bar.objective import BarObjective
from antiphon.families.lstm.note_networks import NUM_CLASSES as NUM_NOTE_CLASSES
from antiphon.families.lstm.note_objective import LstmObjective
from antiphon.families.lstm.objective import LstmGan
from antiphon.families.midinet.networks import NUM_PITCHES
from antiphon.families.midinet.objective import Midinet
from antiphon.gan.objective import Objective
from antiphon.gan.steady import Inputs, Steady
from antiphon.music.score import Score
from antiphon.nn.straight_through import gumbel

Chance = np.random.Generator
Bars = NDArray[np.uint8]

MOST_BOLD = 10.0
"""The highest temperature."""

_NUM_PROBES = 256
_MOST_NOTES = 64


class Writer(ABC):
    """Writes songs with one family's generator.

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
    tempo
        Beats a minute unless one is asked for.
    """

    reads: frozenset[str]
    has_temperature: ClassVar[bool]
    knows_silence: ClassVar[bool]
    tempo: ClassVar[float]

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


class ChainWriter(Writer):
    """Writes bar by bar, each after the one before it."""

    def compose(self, chances: Sequence[Chance], openings: Bars, chords: Bars, temperature: float) -> Sequence[Bars]:
        """Chains (N, B, T)."""
        previous, written = openings, []
        for chord in np.ascontiguousarray(chords.T):
            previous = self.write(chances, previous, chord, temperature)
            written.append(previous)
        return list(np.stack(written, axis=1))

    @abstractmethod
    def write(self, chances: Sequence[Chance], previous: Bars, chord: Bars, temperature: float) -> Bars:
        """The next bar (N, 16) of each song: after `previous` (N, 16), over `chord` (N,), from its own chance."""


class MidinetWriter(ChainWriter):
    """Bars of pitches; the choice of a step is the largest activation, all chance lies in the latent."""

    has_temperature: ClassVar[bool] = False
    knows_silence: ClassVar[bool] = False
    tempo: ClassVar[float] = 120.0

    def __init__(self, objective: Midinet) -> None:
        config = objective.config
        self._latent_dim = config.latent_dim
        self._decide = _steady(objective, self._probes)
        conditions = {"previous": config.condition_channels > 0, "chord": config.chord}
        self.reads = frozenset(name for name, read in conditions.items() if read)

    def opening(self, chance: Chance) -> Bars:
        """One held note."""
        return np.full(STEPS, chance.integers(60, 84), np.uint8)

    def write(self, chances: Sequence[Chance], previous: Bars, chord: Bars, temperature: float) -> Bars:
        """See `Writer`."""
        latent = _normal(chances, self._latent_dim)
        return _array(self._decide({"latent": latent, "previous": _tensor(previous), "chord": _tensor(chord)}))

    def _probes(self) -> Inputs:
        return _probes(NUM_PITCHES, self._latent_dim)

    def last_bar(self, score: Score, codec: Codec) -> Bars | None:
        """By version 1's rules, which take a file of any length."""
        rows = FrameBars(version="v1").encode(score)["real"]
        return rows[-1] if len(rows) else None


class BarWriter(ChainWriter):
    """Bars of notes, holds and rests; each step is drawn from scores that the temperature flattens or sharpens."""

    has_temperature: ClassVar[bool] = True
    knows_silence: ClassVar[bool] = True
    tempo: ClassVar[float] = 100.0

    def __init__(self, objective: BarObjective) -> None:
        self._decide = _steady(objective, self._probes)
        self.reads = frozenset({"previous", "chord"})

    def opening(self, chance: Chance) -> Bars:
        """Silence."""
        return np.full(STEPS, REST, np.uint8)

    def write(self, chances: Sequence[Chance], previous: Bars, chord: Bars, temperature: float) -> Bars:
        """See `Writer`."""
        noise = gumbel(_normal(chances, STEPS, NUM_CLASSES)) * temperature
        bars = self._decide({"noise": noise, "previous": _tensor(previous), "chord": _tensor(chord)})
        return _array(bars.to(torch.uint8))

    def _probes(self) -> Inputs:
        # As bold as can be asked for: the larger a score, the larger its rounding.
        probes = dict(_probes(NUM_CLASSES, STEPS, NUM_CLASSES))
        return {**probes, "noise": MOST_BOLD * gumbel(probes.pop("latent"))}

    def last_bar(self, score: Score, codec: Codec) -> Bars | None:
        """By the codec's own rules: a song with beats, in 4/4."""
        rows = codec.encode(score)["real"]
        return rows[-1] if len(rows) else None


class PieceWriter(Writer):
    """Writes notes, as many as it takes, cut at the last bar.

    A model that gives all notes one onset would never come to an end: no song has more than 64 notes a bar.
    """

    reads = frozenset[str]()
    knows_silence: ClassVar[bool] = True

    def opening(self, chance: Chance) -> Bars:
        """Nothing."""
        return np.empty(0, np.uint8)

    def last_bar(self, score: Score, codec: Codec) -> Bars | None:
        """None that it could follow."""
        return None


class LstmGanWriter(PieceWriter):
    """One sequence after the other, each from a latent of its own."""

    has_temperature: ClassVar[bool] = False
    tempo: ClassVar[float] = 120.0

    def __init__(self, objective: LstmGan) -> None:
        config = objective.config
        self._exact = copy.deepcopy(objective).to(torch.float64).eval()
        self._size = config.row_length // config.sequence_length, config.latent_dim

    def compose(self, chances: Sequence[Chance], openings: Bars, chords: Bars, temperature: float) -> Sequence[Bars]:
        """Notes (n, 3) of each song."""
        num_steps, most = STEPS * chords.shape[1], _MOST_NOTES * chords.shape[1]
        latent = _normal(chances, *self._size)
        notes = self._exact.rows_of(latent)
        while notes.shape[1] < most and _num_steps(notes) < num_steps:
            more = _normal(chances, latent.shape[1], latent.shape[2])
            latent = torch.cat([latent, more], dim=1)
            notes = self._exact.rows_of(latent)
        return [_cut(song[:most], num_steps) for song in _array(notes)]


class LstmWriter(PieceWriter):
    """One note after the other, each drawn from scores that the temperature flattens or sharpens."""

    has_temperature: ClassVar[bool] = True
    tempo: ClassVar[float] = 100.0

    def __init__(self, objective: LstmObjective) -> None:
        self._exact = copy.deepcopy(objective).to(torch.float64).eval()

    def compose(self, chances: Sequence[Chance], openings: Bars, chords: Bars, temperature: float) -> Sequence[Bars]:
        """Notes (n, 3) of each song, the first at the first bar line."""
        config, num_steps, most = self._exact.config, STEPS * chords.shape[1], _MOST_NOTES * chords.shape[1]
        latent = _normal(chances, config.latent_dim)
        state = self._exact.generator.begin(torch.zeros(len(chances), dtype=torch.int64))
        notes = torch.empty(len(chances), 0, 3, dtype=torch.uint8)
        while notes.shape[1] < most and _num_steps(notes) < num_steps:
            noise = temperature * gumbel(_normal(chances, config.row_length, NUM_NOTE_CLASSES))
            more, state = self._exact.go_on(state, latent, noise, first=not notes.shape[1])
            notes = torch.cat([notes, more], dim=1)
        return [_cut(song[:most], num_steps) for song in _array(notes)]


def _num_steps(notes: Tensor) -> int:
    """How far the shortest of songs (N, n, 3) has come."""
    return int(notes[:, :, 2].sum(1).min())


def _cut(notes: Bars, num_steps: int) -> Bars:
    """The notes (n, 3) that begin before a step, none sounding beyond it."""
    begin = np.cumsum(notes[:, 2], dtype=np.int64)
    kept = notes[begin < num_steps].copy()
    kept[:, 1] = np.minimum(kept[:, 1], num_steps - 1 - begin[: len(kept)])
    return kept


def writer_of(objective: Objective) -> Writer:
    """The writer for a family's networks."""
    return _WRITERS[type(objective)](objective)


def _steady(objective: Midinet | BarObjective, probes: Callable[[], Inputs]) -> Steady:
    exact, quick = (copy.deepcopy(objective).to(dtype).eval() for dtype in (torch.float64, torch.float32))
    return Steady(exact.decider(), quick.decider(), probes)


def _probes(num_classes: int, *latent: int) -> dict[str, Tensor]:
    """Inputs of all kinds, the same every time."""
    chance = torch.Generator().manual_seed(0)
    return {
        "latent": torch.randn(_NUM_PROBES, *latent, generator=chance, dtype=torch.float64),
        "previous": torch.randint(num_classes, (_NUM_PROBES, STEPS), generator=chance, dtype=torch.uint8),
        "chord": torch.randint(NO_CHORD + 1, (_NUM_PROBES,), generator=chance, dtype=torch.uint8),
    }


def _normal(chances: Sequence[Chance], *size: int) -> Tensor:
    return torch.from_numpy(np.stack([chance.standard_normal(size) for chance in chances]))


def _tensor(values: Bars) -> Tensor:
    return torch.from_numpy(values)


def _array(bars: Tensor) -> Bars:
    values: Bars = bars.numpy()
    return values


_WRITERS: Mapping[type[Objective], Callable[..., Writer]] = MappingProxyType(
    {Midinet: MidinetWriter, BarObjective: BarWriter, LstmGan: LstmGanWriter, LstmObjective: LstmWriter}
)
