"""MuseGAN's models for reproductions: runs where there are some, else trainings at the scale asked for.

Axes: N phrases, K track, B bar, T step, P pitch.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from antiphon.codecs.phrases import PhraseRolls, phrases_with, unpack
from antiphon.data.corpus import Corpus
from antiphon.data.views import view
from antiphon.errors import InputError
from antiphon.families.musegan.config import MuseganConfig
from antiphon.families.musegan.objective import Musegan
from antiphon.presets.table import get_preset
from antiphon.reproductions.result import Asked, Scale
from antiphon.reproductions.runs import players, trained
from antiphon.resolved import ModelConfig
from antiphon.training.checkpoint import CHECKPOINT, read_checkpoint, read_config
from antiphon.training.config import TrainConfig
from antiphon.training.log import History, read_log

CORPUS = "freedoom"
"""Music of five tracks that comes with the package, where the paper's cannot be had."""

_NARROW: Mapping[Scale, tuple[str, ...]] = {
    "toy": ("family.scale=0.02", "train.batch_size=4", "train.iterations=12", "train.preview_every=12"),
    "cpu": ("family.scale=0.1", "train.batch_size=8", "train.iterations=1200", "train.preview_every=1200"),
    "paper": (),
}
_AT_ONCE = 250


@dataclass(frozen=True, eq=False)
class Made:
    """Phrases of a model.

    Parameters
    ----------
    before, after
        (N, K, B, T, P) float32 between -1 and 1, and what of it sounds, bool.
    song
        (N,) int64: the song of the phrase that each was played to; from scratch each is its own.
    told
        In words, how many there are, and to what.
    """

    before: NDArray[np.float32]
    after: NDArray[np.bool_]
    song: NDArray[np.int64]
    told: str


@dataclass(frozen=True)
class Run:
    """A training and what is left of it.

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
    remark
        What keeps it from being its preset; empty where nothing does.
    """

    folder: Path
    config: ModelConfig
    objective: Musegan
    told: str
    remark: str = ""

    @property
    def codec(self) -> PhraseRolls:
        """What its phrases are."""
        assert isinstance(self.config.codec, PhraseRolls)
        return self.config.codec

    @property
    def given(self) -> str | None:
        """The name of the track that its model is given; None for one that writes from scratch."""
        condition = self.objective.config.condition
        return None if condition is None else self.codec.ensemble.names[condition]

    @property
    def history(self) -> History:
        """Its log."""
        return read_log(self.folder)

    def made(self, num: int, seed: int, corpus: str) -> Made:
        """Phrases of a model; a conditional one plays to phrases of songs that it was not trained on, in which its
        given track sounds: to each of them as often as to any other.

        Raises
        ------
        InputError
            If there are none to play to.
        """
        held, parts = self._held(num, seed, corpus), []
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for begin in range(0, num, _AT_ONCE):
                some = min(_AT_ONCE, num - begin)
                given = None if held is None else self._signed(held.rows[begin : begin + some])
                latents = self.objective.draw(some, None if given is None else given.shape[1])
                parts.append(self.objective.activations(latents, given))
        before = torch.cat(parts)
        song = np.arange(num) if held is None else held.song
        told = f"{num:,} phrases" + ("" if held is None else f" to the {self.given} of {held.told}")
        return Made(before.numpy(), self.objective.binarised(before).numpy(), song, told)

    def _held(self, num: int, seed: int, corpus: str) -> "_Held | None":
        condition = self.objective.config.condition
        return None if condition is None else _held_out(corpus, self.codec, condition, num, seed)

    def _signed(self, rows: NDArray[np.uint8]) -> torch.Tensor:
        return torch.from_numpy(unpack(rows, *self.codec.shape[2:])).float() * 2 - 1


class _Held(NamedTuple):
    """A track (N, B, bytes) of held-out phrases, the song (N,) of each, and in words, how many there are."""

    rows: NDArray[np.uint8]
    song: NDArray[np.int64]
    told: str


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
    if (folder := run_folder(preset, asked)) is not None:
        yield _left(folder, preset)
        return
    check_scale(asked)
    overrides = (*_NARROW[asked.scale], *changes, f"train.seed={asked.seed}")
    config = get_preset(preset).resolve(overrides)
    corpus = asked.corpus or CORPUS
    asked.say(f"{preset}: {config.train.iterations:,} iterations")
    with trained(config, corpus, asked.say) as scratch:
        narrow = f" at {config.family.scale:g} of its width" if asked.scale != "paper" else ""  # type: ignore[union-attr]
        told = f"{preset}{narrow}, {config.train.iterations:,} iterations of {config.train.batch_size} on {corpus}"
        yield _run(scratch, _card(scratch), told)


def run_folder(preset: str, asked: Asked) -> Path | None:
    """The folder of a preset's run, however far it came; None where there is none."""
    folder = asked.runs / preset if asked.runs is not None else None
    return folder if folder is not None and (folder / CHECKPOINT).is_file() else None


def check_scale(asked: Asked) -> None:
    """Raise InputError where the paper's size is asked for without music of that size."""
    if asked.scale == "paper" and asked.corpus is None:
        raise InputError(
            "the paper's music, the Lakh pianoroll dataset in rock, cannot be had any more; give a corpus of "
            "multi-track music as --corpus, or choose --scale cpu"
        )


def _held_out(corpus: str, codec: PhraseRolls, track: int, num: int, seed: int) -> _Held:
    """One track of `num` phrases in which it sounds, of songs that nothing is trained on; few come again and again."""
    music, name = Corpus.open(corpus), codec.ensemble.names[track]
    found, songs, total = [], [], 0
    for split in ("test", "valid"):
        rows = view(music, codec, split, 1)
        there = phrases_with(rows["real"], track)
        found.append(np.asarray(rows["real"][there, track]))
        songs.append(np.asarray(rows["song"][there], np.int64))
        total += len(rows["real"])
    real, song = np.concatenate(found), np.concatenate(songs)
    if not len(real):
        raise InputError(
            f"{music.name}: in none of the {total:,} phrases of its held-out songs does {name} sound, so there is "
            "nothing to play to; give other music as --corpus"
        )
    order = np.random.default_rng(seed).permutation(len(real))[np.arange(num) % len(real)]
    told = f"{len(np.unique(order)):,} held-out phrases of {len(np.unique(song[order])):,} songs of {music.name}"
    silent = f" (of {total:,}; in the others it is silent)" if total > len(real) else ""
    return _Held(real[order], song[order], told + silent)


def _card(folder: Path) -> dict[str, Any]:
    config = read_config(folder)
    if config is None:
        raise InputError(f"{folder}: it has no config, which tells what was trained; give a whole run folder")
    return {**config["card"], "train": config["train"]}


def _left(folder: Path, preset: str) -> Run:
    """The run in a folder, told as far as it came."""
    card, checkpoint = _card(folder), read_checkpoint(folder)
    if card.get("preset") != preset:
        raise InputError(
            f"{folder}: a run of the preset {card.get('preset')}, not of {preset}; put it where it belongs"
        )
    assert checkpoint is not None
    own, done = TrainConfig.parse(card["train"], f"{folder}: its config"), int(checkpoint["iteration"])
    run = _run(folder, card, "")
    converged = own.patience is not None and checkpoint["convergence"]["since"] >= own.patience
    unfinished = own.iterations is not None and done < own.iterations and not converged
    length = f"{done:,} of {own.iterations:,} iterations" if own.iterations else f"{done:,} iterations"
    corpus = (card.get("corpus") or {}).get("name")
    told = f"the run {folder}, {length} of {own.batch_size} on {corpus} at a width of {run.config.family.scale:g}"  # type: ignore[union-attr]
    remarks = [*(["unfinished"] if unfinished else []), *_short_of(run, done, preset)]
    return replace(run, told=told + (", unfinished" if unfinished else ""), remark=", ".join(remarks))


def _short_of(run: Run, done: int, preset: str) -> Iterator[str]:
    """In what a run is less than its preset."""
    wanted = get_preset(preset)
    assert isinstance(run.config.family, MuseganConfig) and isinstance(wanted.family, MuseganConfig)
    if wanted.train.iterations is not None and done < wanted.train.iterations:
        yield f"{done:,} of the preset's {wanted.train.iterations:,} iterations"
    if run.config.family.scale != wanted.family.scale:
        yield f"at {run.config.family.scale / wanted.family.scale:g} of its width"


def _run(folder: Path, card: Mapping[str, Any], told: str) -> Run:
    config = ModelConfig.parse({name: card.get(name) for name in ModelConfig.model_fields}, f"{folder}: its config")
    objective = players(folder, config)
    if not isinstance(objective, Musegan):
        raise InputError(
            f"{folder}: a run of the family {config.family.kind}, not of musegan; give runs of its presets"
        )
    return Run(folder, config, objective, told)
