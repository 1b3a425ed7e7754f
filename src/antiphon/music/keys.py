"""The key that a score is in, by how much its pitch classes sound."""

import numpy as np
from numpy.typing import NDArray

from antiphon.music.score import Score
from antiphon.music.theory import Key, pitch_class_name

# How well each pitch class above the tonic fits a key, as listeners rated it (Krumhansl and Kessler 1982).
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


def estimate_key(score: Score) -> Key | None:
    """The major or natural minor key whose profile correlates best with the sounding time of each pitch class.

    None for a score without pitched notes.
    """
    weights = _sounding(score)
    if not weights.any():
        return None
    profiles = np.array([np.roll(profile, tonic) for profile in (_MAJOR, _MINOR) for tonic in range(12)])
    centred = profiles - profiles.mean(1, keepdims=True)
    fit = centred @ (weights - weights.mean()) / np.linalg.norm(centred, axis=1)
    best = int(fit.argmax())
    return Key.parse(f"{pitch_class_name(best % 12)} {'minor' if best >= 12 else 'major'}")


def _sounding(score: Score) -> NDArray[np.float64]:
    """Ticks in which each of the 12 pitch classes sounds, drums left out."""
    weights = np.zeros(12)
    for track in score.tracks:
        if not track.is_drum:
            np.add.at(weights, track.notes["pitch"] % 12, track.notes["end"] - track.notes["start"])
    return weights
