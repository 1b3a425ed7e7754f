"""What each track of a song is like throughout: how often it plays, how fast, how thick, how high, how long its notes.

Axes: K track.
"""

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.strokes import Strokes

NUM_TRAITS = 5
ACTIVE, PLACES, THICKNESS, HEIGHT, LENGTH = range(NUM_TRAITS)


def traits_of(strokes: Strokes, num_tracks: int, num_bars: int, steps: int) -> NDArray[np.float32]:
    """Traits (K, 5) of the notes of a song of so many bars of so many steps; zeros for a track that is silent.

    The share of its bars in which a track strikes anything; the logarithm of the places in such a bar at which it does;
    that of the notes that it strikes at once; the mean of their pitches in octaves; the logarithm of the mean of their
    lengths in steps.
    """
    out = np.zeros((num_tracks, NUM_TRAITS), np.float32)
    for track in np.unique(strokes.track):
        mine = strokes.track == track
        start, pitch, end = strokes.start[mine], strokes.pitch[mine], strokes.end[mine]
        bars, places = len(np.unique(start // steps)), len(np.unique(start))
        out[track, ACTIVE] = bars / num_bars
        out[track, HEIGHT] = pitch.mean() / 12
        out[track, [PLACES, THICKNESS, LENGTH]] = np.log([places / bars, len(start) / places, (end - start).mean()])
    return out
