"""Resuming: the same call again equals never stopping, whatever happened in between."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.training.toy import CARD, Toy, toy_config, toy_loader
from torch import Tensor

from antiphon.errors import InputError
from antiphon.training import checkpoint as checkpoints
from antiphon.training.checkpoint import CHECKPOINT, publish, read_checkpoint, start_from, write_checkpoint
from antiphon.training.log import LOG, History, read_log
from antiphon.training.trainer import Fitted, fit

ROOT = Path(__file__).parents[2]


class _Stops:
    """An observer that breaks the run, as a crash would."""

    every = 1

    def __init__(self, at: int, error: Exception) -> None:
        self.at, self.error = at, error

    def __call__(self, iteration: int, objective: object, history: History) -> dict[str, float]:
        if iteration == self.at:
            raise self.error
        return {}


def _fit(run: Path, stop: int | None = None, **changes: Any) -> Fitted:
    observers = [] if stop is None else [_Stops(stop, RuntimeError("crash"))]
    return fit(Toy(), toy_loader(), toy_config(**changes), run, CARD, observers=observers)


def _equal(first: object, second: object) -> bool:
    if isinstance(first, Tensor):
        return isinstance(second, Tensor) and torch.equal(first, second)
    if isinstance(first, dict):
        return isinstance(second, dict) and [*first] == [*second] and all(_equal(first[k], second[k]) for k in first)
    if isinstance(first, (list, tuple)) and isinstance(second, (list, tuple)):
        return len(first) == len(second) and all(map(_equal, first, second))
    return first == second


def _assert_same_run(first: Path, second: Path) -> None:
    assert (first / LOG).read_text() == (second / LOG).read_text()
    assert _equal(read_checkpoint(first), read_checkpoint(second))


def test_a_checkpoint_tells_runs_apart(tmp_path: Path) -> None:
    _fit(tmp_path / "a")
    _fit(tmp_path / "b", seed=6)
    with pytest.raises(AssertionError):
        _assert_same_run(tmp_path / "a", tmp_path / "b")


@pytest.mark.parametrize("stop", [4, 5, 8, 12])
def test_resume_equals_never_stopped(stop: int, tmp_path: Path) -> None:
    _fit(tmp_path / "straight")
    with pytest.raises(RuntimeError, match="crash"):
        _fit(tmp_path / "broken", stop)
    assert _fit(tmp_path / "broken").iteration == 12
    _assert_same_run(tmp_path / "straight", tmp_path / "broken")


def test_a_falling_rate_goes_on_falling(tmp_path: Path) -> None:
    falling: dict[str, Any] = {"decay": {"begin": 3, "end": 11}}
    _fit(tmp_path / "straight", **falling)
    with pytest.raises(RuntimeError, match="crash"):
        _fit(tmp_path / "broken", 8, **falling)
    _fit(tmp_path / "broken", **falling)
    _assert_same_run(tmp_path / "straight", tmp_path / "broken")
    _fit(tmp_path / "steady")
    with pytest.raises(AssertionError):
        _assert_same_run(tmp_path / "straight", tmp_path / "steady")


def test_a_longer_run_goes_on_from_a_shorter_one(tmp_path: Path) -> None:
    _fit(tmp_path / "straight")
    _fit(tmp_path / "short", iterations=7)
    _fit(tmp_path / "short")
    _assert_same_run(tmp_path / "straight", tmp_path / "short")


def test_a_finished_run_stays_as_it_is(tmp_path: Path) -> None:
    _fit(tmp_path)
    before = (tmp_path / CHECKPOINT).read_bytes()
    again = _fit(tmp_path)
    assert again.iteration == 12
    assert (tmp_path / CHECKPOINT).read_bytes() == before


def test_ctrl_c_finishes_the_iteration_and_keeps_it(tmp_path: Path) -> None:
    class _Presses:
        every = 7

        def __call__(self, iteration: int, objective: object, history: History) -> dict[str, float]:
            os.kill(os.getpid(), signal.SIGINT)
            return {}

    with pytest.raises(KeyboardInterrupt):
        fit(Toy(), toy_loader(), toy_config(), tmp_path / "pressed", CARD, observers=[_Presses()])
    state = read_checkpoint(tmp_path / "pressed")
    assert state is not None
    assert state["iteration"] == 7
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    fitted = _fit(tmp_path / "pressed")
    assert fitted.iteration == 12
    _fit(tmp_path / "straight")
    _assert_same_run(tmp_path / "straight", tmp_path / "pressed")


LONG = {"iterations": 40, "checkpoint_every": 10, "log_every": 7}
KILLS = """
import os, signal, sys
import lightning_fabric
from pathlib import Path
import torch
from antiphon.training import checkpoint, log, loop, trainer
from tests.training.test_resume import LONG
from tests.training.toy import CARD, Toy, toy_config, toy_loader

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def at_call(number, owner, name, dying):
    whole, calls = getattr(owner, name), 0
    def counted(*values, **options):
        nonlocal calls
        calls += 1
        return dying(*values) if calls == number else whole(*values, **options)
    setattr(owner, name, counted)

def half_saved(state, path):
    path.write_bytes(b"PK half a checkpoint")
    die()

def half_logged(self, record):
    self._stream.write('{"iteration": 1')
    self._stream.flush()
    die()

moments = {
    "saving": lambda: at_call(2, torch, "save", half_saved),
    # config.json and the log are renamed before any checkpoint is.
    "renaming": lambda: at_call(4, Path, "replace", lambda *paths: die()),
    "logging": lambda: at_call(4, log.Log, "write", half_logged),
    "iterating": lambda: at_call(25, loop.Trainer, "_turn", lambda *values: die()),
}
for moment, arm in moments.items():
    child = os.fork()
    if child == 0:
        arm()
        trainer.fit(Toy(), toy_loader(), toy_config(**LONG), Path(sys.argv[1]) / moment, CARD)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL, moment
"""


@pytest.mark.slow
def test_kill_at_any_moment_loses_at_most_an_interval(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", KILLS, str(tmp_path)], env=environment, check=True)
    _fit(tmp_path / "straight", **LONG)
    for moment, kept in {"saving": 10, "renaming": 10, "logging": 20, "iterating": 10}.items():
        run = tmp_path / moment
        state = read_checkpoint(run)
        assert state is not None, moment
        assert state["iteration"] == kept, moment
        _fit(run, **LONG)
        _assert_same_run(tmp_path / "straight", run)
        assert not [path.name for path in run.iterdir() if path.name.startswith(".")], moment


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"seed": 6}, "train.seed = 5, not 6"),
        ({"generator": {"lr": 0.5}}, "train.generator.lr = 0.01, not 0.5"),
        ({"ema_decay": None}, "train.ema_decay = 0.9, not None"),
    ],
)
def test_a_changed_config_is_refused_by_its_key(change: dict[str, Any], told: str, tmp_path: Path) -> None:
    _fit(tmp_path, iterations=3)
    with pytest.raises(InputError, match=told):
        _fit(tmp_path, **change)


@pytest.mark.parametrize(
    "change",
    [{"checkpoint_every": 2}, {"preview_every": 7}, {"health_every": 7}, {"log_every": 2}, {"iterations": 13}],
)
def test_what_only_looks_on_may_change(change: dict[str, Any], tmp_path: Path) -> None:
    _fit(tmp_path / "a", iterations=6)
    _fit(tmp_path / "a", **{"iterations": 12, **change})
    _fit(tmp_path / "b", iterations=change.get("iterations", 12))
    first, second = read_checkpoint(tmp_path / "a"), read_checkpoint(tmp_path / "b")
    assert first is not None and second is not None
    assert _equal(first["objective"], second["objective"])


def test_what_is_logged_may_not_change_where_it_ends_the_run(tmp_path: Path) -> None:
    watching: dict[str, Any] = {"watch": "generator/loss", "patience": 50}
    _fit(tmp_path, iterations=3, **watching)
    with pytest.raises(InputError, match=r"train\.log_every = 3, not 2"):
        _fit(tmp_path, **watching, log_every=2)
    _fit(tmp_path, **watching, checkpoint_every=2)


def test_a_run_without_a_checkpoint_is_begun_anew(tmp_path: Path) -> None:
    _fit(tmp_path, iterations=3, seed=6)
    (tmp_path / CHECKPOINT).unlink()
    _fit(tmp_path)
    _fit(tmp_path / "straight")
    _assert_same_run(tmp_path / "straight", tmp_path)


def test_a_changed_card_is_refused_by_its_key(tmp_path: Path) -> None:
    _fit(tmp_path, iterations=3)
    other = {**CARD, "family": {"kind": "toy", "layers": 2}}
    with pytest.raises(InputError, match=r"card\.family\.layers = 'absent', not 2"):
        fit(Toy(), toy_loader(), toy_config(), tmp_path, other)


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _replaced(path: Path) -> None:
    torch.save({"weights": 1}, path)


@pytest.mark.parametrize(("damage", "told"), [(_truncated, "damaged"), (_replaced, "not a checkpoint")])
def test_a_damaged_checkpoint_is_said(damage: Callable[[Path], None], told: str, tmp_path: Path) -> None:
    _fit(tmp_path, iterations=3)
    damage(tmp_path / CHECKPOINT)
    with pytest.raises(InputError, match=told):
        _fit(tmp_path)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("unexpected pos 64 vs 0")])
def test_a_full_disk_leaves_the_old_checkpoint(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fit(tmp_path, iterations=3)
    before = (tmp_path / CHECKPOINT).read_bytes()

    def full(state: object, path: Path) -> None:
        path.write_bytes(b"half")
        raise error

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(InputError, match="cannot write here"):
        _fit(tmp_path)
    assert (tmp_path / CHECKPOINT).read_bytes() == before
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    script = (
        "import resource, signal, sys, torch; from pathlib import Path\n"
        "from antiphon.errors import InputError\n"
        "from antiphon.training.checkpoint import write_checkpoint\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try: write_checkpoint(Path(sys.argv[1]), {'x': torch.zeros(1_000_000)})\n"
        "except InputError as error: print(error)\n"
    )
    write_checkpoint(tmp_path, {"x": 1})
    told = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "cannot write here" in told.stdout
    state = read_checkpoint(tmp_path)
    assert state is not None
    assert state["x"] == 1


def test_what_a_killed_process_left_half_written_goes(tmp_path: Path) -> None:
    _fit(tmp_path, iterations=3)
    (tmp_path / f".{CHECKPOINT}.x1y2.pt").write_bytes(b"half")
    _fit(tmp_path)
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_losses_that_are_not_finite_end_the_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="lower learning rates"):
        _fit(tmp_path, iterations=200, discriminator={"lr": 1e30})


def test_publishing_gives_the_averaged_weights_and_the_whole_card(tmp_path: Path) -> None:
    _fit(tmp_path / "run")
    card = publish(tmp_path / "run", tmp_path / "toy.safetensors")
    again, state = checkpoints.load_model(tmp_path / "toy.safetensors")
    run = read_checkpoint(tmp_path / "run")
    assert run is not None
    assert {**card, "format": 1} == again
    assert (card["iteration"], card["seed"], card["family"]) == (12, 5, {"kind": "toy"})
    assert torch.equal(state["generator.0.weight"], run["average"]["0.weight"])
    assert not torch.equal(state["generator.0.weight"], run["objective"]["generator.0.weight"])
    assert torch.equal(state["generator.1.running_mean"], run["objective"]["generator.1.running_mean"])
    assert torch.equal(state["discriminator.0.weight"], run["objective"]["discriminator.0.weight"])


def test_publishing_needs_a_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no checkpoint here"):
        publish(tmp_path, tmp_path / "m.safetensors")


def test_fine_tuning_starts_from_the_model(tmp_path: Path) -> None:
    _fit(tmp_path / "run")
    publish(tmp_path / "run", tmp_path / "m.safetensors")
    _, state = checkpoints.load_model(tmp_path / "m.safetensors")
    objective = Toy()
    start_from(objective, state)
    assert torch.equal(objective.state_dict()["generator.0.weight"], state["generator.0.weight"])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"generator.0.weight": torch.zeros(3, 2)}, r"generator\.0\.weight is \(3, 2\) in this model but \(8, 2\)"),
        ({"generator.9.weight": torch.zeros(1)}, "'generator.9.weight' that do not exist"),
        ({"generator.0.weight": None}, "no weights 'generator.0.weight'"),
    ],
)
def test_fine_tuning_says_which_weight_does_not_fit(change: dict[str, Tensor | None], told: str) -> None:
    state = {name: tensor for name, tensor in {**Toy().state_dict(), **change}.items() if tensor is not None}
    with pytest.raises(InputError, match=told):
        start_from(Toy(), state)


def test_a_torn_last_line_of_the_log_is_dropped(tmp_path: Path) -> None:
    _fit(tmp_path)
    whole = (tmp_path / LOG).read_text()
    (tmp_path / LOG).write_text(whole + '{"iteration": 15, "x')
    assert len(read_log(tmp_path)) == len(whole.splitlines())
    assert json.loads(whole.splitlines()[0])["iteration"] == 3
