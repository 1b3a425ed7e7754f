"""Where the sections of a song begin, by structural features (Serra, Mueller, Grosche and Arcos 2012, "Unsupervised
detection of music boundaries by time series structure features").

Axes: N frame, F feature.
"""

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.strokes import Integers, Strokes

Floats = NDArray[np.float32]

MAX_FRAMES = 1024
"""Of a song; longer ones are heard in longer frames, for every frame is compared with every other."""
FRAMES_A_BAR = 4

_DELAYS = 4
_NEAREST = 0.02
_SMOOTH_BARS, _SMOOTH_LAG = 1.5, 3.0
_THRESHOLD = 0.05
_PEAK_BARS = 3


def section_starts(strokes: Strokes, lines: Integers, steps_a_bar: int, struck: tuple[int, ...] = ()) -> Integers:
    """Numbers of the bars with which sections begin, ascending; the first bar always does.

    Parameters
    ----------
    strokes
        What sounds.
    lines
        (m,) the first step of each bar; the bars follow each other.
    steps_a_bar
        A multiple of 4, or frames are whole bars.
    struck
        Tracks without pitches (drums), which are heard as tracks alone.
    """
    if len(lines) < 2 * _PEAK_BARS:
        return np.zeros(min(len(lines), 1), np.int64)
    frames_a_bar = float(FRAMES_A_BAR)
    while len(lines) * frames_a_bar > MAX_FRAMES:
        frames_a_bar /= 2
    heard = features(strokes, lines, steps_a_bar, frames_a_bar, struck)
    curve = novelty(heard, frames_a_bar)
    frames = _peaks(curve, max(1, round(_PEAK_BARS * frames_a_bar)), _edge(len(curve), frames_a_bar))
    bars = np.floor(frames / frames_a_bar + 0.5).astype(np.int64)
    return np.unique(np.append(0, bars[bars < len(lines)]))


def features(
    strokes: Strokes, lines: Integers, steps_a_bar: int, frames_a_bar: float, struck: tuple[int, ...] = ()
) -> Floats:
    """(N, 12 + K) in 0 to 1: how long each pitch class sounds in a frame, and how long each track, against the frame in
    which it sounds longest."""
    begin, length = int(lines[0]), len(lines) * steps_a_bar
    start, end = (np.clip(edge - begin, 0, length) for edge in (strokes.start, strokes.end))
    tracks = int(strokes.track.max(initial=-1)) + 1
    rows = np.concatenate([strokes.pitch % 12, 12 + strokes.track])
    pitched = np.concatenate([~np.isin(strokes.track, struck), np.ones(len(start), bool)])
    width = length + 1
    ups, downs = (rows * width + np.tile(edge, 2) for edge in (start, end))
    changes = np.bincount(ups[pitched], minlength=(12 + tracks) * width).astype(np.int64)
    changes -= np.bincount(downs[pitched], minlength=(12 + tracks) * width)
    sounding = np.cumsum(changes.reshape(-1, width)[:, :-1], axis=1)
    frame = np.arange(length) * frames_a_bar // steps_a_bar
    edges = np.flatnonzero(np.diff(frame, prepend=-1))
    summed = np.add.reduceat(sounding, edges, axis=1).T.astype(np.float32)
    return np.asarray(summed / np.maximum(summed.max(axis=0, initial=0), 1), np.float32)


def novelty(heard: Floats, frames_a_bar: float) -> Floats:
    """(N,) from 0 up, the most within the song being 1: how much else a frame repeats, or repeats it, than the one
    before.

    The paper's steps, counted in bars where it counts in seconds: delay coordinates of one bar, mutual nearest
    neighbours, the lag matrix smoothed in both directions, and the distance of adjacent columns. The numbers are those
    that find the sections of made songs (`tests/codecs/test_structure.py`), not those of the paper's audio.
    """
    from scipy.ndimage import gaussian_filter

    num = len(heard)
    # Delays before and after a frame, so that what changes at it changes there and not half a bar later.
    around = np.clip(np.arange(num)[:, None] + np.arange(_DELAYS) - _DELAYS // 2, 0, num - 1)
    points = heard[around].reshape(num, -1)
    squares = (points**2).sum(axis=1)
    distance = squares[:, None] + squares - 2 * points @ points.T
    nearest = min(num - 1, max(1, round(_NEAREST * num)))
    bound = np.partition(distance, nearest, axis=1)[:, nearest, None] + 1e-5
    recurs = (distance <= bound) & (distance <= bound.T)
    frame = np.arange(num)
    lags = recurs[frame[:, None], (frame[:, None] + frame) % num].astype(np.float32)
    smooth = gaussian_filter(lags, (_SMOOTH_BARS * frames_a_bar, _SMOOTH_LAG), mode=("nearest", "wrap"))
    curve = np.append(0.0, (np.diff(smooth, axis=0) ** 2).sum(axis=1))
    inner = curve[_edge(num, frames_a_bar) : num - _edge(num, frames_a_bar)]
    return np.asarray(curve / max(float(inner.max(initial=0)), 1e-9), np.float32)


def _edge(num: int, frames_a_bar: float) -> int:
    """Frames at either end of a song of which little is known: what lies beyond it is not new, only unheard."""
    return min(round(_SMOOTH_BARS * frames_a_bar), num // 2)


def _peaks(curve: Floats, half: int, edge: int) -> Integers:
    """Frames that are the highest within `half` frames before and after them, and above the threshold."""
    padded = np.pad(curve, half, constant_values=-1.0)
    highest = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1).max(axis=1)
    found = (curve >= highest) & (curve > _THRESHOLD)
    found[:edge] = found[len(found) - edge :] = False
    return np.flatnonzero(found)
