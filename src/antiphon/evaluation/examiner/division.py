"""Which units the examiners learn from and which they are tested on: dealt by song, otherwise in each split."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.examiner.material import Material
from antiphon.evaluation.sets.certainty import MIN_SONGS

TESTED = 0.25
"""Share of the songs that a division at random tests, `MIN_SONGS` at least."""

DEALT = 0.8
"""Share of the songs of each side that a split takes where the sides are given, `MIN_SONGS` at least."""

LEAST_SONGS = 2 * MIN_SONGS
"""Fewest songs that can be divided: `MIN_SONGS` to be tested on, and as many to learn from."""

Split = tuple[Material, Material, Material, Material]
"""Real and made units to learn from, then real and made units to be tested on."""


def divide(real: Material, made: Material, seed: int, same_songs: bool = False) -> Split:
    """One split.

    Of units that have `held`, those held out are never learnt from: a random `DEALT` of the songs that are not held out
    is learnt from, and a random `DEALT` of those that are is tested. All others are divided at random by song, `TESTED`
    of them to be tested on.

    Parameters
    ----------
    same_songs
        Whether a song number of `made` names the real song under whose conditions a unit was made; such units are dealt
        with that song. Else the songs of `made` are given numbers of their own.

    Raises
    ------
    ValueError
        If there are fewer than `LEAST_SONGS` songs where songs have to be divided.
    """
    rng = np.random.default_rng(seed)
    learnt, tested = (real[mask] for mask in _sides(real, rng))
    if same_songs:
        return learnt, made.of_songs(learnt.song), tested, made.of_songs(tested.song)
    others = replace(made, song=made.song - made.song.min(initial=0) + real.song.max(initial=-1) + 1)
    made_learnt, made_tested = (others[mask] for mask in _sides(others, rng))
    return learnt, made_learnt, tested, made_tested


def quarters(real: Material, seed: int) -> Split:
    """One split of real music alone, of which other songs stand for the made ones: a quarter of the songs each.

    Raises
    ------
    ValueError
        If there are fewer than four songs.
    """
    songs = np.unique(real.song)
    if len(songs) < 4:
        raise ValueError(f"real against real needs at least 4 songs, not {len(songs)}")
    one, two, three, four = np.array_split(np.random.default_rng(seed).permutation(songs), 4)
    return real.of_songs(one), real.of_songs(two), real.of_songs(three), real.of_songs(four)


def _sides(material: Material, rng: np.random.Generator) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Units to learn from, and units to be tested on."""
    if material.held is not None:
        return _dealt(material, ~material.held, rng), _dealt(material, material.held, rng)
    songs = np.unique(material.song)
    if len(songs) < LEAST_SONGS:
        raise ValueError(f"the examiners need units of at least {LEAST_SONGS} songs to divide, not of {len(songs)}")
    tested = np.isin(material.song, _some(songs, TESTED, rng))
    return ~tested, tested


def _dealt(material: Material, side: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    return side & np.isin(material.song, _some(np.unique(material.song[side]), DEALT, rng))


def _some(songs: NDArray[np.int64], share: float, rng: np.random.Generator) -> NDArray[np.int64]:
    return rng.permutation(songs)[: max(MIN_SONGS, round(share * len(songs)))]
