"""How much nearer two tracks of one song are to each other than tracks of different songs: the gap of tonal distance.

Conventions: a song's distance is the mean over the beats of its phrases in which both tracks sound; each song counts
once. Tracks of different songs are taken phrase by phrase. Songs in which the two never sound together are left out.
Axes: N phrases, B bar, S songs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.metrics.multitrack import track_pairs
from antiphon.evaluation.metrics.packed import chunks
from antiphon.evaluation.metrics.tonal import centroid_distance, ratio, tonal_centroids
from antiphon.evaluation.rolls import Rolls
from antiphon.evaluation.sets.certainty import Estimate

Floats = NDArray[np.float64]

PERMUTATIONS = 4999
"""Exchanges of songs in a test: the smallest p value is one in 5,000."""
RESAMPLES = 1000


@dataclass(frozen=True, eq=False)
class TonalGap:
    """Tonal distances of two tracks.

    Parameters
    ----------
    own
        (S,) distance of the tracks of each song.
    others
        (S,) mean distance of its first track from the second tracks of all other songs.
    p
        One-sided p value of the own distances being no smaller than those of songs paired at random: each song's first
        track with the second track of another, all exchanged at once, so that songs are what chance is over. NaN for
        fewer than two songs.
    """

    own: Floats
    others: Floats
    p: float

    @property
    def gap(self) -> float:
        """By how much the own distance is smaller; NaN without songs."""
        return float((self.others - self.own).mean()) if len(self.own) else np.nan


def tonal_gap(
    rolls: Rolls, first: int, seconds: Sequence[int], seed: int = 0, permutations: int = PERMUTATIONS
) -> TonalGap:
    """The gap between a pitched track and some others, all beats of all of them taken together."""
    points = _centroids(rolls)
    second = np.concatenate([points[:, track] for track in seconds], axis=1)
    return _gap(np.tile(points[:, first], (1, len(seconds), 1)), second, rolls.song, seed, permutations)


def tonal_gaps(rolls: Rolls, seed: int = 0, permutations: int = PERMUTATIONS) -> dict[str, TonalGap]:
    """The gaps between every two pitched tracks, named as by `multitrack.bar_metrics`: `bass-guitar`."""
    points = _centroids(rolls)
    return {
        f"{rolls.tracks[first]}-{rolls.tracks[second]}": _gap(
            points[:, first], points[:, second], rolls.song, seed, permutations
        )
        for first, second in track_pairs(rolls)
    }


def closed_share(made: Mapping[str, TonalGap], real: Mapping[str, TonalGap], seed: int = 0) -> Estimate:
    """Share of the way from shuffled to real music that made music goes, over all pairs of tracks that both have:
    sum (shuffled - made) / sum (shuffled - real), both of the real music; the interval is over songs of both, each
    drawn on their own."""
    own = [made[pair].own for pair in real]
    return _share([(one.others, one.own) for one in real.values()], [(None, values) for values in own], seed)


def gap_share(made: Mapping[str, TonalGap], real: Mapping[str, TonalGap], seed: int = 0) -> Estimate:
    """The made music's own gap / the real music's own gap, over all pairs of tracks: sum (shuffled - own) of each. The
    interval is as that of `closed_share`."""
    return _share(
        [(one.others, one.own) for one in real.values()], [(made[pair].others, made[pair].own) for pair in real], seed
    )


def _share(real: list[tuple[Floats, Floats]], made: list[tuple[Floats | None, Floats]], seed: int) -> Estimate:
    """Sum over pairs of the made gaps / that of the real gaps; a made gap without others of its own is reckoned from
    those of the real music."""
    rng = np.random.default_rng(seed)
    kept = [number for number, (_, own) in enumerate(made) if len(own) and len(real[number][1])]
    if not kept:
        return Estimate(np.nan, np.nan, np.nan, 0, 0)
    above, below = np.zeros(1 + RESAMPLES), np.zeros(1 + RESAMPLES)
    for number in kept:
        real_others, real_own = _drawn(real[number], rng)
        made_others, made_own = _drawn((made[number][0], made[number][1]), rng)
        below += real_others - real_own
        above += (real_others if made[number][0] is None else made_others) - made_own
    shares = ratio(above, below)
    songs = min(len(made[number][1]) for number in kept)
    low, high = np.nanquantile(shares[1:], [0.025, 0.975]) if songs > 1 else (np.nan, np.nan)
    return Estimate(float(shares[0]), float(low), float(high), songs, songs)


def _drawn(values: tuple[Floats | None, Floats], rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Means (1 + resamples,) of both of the songs as they are, and drawn with replacement."""
    size = len(values[1])
    drawn = np.concatenate([np.arange(size)[None], rng.integers(size, size=(RESAMPLES, size))])
    own = values[1][drawn].mean(1)
    return (own if values[0] is None else values[0][drawn].mean(1)), own


def _centroids(rolls: Rolls) -> Floats:
    """(N, K, B * beat, 6)."""
    parts = [tonal_centroids(packed.pitch_classes) for packed in chunks(rolls)]
    points = np.concatenate(parts)
    num, tracks, bars, beats, size = points.shape
    return points.reshape(num, tracks, bars * beats, size)


def _gap(first: Floats, second: Floats, song: NDArray[np.int64], seed: int, permutations: int) -> TonalGap:
    together = (~np.isnan(first[..., 0]) & ~np.isnan(second[..., 0])).any(1)
    kept = np.isin(song, song[together])
    if len(np.unique(song[kept])) < 2:
        return TonalGap(np.empty(0), np.empty(0), np.nan)
    distances = _song_distances(first[kept], second[kept], song[kept])
    own, apart = np.diagonal(distances).copy(), distances.copy()
    np.fill_diagonal(apart, np.nan)
    others = _row_means(apart)
    known = ~np.isnan(others)
    p = _p_value(distances, np.random.default_rng(seed), permutations)
    return TonalGap(own[known], others[known], p)


def _song_distances(first: Floats, second: Floats, song: NDArray[np.int64]) -> Floats:
    """Distances (S, S) of the first track of each song from the second track of each: phrase after phrase, the second
    song's from the beginning again where it has fewer."""
    _, inverse, counts = np.unique(song, return_inverse=True, return_counts=True)
    order = np.argsort(inverse, kind="stable")
    first, second, inverse = first[order], second[order], inverse[order]
    begins = np.cumsum(counts) - counts
    rank = np.arange(len(inverse)) - begins[inverse]
    return np.stack(
        [
            _by_song(centroid_distance(first, second[begin + rank % count]), inverse, len(counts))
            for begin, count in zip(begins.tolist(), counts.tolist(), strict=True)
        ],
        axis=1,
    )


def _by_song(distances: Floats, song: NDArray[np.int64], num: int) -> Floats:
    """Means (num,) of the beats (N, beats) of each song that have a distance."""
    there = ~np.isnan(distances)
    sums = np.bincount(song, np.where(there, distances, 0).sum(1), num)
    return ratio(sums, np.bincount(song, there.sum(1), num))


def _row_means(values: Floats) -> Floats:
    there = ~np.isnan(values)
    return ratio(np.where(there, values, 0).sum(1), there.sum(1))


def _p_value(distances: Floats, rng: np.random.Generator, permutations: int) -> float:
    orders = rng.permuted(np.tile(np.arange(len(distances)), (permutations, 1)), axis=1)
    paired = _row_means(distances[np.arange(len(distances)), orders])
    nearer = paired <= np.diagonal(distances).mean() * (1 + 1e-9)
    return (1 + int(nearer.sum())) / (1 + permutations)
