"""A training from scratch in a folder that does not stay, for reproductions that look at what a training leaves."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from antiphon.nn.threads import one_thread
from antiphon.resolved import ModelConfig, RunConfig

if TYPE_CHECKING:
    from antiphon.gan.objective import Objective
    from antiphon.training.log import History

_HEALTH, _ALARM = "health/", "alarm/"


@contextmanager
def trained(config: RunConfig, corpus: str, say: Callable[[str], object]) -> Iterator[Path]:
    """The run folder of a finished training on one thread.

    Raises
    ------
    InputError
        If the corpus cannot be had or has no rows for the codec.
    """
    from antiphon.fit import fit_preset

    with tempfile.TemporaryDirectory(prefix="antiphon-") as scratch, one_thread():
        run = Path(scratch) / "run"
        fit_preset(config, corpus, run, workers=1, say=say)
        yield run


def players(run: Path, config: ModelConfig) -> "Objective":
    """The objective of a run as it would be published, ready to sample."""
    from antiphon.training.checkpoint import averaged, read_checkpoint, start_from

    objective, checkpoint = config.family.build(), read_checkpoint(run)
    assert checkpoint is not None
    start_from(objective, averaged(checkpoint["objective"], checkpoint["average"]))
    return objective.eval()


def alarms_at_the_end(history: "History") -> tuple[str, ...]:
    """The alarms that sounded at the last examination of health."""
    examined = [record for record in history if any(name.startswith(_HEALTH) for name in record)]
    return tuple(name.removeprefix(_ALARM) for name in examined[-1] if name.startswith(_ALARM)) if examined else ()
