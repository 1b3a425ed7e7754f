"""From columns of made, real and shuffled songs to the rows of a report: means with intervals, floors, verdicts."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.measures import Column, Columns, Metric, Number, base_name
from antiphon.evaluation.metrics.histograms import agreement
from antiphon.evaluation.report.report import Curve, Histogram, Row
from antiphon.evaluation.sets.certainty import (
    MIN_SONGS,
    Estimate,
    Verdict,
    corrected,
    estimate,
    estimates,
    paired_verdict,
    real_floor,
    verdict,
    words,
)
from antiphon.evaluation.sets.floors import THROUGHOUT, floor_number, floor_words, p_values

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
                "" if real is None else _words(said, made[name], real.get(name)),
            )
        )
    return tuple(rows)


def _words(said: Verdict | None, made: Column, real: Column | None) -> str:
    if said is None or real is None:
        return "undefined on one side"
    values = np.concatenate([made.defined().values, real.defined().values])
    enough = min(made.num_songs, real.num_songs) >= MIN_SONGS
    return THROUGHOUT if enough and np.ptp(values) <= 1e-12 * np.abs(values).max() else words(said)


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
    """How far the samples' histograms agree with the real ones, judged against divisions of the real songs."""
    shared = [metric for metric in metrics if metric.kind == "histogram" and _has_both(metric.name, made, real)]
    rng = np.random.default_rng(seed)
    own = {m.name: _agreement(made[m.name], real[m.name], rng) for m in shared}
    draws = {m.name: _floor_agreements(real[m.name], made[m.name].num_songs, rng) for m in shared}
    values = {name: number.value for name, number in own.items()}
    p = p_values(values, draws, dict.fromkeys(values, True))
    rows = []
    for metric in shared:
        name, base = metric.name, Number(np.nan)
        if shuffled and _has(shuffled, name):
            base = _agreement(shuffled[name], real[name], rng)
        few = too_few(own[name].num_songs, real[name].num_songs)
        verdict = few or floor_words(values[name], draws[name], p[name], base.value, larger_is_better=True)
        rows.append(
            Row(
                f"{name}_agreement",
                f"{metric.sentence} 100 %: as in the real songs.",
                "1 - Jensen-Shannon distance of the mean histograms (Lin 1991; Endres and Schindelin 2003)",
                "%",
                own[name],
                None,
                floor_number(draws[name]),
                base,
                None if np.isnan(p[name]) else p[name],
                verdict,
            )
        )
    return tuple(rows)


def _has_both(name: str, made: Columns, real: Columns) -> bool:
    return _has(made, name) and _has(real, name)


def too_few(*num_songs: int) -> str:
    """What is said of sets of which one has too few songs for a verdict; "" where all have enough."""
    return f"too few songs to tell (needs {MIN_SONGS})" if min(num_songs) < MIN_SONGS else ""


def curves(metrics: Sequence[Metric], made: Columns, real: Columns | None, seed: int) -> tuple[Curve, ...]:
    """Metrics against the position in the piece, one curve a column, with intervals over songs."""
    drawn = [
        (name, metric)
        for metric in metrics
        if metric.kind == "curve"
        for name in made
        if base_name(name) == metric.name and _is_there(name, made, real)
    ]
    return tuple(
        Curve(
            name,
            metric.sentence,
            metric.unit,
            metric.bins,
            tuple(of_estimate(e) for e in estimates(made[name], seed)),
            tuple(of_estimate(e) for e in estimates(real[name], seed)) if real and name in real else (),
        )
        for name, metric in drawn
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


def _floor_agreements(real: Column, num_made: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Agreement of as many real songs as there are samples, or half of them, with the rest, in `_RESAMPLES` divisions;
    none of fewer than two songs."""
    songs = _song_means(real)
    size = min(num_made, len(songs) // 2)
    if not size:
        return np.empty(0)
    orders = (rng.permutation(len(songs)) for _ in range(_RESAMPLES))
    return np.array([agreement(songs[order[:size]].mean(0), songs[order[size:]].mean(0)) for order in orders])
