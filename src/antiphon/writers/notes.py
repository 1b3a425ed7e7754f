"""How families of notes write pieces: as many notes as it takes, cut at the last bar.

Axes: N songs, n notes.
"""

import copy
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from antiphon.codecs.codec import Codec, Rows
from antiphon.codecs.melody import STEPS
from antiphon.families.lstm.note_networks import NUM_CLASSES, State
from antiphon.families.lstm.note_objective import LstmObjective
from antiphon.families.lstm.objective import LstmGan
from antiphon.music.score import Score
from antiphon.nn.straight_through import gumbel
from antiphon.writers.writer import Bars, Chance, Writer, as_array, normal

LONGEST_GAP = 64
"""Steps from one onset to the next."""

_MOST_NOTES = 64
_AT_ONCE = 32


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
        latent = normal(chances, *self._size)
        notes = self._exact.rows_of(latent)
        while notes.shape[1] < most and _num_steps(notes) < num_steps:
            more = normal(chances, latent.shape[1], latent.shape[2])
            latent = torch.cat([latent, more], dim=1)
            notes = self._exact.rows_of(latent)
        return [_cut(song[:most], num_steps) for song in as_array(notes)]


class LstmWriter(PieceWriter):
    """One note after the other, each drawn from scores that the temperature flattens or sharpens."""

    has_temperature: ClassVar[bool] = True
    tempo: ClassVar[float] = 100.0

    def __init__(self, objective: LstmObjective) -> None:
        self._exact = copy.deepcopy(objective).to(torch.float64).eval()

    def compose(self, chances: Sequence[Chance], openings: Bars, chords: Bars, temperature: float) -> Sequence[Bars]:
        """Notes (n, 3) of each song, the first at the first bar line."""
        latent, place = self._latent(chances), torch.zeros(len(chances), dtype=torch.int64)
        begin = self._exact.generator.begin(place, place + STEPS)
        return self._written(
            chances, begin, latent, given=place, num_steps=STEPS * chords.shape[1], temperature=temperature
        )

    def follow(
        self, chances: Sequence[Chance], prime: Rows, *, bar: int, gap: int, num_steps: int, temperature: float
    ) -> Sequence[Bars]:
        """Notes (n, 3) of so many steps that follow a piece, the first at a bar line.

        Parameters
        ----------
        prime
            Its notes: "real" uint8 (n, 3), "place" and "bar" (n,), see `antiphon.codecs.notes`.
        bar
            Steps of a bar of what follows.
        gap
            Steps from the last onset to the bar line, 0 to 64.
        """
        num, latent = len(chances), self._latent(chances)
        heard = {name: torch.from_numpy(np.array(prime[name]))[None] for name in ("real", "place", "bar")}
        state = self._exact.after(heard["real"].expand(num, -1, -1), heard["place"], heard["bar"], latent)
        offset = torch.full((num,), gap)
        metre = torch.full((num, 1), bar)
        moment = state.moment._replace(place=-offset[:, None] % metre, bar=metre)
        state = state._replace(moment=moment)
        return self._written(chances, state, latent, given=offset, num_steps=num_steps, temperature=temperature)

    def _latent(self, chances: Sequence[Chance]) -> Tensor:
        return normal(chances, self._exact.config.latent_dim)

    def _written(
        self,
        chances: Sequence[Chance],
        state: State,
        latent: Tensor,
        *,
        given: Tensor,
        num_steps: int,
        temperature: float,
    ) -> Sequence[Bars]:
        """Notes (n, 3) of so many steps after a state; the first comes after `given` (N,) steps and is at step 0."""
        most = _MOST_NOTES * -(-num_steps // STEPS)
        notes = torch.empty(len(chances), 0, 3, dtype=torch.uint8)
        while notes.shape[1] < most and _num_steps(notes) < num_steps:
            noise = temperature * gumbel(normal(chances, _AT_ONCE, NUM_CLASSES))
            more, state = self._exact.go_on(state, latent, noise, None if notes.shape[1] else given)
            if not notes.shape[1]:
                more[:, 0, 2] = 0
            notes = torch.cat([notes, more], dim=1)
        return [_cut(song[:most], num_steps) for song in as_array(notes)]


def _num_steps(notes: Tensor) -> int:
    """How far the shortest of songs (N, n, 3) has come."""
    return int(notes[:, :, 2].sum(1).min())


def _cut(notes: Bars, num_steps: int) -> Bars:
    """The notes (n, 3) that begin before a step, none sounding beyond it."""
    begin = np.cumsum(notes[:, 2], dtype=np.int64)
    kept = notes[begin < num_steps].copy()
    kept[:, 1] = np.minimum(kept[:, 1], num_steps - 1 - begin[: len(kept)])
    return kept
