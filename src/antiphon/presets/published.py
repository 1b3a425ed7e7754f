"""The rows of the bar GAN as its paper says and as it was published, their twins and their kin."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from antiphon.codecs.frames import FrameBars, Version
from antiphon.families.midinet.config import (
    NOTEBOOKS,
    VARIANTS,
    MidinetConfig,
    Minibatch,
    NoiseConfig,
    PenaltyConfig,
    Variant,
)
from antiphon.presets.preset import Preset
from antiphon.training.config import AdamConfig, TrainConfig

# The paper settled on about 50,000 bars. v1 takes every bar of whole songs, some 275 each in MAESTRO, where v2 and v3
# take 7 of a piece of 8 in 12 transpositions.
_NUM_PIECES: Mapping[Version, int] = {"v1": 180, "v2": 600, "v3": 600}


def _version(name: str) -> Version:
    versions: dict[str, Version] = {"1": "v1", "2": "v2", "3": "v3"}
    return versions[name.removeprefix("midinet-v")[0]]


def _midinet(name: str, row: Variant, summary: str) -> Preset:
    version = _version(name)
    as_published = row.family.matching.features == "dropped"
    pieces = _NUM_PIECES[version]
    return Preset(
        name=name,
        source=f"bar GAN, {row.source}",
        summary=summary,
        family=row.family,
        codec=(FrameBars.published if as_published else FrameBars)(version=version, num_splits=pieces),
        train=TrainConfig(
            batch_size=row.batch_size,
            # The paper's 20 epochs are over bars stored in 12 transpositions; ours are drawn, one a row and epoch.
            epochs=20 if row.family.transposition == "none" else 240,
            generator=AdamConfig(lr=row.generator_rate),
            discriminator=AdamConfig(lr=row.discriminator_rate),
        ),
        corpus="maestro",
    )


_SUMMARIES: Mapping[str, str] = {
    "midinet-v1": "bars from noise alone",
    "midinet-v2": "bars from noise and the bar before",
    "midinet-v3": "bars from noise, the bar before and its chord",
    "midinet-v1-as-published": "v1 with the released code's layers, matching and data rules",
    "midinet-v2-as-published": "v2 with the released code's layers, matching and data rules",
    "midinet-v3-as-published": "v3 with the released code's layers, matching and data rules",
}


def _midinet_twin(name: str) -> Preset:
    """A row's generator taught by likelihood: as many of its steps, on the same bars, at the same rate."""
    row = VARIANTS[name]
    family = row.family.model_copy(update={"taught": "likelihood"})
    preset = _midinet(name, row._replace(family=family), f"{_version(name)}'s generator taught by likelihood, no game")
    return preset.model_copy(update={"name": f"{name}-likelihood", "source": "this project"})


class _Logged(NamedTuple):
    """A row of the released runs' hyper-parameter files: rates, steps of G and D, matching weights, sizes, batch."""

    rates: tuple[float, float]
    steps: tuple[int, int]
    matching: tuple[float, float]
    condition_channels: int
    minibatch: tuple[int, int]
    batch_size: int
    num_splits: int = 600


_LOGGED: Mapping[str, _Logged] = {
    "midinet-v2-run-170k": _Logged((3e-4, 1e-5), (2, 1), (0.1, 1.0), 32, (10, 5), 64, 2000),
    "midinet-v2-run-1": _Logged((3e-4, 1e-5), (3, 1), (0.1, 1.0), 32, (10, 2), 64),
    "midinet-v2-run-2": _Logged((3e-4, 1e-5), (2, 2), (0.1, 1.0), 32, (10, 5), 128),
    "midinet-v2-run-3": _Logged((3e-4, 2e-5), (2, 1), (0.1, 1.0), 32, (10, 5), 90),
    "midinet-v3-run-170k": _Logged((1e-5, 2e-6), (1, 2), (0.1, 1.0), 32, (10, 5), 128, 2000),
    "midinet-v3-run-1": _Logged((3e-4, 1e-5), (2, 1), (0.01, 0.1), 40, (20, 10), 128),
    "midinet-v3-run-2": _Logged((3e-4, 1e-5), (2, 1), (0.01, 0.1), 32, (10, 5), 128),
    "midinet-v3-run-3": _Logged((3e-4, 1e-5), (1, 3), (0.01, 0.1), 30, (10, 5), 128),
}


def _logged(name: str, row: _Logged) -> Preset:
    released = NOTEBOOKS[_version(name)].family
    bars, features = row.matching
    kernels, dims = row.minibatch
    minibatch = Minibatch(kernels=kernels, dims=dims)
    changes = {
        "condition_channels": row.condition_channels,
        "discriminator": released.discriminator.model_copy(update={"minibatch": minibatch}),
        "matching": released.matching.model_copy(update={"bar_weight": bars, "feature_weight": features}),
        "generator_steps": row.steps[0],
        "discriminator_steps": row.steps[1],
    }
    source = f"released code, run {name.removeprefix('midinet-').replace('-run-', '/')}"
    variant = Variant(released.model_copy(update=changes), *row.rates, row.batch_size, source)
    preset = _midinet(name, variant, f"{_version(name)} with the settings that this run logged")
    codec = FrameBars.published(_version(name), num_splits=row.num_splits)
    return preset.model_copy(update={"codec": codec})


class _Game(NamedTuple):
    """Another game for the players of midinet-v2: what it changes in the family, and both optimizers."""

    summary: str
    source: str
    changes: Mapping[str, Any]
    generator: AdamConfig
    discriminator: AdamConfig


_V2 = VARIANTS["midinet-v2"]
# Twenty times the paper's 50,400 bars, 4,200 in 12 transpositions, in batches of 72.
_ITERATIONS = 14_000
# Wasserstein's critic and a bounded slope are of one bar at a time; minibatch discrimination would mix a batch.
_ALONE = _V2.family.discriminator.model_copy(update={"minibatch": None})
_WASSERSTEIN = {
    "discriminator": _ALONE,
    "loss": "wasserstein",
    "real_target": 1.0,
    "discriminator_steps": 5,
    "generator_steps": 1,
}
# Adam that takes no momentum is RMSProp, which the Wasserstein GAN's paper asks for: its rate, and torch's decay.
_RMS = AdamConfig(lr=5e-5, beta1=0.0, beta2=0.99)
_WITHOUT_MOMENTUM = AdamConfig(lr=1e-4, beta1=0.0, beta2=0.9)
# That paper's 0.01 leaves this critic, five layers without batch norm, logits of 1e-4, and feature matching alone would
# teach the generator.
_LIMIT = 0.03

_GAMES: Mapping[str, _Game] = {
    "midinet-v2-wgan": _Game(
        "v2 as a Wasserstein GAN with clipped weights",
        "Arjovsky et al. 2017, algorithm 1; bar GAN, paper, section VII",
        _WASSERSTEIN,
        _RMS,
        _RMS.model_copy(update={"clip_weights": _LIMIT}),
    ),
    "midinet-v2-wgan-clipped": _Game(
        "v2 as a Wasserstein GAN with a clipped gradient norm, which does not bound the critic's slope",
        "bar GAN, paper, section VII",
        _WASSERSTEIN,
        _RMS,
        _RMS.model_copy(update={"clip_norm": 1.0}),
    ),
    "midinet-v2-wgan-gp": _Game(
        "v2 as a Wasserstein GAN with gradient penalty",
        "Gulrajani et al. 2017, algorithm 1",
        {**_WASSERSTEIN, "penalty": PenaltyConfig(kind="gradient", weight=10.0)},
        _WITHOUT_MOMENTUM,
        _WITHOUT_MOMENTUM,
    ),
    "midinet-v2-noise": _Game(
        "v2 with instance noise on real and fake bars, fading over half the run",
        "bar GAN, paper, section VII; Soenderby et al. 2017",
        {"noise": NoiseConfig(std=0.2, iterations=_ITERATIONS // 2)},
        AdamConfig(lr=_V2.generator_rate),
        AdamConfig(lr=_V2.discriminator_rate),
    ),
    "midinet-v2-relativistic": _Game(
        "v2 as a relativistic pairing game with R1 and R2",
        "Jolicoeur-Martineau 2019; Huang et al. 2024",
        {
            "loss": "relativistic",
            "real_target": 1.0,
            "discriminator": _ALONE,
            "penalty": PenaltyConfig(kind="r1+r2", weight=0.1),
            "generator_steps": 1,
        },
        _WITHOUT_MOMENTUM,
        # Step for step a critic under penalties learns more slowly than the generator (two rates: Heusel et al. 2017).
        _WITHOUT_MOMENTUM.model_copy(update={"lr": 4e-4}),
    ),
}


def _game(name: str, row: _Game) -> Preset:
    return Preset(
        name=name,
        source=row.source,
        summary=row.summary,
        family=MidinetConfig.model_validate({**dict(_V2.family), **row.changes}),
        codec=FrameBars(version="v2"),
        train=TrainConfig(
            batch_size=_V2.batch_size,
            iterations=_ITERATIONS,
            generator=row.generator,
            discriminator=row.discriminator,
        ),
        corpus="maestro",
    )


PUBLISHED = (
    *(_midinet(name, row, _SUMMARIES[name]) for name, row in VARIANTS.items()),
    *(_midinet_twin(f"midinet-{version}") for version in _NUM_PIECES),
    _midinet("midinet-v3-notebook", NOTEBOOKS["v3"], "v3 as the released notebook sets it"),
    *(_logged(name, row) for name, row in _LOGGED.items()),
    *(_game(name, row) for name, row in _GAMES.items()),
)
"""In the order in which they are listed."""
