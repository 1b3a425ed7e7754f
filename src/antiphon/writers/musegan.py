"""How MuseGAN's networks write songs: phrases of all tracks, one after the other.

Axes: N songs, m bars of a song, n phrases of it, K track, B bar of a phrase, T step, P pitch.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from antiphon.codecs.strokes import Integers, Strokes, fill, runs
from antiphon.families.musegan.latents import Latents, redrawn
from antiphon.families.musegan.objective import Musegan
from antiphon.writers.bands import BandWriter, Setting
from antiphon.writers.blending import Place, Way, blended, nearest
from antiphon.writers.writer import Chance

# Of a standard normal distribution, one number in 370 deviates further.
_FURTHEST = 3.0
# At a temperature of 0 coins fall as they are likelier to.
_COLDEST = 1e-3


class MuseganWriter(BandWriter):
    """Writes phrases that do not hear each other; a song's last one, and that of a run of bars, is cut where it ends.

    A temperature below 1 draws latents that deviate by at most so many times three standard deviations, or so many
    times the model's own limit; one above 1 multiplies them. Neurons that throw coins throw them at this temperature.
    """

    has_density: ClassVar[bool] = False
    tempo: ClassVar[float] = 100.0

    def __init__(self, objective: Musegan) -> None:
        self._exact = copy.deepcopy(objective).to(torch.float64).eval()
        self._bars = objective.config.bars
        given = objective.config.condition
        self.accompanies = given is not None
        self.hears = () if given is None else (given,)
        self._limit = objective.config.generator.latents.limit
        # What tracks share cannot change for one of them.
        self.can_vary = any("private" in name for name in objective.config.generator.latents.lengths)

    def perform(self, chances: Sequence[Chance], setting: Setting, temperature: float) -> list[Strokes]:
        """See `BandWriter.perform`. Runs of bars are filled up with silence to whole phrases, and what is written to
        that is cut off.

        Raises
        ------
        ValueError
            If other tracks are given than the one that it writes to.
        """
        return self._played([self._drawn(chance, setting, temperature) for chance in chances], setting, temperature)

    def between(
        self, ends: Sequence[Chance], places: Sequence[Place], way: Way, setting: Setting, temperature: float
    ) -> list[Strokes]:
        """See `BandWriter.between`: each vector of latents goes its own way, and coins fall as at the nearest end."""
        origins = [self._drawn(chance, setting, temperature) for chance in ends]

        def at(place: Place) -> _Origin:
            parts = {
                name: torch.from_numpy(blended([origin.latents[name].numpy() for origin in origins], place, way))
                for name in origins[0].latents
            }
            return _Origin(parts, origins[nearest(place)].coins)

        return self._played([at(place) for place in places], setting, temperature)

    def vary(
        self, chance: Chance, others: Sequence[Chance], tracks: tuple[int, ...], setting: Setting, temperature: float
    ) -> list[Strokes]:
        """See `BandWriter.vary`: the tracks' private latents are drawn anew.

        Raises
        ------
        ValueError
            If there are no private latents.
        """
        if not self.can_vary:
            raise ValueError("the tracks of this model share all latents")
        origin = self._drawn(chance, setting, temperature)
        varied = []
        for other in others:
            fresh, latents = self._drawn(other, setting, temperature).latents, origin.latents
            for track in tracks:
                latents = redrawn(latents, fresh, track)
            varied.append(origin._replace(latents=latents))
        return self._played(varied, setting, temperature)

    def _drawn(self, chance: Chance, setting: Setting, temperature: float) -> "_Origin":
        """What a song's phrases are made of."""
        if setting.known != self.hears:
            raise ValueError(f"tracks {list(setting.known)} are given; this writer hears {list(self.hears or ())}")
        num, bars = len(_Phrases.of(setting, self._bars).first), self._bars if setting.known else None
        limit = (self._limit or _FURTHEST) * temperature if temperature < 1 else None
        # Neurons that throw coins do so, as latents are drawn, from torch's default generator.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(chance.integers(2**63)))
            latents = self._exact.draw(num, bars, limit)
            wilder = {name: max(temperature, 1.0) * values for name, values in latents.items()}
            return _Origin(wilder, torch.get_rng_state())

    def _played(self, origins: Sequence["_Origin"], setting: Setting, temperature: float) -> list[Strokes]:
        phrases = _Phrases.of(setting, self._bars)
        given = self._given(setting, phrases.first) if setting.known else None
        return [phrases.strokes(self._cells(origin, given, temperature), setting) for origin in origins]

    def _given(self, setting: Setting, first: Integers) -> Tensor:
        """The given track (n, B, T, P) of -1 and 1."""
        _, steps, pitches = self._exact.config.size
        cells = np.zeros((2, len(first), self._exact.config.tracks, self._bars, steps, pitches), bool)
        fill(cells[0], cells[1], setting.given, first * steps)
        return torch.from_numpy(cells[0, :, setting.known[0]]).double() * 2 - 1

    def _cells(self, origin: "_Origin", given: Tensor | None, temperature: float) -> NDArray[np.bool_]:
        """Phrases (n, K, B, T, P), to the given track where there is one."""
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(origin.coins)
            sharpness = 1 / max(temperature, _COLDEST)
            cells: NDArray[np.bool_] = self._exact.sample_from(origin.latents, given, sharpness).numpy()
        return cells


class _Origin(NamedTuple):
    """What a song is made of: its phrases' latents, and the state of chance from which coins are thrown."""

    latents: Latents
    coins: Tensor


@dataclass(frozen=True, eq=False)
class _Phrases:
    """Phrases that cover the runs of a song's bars: the first bar (n,) of each, and how many it has (n,)."""

    first: Integers
    length: Integers
    bars: int

    @classmethod
    def of(cls, setting: Setting, bars: int) -> Self:
        """One after the other in each run, the last filled up."""
        opens = np.flatnonzero(setting.begins)
        ends = np.append(opens[1:], setting.num_bars)[: len(opens)]
        count = -(-(ends - opens) // bars)
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        first = np.repeat(opens, count) + within * bars
        return cls(first, np.minimum(bars, np.repeat(ends, count) - first), bars)

    def strokes(self, cells: NDArray[np.bool_], setting: Setting) -> Strokes:
        """What sounds of the asked tracks in phrases (n, K, B, T, P), in steps of the song's bars."""
        inside = np.arange(self.bars) < self.length[:, None]
        bars = (self.first[:, None] + np.arange(self.bars))[inside]
        line = np.zeros((setting.num_bars, *cells.shape[3:]), bool)
        breaks = np.zeros_like(line)
        breaks[setting.begins, 0] = True
        found = []
        for track in setting.asked:
            line[bars] = cells[:, track][inside]
            pitch, start, end = runs(line, breaks, rest=False)
            found.append((np.full(len(pitch), track), pitch, start, end))
        return Strokes(*(np.concatenate(column) for column in zip(*found, strict=True)))
