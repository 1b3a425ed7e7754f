"""The bar GAN's table: bars of each model under the conditions of held-out bars, beside real and shuffled ones.

`python -m benchmarks bar_table [--model FILE]`: the file; else every model file under `runs/bar_table`
(`recipes/bar.sh` puts the training seeds there, and their likelihood twins); else the shipped `bar`. Files named
NAME-0, NAME-1, ... are training seeds of one NAME, and their figures come together.

Intervals are over training seeds, where there are several. Each sampling seed has its own split of the examiners.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from antiphon.codecs.codec import Codec, Rows
from antiphon.data.corpus import Corpus
from antiphon.data.views import view
from antiphon.evaluation.baselines import shuffled_steps
from antiphon.evaluation.examiner.budget import Budget
from antiphon.evaluation.examiner.examination import Examination, examination, real_against_real
from antiphon.evaluation.examiner.material import Material
from antiphon.evaluation.metrics.in_training import measure
from antiphon.evaluation.sets.conditions import with_bar_before, with_chord
from antiphon.evaluation.sets.dependence import fits_of
from antiphon.generate import load
from antiphon.reproductions.claim_ears import EARS
from benchmarks.table import Row
from benchmarks.training_seeds import Figures, recipe_of, together

MODELS = Path("runs/bar_table")

_SAMPLING_SEEDS = 5
_LATENTS, _CONDITIONS = 500, 24
_QUICK = Budget(iterations=150, trees=60, checks=2)
_FIGURES = ("notes_a_bar", "held_bars", "silent_steps", "pitch_changes", "interval_overlap", "pitch_class_overlap")
_SHARES = {"held_bars", "silent_steps", "interval_overlap", "pitch_class_overlap", "distinct"}
_AUC = "examiner, worst of three"

_PURE, _STARTED = 0.62, 0.57
_NEAR: Mapping[str, Callable[[float], tuple[float, float]]] = {
    "notes_a_bar": lambda real: (0.95 * real, 1.05 * real),
    "held_bars": lambda real: (real - 0.02, real + 0.02),
    "silent_steps": lambda real: (real - 0.02, real + 0.02),
    "interval_overlap": lambda _: (0.95, 1.0),
    "pitch_class_overlap": lambda _: (0.95, 1.0),
    "gain by own chord": lambda real: (0.8 * real, 1.2 * real),
    "gain by own harmony": lambda real: (0.8 * real, 1.2 * real),
    "gain by own join": lambda real: (0.8 * real, 1.2 * real),
    "gain by own rhythm": lambda real: (0.8 * real, 1.2 * real),
}
"""Between which values a figure is to lie, given that of held-out songs."""


@dataclass(frozen=True)
class Sides:
    """Real rows of one codec: those of training songs and held-out ones, with songs numbered through."""

    codec: Codec
    train: Rows
    test: Rows

    @classmethod
    def of(cls, corpus: str, codec: Codec) -> "Sides":
        """The rows of a corpus; every song's, whatever a preset learns from."""
        whole = codec.model_copy(update={"num_splits": None}) if hasattr(codec, "num_splits") else codec
        train, test = (dict(view(Corpus.open(corpus), whole, split, 1)) for split in ("train", "test"))
        test["song"] = np.asarray(test["song"], np.int64) + int(np.max(train["song"])) + 1
        return cls(whole, train, test)

    @property
    def kind(self) -> str:
        """Of the codec."""
        return str(getattr(self.codec, "kind", ""))

    def material(self, train: NDArray[np.uint8], test: NDArray[np.uint8], real: bool) -> Material:
        """Bars in the places of the real ones as the examiners hear them."""
        names = [name for name in ("previous", "chord", "song") if name in self.test]
        rows = {name: np.concatenate([self.train[name], self.test[name]]) for name in names}
        held = np.repeat([False, True], [len(train), len(test)])
        return EARS[self.kind].material(
            self.codec, {**rows, "real": np.concatenate([train, test])}, held if real else None
        )


def run(quick: bool = False, model: str | None = None, corpus: str = "lieder") -> list[Row]:
    """Figures of each side; quick: one split, a fourth of the budget, one sampling seed."""
    files = [model] if model else [str(path) for path in sorted(MODELS.glob("*.safetensors"))] or ["bar"]
    groups: dict[str, list[list[Figures]]] = defaultdict(list)
    real: dict[str, Sides] = {}
    notes: dict[str, str] = {}
    kinds: dict[str, str] = {}
    rows: list[Row] = []
    for file in files:
        objective = load(file)
        codec = objective.codec
        kind = str(codec.kind)
        if kind not in real:
            real[kind] = Sides.of(corpus, codec)
            rows += _baselines(real[kind], quick)
        found, note = _graded(objective.objective, real[kind], quick)
        group = recipe_of(file)
        groups[group].append(found)
        notes[group], kinds[group] = note, kind
    truth = {kind: _cheap(sides, np.asarray(sides.test["real"]), sides.train) for kind, sides in real.items()}
    for group, seeds in groups.items():
        rows += _together(group, seeds, notes[group], truth[kinds[group]])
    return rows


def _baselines(sides: Sides, quick: bool) -> Iterator[Row]:
    """The real rows themselves, against other real songs, and shuffled."""
    for name, value in _cheap(sides, np.asarray(sides.test["real"]), sides.train).items():
        yield Row(f"real {sides.kind}: {name}", *_shown(name, value))
    whole = sides.material(np.asarray(sides.train["real"]), np.asarray(sides.test["real"]), real=True)
    budget, seeds = (_QUICK, range(1)) if quick else (Budget(), range(3))
    yield _auc(f"real {sides.kind} against real", real_against_real(whole, tuple(seeds), budget))
    rng = np.random.default_rng(0)
    mixed = [shuffled_steps(np.asarray(rows["real"]), rng) for rows in (sides.train, sides.test)]
    shuffled = sides.material(mixed[0], mixed[1], real=False)
    yield _auc(f"shuffled {sides.kind}", examination(whole, shuffled, (0,), budget, same_songs=True))


def _graded(objective: Any, sides: Sides, quick: bool) -> tuple[list[Figures], str]:
    """The figures of each sampling seed; what the three kinds of examiner heard in the last."""
    whole = sides.material(np.asarray(sides.train["real"]), np.asarray(sides.test["real"]), real=True)
    found, note = [], ""
    for seed in range(1 if quick else _SAMPLING_SEEDS):
        train, test = (_written(objective, rows, seed) for rows in (sides.train, sides.test))
        # One split of the examiners for each sampling seed: both are chance of the measurement.
        made = sides.material(train, test, real=False)
        heard = examination(whole, made, (seed,), _QUICK if quick else Budget(), same_songs=True)
        found.append(
            {**_cheap(sides, test, sides.test), "distinct": _distinct(objective, sides, seed), _AUC: heard.worst.auc}
        )
        note = ", ".join(f"{kind.kind} {kind.auc:.3f}" for kind in heard.kinds)
    return found, note


def _cheap(sides: Sides, bars: NDArray[np.uint8], others: Rows) -> Figures:
    """Figures of bars in the places of the held-out ones; overlaps are with `others`."""
    values = measure(sides.kind, {**sides.test, "real": bars}, others)
    found = {name: values[name] for name in _FIGURES}
    if sides.kind != "melody":
        return found
    previous, chord, song = (np.asarray(sides.test[name]) for name in ("previous", "chord", "song"))
    pairings = {"chord": with_chord(bars, previous, chord, song), **with_bar_before(bars, previous, song)}
    return found | {f"gain by own {name}": fits_of(pairing, 0, 1).gap.value for name, pairing in pairings.items()}


def _distinct(objective: Any, sides: Sides, seed: int) -> float:
    """Mean share of different bars among 500 latents over conditions spread evenly."""
    chosen = np.linspace(0, len(sides.test["real"]) - 1, _CONDITIONS).astype(int)
    given = ({n: np.repeat(np.asarray(v)[row : row + 1], _LATENTS, 0) for n, v in sides.test.items()} for row in chosen)
    # Bars of any codec, which have classes of their own.
    return float(np.mean([len(np.unique(_written(objective, rows, seed), axis=0)) / _LATENTS for rows in given]))


def _written(objective: Any, rows: Mapping[str, Any], seed: int) -> NDArray[np.uint8]:
    """A bar for each row's conditions."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        given = {n: torch.from_numpy(np.array(rows[n])) for n in ("previous", "chord") if n in rows}
        return np.asarray(objective.sample(len(rows["real"]), given).numpy(), np.uint8)


def _together(name: str, seeds: list[list[Figures]], note: str, real: Figures) -> Iterator[Row]:
    for figure in seeds[0][0]:
        scale, unit = _unit(figure)
        value, over = together(seeds, figure, scale)
        yield Row(f"{name}: {figure}", value, unit, _goal(name, figure, real), over + (f"; {note}" * (figure == _AUC)))


def _goal(name: str, figure: str, real: Figures) -> str:
    if figure == _AUC:
        return f"at most {_PURE if name == 'bar-gan' else _STARTED}"
    if figure not in _NEAR or figure not in real:
        return ""
    low, high = (_shown(figure, end)[0] for end in _NEAR[figure](real[figure]))
    return f"{low:.3g} to {high:.3g}"


def _shown(figure: str, value: float) -> tuple[float, str]:
    scale, unit = _unit(figure)
    return scale * value, unit


def _unit(figure: str) -> tuple[float, str]:
    """By what a figure is multiplied, and its unit."""
    return (100, "%") if figure in _SHARES else (1, "AUC" if figure == _AUC else "")


def _auc(name: str, heard: Examination) -> Row:
    low, high = heard.worst.auc_interval
    kinds = ", ".join(f"{kind.kind} {kind.auc:.3f}" for kind in heard.kinds)
    return Row(f"{name}: {_AUC}", heard.worst.auc, "AUC", "", f"{low:.3f} to {high:.3f}; {kinds}")
