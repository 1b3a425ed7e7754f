"""What a run leaves: its resume state (plain types, written whole or not at all) and model files (safetensors)."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import antiphon
from antiphon.errors import InputError
from antiphon.files import unwritable, whole_file, write_bytes

FORMAT = 1
CHECKPOINT = "checkpoint.pt"
BEST = "best.safetensors"
CONFIG = "config.json"
_KEY = "antiphon"
_PICKLES = (b"PK\x03\x04", b"\x80")


def write_checkpoint(run: Path, state: Mapping[str, Any]) -> None:
    """Replace the run's checkpoint; the old one stays until the new one is complete on disk.

    Raises
    ------
    InputError
        If the disk is full or the folder cannot be written; the old checkpoint is untouched then.
    """
    path = run / CHECKPOINT
    with whole_file(path) as beside:
        try:
            torch.save({"format": FORMAT, **state}, beside)
        except RuntimeError as error:
            # torch's zip writer reports a full disk so.
            raise unwritable(path, OSError(str(error).partition("\n")[0])) from None


def read_checkpoint(run: Path) -> dict[str, Any] | None:
    """Return the run's resume state on the CPU, None where it has none yet.

    Raises
    ------
    InputError
        If the file is damaged or of another format.
    """
    path = run / CHECKPOINT
    if not path.exists():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # torch raises a different type for each kind of damage.
        raise InputError(f"{path}: this checkpoint is damaged; begin again in a new run folder") from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise InputError(f"{path}: not a checkpoint of this version's format {FORMAT}; begin a new run folder")
    return state


def remove_leftovers(run: Path) -> None:
    """Remove what a killed process left half-written beside the run's files."""
    for name in (CHECKPOINT, BEST, CONFIG):
        for beside in run.glob(f".{name}.*"):
            beside.unlink(missing_ok=True)


def save_model(path: Path | str, state: Mapping[str, Tensor], card: Mapping[str, Any]) -> dict[str, Any]:
    """Write weights and their card as one safetensors file, whole or not at all, and return the card as written.

    Parameters
    ----------
    path
        Where; an existing file is replaced.
    state
        Weights by name, `generator.*` and `discriminator.*`.
    card
        Plain JSON values: format, family, codec, corpus, licence, version, iteration, seed, ...
    """
    from safetensors.torch import save

    # Copies, because safetensors refuses tensors that share memory.
    plain = {name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format) for name, tensor in state.items()}
    whole = {**card, "format": FORMAT}
    write_bytes(path, save(plain, {_KEY: json.dumps(whole, ensure_ascii=False)}))
    return whole


def load_model(path: Path | str, kind: str | None = None) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read a model file: its card and its weights on the CPU.

    Parameters
    ----------
    path
        A file written by `save_model`.
    kind
        The family asked for (`card["family"]["kind"]`); None takes any.

    Raises
    ------
    InputError
        If the file is missing, damaged, a pickle, no model of this package, of a newer format or another family.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    head = _head(path)
    try:
        with safe_open(path, "pt") as file:
            text = (file.metadata() or {}).get(_KEY)
            state = {name: file.get_tensor(name) for name in file.keys()} if text is not None else {}  # noqa: SIM118
    except SafetensorError:
        # Only now: a safetensors file may begin with the same byte as a pickle.
        if head.startswith(_PICKLES):
            raise InputError(
                f"{path}: a pickled checkpoint, which could run code; convert it with `antiphon convert` first"
            ) from None
        raise InputError(f"{path}: truncated, damaged or not a safetensors file; fetch or publish it again") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); check the name") from None
    if text is None:
        raise InputError(f"{path}: a safetensors file, but no antiphon model (it has no card); give another file")
    return _card(path, text, kind), state


def publish(run: Path | str, out: Path | str, more: Mapping[str, Tensor] | None = None) -> dict[str, Any]:
    """Write the model file of a run, with `more` tensors beside the weights, and return its card.

    The weights are those of the best record where the run watches a figure and has logged it, otherwise those of the
    latest checkpoint; the generator's are the averaged ones where the run keeps an average.

    Raises
    ------
    InputError
        If the folder is no run, or has no checkpoint yet.
    """
    run = Path(run)
    config = read_config(run)
    if (run / BEST).exists():
        card, state = load_model(run / BEST)
    else:
        checkpoint = read_checkpoint(run)
        if config is None or checkpoint is None:
            raise InputError(f"{run}: no checkpoint here; give the --run folder of a training that has written one")
        card = complete_card(config["card"], checkpoint["iteration"], config["train"]["seed"])
        state = averaged(checkpoint["objective"], checkpoint["average"])
    return save_model(out, {**state, **(more or {})}, card)


def averaged(state: Mapping[str, Tensor], average: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return an objective's state with the averaged generator weights in place."""
    return {**state, **{f"generator.{name}": tensor for name, tensor in average.items()}}


def complete_card(card: Mapping[str, Any], iteration: int | None, seed: int | None) -> dict[str, Any]:
    """Add to a card what only training knows, and the release that writes it."""
    return {"version": antiphon.__version__, **card, "iteration": iteration, "seed": seed}


def digest(state: Mapping[str, Tensor]) -> str:
    """SHA-256 of weights with their names and shapes, by which a model is known whatever its file is called."""
    whole = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        whole.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        whole.update(tensor.flatten().view(torch.uint8).numpy().tobytes())
    return whole.hexdigest()


def start_from(objective: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Load a model's weights into an objective that is to be trained further.

    Raises
    ------
    InputError
        If a weight is missing, left over or of another shape; the sentence names the first such key.
    """
    check_fit(objective.state_dict(), state)
    objective.load_state_dict(dict(state))


def check_fit(own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> None:
    """Compare names and shapes of an objective's `own` state, which may lie on the meta device, with a model's.

    Raises
    ------
    InputError
        As `start_from` does.
    """
    for name, tensor in own.items():
        if name not in state:
            raise InputError(f"this model has no weights {name!r}: it is of another family or version; give another")
        if state[name].shape != tensor.shape:
            ours, theirs = tuple(tensor.shape), tuple(state[name].shape)
            raise InputError(f"{name} is {theirs} in this model but {ours} here; use the preset that it was made with")
    extra = next((name for name in state if name not in own), None)
    if extra is not None:
        raise InputError(f"this model has weights {extra!r} that do not exist here; use the preset it was made with")


def read_config(run: Path) -> dict[str, Any] | None:
    """Return the resolved config of a run folder, None where there is none."""
    path = run / CONFIG
    if not path.exists():
        return None
    try:
        config = json.loads(path.read_text())
        return {"card": dict(config["card"]), "train": dict(config["train"])}
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{path}: damaged; begin again in a new run folder") from None


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(4)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); check the name") from None


def _card(path: Path, text: str, kind: str | None) -> dict[str, Any]:
    try:
        card = json.loads(text)
        format_, family = card["format"], card["family"]["kind"]
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path}: its model card is damaged; fetch or publish it again") from None
    if format_ != FORMAT:
        raise InputError(f"{path}: written in format {format_}, this version reads {FORMAT}; update antiphon")
    if kind is not None and family != kind:
        raise InputError(f"{path}: a model of the family {family!r}, but {kind!r} is needed; give another file")
    return dict(card)
