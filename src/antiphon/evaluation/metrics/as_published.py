"""MuseGAN's metrics as its released code prints them, so that published tables can be compared with.

Conventions: those of `antiphon.evaluation.metrics.multitrack`, on the published rolls (24 steps a beat, bars that begin
from silence, onsets not known). What differs, and is wrong by the words of the paper:

* "Chroma" is a register: the pitch axis is split into 12 bands of neighbouring pitches (7 of 84 in the first version;
  8 in the second, which first adds 12 silent pitches above), where pitch classes would repeat every 12. Used pitch
  classes, the in-scale rate (bands 0, 2, 4, 5, 7, 9, 11) and the tonal distance are reckoned on these.
* A note of two sounding steps is qualified.
* A silent beat of either track drops the whole bar from the tonal distance.
* The second version takes the difference of booleans for strokes, so that a drum's end counts as one too, and gives 0.1
  to strokes beside the pattern.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np

from antiphon.errors import InputError
from antiphon.evaluation.metrics import multitrack as metrics
from antiphon.evaluation.metrics.packed import Packed, chunks, num_bits
from antiphon.evaluation.metrics.tonal import Values, pair_distances, ratio, tonal_centroids
from antiphon.evaluation.rolls import BEATS, Rolls
from antiphon.music.theory import SCALES

Version = Literal["v1", "v2"]
PUBLISHED_RESOLUTION, PUBLISHED_PITCHES = 24, 84
_NEAR = {"v1": 0.3, "v2": 0.1}
_BANDS = 12


def as_published_bars(rolls: Rolls, version: Version = "v1") -> dict[str, Values]:
    """What the released code of `version` prints, by metric and track or pair, (N * B,) each, named as the columns of
    `antiphon.evaluation.metrics.multitrack.bar_metrics` with `as_published` in brackets: the released mean over a
    table's bars is that over the rows that are not NaN.

    Raises
    ------
    ValueError
        If there is no such version.
    InputError
        If the rolls have another grid or other pitches than the released code reads.
    """
    _check(rolls, version)
    single: dict[str, tuple[tuple[int, ...], Callable[[Rolls], Values]]] = {
        "empty_bar_rate": (tuple(range(len(rolls.tracks))), metrics.empty_bar_rate),
        "used_pitches": (tuple(range(len(rolls.tracks))), metrics.used_pitches),
        "qualified_note_rate": (rolls.pitched, qualified_note_rate),
        "polyphonicity": (rolls.pitched, metrics.polyphonicity),
        "in_scale_rate": (rolls.pitched, lambda some: in_scale_rate(some, version)),
        "used_pitch_classes": (rolls.pitched, lambda some: used_pitch_classes(some, version)),
        "drum_pattern_rate": (_drums(rolls), lambda some: drum_pattern_rate(some, version)),
    }
    found: dict[str, Values] = {}
    for name, (tracks, measure) in single.items():
        values = measure(rolls)
        found |= {f"{name} (as published, {version})/{rolls.tracks[k]}": values[:, k].reshape(-1) for k in tracks}
    distances = tonal_distance(rolls, version)
    for index, (first, second) in enumerate(metrics.track_pairs(rolls)):
        pair = f"{rolls.tracks[first]}-{rolls.tracks[second]}"
        found[f"tonal_distance (as published, {version})/{pair}"] = distances[:, index].reshape(-1)
    return found


def used_pitch_classes(rolls: Rolls, version: Version = "v1") -> Values:
    """Number of register bands (N, K, B) in which anything sounds."""
    _check(rolls, version)
    return _pitched(rolls, lambda packed: _bands(packed, version).any(3).sum(3))


def in_scale_rate(rolls: Rolls, version: Version = "v1") -> Values:
    """Share of sounding cells (N, K, B) in the register bands that bear the numbers of C major."""
    _check(rolls, version)

    def share(packed: Packed) -> Values:
        cells = _bands(packed, version).sum(3)
        return ratio(cells[..., list(SCALES["major"])].sum(3), cells.sum(3))

    return _pitched(rolls, share)


def qualified_note_rate(rolls: Rolls) -> Values:
    """Share of notes (N, K, B) that sound for two steps or more; touching notes are one."""
    return metrics.qualified_note_rate(_without_onsets(rolls), min_steps=2, rest=0)


def drum_pattern_rate(rolls: Rolls, version: Version = "v1") -> Values:
    """Share of strokes (N, K, B) on the best of six patterns of sixteenths; in the second version a drum's last step
    is followed by a stroke too."""
    _check(rolls, version)
    rolls = _without_onsets(rolls)
    if version == "v1":
        return metrics.drum_pattern_rate(rolls, 16, _NEAR[version])
    values = np.full(rolls.cells.shape[:3], np.nan)
    for drum in _drums(rolls):
        only = Rolls(rolls.cells[:, [drum]], rolls.lowest_pitch, rolls.resolution, None, ("drums",))
        parts = [_changes(packed) for packed in chunks(only)]
        values[:, drum] = metrics.pattern_share(np.concatenate(parts), rolls.resolution // 4, _NEAR[version])[:, 0]
    return values


def tonal_distance(rolls: Rolls, version: Version = "v1") -> Values:
    """Tonal distance (N, pairs, B) of register bands, for bars in which no beat of either track is silent."""
    _check(rolls, version)
    pairs = metrics.track_pairs(rolls)
    parts = [pair_distances(tonal_centroids(_bands(packed, version)), pairs, BEATS)[0] for packed in chunks(rolls)]
    return np.concatenate(parts)


def _changes(packed: Packed) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Pitches (N, K, B, T) whose state differs from the step before's, the bar beginning from silence."""
    changed = packed.sounds.copy()
    changed[..., 1:, :] ^= packed.sounds[..., :-1, :]
    return num_bits(changed[..., None, :])


def _bands(packed: Packed, version: Version) -> Values:
    return packed.registers(PUBLISHED_PITCHES // _BANDS + (version == "v2"))


def _pitched(rolls: Rolls, measure: Callable[[Packed], Values]) -> Values:
    parts = [np.where(packed.pitched, measure(packed), np.nan) for packed in chunks(rolls)]
    return np.concatenate(parts)


def _without_onsets(rolls: Rolls) -> Rolls:
    return Rolls(rolls.cells, rolls.lowest_pitch, rolls.resolution, rolls.drum_track, rolls.tracks, rolls.song)


def _drums(rolls: Rolls) -> tuple[int, ...]:
    return () if rolls.drum_track is None else (rolls.drum_track,)


def _check(rolls: Rolls, version: str) -> None:
    if version not in _NEAR:
        raise ValueError(f"the released versions are {', '.join(_NEAR)}, not {version}")
    if (rolls.resolution, rolls.cells.shape[4]) != (PUBLISHED_RESOLUTION, PUBLISHED_PITCHES):
        raise InputError(
            f"the released code reads {PUBLISHED_RESOLUTION} steps a beat and {PUBLISHED_PITCHES} pitches, not "
            f"{rolls.grid} and {rolls.cells.shape[4]} pitches; encode the music on that grid"
        )
