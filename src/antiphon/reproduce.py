"""Every published table and figure that has a recipe, as a table in code; a family adds its rows here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from antiphon.errors import InputError
from antiphon.reproductions.claim_table import CLAIMS
from antiphon.reproductions.result import Asked, Reproduction, Scale

# With difflib's own .6 "nothing" means bar-smoothing.
_NEAR = 0.7


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


def _bar_figures(asked: Asked) -> Reproduction:
    from antiphon.reproductions.bar_figures import reproduce

    return reproduce(asked)


def _human_study(asked: Asked) -> Reproduction:
    from antiphon.reproductions.human_study import reproduce

    return reproduce(asked)


def _musegan_table_1(asked: Asked) -> Reproduction:
    from antiphon.reproductions.musegan_tables import table_1

    return table_1(asked)


def _musegan_table_2(asked: Asked) -> Reproduction:
    from antiphon.reproductions.musegan_tables import table_2

    return table_2(asked)


def _musegan_figures_2_10(asked: Asked) -> Reproduction:
    from antiphon.reproductions.musegan_figures import real_figures

    return real_figures(asked)


def _musegan_figures_7_11_12(asked: Asked) -> Reproduction:
    from antiphon.reproductions.musegan_figures import made_figures

    return made_figures(asked)


def _musegan_figures_8_9(asked: Asked) -> Reproduction:
    from antiphon.reproductions.musegan_figures import training_figures

    return training_figures(asked)


def _musegan_figures_13(asked: Asked) -> Reproduction:
    from antiphon.reproductions.musegan_figures import conditional_figure

    return conditional_figure(asked)


def _transformer_gan_table_2(asked: Asked) -> Reproduction:
    from antiphon.reproductions.transformer_gan_table import training_row

    return training_row(asked)


def _claim(name: str) -> Callable[[Asked], Reproduction]:
    def run(asked: Asked) -> Reproduction:
        from antiphon.reproductions.claims import reproduce

        return reproduce(name, asked)

    return run


_CLAIMS: Mapping[str, tuple[str, str, float]] = {
    "bar-minibatch": ("Bar GAN, section VI", "Whether minibatch discrimination reduces mode collapse.", 9),
    "bar-smoothing": ("Bar GAN, section VI", "Whether one-sided label smoothing reduces mode collapse.", 9),
    "bar-rates": ("Bar GAN, section VI", "Whether the generator's rate should be twice the discriminator's.", 13),
    "bar-updates": ("Bar GAN, section VI", "Whether two or three generator updates to one are better than one.", 12),
    "bar-data": ("Bar GAN, section IV", "Whether less data, transposed, is better than more, or all as it is.", 15),
    "likelihood-twins": ("none", "How the bar GANs do beside their own layers taught by likelihood alone.", 30),
}
"""Paper, what it shows, and minutes at cpu scale; the settings are in `antiphon.reproductions.claim_table`."""


def _of_twin(name: str) -> tuple[str, str, float]:
    game = name.removeprefix("likelihood-twin-")
    minutes = 10 if game.startswith("midinet") else 90
    return "none", f"How {game} does beside its own layers taught by likelihood alone.", minutes


def _claim_row(name: str, paper: str, shows: str, minutes: float) -> Recipe:
    needs = "at paper scale MAESTRO (--corpus)"
    # At paper scale iterations are fourteen times as many, of batches more than twice as large.
    return Recipe(paper, shows, {"toy": minutes / 30, "cpu": minutes, "paper": 30 * minutes}, needs, _claim(name))


RECIPES: Mapping[str, Recipe] = {
    "bar-figures-5-8": Recipe(
        paper="Bar GAN, section VI, figures 5 to 8",
        shows="Losses and confidences of games that collapse, collapse in part, are won, and are called balanced.",
        minutes={"toy": 0.2, "cpu": 1, "paper": 70},
        needs="at paper scale MAESTRO (--corpus)",
        run=_bar_figures,
    ),
    "musegan-table-1": Recipe(
        paper="Dong et al. 2018 (MuseGAN), table 1",
        shows="Empty bars, pitch classes used, qualified notes and drum patterns of the training data.",
        minutes={"toy": 0.02, "cpu": 0.1, "paper": 1},
        needs="at paper scale multi-track music (--corpus)",
        run=_musegan_table_1,
    ),
    "musegan-table-2": Recipe(
        paper="Dong et al. 2018 (MuseGAN), table 2",
        shows="Tonal distances between the training data's tracks, and between tracks paired at random.",
        minutes={"toy": 0.02, "cpu": 0.1, "paper": 2},
        needs="at paper scale multi-track music (--corpus)",
        run=_musegan_table_2,
    ),
    "musegan-figures-2-10": Recipe(
        paper="Dong et al. 2018 (MuseGAN), figures 2 and 10",
        shows="Phrases of the training data, track above track and in colours.",
        minutes={"toy": 0.1, "cpu": 0.1, "paper": 10},
        needs="at paper scale multi-track music (--corpus)",
        run=_musegan_figures_2_10,
    ),
    "musegan-figures-7-11-12": Recipe(
        paper="Dong et al. 2018 (MuseGAN), figures 7, 11 and 12",
        shows="Phrases of the composer and of the hybrid model from scratch, before and after binarisation.",
        minutes={"toy": 0.3, "cpu": 20, "paper": 30_000},
        needs="at paper scale multi-track music (--corpus)",
        run=_musegan_figures_7_11_12,
    ),
    "musegan-figures-8-9": Recipe(
        paper="Dong et al. 2018 (MuseGAN), figures 8 and 9",
        shows="How the composer's phrases change as it is trained, with its losses, pitch classes and qualified notes.",
        minutes={"toy": 0.2, "cpu": 10, "paper": 15_000},
        needs="at paper scale multi-track music (--corpus)",
        run=_musegan_figures_8_9,
    ),
    "musegan-figure-13": Recipe(
        paper="Dong et al. 2018 (MuseGAN), figure 13",
        shows="Phrases of the composer model to given strings, before and after binarisation.",
        minutes={"toy": 0.2, "cpu": 10, "paper": 15_000},
        needs="at paper scale multi-track music (--corpus)",
        run=_musegan_figures_13,
    ),
    "transformer-gan-table-2-training-row": Recipe(
        paper="Muhamed et al. 2021 (Transformer-GAN), table 2",
        shows="Pitches, beats, scales and intervals of the training set, whole and cut to the length of samples.",
        minutes={"toy": 0.02, "cpu": 0.1, "paper": 1},
        needs="at paper scale MAESTRO (--corpus)",
        run=_transformer_gan_table_2,
    ),
    "transformer-gan-human-study-statistics": Recipe(
        paper="Muhamed et al. 2021 (Transformer-GAN), human evaluation",
        shows="The chances that the paper states for its listening test, reckoned from its counts.",
        minutes={"toy": 0.02, "cpu": 0.02, "paper": 0.02},
        needs="",
        run=_human_study,
    ),
    **{name: _claim_row(name, *_CLAIMS.get(name, _of_twin(name))) for name in CLAIMS},
}
"""By the name that `antiphon reproduce` takes."""


def get_recipe(name: str) -> Recipe:
    """The row of that name.

    Raises
    ------
    InputError
        If there is none; the sentence has the names that come near.
    """
    if name not in RECIPES:
        near = get_close_matches(name, RECIPES, n=3, cutoff=_NEAR)
        meant = f"did you mean {' or '.join(near)}? " if near else ""
        raise InputError(f"{name!r}: no recipe has this name; {meant}antiphon reproduce lists them all")
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
