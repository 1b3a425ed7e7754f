"""A band beside real bands: every figure with its interval over songs, what it ought to be, and whether it is.

Conventions: both sides are `Rolls` of phrases on one grid, of the same tracks. Figures bear the names of their metrics,
with a track or a pair of tracks after a slash.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.baselines import shuffled_tracks
from antiphon.evaluation.measures import Column, base_name
from antiphon.evaluation.metrics import bands
from antiphon.evaluation.metrics.in_training import overlap
from antiphon.evaluation.metrics.multitrack import bar_metrics, track_pairs
from antiphon.evaluation.rolls import Rolls
from antiphon.evaluation.sets.certainty import Estimate, estimate
from antiphon.evaluation.sets.tonal_gaps import TonalGap, closed_share, gap_share, tonal_gaps

TELLING = 0.05
"""A pair of tracks whose gap in real music has a larger p value tells nothing and is left out."""

AGREEMENT, SHUFFLED, REPETITION = "chroma_agreement", "chroma_agreement of shuffled tracks", "bar_repetition"
OVERLAP, CLOSED, OWN_GAP = "note_length_overlap", "tonal distance, closed", "tonal distance, own gap"

Range = tuple[float, float]
Goal = Callable[[Estimate], Range]

_PER_BAR = ("empty_bar_rate", "used_pitch_classes", "qualified_note_rate", "drum_pattern_rate")
_RESAMPLES = 1000


def _near(points: float) -> Goal:
    return lambda real: (max(real.value - points, 0.0), min(real.value + points, 1.0))


def _within(share: float) -> Goal:
    return lambda real: ((1 - share) * real.value, (1 + share) * real.value)


def _from(low: float) -> Goal:
    return lambda _: (low, math.inf)


def inside(real: Estimate) -> Range:
    """The interval of the real figure."""
    return real.low, real.high


GOALS: Mapping[str, Goal] = {
    "qualified_note_rate": _near(0.05),
    OVERLAP: _from(0.9),
    "notes_a_bar": _within(0.1),
    "empty_bar_rate": _near(0.05),
    "used_pitch_classes": _within(0.15),
    "drum_pattern_rate": _near(0.05),
    AGREEMENT: _from(0.55),
    SHUFFLED: lambda _: (-math.inf, 0.22),
    REPETITION: _from(0.25),
    CLOSED: _from(2 / 3),
}
"""Between which values a figure ought to lie, given that of real music."""


@dataclass(frozen=True)
class Figure:
    """A figure of made music.

    Parameters
    ----------
    made, real
        With intervals over songs; of shares of the real music's own, `real` is 1.
    goal
        Where it ought to lie; None: nowhere.
    """

    made: Estimate
    real: Estimate
    goal: Range | None = None

    @property
    def reached(self) -> bool:
        """Whether it lies there."""
        return self.goal is None or self.goal[0] <= self.made.value <= self.goal[1]

    @property
    def miss(self) -> float:
        """How far it lies outside, as a share of the real value; 0 inside, NaN where it is undefined."""
        if self.goal is None:
            return 0.0
        low, high = self.goal
        beyond = max(low - self.made.value, self.made.value - high, 0.0) if not np.isnan(self.made.value) else np.nan
        return beyond / (abs(self.real.value) or 1.0)


Figures = dict[str, Figure]


@dataclass(frozen=True, eq=False)
class Measured:
    """What is measured of a set of phrases; hold that of the real ones to compare many others with it.

    Parameters
    ----------
    like
        None of the phrases: their tracks and grid.
    song
        (N,) the song of each phrase.
    columns
        Of every metric that is a mean over bars.
    lengths
        (N, K, bins) notes of each of the note values of `rhythm.NOTE_VALUES`.
    gaps
        By pair of tracks.
    """

    like: Rolls
    song: NDArray[np.int64]
    columns: Mapping[str, Column]
    lengths: NDArray[np.int64]
    gaps: Mapping[str, TonalGap]

    @classmethod
    def of(cls, rolls: Rolls, seed: int = 0) -> Self:
        """Measure phrases; some seconds for a thousand of four bars at 24 steps a beat."""
        gaps = tonal_gaps(rolls, seed)
        return cls(rolls[:0], rolls.song, columns(rolls, seed), bands.note_lengths(rolls), gaps)


def columns(rolls: Rolls, seed: int = 0) -> dict[str, Column]:
    """Every metric that is a mean over bars, by name; `seed` is that of the shuffled tracks."""
    bars = rolls.cells.shape[2]
    found = {
        name: Column(values, np.repeat(rolls.song, bars))
        for name, values in bar_metrics(rolls, only=_PER_BAR).items()
        if "8-beat" not in name
    }
    notes = bands.notes_a_bar(rolls)
    found |= {f"notes_a_bar/{name}": unit_column(rolls, notes[:, k]) for k, name in enumerate(rolls.tracks)}
    agreement = bands.chroma_agreement(rolls)
    found[AGREEMENT] = unit_column(rolls, agreement)
    for pair, (first, second) in enumerate(track_pairs(rolls)):
        found[f"{AGREEMENT}/{rolls.tracks[first]}-{rolls.tracks[second]}"] = unit_column(rolls, agreement[:, pair])
    found[SHUFFLED] = unit_column(
        rolls, bands.chroma_agreement(shuffled_tracks(replace(rolls, onsets=None), np.random.default_rng(seed)))
    )
    found[REPETITION] = unit_column(rolls, bands.bar_repetition(rolls))
    return found


def measure(real: Measured | Rolls, made: Measured | Rolls, *, intervals: bool = True, seed: int = 0) -> Figures:
    """Every figure of made phrases beside the real ones, with its goal in `GOALS`.

    Parameters
    ----------
    intervals
        Whether to reckon intervals, which takes longer than the figures; else their ends are NaN.
    seed
        Of what is shuffled, exchanged and drawn.

    Raises
    ------
    ValueError
        If the tracks or the grids of the two differ.
    """
    real, made = (side if isinstance(side, Measured) else Measured.of(side, seed) for side in (real, made))
    check_alike(real.like, made.like)
    resamples = _RESAMPLES if intervals else 0
    found = {name: _compared(name, made.columns[name], real.columns[name], resamples) for name in real.columns}
    for track in real.like.pitched:
        name = f"{OVERLAP}/{real.like.tracks[track]}"
        value = _overlap(made, real, track, resamples)
        # Of a track that real bands do not play there is nothing to be like.
        goal = _goal(name, _whole(real)) if real.lengths[:, track].any() else None
        found[name] = Figure(value, _whole(real), goal)
    return found | _gaps(real, made, seed)


def shortfall(figures: Mapping[str, Figure], names: Iterable[str] = GOALS) -> float:
    """One number to choose checkpoints by: the mean miss over all figures of some base names; 0 where all goals are
    reached. A figure that is undefined, such as the notes of a silent track, counts 1."""
    wanted = set(names)
    misses = [figure.miss for name, figure in figures.items() if base(name) in wanted and figure.goal is not None]
    return float(np.mean([1.0 if np.isnan(miss) else min(miss, 1.0) for miss in misses])) if misses else 0.0


def base(name: str) -> str:
    """A figure's name without its track, and without what it was measured with."""
    return name.partition("/")[0] if base_name(name) == AGREEMENT else base_name(name)


def check_alike(real: Rolls, made: Rolls) -> None:
    """ValueError unless both have the same tracks on the same grid."""
    for name in ("tracks", "resolution", "lowest_pitch", "drum_track"):
        if getattr(real, name) != getattr(made, name):
            raise ValueError(
                f"two sides are compared with one {name}, not {getattr(real, name)}, {getattr(made, name)}"
            )


def unit_column(rolls: Rolls, values: NDArray[np.float64]) -> Column:
    """Values (N, ...) of phrases as a column of units of their songs."""
    return Column(values.reshape(-1), np.repeat(rolls.song, math.prod(values.shape[1:])))


def _compared(name: str, made: Column, real: Column, resamples: int) -> Figure:
    known = _estimate(real, resamples)
    # Pairs of tracks have no goal of their own: a pair is what the goal of all of them is the mean of.
    paired = base(name) == AGREEMENT and "/" in name
    return Figure(_estimate(made, resamples), known, None if paired else _goal(name, known))


def _goal(name: str, real: Estimate) -> Range | None:
    goal = GOALS.get(base(name))
    return None if goal is None or np.isnan(real.value) else goal(real)


def _estimate(column: Column, resamples: int) -> Estimate:
    if resamples:
        return estimate(column, seed=0, resamples=resamples)
    there = column.defined()
    value = float(there.values.mean()) if len(there.values) else np.nan
    return Estimate(value, np.nan, np.nan, column.num_units, column.num_songs)


def _overlap(made: Measured, real: Measured, track: int, resamples: int) -> Estimate:
    sides = [_by_song(side, track) for side in (made, real)]
    value = overlap(*(side.sum(0) for side in sides))
    rng = np.random.default_rng(0)
    spread = [overlap(*(rng.choice(side, len(side)).sum(0) for side in sides)) for _ in range(resamples)]
    known = np.array(spread)[~np.isnan(spread)] if spread else np.empty(0)
    # Two samples of one distribution never overlap wholly, so drawn ones lie below: basic, not percentile, intervals.
    low, high = np.clip(2 * value - np.quantile(known, [0.975, 0.025]), 0, 1) if len(known) else (np.nan, np.nan)
    return Estimate(value, float(low), float(high), int(sides[0].sum()), int(sides[0].any(1).sum()))


def _by_song(side: Measured, track: int) -> NDArray[np.int64]:
    """Notes of each length (S, bins) of each song."""
    _, song = np.unique(side.song, return_inverse=True)
    counts = np.zeros((int(song.max(initial=-1)) + 1, side.lengths.shape[2]), np.int64)
    np.add.at(counts, song, side.lengths[:, track])
    return counts


def _gaps(real: Measured, made: Measured, seed: int) -> Figures:
    """How far tonal distances go from shuffled to real: of every pair that tells, and of all these."""
    telling = {pair: gap for pair, gap in real.gaps.items() if gap.p <= TELLING}
    known, found = _whole(real), Figures()
    for name, share in ((CLOSED, closed_share), (OWN_GAP, gap_share)):
        for pair, gap in telling.items():
            found[f"{name}/{pair}"] = Figure(share(made.gaps, {pair: gap}, seed), known)
        value = share(made.gaps, telling, seed)
        found[name] = Figure(value, known, _goal(name, known) if telling else None)
    return found


def _whole(real: Measured) -> Estimate:
    """The real music's share of itself."""
    return Estimate(1.0, 1.0, 1.0, len(real.song), len(np.unique(real.song)))
