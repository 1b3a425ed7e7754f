"""Phrases of several tracks as the examiners take them: rolls on a grid of 16ths, with what the tracks do together.

Axes: N samples, K track, S step of the phrase (16ths), P pitch. A finer grid is counted, not thinned: how many cells of
a 16th sound and how many notes begin in it, so that fragments are not lost.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.chords import NO_CHORD, coverage_codes
from antiphon.evaluation.examiner.intervals import NO_DEGREE, NUM_DEGREES, NUM_INTERVALS, degrees, interval_codes
from antiphon.evaluation.examiner.material import Material, joined_features, scale_misses, shares
from antiphon.evaluation.rolls import BEATS, Rolls

STEPS_A_BEAT = 4
_CHUNK = 256
_OCTAVES = 9

_DRUMS: NDArray[np.int64] = np.full(128, 8, np.int64)
"""General MIDI percussion by what it does: kick, snare, rim and clap, low tom, high tom, closed hi-hat, open, cymbal,
other."""
for _family, _keys in enumerate(
    ((35, 36), (38, 40), (37, 39), (41, 43, 45), (47, 48, 50), (42, 44), (46,), (49, 51, 52, 53, 55, 57, 59))
):
    _DRUMS[list(_keys)] = _family
_NUM_DRUMS = 9


def phrases(rolls: Rolls, held: NDArray[np.bool_] | None = None) -> Material:
    """Phrases of rolls, with onsets where they are known (or else wherever a pitch begins to sound).

    The networks see for each pitched track how much sounds of each pitch class and octave, what begins, and what has
    changed since the bar before; drums by what they do; for every two tracks the intervals between them; the beat's
    triad, and over it the degree, with its interval from the last one, of each track's highest new pitch.

    Parameters
    ----------
    rolls
        The grid may be any; one of more than four steps a beat is counted in 16ths where it divides into them.
    held
        See `Material`.
    """
    parts = [_material(rolls[begin : begin + _CHUNK]) for begin in range(0, len(rolls), _CHUNK)] or [_material(rolls)]
    num, _, bars, steps, _ = rolls.cells.shape
    return Material(
        f"phrases of {bars} bars and {steps} steps: {', '.join(rolls.tracks)}"
        + ("" if rolls.onsets is None else ", onsets known"),
        np.concatenate([part[0] for part in parts])[:num],
        parts[0][1],
        np.concatenate([part[2] for part in parts])[:num],
        np.concatenate([part[3] for part in parts])[:num],
        rolls.song,
        held,
    )


@dataclass(frozen=True, eq=False)
class _Seen:
    """What is read off some phrases."""

    chroma: NDArray[np.uint8]  # (N, K, S, 12) sounding cells of pitched tracks
    begins: NDArray[np.uint8]  # (N, K, S, 12)
    octaves: NDArray[np.uint8]  # (N, K, S, 9)
    drums: NDArray[np.uint8]  # (N, S, 18), what sounds and what begins; or (N, S, 0)
    chord: NDArray[np.uint8]  # (N, S)
    interval: NDArray[np.int64]  # (N, K, S) codes
    degree: NDArray[np.int64]  # (N, K, S) codes
    between: NDArray[np.uint8]  # (N, pairs, S, 12)
    changed: NDArray[np.uint8]  # (N, K, S, 2), kept and changed pitch classes against the bar before
    beat: int  # steps


def _material(rolls: Rolls) -> tuple[NDArray[np.uint8], tuple[int, ...], NDArray[np.uint8], NDArray[np.float32]]:
    seen = _seen(rolls)
    num, length = seen.chord.shape
    step = np.broadcast_to(np.arange(length), (num, length))
    tracks = seen.interval.shape[1]
    codes = np.concatenate(
        [step[..., None], seen.chord[..., None], np.moveaxis(seen.interval, 1, 2), np.moveaxis(seen.degree, 1, 2)],
        axis=2,
    )
    sizes = (length, NO_CHORD + 1) + (NUM_INTERVALS,) * tracks + (NUM_DEGREES,) * tracks
    stacked = (seen.chroma, seen.begins, seen.octaves, seen.between, seen.changed)
    planes = [np.moveaxis(part, 1, 2).reshape(num, length, part.shape[1] * part.shape[3]) for part in stacked]
    return codes.astype(np.uint8), sizes, np.concatenate([*planes, seen.drums], axis=2), _features(seen, rolls)


def _seen(rolls: Rolls) -> _Seen:
    pitched, pitch = list(rolls.pitched), rolls.lowest_pitch + np.arange(rolls.cells.shape[4])
    factor = rolls.resolution // STEPS_A_BEAT if rolls.resolution % STEPS_A_BEAT == 0 else 1
    sounding, begun = _flat(rolls.cells), _begun(rolls)
    cells, onsets = (_counted(part[:, pitched], factor) for part in (sounding, begun))
    chroma = _pooled(cells, pitch % 12, 12)
    beat = rolls.resolution // factor
    chord = _chords(chroma, beat)
    top = np.where(onsets > 0, pitch, -1).max(3, initial=-1)
    present = chroma > 0
    return _Seen(
        chroma,
        _pooled(onsets, pitch % 12, 12),
        _pooled(cells, np.minimum(pitch // 12, _OCTAVES - 1), _OCTAVES),
        _percussion(rolls, sounding, begun, pitch, factor),
        chord,
        np.stack([_line_intervals(top[:, k]) for k in range(len(pitched))], axis=1)
        if pitched
        else np.zeros((len(cells), 0, chord.shape[1]), np.int64),
        degrees(top, top >= 0, chord[:, None]),
        _between(present),
        _changes(present, BEATS * beat),
        beat,
    )


def _flat(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    num, tracks, bars, steps, pitches = cells.shape
    return cells.reshape(num, tracks, bars * steps, pitches)


def _begun(rolls: Rolls) -> NDArray[np.bool_]:
    """Where notes begin (N, K, B * T, P)."""
    if rolls.onsets is not None:
        return _flat(rolls.onsets)
    cells = _flat(rolls.cells)
    begun = cells.copy()
    begun[:, :, 1:] &= ~cells[:, :, :-1]
    return begun


def _counted(cells: NDArray[np.bool_], factor: int) -> NDArray[np.uint8]:
    """Cells a 16th (N, K, S, P)."""
    num, tracks, length, pitches = cells.shape
    if factor == 1:
        return cells.view(np.uint8)
    counted: NDArray[np.uint8] = cells.reshape(num, tracks, length // factor, factor, pitches).sum(3, dtype=np.uint8)
    return counted


def _pooled(cells: NDArray[np.uint8], group: NDArray[np.int64], num: int) -> NDArray[np.uint8]:
    """Cells added up by groups of pitches (N, K, S, num)."""
    pooled = np.stack([cells[..., group == one].sum(-1, dtype=np.int64) for one in range(num)], axis=-1)
    limited: NDArray[np.uint8] = np.minimum(pooled, 255).astype(np.uint8)
    return limited


def _percussion(
    rolls: Rolls, sounding: NDArray[np.bool_], begun: NDArray[np.bool_], pitch: NDArray[np.int64], factor: int
) -> NDArray[np.uint8]:
    if rolls.drum_track is None:
        return np.zeros((len(rolls), sounding.shape[2] // factor, 0), np.uint8)
    parts = [_counted(part[:, [rolls.drum_track]], factor) for part in (sounding, begun)]
    return np.concatenate([_pooled(part, _DRUMS[pitch], _NUM_DRUMS)[:, 0] for part in parts], axis=2)


def _chords(chroma: NDArray[np.uint8], resolution: int) -> NDArray[np.uint8]:
    """The triad of each beat, at each of its steps (N, S)."""
    num, _, length, _ = chroma.shape
    weights = chroma.sum(1, dtype=np.int64).reshape(num * length // resolution, resolution, 12).sum(1)
    return np.repeat(coverage_codes(weights).reshape(num, length // resolution), resolution, axis=1)


def _line_intervals(top: NDArray[np.int64]) -> NDArray[np.int64]:
    """Codes (N, S) of the interval from the highest new pitch before; -1 is no new pitch."""
    begins = top >= 0
    latest = np.maximum.accumulate(np.where(begins, np.arange(top.shape[1]), -1), axis=1)
    before = np.pad(latest, ((0, 0), (1, 0)), constant_values=-1)[:, :-1]
    last = np.where(before < 0, -1, np.take_along_axis(top, np.maximum(before, 0), axis=1))
    return interval_codes(begins, last >= 0, top - last)


def _between(present: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Pairs of sounding pitch classes by the interval between them (N, pairs, S, 12), for every two tracks."""
    num, tracks, length, _ = present.shape
    pairs = list(combinations(range(tracks), 2))
    found = np.zeros((num, len(pairs), length, 12), np.uint8)
    for number, (one, other) in enumerate(pairs):
        for step in range(12):
            found[:, number, :, step] = (present[:, one] & np.roll(present[:, other], -step, axis=2)).sum(2)
    return found


def _changes(present: NDArray[np.bool_], bar: int) -> NDArray[np.uint8]:
    """Pitch classes that sounded a bar before too, and those that changed (N, K, S, 2); none in the first bar."""
    found = np.zeros((*present.shape[:3], 2), np.uint8)
    now, before = present[:, :, bar:], present[:, :, :-bar]
    found[:, :, bar:, 0], found[:, :, bar:, 1] = (now & before).sum(3), (now != before).sum(3)
    return found


def _features(seen: _Seen, rolls: Rolls) -> NDArray[np.float32]:
    num, tracks, length, _ = seen.chroma.shape
    active = np.asarray(seen.chroma.any(3))
    begins: NDArray[np.int64] = seen.begins.sum(3, dtype=np.int64)
    drums = seen.drums.transpose(0, 2, 1).astype(np.int64)
    overall = seen.chroma.sum((1, 2), dtype=np.int64)
    parts: list[NDArray[Any]] = [
        active.mean(2),
        seen.chroma.sum((2, 3), dtype=np.int64),
        begins.sum(2),
        _ratio(seen.chroma.sum((2, 3), dtype=np.int64), begins.sum(2)),
        (seen.chroma > 0).sum((2, 3)) / length,
        ((seen.chroma > 0).sum(3) > 2).mean(2),
        seen.chroma.any(2).sum(2),
        _ratio(seen.octaves.sum(2, dtype=np.int64) @ np.arange(_OCTAVES), seen.octaves.sum((2, 3))),
        _by_place(begins, BEATS * seen.beat).reshape(num, tracks * BEATS * seen.beat),
        _ratio(seen.changed[..., 0].sum(2), seen.changed.sum((2, 3))),
        scale_misses(overall) / np.maximum(overall.sum(1), 1),
        (seen.chord == NO_CHORD).mean(1),
        (np.diff(seen.chord.astype(int), axis=1) != 0).sum(1),
        _by_place(drums, seen.beat).reshape(num, drums.shape[1] * seen.beat),
        seen.drums.sum(1),
        *(shares(seen.interval[:, k], NUM_INTERVALS) for k in range(tracks)),
        *(_root_shares(seen.degree[:, k]) for k in range(tracks)),
        *_together(seen, active, begins),
    ]
    return joined_features(*parts)


def _together(seen: _Seen, active: NDArray[np.bool_], begins: NDArray[np.int64]) -> list[NDArray[Any]]:
    """How the tracks go together: intervals, likeness of pitch classes a phrase and a beat, common onsets and rests."""
    parts: list[NDArray[Any]] = []
    totals = seen.chroma.sum(2, dtype=np.float64)
    num, tracks, length, _ = seen.chroma.shape
    beats = seen.chroma.reshape(num, tracks, length // seen.beat, seen.beat, 12).sum(3, dtype=np.float64)
    for number, (one, other) in enumerate(combinations(range(tracks), 2)):
        between = seen.between[:, number].sum(1, dtype=np.float64)
        both = active[:, one] & active[:, other]
        parts += [
            _ratio(between, between.sum(1, keepdims=True)),
            _cosine(totals[:, one], totals[:, other]),
            _nanmean(_cosine(beats[:, one], beats[:, other])),
            _ratio(((begins[:, one] > 0) & (begins[:, other] > 0)).sum(1), (begins[:, one] > 0).sum(1)),
            _ratio(both.sum(1), (active[:, one] | active[:, other]).sum(1)),
        ]
    return parts


def _by_place(counts: NDArray[np.int64], places: int) -> NDArray[np.int64]:
    """Counts (N, C, S) added up by place in a bar of `places` (N, C, places)."""
    num, channels, length = counts.shape
    return np.asarray(counts.reshape(num, channels, length // places, places).sum(2))


def _root_shares(degree: NDArray[np.int64]) -> NDArray[np.float32]:
    found = shares(degree, NUM_DEGREES)[:, : NO_DEGREE + 1]
    return np.asarray(found / np.maximum(found.sum(1, keepdims=True), 1), np.float32)


def _cosine(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    return _ratio((one * other).sum(-1), np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1))


def _nanmean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    there = ~np.isnan(values)
    return _ratio(np.where(there, values, 0).sum(1), there.sum(1))


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    """NaN where there is nothing to divide by."""
    part, whole = np.broadcast_arrays(part, whole)
    return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole != 0))
