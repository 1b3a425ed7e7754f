"""How a GAN's likelihood twin writes, where that is another way than the game's generator has."""

from collections.abc import Sequence
from typing import ClassVar

import torch

from antiphon.asked import MOST_BOLD
from antiphon.codecs.melody import STEPS
from antiphon.families.midinet.networks import NUM_PITCHES
from antiphon.gan.steady import Inputs
from antiphon.nn.straight_through import gumbel
from antiphon.writers.bars import MidinetWriter
from antiphon.writers.writer import Bars, Chance, as_array, as_tensor, normal


class MidinetTwinWriter(MidinetWriter):
    """Bars of pitches; each step is drawn from chances that the temperature flattens or sharpens."""

    has_temperature: ClassVar[bool] = True

    def write(self, chances: Sequence[Chance], previous: Bars, chord: Bars, temperature: float) -> Bars:
        """See `Writer`."""
        noise = gumbel(normal(chances, STEPS, NUM_PITCHES)) * temperature
        bars = self._decide({"noise": noise, "previous": as_tensor(previous), "chord": as_tensor(chord)})
        return as_array(bars.to(torch.uint8))

    def _probes(self) -> Inputs:
        probes = dict(super()._probes())
        size = len(probes.pop("latent")), STEPS, NUM_PITCHES
        latent = torch.randn(*size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        return {**probes, "noise": MOST_BOLD * gumbel(latent)}
