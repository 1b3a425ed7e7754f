"""Statistics of one-voice bars: how often the pitch changes, how many bars hold one note, how many are alike.

Conventions: bars (n, T) are classes of `antiphon.codecs.melody` (0-23 a pitch begins, 24 hold, 25 rest), `previous` the
bars before them. Figures of no bars are NaN.
"""

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.melody import HOLD, NUM_CLASSES, NUM_PITCHES, REST

_SILENT = -1


def sounding_pitch(bars: NDArray[np.uint8], previous: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The pitch 0-23 that sounds at each step (n, T), -1 in a rest; a bar that opens with a hold goes on with the
    pitch that `previous` (n, T) ends on."""
    line = np.concatenate([_checked(previous), _checked(bars)], axis=1).astype(np.int64)
    steps = np.arange(line.shape[1])
    latest = np.maximum.accumulate(np.where(line == HOLD, 0, steps), axis=1)
    held = np.take_along_axis(line, latest, axis=1)
    return np.where(held < NUM_PITCHES, held, _SILENT)[:, previous.shape[1] :]


def pitch_changes(bars: NDArray[np.uint8], previous: NDArray[np.uint8]) -> float:
    """Mean number of steps in a bar at which another pitch, or silence, sounds than at the step before."""
    pitch = sounding_pitch(bars, previous)
    return float((pitch[:, 1:] != pitch[:, :-1]).sum(1).mean()) if len(pitch) else float("nan")


def held_share(bars: NDArray[np.uint8], previous: NDArray[np.uint8]) -> float:
    """Share of bars in which one pitch sounds from the first step to the last."""
    pitch = sounding_pitch(bars, previous)
    held = (pitch == pitch[:, :1]).all(1) & (pitch[:, 0] != _SILENT)
    return float(held.mean()) if len(pitch) else float("nan")


def onsets(bars: NDArray[np.uint8]) -> float:
    """Mean number of notes that begin in a bar."""
    return float((_checked(bars) < NUM_PITCHES).sum(1).mean()) if len(bars) else float("nan")


def rest_share(bars: NDArray[np.uint8]) -> float:
    """Share of steps that are silent."""
    return float((_checked(bars) == REST).mean()) if len(bars) else float("nan")


def distinct_share(bars: NDArray[np.uint8]) -> float:
    """Number of different bars over the number of bars."""
    return len(np.unique(_checked(bars), axis=0)) / len(bars) if len(bars) else float("nan")


def _checked(bars: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if bars.ndim != 2 or (bars.size and int(bars.max()) >= NUM_CLASSES):
        raise ValueError(f"bars must be (n, steps) of classes below {NUM_CLASSES}, not {bars.shape}")
    return bars
