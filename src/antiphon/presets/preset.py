"""What a named row of training is, and the run that it resolves to."""

from collections.abc import Sequence

from antiphon.config import Config
from antiphon.resolved import CodecConfig, FamilyConfig, RunConfig
from antiphon.training.config import TrainConfig


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


_UNSET = {"train.iterations": "train.epochs=null", "train.epochs": "train.iterations=null"}


def _other_length_unset(overrides: Sequence[str]) -> list[str]:
    keys = {override.partition("=")[0] for override in overrides}
    return [_UNSET[key] for key in sorted(keys & _UNSET.keys()) if len(keys & _UNSET.keys()) == 1]
