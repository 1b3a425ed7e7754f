"""What a claim's models are measured by: variety under one condition, fresh examiners, histograms."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.codec import Rows
from antiphon.codecs.frames import FrameBars
from antiphon.data.corpus import Corpus
from antiphon.data.views import view
from antiphon.errors import InputError
from antiphon.evaluation.examiner.budget import Budget
from antiphon.evaluation.examiner.examination import examination
from antiphon.reproductions.claim_ears import EARS, Ear

if TYPE_CHECKING:
    from antiphon.gan.objective import Objective

DISTINCT, EXAMINER = "distinct {} under one condition", "examiner AUC"


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Parameters
    ----------
    latents, conditions
        Rows made under one condition, and how many conditions, spread evenly over held-out rows.
    rows
        Most real rows that examiners learn from, and as many that they are tested on; one is made for each.
    splits
        How often the examiners are trained anew.
    budget
        Of the examiners.
    """

    latents: int
    conditions: int
    rows: int
    splits: int
    budget: Budget


@dataclass(frozen=True)
class Heard:
    """Real rows to measure against: those that examiners learn from, and held-out ones."""

    codec: Any
    other: Rows
    held: Rows

    @property
    def ear(self) -> Ear:
        """How such rows are heard."""
        return EARS[self.codec.kind]

    @property
    def given(self) -> tuple[str, ...]:
        """The names of the rows that are given beside the real ones."""
        return tuple(name for name in self.ear.given if name in self.held)


def listen(corpus: Corpus, codec: Any, most: int) -> Heard:
    """Some real rows of training songs and of held-out ones, the same for every setting and seed.

    Raises
    ------
    InputError
        If one of the two has no rows for the codec, or rows of its kind cannot be heard.
    """
    if codec.kind not in EARS:
        raise InputError(f"codec {codec.kind!r}: claims are measured on {', '.join(EARS)}; choose another preset")
    # A setting may learn from a selection; all are judged by the whole.
    whole = codec.model_copy(update={"num_splits": None}) if isinstance(codec, FrameBars) else codec
    rows = {split: view(corpus, whole, split, 1) for split in ("train", "valid", "test")}
    held = {name: np.concatenate([rows["valid"][name], rows["test"][name]]) for name in rows["valid"]}
    for called, some in (("training", rows["train"]), ("held-out", held)):
        if not len(some["real"]):
            raise InputError(f"{corpus.name}: no {called} songs with rows for {type(codec).__name__}; give more music")
    names = dict.fromkeys(("real", "song", *(name for name in EARS[codec.kind].given if name in held)))
    return Heard(whole, *(_some({name: some[name] for name in names}, most) for some in (rows["train"], held)))


def figures(objective: "Objective", heard: Heard, effort: Effort, seed: int) -> dict[str, float]:
    """Every figure of a trained model, by column."""
    made = [
        {**rows, "real": _write(objective, {name: rows[name] for name in heard.given}, len(rows["real"]), seed)}
        for rows in (heard.other, heard.held)
    ]
    return {
        DISTINCT.format(heard.ear.called): _distinct(objective, heard, effort, seed),
        EXAMINER: _examined(heard, made, effort),
        **heard.ear.columns(made[1], heard.other),
    }


def real_figures(heard: Heard) -> dict[str, float]:
    """The cheap columns of the held-out rows themselves."""
    return heard.ear.columns(heard.held, heard.other)


def _distinct(objective: "Objective", heard: Heard, effort: Effort, seed: int) -> float:
    from antiphon.gan.vitals import distinct_share

    num = len(heard.held["real"])
    chosen = np.unique(np.linspace(0, num - 1, effort.conditions).astype(int)) if heard.given else [0]
    shares = []
    for row in chosen:
        repeated = {name: np.repeat(heard.held[name][row : row + 1], effort.latents, 0) for name in heard.given}
        shares.append(distinct_share(_write(objective, repeated, effort.latents, seed)))
    return float(np.mean(shares))


def _examined(heard: Heard, made: list[dict[str, NDArray[Any]]], effort: Effort) -> float:
    """The worst kind's AUC, each made row going with the song under whose conditions it was made."""
    held = np.repeat([False, True], [len(heard.other["real"]), len(heard.held["real"])])
    real, ours = (
        heard.ear.material(heard.codec, {name: np.concatenate([one[name], other[name]]) for name in other}, sides)
        for (one, other), sides in (((heard.other, heard.held), held), (made, None))
    )
    return examination(real, ours, tuple(range(effort.splits)), effort.budget, same_songs=True).worst.auc


def _write(objective: "Objective", given: Rows, num: int, seed: int) -> NDArray[np.uint8]:
    import torch

    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        rows = {name: torch.from_numpy(np.array(values)) for name, values in given.items()}
        return np.asarray(objective.sample(num, rows).numpy(), np.uint8)


def _some(rows: Rows, most: int) -> Rows:
    chosen = np.sort(np.random.default_rng(0).permutation(len(rows["real"]))[:most])
    return {name: np.asarray(values)[chosen] for name, values in rows.items()}
