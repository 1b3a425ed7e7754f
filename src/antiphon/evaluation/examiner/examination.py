"""Can a fresh classifier tell made music from real? Three kinds are asked, in three splits, and the worst one counts.

An AUC of 0.5 means that no kind hears a difference, 1 that one is always right. Each kind learns on training songs
against samples and is tested on held-out songs against other samples; each split takes other ones of them at random
(`antiphon.evaluation.examiner.division`). Grade an examination against its floor, real music of other songs, and
against one of shuffled music, which has to be heard.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from antiphon.evaluation.examiner.budget import Budget
from antiphon.evaluation.examiner.division import Split, divide, quarters
from antiphon.evaluation.examiner.material import Material
from antiphon.evaluation.examiner.roc import Scores, bootstrap, interval
from antiphon.evaluation.measures import Metric
from antiphon.evaluation.sets.certainty import MIN_SONGS

LEVEL = 1 - 0.05 / 3
"""Of each kind's interval, so that those of all three hold together, and that of the worst, in 95 of 100 examinations
(Bonferroni)."""

MARGIN = 0.6
"""The AUC below which the whole interval has to lie before music is said not to be told from real."""

HEARD = 0.95
"""The AUC that examiners reach on shuffled music if they hear it."""

_WORDS = (
    (MARGIN, "hardly told from real"),
    (0.75, "often told from real"),
    (HEARD, "mostly told from real"),
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
        The AUC of each split: their spread is that of samples, of songs learnt from and tested, and of initial weights.
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
    num_songs
        Songs tested, of the class and in the split that has fewest.
    """

    music: str
    kinds: tuple[Hearing, ...]
    num_real: tuple[int, int]
    num_made: tuple[int, int]
    num_songs: int

    @property
    def worst(self) -> Hearing:
        """The kind with the highest AUC: the one that counts."""
        return max(self.kinds, key=lambda hearing: hearing.auc)

    def words(self, shuffled: "Examination") -> str:
        """The verdict as a phrase.

        Music is told from real where the whole interval lies above 0.5. That it is not told is said only where the
        whole interval lies below `MARGIN` and the same examiners hear `shuffled` music: not to have heard a difference
        does not mean that there is none.
        """
        auc, (low, high) = self.worst.auc, self.worst.auc_interval
        if self.num_songs < MIN_SONGS or np.isnan(low):
            return f"too few songs to tell (needs {MIN_SONGS} of each class to be tested on)"
        if low > 0.5:
            return next(words for limit, words in _WORDS if auc < limit)
        if high >= MARGIN:
            return "no difference heard, too few songs to be sure"
        return "not told from real" if shuffled.worst.auc >= HEARD else "no difference heard, nor in shuffled music"


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
    real, made, same_songs
        Dealt anew for each seed, see `divide`.

    Raises
    ------
    ValueError
        As for `divide` and `examine`.
    """
    return _examined([divide(real, made, seed, same_songs) for seed in seeds], seeds, budget)


def real_against_real(real: Material, seeds: Sequence[int] = (0, 1, 2), budget: Budget | None = None) -> Examination:
    """The floor: other real songs stand for the made ones.

    All songs are divided anew for each seed, a quarter each to learn from and to be tested on, for either class: which
    of them a reference holds out is of no matter here, and the more songs are tested, the narrower the interval.

    Raises
    ------
    ValueError
        If there are fewer than four songs.
    """
    return _examined([quarters(real, seed) for seed in seeds], seeds, budget)


def _examined(splits: Sequence[Split], seeds: Sequence[int], budget: Budget | None) -> Examination:
    heard = [examine(*split, budget, seed=seed) for split, seed in zip(splits, seeds, strict=True)]
    kinds = tuple(_hearing([verdicts[kind] for verdicts in heard]) for kind in heard[0])
    real_train, made_train, real_test, made_test = splits[0]
    return Examination(
        real_train.music,
        kinds,
        (len(real_train), len(real_test)),
        (len(made_train), len(made_test)),
        min(verdict.scores.num_songs for verdicts in heard for verdict in verdicts.values()),
    )


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
