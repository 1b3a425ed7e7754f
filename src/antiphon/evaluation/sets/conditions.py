"""Outputs paired with what they were made from: bars with chord and bar before, tracks with a track, ends with a prime.

What an output shares with a condition is stated by one fit a facet: harmony (pitch classes), rhythm (onsets), and where
one follows the other the join. Cosines lie between 0 and 1; a join is minus the distance in semitones.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from antiphon.codecs.chords import NO_CHORD, TRIADS
from antiphon.codecs.melody import NUM_PITCHES, REST
from antiphon.evaluation.metrics.bars import sounding_pitch
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.rolls import Rolls
from antiphon.evaluation.sets.dependence import Pairing
from antiphon.evaluation.sets.exchanges import Fit, Floats, Numbers
from antiphon.evaluation.sets.lookup import Lookup
from antiphon.evaluation.sets.passages import Reading, Streams, pitched

Bars = NDArray[np.uint8]

COPIED_NOTES = 8
"""Notes of a passage of the prime that count as copied where they come back."""

_JOIN_NOTES = 8


def with_chord(bars: Bars, previous: Bars, chord: NDArray[np.integer], song: Numbers) -> Pairing:
    """Bars (n, T) of `antiphon.codecs.melody` with the code (n,) of their chord; bars without a chord are left out.

    Fit and copied share are one: the share of sounding time that falls on tones of the chord. An output that has much
    more of it than real music is an arpeggio.
    """
    codes = np.asarray(chord, np.int64)
    kept = np.flatnonzero(codes != NO_CHORD)
    codes, pitch = codes[kept], np.asarray(sounding_pitch(bars[kept], previous[kept]))
    tones = np.zeros((12, len(TRIADS)))
    tones[TRIADS.T, np.arange(len(TRIADS))] = 1
    share = _share(_pitch_classes(pitch) @ tones, np.sum(pitch >= 0, axis=1, keepdims=True))
    every = np.arange(len(kept))
    return Pairing(lambda i, j: share[i, codes[j]], share[every, codes], np.asarray(song, np.int64)[kept])


def with_bar_before(bars: Bars, previous: Bars, song: Numbers) -> dict[str, Pairing]:
    """Bars (n, T) with the bars before them: `join`, `harmony` and `rhythm`; silent bars before are left out.

    A note that is held over from the bar before says nothing of the output and is not heard. Copied: the share of
    onsets that repeat pitch and place of an onset of the bar before.
    """
    kept = np.flatnonzero(np.any(previous < NUM_PITCHES, axis=1))
    bars, previous, song = bars[kept], previous[kept], np.asarray(song, np.int64)[kept]
    silence = np.full_like(bars, REST)
    after, before = sounding_pitch(bars, silence), sounding_pitch(previous, silence)
    first, last = _first(after), _first(before[:, ::-1])
    onset = bars < NUM_PITCHES
    copied = _share((onset & (bars == previous)).sum(1), onset.sum(1))
    chroma = _cosine(_pitch_classes(after), _pitch_classes(before))
    rhythm = _cosine(onset.astype(float), (previous < NUM_PITCHES).astype(float))
    fits: dict[str, Fit] = {"join": lambda i, j: -np.abs(first[i] - last[j]), "harmony": chroma, "rhythm": rhythm}
    return {name: Pairing(fit, copied, song) for name, fit in fits.items()}


def with_track(rolls: Rolls, given: str) -> dict[str, Pairing]:
    """Phrases whose track `given` was given, against what the other tracks do: `harmony` beat by beat (mean cosine of
    pitch classes over beats in which both sound; not for drums) and `rhythm` (cosine of onsets a step).

    Copied: in harmony the share of sounding pitch classes of other tracks that the given one sounds at the same step;
    in rhythm the share of their onsets that coincide with one of its own.

    Raises
    ------
    ValueError
        If there is no such track, or no other one.
    """
    if given not in rolls.tracks or len(rolls.tracks) < 2:
        raise ValueError(f"{given!r} must be one of several tracks, not of {rolls.tracks}")
    k = rolls.tracks.index(given)
    others = [track for track in range(len(rolls.tracks)) if track != k]
    struck = np.asarray(_onsets(rolls).any(4))
    ours, theirs = struck[:, others].any(1).reshape(len(rolls), -1), struck[:, k].reshape(len(rolls), -1)
    rhythm = _cosine(ours.astype(float), theirs.astype(float))
    pairs = {"rhythm": Pairing(rhythm, _share((ours & theirs).sum(1), ours.sum(1)), rolls.song)}
    melodic = [track for track in others if track != rolls.drum_track]
    if k == rolls.drum_track or not melodic:
        return pairs
    ours, theirs = _classes(rolls, melodic), _classes(rolls, [k])
    doubled = _share((ours & theirs).sum((1, 2)), ours.sum((1, 2)))
    per_beat = _cosine_of_beats(_beats(ours, rolls.resolution), _beats(theirs, rolls.resolution))
    return {"harmony": Pairing(per_beat, doubled, rolls.song), **pairs}


def with_prime(
    continuations: Sequence[Notes], primes: Sequence[Notes], song: Numbers, reading: Reading
) -> dict[str, Pairing]:
    """Continuations with the primes that they follow: `join` (distance of the mean pitches of the 8 notes on each side
    of it), `harmony` (cosine of sounding time a pitch class) and `rhythm` (cosine of inter-onset intervals by octave).

    Copied: the share of the continuation's notes in passages of 8 notes or more, in any key and tempo, that stand in
    the prime (`antiphon.evaluation.sets.passages`).

    Raises
    ------
    ValueError
        If there are not as many of both.
    """
    if len(continuations) != len(primes):
        raise ValueError(f"{len(continuations)} continuations and {len(primes)} primes")
    after, before = [pitched(notes) for notes in continuations], [pitched(notes) for notes in primes]
    first = np.array([_mean(notes.pitch[:_JOIN_NOTES]) for notes in after])
    last = np.array([_mean(notes.pitch[-_JOIN_NOTES:]) for notes in before])
    pairs = [
        Lookup.run(Streams.of([prime], reading), Streams.of([notes], reading)).covered(COPIED_NOTES)[0]
        for notes, prime in zip(after, before, strict=True)
    ]
    copied, song = np.array(pairs, np.float64), np.asarray(song, np.int64)
    fits: dict[str, Fit] = {
        "join": lambda i, j: -np.abs(first[i] - last[j]),
        "harmony": _cosine(_table(after, _sounding), _table(before, _sounding)),
        "rhythm": _cosine(_table(after, _paces), _table(before, _paces)),
    }
    return {name: Pairing(fit, copied, song) for name, fit in fits.items()}


def _pitch_classes(pitch: NDArray[np.int64]) -> Floats:
    """Steps (n, 12) at which each pitch class sounds, of pitches (n, T) from a C on, -1 for silence."""
    return np.stack([((pitch >= 0) & (pitch % 12 == tone)).sum(1) for tone in range(12)], axis=1).astype(np.float64)


def _first(pitch: NDArray[np.int64]) -> Floats:
    """The first pitch of each row that sounds; NaN for silence."""
    sounding = pitch >= 0
    found = np.take_along_axis(pitch, sounding.argmax(1)[:, None], axis=1)[:, 0]
    return np.where(sounding.any(1), found, np.nan)


def _share(part: ArrayLike, whole: ArrayLike) -> Floats:
    part, whole = np.broadcast_arrays(np.asarray(part, np.float64), np.asarray(whole, np.float64))
    return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0))


def _cosine(outputs: Floats, conditions: Floats) -> Fit:
    """Cosines between rows of two tables (n, d); NaN where a row is empty."""
    a, b = (_share(table, np.sqrt((table**2).sum(1, keepdims=True))) for table in (outputs, conditions))
    return lambda i, j: np.asarray(np.einsum("nd,nd->n", a[i], b[j]))


def _cosine_of_beats(outputs: Floats, conditions: Floats) -> Fit:
    """Mean over beats of the cosines between two tables (n, beats, 12), where neither beat is silent."""
    a, b = (
        np.nan_to_num(_share(table, np.sqrt(np.sum(table**2, axis=2, keepdims=True))))
        for table in (outputs, conditions)
    )
    heard_a, heard_b = (np.any(table > 0, axis=2).astype(np.float64) for table in (outputs, conditions))

    def fit(i: Numbers, j: Numbers) -> Floats:
        return _share(np.einsum("nbd,nbd->n", a[i], b[j]), np.einsum("nb,nb->n", heard_a[i], heard_b[j]))

    return fit


def _onsets(rolls: Rolls) -> NDArray[np.bool_]:
    """Onsets (N, K, B, T, P): those that are known, else where a pitch begins to sound."""
    if rolls.onsets is not None:
        return rolls.onsets
    cells = rolls.cells.reshape(*rolls.cells.shape[:2], -1, rolls.cells.shape[4])
    before = np.concatenate([np.zeros_like(cells[:, :, :1]), cells[:, :, :-1]], axis=2)
    return np.asarray((cells & ~before).reshape(rolls.cells.shape))


def _classes(rolls: Rolls, tracks: list[int]) -> NDArray[np.bool_]:
    """Which pitch classes some tracks sound at each step (N, steps, 12)."""
    cells = rolls.cells[:, tracks].any(1).reshape(len(rolls), -1, rolls.cells.shape[4])
    tone = (rolls.lowest_pitch + np.arange(cells.shape[2])) % 12
    return np.stack([cells[:, :, tone == k].any(2) for k in range(12)], axis=2)


def _beats(classes: NDArray[np.bool_], resolution: int) -> Floats:
    """Steps at which each pitch class sounds in each beat (N, beats, 12)."""
    num, steps, _ = classes.shape
    return np.asarray(classes.reshape(num, steps // resolution, resolution, 12).sum(2), np.float64)


def _table(pieces: Sequence[Notes], row: Callable[[Notes], Floats]) -> Floats:
    return np.stack([row(piece) for piece in pieces]) if pieces else np.empty((0, 1))


def _sounding(notes: Notes) -> Floats:
    """Seconds that each pitch class sounds (12,)."""
    return np.asarray(np.bincount(notes.pitch % 12, notes.end_seconds - notes.start_seconds, 12), np.float64)


def _paces(notes: Notes) -> Floats:
    """Steps from onset to onset by duration (8,): chords, then octaves from 30 ms on."""
    gaps = np.diff(notes.start_seconds)
    octave = np.clip(np.floor(np.log2(np.maximum(gaps, 1e-3) / 0.03)) + 1, 0, 7).astype(np.int64)
    return np.bincount(octave, minlength=8).astype(np.float64)


def _mean(values: NDArray[np.int64]) -> float:
    return float(values.mean()) if len(values) else float("nan")
