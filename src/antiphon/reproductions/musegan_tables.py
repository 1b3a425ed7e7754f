"""MuseGAN's tables 1 and 2: the published values as code, and all rows made anew as printed and truly.

Dong et al. 2018, "MuseGAN", tables 1 and 2. The paper's phrases came from the Lakh pianoroll dataset, which can no
longer be had as it was, so that other music takes their place; its values are those of rock. What is printed was
measured on registers instead of pitch classes (`antiphon.evaluation.metrics.as_published`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.pianoroll import PianoRoll
from antiphon.data.corpus import Corpus
from antiphon.errors import InputError
from antiphon.evaluation.baselines import shuffled_tracks
from antiphon.evaluation.measures import Column
from antiphon.evaluation.metrics.as_published import as_published_bars
from antiphon.evaluation.metrics.multitrack import bar_metrics
from antiphon.evaluation.rolls import Rolls
from antiphon.evaluation.sets.certainty import estimate
from antiphon.reproductions.musegan_runs import CORPUS, check_scale, finished, opened
from antiphon.reproductions.result import Asked, Line, Reproduction, Scale

TRACKS = {"B": "bass", "D": "drums", "G": "guitar", "P": "piano", "S": "strings"}
TABLE_1_COLUMNS = tuple(
    f"{metric} {track}" for metric, tracks in {"EB": "BDGPS", "UPC": "BGPS", "QN": "BGPS", "DP": "D"}.items()
    for track in tracks
)  # fmt: skip
TABLE_2_COLUMNS = ("TD B-G", "TD B-S", "TD B-P", "TD G-S", "TD G-P", "TD P-S")

Row = tuple[float | None, ...]
_TRAINING, _SHUFFLED = "training data", "training data, shuffled"

TABLE_1: Mapping[str, Row] = {
    _TRAINING: (8.06, 8.06, 19.4, 24.8, 10.1, 1.71, 3.08, 3.28, 3.38, 90.0, 81.9, 88.4, 89.6, 88.6),
    "from scratch, jamming": (6.59, 2.33, 18.3, 22.6, 6.10, 1.53, 3.69, 4.13, 4.09, 71.5, 56.6, 62.2, 63.1, 93.2),
    "from scratch, composer": (0.01, 28.9, 1.34, 0.02, 0.01, 2.51, 4.20, 4.89, 5.19, 49.5, 47.4, 49.9, 52.5, 75.3),
    "from scratch, hybrid": (2.14, 29.7, 11.7, 17.8, 6.04, 2.35, 4.76, 5.45, 5.24, 44.6, 43.2, 45.5, 52.0, 71.3),
    "from scratch, ablated": (92.4, 100.0, 12.5, 0.68, 0.00, 1.00, 2.88, 2.32, 4.72, 0.00, 22.8, 31.1, 26.2, 0.0),
    "on a track, jamming": (4.60, 3.47, 13.3, None, 3.44, 2.05, 3.79, None, 4.23, 73.9, 58.8, None, 62.3, 91.6),
    "on a track, composer": (0.65, 20.7, 1.97, None, 1.49, 2.51, 4.57, None, 5.10, 53.5, 48.4, None, 59.0, 84.5),
    "on a track, hybrid": (2.09, 4.53, 10.3, None, 4.05, 2.86, 4.43, None, 4.32, 43.3, 55.6, None, 67.1, 71.8),
}
"""Empty bars, qualified notes and drum patterns in percent, pitch classes used as they are."""

TABLE_2: Mapping[str, Row] = {
    _TRAINING: (1.57, 1.58, 1.51, 1.10, 1.02, 1.04),
    _SHUFFLED: (1.59, 1.59, 1.56, 1.14, 1.12, 1.13),
    "from scratch, jamming": (1.56, 1.60, 1.54, 1.05, 0.99, 1.05),
    "from scratch, composer": (1.37, 1.36, 1.30, 0.95, 0.98, 0.91),
    "from scratch, hybrid": (1.34, 1.35, 1.32, 0.85, 0.85, 0.83),
    "on a track, jamming": (1.51, 1.53, 1.50, 1.04, 0.95, 1.00),
    "on a track, composer": (1.41, 1.36, 1.40, 0.96, 1.01, 0.95),
    "on a track, hybrid": (1.39, 1.36, 1.38, 0.96, 0.94, 0.95),
}
"""Tonal distances."""

PRESETS: Mapping[str, str] = {
    **{f"from scratch, {name}": f"musegan-{name}" for name in ("jamming", "composer", "hybrid", "ablated")},
    **{f"on a track, {name}": f"musegan-{name}-conditional" for name in ("jamming", "composer", "hybrid")},
}
"""Of each row of a model, the preset that makes it anew."""

_LIMIT: Mapping[Scale, int] = {"toy": 60, "cpu": 5_000, "paper": 50_266}
_MADE: Mapping[Scale, int] = {"toy": 16, "cpu": 500, "paper": 5_000}
"""Phrases of four bars: of the paper's models 20,000 bars were measured, of its training data all."""
_AT_ONCE = 400
_PUBLISHED = " (as published, v1)"


@dataclass(frozen=True)
class _Cell:
    """Where a published column is found: printed and true column names, and what they are multiplied by."""

    printed: str
    true: str
    factor: float


def table_1(asked: Asked) -> Reproduction:
    """Within tracks: empty bars, pitch classes used, qualified notes and drum patterns of the training row, and of each
    model that there is a run of.

    Raises
    ------
    InputError
        If the paper's music is asked for without a corpus, or the corpus has no phrases.
    """
    measured = _measure(asked, {_TRAINING: lambda rolls, rng: rolls})
    return _reproduction(asked, TABLE_1, TABLE_1_COLUMNS, measured)


def table_2(asked: Asked) -> Reproduction:
    """Between tracks: tonal distances of the training row, of tracks that are paired at random, and of each model that
    there is a run of.

    Raises
    ------
    InputError
        As `table_1`, or where no two of its tracks sound together.
    """
    measured = _measure(asked, {_TRAINING: lambda rolls, rng: rolls, _SHUFFLED: shuffled_tracks})
    return _reproduction(asked, TABLE_2, TABLE_2_COLUMNS, measured)


@dataclass(frozen=True)
class _Measured:
    music: str
    rows: Mapping[str, Mapping[str, Column]]


def _reproduction(asked: Asked, table: Mapping[str, Row], names: Sequence[str], measured: _Measured) -> Reproduction:
    lines: list[Line] = []
    for row, paper in table.items():
        if row not in measured.rows:
            lines.append(Line(row, "all", None, None, remark=_lacking(row, asked)))
            continue
        for name, value in zip(names, paper, strict=True):
            given = value is None and row in PRESETS
            columns = measured.rows[row]
            lines.append(
                Line(row, name, None, None, remark="given") if given else _line(asked, row, name, value, columns)
            )
    if all(line.ours is None or np.isnan(float(line.ours)) for line in lines):
        raise InputError(f"{measured.music}: no two of {', '.join(TRACKS.values())} sound in a bar; give other music")
    return Reproduction(
        tuple(lines),
        measured.music,
        (
            "Ours is as printed: registers of seven pitches for pitch classes, and no tonal distance for a bar in "
            "which a track is silent for a beat. True is by pitch classes, beat by beat.",
            "Other music than the paper's may differ in truth: compare how far as printed and true lie apart.",
        ),
    )


def _lacking(row: str, asked: Asked) -> str:
    preset = PRESETS[row]
    command = f"antiphon train {preset} {asked.corpus or CORPUS} --run RUNS/{preset}"
    return f"needs the run of its preset: {command}, then --runs RUNS"


def _line(asked: Asked, row: str, name: str, paper: float | None, columns: Mapping[str, Column]) -> Line:
    cell = _cell(name)
    printed = estimate(columns[cell.printed], asked.seed)
    true = float(columns[cell.true].defined().values.mean()) if columns[cell.true].num_units else float("nan")
    ours, low, high = (cell.factor * value for value in (printed.value, printed.low, printed.high))
    return Line(row, name, paper, ours, cell.factor * true, low=low, high=high)


def _cell(name: str) -> _Cell:
    metric, _, place = name.partition(" ")
    if metric == "TD":
        order = PianoRoll().tracks
        pair = "-".join(sorted((TRACKS[letter] for letter in place.split("-")), key=order.index))
        return _Cell(f"tonal_distance{_PUBLISHED}/{pair}", f"tonal_distance/{pair}", 1)
    base, setting, factor = {
        "EB": ("empty_bar_rate", "", 100),
        "UPC": ("used_pitch_classes", "", 1),
        "QN": ("qualified_note_rate", " (24 steps a beat)", 100),
        "DP": ("drum_pattern_rate", " (16-beat, 24 steps a beat)", 100),
    }[metric]
    return _Cell(f"{base}{_PUBLISHED}/{TRACKS[place]}", f"{base}{setting}/{TRACKS[place]}", factor)


_Change = Callable[[Rolls, np.random.Generator], Rolls]


def _measure(asked: Asked, changes: Mapping[str, _Change]) -> _Measured:
    """Every column of every row, over songs in random order until there are phrases enough."""
    check_scale(asked)
    corpus = Corpus.open(asked.corpus or CORPUS)
    rng = np.random.default_rng(asked.seed)
    parts: dict[str, list[dict[str, Column]]] = {row: [] for row in changes}
    num_songs = num_phrases = 0
    for rolls in _chunks(corpus, _LIMIT[asked.scale], rng):
        num_songs, num_phrases = num_songs + len(np.unique(rolls.song)), num_phrases + len(rolls)
        asked.say(f"{corpus.name}: {num_phrases:,} phrases of {num_songs:,} songs")
        for row, change in changes.items():
            parts[row].append(_columns(change(rolls, rng)))
    if not num_phrases:
        raise InputError(f"{corpus.name}: no four bars in 4/4 on a beat grid in its training songs; give other music")
    music = f"{num_phrases:,} phrases of four bars, of {num_songs:,} training songs of {corpus.name}"
    rows: dict[str, Mapping[str, Column]] = {row: _joined(some) for row, some in parts.items()}
    for row, preset in PRESETS.items():
        if (run := finished(preset, asked)) is not None:
            asked.say(f"{row}: {run}")
            rows[row] = _of_model(preset, asked)
            music += f"; {row}: {_MADE[asked.scale]:,} phrases of {run}"
    return _Measured(music, rows)


def _of_model(preset: str, asked: Asked) -> Mapping[str, Column]:
    """The columns of a model's phrases, each a song of its own."""
    codec, parts = PianoRoll(), []
    with opened(preset, asked) as run:
        cells = run.made(_MADE[asked.scale], asked.seed, asked.corpus or CORPUS)[1]
        own = run.codec
    if own.shape != codec.shape or set(own.ensemble.names) != set(codec.tracks):
        raise InputError(
            f"{preset}: its run has other tracks or another grid than the tables; give one of the preset's"
        )
    cells = cells[:, [own.ensemble.names.index(track) for track in codec.tracks]]
    for begin in range(0, len(cells), _AT_ONCE):
        some = np.arange(begin, min(begin + _AT_ONCE, len(cells)))
        rolls = Rolls(cells[some], codec.lowest_pitch, codec.resolution, codec.drum_track, codec.tracks, some)
        parts.append(_columns(rolls))
    return _joined(parts)


def _chunks(corpus: Corpus, limit: int, rng: np.random.Generator) -> Iterator[Rolls]:
    """Phrases of training songs, some hundred at a time, `limit` in all."""
    codec, waiting, num = PianoRoll(), list[tuple[int, NDArray[np.bool_]]](), 0
    for song in rng.permutation(corpus.split("train")).tolist():
        cells = codec.encode(corpus.score(song))["real"][: limit - num]
        if len(cells):
            waiting.append((song, cells))
            num += len(cells)
        if sum(len(some) for _, some in waiting) >= _AT_ONCE:
            yield _rolls(codec, waiting)
            waiting = []
        if num >= limit:
            break
    if waiting:
        yield _rolls(codec, waiting)


def _rolls(codec: PianoRoll, songs: Sequence[tuple[int, NDArray[np.bool_]]]) -> Rolls:
    cells = np.concatenate([some for _, some in songs])
    song = np.repeat([number for number, _ in songs], [len(some) for _, some in songs]).astype(np.int64)
    return Rolls(cells, codec.lowest_pitch, codec.resolution, codec.drum_track, codec.tracks, song)


def _columns(rolls: Rolls) -> dict[str, Column]:
    song = np.repeat(rolls.song, rolls.cells.shape[2])
    values = {**as_published_bars(rolls, "v1"), **bar_metrics(rolls)}
    return {name: Column(numbers, song) for name, numbers in values.items()}


def _joined(parts: Sequence[Mapping[str, Column]]) -> dict[str, Column]:
    return {
        name: Column(
            np.concatenate([part[name].values for part in parts]), np.concatenate([part[name].song for part in parts])
        )
        for name in parts[0]
    }
