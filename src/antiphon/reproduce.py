"""Every published table and figure that has a recipe, as a table in code; a family adds its rows here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from antiphon.errors import InputError
from antiphon.reproductions.result import Asked, Reproduction, Scale


@dataclass(frozen=True)
class Recipe:
    """A row.

    Parameters
    ----------
    paper
        What is made anew: publication and place.
    shows
        In a sentence, what it shows.
    minutes
        Of one core, by scale; a scale that is not there cannot be run.
    needs
        Music or models that do not come with the package; "" if none.
    run
        Makes it; imports what it needs only when called.
    """

    paper: str
    shows: str
    minutes: Mapping[Scale, float]
    needs: str
    run: Callable[[Asked], Reproduction]


def _human_study(asked: Asked) -> Reproduction:
    from antiphon.reproductions.human_study import reproduce

    return reproduce(asked)


RECIPES: Mapping[str, Recipe] = {
    "transformer-gan-human-study-statistics": Recipe(
        paper="Muhamed et al. 2021, human evaluation",
        shows="The chances that the paper states for its listening test, reckoned from its counts.",
        minutes={"toy": 0.02, "cpu": 0.02, "paper": 0.02},
        needs="",
        run=_human_study,
    ),
}
"""By the name that `antiphon reproduce` takes."""


def get_recipe(name: str) -> Recipe:
    """The row of that name.

    Raises
    ------
    InputError
        If there is none; the sentence lists the names that come near, or all.
    """
    if name not in RECIPES:
        near = get_close_matches(name, RECIPES, n=3) or list(RECIPES)
        raise InputError(f"{name!r}: no recipe has this name; did you mean {' or '.join(near)}? See antiphon reproduce")
    return RECIPES[name]


def reproduce(name: str, asked: Asked) -> Reproduction:
    """Make a published table or figure anew.

    Raises
    ------
    InputError
        If there is no such recipe, not at this scale, or its music cannot be had.
    """
    recipe = get_recipe(name)
    if asked.scale not in recipe.minutes:
        raise InputError(f"{name}: has no scale {asked.scale!r}; choose {' or '.join(recipe.minutes)}")
    return recipe.run(asked)
