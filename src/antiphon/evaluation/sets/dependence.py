"""Condition-dependence: does the output listen to the chord, the bar before, the track or the prime that it was given?

A *fit* says how well an output goes with a condition. Outputs are scored with their own conditions and with those of
other songs: a generator that ignores its condition fits both alike. One that copies its condition fits it best of all;
so the share of the output that doubles its condition is held against the same share in real music, with real
conditions. Both are needed: dependence without copying is what real music shows.

Chance is reckoned over songs: each song receives the conditions of another one, in their order, so that neither the
likeness of a song's own bars nor their places in the song pass for dependence. That the output depends on its
condition is one question (a test against shuffled conditions); whether it does so as much as real music another, and
only the second one can be failed: a small set of real songs may show no dependence either.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from antiphon.evaluation.measures import Column, Metric
from antiphon.evaluation.sets.certainty import (
    ALPHA,
    MARGIN,
    MIN_SONGS,
    Estimate,
    Verdict,
    estimate,
    holm,
    verdict,
)
from antiphon.evaluation.sets.exchanges import Fit, Floats, Numbers, Seats, mean_of

METRICS = (
    Metric(
        "condition_fit",
        "How well the output goes with the condition that it was given; to be read against conditions of other songs.",
        "permutation test over songs; Phipson and Smyth 2010 for its p value",
    ),
    Metric(
        "condition_copied",
        "Share of the output that merely doubles its condition; more than in real music is copying.",
        "same pitch class or onset at the same time, or notes in a passage of the condition",
        unit="%",
    ),
)


@dataclass(frozen=True, eq=False)
class Pairing:
    """Outputs with the conditions that they were made from; n of each.

    Parameters
    ----------
    fit
        Any output scored under any condition.
    copied
        (n,) share of each output that doubles its own condition; NaN where undefined.
    song
        (n,) the song that output and condition belong to.
    """

    fit: Fit
    copied: Floats
    song: Numbers

    def __post_init__(self) -> None:
        if self.copied.shape != self.song.shape or self.song.ndim != 1:
            raise ValueError(f"a copied share and a song for each output, not {self.copied.shape}, {self.song.shape}")


@dataclass(frozen=True, eq=False)
class Fits:
    """What a set of outputs shows.

    Parameters
    ----------
    own, shuffled
        Mean fit with own conditions and with those of other songs, with intervals over songs.
    gaps, gap
        What own conditions gain each song over those of others (`exchanges.Seats.gaps`), and the mean over songs.
    p, corrected_p
        Chance of a fit as good as this with the songs' conditions in any order (one-sided), before and after Holm's
        correction (`corrected`; equal until then); NaN for fewer than `MIN_SONGS`.
    copied
        Share of the output that doubles its condition.
    """

    own: Estimate
    shuffled: Estimate
    gaps: Column
    gap: Estimate
    p: float
    corrected_p: float
    copied: Estimate

    @property
    def depends(self) -> bool:
        """Whether a dependence is seen."""
        return self.corrected_p <= ALPHA


@dataclass(frozen=True, eq=False)
class Dependence:
    """What the made outputs show, and real ones under their real conditions.

    Parameters
    ----------
    made, real
        Fits of each.
    against
        The gaps of made songs compared with those of real songs.
    copying
        The shares of made songs that double their conditions compared with those of real songs.
    """

    made: Fits
    real: Fits
    against: Verdict
    copying: Verdict

    @property
    def copies(self) -> bool:
        """Whether it plainly doubles more than real music does: significantly so, with an interval above zero and at
        least half a standard deviation of real songs more."""
        one = self.copying
        return one.corrected_p <= ALPHA and one.effect_low > 0 and one.effect >= MARGIN

    @property
    def copies_no_more(self) -> bool:
        """Whether it surely does not: the interval ends within half a standard deviation of real songs."""
        return self.copying.effect_high <= MARGIN

    @property
    def strength(self) -> float:
        """The made songs' gap in units of the real ones': 0 ignores the condition, 1 is as real music."""
        return self.made.gap.value / self.real.gap.value if self.real.gap.value > 0 else float("nan")

    def words(self) -> str:
        """The verdict in a plain phrase, from corrected p values.

        "less" or "more" than real music only where the difference of the gaps is significant and its interval on one
        side of zero; "much as real music does" only where real music is seen to depend and that whole interval lies
        within `MARGIN` times its gap. Whatever is neither is open.
        """
        if np.isnan([self.made.p, self.real.p, self.against.p]).any():
            return f"too few songs to tell (needs {MIN_SONGS})"
        if self.made.depends and self.copies:
            return "copies its condition"
        gap, apart = self.against.difference, self.against.corrected_p <= ALPHA
        near = max(-gap.low, gap.high) <= self._margin
        little = "a little " if near else ""
        if apart and gap.high < 0:
            return f"depends {little}less than real music does" + ("" if self.made.depends else ", if at all")
        if not self.made.depends:
            unsure = f"too few songs to be sure{self._need}" if self.real.depends else "nor in real music"
            return f"no dependence is seen, {unsure}"
        if apart and gap.low > 0:
            return f"depends {little}more than real music does"
        if near:
            return "depends much as real music does"
        return f"depends no less than real music, as far as can be seen{self._need}"

    @property
    def _margin(self) -> float:
        """Half of real music's gap; NaN where none is seen."""
        return MARGIN * self.real.gap.value if self.real.depends else float("nan")

    @property
    def _need(self) -> str:
        # As in `certainty`: an interval as wide as the margin is enough.
        gap, margin = self.against.difference, self._margin
        if not margin > 0:
            return ""
        return f" (needs {max(int(np.ceil(gap.num_songs * ((gap.high - gap.low) / margin) ** 2)), MIN_SONGS)})"


def dependence(made: Pairing, real: Pairing, seed: int, permutations: int = 999) -> Dependence:
    """Test whether made outputs depend on their conditions, whether as much as real ones, and whether they copy more.

    Parameters
    ----------
    made, real
        Outputs with their own conditions; songs of the two need not correspond.
    permutations
        At least 40 times the number of dependences that are corrected together (`corrected`).
    """
    ours, theirs = (fits_of(pairing, seed, permutations) for pairing in (made, real))
    copied = [Column(pairing.copied, pairing.song) for pairing in (made, real)]
    against, copying = (
        verdict(one, other, None, seed, permutations=permutations)
        for one, other in ((ours.gaps, theirs.gaps), (copied[0], copied[1]))
    )
    return Dependence(ours, theirs, against, copying)


def corrected(found: Mapping[str, Dependence]) -> dict[str, Dependence]:
    """The dependences of one table, with the p values of made songs, of real ones and of both comparisons corrected for
    being many (`holm`), each kind on its own."""
    tests = np.array([(one.made.p, one.real.p, one.against.p, one.copying.p) for one in found.values()]).reshape(-1, 4)
    p = np.stack([holm(family) for family in tests.T], axis=1)
    return {
        name: replace(
            one,
            made=replace(one.made, corrected_p=float(made)),
            real=replace(one.real, corrected_p=float(real)),
            against=replace(one.against, corrected_p=float(against)),
            copying=replace(one.copying, corrected_p=float(copying)),
        )
        for (name, one), (made, real, against, copying) in zip(found.items(), p, strict=True)
    }


def fits_of(pairing: Pairing, seed: int, permutations: int = 999) -> Fits:
    """Fit with own conditions against conditions of other songs.

    The statistic is the mean over songs of their mean fit; p = (1 + exchanges that fit as well) / (1 + exchanges). An
    exchange deals the songs' conditions out anew, and a song may get its own back: only then do exchanges form a group,
    on which the exactness of the test rests (Hemerik & Goeman 2018). It is exact for songs of one length; of unequal
    ones a shorter song begins again. Songs exchange within random blocks of at most 64 (`exchanges.BLOCK`), which is
    exact too. What is called shuffled is the mean over all other songs of the block, without the own.

    Raises
    ------
    ValueError
        If there is not one exchange at least.
    """
    if permutations < 1:
        raise ValueError("at least one permutation")
    rng = np.random.default_rng(seed)
    seats = Seats.of(pairing.song, rng)
    own, shuffled, table = seats.scores(pairing.fit)
    columns = [Column(values, pairing.song) for values in (own, shuffled, pairing.copied)]
    gaps, p = Column(seats.gaps(table), np.arange(len(seats.size))), float("nan")
    if columns[0].num_songs >= MIN_SONGS:
        dealt = np.array([mean_of(seats.dealt(table, rng)) for _ in range(permutations)])
        p = (1 + int((dealt >= mean_of(table[0]) - 1e-12).sum())) / (1 + permutations)
    a, b, copied, gap = (estimate(column, seed) for column in (*columns, gaps))
    return Fits(a, b, gaps, gap, p, p, copied)
