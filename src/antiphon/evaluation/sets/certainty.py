"""How sure a figure is: intervals, tests and floors over songs, and what they say in words.

Conventions: a figure is the mean over a column's units; chance is reckoned over its songs, because units of one song
are alike, so that songs are resampled, exchanged and halved as wholes. A verdict compares songs, each by its own mean,
and says so where the figures, in which long songs weigh more, point the other way. Songs of two columns are different
songs even where their numbers agree, save in the paired functions. Where fewer than two songs are there, intervals and
p values are NaN.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from antiphon.evaluation.measures import Column
from antiphon.evaluation.sets.resampling import (
    MANY,
    Draws,
    Floats,
    by_song,
    dealt,
    draw,
    exact,
    interval,
    p_value,
    quotient,
    song_means,
    song_spread,
    song_sums,
    studentised,
)

MIN_SONGS = 5
"""Songs in each set below which no verdict is given: with fewer, hardly any exchange of songs is rare."""

ALPHA = 0.05
"""A p value at or below this counts as a difference."""

MARGIN = 0.5
"""Differences below half a standard deviation of the real songs do not matter: "as real songs" claims no less."""

_SIZES = ((0.2, "slight"), (0.5, "small"), (0.8, "medium"), (np.inf, "large"))


@dataclass(frozen=True)
class Estimate:
    """A mean over units with its interval over songs; NaN where there is none.

    Parameters
    ----------
    value, low, high
        The mean and the ends of its interval.
    num_units, num_songs
        Units and songs for which the metric is defined; of a difference, those of the smaller set.
    """

    value: float
    low: float
    high: float
    num_units: int
    num_songs: int


def estimate(column: Column, seed: int, resamples: int = 1000, level: float = 0.95) -> Estimate:
    """The mean of a scalar column over its units, with a cluster bootstrap interval over its songs.

    Whole songs are drawn with replacement (Davison & Hinkley 1997, section 3.8) and the means' *expanded* percentiles
    taken (Hesterberg 2015, "What teachers should know about the bootstrap", section 5.3): at levels
    Phi(-/+ sqrt(n / (n - 1)) t(n - 1)) instead of (1 -/+ level) / 2. Plain percentiles and BCa are too narrow for the
    ten or twenty songs that sets often have; these are not, and like them never leave the range of the values. Beyond
    1000 songs, songs are dealt at random into 1000 groups that are drawn whole, which changes nothing but the time.

    Raises
    ------
    ValueError
        If the column is a histogram or a curve (see `estimates`), or an option makes no sense.
    """
    _check(resamples, level)
    drawn = draw(column, np.random.default_rng(seed), resamples)
    return Estimate(drawn.value, *interval([drawn], drawn.means, level), drawn.num_units, drawn.num_songs)


def estimates(column: Column, seed: int, resamples: int = 1000, level: float = 0.95) -> tuple[Estimate, ...]:
    """As `estimate`, for each bin or position of a histogram or curve."""
    if column.values.ndim != 2:
        raise ValueError("estimates() takes a histogram or curve; estimate() takes scalars")
    return tuple(estimate(Column(values, column.song), seed, resamples, level) for values in column.values.T)


def difference(a: Column, b: Column, seed: int, resamples: int = 1000, level: float = 0.95) -> Estimate:
    """The mean of `a` minus that of `b`, the songs of each drawn on their own; Welch's degrees of freedom."""
    _check(resamples, level)
    rng = np.random.default_rng(seed)
    return _difference([draw(column, rng, resamples) for column in (a, b)], level)


def permutation_test(a: Column, b: Column, seed: int, permutations: int = 2000) -> float:
    """Two-sided p value of the difference between two sets, by exchanging songs between the sets.

    The statistic is the difference of the means over songs of the song means, divided by its standard error (Welch's
    t). The division makes the test hold where the songs of one set are longer or more alike than those of the other,
    as samples and real songs are (Janssen 1997; Chung & Romano 2013). Unit means, in which long songs weigh more, would
    not do here: among 200 samples of a bar and 20 songs of 60 bars they find a large difference once in six times,
    song means six times in seven. p = (1 + exchanges at least as extreme) / (1 + permutations) (Phipson & Smyth 2010),
    so that `permutations` should be 20 times the number of tests that Holm's correction takes together. Where both
    sets have over 1000 songs, songs are exchanged in groups.

    Returns
    -------
    float
        NaN where a set has fewer than two songs.
    """
    _check(permutations)
    rng = np.random.default_rng(seed)
    tables = [np.stack([means := song_means(column), np.ones(len(means))], axis=1) for column in (a, b)]
    group = max(min(map(len, tables)) // MANY, 1)
    first, second = sorted((dealt(table, len(table) // group, rng) for table in tables), key=len)
    n, total = len(first), np.concatenate([first, second])
    if n < 2:
        return float("nan")
    total = total[:, 0] / total[:, 1]
    # Centred first: squares of values far from zero would lose their digits.
    centred = exact(total - total.mean(), total)
    moments = np.stack([centred, centred**2], axis=1)
    picks = (rng.choice(len(total), n, replace=False, shuffle=False) for _ in range(permutations))
    ours = np.stack([moments[:n].sum(0), *(moments[pick].sum(0) for pick in picks)])
    statistic = np.abs(studentised(ours, moments.sum(0) - ours, n, len(total) - n))
    return p_value(statistic[0], statistic[1:])


def paired_difference(a: Column, b: Column, seed: int, resamples: int = 1000, level: float = 0.95) -> Estimate:
    """As `difference`, where both columns measure the same songs: the mean over songs of the difference of song means.

    Songs that one of the columns lacks are left out.
    """
    return estimate(_paired(a, b), seed, resamples, level)


def paired_test(a: Column, b: Column, seed: int, permutations: int = 2000) -> float:
    """Two-sided p value where both columns measure the same songs: signs of the songs' differences are flipped.

    The statistic is the mean over songs of the difference of song means; NaN for fewer than two songs in both.
    """
    _check(permutations)
    gaps = _paired(a, b).values
    if len(gaps) < 2:
        return float("nan")
    rng = np.random.default_rng(seed)
    flipped = [rng.integers(0, 2, len(gaps)) * 2 - 1 for _ in range(permutations)]
    return p_value(abs(gaps.sum()), np.abs([gaps @ signs for signs in flipped]))


def holm(p_values: ArrayLike) -> Floats:
    """p values (n,) corrected for being n (Holm 1979): the k-th smallest times n - k + 1, never falling, at most 1.

    NaN stays NaN and is not counted.
    """
    p = np.asarray(p_values, np.float64)
    if p.ndim != 1 or ((p < 0) | (p > 1)).any():
        raise ValueError("p values are a row of numbers from 0 to 1")
    order = np.argsort(p)[: int((~np.isnan(p)).sum())]
    corrected = np.full(len(p), np.nan)
    factors = np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1) if len(order) else []
    return corrected


def real_floor(column: Column, seed: int, splits: int = 200, num_songs: int | None = None) -> Floats:
    """What a difference means: those (splits,), without sign, between two parts of the same real songs.

    Parameters
    ----------
    num_songs
        Songs of the first part, such as those of the set that is judged; the others are the second. By default half.
        A part of fewer songs differs more.

    Returns
    -------
    numpy.ndarray
        Absolute differences of unit means; NaN where there are fewer than two songs.
    """
    _check(splits)
    table = song_sums(column)
    if len(table) < 2:
        return np.full(splits, np.nan)
    size = min(max(len(table) // 2 if num_songs is None else num_songs, 1), len(table) - 1)
    rng = np.random.default_rng(seed)
    picks = (rng.choice(len(table), size, replace=False, shuffle=False) for _ in range(splits))
    ours = np.stack([table[pick].sum(0) for pick in picks])
    theirs = table.sum(0) - ours
    return np.asarray(np.abs(ours[:, 0] / ours[:, 1] - theirs[:, 0] / theirs[:, 1]))


@dataclass(frozen=True)
class Verdict:
    """What a comparison of made with real songs says.

    Parameters
    ----------
    difference
        Mean of the made minus mean of the real songs, each song counted once, with its interval: what p tests.
    p, corrected_p
        Of `permutation_test`, before and after Holm's correction (`corrected`; equal until then).
    effect, effect_low, effect_high
        The difference and its interval in standard deviations of the real songs' own means.
    position
        Where the made songs stand between real (0) and shuffled ones (1); NaN without shuffled ones, or where those
        are not told apart from the real ones or only slightly.
    needed_songs
        Songs in each set with which either a difference or its absence would be told (interval of the effect no
        wider than `MARGIN`); None where no number can be given.
    unit_effect
        As `effect`, of the means over units, which are the figures of a report: long songs weigh more in it.
    """

    difference: Estimate
    p: float
    corrected_p: float
    effect: float
    effect_low: float
    effect_high: float
    position: float
    needed_songs: int | None
    unit_effect: float


def verdict(
    made: Column, real: Column, shuffled: Column | None, seed: int, *, resamples: int = 1000, permutations: int = 2000
) -> Verdict:
    """Compare a scalar column of made songs with that of real ones, and place it between real and shuffled ones."""
    _check(resamples)
    rng = np.random.default_rng(seed)
    draws = [draw(by_song(column), rng, resamples) for column in (made, real)]
    gap, p = _difference(draws, 0.95), permutation_test(made, real, seed, permutations)
    whole = None if shuffled is None else _difference([draw(by_song(shuffled), rng, resamples), draws[1]], 0.95)
    return _placed(gap, p, whole, draws, (made, real))


def paired_verdict(
    made: Column, real: Column, shuffled: Column | None, seed: int, *, resamples: int = 1000, permutations: int = 2000
) -> Verdict:
    """As `verdict`, where all columns measure the same songs: `paired_difference` and `paired_test`.

    What songs differ in among themselves is no part of the difference then, so that fewer songs tell it. Songs that
    one of the columns lacks are left out.
    """
    _check(resamples)
    gap, p = paired_difference(made, real, seed, resamples), paired_test(made, real, seed, permutations)
    whole = None if shuffled is None else paired_difference(shuffled, real, seed, resamples)
    pairs = draw(_paired(made, real), np.random.default_rng(seed), resamples)
    return _placed(gap, p, whole, [pairs], (made, real))


def corrected(verdicts: Mapping[str, Verdict]) -> dict[str, Verdict]:
    """The verdicts of one table with their p values corrected for being many (`holm`)."""
    p = holm([one.p for one in verdicts.values()])
    return {
        name: replace(one, corrected_p=float(value)) for (name, one), value in zip(verdicts.items(), p, strict=True)
    }


def words(one: Verdict) -> str:
    """A verdict in a plain phrase, from its corrected p value.

    "as real songs" is claimed only where the whole interval of the effect lies within +-`MARGIN`, since what is not
    significant may still be anything. Sizes of effects are Cohen's (1988): slight below 0.2, small below 0.5, medium
    below 0.8 standard deviations of the real songs, then large. Where the means over units say something else, long
    songs differ from short ones, and the phrase ends with it.
    """
    if one.difference.num_songs < MIN_SONGS or np.isnan(one.corrected_p):
        more = f", some {one.needed_songs} for a sure one" if (one.needed_songs or 0) > MIN_SONGS else ""
        return f"too few songs to tell (needs {MIN_SONGS}{' for a verdict' if more else ''}{more})"
    if one.corrected_p > ALPHA:
        if max(-one.effect_low, one.effect_high) <= MARGIN:
            return f"as real songs{_otherwise(one, abs(one.unit_effect) > MARGIN)}"
        need = f" (needs {one.needed_songs})" if one.needed_songs else ""
        return f"no difference seen, too few songs to be sure{need}"
    if one.position >= 1.25:
        phrase = "further off than shuffled"
    elif one.position >= 0.8:
        phrase = "as far off as shuffled"
    else:
        size = next(word for limit, word in _SIZES if abs(one.effect) < limit or limit == np.inf)
        phrase = f"{'higher' if one.effect > 0 else 'lower'} than real, {size}"
    return phrase + _otherwise(one, one.effect * one.unit_effect < 0)


def _otherwise(one: Verdict, differs: bool) -> str:
    way = "higher" if one.unit_effect > 0 else "lower"
    return f", song by song; over all units {way}: long songs differ" if differs else ""


def _check(repeats: int, level: float = 0.95) -> None:
    if repeats < 1 or not 0 < level < 1:
        raise ValueError(f"at least one repeat and a level between 0 and 1, not {repeats} and {level}")


def _difference(draws: list[Draws], level: float) -> Estimate:
    a, b = draws
    low, high = interval(draws, exact(a.means - b.means, [a.value, b.value]), level)
    value = float(exact(a.value - b.value, [a.value, b.value]))
    return Estimate(value, low, high, min(a.num_units, b.num_units), min(a.num_songs, b.num_songs))


def _placed(
    gap: Estimate, p: float, whole: Estimate | None, draws: list[Draws], pair: tuple[Column, Column]
) -> Verdict:
    """A verdict on made and real songs (`pair`) from their difference and that of shuffled and real ones (`whole`)."""
    spread, means = song_spread(pair[1]), [_mean(column) for column in pair]
    effect, low, high = (quotient(value, spread) for value in (gap.value, gap.low, gap.high))
    of_units = quotient(float(exact(means[0] - means[1], means)), spread)
    # Where the metric hardly sees shuffling, a place on that scale means nothing. Also false where an end is NaN.
    seen = whole is not None and (whole.low > 0 or whole.high < 0) and abs(whole.value) >= _SIZES[0][0] * spread
    position = quotient(gap.value, whole.value) if whole is not None and seen else np.nan
    return Verdict(gap, p, p, effect, low, high, position, _needed(draws, spread), of_units)


def _mean(column: Column) -> float:
    return float(column.defined().values.mean()) if column.num_units else np.nan


def _paired(a: Column, b: Column) -> Column:
    """Differences of the means of the songs that both have."""
    songs_a, songs_b = np.unique(a.defined().song), np.unique(b.defined().song)
    song, at_a, at_b = np.intersect1d(songs_a, songs_b, assume_unique=True, return_indices=True)
    means = song_means(a)[at_a]
    return Column(exact(means - song_means(b)[at_b], means), song)


def _needed(draws: list[Draws], spread: float) -> int | None:
    # With half the margin as the interval's half width, an effect below that half is within the margin, and one above
    # it is told from zero.
    if min(drawn.num_songs for drawn in draws) < 2:
        return MIN_SONGS
    if not spread:
        return None
    one_song = sum(drawn.means.var() * drawn.num_songs**2 / (drawn.num_songs - 1) for drawn in draws)
    return max(int(np.ceil(one_song * (2 * 1.96 / (MARGIN * spread)) ** 2)), MIN_SONGS)
