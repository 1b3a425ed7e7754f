"""What a claim's models are measured by: variety under one condition, fresh examiners, histograms.

Axes: N bars, T step (16).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.codec import Rows
from antiphon.codecs.frames import FrameBars
from antiphon.data.corpus import Corpus
from antiphon.data.views import view
from antiphon.errors import InputError
from antiphon.evaluation.examiner.bars import frame_bars, melody_bars
from antiphon.evaluation.examiner.budget import Budget
from antiphon.evaluation.examiner.examination import examination
from antiphon.evaluation.examiner.material import Material
from antiphon.evaluation.metrics.in_training import measure

if TYPE_CHECKING:
    from antiphon.gan.objective import Objective

DISTINCT, EXAMINER = "distinct bars under one condition", "examiner AUC"
HISTOGRAMS: Mapping[str, str] = MappingProxyType(
    {
        "pitch changes a bar": "pitch_changes",
        "interval overlap": "interval_overlap",
        "pitch class overlap": "pitch_class_overlap",
    }
)
"""By column, the cheap metric of `antiphon.evaluation.metrics.in_training`."""

_MATERIALS: Mapping[str, Callable[..., Material]] = MappingProxyType({"frames": frame_bars, "melody": melody_bars})
_CONDITIONS = ("previous", "chord")


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Parameters
    ----------
    latents, conditions
        Bars under one condition, and how many conditions, spread evenly over held-out bars.
    bars
        Most real bars that examiners learn from, and as many that they are tested on; one is made for each.
    splits
        How often the examiners are trained anew.
    budget
        Of the examiners.
    """

    latents: int
    conditions: int
    bars: int
    splits: int
    budget: Budget


@dataclass(frozen=True)
class Heard:
    """Real bars to measure against: those that examiners learn from, and held-out ones."""

    kind: str
    other: Rows
    held: Rows

    @property
    def conditions(self) -> tuple[str, ...]:
        """The rows that are given beside a bar."""
        return tuple(name for name in _CONDITIONS if name in self.held)


def listen(corpus: Corpus, codec: Any, most: int) -> Heard:
    """Some real bars of training songs and of held-out ones, the same for every setting and seed.

    Raises
    ------
    InputError
        If one of the two has no bars for the codec, or the codec is not one of bars.
    """
    if codec.kind not in _MATERIALS:
        raise InputError(
            f"codec {codec.kind!r}: claims are measured on bars; choose a preset of {', '.join(_MATERIALS)}"
        )
    # A setting may learn from a selection; all are judged by the whole.
    whole = codec.model_copy(update={"num_splits": None}) if isinstance(codec, FrameBars) else codec
    rows = {split: view(corpus, whole, split, 1) for split in ("train", "valid", "test")}
    held = {name: np.concatenate([rows["valid"][name], rows["test"][name]]) for name in rows["valid"]}
    for called, some in (("training", rows["train"]), ("held-out", held)):
        if not len(some["real"]):
            raise InputError(f"{corpus.name}: no {called} songs with bars for {type(codec).__name__}; give more music")
    return Heard(codec.kind, _some(rows["train"], most), _some(held, most))


def figures(objective: "Objective", heard: Heard, effort: Effort, seed: int) -> dict[str, float]:
    """Every figure of a trained model, by column."""
    conditions = heard.conditions
    made = [_write(objective, len(rows["real"]), rows, conditions, seed) for rows in (heard.other, heard.held)]
    cheap = measure(heard.kind, {**heard.held, "real": made[1]}, heard.other)
    return {
        DISTINCT: _distinct(objective, heard, effort, seed),
        EXAMINER: _examined(heard, made, effort),
        **{column: cheap[name] for column, name in HISTOGRAMS.items()},
    }


def real_figures(heard: Heard) -> dict[str, float]:
    """The histograms' columns of the held-out bars themselves."""
    cheap = measure(heard.kind, heard.held, heard.other)
    return {column: cheap[name] for column, name in HISTOGRAMS.items()}


def _distinct(objective: "Objective", heard: Heard, effort: Effort, seed: int) -> float:
    from antiphon.gan.vitals import distinct_share

    num = len(heard.held["real"])
    chosen = np.unique(np.linspace(0, num - 1, effort.conditions).astype(int)) if heard.conditions else [0]
    shares = []
    for row in chosen:
        repeated = {name: np.repeat(heard.held[name][row : row + 1], effort.latents, 0) for name in heard.conditions}
        shares.append(distinct_share(_write(objective, effort.latents, repeated, heard.conditions, seed)))
    return float(np.mean(shares))


def _examined(heard: Heard, made: list[NDArray[np.uint8]], effort: Effort) -> float:
    """The worst kind's AUC, each made bar going with the song under whose conditions it was made."""
    held = np.repeat([False, True], [len(heard.other["real"]), len(heard.held["real"])])
    both = {name: np.concatenate([heard.other[name], heard.held[name]]) for name in ("real", "song", *heard.conditions)}
    given = {name: both[name] for name in heard.conditions}
    real, ours = (
        _MATERIALS[heard.kind](bars, **given, song=both["song"], held=sides)
        for bars, sides in ((both["real"], held), (np.concatenate(made), None))
    )
    heard_by_all = examination(real, ours, tuple(range(effort.splits)), effort.budget, same_songs=True)
    return heard_by_all.worst.auc


def _write(objective: "Objective", num: int, rows: Rows, conditions: tuple[str, ...], seed: int) -> NDArray[np.uint8]:
    import torch

    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        given = {name: torch.from_numpy(np.array(rows[name])) for name in conditions}
        return np.asarray(objective.sample(num, given).numpy(), np.uint8)


def _some(rows: Rows, most: int) -> Rows:
    chosen = np.sort(np.random.default_rng(0).permutation(len(rows["real"]))[:most])
    return {name: np.asarray(rows[name])[chosen] for name in ("real", "song", *_CONDITIONS) if name in rows}
