"""Can a fresh classifier tell made music from real? Three kinds are asked, in three splits, and the worst one counts.

An AUC of 0.5 means that no kind hears a difference, 1 that one is always right. Each kind learns on training songs
against samples and is tested on held-out songs against other samples. Where the reference has no held-out songs, its
songs are divided at random, anew in each split. Grade an examination against its floor, real music of other songs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.examiner.budget import Budget
from antiphon.evaluation.examiner.material import Material
from antiphon.evaluation.examiner.roc import Scores, bootstrap, interval
from antiphon.evaluation.measures import Metric

HELD_OUT = 0.25
"""Share of the songs that a random division holds out."""

Split = tuple[Material, Material, Material, Material]
"""Real and made units to learn from, then real and made units to be tested on."""

LEVEL = 1 - 0.05 / 3
"""Of each kind's interval, so that those of all three hold together, and that of the worst, in 95 of 100 examinations
(Bonferroni)."""

LEAST_SONGS = 2
"""Fewest songs of each class, in the reference and among the samples, that can be divided."""

_WORDS = (
    (0.60, "hardly told from real"),
    (0.75, "often told from real"),
    (0.95, "mostly told from real"),
    (np.inf, "told from real at once"),
)

METRICS = (
    Metric(
        "examiner_auc",
        "How well the best of three freshly trained classifiers tells made from real music of songs it never saw: 0.5 "
        "is a coin toss, 1 always right; the smaller, the better the music.",
        "Lopez-Paz and Oquab 2017 (classifier two-sample test), with the AUC of Mann and Whitney 1947",
    ),
    Metric(
        "examiner_accuracy",
        "How many of the verdicts of that classifier are right, as many real as made units being shown.",
        "Lopez-Paz and Oquab 2017 (classifier two-sample test)",
        "%",
    ),
)


@dataclass(frozen=True, eq=False)
class Verdict:
    """What one examiner of one kind heard in one split."""

    kind: str
    scores: Scores

    @property
    def auc(self) -> float:
        """Area under the ROC curve on held-out units."""
        return self.scores.auc

    @property
    def accuracy(self) -> float:
        """Share of right verdicts, both classes of equal weight."""
        return self.scores.accuracy


@dataclass(frozen=True)
class Hearing:
    """What one kind heard over all splits.

    Parameters
    ----------
    kind
        "convolutional", "recurrent" or "boosted features".
    auc, accuracy
        Means over the splits.
    auc_interval, accuracy_interval
        Over songs (cluster bootstrap), at `LEVEL`.
    splits
        The AUC of each split: their spread is that of samples, divisions and initial weights.
    """

    kind: str
    auc: float
    accuracy: float
    auc_interval: tuple[float, float]
    accuracy_interval: tuple[float, float]
    splits: tuple[float, ...]

    @property
    def spread(self) -> float:
        """Largest less smallest AUC of a split."""
        return max(self.splits) - min(self.splits)


@dataclass(frozen=True)
class Examination:
    """All kinds over all splits.

    Parameters
    ----------
    music
        What a unit is.
    kinds
        A hearing of each kind.
    num_real, num_made
        Units to learn from and to be tested on in the first split, of each class.
    """

    music: str
    kinds: tuple[Hearing, ...]
    num_real: tuple[int, int]
    num_made: tuple[int, int]

    @property
    def worst(self) -> Hearing:
        """The kind with the highest AUC: the one that counts."""
        return max(self.kinds, key=lambda hearing: hearing.auc)

    @property
    def words(self) -> str:
        """The verdict as a phrase."""
        worst = self.worst
        low, high = worst.auc_interval
        told = next(words for limit, words in _WORDS if worst.auc < limit)
        if low <= 0.5:
            told = "not told from real"
        return f"{told} (AUC {worst.auc:.3f}, {low:.3f} to {high:.3f}, {worst.kind})"


def examine(
    real_train: Material,
    made_train: Material,
    real_test: Material,
    made_test: Material,
    budget: Budget | None = None,
    *,
    seed: int = 0,
) -> dict[str, Verdict]:
    """Train one examiner of each kind on the first two and hear it on the last two.

    Parameters
    ----------
    budget
        The committed one by default.
    seed
        Of initial weights, batches, validation songs and trees; torch's own chance is left alone.

    Raises
    ------
    ValueError
        If one of the four has no units, or they are not of one form.
    """
    from antiphon.evaluation.examiner.judges import KINDS

    parts = (real_train, made_train, real_test, made_test)
    if not all(len(part) for part in parts):
        raise ValueError("the examiners need real and made units to learn from, and others to be tested on")
    if other := next((part for part in parts if part.form != real_train.form), None):
        raise ValueError(f"the examiners compare music of one form, not {real_train.music} and {other.music}")
    budget = budget or Budget()
    rng = np.random.default_rng(seed)
    learnt = [_at_most(part, budget.most, rng) for part in (real_train, made_train)]
    verdicts = {}
    for kind, train in KINDS.items():
        judge = train(learnt[0], learnt[1], budget, seed)
        scores = Scores(judge(real_test), judge(made_test), real_test.song, made_test.song)
        verdicts[kind] = Verdict(kind, scores)
    return verdicts


def examination(
    real: Material,
    made: Material,
    seeds: Sequence[int] = (0, 1, 2),
    budget: Budget | None = None,
    same_songs: bool = False,
) -> Examination:
    """Examine made music by all kinds, one split a seed.

    Parameters
    ----------
    real, made
        Units that have `held` are divided by it. Others are divided at random by song, a quarter held out, anew for
        each seed.
    same_songs
        Whether a song number of `made` names the real song under whose conditions a unit was made; a made unit then
        stays on the side of that song. Say so wherever it is the case.

    Raises
    ------
    ValueError
        If there are fewer than two songs where songs have to be divided, or as for `examine`.
    """
    return _examined([divide(real, made, seed, same_songs) for seed in seeds], seeds, budget)


def divide(real: Material, made: Material, seed: int, same_songs: bool = False) -> Split:
    """Real and made units to learn from, then real and made units to be tested on."""
    rng = np.random.default_rng(seed)
    held_real = real.held if real.held is not None else _divided(real, rng)
    if same_songs:
        held_made = np.isin(made.song, real.song[held_real])
    else:
        held_made = made.held if made.held is not None else _divided(made, rng)
    return real[~held_real], made[~held_made], real[held_real], made[held_made]


def real_against_real(real: Material, seeds: Sequence[int] = (0, 1, 2), budget: Budget | None = None) -> Examination:
    """The floor: other real songs stand for the made ones.

    All songs are divided anew for each seed, a quarter each to learn from and to be tested on, for either class: which
    of them a reference holds out is of no matter here, and the more songs are tested, the narrower the interval.

    Raises
    ------
    ValueError
        If there are fewer than four songs.
    """
    songs = np.unique(real.song)
    if len(songs) < 4:
        raise ValueError(f"real against real needs at least 4 songs, not {len(songs)}")
    splits = []
    for seed in seeds:
        quarters = np.array_split(np.random.default_rng(seed).permutation(songs), 4)
        parts = [real.of_songs(quarter) for quarter in quarters]
        splits.append((parts[0], parts[1], parts[2], parts[3]))
    return _examined(splits, seeds, budget)


def _examined(splits: Sequence[Split], seeds: Sequence[int], budget: Budget | None) -> Examination:
    heard = [examine(*split, budget, seed=seed) for split, seed in zip(splits, seeds, strict=True)]
    kinds = tuple(_hearing([verdicts[kind] for verdicts in heard]) for kind in heard[0])
    real_train, made_train, real_test, made_test = splits[0]
    return Examination(real_train.music, kinds, (len(real_train), len(real_test)), (len(made_train), len(made_test)))


def _divided(material: Material, rng: np.random.Generator) -> NDArray[np.bool_]:
    songs = np.unique(material.song)
    if len(songs) < LEAST_SONGS:
        raise ValueError(f"the examiners need units of at least {LEAST_SONGS} songs to divide, not of {len(songs)}")
    held = rng.permutation(songs)[: max(1, round(HELD_OUT * len(songs)))]
    return np.isin(material.song, held)


def _at_most(material: Material, most: int, rng: np.random.Generator) -> Material:
    return material if len(material) <= most else material[rng.permutation(len(material))[:most]]


def _hearing(verdicts: Sequence[Verdict]) -> Hearing:
    draws = bootstrap([verdict.scores for verdict in verdicts])
    num_songs = min(verdict.scores.num_songs for verdict in verdicts)
    aucs = tuple(verdict.auc for verdict in verdicts)
    return Hearing(
        verdicts[0].kind,
        float(np.mean(aucs)),
        float(np.mean([verdict.accuracy for verdict in verdicts])),
        interval(draws[:, 0], num_songs, LEVEL),
        interval(draws[:, 1], num_songs, LEVEL),
        aucs,
    )
