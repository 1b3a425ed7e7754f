"""Whether what accompanies a track listens to it without copying it, beside what real bands do.

Conventions: both sides are `Rolls` of the same phrases of the same songs, in which the kept track is one and the same.
"""

import math

import numpy as np

from antiphon.evaluation.measures import Column
from antiphon.evaluation.metrics.bands import doubled_share, notes_a_bar, onset_agreement
from antiphon.evaluation.metrics.multitrack import empty_bar_rate
from antiphon.evaluation.rolls import Rolls
from antiphon.evaluation.sets.bands import OWN_GAP, TELLING, Figure, Figures, check_alike, inside, unit_column
from antiphon.evaluation.sets.certainty import Estimate, estimate
from antiphon.evaluation.sets.tonal_gaps import TonalGap, gap_share, tonal_gap

DEPENDENCE, DOUBLED, ONSETS = "tonal distance, p of shuffled conditions", "doubled_share", "onset_agreement"

_SURE, _HALF = 0.001, 0.5
_RHYTHM = ("drums", "bass")


def accompanied(real: Rolls, made: Rolls, kept: int, seed: int = 0) -> Figures:
    """Figures of tracks that were written to a kept one.

    Of a pitched track: the p value of the tonal distances between it and the written tracks being no smaller than under
    the conditions of other songs, which ought to be below .001; their gap as a share of the real music's own, which
    ought to be a half at least; and how many notes double it. Notes a bar, empty bars, doubled notes, and where the
    kept track is drums or bass the onsets of both, ought to lie inside the interval of the real figure.

    Raises
    ------
    ValueError
        If the tracks, the grids or the songs of the two differ.
    """
    check_alike(real, made)
    if not np.array_equal(real.song, made.song):
        raise ValueError("an accompaniment is compared with the same phrases of the same songs")
    written = [track for track in range(len(real.tracks)) if track != kept]
    found = _listening(real, made, kept, seed) if kept in real.pitched else Figures()
    for track in written:
        name = real.tracks[track]
        for metric, values in (("notes_a_bar", notes_a_bar), ("empty_bar_rate", empty_bar_rate)):
            found[f"{metric}/{name}"] = _like(*(unit_column(side, values(side)[:, track]) for side in (made, real)))
    if kept in real.pitched:
        shares = [doubled_share(side, kept) for side in (made, real)]
        for track in set(real.pitched) - {kept}:
            columns = [unit_column(side, share[:, track]) for side, share in zip((made, real), shares, strict=True)]
            found[f"{DOUBLED}/{real.tracks[track]}"] = _like(*columns)
    if real.tracks[kept] in _RHYTHM and set(_RHYTHM) <= set(real.tracks):
        pair = [real.tracks.index(name) for name in _RHYTHM]
        columns = [unit_column(side, onset_agreement(side, *pair)) for side in (made, real)]
        found[f"{ONSETS}/{'-'.join(_RHYTHM)}"] = _like(*columns)
    return found


def _listening(real: Rolls, made: Rolls, kept: int, seed: int) -> Figures:
    """Tonal distances from the kept track, of every written track whose gap tells in real music, and of all these."""
    gaps = {track: tonal_gap(real, kept, [track], seed) for track in real.pitched if track != kept}
    telling = [track for track, gap in gaps.items() if gap.p <= TELLING]
    if not telling:
        return Figures()
    whole, own = (tonal_gap(side, kept, telling, seed) for side in (real, made))
    found = {
        OWN_GAP: Figure(_share(own, whole, seed), _all(whole), (_HALF, math.inf)),
        DEPENDENCE: Figure(_p_of(own), _p_of(whole), (-math.inf, np.nextafter(_SURE, 0))),
    }
    for track in telling:
        name = f"{OWN_GAP}/{real.tracks[track]}"
        found[name] = Figure(_share(tonal_gap(made, kept, [track], seed), gaps[track], seed), _all(gaps[track]))
    return found


def _share(made: TonalGap, real: TonalGap, seed: int) -> Estimate:
    return gap_share({"": made}, {"": real}, seed)


def _all(real: TonalGap) -> Estimate:
    return Estimate(1.0, 1.0, 1.0, len(real.own), len(real.own))


def _p_of(gap: TonalGap) -> Estimate:
    return Estimate(gap.p, gap.p, gap.p, len(gap.own), len(gap.own))


def _like(made: Column, real: Column) -> Figure:
    known = estimate(real, seed=0)
    return Figure(estimate(made, seed=0), known, None if np.isnan(known.low) else inside(known))
