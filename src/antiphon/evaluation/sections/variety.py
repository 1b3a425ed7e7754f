"""The section on variety: how many samples are alike, and how many of their bars are different."""

from collections.abc import Sequence

import numpy as np

from antiphon.evaluation.bars import distinct_share
from antiphon.evaluation.gather import gather
from antiphon.evaluation.measures import Metric
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.parts import melody_rows, notes_reader, parts_of
from antiphon.evaluation.report import Number, Row, Section
from antiphon.evaluation.songs import Songs
from antiphon.evaluation.structure import duplicate_rate
from antiphon.evaluation.suite import Sides

METRICS = (
    Metric(
        "duplicate_rate",
        "Share of pieces that stand in their set twice or more, in any key.",
        "equal intervals and rhythm",
        "%",
    ),
    Metric(
        "distinct_bars",
        "How many different melody bars there are, of as many bars of each side.",
        "distinct-n of Li et al. 2016, over bars",
        "%",
    ),
)

_DRAWS = 200


def variety_section(sides: Sides) -> Section | None:
    """Duplicates and distinct bars of the samples, beside those of real songs."""
    real = sides.reference.real if sides.reference else None
    duplicates, distinct = METRICS
    rows = [_duplicates(sides, duplicates, real)]
    if "bars" in parts_of(sides.plan.protocol, sides.setting):
        rows += _distinct(sides, distinct, real)
    return Section("Variety", "Over the whole set; equal means note for note.", tuple(rows))


def _duplicates(sides: Sides, metric: Metric, real: Songs | None) -> Row:
    made = _rate(sides, sides.made)
    held = None if real is None else _rate(sides, real)
    verdict = ""
    if held is not None and not np.isnan([made.value, held.value]).any():
        verdict = "more than among real songs" if made.value > held.value + 0.01 else "as among real songs"
    return Row(metric.name, metric.sentence, metric.source, metric.unit, made, held, verdict=verdict)


def _rate(sides: Sides, songs: Songs) -> Number:
    read = notes_reader(sides.plan.protocol, sides.setting)
    pieces: Sequence[Notes] = gather(songs, read, "read notes", sides.plan.workers).found
    return Number(duplicate_rate(pieces), num_units=len(pieces), num_songs=len(pieces))


def _distinct(sides: Sides, metric: Metric, real: Songs | None) -> list[Row]:
    made = _bars(sides, sides.conditioned)
    held = None if real is None else _bars(sides, real)
    if not len(made):
        return []
    size = len(made) if held is None or not len(held) else min(len(made), len(held))
    rng = np.random.default_rng(sides.plan.seed)
    ours = _share(made, size, rng)
    theirs = None if held is None or not len(held) else _share(held, size, rng)
    verdict = ""
    if theirs is not None:
        verdict = "less varied than real songs" if ours.high < theirs.low else "as varied as real songs"
    return [Row(metric.name, metric.sentence, metric.source, metric.unit, ours, theirs, verdict=verdict)]


def _bars(sides: Sides, songs: Songs) -> np.ndarray:
    found = gather(songs, melody_rows, "read bars", sides.plan.workers).found
    return np.concatenate([np.empty((0, 16), np.uint8), *(np.asarray(rows["real"]) for rows in found)])


def _share(bars: np.ndarray, size: int, rng: np.random.Generator) -> Number:
    """Distinct share of `size` bars drawn without replacement, and what 95 % of the draws of half as many give."""
    value = float(np.mean([distinct_share(bars[rng.permutation(len(bars))[:size]]) for _ in range(5)]))
    halves = [distinct_share(bars[rng.permutation(len(bars))[: max(size // 2, 1)]]) for _ in range(_DRAWS)]
    # Half of the bars hold fewer copies: what is kept of them is the spread, around the value itself.
    reach = float(np.quantile(halves, 0.975) - np.quantile(halves, 0.025)) / 2
    return Number(value, max(value - reach, 0.0), min(value + reach, 1.0), size, 0)
