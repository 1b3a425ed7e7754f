"""Every verdict that the code can give has the standing that is meant; a new one has to be listed here."""

import re
from collections.abc import Iterator
from itertools import product
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from antiphon.evaluation.examiner.examination import Examination
from antiphon.evaluation.measures import Column, Number
from antiphon.evaluation.report.report import Row
from antiphon.evaluation.report.wording import Standing, standing
from antiphon.evaluation.sets import certainty
from antiphon.evaluation.sets.certainty import Estimate, Verdict
from antiphon.evaluation.sets.dependence import Dependence
from antiphon.evaluation.sets.diversity import share
from antiphon.evaluation.sets.floors import floor_words
from antiphon.evaluation.sets.matches import Originality
from antiphon.evaluation.suite.comparing import _words, too_few
from antiphon.evaluation.suite.sections.conditions import _copying, _depending
from antiphon.evaluation.suite.sections.likeness import _lacking
from antiphon.evaluation.suite.sections.originals import _copies, _rare
from antiphon.evaluation.suite.sections.variety import _less_varied, more_copies

NAN = float("nan")

MEANT: dict[Standing, tuple[str, ...]] = {
    "alike": (
        "as real songs",
        "as real songs, song by song; over all units X: long songs differ",
        "as other real songs",
        "not told from real",
        "depends much as real music does",
        "no more than in real music",
        "no more than in real music: X",
        "as among real songs",
        "as varied as real songs",
    ),
    "slight": (
        "X than real, slight",
        "X than real, slight, song by song; over all units X: long songs differ",
        "hardly told from real",
        "depends a little less than real music does",
        "depends a little less than real music does, if at all",
        "depends a little more than real music does",
    ),
    "apart": (
        *(f"X than real, {size}" for size in ("small", "medium", "large")),
        *(
            f"X than real, {size}, song by song; over all units X: long songs differ"
            for size in ("small", "medium", "large")
        ),
        *(
            f"{far} off {than} shuffled{more}"
            for far, than in (("as far", "as"), ("further", "than"))
            for more in ("", ", song by song; over all units X: long songs differ")
        ),
        "further off than other real songs",
        "further off than other real songs, # % of the way to shuffled",
        "often told from real",
        "mostly told from real",
        "told from real at once",
        "copies its condition",
        "depends less than real music does",
        "depends less than real music does, if at all",
        "depends more than real music does",
        "more than in real music",
        "more than in real music: X",
        "more than among real songs",
        "less varied than real songs",
        "more varied than real songs",
    ),
    "open": (
        "no difference seen, too few songs to be sure",
        "no difference seen, nor would it be of shuffled music",
        "no difference is sure: X",
        "no difference heard, too few songs to be sure",
        "no difference heard, nor in shuffled music",
        "depends no less than real music, as far as can be seen",
        "no dependence is seen, too few songs to be sure",
        "no dependence is seen, nor in real music",
        "not plainly more than in real music",
    ),
    "unknown": (
        "too few songs to tell",
        "too few phrases to tell",
        "too few phrases of different songs to tell",
        "too few human pieces to tell",
        "too few to tell",
        "no floor to compare with",
        "undefined on one side",
    ),
    "": ("the same throughout",),
}


def verdict(p: float, low: float, high: float, num: int = 50, position: float = NAN, unit: float = NAN) -> Verdict:
    effect = (low + high) / 2
    gap = Estimate(effect, low, high, num, num)
    return Verdict(gap, p, p, effect, low, high, position, 9, effect if np.isnan(unit) else unit)


ENDS = (
    (-3, -2),
    (-0.9, -0.5),
    (-0.3, -0.1),
    (-0.1, 0.1),
    (-2.0, 2.0),
    (0.05, 0.15),
    (0.1, 0.3),
    (0.5, 0.9),
    (2.0, 3.0),
)


def of_metrics() -> Iterator[str]:
    for p, (low, high), num, position, unit in product(
        (0.01, 0.5, NAN), ENDS, (3, 50), (NAN, 0.5, 1.0, 2.0), (NAN, -3.0, 3.0)
    ):
        yield certainty.words(verdict(p, low, high, num, position, unit))
    ones = Column(np.ones(9), np.arange(9))
    yield from (_words(None, ones, ones), _words(verdict(0.5, 0, 0), ones, ones), too_few(2))


def of_floors() -> Iterator[str]:
    narrow = np.linspace(0.9, 1.1, 60)
    for own, draws, p, shuffled in product(
        (NAN, 0.1, 0.3, 0.95, 1.0), (narrow, np.ones(60)), (NAN, 0.01, 0.5), (NAN, 0.3, 0.9, 1.2)
    ):
        yield floor_words(own, draws, p, shuffled, larger_is_better=True)
    yield floor_words(0.95, np.linspace(0.5, 1.5, 60), 0.5, 0.2, larger_is_better=True)


def of_dependence() -> Iterator[str]:
    for made, real, p, (low, high), copied in product(
        (0.01, 0.5, NAN), (0.01, 0.5), (0.01, 0.5), ENDS, (verdict(0.01, 2, 3), verdict(0.5, -0.1, 0.1))
    ):
        sides = [
            SimpleNamespace(depends=q <= 0.05, corrected_p=q, p=q, gap=Estimate(1.0, 0.8, 1.2, 50, 50))
            for q in (made, real)
        ]
        for side in sides:
            side.own = side.gap
        one = Dependence(cast(Any, sides[0]), cast(Any, sides[1]), verdict(p, low, high), copied)
        yield from (one.words(), _depending(one).partition(" (dependence itself")[0], _copying(one))
    one = Dependence(cast(Any, sides[0]), cast(Any, sides[1]), verdict(p, low, high), verdict(0.2, -1.0, 1.0))
    yield _copying(one)


def of_shares() -> Iterator[str]:
    for part, num in ((0, 3), (0, 20), (0, 400), (20, 20), (399, 400)):
        made, held = share(part, num), share(0 if part < 300 else 400, 400)
        yield from (more_copies(made, held), _less_varied(made, held))
    yield from (_less_varied(share(a, 400), share(b, 400)) for a, b in ((100, 390), (390, 390), (390, 100)))


def of_originality() -> Iterator[str]:
    for rare, num, human in ((0.3, 100, 400), (0.05, 1000, 2000), (0.05, 100, 100), (0.0, 3, 100), (0.0, 50, 9)):
        values = np.where(np.arange(num) < round(rare * num), 0.0, 0.5)
        none = np.zeros(num, np.int64)
        made = Originality((), values, none, values, none, values, none > 0, human, 0)
        said = _rare(made)
        yield re.sub(r": .*", ": X", said)
        # How many there are stands after what is said of them.
        yield _copies(made, made).partition(": ")[0]
    empty = Originality((), values[:0], none[:0], values[:0], none[:0], values[:0], none[:0] > 0, 0, 0)
    yield _copies(made, empty)


def of_examiners() -> Iterator[str]:
    for auc, low, high, num, shuffled in product(
        (0.52, 0.56, 0.7, 0.9, 0.999), (0.45, 0.51), (0.53, 0.99), (1, 50), (0.5, 0.999)
    ):
        worst = SimpleNamespace(auc=auc, auc_interval=(low, high), kind="recurrent")
        one = SimpleNamespace(worst=worst, num_songs=num)
        base = SimpleNamespace(worst=SimpleNamespace(auc=shuffled))
        yield Examination.words(cast(Any, one), cast(Any, base))


def of_distances() -> Iterator[str]:
    few, many = (Column(np.ones((num, 2)), np.arange(num) % songs) for num, songs in ((30, 3), (300, 30)))
    short = Column(np.ones((30, 2)), np.arange(30) % 20)
    yield from (_lacking("precision", few, many), _lacking("precision", short, many), _lacking("precision", many, many))


def phrases() -> set[str]:
    """All of them, without their figures."""
    found = set()
    for kind in (of_metrics, of_floors, of_dependence, of_shares, of_originality, of_examiners, of_distances):
        for said in kind():
            phrase = re.sub(r"\b(higher|lower)\b", "X", re.sub(r" \((needs|AUC).*?\)$", "", said))
            found.add(re.sub(r"\d+ %", "# %", phrase))
    return found


def test_the_list_is_that_of_what_can_be_said() -> None:
    meant = {said for every in MEANT.values() for said in every}
    assert phrases() - meant == set()
    assert meant - phrases() == set()


@pytest.mark.parametrize(("said", "meant"), [(said, one) for one, every in MEANT.items() for said in every])
def test_each_has_its_standing(said: str, meant: Standing) -> None:
    for figures in (said, f"{said} (needs 90 on each side; there are 5)"):
        assert standing(Row("name", "", "", "", Number(0.5), verdict=figures.replace("X", "higher"))) == meant
