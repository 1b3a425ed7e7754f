"""The papers' claims tried out: every setting trained under several seeds, measured, and a verdict on the claim."""

from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from antiphon.data.corpus import Corpus
from antiphon.errors import InputError
from antiphon.evaluation.examiner.budget import Budget
from antiphon.evaluation.examiner.examination import HEARD
from antiphon.evaluation.sets.seeds import seed_spread
from antiphon.gan.timetable import LikelihoodThenGame
from antiphon.reproductions.claim_ears import EARS
from antiphon.reproductions.claim_measures import DISTINCT, EXAMINER, Effort, figures, listen, real_figures
from antiphon.reproductions.claim_table import CLAIMS, Claim, Setting
from antiphon.reproductions.claim_verdict import Comparison, Judged, compare, sentence
from antiphon.reproductions.result import Asked, Line, Reproduction, Scale
from antiphon.reproductions.runs import alarms_at_the_end, players, trained
from antiphon.resolved import RunConfig
from antiphon.training.log import History, read_log

_CONFIDENCES = {"C_r": "discriminator/confidence_real", "C_f": "discriminator/confidence_fake"}
_PAPER = {"C_r": 0.45, "C_f": 0.55}
"""Of the paper's figure 8, which shows its own setting."""
_ALARMS, _REAL = "health alarms", "real, held-out"
_VARIETY = "Rows of random notes would all be distinct: variety counts where the examiner does not pay for it."
_CEILING = "The examiner tells every setting from real music at once, so that by it they can hardly be ranked."


@dataclass(frozen=True)
class Size:
    """How long settings are trained, under how many seeds, and how they are measured.

    Parameters
    ----------
    iterations, batch_size
        Of the paper's games and their twins.
    share
        Of its own length and timetable, which a preset of ours is trained for.
    most
        The largest batch of a preset of ours, which keeps its own where that is smaller.
    seeds
        Trainings of a setting.
    effort
        Of measuring.
    """

    iterations: int
    batch_size: int
    share: float
    most: int
    seeds: int
    effort: Effort

    def resolve(self, row: Setting, seed: int) -> RunConfig:
        """A setting's run, with one look at it, at its end."""
        own = row.resolve(f"train.seed={seed}")
        if isinstance(own.family, LikelihoodThenGame):
            return self._looked_at(own.override(self._in_proportion(own)))
        length = f"train.iterations={self.iterations}", f"train.batch_size={self.batch_size}"
        return self._looked_at(row.resolve(f"train.seed={seed}", *length))

    def _in_proportion(self, own: RunConfig) -> list[str]:
        """The length, the turns of a timetable and the memory of an average, all by the same share."""
        assert isinstance(own.family, LikelihoodThenGame) and own.train.iterations is not None
        turns = {"family.likelihood_iterations": own.family.likelihood_iterations}
        turns |= {"family.critic_lead": own.family.critic_lead, "train.iterations": own.train.iterations}
        changes = [f"{name}={max(1, round(self.share * num))}" for name, num in turns.items()]
        changes.append(f"train.batch_size={min(own.train.batch_size, self.most)}")
        if own.train.ema_decay is not None:
            changes.append(f"train.ema_decay={max(0.5, 1 - (1 - own.train.ema_decay) / self.share)}")
        return changes

    @staticmethod
    def _looked_at(config: RunConfig) -> RunConfig:
        num = config.train.iterations
        assert num is not None
        every = [f"train.{name}_every={num}" for name in ("health", "preview", "checkpoint")]
        return config.override([f"train.log_every={max(1, num // 20)}", *every])


SIZES: Mapping[Scale, Size] = MappingProxyType(
    {
        "toy": Size(
            4, 8, 0.001, 4, 2, Effort(8, 3, 60, 1, Budget(iterations=4, batch=16, width=8, checks=1, trees=4, most=60))
        ),
        "cpu": Size(
            800, 32, 0.5, 65_536, 8, Effort(500, 24, 1_500, 1, Budget(iterations=120, checks=3, trees=50, most=1_500))
        ),
        # Twenty passes over the paper's 50,400 bars in batches of 72.
        "paper": Size(14_000, 72, 1.0, 65_536, 3, Effort(500, 24, 6_000, 3, Budget())),
    }
)


@dataclass(frozen=True)
class Trial:
    """One setting under one seed: figures by column, and the alarms at the end."""

    figures: Mapping[str, float]
    alarms: tuple[str, ...]


Tried = MutableMapping[str, Trial]
"""Trials by their whole run: claims share the paper's own setting, which need not be trained for each of them."""


def reproduce(name: str, asked: Asked, tried: Tried | None = None) -> Reproduction:
    """Try a claim of `CLAIMS`.

    Parameters
    ----------
    tried
        Trials of other claims at the same scale; those of this one are added.

    Raises
    ------
    InputError
        If the corpus cannot be had or has too little music, at paper scale also if none is named.
    """
    claim, size = CLAIMS[name], SIZES[asked.scale]
    if asked.scale == "paper" and asked.corpus is None:
        raise InputError(
            f"{name}: the paper's music is MAESTRO, which does not ship; run antiphon prepare maestro OUT and give "
            "that folder as --corpus"
        )
    corpus = asked.corpus or ("quartets" if asked.scale == "toy" else claim.corpus)
    lines: list[Line] = []
    played: dict[str, list[Trial]] = {}
    for setting, row in claim.settings.items():
        played[setting] = list(_play(setting, row, size, corpus, asked, tried={} if tried is None else tried))
        lines += _lines(setting, played[setting], row == Setting())
    lines += _real_lines(claim, Corpus.open(corpus), size)
    return Reproduction(tuple(lines), _made_of(claim, size, corpus, asked), tuple(_sentences(claim, played, size)))


def _play(setting: str, row: Setting, size: Size, corpus: str, asked: Asked, *, tried: Tried) -> Iterator[Trial]:
    """A trial for each seed, made where it was not made before."""
    for seed in range(asked.seed, asked.seed + size.seeds):
        config = size.resolve(row, seed)
        key = f"{corpus} {config.model_dump_json()}"
        asked.say(f"{setting}, training seed {seed}: {config.train.iterations:,} iterations")
        if key not in tried:
            tried[key] = _trial(config, corpus, size.effort, asked)
        asked.say(", ".join(f"{column} {value:.3g}" for column, value in tried[key].figures.items()))
        yield tried[key]


def _trial(config: RunConfig, corpus: str, effort: Effort, asked: Asked) -> Trial:
    heard = listen(Corpus.open(corpus), config.codec, effort.rows)
    with trained(config, corpus, asked.say) as run:
        history = read_log(run)
        found = figures(players(run, config), heard, effort, config.train.seed)
    return Trial({**found, **_confidences(history)}, alarms_at_the_end(history))


def _confidences(history: History) -> dict[str, float]:
    """As logged last; NaN where the critic gives no belief or does not play."""
    return {
        column: next((record[name] for record in reversed(history) if name in record), np.nan)
        for column, name in _CONFIDENCES.items()
    }


def _column(trials: Sequence[Trial], name: str) -> list[float]:
    return [trial.figures[name] for trial in trials]


def _lines(setting: str, trials: Sequence[Trial], as_paper: bool) -> Iterator[Line]:
    for column in trials[0].figures:
        values = _column(trials, column)
        spread = seed_spread([[value] for value in values])
        if np.isnan(spread.mean):
            continue
        paper = _PAPER.get(column) if as_paper else None
        seeds = "seeds " + ", ".join(f"{value:.4g}" for value in values)
        low, high = (None if np.isnan(end) else end for end in (spread.low, spread.high))
        yield Line(setting, column, paper, spread.mean, remark=seeds, low=low, high=high)
    counts = Counter(alarm for trial in trials for alarm in trial.alarms)
    heard = ", ".join(f"{alarm} ({count})" for alarm, count in sorted(counts.items()))
    yield Line(setting, _ALARMS, None, heard or "none", remark=f"of {len(trials)} seeds")


def _real_lines(claim: Claim, corpus: Corpus, size: Size) -> Iterator[Line]:
    """Held-out music itself, in each of the forms that the settings have."""
    forms: dict[Any, str] = {}
    for name, setting in claim.settings.items():
        forms.setdefault(listen(corpus, setting.resolve().codec, 1).codec, name)
    for codec, name in forms.items():
        row = _REAL if len(forms) == 1 else f"{_REAL}, as {name} has it"
        for column, value in real_figures(listen(corpus, codec, size.effort.rows)).items():
            yield Line(row, column, None, value)


def _sentences(claim: Claim, played: Mapping[str, Sequence[Trial]], size: Size) -> Iterator[str]:
    kind = next(iter(claim.settings.values())).resolve().codec.kind
    judged = Judged(DISTINCT.format(EARS[kind].called), 1), Judged(EXAMINER, -1)
    num = len(claim.better) * len(judged)
    pairs = {pair: [*_compared(played, pair, judged, num)] for pair in claim.better}
    yield sentence(claim.says, pairs, size.seeds)
    yield from (f"The paper's own setting: {name}." for name, row in claim.settings.items() if row == Setting())
    yield _VARIETY
    if all(np.mean(_column(trials, EXAMINER)) >= HEARD for trials in played.values()):
        yield _CEILING
    yield "Intervals are 95 % over training seeds (Student's t); those of the verdict hold together (Bonferroni)."


def _compared(
    played: Mapping[str, Sequence[Trial]], pair: tuple[str, str], judged: Sequence[Judged], num: int
) -> Iterator[Comparison]:
    for figure in judged:
        one, other = (_column(played[setting], figure.name) for setting in pair)
        if (found := compare(one, other, figure, num)) is not None:
            yield found


def _made_of(claim: Claim, size: Size, corpus: str, asked: Asked) -> str:
    runs = [size.resolve(row, asked.seed).train for row in claim.settings.values()]
    lengths = " or ".join(dict.fromkeys(f"{run.iterations:,} iterations of {run.batch_size} rows" for run in runs))
    effort, last = size.effort, asked.seed + size.seeds - 1
    heard = f"examiners of {effort.splits} split{'s' * (effort.splits > 1)} and {effort.budget.iterations} iterations"
    return f"{lengths} of {corpus}, training seeds {asked.seed} to {last}; {heard}"
