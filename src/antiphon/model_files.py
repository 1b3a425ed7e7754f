"""Where models are found (shipped, on disk, on the hub) and how a model file becomes networks again."""

import json
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.chords import NO_CHORD
from antiphon.codecs.melody import NUM_CLASSES, STEPS
from antiphon.codecs.phrases import PhraseRolls
from antiphon.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from antiphon.gan.objective import Objective
    from antiphon.resolved import ModelConfig

SHELF = Path(__file__).parent / "models"
"""Where the models lie that come with the package."""

HUB_FILE = "model.safetensors"
HELD_OUT = "held_out."
"""Prefix under which a model file holds bars of songs that the model was not trained on, one array a row name."""

# By codec, how many values a step can have: pitches, or the melody's classes.
_CLASSES: Mapping[str, int] = {"frames": 128, "melody": NUM_CLASSES, "notes": 128, "progressions": NO_CHORD + 1}
# Foreign ones too: reading them says what to do.
_CARD = "antiphon"
_SUFFIXES = frozenset({".safetensors", ".ckpt", ".pt", ".pth", ".bin"})
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True)
class ModelFile:
    """A model file that was read.

    Parameters
    ----------
    name
        Of the model: a shipped name, or the file's name without suffix.
    card
        Its JSON card.
    config
        Family and codec, validated.
    state
        The networks' weights.
    held_out
        Rows of real, held-out music ("real", "chord", ...), possibly none.
    """

    name: str
    card: Mapping[str, Any]
    config: "ModelConfig"
    state: Mapping[str, "Tensor"]
    held_out: Mapping[str, NDArray[np.uint8]]

    def build(self) -> "Objective":
        """The networks with their weights.

        Raises
        ------
        InputError
            If the weights do not fit the card.
        """
        import torch

        from antiphon.training.checkpoint import start_from

        # First weights are drawn only to be replaced; the caller's own chance is none of their business.
        with torch.random.fork_rng(devices=[]):
            objective = self.config.family.build()
        start_from(objective, self.state)
        return objective


def names() -> tuple[str, ...]:
    """The shipped models."""
    return tuple(sorted(path.stem for path in SHELF.glob("*.safetensors")))


def read(model: str | Path) -> ModelFile:
    """Find and read a model: the name of a shipped one, a `.safetensors` file, or a hub id `owner/name`.

    Raises
    ------
    InputError
        If there is no such model, it cannot be fetched, the file is damaged, a pickle or of another program, or what
        it holds does not fit its card.
    """
    from antiphon.resolved import ModelConfig
    from antiphon.training.checkpoint import load_model

    path = find(model)
    card, state = load_model(path)
    config = ModelConfig.parse({key: card.get(key) for key in ModelConfig.model_fields}, f"{path}: its card")
    held_out = {name.removeprefix(HELD_OUT): state.pop(name) for name in list(state) if name.startswith(HELD_OUT)}
    _check_weights(path, config, state)
    _check_held_out(path, config, held_out)
    name = str(model) if path.parent == SHELF else path.stem if Path(model).suffix else str(model)
    return ModelFile(name, card, config, state, {key: tensor.numpy() for key, tensor in held_out.items()})


def _check_weights(path: Path, config: "ModelConfig", state: Mapping[str, "Tensor"]) -> None:
    import torch

    from antiphon.training.checkpoint import check_fit

    try:
        # On the meta device no memory would be taken, but its operations bring in a second of imports; the families'
        # bounds on widths keep what is taken here small.
        with torch.random.fork_rng(devices=[]):
            own = config.family.build().state_dict()
        check_fit(own, state)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except (MemoryError, RuntimeError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0][:200]
        raise InputError(f"{path}: its card describes no networks ({reason}); fetch or publish it again") from None
    for name, tensor in state.items():
        if not tensor.isfinite().all():
            raise InputError(f"{path}: the weights {name!r} are not all finite; give the model of another run")


def _check_held_out(path: Path, config: "ModelConfig", held_out: Mapping[str, "Tensor"]) -> None:
    import torch

    for name, rows in held_out.items():
        if rows.dtype != torch.uint8:
            raise InputError(f"{path}: {HELD_OUT}{name} is not of uint8; fetch or publish the model again")
    real = held_out.get("real")
    if real is None:
        return
    if config.codec.kind not in _CLASSES:
        raise InputError(
            f"{path}: {HELD_OUT}real holds bars, which {config.codec.kind} do not follow; fetch or publish the model "
            "again"
        )
    highest = _CLASSES[config.codec.kind] - 1
    if real.ndim != 2 or real.shape[1] != STEPS or (len(real) and int(real.max()) > highest):
        raise InputError(
            f"{path}: {HELD_OUT}real holds no bars of {STEPS} steps from 0 to {highest}; fetch or publish the model "
            "again"
        )


def find(model: str | Path) -> Path:
    """The file of a model; one on the hub is fetched into the hub's cache.

    Raises
    ------
    InputError
        If there is none.
    """
    return find_here(model) or _fetch(str(model))


def find_here(model: str | Path) -> Path | None:
    """The file of a model on this machine; None for what looks like one on the hub, where nobody is asked.

    Raises
    ------
    InputError
        If it can be neither.
    """
    text = str(model)
    if text in names():
        return SHELF / f"{text}.safetensors"
    path = Path(model)
    if path.is_dir():
        raise InputError(
            f"{path}: a folder, not a model; make one of a run with antiphon publish {path} OUT.safetensors"
        )
    if path.exists():
        return path
    if path.suffix in _SUFFIXES:
        raise InputError(f"{path}: cannot be read (there is no such file); check the name")
    if _HUB_ID.fullmatch(text):
        return None
    from antiphon.presets.table import PRESETS

    if text in PRESETS:
        raise InputError(f"model {text!r}: a preset, not a model; train it, publish the run and give that file")
    near = get_close_matches(text, names(), n=3)
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    known = f"shipped: {', '.join(names())}" if names() else "none is shipped with this installation"
    raise InputError(
        f"model {text!r}: there is none of this name; {meant}{known}; or give a .safetensors file or hub id"
    )


def band_codec(model: str | Path) -> PhraseRolls | None:
    """The tracks and the grid of a band's model, read off its card before torch is there; None for models of other
    kinds, for what is not on this machine, and for files of which only `read` can say what is wrong with them.

    Raises
    ------
    InputError
        If there is no such model.
    """
    from safetensors import SafetensorError, safe_open

    path = find_here(model)
    if path is None:
        return None
    try:
        with safe_open(path, "numpy") as file:
            codec = json.loads(file.metadata()[_CARD])["codec"]
        return PhraseRolls.parse(codec) if codec["kind"] == "phrases" else None
    except (OSError, SafetensorError, InputError, ValueError, KeyError, TypeError):
        return None


def _fetch(hub_id: str) -> Path:
    from huggingface_hub import hf_hub_download

    offline = not _reaches_hub()
    try:
        return Path(hf_hub_download(hub_id, HUB_FILE, local_files_only=offline))
    except Exception as error:
        # The hub's client passes on whatever its transport library raises, which differs between its versions.
        reason = "no network, and not fetched before" if offline else str(error).strip().partition("\n")[0][:200]
        raise InputError(f"model {hub_id}: {HUB_FILE} cannot be fetched from the hub ({reason}); give a file") from None


def _reaches_hub() -> bool:
    """Whether the hub's name can be looked up; without this its client tries again and again for half a minute."""
    from huggingface_hub.constants import ENDPOINT

    if getproxies():
        return True
    try:
        socket.getaddrinfo(urlsplit(ENDPOINT).hostname, 443)
    except OSError:
        return False
    return True
