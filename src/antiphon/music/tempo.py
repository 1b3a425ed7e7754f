"""The same music on another clock: a song from another first tempo on, or in finer ticks."""

from dataclasses import replace
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.errors import InputError
from antiphon.music.score import DEFAULT_BEAT_US, TEMPO, Score, Track, beat_us, round_half_up, table

_SLOWEST_US = (1 << 24) - 1
# Of a beat.
_MOST_TICKS = (1 << 15) - 1


def from_tempo(score: Score, tempo: float, where: str = "the score") -> Score:
    """All tempos of a song scaled alike, so that it begins at `tempo` beats a minute.

    Raises
    ------
    InputError
        If one of them would be slower or faster than MIDI can say.
    """
    tempos = score.tempos
    if not len(tempos) or tempos["tick"][0] > 0:
        tempos = np.concatenate([table(TEMPO, [(0, DEFAULT_BEAT_US)]), tempos])
    first = int(tempos["beat_us"][np.searchsorted(tempos["tick"], 0, side="right") - 1])
    scaled = tempos.copy()
    scaled["beat_us"] = round_half_up(tempos["beat_us"] * (beat_us(tempo) / first))
    if scaled["beat_us"].min() < 1 or scaled["beat_us"].max() > _SLOWEST_US:
        raise InputError(
            f"tempo = {tempo:g}: {where} has tempos that would become slower or faster than MIDI can say; choose one "
            f"nearer to its own, {60_000_000 / first:.0f}"
        )
    return replace(score, tempos=table(TEMPO, scaled))


def finer(score: Score, resolution: int) -> Score:
    """The same song in at least `resolution` ticks a beat, a multiple of its own."""
    return _times(score, -(-resolution // score.ticks_per_beat))


def divided(score: Score, resolution: int) -> Score:
    """The same song in ticks of which a step of `resolution` a beat has a whole number, a multiple of its own; or where
    MIDI cannot say so many, as it is: they are fine enough then, for a step has over a hundred."""
    common = lcm(score.ticks_per_beat, resolution)
    return _times(score, common // score.ticks_per_beat) if common <= _MOST_TICKS else score


def _times(score: Score, factor: int) -> Score:
    if factor < 2:
        return score

    def scaled(rows: NDArray[Any], *names: str) -> NDArray[Any]:
        rows = rows.copy()
        for name in names:
            rows[name] *= factor
        return rows

    def track(one: Track) -> Track:
        return replace(one, notes=scaled(one.notes, "start", "end"), controls=scaled(one.controls, "tick"))

    return replace(
        score,
        ticks_per_beat=factor * score.ticks_per_beat,
        tracks=tuple(track(one) for one in score.tracks),
        tempos=scaled(score.tempos, "tick"),
        time_signatures=scaled(score.time_signatures, "tick"),
        key_signatures=scaled(score.key_signatures, "tick"),
        texts=tuple((factor * tick, text) for tick, text in score.texts),
        chords=tuple((factor * tick, symbol) for tick, symbol in score.chords),
    )
