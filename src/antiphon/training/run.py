"""The run folder: the resolved config that a resumed run must share."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from antiphon.errors import InputError
from antiphon.files import unwritable, write_text
from antiphon.training.checkpoint import BEST, CHECKPOINT, CONFIG, read_config, remove_leftovers
from antiphon.training.config import TrainConfig

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

FREE = frozenset(
    {
        *("train.iterations", "train.epochs", "train.device", "card.version"),
        *("train.checkpoint_every", "train.preview_every", "train.tensorboard"),
    }
)
"""Keys that may differ on resume: a longer run, another device, a newer release, and what only looks on."""
FREE_UNWATCHED = frozenset({"train.log_every", "train.health_every", "train.evaluate_every"})
"""These only look on too, unless a logged figure decides when the run ends."""

_ORIGIN = "card.began_as."


@contextmanager
def occupied(run: Path) -> Iterator[None]:
    """Hold the run folder while the block runs, so that no second training writes into it.

    The hold is the system's and ends with the process, however it ends; where the system has none, nothing is held.

    Raises
    ------
    InputError
        If another process trains in this folder, or it cannot be made.
    """
    if fcntl is None:
        yield
        return
    try:
        run.mkdir(parents=True, exist_ok=True)
        handle = os.open(run, os.O_RDONLY)
    except OSError as error:
        raise unwritable(run, error) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise InputError(
            f"{run}: another process is training in this folder; wait for it, or choose a new --run"
        ) from None
    try:
        yield
    finally:
        os.close(handle)


def open_run(run: Path, config: TrainConfig, card: Mapping[str, Any]) -> None:
    """Write the resolved config into a new run folder, or check it against that of the run to be resumed; nothing is
    written where the check fails.

    Raises
    ------
    InputError
        If the folder cannot be written, or a key has changed since the run began.
    """
    # Through JSON, so that what is compared has the types that were read.
    resolved = json.loads(json.dumps({"card": dict(card), "train": config.model_dump(mode="json")}))
    begun = read_config(run)
    if begun is not None:
        remove_leftovers(run)
        if (run / CHECKPOINT).exists():
            _compare(run, dict(_flat(begun)), dict(_flat(resolved)))
        else:
            # A run that never got as far as a checkpoint binds nobody, and its best weights are nobody's.
            (run / BEST).unlink(missing_ok=True)
    write_text(run / CONFIG, json.dumps(resolved, indent=1, ensure_ascii=False) + "\n")


def _compare(run: Path, begun: dict[str, Any], now: dict[str, Any]) -> None:
    free = FREE if begun.get("train.watch") is not None else FREE | FREE_UNWATCHED
    keys = [*begun, *(key for key in now if key not in begun)]
    # A setting that an older release did not have is as one that is off.
    changed = [key for key in keys if key not in free and begun.get(key) != now.get(key)]
    # Another model to begin with changes other keys too, such as the licence; it is the one that can be mended.
    origin = [key for key in changed if key.startswith(_ORIGIN)]
    if origin:
        raise InputError(f"{run}: {_other_origin(begun, now)}, or choose a new --run")
    for key in changed:
        was, is_ = begun.get(key, "absent"), now.get(key, "absent")
        raise InputError(f"{run}: this run was begun with {key} = {was!r}, not {is_!r}; use that, or a new --run")


def _other_origin(begun: dict[str, Any], now: dict[str, Any]) -> str:
    if not any(key.startswith(_ORIGIN) for key in begun):
        return "this run was begun without --from; leave it out"
    model = f"the weights of a model of preset {begun.get(_ORIGIN + 'preset')!r}"
    given = any(key.startswith(_ORIGIN) for key in now)
    return f"this run was begun with {model}{', and not of this one' if given else ''}; give that model as --from"


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
