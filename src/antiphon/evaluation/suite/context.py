"""Both sides of an evaluation with what is to be done with them: what the sections on whole sets read."""

from collections.abc import Callable
from dataclasses import dataclass

from antiphon.evaluation.suite.parts import Setting
from antiphon.evaluation.suite.plan import Plan
from antiphon.evaluation.suite.sides import Reference
from antiphon.evaluation.suite.songs import Songs


@dataclass(frozen=True)
class Sides:
    """What the sections on whole sets read.

    Parameters
    ----------
    plan, setting
        See there.
    made
        The samples.
    conditioned, taught
        Bars made under the conditions of the real songs and of the other real ones, one entry a song; else the samples.
    reference
        Real music, if any.
    say
        Takes a sentence about what is being done.
    """

    plan: Plan
    setting: Setting
    made: Songs
    conditioned: Songs
    taught: Songs
    reference: Reference | None
    say: Callable[[str], object]
