"""Chords as one code a bar: 0-11 the major triad on that root, 12-23 the minor triad on root code - 12, 24 none."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from antiphon.music.theory import Chord

NO_CHORD = 24
"""The code of a bar without a triad."""

NO_KEY = 24
"""The code of no key; 0-11 are major keys from C on, 12-23 minor ones."""

C_MINOR = 12

_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")

SYMBOLS = (*(root + quality for quality in ("", "m") for root in _NAMES), "N.C.")
"""The symbol of each code."""

_ROOTS = np.arange(12)
_MAJOR = (_ROOTS[:, None] + (0, 4, 7)) % 12
_MINOR = (_ROOTS[:, None] + (0, 3, 7)) % 12

TRIADS: NDArray[np.intp] = np.concatenate([_MAJOR, _MINOR])
"""The three pitch classes (24, 3) of each of the codes 0-23: root, third, fifth."""
TRIADS.setflags(write=False)


def triad_codes(active: NDArray[np.bool_], no_triad: int = NO_CHORD) -> NDArray[np.uint8]:
    """The triad that sounds in most columns of each bar (bar-GAN paper, section IV.C; counted as in its code).

    A triad is present in a column where its three pitch classes sound, whatever else sounds. The majority goes to the
    major triad only where it has strictly more columns than the best minor one: *a tie of major and minor goes to the
    minor triad*, and *a tie of roots to the lowest root*, counted from C.

    Parameters
    ----------
    active
        Sounding pitch classes, bool (num_bars, columns, 12); at most 255 columns.
    no_triad
        The code of a bar in which no triad is present at all.

    Returns
    -------
    uint8 (num_bars,)
    """
    # Bars last, so that both the roots and the columns are added over contiguous bytes.
    sounding: NDArray[np.bool_] = np.ascontiguousarray(active.transpose(2, 1, 0))
    fifths = sounding & np.roll(sounding, -7, axis=0)
    major = (fifths & np.roll(sounding, -4, axis=0)).sum(axis=1, dtype=np.uint8)
    minor = (fifths & np.roll(sounding, -3, axis=0)).sum(axis=1, dtype=np.uint8)
    most_major, most_minor = major.max(axis=0), minor.max(axis=0)
    codes: NDArray[np.intp] = np.where(most_major > most_minor, major.argmax(axis=0), 12 + minor.argmax(axis=0))
    codes[(most_major == 0) & (most_minor == 0)] = no_triad
    return codes.astype(np.uint8)


def coverage_codes(weights: ArrayLike, coverage: float = 0.6, tone_share: float = 0.03) -> NDArray[np.uint8]:
    """The triad whose tones cover most of each bar's sounding time, or none where no triad says enough.

    A triad qualifies where its tones take at least `coverage` of the bar's weight and each of them at least
    `tone_share`. Ties go to the lowest code: major before minor, then the lowest root counted from C.

    Parameters
    ----------
    weights
        Sounding time of each pitch class in any unit, float (num_bars, 12), not negative.

    Returns
    -------
    uint8 (num_bars,)
    """
    weights = np.asarray(weights, np.float64).reshape(-1, 12)
    totals = weights.sum(axis=1, keepdims=True)
    shares = np.divide(weights, totals, out=np.zeros_like(weights), where=totals > 0)
    tones = shares[:, TRIADS]
    covered = tones.sum(axis=2)
    # Sums of shares are rounded; a triad that covers exactly the threshold qualifies.
    covered[(tones.min(axis=2) < tone_share - 1e-9) | (covered < coverage - 1e-9)] = 0
    best = covered.round(9).argmax(axis=1)
    return np.where(covered.max(axis=1, initial=0) > 0, best, NO_CHORD).astype(np.uint8)


def chord_vector(codes: ArrayLike) -> NDArray[np.float32]:
    """The paper's 13 values a code, float32 (n, 13): one-hot root, then 0 major or 1 minor; none is all zero."""
    return _VECTORS[np.asarray(codes, np.intp)]


def codes_of_vectors(vectors: ArrayLike) -> NDArray[np.uint8]:
    """The codes (n,) of 13-value vectors (n, 13), the inverse of `chord_vector`.

    Raises
    ------
    ValueError
        If a row is no such vector.
    """
    vectors = np.asarray(vectors, np.float32).reshape(-1, 13)
    roots = vectors[:, :12]
    codes = np.where(roots.any(axis=1), roots.argmax(axis=1) + 12 * (vectors[:, 12] > 0), NO_CHORD)
    if not np.array_equal(chord_vector(codes), vectors):
        raise ValueError("a chord vector holds one root out of twelve and 0 or 1 for its quality, or zeros only")
    return codes.astype(np.uint8)


def transpose_codes(codes: ArrayLike, semitones: ArrayLike) -> NDArray[np.uint8]:
    """Codes with their roots moved up by `semitones` (broadcast against `codes`); none stays none."""
    codes, semitones = np.broadcast_arrays(np.asarray(codes, np.int64), np.asarray(semitones, np.int64))
    moved = codes // 12 * 12 + (codes + semitones) % 12
    return np.where(codes == NO_CHORD, NO_CHORD, moved).astype(np.uint8)


def triad_code(chord: Chord | None) -> int:
    """The code of the triad nearest to a chord, by its root and third; none where it has no third, or both."""
    if chord is None:
        return NO_CHORD
    thirds = {(tone - chord.root) % 12 for tone in chord.pitch_classes} & {3, 4}
    if len(thirds) != 1:
        return NO_CHORD
    return chord.root + (12 if 3 in thirds else 0)


def chord_symbols(codes: Sequence[int] | NDArray[np.uint8]) -> tuple[str, ...]:
    """The symbol of each code, such as "C" or "F#m"; "N.C." where there is no chord."""
    return tuple(SYMBOLS[int(code)] for code in codes)


def _vectors() -> NDArray[np.float32]:
    vectors = np.zeros((25, 13), np.float32)
    vectors[np.arange(24), np.arange(24) % 12] = 1
    vectors[12:24, 12] = 1
    vectors.setflags(write=False)
    return vectors


_VECTORS = _vectors()
