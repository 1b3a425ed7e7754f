"""From columns of made, real and shuffled songs to the rows of a report: means with intervals, floors, verdicts."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.certainty import (
    MIN_SONGS,
    Estimate,
    corrected,
    estimate,
    estimates,
    paired_verdict,
    real_floor,
    verdict,
    words,
)
from antiphon.evaluation.histograms import agreement
from antiphon.evaluation.measures import Column, Columns, Metric, base_name
from antiphon.evaluation.report import Curve, Histogram, Number, Row

FLOOR_LEVEL = 0.95
"""Two parts of the real songs lie no further apart than the floor in this share of divisions."""

_RESAMPLES = 200


def scalar_rows(
    metrics: Sequence[Metric],
    made: Columns,
    real: Columns | None,
    shuffled: Columns | None,
    seed: int,
    *,
    paired: bool = False,
) -> tuple[Row, ...]:
    """A row for each scalar column of the samples, in the metrics' order; p values are corrected for their number.

    `paired`: song i of every side is the same song, such as a real one and what was made under its conditions.
    """
    known = {base_name(metric.name): metric for metric in metrics if metric.kind == "scalar"}
    names = [name for metric in known for name in made if base_name(name) == metric]
    names = [name for name in names if _is_there(name, made, real)]
    verdicts = {}
    if real is not None:
        compared = [name for name in names if name in real and made[name].num_units and real[name].num_units]
        compare = paired_verdict if paired else verdict
        verdicts = corrected(
            {
                name: compare(
                    made[name],
                    real[name],
                    shuffled.get(name) if shuffled else None,
                    seed,
                    permutations=max(1000, 25 * len(compared)),
                )
                for name in compared
            }
        )
    rows = []
    for name in names:
        metric, said = known[base_name(name)], verdicts.get(name)
        rows.append(
            Row(
                name,
                metric.sentence,
                metric.source,
                metric.unit,
                number(made[name], seed),
                number(real[name], seed) if real and name in real else None,
                _floor(real[name], made[name], seed) if said and real else None,
                number(shuffled[name], seed) if shuffled and name in shuffled else None,
                said.corrected_p if said else None,
                words(said) if said else ("" if real is None else "undefined on one side"),
            )
        )
    return tuple(rows)


def number(column: Column, seed: int) -> Number:
    """The mean of a scalar column with its interval."""
    return of_estimate(estimate(column, seed))


def of_estimate(found: Estimate) -> Number:
    """An estimate as the report writes it."""
    return Number(**asdict(found))


def histograms(
    metrics: Sequence[Metric], made: Columns, real: Columns | None, shuffled: Columns | None
) -> tuple[Histogram, ...]:
    """Mean histograms over songs, for those metrics whose bins have names."""
    drawn = [metric for metric in metrics if metric.kind == "histogram" and metric.bins and metric.name in made]
    return tuple(
        Histogram(
            metric.name,
            metric.sentence,
            metric.bins,
            *(_mean_shares(columns, metric.name) for columns in (made, real, shuffled)),
        )
        for metric in drawn
        if len(_mean_shares(made, metric.name))
    )


def histogram_rows(
    metrics: Sequence[Metric], made: Columns, real: Columns, shuffled: Columns | None, seed: int
) -> tuple[Row, ...]:
    """How far the samples' histograms agree with the real ones; the floor is two parts of the real songs."""
    rows = []
    for metric in metrics:
        if metric.kind != "histogram" or not all(_has(columns, metric.name) for columns in (made, real)):
            continue
        rng = np.random.default_rng(seed)
        target = real[metric.name]
        floor = _floor_agreement(target, made[metric.name].num_songs, rng)
        base = _agreement(shuffled[metric.name], target, rng) if shuffled and _has(shuffled, metric.name) else None
        own = _agreement(made[metric.name], target, rng)
        rows.append(
            Row(
                f"{metric.name}_agreement",
                f"{metric.sentence} 100 %: as in the real songs.",
                "1 - Jensen-Shannon distance of the mean histograms (Lin 1991; Endres and Schindelin 2003)",
                "%",
                own,
                None,
                floor,
                base,
                None,
                too_few(own.num_songs, floor.num_songs)
                # The floor holds what chance does to a set of this size; the own interval would count it twice.
                or against_floor(Number(own.value), floor, base, larger_is_better=True),
            )
        )
    return tuple(rows)


def too_few(*num_songs: int) -> str:
    """What is said of sets of which one has too few songs for a verdict; "" where all have enough."""
    return f"too few songs to tell (needs {MIN_SONGS})" if min(num_songs) < MIN_SONGS else ""


def against_floor(own: Number, floor: Number | None, shuffled: Number | None, *, larger_is_better: bool) -> str:
    """A verdict on a distance: where it stands between other real songs (the floor) and shuffled ones."""
    if np.isnan(own.value):
        return "too few to tell"
    if floor is None or np.isnan(floor.value):
        return "no floor to compare with"
    # The near ends of both intervals meet; without an interval it is the figure itself.
    near, reach = (_end(own, larger_is_better), _end(floor, not larger_is_better))
    if near >= reach if larger_is_better else near <= reach:
        return "as other real songs"
    if shuffled is None or np.isnan(shuffled.value):
        return "further off than other real songs"
    far = _end(shuffled, larger_is_better)
    if far >= reach if larger_is_better else far <= reach:
        return "further off than other real songs, in a way that shuffling is not"
    position = (own.value - floor.value) / (shuffled.value - floor.value)
    if position >= 0.8:
        return "as far off as shuffled" if position < 1.25 else "further off than shuffled"
    return f"further off than other real songs, {100 * position:.0f} % of the way to shuffled"


def _end(one: Number, upper: bool) -> float:
    end = one.high if upper else one.low
    return one.value if np.isnan(end) else end


def curves(metrics: Sequence[Metric], made: Columns, real: Columns | None, seed: int) -> tuple[Curve, ...]:
    """Metrics against the position in the piece, with intervals over songs."""
    return tuple(
        Curve(
            metric.name,
            metric.sentence,
            metric.unit,
            metric.bins,
            tuple(of_estimate(e) for e in estimates(made[metric.name], seed)),
            tuple(of_estimate(e) for e in estimates(real[metric.name], seed)) if real and metric.name in real else (),
        )
        for metric in metrics
        if metric.kind == "curve" and metric.name in made
    )


def _is_there(name: str, made: Columns, real: Columns | None) -> bool:
    return bool(made[name].num_units or (real is not None and name in real and real[name].num_units))


def _floor(real: Column, made: Column, seed: int) -> Number:
    apart = real_floor(real, seed, num_songs=min(made.num_songs, real.num_songs // 2))
    value = float(np.quantile(apart, FLOOR_LEVEL)) if not np.isnan(apart).all() else np.nan
    return Number(value, num_units=real.num_units, num_songs=real.num_songs)


def _has(columns: Columns | None, name: str) -> bool:
    return columns is not None and name in columns and bool(columns[name].num_units)


def _song_means(column: Column) -> NDArray[np.float64]:
    """Mean histogram of each song that has one, (songs, bins)."""
    column = column.defined()
    songs, rows = np.unique(column.song, return_inverse=True)
    sums = np.zeros((len(songs), column.values.shape[1]))
    np.add.at(sums, rows, np.nan_to_num(column.values))
    return np.asarray(sums / np.bincount(rows)[:, None], np.float64)


def _mean_shares(columns: Columns | None, name: str) -> tuple[float, ...]:
    if columns is None or not _has(columns, name):
        return ()
    return tuple(float(share) for share in _song_means(columns[name]).mean(0))


def _agreement(own: Column, target: Column, rng: np.random.Generator) -> Number:
    """Agreement of two mean histograms with its interval over the songs of the first.

    Resampled songs agree less than the songs themselves, for repeating some is a difference too; so the interval is the
    *basic* one (Davison & Hinkley 1997, section 5.2), which turns the resampled values around the value: from 2 v minus
    their upper to 2 v minus their lower percentile, within [0, 1], and with v in it.
    """
    ours, theirs = _song_means(own), _song_means(target).mean(0)
    value = agreement(ours.mean(0), theirs)
    if len(ours) < 2:
        return Number(value, num_units=own.num_units, num_songs=len(ours))
    drawn = [agreement(ours[rng.integers(0, len(ours), len(ours))].mean(0), theirs) for _ in range(_RESAMPLES)]
    low, high = np.clip(2 * value - np.quantile(drawn, (0.975, 0.025)), 0, 1)
    return Number(value, min(float(low), value), max(float(high), value), own.num_units, len(ours))


def _floor_agreement(real: Column, num_made: int, rng: np.random.Generator) -> Number:
    """Mean agreement of as many real songs as there are samples, or half of them, with the rest."""
    songs = _song_means(real)
    size = min(num_made, len(songs) // 2)
    if not size:
        return Number(np.nan, num_units=real.num_units, num_songs=len(songs))
    drawn = []
    for _ in range(_RESAMPLES):
        order = rng.permutation(len(songs))
        drawn.append(agreement(songs[order[:size]].mean(0), songs[order[size:]].mean(0)))
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Number(float(np.mean(drawn)), float(low), float(high), real.num_units, len(songs))
