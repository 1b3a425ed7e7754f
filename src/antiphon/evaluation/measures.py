"""What measuring gives: columns of values, each beside the songs that they came from, and the words that explain them.

A *column* is one metric of one set of music. Its rows are units (a bar, a phrase, a piece); a unit belongs to a song,
and songs are what chance is reckoned over, because units of one song are alike. NaN stands where a metric is undefined
for a unit (the pitch classes of a silent bar); such units are left out and counted, never taken as zero.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Kind = Literal["scalar", "histogram", "curve"]


@dataclass(frozen=True)
class Metric:
    """A metric's words.

    Parameters
    ----------
    name
        Its whole name in the literature, such as `empty_bar_rate`.
    sentence
        What it says, for a reader who has never heard of it.
    source
        Paper and equation or section.
    unit
        Such as "pitch classes" or "s"; "%" where values from 0 to 1 are printed as percentages; "" for a bare number.
    kind
        "scalar": one number a unit. "histogram": shares over bins. "curve": one number a position in the piece.
    bins
        What the bins or positions are called, in order.
    """

    name: str
    sentence: str
    source: str
    unit: str = ""
    kind: Kind = "scalar"
    bins: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Column:
    """Values of one metric.

    Parameters
    ----------
    values
        (n,) float64, or (n, d) for histograms and curves; NaN where undefined.
    song
        (n,) int64: the song that each unit belongs to.
    """

    values: NDArray[np.float64]
    song: NDArray[np.int64]

    def __post_init__(self) -> None:
        if len(self.values) != len(self.song) or self.values.ndim not in (1, 2):
            raise ValueError(f"a column has a song for each unit, not {self.values.shape} and {self.song.shape}")

    def defined(self) -> "Column":
        """The units for which the metric is defined (of a histogram or curve: at any bin)."""
        there = ~np.isnan(self.values) if self.values.ndim == 1 else ~np.isnan(self.values).all(1)
        return Column(self.values[there], self.song[there])

    @property
    def num_units(self) -> int:
        """Units for which the metric is defined: the n of a mean."""
        return len(self.defined().values)

    @property
    def num_songs(self) -> int:
        """Songs with at least one such unit."""
        return len(np.unique(self.defined().song))


@dataclass(frozen=True)
class Number:
    """A value with its 95 % interval over songs; NaN bounds where there are too few songs for one.

    Parameters
    ----------
    value, low, high
        In the metric's own unit; shares from 0 to 1.
    num_units, num_songs
        What it is the mean of: units for which the metric is defined, and their songs.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    num_units: int = 0
    num_songs: int = 0


Columns = Mapping[str, Column]
"""By metric name, with the track or pair of tracks after a slash where there is one: `empty_bar_rate/bass`."""

Values = Mapping[str, ArrayLike]
"""What measuring one song gives, by the same names: a number a unit, a scalar standing for one unit."""


def columns(songs: Sequence[Values]) -> dict[str, Column]:
    """Join what was measured song by song; song i of the list is song i of the columns.

    A one-dimensional value is a unit a number; wrap a histogram or a curve as a row, (1, d). A song that lacks a name
    has no units there.
    """
    parts: dict[str, list[tuple[int, NDArray[np.float64]]]] = {}
    for number, values in enumerate(songs):
        for name, value in values.items():
            parts.setdefault(name, []).append((number, np.atleast_1d(np.asarray(value, np.float64))))
    return {
        name: Column(
            np.concatenate([value for _, value in rows]),
            np.repeat([number for number, _ in rows], [len(value) for _, value in rows]).astype(np.int64),
        )
        for name, rows in parts.items()
    }


def base_name(name: str) -> str:
    """The metric's name of a column's name: `empty_bar_rate` of `empty_bar_rate/bass`, `qualified_note_rate` of
    `qualified_note_rate (24 steps a beat)/bass`; brackets tell what it was measured with."""
    return name.partition("/")[0].partition(" (")[0]
