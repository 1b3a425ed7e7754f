"""The run's record: one JSON object a line, and TensorBoard events when asked for."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from antiphon.errors import InputError
from antiphon.files import unwritable, write_text

LOG = "log.jsonl"
MADE, REAL = "evaluate/", "evaluate_real/"
"""What begins the names of metrics of made music, and of real music beside it."""
Record = Mapping[str, float]
"""Figures by name; "iteration" counts the iterations done."""
History = Sequence[Record]
"""All records of a run so far, oldest first."""


class Log:
    """Appends records to `log.jsonl` in a run folder and keeps them as `history`.

    What a killed process logged after its last checkpoint is cut off on opening, so that the log of a resumed run
    equals that of one that never stopped. For the same reason it holds no clock times.

    Parameters
    ----------
    run
        The run folder.
    iteration
        Iterations done according to the checkpoint; later records are dropped.
    tensorboard
        Also write TensorBoard events below `run/tensorboard`.

    Raises
    ------
    InputError
        If the folder cannot be written, or TensorBoard is asked for and not installed.
    """

    def __init__(self, run: Path, iteration: int, tensorboard: bool = False) -> None:
        self._path = run / LOG
        self.history: list[dict[str, float]] = [r for r in read_log(run) if r["iteration"] <= iteration]
        write_text(self._path, "".join(_line(record) for record in self.history))
        self._events = _events(run, iteration) if tensorboard else None
        self._stream = self._path.open("a")

    def write(self, record: dict[str, float]) -> None:
        """Append one record; it is handed to the system at once, so that a killed process loses none."""
        self.history.append(record)
        try:
            self._stream.write(_line(record))
            self._stream.flush()
        except OSError as error:
            raise unwritable(self._path, error) from None
        if self._events is not None:
            for name, value in record.items():
                self._events.add_scalar(name, value, int(record["iteration"]))

    def sync(self) -> None:
        """Bring all records to the disk, before a checkpoint that counts on them."""
        os.fsync(self._stream.fileno())

    def close(self) -> None:
        """Close the files."""
        self._stream.close()
        if self._events is not None:
            self._events.close()


def read_log(run: Path) -> list[dict[str, float]]:
    """Return the records of a run folder up to the first torn line; none where there is no log."""
    path = run / LOG
    records: list[dict[str, float]] = []
    if not path.exists():
        return records
    for line in path.read_text().splitlines():
        try:
            record = json.loads(line)
            records.append({"iteration": record.pop("iteration"), **record})
        except (ValueError, KeyError, AttributeError):
            break
    return records


def _line(record: Record) -> str:
    return json.dumps(record) + "\n"


def _events(run: Path, iteration: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise InputError("train.tensorboard: it is not installed; pip install 'antiphon[tensorboard]'") from None
    return SummaryWriter(str(run / "tensorboard"), purge_step=iteration + 1)
