"""Judge a song before it enters a corpus: is there enough music, has it beats, which metre, and is it a copy?"""

import hashlib
import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from antiphon.data.manifest import Flags, Reason, Rules
from antiphon.data.selection import SELECTIONS
from antiphon.data.tables import MAX_TICK
from antiphon.music.score import DEFAULT_BEAT_US, Score

KEY_RESOLUTION = 48
"""Steps a beat at which two songs are compared: equal for files that differ in their ticks a beat alone."""

COHERENT = 0.2
"""Least phase coherence of onsets with a beat's subdivisions: 0 for onsets anywhere, about 0.7 for a drummer at a
click."""


def fault(score: Score, rules: Rules) -> tuple[Reason, str] | None:
    """Why a song may not enter, as a word and a sentence; None if it may."""
    if not score.num_notes:
        return "silent", "has no notes"
    if score.end > MAX_TICK:
        return "long", f"ends at tick {score.end}, over {MAX_TICK}"
    if score.duration_seconds > rules.max_seconds:
        return "long", f"lasts {score.duration_seconds:.0f} s, over {rules.max_seconds:.0f}"
    # A last note that ends a little early still fills its bar.
    bars = math.ceil(round(num_bars(score), 6))
    if bars < rules.min_bars:
        return "short", f"has {bars} bars, under {rules.min_bars}"
    return SELECTIONS[rules.selection].fault(score) if rules.selection else None


def num_bars(score: Score) -> float:
    """Bars from the first onset to the end of the last note, under the score's time signatures."""
    first = min(int(track.notes["start"].min()) for track in score.tracks if len(track.notes))
    changes = score.time_signatures
    numerators, denominators = changes["numerator"].astype(np.float64), changes["denominator"].astype(np.float64)
    lengths = np.append(4.0, 4 * numerators / np.maximum(denominators, 1)) * score.ticks_per_beat
    starts = np.concatenate([[0], changes["tick"]]).astype(np.float64)
    stops = np.append(starts[1:], np.inf)
    spans = np.minimum(stops, score.end) - np.maximum(starts, first)
    return float((np.maximum(spans, 0) / np.maximum(lengths, 1)).sum())


def flags(score: Score, beats_known: bool = False) -> Flags:
    """What codecs ask of a song.

    Parameters
    ----------
    score
        A score with notes.
    beats_known
        Whether the source vouches for the file's beats, as for drummers at a click.
    """
    phases = _phases(score)
    on_grid = _on_grid(phases)
    metre = _metre(score)
    nominal = metre == "4/4" and np.all(score.tempos["beat_us"] == DEFAULT_BEAT_US)
    performed = not beats_known and bool(nominal) and on_grid < 0.5 and _coherence(phases) < COHERENT
    return Flags(performed=performed, metre=metre, on_grid=round(on_grid, 3))


def content_key(score: Score) -> bytes:
    """16 bytes, equal for songs with the same onsets and pitches in the same order of time.

    Leading silence, ticks a beat, velocities, durations and the division into tracks are left out of account (drums
    stay apart from pitches): files that differ in nothing else are copies. A transposed copy is another song.
    """
    parts = [
        score.steps(track.notes["start"], KEY_RESOLUTION) << 8 | track.notes["pitch"] | (int(track.is_drum) << 7)
        for track in score.tracks
    ]
    # Notes come in order already, but for those that fall into one step: the stable sort makes use of that.
    keys = np.sort(np.concatenate(parts), kind="stable")
    keys -= keys[0] >> 8 << 8
    return hashlib.blake2b(keys.tobytes(), digest_size=16).digest()


def _phases(score: Score) -> NDArray[np.int64]:
    """Onsets counted by their tick within the beat, (ticks_per_beat,)."""
    onsets = np.concatenate([track.notes["start"] for track in score.tracks])
    return np.bincount(onsets % score.ticks_per_beat, minlength=score.ticks_per_beat)


def _on_grid(phases: NDArray[np.int64]) -> float:
    return float(phases[_grid(len(phases))].sum() / phases.sum())


def _coherence(phases: NDArray[np.int64]) -> float:
    return float(np.abs(_subdivisions(len(phases)) @ phases).max() / phases.sum())


@lru_cache(maxsize=64)
def _grid(ticks_per_beat: int) -> NDArray[np.bool_]:
    """Which ticks of a beat lie within a tick of a sixteenth or a sixteenth triplet."""
    ticks, half = np.arange(ticks_per_beat), ticks_per_beat // 2
    distances = [np.abs((ticks * steps + half) % ticks_per_beat - half) / steps for steps in (4, 6)]
    return np.asarray(np.minimum(*distances) <= 1)


@lru_cache(maxsize=64)
def _subdivisions(ticks_per_beat: int) -> NDArray[np.complex128]:
    """Waves that beat 2, 3, 4 and 6 times a beat, (4, ticks_per_beat)."""
    turns = np.arange(ticks_per_beat) / ticks_per_beat
    return np.asarray(np.exp(2j * np.pi * np.outer((2, 3, 4, 6), turns)), np.complex128)


def _metre(score: Score) -> str:
    within = score.time_signatures[score.time_signatures["tick"] < score.end]
    if not len(within):
        return "4/4"
    # Of several signatures at one tick the last holds.
    last = np.append(within["tick"][1:] != within["tick"][:-1], True)
    pairs = {(int(row["numerator"]), int(row["denominator"])) for row in within[last]}
    if within["tick"][0] > 0:
        pairs.add((4, 4))
    return "{}/{}".format(*pairs.pop()) if len(pairs) == 1 else "mixed"
