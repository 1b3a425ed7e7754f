"""How tracks go with others of the same song: in harmony and in rhythm, beside what chance would do; how much they
play, and whether on the beat.

Conventions: functions take `Notes` of one piece, and the beats (m,) at which its 4/4 bars begin, ascending; what sounds
outside those bars is left out. NaN stands where a figure is undefined: a side that is silent, or one bar alone, which
has no other order.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.strokes import Strokes, fill
from antiphon.evaluation.metrics.bands import chroma_agreement, onset_agreement
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.rolls import BEATS, Rolls

Values = NDArray[np.float64]

RESOLUTION = 4
SHUFFLES = 16
_NEAR = 1 / 48
# Five bars have 44 other orders, four only nine.
_FEWEST_BARS = 5
_CLEARLY = 0.02


class Beside(NamedTuple):
    """A figure of two sides as they are, its mean with one side's bars in other orders, and whether it is clearly more
    than that.

    Parameters
    ----------
    own, shuffled
        The figure, and its mean over `SHUFFLES` other orders.
    is_clear
        Whether it is above that of each of these orders, and above their mean by a fiftieth; None where a figure is
        undefined, or with fewer than five bars, which have too few orders.
    """

    own: float
    shuffled: float
    is_clear: bool | None


def harmony(kept: Notes, added: Notes, bars: Values, seed: int = 0) -> Beside:
    """How alike the pitch classes of both sides are: the mean over bars in which both sound of
    `bands.chroma_agreement`; drums have none."""
    sides = kept.only(~kept.is_drum), added.only(~added.is_drum)
    return _beside(lambda rolls: _mean(chroma_agreement(rolls)), _rolls(sides, bars, drums=None), seed)


def rhythm(drums: Notes, line: Notes, bars: Values, seed: int = 0) -> Beside:
    """Share of the sixteenths struck by drums and by a line at which both do: `bands.onset_agreement` of all bars."""

    def agreement(rolls: Rolls) -> float:
        whole = rolls.in_phrases(len(rolls))[0]
        return float(onset_agreement(whole, 0, 1)[0])

    return _beside(agreement, _rolls((drums, line), bars, drums=0), seed)


def sixteenth_share(notes: Notes) -> float:
    """Share of the notes that begin within a 48th of a beat of a sixteenth; a sixth by chance."""
    off = np.abs(notes.start_beat * RESOLUTION - np.rint(notes.start_beat * RESOLUTION)) / RESOLUTION
    return _mean(off <= _NEAR + 1e-9)


def notes_a_bar(notes: Notes, bars: Values) -> float:
    """Notes that begin in the bars / their number."""
    _check(bars)
    bar = np.searchsorted(bars, notes.start_beat + 1e-9, side="right") - 1
    inside = bar >= 0
    inside[inside] = notes.start_beat[inside] < bars[bar[inside]] + BEATS - 1e-9
    return float(inside.sum() / len(bars)) if len(bars) else float("nan")


def empty_bar_rate(notes: Notes, bars: Values) -> float:
    """Share of the bars in which nothing sounds."""
    _check(bars)
    sounding = np.zeros(len(bars) + 1, np.int64)
    first = np.searchsorted(bars + BEATS, notes.start_beat + 1e-9, side="right")
    after = np.searchsorted(bars, notes.end_beat - 1e-9, side="left")
    np.add.at(sounding, first, 1)
    np.add.at(sounding, np.maximum(after, first), -1)
    return _mean(np.cumsum(sounding[:-1]) == 0)


def _rolls(sides: tuple[Notes, Notes], bars: Values, drums: int | None) -> Rolls:
    """A phrase a bar, of two tracks, on the grid of sixteenths."""
    _check(bars)
    first, notes = _steps(bars), [(track, side) for track, side in enumerate(sides)]
    track = np.concatenate([np.full(len(side), number) for number, side in notes])
    pitch = np.concatenate([side.pitch for side in sides])
    start = _steps(np.concatenate([side.start_beat for side in sides]))
    end = np.maximum(_steps(np.concatenate([side.end_beat for side in sides])), start + 1)
    cells = np.zeros((2, len(bars), 2, 1, BEATS * RESOLUTION, 128), bool)
    if len(bars):
        fill(cells[0], cells[1], Strokes(track, pitch, start, end), first)
    song = np.zeros(len(bars), np.int64)
    return Rolls(cells[0], 0, RESOLUTION, drums, ("first", "second"), song, cells[1])


def _steps(beats: Values) -> NDArray[np.int64]:
    return np.floor(beats * RESOLUTION + 0.5).astype(np.int64)


def _beside(measure: Callable[[Rolls], float], rolls: Rolls, seed: int) -> Beside:
    if not len(rolls):
        return Beside(float("nan"), float("nan"), None)
    own = measure(rolls)
    if len(rolls) < 2:
        return Beside(own, float("nan"), None)
    rng = np.random.default_rng(seed)
    others = np.array([measure(_exchanged(rolls, rng)) for _ in range(SHUFFLES)])
    shuffled = _mean(others)
    if len(rolls) < _FEWEST_BARS or np.isnan(own) or np.isnan(shuffled):
        return Beside(own, shuffled, None)
    return Beside(own, shuffled, bool(own > np.nanmax(others) and own - shuffled >= _CLEARLY))


def _exchanged(rolls: Rolls, rng: np.random.Generator) -> Rolls:
    """With each bar of the first track in the place of another."""
    order = rng.permutation(len(rolls))
    donor = np.empty_like(order)
    donor[order] = np.roll(order, 1)
    cells, onsets = rolls.cells.copy(), np.asarray(rolls.onsets).copy()
    cells[:, 0], onsets[:, 0] = rolls.cells[donor, 0], np.asarray(rolls.onsets)[donor, 0]
    return Rolls(cells, 0, RESOLUTION, rolls.drum_track, rolls.tracks, rolls.song, onsets)


def _mean(values: NDArray[np.generic]) -> float:
    there = np.asarray(values, np.float64)
    there = there[~np.isnan(there)]
    return float(there.mean()) if len(there) else float("nan")


def _check(bars: Values) -> None:
    if bars.ndim != 1 or (np.diff(bars) < BEATS - 1e-9).any():
        raise ValueError(f"bars begin one after the other, {BEATS} beats or more apart")
