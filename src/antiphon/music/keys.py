"""The key that a score is in, by how much its pitch classes sound."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from antiphon.music.score import Score
from antiphon.music.theory import Key, pitch_class_name

MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""How well each pitch class above the tonic fits a key, as listeners rated it (Krumhansl and Kessler 1982)."""


def estimate_key(score: Score) -> Key | None:
    """The major or natural minor key whose profile correlates best with the sounding time of each pitch class.

    None for a score without pitched notes.
    """
    return key_of_weights(_sounding(score))


def key_fits(score: Score) -> NDArray[np.float64]:
    """How well each key's profile correlates (24,) with the sounding time of each pitch class: major keys from C on,
    then minor ones; 0 throughout for a score without pitched notes, or with all twelve alike."""
    sounding = _sounding(score)
    centred = sounding - sounding.mean()
    length = float(np.linalg.norm(centred))
    return np.asarray(FITS @ centred / length) if length else np.zeros(24)


def key_of_weights(weights: ArrayLike) -> Key | None:
    """The major or natural minor key whose profile correlates best with weights (12,) of the pitch classes from C on.

    Ties go to major before minor, then to the lowest tonic counted from C; None where all weights are 0.
    """
    given = np.asarray(weights, np.float64)
    if given.shape != (12,):
        raise ValueError(f"a key is found from 12 weights, not from {given.shape}")
    if not given.any():
        return None
    given = given / given.max()
    # Rounded, so that keys that fit alike tie whatever the order of summing.
    best = int((FITS @ (given - given.mean())).round(9).argmax())
    return Key.parse(f"{pitch_class_name(best % 12)} {'minor' if best >= 12 else 'major'}")


def _fits() -> NDArray[np.float64]:
    """The 24 profiles centred, each of length one: times centred weights they rank the keys by correlation."""
    profiles = np.array([np.roll(profile, tonic) for profile in (MAJOR_PROFILE, MINOR_PROFILE) for tonic in range(12)])
    centred = profiles - profiles.mean(1, keepdims=True)
    return np.asarray(centred / np.linalg.norm(centred, axis=1, keepdims=True))


FITS = _fits()
"""(24, 12): times weights of the pitch classes less their mean, how well each key fits: major ones from C on, then
minor."""


def _sounding(score: Score) -> NDArray[np.float64]:
    """Ticks in which each of the 12 pitch classes sounds, drums left out."""
    weights = np.zeros(12)
    for track in score.tracks:
        if not track.is_drum:
            np.add.at(weights, track.notes["pitch"] % 12, track.notes["end"] - track.notes["start"])
    return weights
