"""The section on distances between the two sets as wholes: features of phrases, their Gaussians, their neighbours."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

import numpy as np

from antiphon.evaluation.baselines import shuffled_gaps, shuffled_pitches
from antiphon.evaluation.measures import Column, Metric, Number, base_name, columns
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.report.report import Row, Section
from antiphon.evaluation.sets.distances import METRICS, neighbours, samples_needed, set_distances
from antiphon.evaluation.sets.features import FEATURES, phrase_features, standardised
from antiphon.evaluation.sets.features import METRICS as WORDS
from antiphon.evaluation.sets.floors import division, division_sizes, floor_number, floor_words, joined, p_values
from antiphon.evaluation.sets.frechet import MIN_GROUPS, frechet_at_infinity
from antiphon.evaluation.sets.phrases import bar_phrases, second_phrases
from antiphon.evaluation.suite.comparing import too_few
from antiphon.evaluation.suite.context import Sides
from antiphon.evaluation.suite.gather import UnusableError, gather
from antiphon.evaluation.suite.parts import PROTOCOLS
from antiphon.evaluation.suite.protocols import Reader, in_seconds, notes_reader
from antiphon.evaluation.suite.songs import Songs

BARS, MELODY_BARS, SECONDS = 8, 4, 20.0
"""Length of a phrase where beats are known, of a melody alone, and in performances, whose bar lines mean nothing."""

_BETWEEN = tuple(f"{kind}/within {side}" for kind in ("overlap_area", "kl_divergence") for side in ("real", "made"))
_FEATURE_NAMES = tuple(f"{kind}/{name}" for kind in ("overlap_area", "kl_divergence") for name in FEATURES)
_LARGER_IS_BETTER = frozenset({"overlap_area", "precision", "recall", "density", "coverage"})
_NEIGHBOURS = ("precision", "recall", "density", "coverage")
_K, _DRAWS = 5, 60
_SONGS = dict.fromkeys(_NEIGHBOURS, _K + 1) | {"frechet_distance": MIN_GROUPS}
"""Songs that each set must have: neighbours are of other songs."""
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
    bars = _bars(sides)
    length = f"{bars} bars" if bars else f"{SECONDS:g} seconds"
    if made is None or real is None:
        return (_without_phrases(length, "samples" if made is None else "real songs"),)
    compared = _Sets.of(made, real, shuffled, other, sides.plan.seed)
    few = too_few(made.num_songs, real.num_songs)
    return (
        Section(
            "Distances between the sets",
            f"Over {len(FEATURES)} plain features of phrases of {length}, in units of the real songs' spread. "
            f"{compared.sentence}",
            _unless(few, _rows(compared, _of_all, (*_NEIGHBOURS, *_BETWEEN, "frechet_distance"))),
        ),
        Section(
            "Feature by feature",
            "How far samples differ from real pieces as those do among themselves: 100 % overlap and no divergence if "
            f"they do. Single features are blind to much; the distances above see more. {compared.sentence}",
            _unless(few, _rows(compared, _of_features, _FEATURE_NAMES)),
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
    """Features of phrases of each set, and pairs of sets of real songs among which the samples would be one more."""

    made: Column
    real: Column
    shuffled: Column | None
    divisions: tuple[tuple[Column, Column], ...]
    sentence: str
    seed: int

    @classmethod
    def of(cls, made: Column, real: Column, shuffled: Column | None, other: Column | None, seed: int) -> Self:
        every = real if other is None else joined(real, other)
        sizes = division_sizes(made.num_songs, real.num_songs, every.num_songs)
        rng = np.random.default_rng(seed)
        divisions = tuple(division(every, sizes, rng) for _ in range(_DRAWS))
        sentence = (
            f"Floor: {_DRAWS} divisions of all real songs into {sizes[0]} and {sizes[1]}; in brackets where 95 % of "
            "them lie, and p is the share of them in which the furthest of these rows lies as far off. How much chance "
            "is in a distance is judged by these divisions; only the Frechet distance has an interval of its own. "
            "Shuffled: the real songs with pitches and gaps in random order."
        )
        return cls(made, real, shuffled, divisions, sentence, seed)


Distances = Callable[[Column, Column, int], dict[str, float]]


def _rows(sets: _Sets, measure: Distances, names: Sequence[str]) -> tuple[Row, ...]:
    """A row a distance, judged against the divisions."""
    made = measure(sets.made, sets.real, sets.seed)
    shuffled = measure(sets.shuffled, sets.real, sets.seed) if sets.shuffled is not None else {}
    found = [measure(one, other, sets.seed) for one, other in sets.divisions]
    draws = {name: np.array([one[name] for one in found]) for name in names}
    larger = {name: base_name(name) in _LARGER_IS_BETTER for name in names}
    p = p_values({name: made[name] for name in names}, draws, larger)
    rows = []
    for name in names:
        metric = _metric(name)
        base = shuffled.get(name, float("nan"))
        verdict = floor_words(made[name], draws[name], p[name], base, larger_is_better=larger[name])
        if np.isnan(made[name]):
            verdict = _lacking(name, sets.made, sets.real)
        own = _own(sets, name, made[name])
        chance = None if np.isnan(p[name]) else p[name]
        floor, words = floor_number(draws[name]), (metric.sentence, metric.source, metric.unit)
        rows.append(Row(name, *words, own, None, floor, Number(base), chance, verdict))
    return tuple(rows)


def _lacking(name: str, made: Column, real: Column) -> str:
    """Why a distance has no value: too few songs, or too few phrases."""
    kind, _, feature = name.partition("/")
    units = samples_needed(kind, len(FEATURES))
    if feature in FEATURES:
        sides = [_of_feature(column, FEATURES.index(feature)) for column in (made, real)]
        needed = {"songs": units}
    else:
        sides = [made, real]
        needed = {"songs": _SONGS.get(kind, 2), "phrases": units}
    there = {"songs": min(one.num_songs for one in sides), "phrases": min(one.num_units for one in sides)}
    for what, least in needed.items():
        if there[what] < least:
            return f"too few {what} to tell (needs {least} on each side; there are {there[what]})"
    return "too few phrases of different songs to tell"


def _own(sets: _Sets, name: str, value: float) -> Number:
    """A distance of the samples; the Frechet distance has an interval of its own."""
    low = high = float("nan")
    if name == "frechet_distance":
        found = frechet_at_infinity(*standardised(sets.made, sets.real), sets.seed)
        low, high = found.low, found.high
    return Number(value, low, high, len(sets.made.values), sets.made.num_songs)


def _metric(name: str) -> Metric:
    """The words of a distance; those of one feature begin with the feature's own."""
    metric = _BY_NAME[base_name(name)]
    own = next((word.sentence for word in WORDS if name.endswith(f"/{word.name}")), "")
    return replace(metric, sentence=f"{own} {metric.sentence}".strip())


def _of_all(made: Column, real: Column, seed: int) -> dict[str, float]:
    """Every distance over all features together."""
    ours, theirs = standardised(made, real)
    between = set_distances(ours, theirs, seed)
    found = {"frechet_distance": frechet_at_infinity(ours, theirs, seed).value}
    for kind, (of_real, of_made) in (("overlap_area", between.overlap), ("kl_divergence", between.divergence)):
        found |= {f"{kind}/within real": of_real, f"{kind}/within made": of_made}
    if min(made.num_songs, real.num_songs) <= _K:
        return found | dict.fromkeys(_NEIGHBOURS, float("nan"))
    near = neighbours(ours, theirs, seed, _K)
    return found | {name: getattr(near, name) for name in _NEIGHBOURS}


def _of_features(made: Column, real: Column, seed: int) -> dict[str, float]:
    """Overlap and divergence of each feature, song by song, after Yang and Lerch."""
    found = {}
    for number, name in enumerate(FEATURES):
        between = set_distances(_of_feature(made, number), _of_feature(real, number), seed)
        found[f"overlap_area/{name}"], found[f"kl_divergence/{name}"] = between.overlap[0], between.divergence[0]
    return found


def _of_feature(column: Column, number: int) -> Column:
    """One feature's mean of each song that has it."""
    means = _song_means(Column(column.values[:, [number]], column.song))
    return Column(means.values[:, 0], means.song).defined()


def _bars(sides: Sides) -> int:
    """Bars a phrase; 0 where phrases are cut by seconds."""
    if in_seconds(sides.plan.protocol, sides.setting):
        return 0
    return MELODY_BARS if PROTOCOLS[sides.plan.protocol] == ("bars",) else BARS


def _features(sides: Sides, songs: Songs) -> tuple[Column | None, Column | None]:
    """Features of the phrases of some songs, as they are and shuffled."""
    read = notes_reader(sides.plan.protocol, sides.setting)
    worker = partial(_of_song, read, _bars(sides), sides.plan.seed)
    found = gather(songs, worker, "phrases", sides.plan.workers)
    if not found.found:
        return None, None
    own, shuffled = (columns([{"features": both[side]} for both in found.found])["features"] for side in (0, 1))
    # Recordings of one work are dealt to one side, as published divisions have them; or the floor would be too low.
    _, work = np.unique([songs.groups[index] for index in found.songs], return_inverse=True)
    return Column(own.values, work[own.song]), Column(shuffled.values, work[shuffled.song])


def _of_song(read: Reader, bars: int, seed: int, songs: Songs, index: int) -> tuple[np.ndarray, np.ndarray]:
    notes, rng = read(songs, index), np.random.default_rng((seed, index))
    own = _cut(notes, bars)
    if not len(own):
        raise UnusableError("it is shorter than a phrase")
    return own, _cut(shuffled_gaps(shuffled_pitches(notes, rng), rng), bars)


def _cut(notes: Notes, bars: int) -> np.ndarray:
    return phrase_features(bar_phrases(notes, bars) if bars else second_phrases(notes, SECONDS))


def _song_means(column: Column) -> Column:
    songs, rows = np.unique(column.song, return_inverse=True)
    there = ~np.isnan(column.values)
    sums, counts = np.zeros((len(songs), column.values.shape[1])), np.zeros((len(songs), column.values.shape[1]))
    np.add.at(sums, rows, np.where(there, column.values, 0))
    np.add.at(counts, rows, there)
    return Column(np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0), songs)
