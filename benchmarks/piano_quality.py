"""What a model of piano performances writes beside held-out recordings, beside other real ones, beside shuffled tokens.

Passages of a minute begin with their first note: samples of the model by seed 0, 1, ..., and of each recording its
minutes one after the other, four at most. An overlap is the common area of two histograms, each the mean over
passages: of the side that is named, and of the held-out recordings (validation and test). "real" is other recordings,
those that the model was trained on, as many passages as it wrote; "shuffled" is the held-out ones with their tokens in
random order. Intervals (95 %) draw other samples and other recordings. A target is the row of real music.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.performance import START, STEPS_PER_SECOND, Performance, performance_of, quantised
from antiphon.data.corpus import Corpus
from antiphon.evaluation.measures import Column
from antiphon.evaluation.metrics.histograms import histogram
from antiphon.evaluation.metrics.performance import notes_of, performance_of_score
from antiphon.evaluation.metrics.pitch import key_relative_histogram
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.sets.certainty import estimate
from antiphon.generate import load
from benchmarks.table import Row

SAMPLES, SECONDS = 32, 60
MOST_PASSAGES, RESAMPLES = 4, 1000
# Of chroma: how alike windows of two seconds are that lie so many windows apart.
WINDOW_SECONDS, NEAR, FAR = 2.0, (1, 2, 3, 4), (8, 9, 10, 11, 12, 13, 14)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Side:
    """Passages, and of which recording or sample each is."""

    passages: Sequence[Performance]
    song: NDArray[np.int64]


def run(quick: bool = False, model: str | None = None, corpus: str = "giantmidi") -> list[Row]:
    """32 samples of a minute (quick: 4 of 20 seconds); `model` is one of performances, `corpus` what it never heard."""
    num, seconds = (4, 20) if quick else (SAMPLES, SECONDS)
    loaded, songs = load(model or "piano-small"), Corpus.open(corpus)
    held_out = _recordings(songs, [*songs.split("valid"), *songs.split("test")], seconds)
    written = [performance_of_score(score) for score in loaded.generate(num=num, seconds=seconds)]
    sides = {
        loaded.name: Side(written, np.arange(num)),
        "real": _some(_recordings(songs, songs.split("train"), seconds), num),
        "shuffled": Side([_shuffled(one) for one in held_out.passages], held_out.song),
    }
    return [*_overlaps(sides, held_out), *_means(sides, held_out)]


def _recordings(corpus: Corpus, numbers: Sequence[int] | NDArray[np.int64], seconds: float) -> Side:
    """The passages of some songs."""
    found = [(_passages(performance_of_score(corpus.score(int(song))), seconds), int(song)) for song in numbers]
    songs = [song for passages, song in found for _ in passages]
    return Side([one for passages, _ in found for one in passages], np.array(songs))


def _passages(piece: Performance, seconds: float) -> list[Performance]:
    """The first whole passages of so many seconds, each from its first note on; what sounds at its end ends there."""
    steps = round(seconds * STEPS_PER_SECOND)
    passages: list[Performance] = []
    begin = int(piece.start_step.min(initial=piece.num_steps))
    while begin + steps <= piece.num_steps and len(passages) < MOST_PASSAGES:
        inside = (piece.start_step >= begin) & (piece.start_step < begin + steps)
        start, end = (line[inside] - begin for line in (piece.start_step, piece.end_step))
        times = start / STEPS_PER_SECOND, np.minimum(end, steps) / STEPS_PER_SECOND
        if len(start):
            passages.append(quantised(*times, piece.pitch[inside], piece.velocity[inside]))
        after = piece.start_step[piece.start_step >= begin + steps]
        begin = int(after.min(initial=piece.num_steps))
    return passages


def _some(side: Side, num: int) -> Side:
    """So many passages, of as many recordings as there are, drawn at random."""
    place = np.array([np.sum(side.song[:at] == song) for at, song in enumerate(side.song)])
    drawn = np.random.default_rng(START).random(len(place))
    chosen = np.sort(np.lexsort((drawn, place))[:num])
    return Side([side.passages[at] for at in chosen], side.song[chosen])


def _shuffled(piece: Performance) -> Performance:
    return performance_of(np.random.default_rng(START).permutation(piece.tokens))


def _lengths(notes: Notes) -> Floats:
    return _of_seconds(notes.end_seconds - notes.start_seconds)


def _intervals(notes: Notes) -> Floats:
    return _of_seconds(np.diff(notes.start_seconds))


def _of_seconds(seconds: Floats) -> Floats:
    """Shares (1, 45) of times: none, then from 10 ms to 20 s in quarters of a doubling."""
    bins = 1 + np.clip(np.floor(4 * np.log2(np.maximum(seconds, 1e-9) / 0.0099)), -1, 43)
    return histogram(bins.astype(np.int64), 45)


def _velocities(notes: Notes) -> Floats:
    return histogram((notes.velocity - 1) // 4, 32)


HISTOGRAMS: Mapping[str, Callable[[Notes], Floats]] = {
    "lengths of notes": _lengths,
    "inter-onset intervals": _intervals,
    "pitch classes from the tonic": key_relative_histogram,
    "velocities": _velocities,
}


def _overlaps(sides: Mapping[str, Side], held_out: Side) -> Iterator[Row]:
    for what, measure in HISTOGRAMS.items():
        reference = _rows(held_out, measure)
        found = {name: _overlap(_rows(side, measure), reference) for name, side in sides.items()}
        for name, (value, low, high) in found.items():
            target = "" if name in ("real", "shuffled") else f"real {found['real'][0]:.1f}"
            note = f"[{low:.1f}, {high:.1f}], {len(sides[name].passages)} passages"
            yield Row(f"overlap of {what}: {name}", value, "%", target, note)


def _rows(side: Side, measure: Callable[[Notes], Floats]) -> Column:
    return Column(np.concatenate([measure(notes_of(passage)) for passage in side.passages]), side.song)


def _overlap(made: Column, real: Column) -> tuple[float, float, float]:
    """Percent that the mean histograms have in common, and where 95 % of the draws of other songs have it."""
    rng = np.random.default_rng(0)
    draws = [np.minimum(*pair).sum(1) for pair in zip(_drawn(made, rng), _drawn(real, rng), strict=True)]
    own = np.minimum(np.nanmean(made.values, 0), np.nanmean(real.values, 0)).sum()
    low, high = np.quantile(np.concatenate(draws), (0.025, 0.975))
    return 100 * float(own), 100 * float(low), 100 * float(high)


def _drawn(column: Column, rng: np.random.Generator) -> list[Floats]:
    """Mean histograms (RESAMPLES, bins) of songs drawn with replacement."""
    values, song = column.values, np.unique(column.song, return_inverse=True)[1]
    kept = ~np.isnan(values).any(1)
    sums = np.zeros((song.max() + 1, values.shape[1]))
    np.add.at(sums, song[kept], values[kept])
    counts = np.bincount(song[kept], minlength=len(sums))
    times = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), RESAMPLES)
    return [times @ sums / np.maximum(times @ counts, 1)[:, None]]


def _likeness(notes: Notes, apart: Sequence[int]) -> float:
    """The mean cosine of the pitch classes, by the time that they sound, of windows so many windows apart."""
    num = int(np.ceil(notes.end_seconds.max(initial=0) / WINDOW_SECONDS))
    edges = WINDOW_SECONDS * np.arange(num + 1)
    inside = np.minimum(notes.end_seconds[:, None], edges[1:]) - np.maximum(notes.start_seconds[:, None], edges[:-1])
    chroma = np.eye(12)[notes.pitch % 12].T @ np.maximum(inside, 0)
    length = np.sqrt((chroma**2).sum(0))
    unit = chroma[:, length > 0] / length[length > 0]
    alike = unit.T @ unit
    pairs = np.concatenate([np.empty(0), *(np.diagonal(alike, lag) for lag in apart if lag < len(alike))])
    return float(pairs.mean()) if len(pairs) else float("nan")


MEANS: Mapping[str, tuple[str, Callable[[Notes], float]]] = {
    "notes a second": ("", lambda notes: len(notes.pitch) / float(notes.end_seconds.max(initial=1e-9))),
    "pitch classes 2 to 8 s apart alike": ("%", lambda notes: 100 * _likeness(notes, NEAR)),
    "pitch classes 16 to 28 s apart alike": ("%", lambda notes: 100 * _likeness(notes, FAR)),
    "notes longer than 5 s": ("%", lambda notes: 100 * float((notes.end_seconds - notes.start_seconds > 5).mean())),
    "velocity": ("", lambda notes: float(notes.velocity.mean())),
}


def _means(sides: Mapping[str, Side], held_out: Side) -> Iterator[Row]:
    for what, (unit, measure) in MEANS.items():
        found = {}
        for name, side in {**sides, "held-out": held_out}.items():
            values = np.array([measure(notes_of(one)) if len(one.pitch) else np.nan for one in side.passages])
            found[name] = estimate(Column(values, side.song), 0)
        real = found["held-out"]
        for name, one in found.items():
            model = name not in ("real", "shuffled", "held-out")
            target = f"held-out [{real.low:.3g}, {real.high:.3g}]" if model else ""
            yield Row(f"{what}: {name}", one.value, unit, target, f"[{one.low:.3g}, {one.high:.3g}]")
