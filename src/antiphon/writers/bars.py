"""How families that go bar by bar write chains: each bar after the one before it.

Axes: N songs, B bar, T step (16).
"""

import copy
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from antiphon.asked import MOST_BOLD
from antiphon.codecs.chords import NO_CHORD
from antiphon.codecs.codec import Codec
from antiphon.codecs.frames import FrameBars
from antiphon.codecs.melody import NUM_CLASSES, REST, STEPS
from antiphon.families.bar.objective import BarObjective
from antiphon.families.midinet.networks import NUM_PITCHES
from antiphon.families.midinet.objective import Midinet
from antiphon.gan.steady import Inputs, Steady
from antiphon.music.score import Score
from antiphon.nn.straight_through import gumbel
from antiphon.writers.phrases import Performance, PhraseWriter, Script
from antiphon.writers.writer import Bars, Chance, SongWriter, as_array, as_tensor, normal

_NUM_PROBES = 256


class ChainWriter(SongWriter):
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
        latent = normal(chances, self._latent_dim)
        return as_array(self._decide({"latent": latent, "previous": as_tensor(previous), "chord": as_tensor(chord)}))

    def _probes(self) -> Inputs:
        return _probes(NUM_PITCHES, self._latent_dim)

    def last_bar(self, score: Score, codec: Codec) -> Bars | None:
        """By version 1's rules, which take a file of any length."""
        rows = FrameBars(version="v1").encode(score)["real"]
        return rows[-1] if len(rows) else None


class BarWriter(ChainWriter, PhraseWriter):
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
        noise = gumbel(normal(chances, STEPS, NUM_CLASSES)) * temperature
        return as_array(self._bars(noise, as_tensor(previous), as_tensor(chord)))

    def perform(
        self, chances: Sequence[Chance], openings: Bars, chords: Bars, temperature: float, script: Script
    ) -> Sequence[Bars]:
        """See `PhraseWriter`."""

        def draw(chances: Sequence[Chance], num: int) -> Tensor:
            return gumbel(normal(chances, num, STEPS, NUM_CLASSES)) * temperature

        return Performance(draw, self._bars, script, chances).songs(openings, chords)

    def _bars(self, noise: Tensor, previous: Tensor, chord: Tensor) -> Tensor:
        return self._decide({"noise": noise, "previous": previous, "chord": chord}).to(torch.uint8)

    def _probes(self) -> Inputs:
        # As bold as can be asked for: the larger a score, the larger its rounding.
        probes = dict(_probes(NUM_CLASSES, STEPS, NUM_CLASSES))
        return {**probes, "noise": MOST_BOLD * gumbel(probes.pop("latent"))}

    def last_bar(self, score: Score, codec: Codec) -> Bars | None:
        """By the codec's own rules: a song with beats, in 4/4."""
        rows = codec.encode(score)["real"]
        return rows[-1] if len(rows) else None


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
