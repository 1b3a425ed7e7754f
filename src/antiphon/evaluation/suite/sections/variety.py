"""The section on variety: how many samples are alike, and how many of their bars are different."""

from collections.abc import Sequence

import numpy as np

from antiphon.evaluation.measures import Metric
from antiphon.evaluation.metrics.melody import pitched
from antiphon.evaluation.metrics.structure import SET_METRICS, duplicate_rate
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.report.report import Row, Section
from antiphon.evaluation.sets.certainty import Estimate
from antiphon.evaluation.sets.diversity import Units, distinct, gap, share, songs_for_distinct, songs_for_shares
from antiphon.evaluation.suite.comparing import of_estimate, too_few
from antiphon.evaluation.suite.context import Sides
from antiphon.evaluation.suite.gather import gather
from antiphon.evaluation.suite.parts import melody_rows
from antiphon.evaluation.suite.protocols import notes_reader, parts_of
from antiphon.evaluation.suite.songs import Songs

METRICS = (
    *SET_METRICS,
    Metric(
        "distinct_bars",
        "How many different melody bars there are, of as many bars of each side.",
        "distinct-n of Li et al. 2016, over bars",
        "%",
    ),
)

MARGIN = 0.05
"""Sets whose shares differ by less, the whole interval of the difference taken, are as varied."""


_SENTENCE = (
    "Over the whole set; equal means note for note. As real songs is said where the whole 95 % interval of the "
    f"difference, over songs, stays below {100 * MARGIN:g} percentage points."
)


def variety_section(sides: Sides) -> Section | None:
    """Duplicates and distinct bars of the samples, beside those of real songs."""
    real = sides.reference.real if sides.reference else None
    duplicates, distinct = METRICS
    rows = [_duplicates(sides, duplicates, real)]
    if "bars" in parts_of(sides.plan.protocol, sides.setting):
        rows += _distinct(sides, distinct, real)
    return Section("Variety", _SENTENCE, tuple(rows))


def _duplicates(sides: Sides, metric: Metric, real: Songs | None) -> Row:
    made = _rate(sides, sides.made)
    held = None if real is None else _rate(sides, real)
    verdict = "" if held is None or np.isnan([made.value, held.value]).any() else more_copies(made, held)
    numbers = (of_estimate(made), None if held is None else of_estimate(held))
    return Row(metric.name, metric.sentence, metric.source, metric.unit, *numbers, verdict=verdict)


def more_copies(made: Estimate, held: Estimate) -> str:
    """Whether a share of samples that are copies is above that of real songs, in words."""
    found = gap(made, held)
    if few := too_few(made.num_songs, held.num_songs):
        return few
    if found.low > 0:
        return "more than among real songs"
    return "as among real songs" if found.high <= MARGIN else _open(songs_for_shares(made, held, MARGIN))


def _open(needed: int) -> str:
    return f"no difference seen, too few songs to be sure (needs {needed})"


def _rate(sides: Sides, songs: Songs) -> Estimate:
    read = notes_reader(sides.plan.protocol, sides.setting)
    pieces: Sequence[Notes] = gather(songs, read, "read notes", sides.plan.workers).found
    heard = sum(len(pitched(notes)) > 0 for notes in pieces)
    rate = duplicate_rate(pieces)
    return share(0, 0) if np.isnan(rate) else share(round(rate * heard), heard)


def _distinct(sides: Sides, metric: Metric, real: Songs | None) -> list[Row]:
    sets = [_bars(sides, songs) for songs in (sides.conditioned, real) if songs is not None]
    if not len(sets[0][0]):
        return []
    kinds = np.unique(np.concatenate([bars for bars, _ in sets]), axis=0, return_inverse=True)[1].ravel()
    parts = np.split(kinds, [len(sets[0][0])])
    units = [Units(part, song) for part, (_, song) in zip(parts, sets, strict=False) if len(part)]
    shares = distinct(units, sides.plan.seed)
    verdict = _less_varied(*shares) if len(shares) > 1 else ""
    made, held = of_estimate(shares[0]), of_estimate(shares[1]) if len(shares) > 1 else None
    return [Row(metric.name, metric.sentence, metric.source, metric.unit, made, held, verdict=verdict)]


def _less_varied(made: Estimate, held: Estimate) -> str:
    found = gap(made, held)
    if few := too_few(made.num_songs, held.num_songs):
        return few
    if found.high < 0:
        return "less varied than real songs"
    if found.low > MARGIN:
        return "more varied than real songs"
    return "as varied as real songs" if found.low >= -MARGIN else _open(songs_for_distinct(made, held, MARGIN))


def _bars(sides: Sides, songs: Songs) -> tuple[np.ndarray, np.ndarray]:
    """The bars of some songs (n, 16), and the song of each."""
    found = gather(songs, melody_rows, "read bars", sides.plan.workers).found
    bars = [np.asarray(rows["real"]) for rows in found]
    return np.concatenate([np.empty((0, 16), np.uint8), *bars]), np.repeat(np.arange(len(bars)), [*map(len, bars)])
