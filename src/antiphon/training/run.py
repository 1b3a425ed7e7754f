"""The run folder: the resolved config that a resumed run must share."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from antiphon.errors import InputError
from antiphon.files import write_text
from antiphon.training.checkpoint import CONFIG, read_config, remove_leftovers
from antiphon.training.config import TrainConfig

FREE = frozenset({"train.iterations", "train.epochs", "train.device", "card.version"})
"""Keys that may differ on resume: a longer run, another device, a newer release."""


def open_run(run: Path, config: TrainConfig, card: Mapping[str, Any]) -> None:
    """Write the resolved config into a new run folder, or check it against that of the run to be resumed.

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
        _compare(run, dict(_flat(begun)), dict(_flat(resolved)))
    write_text(run / CONFIG, json.dumps(resolved, indent=1, ensure_ascii=False) + "\n")


def _compare(run: Path, begun: dict[str, Any], now: dict[str, Any]) -> None:
    for key in [*begun, *(key for key in now if key not in begun)]:
        if key not in FREE and (key not in begun or key not in now or begun[key] != now[key]):
            was, is_ = begun.get(key, "absent"), now.get(key, "absent")
            raise InputError(f"{run}: this run was begun with {key} = {was!r}, not {is_!r}; use that, or a new --run")


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
