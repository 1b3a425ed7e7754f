"""Measures of a running GAN: variety of its samples, balance of its players, course of its log."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from antiphon.gan.losses import AdversarialLoss
from antiphon.gan.probe import as_array, as_rows, roc_auc

Samples = ArrayLike | Tensor
"""Arrays of categories (N, ...), such as the pitch or class of every step."""
History = Sequence[Mapping[str, float]]
"""Records of a run, oldest first; figures are known by the ends of their names, such as "/confidence_real"."""
Measures = dict[str, float]

MIN_SAMPLES = 32
"""Fewer samples say nothing about variety."""
ENOUGH_SAMPLES = 200
"""With so many equally common samples a model has not collapsed, however many more real data have."""
MIN_RECORDS = 8
"""Fewer records show no course."""
MAX_RECENT = 50
"""Records that count as recent at most; at least a quarter of a short history."""
_PLAYED = ("discriminator/loss", "generator/loss")


@dataclass(frozen=True)
class TrackEvidence:
    """One track of samples that have several, made ones beside real ones.

    Parameters
    ----------
    real, fake
        Categories (N, S), such as the highest pitch of every step.
    real_density, fake_density
        How much of the track sounds, of all that could: (N,), from 0 to 1.
    """

    real: Samples
    fake: Samples
    real_density: Samples
    fake_density: Samples


@dataclass(frozen=True)
class Evidence:
    """What a model makes, beside real data of the same form; anything left out is not judged.

    Parameters
    ----------
    real
        Real samples (N, ...), held out if the data allow.
    fake
        Samples under random latents and random conditions.
    fake_one_condition
        Samples under random latents and one condition.
    real_logits, fake_logits
        The discriminator's answers (N,) to `real` and `fake`, each from batches that are all real or all fake; sample
        i of both under the same condition.
    counts
        By name, the counts of a categorical statistic (pitch classes, say) in real and in fake samples.
    fake_other_condition
        Samples (N, ...) under the latents of `fake`, each under the condition of another.
    tracks
        By name, where samples have several.
    """

    real: Samples | None = None
    fake: Samples | None = None
    fake_one_condition: Samples | None = None
    real_logits: Samples | None = None
    fake_logits: Samples | None = None
    counts: Mapping[str, tuple[ArrayLike, ArrayLike]] = field(default_factory=dict)
    fake_other_condition: Samples | None = None
    tracks: Mapping[str, TrackEvidence] = field(default_factory=dict)


def measure(history: History, evidence: Evidence, loss: AdversarialLoss) -> Measures:
    """Every measure that history and evidence allow, all but the probe's."""
    measures = _variety(evidence) | _categories(evidence.counts) | _ranking(evidence, loss) | _course(history, loss)
    measures |= _age(history)
    measures["non_finite"] = float(_non_finite(history, evidence))
    if "separation" in measures:
        measures["separation_size"] = abs(measures["separation"])
    return measures


def distinct_share(samples: Samples) -> float:
    """Distinct samples among all, between 1 / N and 1."""
    tally = _tally(samples)
    return len(tally) / int(tally.sum())


def duplicate_share(samples: Samples) -> float:
    """Share of the samples that equal an earlier one."""
    return 1 - distinct_share(samples)


def effective_samples(samples: Samples) -> float:
    """How many equally common samples would repeat as often: 1 / the chance that two of the samples are equal.

    Unlike the distinct share it does not depend on N, up to its ceiling of N (N - 1) / 2.
    """
    tally = _tally(samples).astype(float)
    num = tally.sum()
    return float(num * (num - 1) / max((tally * (tally - 1)).sum(), 2.0))


def _tally(samples: Samples) -> NDArray[np.int64]:
    rows = as_rows(samples)
    whole = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel()
    counts: NDArray[np.int64] = np.unique(whole, return_counts=True)[1]
    return counts


def spread(samples: Samples) -> float:
    """The chance that two of the samples differ at a position, averaged over positions: their mean Hamming distance."""
    rows = as_rows(samples)
    num = len(rows)
    _, codes = np.unique(rows, return_inverse=True)
    width = int(codes.max()) + 1
    cells = codes.reshape(rows.shape) + width * np.arange(rows.shape[1])
    counts = np.bincount(cells.ravel(), minlength=width * rows.shape[1]).astype(float)
    agreeing = (counts * (counts - 1)).sum() / (rows.shape[1] * num * (num - 1))
    return float(1 - agreeing)


def entropy(counts: ArrayLike) -> float:
    """Entropy in nats of a categorical distribution given by counts, 0 where there are none."""
    array = np.asarray(counts, dtype=float).ravel()
    shares = array[array > 0] / max(array.sum(), 1e-300)
    return float(-(shares * np.log(shares)).sum())


def _variety(evidence: Evidence) -> Measures:
    if evidence.fake is None or len(fake := as_rows(evidence.fake)) < MIN_SAMPLES:
        return {}
    measures = {"duplicate_share": duplicate_share(fake), "effective_samples": effective_samples(fake)}
    measures["spread"] = spread(fake)
    if evidence.real is not None and len(real := as_rows(evidence.real)) >= MIN_SAMPLES:
        # The share of distinct samples falls with their number, so both sides get the same.
        num = min(len(real), len(fake))
        measures["distinct_ratio"] = distinct_share(fake[:num]) / distinct_share(real[:num])
        wanted = min(effective_samples(real), ENOUGH_SAMPLES)
        measures["effective_ratio"] = effective_samples(fake) / wanted
        measures["spread_ratio"] = _ratio(measures["spread"], spread(real))
    if evidence.fake_one_condition is not None and len(one := as_rows(evidence.fake_one_condition)) >= MIN_SAMPLES:
        measures["distinct_one_condition"] = distinct_share(one)
        measures["spread_one_condition"] = _ratio(spread(one), measures["spread"])
    return measures


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 1.0


def _categories(counts: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> Measures:
    measures: Measures = {}
    for name, (real, fake) in counts.items():
        measures[f"entropy_{name}"] = entropy(fake)
        measures[f"entropy_{name}_real"] = entropy(real)
    # exp(entropy) is how many equally used categories would have it.
    ratios = [math.exp(entropy(fake) - entropy(real)) for real, fake in counts.values()]
    return measures | ({"categories_ratio": min(ratios)} if ratios else {})


def _ranking(evidence: Evidence, loss: AdversarialLoss) -> Measures:
    if evidence.real_logits is None or evidence.fake_logits is None:
        return {}
    real, fake = (_finite(logits) for logits in (evidence.real_logits, evidence.fake_logits))
    if len(real) == 0 or len(fake) == 0:
        return {}
    auc = _pairs_in_order(real, fake) if loss.pairs and len(real) == len(fake) else roc_auc(real, fake)
    measures = {"critic_auc": auc, "critic_gap": float(real.mean() - fake.mean())}
    if loss.log_odds:
        measures["separation"] = float(_belief(real).mean() - _belief(fake).mean())
    elif loss.perfect > -math.inf:
        num = min(len(real), len(fake))
        terms = loss.discriminator(torch.from_numpy(real[:num]), torch.from_numpy(fake[:num]))
        paid = sum(float(term) for term in terms.values())
        measures["separation"] = (loss.blind - paid) / (loss.blind - loss.perfect)
    return measures


def _pairs_in_order(real: NDArray[np.float64], fake: NDArray[np.float64]) -> float:
    """The AUC within pairs: logits of a pairing loss have a zero of their own for every condition."""
    return float(((real > fake) + (real == fake) / 2).mean())


def _belief(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    belief: NDArray[np.float64] = 0.5 + np.tanh(logits / 2) / 2
    return belief


def _finite(values: Samples) -> NDArray[np.float64]:
    array = as_array(values).astype(np.float64).ravel()
    finite: NDArray[np.float64] = array[np.isfinite(array)]
    return finite


def _course(history: History, loss: AdversarialLoss) -> Measures:
    measures = _gradients(history)
    real, fake = (next(iter(_columns(history, f"confidence_{side}").values()), []) for side in ("real", "fake"))
    if loss.log_odds and min(len(real), len(fake)) >= MIN_RECORDS:
        measures["confidence_real"] = float(np.median(_recent(real)))
        measures["confidence_fake"] = float(np.median(_recent(fake)))
        measures["separation"] = measures["confidence_real"] + measures["confidence_fake"] - 1
    return measures


def _age(history: History) -> Measures:
    """For how many iterations both players have moved; a record's losses are of the time since the last losses."""
    counted = [record for record in history if "iteration" in record]
    if not counted:
        return {}
    begun: dict[str, float] = {}
    before = 0.0
    for record in counted:
        for name in _PLAYED:
            if name in record:
                begun.setdefault(name, before)
        if any(name.endswith("/loss") for name in record):
            before = record["iteration"]
    now = counted[-1]["iteration"]
    return {"game_iterations": now - max(begun.values()) if len(begun) == len(_PLAYED) else 0.0}


def _gradients(history: History) -> Measures:
    grown: list[tuple[float, float]] = []
    for values in _columns(history, "gradient_norm").values():
        if len(values) >= MIN_RECORDS:
            recent = _recent(values)
            now, before = float(np.median(recent)), float(np.median(values[: len(recent)]))
            grown.append((now / max(before, 1e-12), now))
    return dict(zip(("gradient_growth", "gradient_norm"), max(grown), strict=True)) if grown else {}


def _columns(history: History, ending: str) -> dict[str, list[float]]:
    columns: dict[str, list[float]] = {}
    for record in history:
        for name, value in record.items():
            if name.endswith(ending):
                columns.setdefault(name, []).append(value)
    return columns


def _recent(values: Sequence[float]) -> Sequence[float]:
    return values[-min(MAX_RECENT, max(1, len(values) // 4)) :]


def _non_finite(history: History, evidence: Evidence) -> int:
    """How many of the recent losses and gradient norms, and of the logits, are NaN or infinite."""
    columns = [values for ending in ("loss", "gradient_norm") for values in _columns(history, ending).values()]
    groups = [np.asarray(_recent(values), dtype=float) for values in columns]
    groups += [
        as_array(side).astype(float) for side in (evidence.real_logits, evidence.fake_logits) if side is not None
    ]
    return sum(int(np.count_nonzero(~np.isfinite(values))) for values in groups)
