"""MuseGAN's models for reproductions: finished runs where there are some, else trainings at the scale asked for.

Axes: N phrases, K track, B bar, T step, P pitch.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from antiphon.codecs.phrases import PhraseRolls, unpack
from antiphon.data.corpus import Corpus
from antiphon.data.views import view
from antiphon.errors import InputError
from antiphon.families.musegan.objective import Musegan
from antiphon.presets.table import get_preset
from antiphon.reproductions.result import Asked, Scale
from antiphon.reproductions.runs import players, trained
from antiphon.resolved import ModelConfig
from antiphon.training.checkpoint import CHECKPOINT, read_config
from antiphon.training.log import History, read_log

CORPUS = "freedoom"
"""Music of five tracks that comes with the package, where the paper's cannot be had."""

_NARROW: Mapping[Scale, tuple[str, ...]] = {
    "toy": ("family.scale=0.02", "train.batch_size=4", "train.iterations=12", "train.preview_every=12"),
    "cpu": ("family.scale=0.1", "train.batch_size=8", "train.iterations=1200", "train.preview_every=1200"),
    "paper": (),
}
_AT_ONCE = 250


@dataclass(frozen=True)
class Run:
    """A finished training.

    Parameters
    ----------
    folder
        The run's.
    config
        Its networks and its codec.
    objective
        Its networks, as they would be published.
    told
        In words, what it is.
    """

    folder: Path
    config: ModelConfig
    objective: Musegan
    told: str

    @property
    def codec(self) -> PhraseRolls:
        """What its phrases are."""
        assert isinstance(self.config.codec, PhraseRolls)
        return self.config.codec

    @property
    def history(self) -> History:
        """Its log."""
        return read_log(self.folder)

    def made(self, num: int, seed: int, corpus: str) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Phrases (num, K, B, T, P) before binarisation, between -1 and 1, and after; a conditional model plays to
        phrases of songs that it was not trained on.

        Raises
        ------
        InputError
            If there are none to play to.
        """
        parts = []
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for begin in range(0, num, _AT_ONCE):
                some = min(_AT_ONCE, num - begin)
                given = self._given(begin, some, corpus)
                latents = self.objective.draw(some, None if given is None else given.shape[1])
                parts.append((self.objective.activations(latents, given), self.objective.sample_from(latents, given)))
        before, after = (torch.cat(kind).numpy() for kind in zip(*parts, strict=True))
        return before, after

    def _given(self, begin: int, num: int, corpus: str) -> torch.Tensor | None:
        condition = self.objective.config.condition
        if condition is None:
            return None
        real = held_out(corpus, self.codec)
        rows = real[(begin + np.arange(num)) % len(real), condition]
        return torch.from_numpy(unpack(rows, *self.codec.shape[2:])).float() * 2 - 1


@contextmanager
def opened(preset: str, asked: Asked, *changes: str) -> Iterator[Run]:
    """The run of a preset: that of its name in the folder of runs, else one that is trained now, in a folder that does
    not stay.

    Parameters
    ----------
    changes
        What a training now is to have otherwise than its preset.

    Raises
    ------
    InputError
        If the corpus cannot be had or has no phrases, or the run is of other networks.
    """
    if (folder := finished(preset, asked)) is not None:
        yield _run(folder, f"the run {folder}")
        return
    check_scale(asked)
    overrides = (*_NARROW[asked.scale], *changes, f"train.seed={asked.seed}")
    config = get_preset(preset).resolve(overrides)
    corpus = asked.corpus or CORPUS
    asked.say(f"{preset}: {config.train.iterations:,} iterations")
    with trained(config, corpus, asked.say) as scratch:
        narrow = f" at {config.family.scale:g} of its width" if asked.scale != "paper" else ""  # type: ignore[union-attr]
        told = f"{preset}{narrow}, {config.train.iterations:,} iterations of {config.train.batch_size} on {corpus}"
        yield _run(scratch, told)


def finished(preset: str, asked: Asked) -> Path | None:
    """The folder of a preset's finished run; None where there is none."""
    folder = asked.runs / preset if asked.runs is not None else None
    return folder if folder is not None and (folder / CHECKPOINT).is_file() else None


def check_scale(asked: Asked) -> None:
    """Raise InputError where the paper's size is asked for without music of that size."""
    if asked.scale == "paper" and asked.corpus is None:
        raise InputError(
            "the paper's music, the Lakh pianoroll dataset in rock, cannot be had any more; give a corpus of "
            "multi-track music as --corpus, or choose --scale cpu"
        )


def held_out(corpus: str, codec: PhraseRolls) -> NDArray[np.uint8]:
    """Packed phrases (n, K, B, bytes) of songs that nothing is trained on.

    Raises
    ------
    InputError
        If there are none.
    """
    music = Corpus.open(corpus)
    for split in ("test", "valid"):
        real = view(music, codec, split, 1)["real"]
        if len(real):
            return real
    raise InputError(f"{music.name}: none of its held-out songs has a phrase to play to; give other music as --corpus")


def _run(folder: Path, told: str) -> Run:
    card = (read_config(folder) or {}).get("card", {})
    config = ModelConfig.parse({name: card.get(name) for name in ModelConfig.model_fields}, f"{folder}: its config")
    objective = players(folder, config)
    if not isinstance(objective, Musegan):
        raise InputError(
            f"{folder}: a run of the family {config.family.kind}, not of musegan; give runs of its presets"
        )
    return Run(folder, config, objective, told)
