"""How songs go through their chords: runs of chords, repetition, endings, and what counts can foretell of them.

Conventions: a *progression* is an array (B,) of chords 0-23 told from the tonic on, one a bar, repetitions kept: 0-11
major, 12-23 minor triads, as `antiphon.codecs.progressions.Harmony.degrees` gives them. A set is a sequence of them.
NaN where something is undefined: no chords, no run of that length.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from antiphon.codecs.chords import NO_CHORD
from antiphon.codecs.progressions import DOMINANT, TONIC, cadences

Song = NDArray[np.uint8]

_MOST_CHORDS = 8


def runs(songs: Sequence[Song], n: int) -> NDArray[np.int64]:
    """Every run of n chords of every song as one number: digits of base 24, the first chord's highest.

    Raises
    ------
    ValueError
        If n is not 1 to 8, or a chord is none of 0 to 23.
    """
    if not 1 <= n <= _MOST_CHORDS:
        raise ValueError(f"runs are of 1 to {_MOST_CHORDS} chords, not of {n}")
    if any(len(song) and int(song.max()) >= NO_CHORD for song in songs):
        raise ValueError("a progression holds triads, 0 to 23, alone")
    digits = NO_CHORD ** np.arange(n - 1, -1, -1, dtype=np.int64)
    windows = np.lib.stride_tricks.sliding_window_view
    found = [windows(song.astype(np.int64), n) @ digits for song in songs if len(song) >= n]
    return np.concatenate(found) if found else np.empty(0, np.int64)


def run_overlap(songs: Sequence[Song], others: Sequence[Song], n: int) -> float:
    """Common area of the histograms of runs of n chords: 1 where they are alike, 0 where none is shared."""
    p, q = _shares(runs(songs, n), runs(others, n))
    return float(np.minimum(p, q).sum()) if len(p) else float("nan")


def run_divergence(songs: Sequence[Song], others: Sequence[Song], n: int) -> float:
    """Jensen-Shannon divergence of the histograms of runs of n chords in bits, 0 to 1 (Lin 1991).

    Sets of few runs differ from what they were drawn from: read it beside real songs against real songs.
    """
    p, q = _shares(runs(songs, n), runs(others, n))
    if not len(p):
        return float("nan")
    middle = (p + q) / 2
    return float(sum((part[part > 0] * np.log2(part[part > 0] / middle[part > 0])).sum() for part in (p, q)) / 2)


def distinct_runs(songs: Sequence[Song], n: int) -> float:
    """Share of all runs of n chords that are different (distinct-n, Li et al. 2016); it falls as sets grow."""
    found = runs(songs, n)
    return len(np.unique(found)) / len(found) if len(found) else float("nan")


def changes(song: Song) -> float:
    """Share of the bar lines at which the chord changes."""
    return float((np.diff(song.astype(np.int64)) != 0).mean()) if len(song) > 1 else float("nan")


def returns(song: Song, bars: int) -> float:
    """Share of the chords that are those of `bars` bars before."""
    return float((song[bars:] == song[:-bars]).mean()) if len(song) > bars else float("nan")


def ends_on_tonic(song: Song, minor: bool) -> float:
    """1 where the last chord is on the tonic, in minor the major triad too (the Picardy third); else 0."""
    if not len(song):
        return float("nan")
    return float(int(song[-1]) in ({TONIC, TONIC + 12} if minor else {TONIC}))


def ends_in_cadence(song: Song, minor: bool) -> float:
    """1 where the last chord is on the tonic and the last other one on the dominant or the subdominant
    (`antiphon.codecs.progressions.cadences`), else 0."""
    return float(cadences(song, minor)) if len(song) else float("nan")


def ends_authentically(song: Song, minor: bool) -> float:
    """1 where that last other chord is on the dominant, else 0."""
    others = song[song != song[-1]] if len(song) else song
    return ends_in_cadence(song, minor) * float(len(others) > 0 and int(others[-1]) % 12 == DOMINANT)


class Counts:
    """How often each chord followed each run of chords, in major and in minor: a Markov chain with back-off.

    The probability after n chords is interpolated with that after n - 1, down to the chords' own shares and to all 24
    alike, in the proportion of Witten and Bell (1991): (count + kinds p') / (total + kinds), with `kinds` the number of
    different chords that followed.

    Parameters
    ----------
    songs, minor
        Progressions to learn from, and whether each is in minor.
    order
        How many chords foretell the next: 0 for shares alone.
    """

    def __init__(self, songs: Sequence[Song], minor: Sequence[bool], order: int) -> None:
        self.order = order
        self._tables = [_table(songs, minor, length) for length in range(order + 1)]

    def surprise(self, song: Song, minor: bool) -> NDArray[np.float64]:
        """Nats (B,) of each chord of a song, given those before it."""
        likely = self._likely(_begun(song, minor, self.order))
        return np.asarray(-np.log(likely[np.arange(len(song)), song]))

    def draw(self, num_bars: int, minor: bool, chance: np.random.Generator) -> Song:
        """A song (B,) of these probabilities."""
        line = _begun(np.zeros(num_bars, np.uint8), minor, self.order)
        for bar in range(self.order + 1, len(line)):
            # One chord alone: what is before it, and itself, which is not asked.
            window = np.append(line[0], line[bar - self.order : bar + 1])
            line[bar] = chance.choice(NO_CHORD, p=self._likely(window)[0])
        return line[self.order + 1 :].astype(np.uint8)

    def _likely(self, line: NDArray[np.int64]) -> NDArray[np.float64]:
        """How likely each chord is at each bar of a begun song, (B, 24)."""
        likely = np.full((len(line) - self.order - 1, NO_CHORD), 1 / NO_CHORD)
        for length, (contexts, counts) in enumerate(self._tables):
            keys = _keys(line, length, self.order)
            row = np.minimum(np.searchsorted(contexts, keys), len(contexts) - 1)
            known = (contexts[row] == keys)[:, None] * counts[row]
            kinds = (known > 0).sum(1, keepdims=True)
            likely = (known + kinds * likely) / np.maximum(known.sum(1, keepdims=True) + kinds, 1) + likely * (
                kinds == 0
            )
        return likely


def _table(songs: Sequence[Song], minor: Sequence[bool], length: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Contexts in order, and how often each chord (contexts, 24) followed."""
    keys = np.concatenate(
        [_keys(_begun(song, mode, length), length, length) for song, mode in zip(songs, minor, strict=True)]
    )
    contexts, row = np.unique(keys, return_inverse=True)
    counts = np.zeros((len(contexts), NO_CHORD))
    np.add.at(counts, (row, np.concatenate(songs)), 1)
    return contexts, counts


def _begun(song: Song, minor: bool, order: int) -> NDArray[np.int64]:
    """A song after as many signs that say that it begins, and its mode, so that these are part of every context."""
    return np.concatenate([np.full(order + 1, NO_CHORD + minor), song.astype(np.int64)])


def _keys(line: NDArray[np.int64], length: int, order: int) -> NDArray[np.int64]:
    """The mode and the last `length` chords before each chord as one number."""
    size = NO_CHORD + 2
    begin = order + 1
    keys = np.full(len(line) - begin, line[0])
    for back in range(length, 0, -1):
        keys = keys * size + line[begin - back : len(line) - back]
    return keys


def _shares(own: NDArray[np.int64], others: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both as shares of the runs that either has; nothing where one of them is empty."""
    if not len(own) or not len(others):
        return np.empty(0), np.empty(0)
    kinds, row = np.unique(np.concatenate([own, others]), return_inverse=True)
    counts = [np.bincount(part, minlength=len(kinds)) for part in (row[: len(own)], row[len(own) :])]
    return counts[0] / len(own), counts[1] / len(others)


def nats_a_chord(surprises: Sequence[ArrayLike]) -> float:
    """The mean surprise of all chords of songs."""
    return float(np.concatenate([np.asarray(one, np.float64) for one in surprises]).mean())
