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
_NEAREST = 0.04
_SMOOTH_BARS, _SMOOTH_LAG = 2.0, 0.6
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
    frames = _peaks(curve, max(1, round(_PEAK_BARS * frames_a_bar)))
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
    """(N,) from 0 to 1: by how much what a frame repeats, and what repeats it, differs from the frame before.

    Equations 1 to 6 of the paper, with its numbers in bars for seconds: delay coordinates of one bar, mutual nearest
    neighbours (0.04 of the song), the lag matrix smoothed along time, and the distance of adjacent columns.
    """
    from scipy.ndimage import gaussian_filter

    num = len(heard)
    shifted = [np.roll(heard, delay, axis=0) for delay in range(_DELAYS)]
    for delay, part in enumerate(shifted):
        part[:delay] = heard[0]
    points = np.concatenate(shifted, axis=1)
    squares = (points**2).sum(axis=1)
    distance = squares[:, None] + squares - 2 * points @ points.T
    nearest = min(num - 1, max(1, round(_NEAREST * num)))
    bound = np.partition(distance, nearest, axis=1)[:, nearest, None] + 1e-5
    recurs = (distance <= bound) & (distance <= bound.T)
    frame = np.arange(num)
    lags = recurs[frame[:, None], (frame[:, None] + frame) % num].astype(np.float32)
    smooth = gaussian_filter(lags, (_SMOOTH_BARS * frames_a_bar, _SMOOTH_LAG), mode=("nearest", "wrap"))
    curve = np.append(0.0, (np.diff(smooth, axis=0) ** 2).sum(axis=1))
    return np.asarray(curve / max(float(curve.max()), 1e-9), np.float32)


def _peaks(curve: Floats, half: int) -> Integers:
    """Frames that are the highest within `half` frames before and after them, and above the threshold."""
    padded = np.pad(curve, half, constant_values=-1.0)
    highest = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1).max(axis=1)
    return np.flatnonzero((curve >= highest) & (curve > _THRESHOLD))
