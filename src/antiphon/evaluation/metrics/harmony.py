"""Which chords a piece goes through, how it moves between them, and whether the melody belongs to them.

Conventions: drums are left out. Harmony is told in spans of half a bar (`antiphon.evaluation.metrics.chord_spans`),
chords are codes of `antiphon.codecs.chords`. A *progression* is the chords in order, without the spans that have none
and without repetitions. The tonic is that of the best-fitting key. NaN stands for what a piece lacks.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.chords import NO_CHORD, TRIADS, transpose_codes
from antiphon.evaluation.measures import Metric
from antiphon.evaluation.metrics.chord_spans import Harmony
from antiphon.evaluation.metrics.histograms import agreement, histogram
from antiphon.evaluation.metrics.melody import melody_mask, melody_track_mask, pitched
from antiphon.evaluation.metrics.pitch import best_key
from antiphon.evaluation.notes import Notes
from antiphon.music.theory import Key

GROUP = 4
"""Bars after which a cadence is looked for."""

_TONES = np.array([np.isin(np.arange(12), TRIADS[code]) for code in range(NO_CHORD)])
_STRONG = 1 / 24


def chord_coverage(harmony: Harmony) -> float:
    """Share of the spans in which something sounds that have a chord."""
    return _mean(harmony.chord[harmony.heard] != NO_CHORD)


def harmonic_rhythm(harmony: Harmony) -> float:
    """Changes of chord a bar, over the bars from the first span that has a chord through the last that has one."""
    bars = harmony.bar[harmony.chord != NO_CHORD]
    return (len(harmony.progression) - 1) / int(bars[-1] - bars[0] + 1) if len(bars) else float("nan")


def chord_tone_share(line: Notes, harmony: Harmony, strong: bool = False) -> float:
    """Share of the melody's notes that are tones of the chord in which they begin (Yeh et al. 2021, the chord tones of
    CTnCTR, without its allowance for passing notes).

    Notes in spans without a chord are left out. Any three tones out of twelve: 25 % by chance.

    Parameters
    ----------
    line, harmony
        Notes of one voice, and the chords that accompany it: of `melody_and_accompaniment`, so that no note makes its
        own chord.
    strong
        Only notes that begin with their span: on downbeats and in the middle of bars of four beats or more.
    """
    edges, chord = harmony.edges, harmony.chord
    span = np.searchsorted(edges, line.start_beat + _STRONG, side="right") - 1
    kept = (span >= 0) & (span < len(chord))
    kept[kept] = chord[span[kept]] != NO_CHORD
    if strong:
        kept[kept] = np.abs(line.start_beat[kept] - edges[span[kept]]) <= _STRONG
    return _mean(_TONES[chord[span[kept]], line.pitch[kept] % 12])


def melody_and_accompaniment(notes: Notes) -> tuple[Notes, Notes]:
    """The notes of the melody, and those that accompany it: the other tracks, or the rest of the only one."""
    line, track = melody_mask(notes), melody_track_mask(notes)
    return notes.only(line), notes.only(~line if track.all() else ~track)


def chord_ngrams(chords: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """Shares (1, 2 * 24 ** (n - 1)) of the runs of n chords of a progression, told so that transposing changes nothing.

    A run is the quality of its first chord (0 major, 1 minor), then for each next one the interval of its root above
    the root before, times two, plus its quality: digits of base 24, the first chord's highest.

    Raises
    ------
    ValueError
        If n is not 1, 2 or 3: longer runs have too many bins to be counted in a piece.
    """
    if n not in (1, 2, 3):
        raise ValueError(f"chords are counted in runs of 1, 2 or 3, not of {n}")
    root, quality = chords % 12, chords // 12
    moves = np.diff(root) % 12 * 2 + quality[1:]
    codes = quality[: max(len(chords) - n + 1, 0)]
    for k in range(n - 1):
        codes = codes * 24 + moves[k : k + len(codes)]
    return histogram(codes, 2 * 24 ** (n - 1))


def chord_ngram_agreement(own: NDArray[Any], reference: NDArray[Any]) -> float:
    """How far two sets of music agree in their runs of chords: 1 minus their Jensen-Shannon distance, 0 to 1.

    Parameters
    ----------
    own, reference
        Rows (n, d) of `chord_ngrams` of one length, a piece each.
    """
    return agreement(own, reference)


def key_relative_chord_histogram(chords: NDArray[np.int64], key: Key | None) -> NDArray[np.float64]:
    """Shares (1, 24) of the chords of a progression from the tonic of a key on: 0-11 major, 12-23 minor."""
    return histogram(transpose_codes(chords, -key.tonic if key else 0).astype(np.int64), NO_CHORD)


def chord_progression_irregularity(chords: NDArray[np.int64]) -> float:
    """Number of different runs of three chords over the number of such runs (Wu and Yang 2020, section 5.3), here of
    progressions without repetitions. It falls as pieces get longer."""
    runs = np.lib.stride_tricks.sliding_window_view(chords, 3) if len(chords) > 2 else np.empty((0, 3), np.int64)
    return len(np.unique(runs @ (625, 25, 1))) / len(runs) if len(runs) else float("nan")


def cadence_share(harmony: Harmony, key: Key | None) -> float:
    """Share of the groups of four bars that end with a cadence on the tonic.

    Groups are counted from the first bar with a note on; the last may be shorter. A group ends with a cadence where its
    last chord is on the tonic and came from the dominant or the subdominant: V-I or IV-I, the authentic and the plagal
    cadence of the textbooks (Aldwell and Schachter, Harmony and Voice Leading). Groups before which no other chord was
    heard are left out. Music whose phrases are not of four bars has fewer; the same music with its bars in another
    order is what it is compared with.
    """
    there = np.flatnonzero((harmony.chord != NO_CHORD) & (harmony.bar >= 0))
    last = there[np.diff(harmony.bar[there] // GROUP, append=-1) != 0]
    chord, before = harmony.chord_before(last)
    known = before != NO_CHORD
    return _mean(_resolves(before[known], chord[known], key)) if key else float("nan")


def tonic_approach_share(chords: NDArray[np.int64], key: Key | None) -> float:
    """Share of a progression's moves to the tonic that come from the dominant or the subdominant; 3 of the 23 other
    chords by chance, 13 %."""
    if key is None:
        return float("nan")
    return _mean(_resolves(chords[:-1], chords[1:], key)[chords[1:] % 12 == key.tonic])


def ends_on_tonic(chords: NDArray[np.int64], key: Key | None) -> float:
    """1 where the last chord of a progression is on the tonic of a key, else 0: over pieces, the share that does."""
    return float(chords[-1] % 12 == key.tonic) if len(chords) and key else float("nan")


def harmony_metrics(notes: Notes) -> dict[str, float | NDArray[np.float64]]:
    """Every value of `METRICS` for one piece: scalars, and histograms as rows (1, d)."""
    notes = pitched(notes)
    line, others = melody_and_accompaniment(notes)
    harmony, accompaniment = Harmony.of(notes), Harmony.of(others)
    key, chords = best_key(notes), harmony.progression
    return {
        "chord_coverage": chord_coverage(harmony),
        "harmonic_rhythm": harmonic_rhythm(harmony),
        "chord_tone_share": chord_tone_share(line, accompaniment),
        "strong_beat_chord_tone_share": chord_tone_share(line, accompaniment, strong=True),
        "key_relative_chord_histogram": key_relative_chord_histogram(chords, key),
        "chord_bigrams": chord_ngrams(chords, 2),
        "chord_trigrams": chord_ngrams(chords, 3),
        "chord_progression_irregularity": chord_progression_irregularity(chords),
        "cadence_share": cadence_share(harmony, key),
        "tonic_approach_share": tonic_approach_share(chords, key),
        "ends_on_tonic": ends_on_tonic(chords, key),
    }


def _resolves(before: NDArray[np.int64], chord: NDArray[np.int64], key: Key) -> NDArray[np.bool_]:
    """Whether each chord is on the tonic, reached from a major triad on the fifth or any triad on the fourth degree."""
    fifth = before == (key.tonic + 7) % 12
    fourth = before % 12 == (key.tonic + 5) % 12
    return np.asarray((chord % 12 == key.tonic) & (fifth | fourth))


def _mean(flags: NDArray[np.bool_]) -> float:
    return float(flags.mean()) if len(flags) else float("nan")


_DEGREES = tuple(f"tonic+{k % 12}{'m' if k > 11 else ''}" for k in range(NO_CHORD))
_FIRST = ("major", "minor")
_MOVES = tuple(f"+{k // 2}{'m' if k % 2 else ''}" for k in range(24))
_WU_YANG = "Wu and Yang, The Jazz Transformer on the front line, ISMIR 2020"
_YEH = "Yeh et al., Automatic melody harmonization with triad chords, Journal of New Music Research 2021"

METRICS = (
    Metric(
        "chord_coverage",
        "How much of the music is on some major or minor triad: spans of half a bar whose tones take 60 % of what "
        "sounds.",
        "triads by coverage of sounding time, half bar by half bar",
        "%",
    ),
    Metric("harmonic_rhythm", "How often the chord changes in a bar.", "changes between spans of half a bar"),
    Metric(
        "chord_tone_share",
        "How many notes of the melody are tones of the chord that accompanies them; 25 % by chance.",
        f"{_YEH}, chord tones of CTnCTR",
        "%",
    ),
    Metric(
        "strong_beat_chord_tone_share",
        "How many notes of the melody on strong beats are tones of the chord that accompanies them.",
        f"{_YEH}, chord tones of CTnCTR, on downbeats and mid-bars",
        "%",
    ),
    Metric(
        "key_relative_chord_histogram",
        "How often each chord is used, counted from the tonic of the best-fitting key.",
        f"chord histogram of {_YEH}, after transposing to C",
        "%",
        "histogram",
        _DEGREES,
    ),
    Metric(
        "chord_bigrams",
        "How often each chord follows each: the quality of the first, how far the root moves up, the next quality.",
        "n-grams of chords, n = 2, transposed to one root",
        "%",
        "histogram",
        tuple(f"{first} {move}" for first in _FIRST for move in _MOVES),
    ),
    Metric(
        "chord_trigrams",
        "How often each run of three chords occurs, told by qualities and how far the roots move up.",
        "n-grams of chords, n = 3, transposed to one root",
        "%",
        "histogram",
        tuple(f"{first} {second} {third}" for first in _FIRST for second in _MOVES for third in _MOVES),
    ),
    Metric(
        "chord_progression_irregularity",
        "How many of the runs of three chords are different ones: low where progressions come back.",
        f"{_WU_YANG}, section 5.3",
        "%",
    ),
    Metric(
        "cadence_share",
        "How many groups of four bars end on the tonic chord, reached from the dominant or the subdominant.",
        "authentic and plagal cadence, Aldwell and Schachter, Harmony and Voice Leading",
        "%",
    ),
    Metric(
        "tonic_approach_share",
        "How many moves to the tonic chord come from the dominant or the subdominant; 13 % by chance.",
        "authentic and plagal progression, Aldwell and Schachter, Harmony and Voice Leading",
        "%",
    ),
    Metric(
        "ends_on_tonic",
        "Whether the last chord of the piece is on the tonic of its best-fitting key.",
        "Aldwell and Schachter, Harmony and Voice Leading",
        "%",
    ),
)
