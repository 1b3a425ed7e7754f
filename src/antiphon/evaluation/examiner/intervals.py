"""Codes for what the examiners are told beside the notes: intervals between onsets, degrees over a chord's root."""

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.chords import NO_CHORD

WIDEST = 24
"""Intervals beyond two octaves count as two octaves."""

NO_INTERVAL, FIRST = 2 * WIDEST + 1, 2 * WIDEST + 2
NUM_INTERVALS = 2 * WIDEST + 3
"""Codes of intervals: -24 to 24 as 0 to 48; no onset; an onset without one before it."""

NO_DEGREE, NO_ONSET = 24, 25
NUM_DEGREES = 26
"""Codes of degrees: 0-11 semitones over the root of a major chord, 12-23 of a minor one; no chord; no onset."""


def interval_codes(
    onset: NDArray[np.bool_], follows: NDArray[np.bool_], interval: NDArray[np.integer]
) -> NDArray[np.int64]:
    """Codes of intervals in semitones, by whether there is an onset and whether another came before it."""
    known = np.where(follows, np.clip(interval, -WIDEST, WIDEST) + WIDEST, FIRST)
    return np.where(onset, known, NO_INTERVAL)


def degrees(pitch: NDArray[np.integer], onset: NDArray[np.bool_], chord: NDArray[np.integer]) -> NDArray[np.int64]:
    """Codes of the degrees of onsets over chords (`antiphon.codecs.chords`), broadcast against each other."""
    code = np.asarray(chord, np.int64)
    degree = (np.asarray(pitch, np.int64) - code % 12) % 12 + code // 12 * 12
    return np.where(onset, np.where(code == NO_CHORD, NO_DEGREE, degree), NO_ONSET)
