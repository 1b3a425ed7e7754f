"""Songs by a script: bars that come back, bars with wishes, bars that end a phrase.

A bar that comes back is written from the latents of the bar that it brings back. Where a section begins anew it hears
what that bar heard, not the bar before it: so it sounds again note for note, unless its chords are others now.

Axes: N songs, B bar, T step (16), K candidates of a bar.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from antiphon.writers.choosing import ECHO, MANY, Past, Wishes, choose, num_notes, score
from antiphon.writers.writer import Bars, Chance, SongWriter, as_array, as_tensor

Draw = Callable[[Sequence[Chance], int], Tensor]
"""Latents (N, K, ...) of each song's own chance."""

Write = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Bars (n, T) from latents (n, ...), bars before (n, T) and chords (n,)."""


@dataclass(frozen=True, eq=False)
class Script:
    """What each bar of some songs is to be.

    Parameters
    ----------
    source
        (N, B): the bar whose latents a bar takes, itself where it is new.
    wishes
        Of every new bar.
    strength
        (N, B): how much a bar is to end a phrase, 0 to 1.
    tones
        (N, B, 12): how well each pitch class would end it, 0 to 1.
    keys
        (N,): 0-11 major, 12-23 minor ones, `NO_KEY` where none is known.
    """

    source: NDArray[np.int64]
    wishes: Wishes
    strength: NDArray[np.float64]
    tones: NDArray[np.float64]
    keys: NDArray[np.int64]


class PhraseWriter(SongWriter):
    """Writes songs with sections and an end, beside chains of bars.

    Attributes
    ----------
    chooses
        Whether it chooses among bars, and so can honour wishes.
    """

    chooses: ClassVar[bool] = True

    @abstractmethod
    def perform(
        self, chances: Sequence[Chance], openings: Bars, chords: Bars, temperature: float, script: Script
    ) -> Sequence[Bars]:
        """Songs as of `compose`, by a script."""


class Performance:
    """One writing of a script's songs, bar by bar.

    Parameters
    ----------
    draw, write
        A generator of bars.
    script
        Of N songs.
    chances
        N, one a song.
    """

    def __init__(self, draw: Draw, write: Write, script: Script, chances: Sequence[Chance]) -> None:
        self._draw, self._write, self._script, self._chances = draw, write, script, chances
        song, bar = np.nonzero(script.source != np.arange(script.source.shape[1]))
        self._wanted = set(zip(song.tolist(), script.source[song, bar].tolist(), strict=True))
        self._latents: dict[tuple[int, int], Tensor] = {}
        self._heard: list[Bars] = []

    def songs(self, openings: Bars, chords: Bars) -> list[Bars]:
        """N songs (B, T), their first bars after `openings` (N, T), over the codes `chords` (N, B)."""
        written: list[Bars] = []
        notes = self._script.wishes.notes
        owed = np.zeros(len(openings))
        for bar, chord in enumerate(np.ascontiguousarray(chords.T)):
            previous = self._previous(bar, written[-1] if bar else openings)
            self._heard.append(previous)
            counts = self._counts(bar)
            drawn = self._drawn(bar, counts)
            rows = np.repeat(np.arange(len(counts)), counts)
            bars = as_array(self._write(drawn, as_tensor(previous[rows]), as_tensor(chord[rows])))
            picked = self._picked(bar, bars, counts, Past(written[-len(ECHO) :], owed))
            self._keep(bar, drawn, picked)
            written.append(bars[picked])
            owed += 0 if notes is None else notes - num_notes(written[-1])
        return list(np.stack(written, axis=1))

    def _previous(self, bar: int, before: Bars) -> Bars:
        """What each song's bar (N, T) hears as the bar before it."""
        origin = self._script.source[:, bar]
        goes_on = origin == (self._script.source[:, bar - 1] + 1 if bar else 0)
        previous = before.copy()
        for song in np.flatnonzero(~goes_on & (origin != bar)).tolist():
            previous[song] = self._heard[origin[song]][song]
        return previous

    def _counts(self, bar: int) -> NDArray[np.int64]:
        """How many candidates (N,) each song's bar has."""
        script = self._script
        counts = np.where(script.strength[:, bar] > 0, MANY, script.wishes.num_candidates)
        return np.where(script.source[:, bar] == bar, counts, 1)

    def _drawn(self, bar: int, counts: NDArray[np.int64]) -> Tensor:
        """The latents (n, ...) to write a bar from, each song's one after the other."""
        parts = [
            self._latents[song, origin][None] if origin != bar else self._draw([chance], int(counts[song]))[0]
            for song, (chance, origin) in enumerate(
                zip(self._chances, self._script.source[:, bar].tolist(), strict=True)
            )
        ]
        return torch.cat(parts)

    def _picked(self, bar: int, bars: Bars, counts: NDArray[np.int64], past: Past) -> NDArray[np.intp]:
        """The row of the bars (n, T) that each song takes."""
        begins, script = np.cumsum(counts) - counts, self._script
        picked = begins.copy()
        for num in np.unique(counts[counts > 1]).tolist():
            songs = np.flatnonzero(counts == num)
            candidates = bars[begins[songs, None] + np.arange(num)]
            own = Past([earlier[songs] for earlier in past.bars], past.owed[songs])
            scores = score(candidates, own, script.wishes, script.strength[songs, bar], script.tones[songs, bar])
            picked[songs] += choose(scores, [self._chances[song] for song in songs.tolist()])
        return picked

    def _keep(self, bar: int, drawn: Tensor, picked: NDArray[np.intp]) -> None:
        """Remember the latents that a later bar wants."""
        for song, row in enumerate(picked.tolist()):
            if (song, bar) in self._wanted:
                self._latents[song, bar] = drawn[row].clone()
