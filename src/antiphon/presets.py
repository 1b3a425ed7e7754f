"""The published tables as a table in code: every way of training that has a name, and the run it resolves to."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, NamedTuple

from pydantic import Field

from antiphon.codecs.frames import FrameBars, Version
from antiphon.codecs.melody import MelodyBars
from antiphon.config import Config
from antiphon.errors import InputError
from antiphon.families.bar.config import BarConfig
from antiphon.families.midinet.config import NOTEBOOKS, VARIANTS, MidinetConfig, Minibatch, Variant
from antiphon.training.config import AdamConfig, TrainConfig

FamilyConfig = Annotated[MidinetConfig | BarConfig, Field(discriminator="kind")]
CodecConfig = Annotated[FrameBars | MelodyBars, Field(discriminator="kind")]


class RunConfig(Config):
    """Everything that decides a run but its corpus; `override` takes `family.x=y`, `codec.x=y` and `train.x=y`.

    Parameters
    ----------
    preset
        The row it began as.
    family
        Networks and losses.
    codec
        Representation.
    train
        Length, optimizers, intervals.
    """

    preset: str
    family: FamilyConfig
    codec: CodecConfig
    train: TrainConfig


class ModelConfig(Config):
    """What a model file's card says of how to build and read it."""

    family: FamilyConfig
    codec: CodecConfig


class Preset(Config):
    """A named row.

    Parameters
    ----------
    name
        As `antiphon train` takes it.
    source
        Paper and figure, or file of a published code.
    summary
        What it is, in a line.
    family, codec, train
        See `RunConfig`.
    corpus
        A corpus that suits it.
    """

    name: str
    source: str
    summary: str
    family: FamilyConfig
    codec: CodecConfig
    train: TrainConfig
    corpus: str

    def resolve(self, overrides: Sequence[str] = ()) -> RunConfig:
        """The run of this row with dotted overrides such as `train.batch_size=64`; setting one of `train.iterations`
        and `train.epochs` unsets the other."""
        run = RunConfig(preset=self.name, family=self.family, codec=self.codec, train=self.train)
        return run.override([*_other_length_unset(overrides), *overrides])


def get_preset(name: str) -> Preset:
    """The row of that name.

    Raises
    ------
    InputError
        If there is none; the sentence lists the names that come near, or all.
    """
    if name not in PRESETS:
        near = get_close_matches(name, PRESETS, n=4) or sorted(PRESETS)
        raise InputError(f"preset {name!r}: there is none of this name; choose one of {', '.join(near)}")
    return PRESETS[name]


_UNSET = {"train.iterations": "train.epochs=null", "train.epochs": "train.iterations=null"}


def _other_length_unset(overrides: Sequence[str]) -> list[str]:
    keys = {override.partition("=")[0] for override in overrides}
    return [_UNSET[key] for key in sorted(keys & _UNSET.keys()) if len(keys & _UNSET.keys()) == 1]


def _version(name: str) -> Version:
    versions: dict[str, Version] = {"1": "v1", "2": "v2", "3": "v3"}
    return versions[name.removeprefix("midinet-v")[0]]


def _midinet(name: str, row: Variant, summary: str) -> Preset:
    version = _version(name)
    as_published = row.family.matching.features == "dropped"
    return Preset(
        name=name,
        source=f"bar GAN, {row.source}",
        summary=summary,
        family=row.family,
        codec=FrameBars.published(version) if as_published else FrameBars(version=version),
        train=TrainConfig(
            batch_size=row.batch_size,
            epochs=20,
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

_BAR = Preset(
    name="bar",
    source="this project",
    summary="bars with rests and struck-again notes on a metrical grid, from noise, the bar before and the bar's chord",
    family=BarConfig(likelihood_iterations=3000),
    codec=MelodyBars(),
    train=TrainConfig(
        batch_size=128,
        iterations=9000,
        generator=AdamConfig(lr=5e-5, beta1=0.0, beta2=0.9),
        discriminator=AdamConfig(lr=1e-4, beta1=0.0, beta2=0.9),
        ema_decay=0.999,
    ),
    corpus="lieder",
)


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


PRESETS: Mapping[str, Preset] = {
    "bar": _BAR,
    **{name: _midinet(name, row, _SUMMARIES[name]) for name, row in VARIANTS.items()},
    "midinet-v3-notebook": _midinet("midinet-v3-notebook", NOTEBOOKS["v3"], "v3 as the released notebook sets it"),
    **{name: _logged(name, row) for name, row in _LOGGED.items()},
}
"""Every row by name."""
