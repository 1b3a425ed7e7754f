"""The LSTM GAN's table: sequences of 512 notes of each model beside held-out songs, shuffled ones and other real songs.

`python -m benchmarks lstm_table [--model FILE]`: the file; else every model file under `runs/lstm_table`
(`recipes/lstm.sh` puts the training seeds there, the game, the paper's preset and the released code's); else the
shipped `lstm`. Files named NAME-0, NAME-1, ... are training seeds of one NAME, and their figures come together.

Each held-out song gives its metre and where in the bar it begins; a model writes 512 notes from there. Velocities are
no model's, so all sides are as loud. Overlaps are of all notes with those of the held-out songs. Intervals are over
songs for real and shuffled music, and over training seeds for models that have several; each sampling seed has its own
split of the examiners.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from antiphon.asked import LEARNT
from antiphon.codecs.chords import triad_code
from antiphon.codecs.notes import NoteSequences
from antiphon.composing import PROGRESSIONS
from antiphon.data.corpus import Corpus
from antiphon.evaluation.examiner.budget import Budget
from antiphon.evaluation.examiner.events import events
from antiphon.evaluation.examiner.examination import Examination, examination
from antiphon.evaluation.examiner.material import Material
from antiphon.evaluation.metrics.in_training import overlap
from antiphon.evaluation.metrics.note_lines import HISTOGRAMS, distinct_notes, histograms
from antiphon.evaluation.notes import Notes
from antiphon.families.lstm.brief import Brief
from antiphon.families.lstm.note_networks import NUM_CLASSES
from antiphon.families.lstm.note_objective import LstmObjective
from antiphon.families.lstm.objective import LstmGan
from antiphon.generate import load
from antiphon.music.progressions import draw_key
from antiphon.nn.straight_through import gumbel
from antiphon.writers.notes import draw_brief, plan_of
from benchmarks.table import Row
from benchmarks.training_seeds import Figures, recipe_of, together

LENGTH, WINDOW = 512, 64
"""Notes a sequence, and notes that an examiner hears at once."""

MODELS = Path("runs/lstm_table")

_QUICK = Budget(iterations=150, trees=60, checks=2)
_SAMPLING_SEEDS = 5
# What examiners learn from is drawn apart from what they are tried on.
_APART = 1000
_AUC, _DISTINCT = "examiner, worst of three", "distinct 4-grams"
_UNITS = (100, "%"), (1, "AUC")
_GOALS = {
    "pitch overlap": "at least 85 %",
    "duration overlap": "at least 85 %",
    "inter_onset overlap": "at least 80 %",
    "interval overlap": "at least 80 %",
    _AUC: "at most 0.85",
}
_RESAMPLES = 1000
# No song has so many in 512 notes.
_BARS = 256
_NONE: Mapping[str, torch.Tensor] = {}


class Lines(NamedTuple):
    """Sequences (n, 512, 3) of pitch, duration less one and offset, and of each the steps of a bar and the first
    note's place in it, (n, 2)."""

    notes: NDArray[np.uint8]
    metre: NDArray[np.int64]


def run(quick: bool = False, model: str | None = None, corpus: str = "lieder") -> list[Row]:
    """Overlaps, distinct runs and the examiner's AUC of each side; quick: one sampling seed, a fourth of the budget."""
    real = {split: sequences(corpus, split) for split in ("train", "test")}
    rows = _baselines(real, quick)
    files = [model] if model else [str(path) for path in sorted(MODELS.glob("*.safetensors"))] or ["lstm"]
    groups: dict[str, list[list[Figures]]] = defaultdict(list)
    notes: dict[str, str] = {}
    for file in files:
        found, notes[recipe_of(file)] = _graded(file, real, quick)
        groups[recipe_of(file)].append(found)
    for group, seeds in groups.items():
        for figure in seeds[0][0]:
            scale, unit = _UNITS[figure == _AUC]
            value, over = together(seeds, figure, scale)
            more = f"; {notes[group]}" * (figure == _AUC)
            rows.append(Row(f"{group}: {figure}", value, unit, _goal(figure, real["test"]), over + more))
    return rows


def _baselines(real: Mapping[str, Lines], quick: bool) -> list[Row]:
    """Held-out songs, as many other songs, and the held-out ones shuffled."""
    rng = np.random.default_rng(0)
    others = _some(real["train"], len(real["test"].notes), rng)
    more = _some(_without(real["train"], others), len(others.notes), rng)
    shuffled = [Lines(_shuffled(side.notes, rng), side.metre) for side in (real["test"], more)]
    rows = list(_figures("held-out songs", real["test"], real["test"]))
    sides: dict[str, tuple[Lines, Lines]] = {"other real songs": (others, more), "shuffled": (shuffled[0], shuffled[1])}
    for name, (made, taught) in sides.items():
        rows += _figures(name, made, real["test"])
        found = _examined(real, made, taught, range(1 if quick else 3), quick)
        low, high = found.worst.auc_interval
        rows.append(Row(f"{name}: {_AUC}", found.worst.auc, "AUC", "", f"{low:.3f} to {high:.3f}; {_kinds(found)}"))
    return rows


def _graded(file: str, real: Mapping[str, Lines], quick: bool) -> tuple[list[Figures], str]:
    """The figures of each sampling seed; what the three kinds of examiner heard in the last."""
    found, note, length = [], "", np.full(len(real["test"].notes), LENGTH)
    held = histograms(real["test"].notes, length)
    for seed in range(1 if quick else _SAMPLING_SEEDS):
        like = _some(real["train"], len(length), np.random.default_rng(seed))
        made, taught = write(file, real["test"], seed), write(file, like, _APART + seed)
        heard = _examined(real, made, taught, (seed,), quick)
        own = histograms(made.notes, length)
        figures = {f"{name} overlap": overlap(own[name].sum(0), held[name].sum(0)) for name in HISTOGRAMS}
        distinct = float(distinct_notes(made.notes, length).mean())
        found.append({**figures, _DISTINCT: distinct, _AUC: heard.worst.auc})
        note = _kinds(heard)
    return found, note


def _goal(figure: str, real: Lines) -> str:
    if figure != _DISTINCT:
        return _GOALS[figure]
    share = 100 * distinct_notes(real.notes, np.full(len(real.notes), LENGTH)).mean()
    return f"{0.9 * share:.1f} to {1.1 * share:.1f} %"


def sequences(corpus: str, split: str) -> Lines:
    """The first 512 notes of each song of a split that has as many."""
    source, codec = Corpus.open(corpus), NoteSequences(length=LENGTH)
    found = [rows for song in source.split(split) if (rows := codec.encode(source.score(int(song))))["length"].size]
    whole = [rows for rows in found if rows["length"][0] == LENGTH]
    metre = [[max(int(rows["bar"][0, 0]), 1), int(rows["place"][0, 0])] for rows in whole]
    return Lines(np.stack([rows["real"][0] for rows in whole]), np.array(metre, np.int64))


def write(file: str, like: Lines, seed: int, changes: Mapping[str, torch.Tensor] = _NONE) -> Lines:
    """As many sequences as `like` has, in its metres; `changes` take the place of an `lstm` model's own buffers."""
    objective = load(file).objective
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        if isinstance(objective, LstmGan):
            each = LENGTH // objective.config.sequence_length
            latent = torch.randn(len(like.notes), each, objective.config.latent_dim)
            return Lines(objective.rows_of(latent).numpy(), like.metre)
        assert isinstance(objective, LstmObjective)
        objective.load_state_dict(dict(changes), strict=False)
        place, bar = torch.from_numpy(like.metre[:, 1]), torch.from_numpy(like.metre[:, 0])
        given = place * 0
        brief = _brief(objective, len(place), seed)
        state, rows = objective.generator.begin(place, bar), []
        for begin in range(0, LENGTH, WINDOW):
            noise = gumbel(torch.randn(len(place), WINDOW, NUM_CLASSES, dtype=torch.float64)).float()
            more, state = objective.go_on(state, brief, noise, None if begin else given)
            rows.append(more)
        return Lines(torch.cat(rows, 1).numpy(), like.metre)


def _brief(objective: LstmObjective, num: int, seed: int) -> Brief:
    """Chords by the shipped model `chords` in keys by chance, traits and returns by the model's own habits; no end."""
    chances = [np.random.default_rng([seed, song]) for song in range(num)]
    composed = PROGRESSIONS[LEARNT]()([draw_key(chance) for chance in chances], _BARS, [None] * num, chances)
    codes = np.array([[triad_code(chord) for chord in song] for song in composed], np.uint8)
    brief = draw_brief(objective.generator.habits, chances, plan_of(codes, ends=False))
    return brief._replace(traits=brief.traits.float())


def _figures(name: str, made: Lines, real: Lines) -> Iterator[Row]:
    own, other = (histograms(side.notes, np.full(len(side.notes), LENGTH)) for side in (made, real))
    rng = np.random.default_rng(0)
    for histogram in HISTOGRAMS:
        value = overlap(own[histogram].sum(0), other[histogram].sum(0))
        spread = [overlap(_drawn(own[histogram], rng), _drawn(other[histogram], rng)) for _ in range(_RESAMPLES)]
        yield Row(f"{name}: {histogram} overlap", 100 * value, "%", "", _between(spread, 100))
    share = distinct_notes(made.notes, np.full(len(made.notes), LENGTH))
    spread = [float(rng.choice(share, len(share)).mean()) for _ in range(_RESAMPLES)]
    yield Row(f"{name}: {_DISTINCT}", 100 * float(share.mean()), "%", "", _between(spread, 100))


def _examined(real: Mapping[str, Lines], made: Lines, taught: Lines, seeds: Sequence[int], quick: bool) -> Examination:
    """Examiners learn from training songs and `taught`, and are tried on held-out songs and `made`."""
    truth = _windows(real["train"], real["test"])
    return examination(truth, _windows(taught, made), tuple(seeds), _QUICK if quick else Budget())


def _kinds(found: Examination) -> str:
    return ", ".join(f"{kind.kind} {kind.auc:.3f}" for kind in found.kinds)


def _windows(learnt: Lines, held: Lines) -> Material:
    pieces = [*_pieces(learnt), *_pieces(held)]
    mask = np.arange(len(pieces)) >= len(learnt.notes)
    return events(pieces, held=mask, length=WINDOW)


def _pieces(lines: Lines) -> list[Notes]:
    codec, pieces = NoteSequences(length=LENGTH), []
    for notes, (bar, place) in zip(lines.notes, lines.metre, strict=True):
        placed = notes.copy()
        placed[0, 2] = min(int(place), codec.longest)
        pieces.append(Notes.from_score(codec.decode(placed, metre=(int(bar), 16))))
    return pieces


def _some(lines: Lines, num: int, rng: np.random.Generator) -> Lines:
    chosen = rng.permutation(len(lines.notes))[:num]
    return Lines(lines.notes[chosen], lines.metre[chosen])


def _without(lines: Lines, others: Lines) -> Lines:
    known = {notes.tobytes() for notes in others.notes}
    kept = np.array([notes.tobytes() not in known for notes in lines.notes])
    return Lines(lines.notes[kept], lines.metre[kept])


def _shuffled(notes: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The notes of each song in random order."""
    return np.stack([line[rng.permutation(len(line))] for line in notes])


def _drawn(counts: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """The sum over songs (values,) drawn with replacement."""
    return np.asarray(counts[rng.integers(len(counts), size=len(counts))].sum(0))


def _between(values: list[float], scale: float) -> str:
    low, high = np.quantile(values, (0.025, 0.975))
    return f"{scale * low:.1f} to {scale * high:.1f}"
