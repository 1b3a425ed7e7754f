"""What distances give where nothing is wrong: divisions of real songs, p values against them, and words.

A division deals all real songs anew into a set as large as the samples and a set as large as the real songs that those
are held against, and measures between the two. If samples were songs of the same kind, their distances would be one
more such draw; so the share of divisions that lie as far apart is a p value, and needs no assumption on its shape.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.measures import Column, Number
from antiphon.evaluation.sets.certainty import ALPHA
from antiphon.evaluation.sets.resampling import Floats

SENSITIVE = 0.2
"""What is called the same lies, with twice the spread of the divisions, within this share of the way to shuffled."""


THROUGHOUT = "the same throughout"
"""What is said where samples and real songs all have one value: that is no evidence of anything."""

_ROUNDING = 1e-12


def division_sizes(num_made: int, num_real: int, num_songs: int) -> tuple[int, int]:
    """Songs of both sets of a division: those asked for, or in proportion where there are too few real songs."""
    if num_made + num_real <= num_songs:
        return num_made, num_real
    first = max(1, round(num_songs * num_made / (num_made + num_real)))
    return first, max(1, num_songs - first)


def division(songs: Column, sizes: tuple[int, int], rng: np.random.Generator) -> tuple[Column, Column]:
    """Two sets of `sizes` songs that have none in common."""
    order = rng.permutation(np.unique(songs.song))
    first, second = order[: sizes[0]], order[sizes[0] : sizes[0] + sizes[1]]
    return of_songs(songs, first), of_songs(songs, second)


def of_songs(column: Column, songs: NDArray[np.int64]) -> Column:
    """The units of some songs."""
    kept = np.isin(column.song, songs)
    return Column(column.values[kept], column.song[kept])


def joined(one: Column, other: Column) -> Column:
    """The units of both, their songs kept apart."""
    after = int(one.song.max(initial=-1)) + 1
    return Column(np.concatenate([one.values, other.values]), np.concatenate([one.song, other.song + after]))


def p_values(
    own: Mapping[str, float], draws: Mapping[str, Floats], larger_is_better: Mapping[str, bool]
) -> dict[str, float]:
    """p values (one-sided: further off than real songs), corrected for the number of figures.

    Each figure is taken in units of its draws' spread, and compared with the largest of all figures in each draw
    (single-step max-T: Westfall and Young 1993, section 2.3), which holds whatever the figures have to do with each
    other. (1 + draws as extreme) / (1 + draws); NaN where a figure or its draws are undefined.
    """
    names = [name for name in own if len(draws[name]) and not np.isnan([own[name], *draws[name]]).any()]
    if not names:
        return dict.fromkeys(own, float("nan"))
    sign = np.array([-1.0 if larger_is_better[name] else 1.0 for name in names])
    table = sign * np.stack([draws[name] for name in names], axis=1)
    mean, spread = table.mean(0), table.std(0, ddof=1) if len(table) > 1 else np.zeros(table.shape[1])
    scale = np.where(spread > _ROUNDING, spread, _ROUNDING)
    highest = ((table - mean) / scale).max(1)
    ours = (sign * np.array([own[name] for name in names]) - mean) / scale
    found = {name: (1 + int((highest >= z).sum())) / (1 + len(table)) for name, z in zip(names, ours, strict=True)}
    return {name: found.get(name, float("nan")) for name in own}


def floor_number(draws: Floats) -> Number:
    """Mean of the draws, and where 95 % of them lie."""
    if not len(draws) or np.isnan(draws).any():
        return Number(np.nan)
    low, high = np.quantile(draws, (0.025, 0.975))
    return Number(float(np.mean(draws)), float(low), float(high))


def floor_words(own: float, draws: Floats, p: float, shuffled: float, *, larger_is_better: bool) -> str:
    """A verdict: among other real songs, or how far on the way from them to shuffled music.

    Sameness is claimed only where a difference would have been seen, see `SENSITIVE`; what never varies
    is no evidence.
    """
    if np.isnan(own):
        return "too few to tell"
    if np.isnan(p):
        return "no floor to compare with"
    sign = -1.0 if larger_is_better else 1.0
    floor, spread = float(np.mean(draws)), float(np.std(draws, ddof=1)) if len(draws) > 1 else 0.0
    if spread <= _ROUNDING and abs(own - floor) <= _ROUNDING:
        return THROUGHOUT
    way = sign * (shuffled - floor)
    seen = bool(way > 2 * spread)
    if p > ALPHA:
        if not seen and not np.isnan(shuffled):
            return "no difference seen, nor would it be of shuffled music"
        same = seen and sign * (own - floor) + 2 * spread <= SENSITIVE * way
        return "as other real songs" if same else "no difference seen, too few songs to be sure"
    if not seen:
        return "further off than other real songs"
    position = sign * (own - floor) / way
    if position >= 0.8:
        return "as far off as shuffled" if position < 1.25 else "further off than shuffled"
    return f"further off than other real songs, {100 * position:.0f} % of the way to shuffled"
