"""What the papers claim of their tricks, as settings of one preset each that differ in nothing but the trick."""

from collections.abc import Mapping
from dataclasses import dataclass

from antiphon.presets.table import PRESETS, get_preset
from antiphon.reproductions.claim_ears import EARS
from antiphon.resolved import RunConfig

PAPER = "midinet-v2"


@dataclass(frozen=True)
class Setting:
    """A row of a claim's table.

    Parameters
    ----------
    preset
        The row that it begins as.
    changes
        What is changed in that, and nothing else: the trick.
    """

    preset: str = PAPER
    changes: tuple[str, ...] = ()

    def resolve(self, *more: str) -> RunConfig:
        """The run, with `more` that all settings of a comparison share."""
        return get_preset(self.preset).resolve([*self.changes, *more])


@dataclass(frozen=True)
class Claim:
    """A claim, and how it is tried.

    Parameters
    ----------
    source
        Who says so, and where.
    says
        The claim, as the subject and predicate of a sentence.
    settings
        By name, in the order of the table.
    better
        Pairs of settings of which the first is claimed to be better; the claim is all of them.
    corpus
        Embedded music to try it on.
    """

    source: str
    says: str
    settings: Mapping[str, Setting]
    better: tuple[tuple[str, str], ...]
    corpus: str = "giantmidi"


def _on_and_off(source: str, says: str, without: str) -> Claim:
    settings = {"with": Setting(), "without": Setting(changes=(without,))}
    return Claim(source, says, settings, (("with", "without"),))


def _twins(*games: str) -> Claim:
    """Games beside their likelihood twins."""
    pairs = tuple((game, f"{game}{_TWIN}") for game in games)
    embedded = {"maestro": "giantmidi"}
    return Claim(
        "no paper says so; an honest reader asks",
        "a GAN writes better music than its generator's own layers taught by likelihood alone",
        {name: Setting(name) for pair in pairs for name in pair},
        pairs,
        embedded.get(PRESETS[games[0]].corpus, PRESETS[games[0]].corpus),
    )


_TWIN = "-likelihood"
_GAMES = tuple(name for name, row in PRESETS.items() if f"{name}{_TWIN}" in PRESETS and row.codec.kind in EARS)
"""Those that have a twin, and rows that can be heard."""

CLAIMS: Mapping[str, Claim] = {
    "bar-minibatch": _on_and_off(
        "bar GAN, sections II and VI",
        "minibatch discrimination reduces mode collapse",
        "family.discriminator.minibatch=null",
    ),
    "bar-smoothing": _on_and_off(
        "bar GAN, section VI",
        "one-sided label smoothing reduces mode collapse",
        "family.real_target=1.0",
    ),
    "bar-rates": Claim(
        "bar GAN, section VI",
        "the generator's learning rate should be at least double the discriminator's",
        {
            "30 : 1": Setting(),
            "2 : 1": Setting(changes=("train.discriminator.lr=1.5e-4",)),
            "1 : 1": Setting(changes=("train.discriminator.lr=3e-4",)),
        },
        (("30 : 1", "1 : 1"), ("2 : 1", "1 : 1")),
    ),
    "bar-updates": Claim(
        "bar GAN, section VI",
        "two or three updates of the generator to one of the discriminator are better than one",
        {
            "3 : 1": Setting(),
            "2 : 1": Setting(changes=("family.generator_steps=2",)),
            "1 : 1": Setting(changes=("family.generator_steps=1",)),
        },
        (("3 : 1", "1 : 1"), ("2 : 1", "1 : 1")),
    ),
    "bar-data": Claim(
        "bar GAN, section IV",
        "a small selection of the data, transposed, is better than a large one or everything as it is",
        {
            "600 splits, transposed": Setting(),
            "2,000 splits, transposed": Setting(changes=("codec.num_splits=2000",)),
            "all splits, not transposed": Setting(changes=("codec.num_splits=null", "family.transposition=none")),
        },
        (
            ("600 splits, transposed", "2,000 splits, transposed"),
            ("600 splits, transposed", "all splits, not transposed"),
        ),
        # The corpora of piano performances that ship have fewer than 2,000 splits.
        corpus="lieder",
    ),
    "likelihood-twins": _twins(*(game for game in _GAMES if game.startswith("midinet"))),
    **{f"likelihood-twin-{game}": _twins(game) for game in _GAMES},
}
"""By the name that `antiphon reproduce` takes."""
