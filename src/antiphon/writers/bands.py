"""What every writer of bands owes to accompaniment: tracks that were asked for, beside tracks that are given.

Axes: N songs, B bar, K track.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.stroke_changes import nothing
from antiphon.codecs.strokes import Strokes
from antiphon.writers.blending import Place, Way
from antiphon.writers.writer import Chance, Writer


@dataclass(frozen=True, eq=False)
class Setting:
    """What a band plays to.

    Parameters
    ----------
    begins
        (B,) bool, the 4/4 bars of a song: whether a bar does not follow the one before, as the first never does.
    given
        What sounds of the given tracks, in steps of the model's grid from the first bar on, bar after bar.
    known
        Numbers of the given tracks, those too that are silent.
    asked
        Numbers of the tracks to write, none of them given.
    sure
        Those of the asked ones that are to play even where songs that are like the given tracks are without them.
    density
        Of a track: how many times as many notes as it would play by itself; 1 where none is named.
    """

    begins: NDArray[np.bool_]
    given: Strokes
    known: tuple[int, ...]
    asked: tuple[int, ...]
    sure: tuple[int, ...] = ()
    density: Mapping[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if twice := set(self.known) & set(self.asked):
            raise ValueError(f"tracks {sorted(twice)} are given and asked for")

    @classmethod
    def alone(
        cls, num_bars: int, asked: tuple[int, ...], density: Mapping[int, float], sure: tuple[int, ...] = ()
    ) -> Self:
        """Of a song of so many bars one after the other, in which nothing is given."""
        return cls(np.arange(num_bars) == 0, nothing(), (), asked, sure, density)

    @property
    def num_bars(self) -> int:
        """Bars of the song."""
        return len(self.begins)


class BandWriter(Writer):
    """Writes some tracks of a song to others.

    Its codec is a `antiphon.codecs.phrases.PhraseRolls`, which has the tracks, the grid and the pitches. Strokes, given
    and written ones, are what sounds in its cells: without the rest that follows a note where it lets notes rest.

    Attributes
    ----------
    hears
        Numbers of the tracks that can be given; None: all of them.
    has_density
        Whether it can play more or fewer notes than by itself.
    lowest
        Of each track the lowest pitch that it writes, counted from the codec's; none: all pitches.
    can_vary
        Whether it can write a track anew while the others stay.
    """

    reads = frozenset()
    has_temperature: ClassVar[bool] = True
    knows_silence: ClassVar[bool] = True
    has_harmony: ClassVar[bool] = True
    hears: tuple[int, ...] | None = None
    has_density: ClassVar[bool] = True
    lowest: tuple[int, ...] = ()
    can_vary: bool = True

    @abstractmethod
    def perform(self, chances: Sequence[Chance], setting: Setting, temperature: float) -> list[Strokes]:
        """The asked tracks of N songs to one setting, each from its own chance: pitches from the codec's lowest, steps
        from the first bar on; no stroke goes beyond the last bar, nor over the end of a run of bars."""

    @abstractmethod
    def between(
        self, ends: Sequence[Chance], places: Sequence[Place], way: Way, setting: Setting, temperature: float
    ) -> list[Strokes]:
        """Songs at places between those that `perform` gives for each of the ends, two or four
        (`antiphon.writers.blending.blended`); at an end it is that song."""

    @abstractmethod
    def vary(
        self, chance: Chance, others: Sequence[Chance], tracks: tuple[int, ...], setting: Setting, temperature: float
    ) -> list[Strokes]:
        """The song that `perform` gives for a chance, once for each of the others, from which alone some of its tracks
        are written anew; all other tracks are as they were."""
