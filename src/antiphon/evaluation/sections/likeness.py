"""The section on distances between the two sets as wholes: features of phrases, their Gaussians, their neighbours."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from antiphon.evaluation.baselines import shuffled_gaps, shuffled_pitches
from antiphon.evaluation.comparing import against_floor, too_few
from antiphon.evaluation.distances import METRICS, neighbours, samples_needed, set_distances
from antiphon.evaluation.features import FEATURES, phrase_features, standardised
from antiphon.evaluation.features import METRICS as WORDS
from antiphon.evaluation.frechet import frechet_at_infinity
from antiphon.evaluation.gather import UnusableError, gather
from antiphon.evaluation.measures import Column, Metric, columns
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.parts import PROTOCOLS, Reader, notes_reader
from antiphon.evaluation.phrases import bar_phrases, second_phrases
from antiphon.evaluation.report import Number, Row, Section
from antiphon.evaluation.songs import Songs
from antiphon.evaluation.suite import Sides

BARS, MELODY_BARS, SECONDS = 8, 4, 20.0
"""Length of a phrase where beats are known, of a melody alone, and in performances, whose bar lines mean nothing."""

_BETWEEN = ("overlap_area", "kl_divergence")
_NEIGHBOURS = ("precision", "recall", "density", "coverage")
_K, _DRAWS = 5, 20
_BY_NAME = {metric.name: metric for metric in METRICS}


def likeness_sections(sides: Sides) -> tuple[Section, ...]:
    """Distances of the samples from real songs, beside those of other real songs and of shuffled ones: of all features
    together, then feature by feature."""
    if sides.reference is None:
        return ()
    sides.say("distances between the sets")
    made, _ = _features(sides, sides.made)
    real, shuffled = _features(sides, sides.reference.real)
    other, _ = _features(sides, sides.reference.other)
    bars = _bars(sides.plan.protocol)
    length = f"{bars} bars" if bars else f"{SECONDS:g} seconds"
    if made is None or real is None:
        return (_without_phrases(length, "samples" if made is None else "real songs"),)
    compared = _Sets(made, real, shuffled, other, sides.plan.seed)
    few = too_few(made.num_songs, real.num_songs)
    floor = (
        f"Floor: other real songs, as many as there are samples, drawn {_DRAWS} times; in brackets where 95 % of "
        "such sets lie. Shuffled: the real songs with pitches and gaps in random order."
    )
    return (
        Section(
            "Distances between the sets",
            f"Over {len(FEATURES)} plain features of phrases of {length}, in units of the real songs' spread. {floor}",
            _unless(few, (_frechet(compared), *_neighbour_rows(compared), *_joint_rows(compared))),
        ),
        Section(
            "Feature by feature",
            "How far samples differ from real pieces as those do among themselves: 100 % if they do. Single features "
            f"are blind to much; the distances above see more. {floor}",
            _unless(few, _feature_rows(compared)),
        ),
    )


def _without_phrases(length: str, what: str) -> Section:
    metric, verdict = _BY_NAME["frechet_distance"], f"too few to tell (none of the {what} has a phrase of {length})"
    row = Row(metric.name, metric.sentence, metric.source, metric.unit, Number(np.nan), verdict=verdict)
    return Section("Distances between the sets", f"Over plain features of phrases of {length}.", (row,))


def _unless(few: str, rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows, their verdicts withheld where there are too few songs; those that say so already say how many."""
    return tuple(row if not few or np.isnan(row.made.value) else replace(row, verdict=few) for row in rows)


@dataclass(frozen=True, eq=False)
class _Sets:
    """Features of phrases of each set; the floor is taken from `other`, a set of as many songs as were made at a time,
    since most distances depend on that number."""

    made: Column
    real: Column
    shuffled: Column | None
    other: Column | None
    seed: int

    def draws(self, column: Column | None) -> Iterator[Column]:
        if column is None:
            return
        songs, rng = np.unique(column.song), np.random.default_rng(self.seed)
        for _ in range(_DRAWS):
            kept = np.isin(column.song, rng.choice(songs, self._size(len(songs)), replace=False))
            yield Column(column.values[kept], column.song[kept])

    def floor(self, values: Sequence[float], unit: str) -> Number:
        """Mean and 95 % range of a distance over the draws, shares within 100 %.

        Draws of n of N songs share songs, and so lie closer together than sets of other songs would. A mean over n
        songs that were drawn without replacement has a variance of s^2 (1/n - 1/N), while the difference between n new
        songs and the N has s^2 (1/n + 1/N) (Cochran 1977, section 2.6): the range is widened by the root of the ratio.
        """
        if self.other is None or not values or np.isnan(values).any():
            return Number(np.nan)
        num = self.other.num_songs
        size, mean = self._size(num), float(np.mean(values))
        wider = float(np.sqrt((num + size) / max(num - size, 1)))
        low, high = mean + wider * (np.quantile(values, (0.025, 0.975)) - mean)
        return Number(mean, max(float(low), 0.0), min(float(high), 1.0 if unit == "%" else np.inf))

    def _size(self, num_songs: int) -> int:
        return min(self.made.num_songs, max(int(0.8 * num_songs), 1))


def _bars(protocol: str) -> int:
    """Bars a phrase; 0 where phrases are cut by seconds."""
    lengths: dict[tuple[str, ...], int] = {("bars",): MELODY_BARS, ("performance",): 0}
    return lengths.get(PROTOCOLS[protocol], BARS)


def _features(sides: Sides, songs: Songs) -> tuple[Column | None, Column | None]:
    """Features of the phrases of some songs, as they are and shuffled."""
    worker = partial(_of_song, notes_reader(sides.plan.protocol), _bars(sides.plan.protocol), sides.plan.seed)
    found = gather(songs, worker, "phrases", sides.plan.workers).found
    if not found:
        return None, None
    own, shuffled = (columns([{"features": both[side]} for both in found])["features"] for side in (0, 1))
    return own, shuffled


def _of_song(read: Reader, bars: int, seed: int, songs: Songs, index: int) -> tuple[np.ndarray, np.ndarray]:
    notes, rng = read(songs, index), np.random.default_rng((seed, index))
    own = _cut(notes, bars)
    if not len(own):
        raise UnusableError("it is shorter than a phrase")
    return own, _cut(shuffled_gaps(shuffled_pitches(notes, rng), rng), bars)


def _cut(notes: Notes, bars: int) -> np.ndarray:
    return phrase_features(bar_phrases(notes, bars) if bars else second_phrases(notes, SECONDS))


def _frechet(sets: _Sets) -> Row:
    def distance(one: Column | None) -> Number:
        if one is None:
            return Number(np.nan)
        found = frechet_at_infinity(*standardised(one, sets.real), sets.seed)
        return Number(found.value, found.low, found.high, found.num_units, found.num_songs)

    needed = samples_needed("frechet_distance", len(FEATURES))
    floor = distance(next(sets.draws(sets.other), None))
    return _row(_BY_NAME["frechet_distance"], (distance(sets.made), floor, distance(sets.shuffled)), needed, False)


def _neighbour_rows(sets: _Sets) -> list[Row]:
    def near(one: Column | None) -> dict[str, float]:
        if one is None or min(one.num_songs, sets.real.num_songs) <= _K:
            return dict.fromkeys(_NEIGHBOURS, np.nan)
        found = neighbours(*standardised(one, sets.real), sets.seed, _K)
        return {name: getattr(found, name) for name in _NEIGHBOURS}

    made, shuffled, floor = near(sets.made), near(sets.shuffled), [near(one) for one in sets.draws(sets.other)]
    return [
        _row(
            _BY_NAME[name],
            (Number(made[name]), sets.floor([f[name] for f in floor], _BY_NAME[name].unit), Number(shuffled[name])),
            needed,
            True,
        )
        for name in _NEIGHBOURS
        for needed in [samples_needed(name)]
    ]


def _joint_rows(sets: _Sets) -> list[Row]:
    """Overlap and divergence of Yang and Lerch over all features together, phrase by phrase."""

    def between(one: Column | None) -> dict[str, float]:
        if one is None:
            return dict.fromkeys(_BETWEEN, np.nan)
        found = set_distances(*standardised(one, sets.real), sets.seed)
        return {"overlap_area": found.overlap[0], "kl_divergence": found.divergence[0]}

    made, shuffled, floor = between(sets.made), between(sets.shuffled), [between(one) for one in sets.draws(sets.other)]
    rows = []
    for name in _BETWEEN:
        numbers = (
            Number(made[name]),
            sets.floor([one[name] for one in floor], _BY_NAME[name].unit),
            Number(shuffled[name]),
        )
        rows.append(_row(_BY_NAME[name], numbers, samples_needed(name), name == "overlap_area"))
    return rows


def _feature_rows(sets: _Sets) -> tuple[Row, ...]:
    """Overlap of each feature, song by song."""
    real = _song_means(sets.real)
    made = _overlaps(_song_means(sets.made), real, sets.seed)
    shuffled = _overlaps(_song_means(sets.shuffled), real, sets.seed) if sets.shuffled else {}
    floor = [_overlaps(_song_means(one), real, sets.seed) for one in sets.draws(sets.other)]
    metric, rows = _BY_NAME["overlap_area"], []
    for word in WORDS:
        named = Metric(f"{metric.name}/{word.name}", word.sentence, metric.source, metric.unit)
        own, least = Number(made[word.name]), sets.floor([one[word.name] for one in floor], metric.unit)
        row = _row(named, (own, least, Number(np.nan)), samples_needed(metric.name), True)
        rows.append(replace(row, shuffled=Number(shuffled.get(word.name, np.nan))))
    return tuple(row for row in rows if not np.isnan(row.made.value))


def _overlaps(one: Column, real: Column, seed: int) -> dict[str, float]:
    found = {}
    for number, word in enumerate(WORDS):
        made, held = (Column(column.values[:, number], column.song).defined() for column in (one, real))
        found[word.name] = set_distances(made, held, seed).overlap[0]
    return found


def _song_means(column: Column) -> Column:
    songs, rows = np.unique(column.song, return_inverse=True)
    there = ~np.isnan(column.values)
    sums, counts = np.zeros((len(songs), column.values.shape[1])), np.zeros((len(songs), column.values.shape[1]))
    np.add.at(sums, rows, np.where(there, column.values, 0))
    np.add.at(counts, rows, there)
    return Column(np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0), songs)


def _row(metric: Metric, numbers: tuple[Number, Number, Number], needed: int, larger_is_better: bool) -> Row:
    made, floor, shuffled = numbers
    verdict = against_floor(made, floor, shuffled, larger_is_better=larger_is_better)
    if np.isnan(made.value):
        verdict = f"too few to tell (needs {needed} on each side)"
    return Row(metric.name, metric.sentence, metric.source, metric.unit, made, None, floor, shuffled, None, verdict)
