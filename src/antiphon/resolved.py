"""What a model file's card and a run's folder say of how to build, encode and train, validated together."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from antiphon.codecs.frames import FrameBars, Version
from antiphon.codecs.melody import MelodyBars
from antiphon.codecs.notes import NoteSequences
from antiphon.codecs.performance import PerformanceTokens
from antiphon.codecs.phrases import PhraseRolls
from antiphon.codecs.progressions import Progressions
from antiphon.config import Config
from antiphon.errors import InputError
from antiphon.families.band.config import BandConfig
from antiphon.families.bar.config import BarConfig
from antiphon.families.chords.config import ChordsConfig
from antiphon.families.lstm.config import LstmConfig, LstmGanConfig
from antiphon.families.midinet.config import (
    MidinetConfig,
)
from antiphon.families.musegan.config import MuseganConfig
from antiphon.families.transformer.config import TransformerConfig
from antiphon.families.transformer.masked_config import MaskedConfig
from antiphon.training.config import TrainConfig

FamilyConfig = Annotated[
    MidinetConfig
    | BarConfig
    | LstmGanConfig
    | LstmConfig
    | ChordsConfig
    | MuseganConfig
    | BandConfig
    | TransformerConfig
    | MaskedConfig,
    Field(discriminator="kind"),
]
CodecConfig = Annotated[
    FrameBars | MelodyBars | NoteSequences | Progressions | PhraseRolls | PerformanceTokens, Field(discriminator="kind")
]


class ModelConfig(Config):
    """What a model file's card says of how to build and read it.

    Parameters
    ----------
    family
        Networks and losses.
    codec
        Representation, of the kind that the family's networks take, with the rows that they read.
    """

    family: FamilyConfig
    codec: CodecConfig

    @model_validator(mode="after")
    def _rows_are_there(self) -> Self:
        kind = _TAKES[self.family.kind]
        if self.codec.kind != kind:
            raise InputError(
                f"codec.kind = {self.codec.kind!r}: the family {self.family.kind!r} takes {kind!r}; choose that, or a "
                "preset of another family"
            )
        if isinstance(self.family, LstmGanConfig | LstmConfig):
            self._check_notes(self.family)
            return self
        if isinstance(self.family, MuseganConfig | BandConfig):
            self._check_phrases(self.family)
            return self
        if isinstance(self.family, TransformerConfig | MaskedConfig):
            self._check_tokens(self.family)
            return self
        if isinstance(self.family, ChordsConfig):
            return self
        given = _GIVEN[self.codec.version] if isinstance(self.codec, FrameBars) else _GIVEN["v3"]
        lacking = [name for name in _read(self.family) if name not in given]
        if lacking and isinstance(self.codec, FrameBars):
            version = next(version for version, names in _GIVEN.items() if set(_read(self.family)) <= set(names))
            raise InputError(
                f"codec.version = {self.codec.version!r}: it has no rows {lacking[0]!r}, which this family reads "
                f"(family.condition_channels, family.chord); set codec.version={version} with it, or choose a preset"
            )
        return self

    def _check_notes(self, family: LstmGanConfig | LstmConfig) -> None:
        """That a row's numbers mean what the family takes them to mean."""
        wanted = NoteSequences(length=family.row_length)
        for name in ("unit", "resolution", "length", "longest"):
            given, needed = getattr(self.codec, name), getattr(wanted, name)
            if given != needed:
                raise InputError(f"codec.{name} = {given!r}: this family reads rows of {needed!r}; set codec.{name} so")

    def _check_tokens(self, family: TransformerConfig | MaskedConfig) -> None:
        """That the network has a row for each token."""
        assert isinstance(self.codec, PerformanceTokens)
        wanted = self.codec.keyboard.num_tokens
        if family.vocabulary != wanted:
            raise InputError(
                f"family.vocabulary = {family.vocabulary}: the codec has {wanted} tokens for {self.codec.keys} keys; "
                f"set family.vocabulary={wanted}, or change codec.keys"
            )

    def _check_phrases(self, family: MuseganConfig | BandConfig) -> None:
        """That phrases have the size that the family takes."""
        assert isinstance(self.codec, PhraseRolls)
        given = self.codec.shape
        wanted = {"tracks": family.tracks, "bars": family.bars, "steps": family.steps, "pitches": family.pitches}
        for (name, number), found in zip(wanted.items(), given, strict=True):
            if number != found:
                raise InputError(
                    f"family.{name} = {number}: the codec's phrases have {found} {name}; set family.{name} and its "
                    "layers to fit, or change the codec"
                )
        ensemble = self.codec.ensemble
        if isinstance(family, BandConfig) and set(family.drums) != set(ensemble.drums):
            raise InputError(
                f"family.drums = {list(family.drums)}: of the codec's tracks, {', '.join(ensemble.names)}, these are "
                f"{list(ensemble.drums) or 'none'}; set family.drums={list(ensemble.drums)}"
            )


class RunConfig(ModelConfig):
    """Everything that decides a run but its corpus; `override` takes `family.x=y`, `codec.x=y` and `train.x=y`.

    Parameters
    ----------
    preset
        The row it began as.
    family, codec
        See `ModelConfig`.
    train
        Length, optimizers, intervals.
    """

    preset: str
    train: TrainConfig

    @model_validator(mode="after")
    def _recorded_iterations_stay(self) -> Self:
        if self.train.capture and isinstance(self.family, MidinetConfig) and self.family.noise is not None:
            raise InputError(
                "train.capture = true: a recorded iteration cannot fade family.noise; leave one of them out"
            )
        if self.train.capture and isinstance(self.family, MuseganConfig) and self.family.slope is not None:
            raise InputError(
                "train.capture = true: a recorded iteration cannot change family.slope; leave one of them out"
            )
        return self

    @model_validator(mode="after")
    def _memory_is_of_columns(self) -> Self:
        if isinstance(self.family, TransformerConfig) and self.family.memory and self.train.capture:
            raise InputError("train.capture = true: a recorded iteration keeps no family.memory; leave one of them out")
        if isinstance(self.family, TransformerConfig) and self.family.game and self.train.capture:
            raise InputError("train.capture = true: a recorded iteration cannot change the temperature of family.game")
        return self


_TAKES: Mapping[str, str] = {
    "midinet": "frames",
    "bar": "melody",
    "lstm-gan": "notes",
    "lstm": "notes",
    "chords": "progressions",
    "musegan": "phrases",
    "band": "phrases",
    "transformer": "performance",
    "masked": "performance",
}
_GIVEN: Mapping[Version, tuple[str, ...]] = {"v1": (), "v2": ("previous",), "v3": ("previous", "chord")}


def _read(family: MidinetConfig | BarConfig) -> tuple[str, ...]:
    """The rows that a family's networks read beside the bars themselves."""
    if isinstance(family, BarConfig):
        return _GIVEN["v3"]
    conditions = {"previous": family.condition_channels > 0, "chord": family.chord}
    return tuple(name for name, is_read in conditions.items() if is_read)
