"""MuseGAN's metrics of multi-track bars: silence, pitches, fragments, drum patterns, keys, and harmony between tracks.

Conventions: a unit is one bar of one track (of two tracks, for tonal distance), as in Dong et al. (2018), "MuseGAN",
section "Objective Metrics for Evaluation"; notes are cut at bar lines. Functions take `Rolls` and give float64
(N samples, K tracks, B bars), NaN where a metric is undefined: in a bar without sound (but for the empty bar rate), on
drums where it is about pitch, elsewhere where it is about drums. Pitch classes are MIDI pitch mod 12; what the released
code prints instead is in `antiphon.evaluation.metrics.as_published`.
"""

from collections.abc import Callable, Collection, Iterable
from fractions import Fraction
from functools import partial
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.measures import Metric, base_name
from antiphon.evaluation.metrics.packed import Packed, Words, chunks, first_steps, num_bits, tiled
from antiphon.evaluation.metrics.tonal import pair_distances, ratio, tonal_centroids
from antiphon.evaluation.rolls import BEATS, Rolls
from antiphon.music.theory import SCALES

Values = NDArray[np.float64]
_PAPER = "Dong et al. 2018 (MuseGAN), Objective Metrics for Evaluation"
_CODE = "Dong et al. 2018 (MuseGAN), released code"

METRICS = (
    Metric("empty_bar_rate", "Share of bars in which the track is silent.", f"{_PAPER}: EB", "%"),
    Metric("used_pitches", "Different pitches that sound in a bar.", _CODE, "pitches"),
    Metric(
        "used_pitch_classes",
        "Different notes of the twelve-tone octave that sound in a bar, whatever the octave.",
        f"{_PAPER}: UPC",
        "pitch classes",
    ),
    Metric(
        "qualified_note_rate",
        "Share of notes that last at least a 32nd note; low where the music falls into fragments. On a coarse grid it "
        "is 100 % by construction, so the grid is part of its name.",
        f"{_PAPER}: QN",
        "%",
    ),
    Metric(
        "drum_pattern_rate",
        "Share of drum strokes that lie on an even pattern of eighth notes (8-beat) or sixteenths (16-beat), strokes "
        "one step beside it counting 0.3.",
        f"{_PAPER}: DP, weights from the released code",
        "%",
    ),
    Metric(
        "polyphonicity",
        "Share of a bar's time in which the track sounds two or more pitches at once.",
        f"{_CODE}: polyphonic rate",
        "%",
    ),
    Metric(
        "in_scale_rate",
        "Share of sounding time on notes of a scale: C major, or the major scale that fits the whole phrase best.",
        _CODE,
        "%",
    ),
    Metric(
        "tonal_distance",
        "How far apart two tracks' harmonies lie, beat by beat, on the circles of fifths and thirds; 0 for the same "
        "chord, whatever the octave. Beats in which one of them is silent are left out.",
        f"{_PAPER}: TD; Harte, Sandler and Gasser 2006",
    ),
    Metric(
        "tonal_distance_beats",
        "Beats of a bar in which both tracks sound, so that the tonal distance could be measured.",
        _PAPER,
        "beats",
    ),
)
"""The words of every metric here."""


def bar_metrics(
    rolls: Rolls, min_steps: int | None = None, rest: int = 1, only: Collection[str] | None = None
) -> dict[str, Values]:
    """All metrics of this file by name and track, each (N * B,): the bars of sample 0, then those of sample 1.

    A track's name follows a slash, two for a pair (`tonal_distance/bass-guitar`, in the tracks' order); what a metric
    was measured with stands in brackets before it (`qualified_note_rate (24 steps a beat)/bass`). The song of each row
    is `numpy.repeat(rolls.song, B)`. `min_steps` and `rest` are those of `qualified_note_rate`; `only` the metrics of
    these names, such as {"empty_bar_rate"}.
    """
    _check_threshold(min_steps, rest)
    parts = [_columns(packed, min_steps, rest, only) for packed in chunks(rolls)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _columns(packed: Packed, min_steps: int | None, rest: int, only: Collection[str] | None) -> dict[str, Values]:
    rolls, drum = packed.rolls, packed.rolls.drum_track
    every, pitched = range(len(rolls.tracks)), rolls.pitched
    drums = () if drum is None else (drum,)
    threshold = "" if min_steps in (None, default_min_steps(rolls.resolution)) else f"{min_steps} steps of "
    rows: list[tuple[str, Iterable[int], Callable[[], Values]]] = [
        ("empty_bar_rate", every, lambda: packed.empty.astype(np.float64)),
        ("used_pitches", every, lambda: _used_pitches(packed)),
        ("used_pitch_classes", pitched, lambda: _used_pitch_classes(packed)),
        (f"qualified_note_rate ({threshold}{rolls.grid})", pitched, lambda: _qualified(packed, min_steps, rest)),
        ("polyphonicity", pitched, lambda: _polyphonicity(packed)),
        ("in_scale_rate (C major)", pitched, lambda: _in_scale(packed, SCALES["major"], 0)),
        ("in_scale_rate (best-fitting major)", pitched, lambda: _in_scale(packed, SCALES["major"], None)),
        (f"drum_pattern_rate (8-beat, {rolls.grid})", drums, lambda: _drum_pattern(packed, 8, 0.3)),
        (f"drum_pattern_rate (16-beat, {rolls.grid})", drums, lambda: _drum_pattern(packed, 16, 0.3)),
    ]
    found: dict[str, Values] = {}
    for name, tracks, measure in rows:
        if only is None or base_name(name) in only:
            values = measure()
            found |= {f"{name}/{rolls.tracks[k]}": values[:, k].reshape(-1) for k in tracks}
    if only is None or "tonal_distance" in only:
        found |= _distances(packed)
    return found


def _distances(packed: Packed) -> dict[str, Values]:
    rolls, found = packed.rolls, {}
    distances, beats = _tonal_distance(packed, 1)
    for index, (first, second) in enumerate(track_pairs(rolls)):
        pair = f"{rolls.tracks[first]}-{rolls.tracks[second]}"
        found[f"tonal_distance/{pair}"] = distances[:, index].reshape(-1)
        found[f"tonal_distance_beats/{pair}"] = beats[:, index].reshape(-1)
    return found


def empty_bar_rate(rolls: Rolls) -> Values:
    """1 for a bar without any sounding cell, else 0 (EB of the paper)."""
    return _by_chunk(rolls, lambda packed: packed.empty.astype(np.float64))


def used_pitches(rolls: Rolls) -> Values:
    """Number of pitches with at least one sounding cell in the bar; on drums the instruments that play."""
    return _by_chunk(rolls, _used_pitches)


def used_pitch_classes(rolls: Rolls) -> Values:
    """Number of pitch classes, MIDI pitch mod 12, with at least one sounding cell in the bar: 1 to 12 (UPC)."""
    return _by_chunk(rolls, _used_pitch_classes)


def default_min_steps(resolution: int) -> int:
    """The paper's 32nd note in steps, rounded up: 3 at 24 steps a beat, 2 at 12, 1 at 8 or less."""
    return -(-3 * resolution // 24)


def qualified_note_rate(rolls: Rolls, min_steps: int | None = None, rest: int = 1) -> Values:
    """Notes of at least `min_steps` steps / notes (QN: "a note no shorter than three time steps").

    A note is a run of sounding cells of one pitch inside a bar; where onsets are known it also ends where the pitch is
    struck again, otherwise notes that touch count as one.

    Its length is its sounding steps plus `rest`. The paper's rolls silence the last step of every note, so that notes
    of one pitch stay apart: what sounds for two steps there was three steps long, and `rest` 1 counts it so. A note
    that the pitch's next stroke follows without a gap has lost no step, and none is added. For rolls whose notes keep
    their whole length take `rest` 0: then `min_steps` sounding steps are asked for (three at 24 steps a beat by
    default).

    Parameters
    ----------
    rolls
        The phrases.
    min_steps
        Shortest qualified length; by default `default_min_steps`, a 32nd note. At 8 steps a beat or less that is one
        step, so the rate is 1 by construction: values of different grids do not compare.
    rest
        1 or 0: silent steps at a note's end that belong to it.

    Raises
    ------
    ValueError
        If `min_steps` is below 1 or `rest` neither 0 nor 1.
    """
    _check_threshold(min_steps, rest)
    return _by_chunk(rolls, lambda packed: _qualified(packed, min_steps, rest))


def drum_pattern_rate(rolls: Rolls, pattern: int = 16, near: float = 0.3) -> Values:
    """Share of drum strokes on an even pattern: max over r of sum_t w(t - r) h(t) / sum_t h(t) (DP).

    h(t) strokes begin at step t; w is 1 every sixteenth note (`pattern` 16) or eighth note (8), `near` one step beside
    those (cyclically), 0 elsewhere. The released code uses sixteenths, of which eighths are a part, so that the paper's
    "8- or 16-beat patterns" is `pattern` 16. The pattern may lie anywhere: r runs over its period. With
    onsets unknown a stroke is a cell that sounds after one that does not, the bar beginning from silence. NaN where no
    stroke begins, and on grids that have no such pattern (sixteenths at 6 steps a beat); 1 by construction where every
    step belongs to it (sixteenths at 4).

    Raises
    ------
    ValueError
        If `pattern` is neither 8 nor 16, or `near` no weight from 0 to 1.
    """
    if pattern not in (8, 16) or not 0 <= near <= 1:
        raise ValueError(f"a drum pattern has 8 or 16 strokes a bar and a weight from 0 to 1, not {pattern} and {near}")
    return _by_chunk(rolls, lambda packed: _drum_pattern(packed, pattern, near))


def polyphonicity(rolls: Rolls) -> Values:
    """Steps at which two or more pitches sound / all steps of the bar."""
    return _by_chunk(rolls, _polyphonicity)


def in_scale_rate(rolls: Rolls, scale: Iterable[int] = SCALES["major"], tonic: int | None = 0) -> Values:
    """Sounding cells on pitch classes of a scale / sounding cells.

    Parameters
    ----------
    rolls
        The phrases.
    scale
        Semitones above the tonic; by default the major scale (which is the natural minor of its sixth degree).
    tonic
        Pitch class 0-11; 0 with the major scale is the released code's C major. None takes, for each sample, the tonic
        whose scale holds most cells of all its pitched tracks and bars together (the mean over such tonics, where they
        are several): the key of a phrase, not of a bar, in which a note or two fit many scales.

    Raises
    ------
    ValueError
        If the scale is empty or holds anything but pitch classes, or the tonic is none.
    """
    degrees = tuple(scale)
    if not degrees or not set(degrees) <= set(range(12)) or tonic not in {None, *range(12)}:
        raise ValueError(f"a scale has semitones 0-11 and its tonic is one of them or None, not {degrees} on {tonic}")
    return _by_chunk(rolls, lambda packed: _in_scale(packed, degrees, tonic))


def track_pairs(rolls: Rolls) -> tuple[tuple[int, int], ...]:
    """Numbers of every two pitched tracks, ascending: the order of tonal distances."""
    return tuple(combinations(rolls.pitched, 2))


def tonal_distance(rolls: Rolls, min_beats: int = 1) -> Values:
    """Mean over a bar's beats of the distance between two tracks' tonal centroids, (N, pairs, B) (TD).

    Of each beat: u = sounding steps by pitch class / their sum, centroid = M u, distance = |centroid_a - centroid_b|
    (Harte, Sandler and Gasser 2006, equations 1 and 2; M turns a pitch class into points on the circles of fifths,
    minor thirds and major thirds, radii 1, 1 and 0.5). From 0 to about 3. Beats in which either track is silent have
    no distance and are left out.

    Parameters
    ----------
    rolls
        The phrases; pairs are those of `track_pairs`.
    min_beats
        Bars with fewer beats in which both sound are NaN. The released code takes 4: one silent beat drops the bar.

    Raises
    ------
    ValueError
        If `min_beats` is none of 1 to 4.
    """
    if not 1 <= min_beats <= BEATS:
        raise ValueError(f"a bar has {BEATS} beats, so min_beats cannot be {min_beats}")
    return _by_chunk(rolls, lambda packed: _tonal_distance(packed, min_beats)[0])


def tonal_distance_beats(rolls: Rolls) -> Values:
    """Beats (N, pairs, B) in which both tracks sound: the count over which `tonal_distance` is a mean, 0 to 4."""
    return _by_chunk(rolls, lambda packed: _tonal_distance(packed, 1)[1])


def _by_chunk(rolls: Rolls, measure: Callable[[Packed], Values]) -> Values:
    return np.concatenate([measure(packed) for packed in chunks(rolls)])


def _where(defined: NDArray[np.bool_], values: NDArray[np.number]) -> Values:
    return np.where(defined, values, np.nan)


def _check_threshold(min_steps: int | None, rest: int) -> None:
    if rest not in (0, 1) or (min_steps is not None and min_steps < 1):
        raise ValueError(f"min_steps is 1 or more and rest 0 or 1, not {min_steps} and {rest}")


def _used_pitches(packed: Packed) -> Values:
    return _where(~packed.empty, packed.used.sum(3))


def _used_pitch_classes(packed: Packed) -> Values:
    return _where(packed.pitched, packed.pitch_classes.any(3).sum(3))


def _qualified(packed: Packed, min_steps: int | None, rest: int) -> Values:
    steps = default_min_steps(packed.rolls.resolution) if min_steps is None else min_steps
    words = (packed.sounds,) if packed.onsets is None else (packed.sounds, packed.onsets)
    counts = tiled(partial(_long_and_all_notes, min_steps=steps, rest=rest), *words)
    return _where(packed.pitched, ratio(counts[..., 0], counts[..., 1]))


def _long_and_all_notes(sounds: Words, onsets: Words | None = None, *, min_steps: int, rest: int) -> NDArray[np.int64]:
    """Qualified notes and notes of bars, (m, 2), from words (m, T, 2)."""
    first = first_steps(sounds) if onsets is None else first_steps(sounds) | onsets
    sounding, total = max(1, min_steps - rest), sounds.shape[1]
    long, held = first.copy(), sounds ^ first
    for later in range(1, min(sounding, total)):
        long[:, :-later] &= held[:, later:]
        long[:, -later:] = 0
    if onsets is not None and sounding < min(min_steps, total):
        # The next stroke follows at once: nothing was cut off this note, which is as short as it looks.
        long[:, :-sounding] &= ~first[:, sounding:]
    if sounding > total:
        long[...] = 0
    return np.stack([num_bits(long), num_bits(first)], axis=1)


def _polyphonicity(packed: Packed) -> Values:
    return _where(packed.pitched, tiled(_share_of_steps_with_several, packed.sounds))


def _share_of_steps_with_several(sounds: Words) -> Values:
    low, high, one = sounds[..., 0], sounds[..., 1], np.uint64(1)
    several = ((low & (low - one)) | (high & (high - one))) != 0
    several |= (low != 0) & (high != 0)
    return np.asarray(several.mean(1))


def _in_scale(packed: Packed, scale: Iterable[int], tonic: int | None) -> Values:
    cells = packed.pitch_classes.sum(3)
    in_scale = np.isin((np.arange(12) - np.arange(12)[:, None]) % 12, tuple(scale))
    by_tonic = cells @ in_scale.T.astype(np.float64)
    if tonic is None:
        total = by_tonic[:, list(packed.rolls.pitched)].sum((1, 2))
        best = total == total.max(1, keepdims=True)
        held = (by_tonic * best[:, None, None]).sum(3) / best.sum(1)[:, None, None]
    else:
        held = by_tonic[..., tonic]
    return _where(packed.pitched, ratio(held, cells.sum(3)))


def _drum_pattern(packed: Packed, pattern: int, near: float) -> Values:
    rates = np.full(packed.empty.shape, np.nan)
    period = Fraction(BEATS * packed.rolls.resolution, pattern)
    drum = packed.rolls.drum_track
    if drum is None or period.denominator != 1:
        return rates
    rates[:, drum] = pattern_share(packed.strokes, int(period), near)
    return rates


def pattern_share(strokes: NDArray[np.integer], period: int, near: float) -> Values:
    """The best share (...,) of strokes (..., T) that lie on every `period`-th step, `near` each beside those."""
    folded = strokes.reshape(*strokes.shape[:-1], strokes.shape[-1] // period, period).sum(-2)
    weights = np.zeros(period)
    weights[[1 % period, -1]] = near
    weights[0] = 1
    rotations = np.stack([np.roll(weights, shift) for shift in range(period)], axis=1)
    return ratio((folded @ rotations).max(-1), folded.sum(-1))


def _tonal_distance(packed: Packed, min_beats: int) -> tuple[Values, Values]:
    centroids = tonal_centroids(packed.pitch_classes)
    return pair_distances(centroids, track_pairs(packed.rolls), min_beats)
