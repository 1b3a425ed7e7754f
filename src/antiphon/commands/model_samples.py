"""Samples of a model, made to be evaluated: songs, bars under the conditions of real ones, bars under one condition."""

import base64
import tempfile
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from antiphon.codecs.codec import Rows
from antiphon.codecs.melody import LOWEST, NUM_PITCHES, REST
from antiphon.data import container
from antiphon.errors import InputError
from antiphon.evaluation.measures import Column, Number
from antiphon.evaluation.metrics.bars import distinct_share
from antiphon.evaluation.report.report import Row, Section
from antiphon.evaluation.suite.comparing import number
from antiphon.evaluation.suite.gather import gather
from antiphon.evaluation.suite.parts import melody_rows
from antiphon.evaluation.suite.songs import Songs, in_memory
from antiphon.fit import publish_run
from antiphon.gan.objective import Objective
from antiphon.generate import Model, load
from antiphon.model_files import names
from antiphon.training.checkpoint import CHECKPOINT
from antiphon.training.curves import CURVES, METRICS

PROTOCOLS_OF_FAMILIES = {
    "bar": "bar",
    "midinet": "bar",
    "lstm": "lstm",
    "lstm-gan": "lstm",
    "chords": "lstm",
    "musegan": "musegan",
    "band": "musegan",
    "transformer": "transformer-gan",
}
LATENTS, CONDITIONS = 500, 24
"""Latents under one condition, and how many conditions, spread evenly over the real bars."""


@dataclass(frozen=True)
class Source:
    """A model, where it comes from, and what its training looked like.

    Parameters
    ----------
    model
        Ready to write.
    corpus
        The corpus that it was trained on, where that is embedded; else empty.
    protocol
        What suits its family.
    training
        Preset, seed and length of the training: equal for equal trainings.
    training_curve
        PNG as base64 text of its run, or empty.
    """

    model: Model
    corpus: str
    protocol: str
    training: str
    training_curve: str = ""


def is_model(samples: str) -> bool:
    """Whether samples are to be made first: by a shipped model, a model file, or a run's latest state."""
    return samples in names() or samples.endswith(".safetensors") or (Path(samples) / CHECKPOINT).is_file()


def near_model(samples: str) -> str | None:
    """The shipped model that a name which is nothing else may mean."""
    if Path(samples).exists() or container.named(samples.partition(":")[0]):
        return None
    return next(iter(get_close_matches(samples, names(), n=1)), None)


def open_model(samples: str) -> Source:
    """Load what `is_model` recognised; a run is published to a file that does not stay.

    Raises
    ------
    InputError
        As `antiphon.generate.load` and `antiphon.fit.publish_run`.
    """
    run = Path(samples)
    if not (run / CHECKPOINT).is_file():
        return _source(load(samples))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{run.name or 'run'}.safetensors"
        publish_run(run, file)
        model = load(file)
    picture = next((run / name for name in (METRICS, CURVES) if (run / name).is_file()), None)
    curve = base64.b64encode(picture.read_bytes()).decode() if picture else ""
    return _source(model, curve)


def _source(model: Model, curve: str = "") -> Source:
    corpus = str((model.card.get("corpus") or {}).get("name", ""))
    family = str(model.config.family.kind)
    training = ", ".join(f"{key} {model.card.get(key)}" for key in ("preset", "seed", "iteration"))
    protocol = PROTOCOLS_OF_FAMILIES.get(family, "all")
    return Source(model, corpus if container.named(corpus) else "", protocol, training, curve)


def written_songs(model: Model, num: int, bars: int, seed: int) -> Songs:
    """Songs that the model writes, each over chords of its own; performances, which know no bars, last as long as so
    many at 120 beats a minute."""
    if num < 1:
        raise InputError(f"num {num}: at least one song has to be written to be evaluated")
    free = model.config.family.kind == "transformer"
    songs = model.generate(seconds=2 * bars, num=num, seed=seed) if free else model.generate(bars, num=num, seed=seed)
    return in_memory(model.name, songs, "model")


def takes_conditions(model: Model) -> bool:
    """Whether the model writes melody bars under a bar before and a chord."""
    return str(model.config.family.kind) == "bar"


def conditioned_bars(model: Model, real: Songs, seed: int) -> Songs:
    """One bar of the model for each bar of the real songs' melodies, under that bar's conditions.

    Raises
    ------
    InputError
        If no real song has such bars.
    """
    found = gather(real, melody_rows, "read conditions")
    if not found.found:
        raise InputError(f"{real.name}: none of its songs has melody bars to make others under their conditions")
    counts = [len(rows["real"]) for rows in found.found]
    condition = {name: np.concatenate([rows[name] for rows in found.found]) for name in ("previous", "chord")}
    pieces = np.split(sampled(model.objective, condition, seed), np.cumsum(counts)[:-1])
    entries = tuple({**rows, "real": piece} for rows, piece in zip(found.found, pieces, strict=True))
    kept = real.only(found.songs)
    name = f"{model.name} under the conditions of {real.name}"
    return Songs(name, "bars", kept.ids, kept.groups, kept.splits, entries)


def one_condition_section(model: Model, real: Songs, made: Songs, seed: int) -> Section:
    """How many different bars one condition gives, and notes outside the melody's two octaves."""
    found = gather(real, melody_rows, "read conditions").found
    rows = {name: np.concatenate([one[name] for one in found]) for name in ("previous", "chord")}
    shares = distinct_shares(model.objective, rows, seed)
    opening = {"previous": np.full_like(rows["previous"][:1], REST), "chord": np.zeros_like(rows["chord"][:1])}
    spread = number(Column(shares, np.arange(len(shares), dtype=np.int64)), seed)
    source = "bar GAN, section V; distinct-n of Li et al. 2016, over bars"
    sentence = f"How many different bars {LATENTS} latents give under one and the same condition."
    first = Number(_distinct(model.objective, opening, seed), num_units=LATENTS)
    return Section(
        "One condition, many latents",
        f"{len(shares)} conditions of real songs; the interval is over conditions, which range from {shares.min():.1%} "
        f"to {shares.max():.1%}. The released bar GAN gives 30 %.",
        (
            Row("distinct_bars_of_one_condition", sentence, source, "%", spread),
            Row("distinct_bars_of_an_opening", f"{sentence} Here: silence before, C major.", source, "%", first),
            _outside(made, seed),
        ),
    )


def _outside(made: Songs, seed: int) -> Row:
    shares = []
    for index in range(len(made)):
        pitches = made.score(index).tracks[0].notes["pitch"]
        shares.append(
            float(((pitches < LOWEST) | (pitches >= LOWEST + NUM_PITCHES)).mean()) if len(pitches) else np.nan
        )
    column = Column(np.array(shares), np.arange(len(shares), dtype=np.int64))
    sentence = "Share of a song's melody notes outside MIDI 60 to 83, the two octaves that melodies are written in."
    return Row("notes_outside_range", sentence, "bar GAN, section IV", "%", number(column, seed))


def distinct_shares(objective: Objective, rows: Rows, seed: int) -> NDArray[np.float64]:
    """The share of different bars among `LATENTS` for each of `CONDITIONS` conditions, spread evenly over the rows."""
    chosen = np.unique(np.linspace(0, len(rows["chord"]) - 1, CONDITIONS).astype(int))
    conditions = ({name: rows[name][i : i + 1] for name in ("previous", "chord")} for i in chosen)
    return np.array([_distinct(objective, condition, seed) for condition in conditions])


def sampled(objective: Objective, condition: Rows, seed: int) -> NDArray[np.uint8]:
    """One bar (n, 16) for each row of a condition; torch's own chance is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        tensors = {name: torch.from_numpy(np.array(condition[name])) for name in ("previous", "chord")}
        return np.asarray(objective.sample(len(condition["chord"]), tensors).numpy(), np.uint8)


def _distinct(objective: Objective, condition: Rows, seed: int) -> float:
    repeated = {name: np.repeat(values, LATENTS, axis=0) for name, values in condition.items()}
    return distinct_share(sampled(objective, repeated, seed))
