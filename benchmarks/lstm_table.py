"""The LSTM GAN's table: sequences of 512 notes of each model beside held-out songs, shuffled ones and other real songs.

`python -m benchmarks lstm_table [--model FILE]`: the shipped `lstm`, or the file, and every other model file under
`runs/lstm_table` (`recipes/lstm.sh` puts the likelihood twin, the paper's preset and the released code's there).

Each held-out song gives its metre and where in the bar it begins; a model writes 512 notes from there. Velocities are
no model's, so all sides are as loud. Overlaps are of all notes with those of the held-out songs, intervals over songs.
"""

from collections.abc import Callable, Iterator, Mapping
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

LENGTH, WINDOW = 512, 64
"""Notes a sequence, and notes that an examiner hears at once."""

MODELS = Path("runs/lstm_table")

_QUICK = Budget(iterations=150, trees=60, checks=2)
_GOALS = {
    "pitch": "at least 85 %",
    "duration": "at least 85 %",
    "inter_onset": "at least 80 %",
    "interval": "at least 80 %",
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


def run(quick: bool = False, model: str = "lstm", corpus: str = "lieder") -> list[Row]:
    """Overlaps, distinct runs and the examiner's AUC of each side; quick: one split, a fourth of the budget."""
    real = {split: sequences(corpus, split) for split in ("train", "test")}
    files = {Path(model).stem: model} | {path.stem: str(path) for path in sorted(MODELS.glob("*.safetensors"))}
    rng = np.random.default_rng(0)
    others = _some(real["train"], len(real["test"].notes), rng)
    rest = _without(real["train"], others)
    sides: dict[str, Callable[[Lines, int], Lines]] = {
        "other real songs": lambda like, seed: _some(
            rest if seed else others, len(like.notes), np.random.default_rng(seed)
        ),
        "shuffled": lambda like, seed: Lines(_shuffled(like.notes, np.random.default_rng(seed)), like.metre),
        **{name: _writer(file) for name, file in files.items()},
    }
    rows = list(_figures("held-out songs", real["test"], real["test"]))
    for name, side in sides.items():
        made = side(real["test"], 0)
        rows += _figures(name, made, real["test"])
        taught = side(_some(real["train"], len(made.notes), rng), 1)
        rows.append(_examined(name, real, made, taught, quick))
    return rows


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


def _writer(file: str) -> Callable[[Lines, int], Lines]:
    return lambda like, seed: write(file, like, seed)


def _figures(name: str, made: Lines, real: Lines) -> Iterator[Row]:
    own, other = (histograms(side.notes, np.full(len(side.notes), LENGTH)) for side in (made, real))
    rng = np.random.default_rng(0)
    for histogram in HISTOGRAMS:
        value = overlap(own[histogram].sum(0), other[histogram].sum(0))
        spread = [overlap(_drawn(own[histogram], rng), _drawn(other[histogram], rng)) for _ in range(_RESAMPLES)]
        yield Row(f"{name}: {histogram} overlap", 100 * value, "%", _GOALS[histogram], _between(spread, 100))
    share, of_real = (distinct_notes(side.notes, np.full(len(side.notes), LENGTH)) for side in (made, real))
    spread = [float(rng.choice(share, len(share)).mean()) for _ in range(_RESAMPLES)]
    goal = f"{90 * of_real.mean():.1f} to {110 * of_real.mean():.1f} %"
    yield Row(f"{name}: distinct 4-grams", 100 * float(share.mean()), "%", goal, _between(spread, 100))


def _examined(name: str, real: dict[str, Lines], made: Lines, taught: Lines, quick: bool) -> Row:
    """Examiners learn from training songs and `taught`, and are tried on held-out songs and `made`."""
    seeds, budget = (range(1), _QUICK) if quick else (range(3), Budget())
    truth = _windows(real["train"], real["test"])
    found: Examination = examination(truth, _windows(taught, made), seeds, budget)
    low, high = found.worst.auc_interval
    kinds = ", ".join(f"{kind.kind} {kind.auc:.3f}" for kind in found.kinds)
    return Row(
        f"{name}: examiner, worst of three", found.worst.auc, "AUC", "at most 0.85", f"{low:.3f} to {high:.3f}; {kinds}"
    )


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
