"""How the shipped `bar` compares with songs it never saw: statistics, distinct bars, what a fresh examiner hears."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from antiphon.codecs.codec import Rows
from antiphon.codecs.melody import NUM_CLASSES, REST
from antiphon.data.corpus import Corpus
from antiphon.data.views import view
from antiphon.evaluation import bars as stats
from antiphon.evaluation.examiner import Bars, examine
from antiphon.generate import load
from benchmarks.table import Row

if TYPE_CHECKING:
    from antiphon.gan.objective import Objective

Array = NDArray[np.uint8]
_LATENTS = 500
_CONDITIONS = 24


def run(quick: bool = False, model: str = "bar", corpus: str = "lieder") -> list[Row]:
    """The figures of `model` (a shipped name or a model file) on the held-out songs of `corpus`."""
    loaded = load(model)
    held = view(Corpus.open(corpus), loaded.codec, "test")
    torch.manual_seed(0)
    fake = sample(loaded.objective, held)
    return [
        *statistics(held, fake),
        *diversity(loaded.objective, held, 4 if quick else _CONDITIONS),
        *examination(held, fake, 1 if quick else 5),
    ]


def sample(objective: "Objective", rows: Rows) -> Array:
    """One made bar for each row, under that row's conditions."""
    condition = {name: torch.from_numpy(np.array(rows[name])) for name in ("previous", "chord")}
    return np.asarray(objective.sample(len(rows["chord"]), condition).numpy())


def statistics(held: Rows, fake: Array) -> list[Row]:
    """Made bars against the real bars that have the same conditions."""
    real, previous = np.asarray(held["real"]), np.asarray(held["previous"])
    changes = stats.pitch_changes(real, previous), stats.pitch_changes(fake, previous)
    still = stats.held_share(real, previous), stats.held_share(fake, previous)
    notes = stats.onsets(real), stats.onsets(fake)
    rests = stats.rest_share(real), stats.rest_share(fake)
    outside = float((fake >= NUM_CLASSES).mean())
    return [
        Row("pitch changes a bar", changes[1], "", "within 15 % of real", f"real {changes[0]:.3g}; published v2 12.8"),
        Row("held bars", 100 * still[1], "%", "within 5 points of real", f"real {100 * still[0]:.3g} %"),
        Row("notes a bar", notes[1], "", "", f"real {notes[0]:.3g}"),
        Row("silent steps", 100 * rests[1], "%", "", f"real {100 * rests[0]:.3g} %"),
        Row("notes outside 60-83", 100 * outside, "%", "0", f"of {len(fake)} bars; published v2 0.33 %"),
    ]


def diversity(objective: "Objective", held: Rows, num_conditions: int) -> list[Row]:
    """Different bars among 500 latents under one condition: over held-out rows, and where a song begins over C."""
    chosen = np.linspace(0, len(held["chord"]) - 1, num_conditions).astype(int)
    conditions = [{name: held[name][index : index + 1] for name in ("previous", "chord")} for index in chosen]
    opening = {"previous": np.full_like(held["previous"][:1], REST), "chord": np.zeros_like(held["chord"][:1])}
    shares = [100 * _distinct(objective, condition) for condition in conditions]
    note = (
        f"mean of {num_conditions} conditions, {min(shares):.3g} to {max(shares):.3g}, median {np.median(shares):.3g}"
    )
    name = f"distinct bars of {_LATENTS} latents"
    return [
        Row(name, float(np.mean(shares)), "%", "at least 95", f"{note}; published v2 30 %"),
        Row(f"{name}, opening a song over C", 100 * _distinct(objective, opening), "%", "at least 95"),
    ]


def _distinct(objective: "Objective", condition: Rows) -> float:
    rows = {name: np.repeat(values, _LATENTS, axis=0) for name, values in condition.items()}
    return stats.distinct_share(sample(objective, rows))


def examination(held: Rows, fake: Array, repeats: int) -> list[Row]:
    """AUC of fresh examiners, mean and range over seeds; half of the held-out songs teach, the other half test."""
    real = Bars(np.asarray(held["real"]), np.asarray(held["previous"]), np.asarray(held["chord"]))
    made = Bars(fake, real.previous, real.chord)
    songs = np.unique(held["song"])
    rng = np.random.default_rng(0)
    rows = []
    others = {
        "made bars": (real, made, "at most 0.70"),
        "made bars, conditions hidden": (real.bare(), made.bare(), "at most 0.70"),
        "real bars (floor)": (real.bare(), real.bare(), "0.5"),
        "real bars under another condition": (real, real.shuffled_conditions(rng), ""),
        "real bars, steps shuffled": (real.bare(), real.shuffled_steps(rng).bare(), ""),
    }
    for name, (true, other, target) in others.items():
        scores = []
        for seed in range(repeats):
            first = np.isin(held["song"], np.random.default_rng(seed).permutation(songs)[: len(songs) // 2])
            learn, test = _separate(first, seed, floor=true is other)
            scores.append(examine(true[learn[0]], other[learn[1]], true[test[0]], other[test[1]], seed=seed))
        note = f"{repeats} examiners, {min(scores):.3f} to {max(scores):.3f}; 300 iterations"
        rows.append(Row(f"examiner: {name}", float(np.mean(scores)), "AUC", target, note))
    return rows


def _separate(
    first: NDArray[np.bool_], seed: int, floor: bool
) -> tuple[tuple[NDArray[np.intp], NDArray[np.intp]], tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Row numbers (real, other) to learn from and to be tested on; for the floor, no row is on both sides."""
    parts = []
    for side in (first, ~first):
        rows = np.flatnonzero(side)
        if floor:
            rows = np.random.default_rng(seed).permutation(rows)
            parts.append((rows[::2], rows[1::2]))
        else:
            parts.append((rows, rows))
    return parts[0], parts[1]
