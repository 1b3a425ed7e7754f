"""Phrases of four bars of many songs, as rolls on a grid of sixteenths: what is heard of several tracks at once."""

from functools import partial

import numpy as np

from antiphon.codecs.pianoroll import PianoRoll
from antiphon.evaluation.rolls import Rolls
from antiphon.evaluation.suite.context import Sides
from antiphon.evaluation.suite.gather import UnusableError, gather
from antiphon.evaluation.suite.sides import with_bars
from antiphon.evaluation.suite.songs import Songs

BARS, RESOLUTION, MOST = 4, 4, 4000
"""Bars a phrase, steps a beat, and phrases that are kept of a set, drawn at random."""


def phrase_rolls(sides: Sides, songs: Songs) -> Rolls | None:
    """Phrases of some songs; None where there are none."""
    grid = with_bars(sides.setting.grid, BARS).model_copy(
        update={"resolution": RESOLUTION, "lengths": "whole", "silent": "dropped"}
    )
    # Songs are cut down one by one: all phrases of a large corpus would not fit in memory.
    per_song = max(4, 2 * MOST // max(len(songs), 1))
    found = gather(songs, partial(_phrases, grid, per_song, sides.plan.seed), "read phrases", sides.plan.workers)
    if not found.found:
        return None
    parts = found.found
    rolls = Rolls(
        np.concatenate([part.cells for part in parts]),
        grid.lowest_pitch,
        RESOLUTION,
        grid.drum_track,
        grid.tracks,
        np.repeat(np.arange(len(parts)), [len(part) for part in parts]),
        np.concatenate([part.onsets for part in parts if part.onsets is not None]),
    )
    # Where one side's arrays do not tell which notes are struck, what is heard of the other must not either.
    rolls = rolls if sides.setting.onsets else rolls.without_onsets()
    return _some(rolls, MOST, np.random.default_rng(sides.plan.seed))


def _phrases(grid: PianoRoll, most: int, seed: int, songs: Songs, index: int) -> Rolls:
    rolls = Rolls.from_scores([songs.score(index)], grid)
    if not len(rolls):
        raise UnusableError("it has no whole phrase in 4/4")
    return _some(rolls, most, np.random.default_rng((seed, index)))


def _some(rolls: Rolls, most: int, rng: np.random.Generator) -> Rolls:
    return rolls if len(rolls) <= most else rolls[np.sort(rng.permutation(len(rolls))[:most])]
