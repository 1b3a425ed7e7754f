"""MuseGAN's tables 1 and 2: the published values as code, and all rows made anew as printed and truly.

Dong et al. 2018, "MuseGAN", tables 1 and 2. The paper's phrases came from the Lakh pianoroll dataset, which can no
longer be had as it was, so that other music takes their place; its values are those of rock. What is printed was
measured on registers instead of pitch classes (`antiphon.evaluation.metrics.as_published`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.phrases import PhraseRolls, unpack
from antiphon.data.corpus import Corpus
from antiphon.errors import InputError
from antiphon.evaluation.baselines import shuffled_tracks
from antiphon.evaluation.measures import Column
from antiphon.evaluation.metrics.as_published import as_published_bars
from antiphon.evaluation.metrics.multitrack import bar_metrics
from antiphon.evaluation.rolls import Rolls
from antiphon.evaluation.sets.certainty import estimate
from antiphon.presets.table import get_preset
from antiphon.reproductions.musegan_runs import CORPUS, Run, check_scale, opened, run_folder
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

GIVEN = "piano"
"""The track that the paper's conditional models are given."""

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


Columns = Mapping[str, Column]


@dataclass(frozen=True)
class _Row:
    """The columns of a row, what keeps it from being the paper's, and the name of the track that it is given."""

    columns: Columns
    remark: str = ""
    given: str | None = None


@dataclass(frozen=True)
class _Measured:
    music: str
    rows: Mapping[str, _Row]


def _reproduction(asked: Asked, table: Mapping[str, Row], names: Sequence[str], measured: _Measured) -> Reproduction:
    lines: list[Line] = []
    for row, paper in table.items():
        if row not in measured.rows:
            lines.append(Line(row, "all", None, None, remark=_lacking(row, asked)))
            continue
        found = measured.rows[row]
        lines += [_line(asked, row, name, value, found) for name, value in zip(names, paper, strict=True)]
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


def _line(asked: Asked, row: str, name: str, paper: float | None, found: _Row) -> Line:
    if found.given is not None and found.given == TRACKS.get(name.partition(" ")[2]):
        return Line(row, name, None, None, remark="given")
    cell = _cell(name)
    printed = estimate(found.columns[cell.printed], asked.seed)
    column = found.columns[cell.true]
    true = float(column.defined().values.mean()) if column.num_units else float("nan")
    ours, low, high = (cell.factor * value for value in (printed.value, printed.low, printed.high))
    # The paper's models are given the piano; another track is another task.
    published = paper if found.given in (None, GIVEN) else None
    return Line(row, name, published, ours, cell.factor * true, found.remark, low, high)


def _codec() -> PhraseRolls:
    """Whose phrases the paper's models are trained on."""
    codec = get_preset("musegan-hybrid").codec
    assert isinstance(codec, PhraseRolls)
    return codec


def _cell(name: str) -> _Cell:
    metric, _, place = name.partition(" ")
    if metric == "TD":
        order = _codec().ensemble.names
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
    parts: dict[str, list[Columns]] = {row: [] for row in changes}
    num_songs = num_phrases = 0
    for rolls in _chunks(corpus, _LIMIT[asked.scale], rng):
        num_songs, num_phrases = num_songs + len(np.unique(rolls.song)), num_phrases + len(rolls)
        asked.say(f"{corpus.name}: {num_phrases:,} phrases of {num_songs:,} songs")
        for row, change in changes.items():
            parts[row].append(_columns(change(rolls, rng)))
    if not num_phrases:
        raise InputError(
            f"{corpus.name}: no four bars in 4/4 on a beat grid in its training songs, in each of which "
            f"{_codec().sounding} tracks sound; give other music"
        )
    music = f"{num_phrases:,} phrases of four bars, of {num_songs:,} training songs of {corpus.name}"
    rows = {row: _Row(_joined(some)) for row, some in parts.items()}
    for row, preset in PRESETS.items():
        if run_folder(preset, asked) is not None:
            with opened(preset, asked) as run:
                rows[row], told = _of_model(run, asked)
            asked.say(f"{row}: {told}")
            music += f"; {row}: {told}"
    return _Measured(music, rows)


def _of_model(run: Run, asked: Asked) -> tuple[_Row, str]:
    """The columns of a model's phrases, and in words, what they are of."""
    codec, own, parts = _codec(), run.codec, []
    if own.shape != codec.shape or set(own.ensemble.names) != set(codec.ensemble.names):
        raise InputError(
            f"{run.folder}: its phrases have other tracks or another grid than the tables; give a run of the preset's"
        )
    made = run.made(_MADE[asked.scale], asked.seed, asked.corpus or CORPUS)
    cells = made.after[:, [own.ensemble.names.index(track) for track in codec.ensemble.names]]
    for begin in range(0, len(cells), _AT_ONCE):
        some = slice(begin, begin + _AT_ONCE)
        parts.append(_columns(_rolls(codec, cells[some], made.song[some])))
    return _Row(_joined(parts), run.remark, run.given), f"{made.told}, of {run.told}"


def _chunks(corpus: Corpus, limit: int, rng: np.random.Generator) -> Iterator[Rolls]:
    """Phrases of training songs, as the models are trained on, some hundred at a time, `limit` in all."""
    codec, waiting, num = _codec(), list[tuple[int, NDArray[np.uint8]]](), 0
    for song in rng.permutation(corpus.split("train")).tolist():
        packed = codec.encode(corpus.score(song))["real"][: limit - num]
        if len(packed):
            waiting.append((song, packed))
            num += len(packed)
        if sum(len(some) for _, some in waiting) >= _AT_ONCE:
            yield _of_songs(codec, waiting)
            waiting = []
        if num >= limit:
            break
    if waiting:
        yield _of_songs(codec, waiting)


def _of_songs(codec: PhraseRolls, songs: Sequence[tuple[int, NDArray[np.uint8]]]) -> Rolls:
    cells = unpack(np.concatenate([some for _, some in songs]), *codec.shape[2:])
    song = np.repeat([number for number, _ in songs], [len(some) for _, some in songs]).astype(np.int64)
    return _rolls(codec, cells, song)


def _rolls(codec: PhraseRolls, cells: NDArray[np.bool_], song: NDArray[np.int64]) -> Rolls:
    (drums,) = codec.ensemble.drums
    return Rolls(cells, codec.lowest_pitch, codec.resolution, drums, codec.ensemble.names, song)


def _columns(rolls: Rolls) -> dict[str, Column]:
    song = np.repeat(rolls.song, rolls.cells.shape[2])
    values = {**as_published_bars(rolls, "v1"), **bar_metrics(rolls)}
    return {name: Column(numbers, song) for name, numbers in values.items()}


def _joined(parts: Sequence[Columns]) -> dict[str, Column]:
    return {
        name: Column(
            np.concatenate([part[name].values for part in parts]), np.concatenate([part[name].song for part in parts])
        )
        for name in parts[0]
    }
