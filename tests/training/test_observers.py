"""Observers: they see the network as it would be published, and never change the training."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tests.training.toy import CARD, PHASES, Toy, toy_config, toy_loader

from antiphon.errors import InputError
from antiphon.gan.objective import Objective
from antiphon.training.checkpoint import BEST, load_model, publish, read_checkpoint
from antiphon.training.log import History, read_log
from antiphon.training.trainer import Fitted, Observer, fit


class _Meddles:
    """Draws random numbers, changes modes, runs the networks."""

    every = 2

    def __init__(self) -> None:
        self.seen: list[tuple[int, float, int]] = []

    def __call__(self, iteration: int, objective: Objective, history: History) -> dict[str, float]:
        assert not torch.is_grad_enabled()
        assert not any(module.training for module in objective.modules())
        assert all(weight.requires_grad for weight in objective.parameters())
        points = objective.sample(4, {})
        self.seen.append((iteration, float(points.sum()), len(history)))
        objective.generator.train()
        torch.manual_seed(iteration)
        return {"points": float(points.mean())}


class _Says:
    """Logs given figures, one after the other."""

    every = 2

    def __init__(self, figures: list[float]) -> None:
        self.figures = figures

    def __call__(self, iteration: int, objective: Objective, history: History) -> dict[str, float]:
        return {"figure": self.figures[iteration // 2 - 1]}


def _fit(run: Path, *observers: Observer, **changes: object) -> Fitted:
    return fit(Toy(), toy_loader(), toy_config(**changes), run, CARD, observers=observers)


def test_observers_do_not_disturb(tmp_path: Path) -> None:
    meddler = _Meddles()
    watched, plain = _fit(tmp_path / "a", meddler), _fit(tmp_path / "b")
    without = [{key: value for key, value in record.items() if key != "points"} for record in watched.history]
    assert [record for record in without if len(record) > 1] == plain.history
    first, second = read_checkpoint(tmp_path / "a"), read_checkpoint(tmp_path / "b")
    assert first is not None
    assert second is not None
    for name, tensor in first["objective"].items():
        assert torch.equal(tensor, second["objective"][name]), name


def test_observers_come_at_their_interval_with_the_records_so_far(tmp_path: Path) -> None:
    meddler = _Meddles()
    fitted = _fit(tmp_path, meddler)
    assert [iteration for iteration, _, _ in meddler.seen] == [2, 4, 6, 8, 10, 12]
    assert [known for _, _, known in meddler.seen] == [0, 2, 3, 4, 6, 7]
    assert [record["iteration"] for record in fitted.history if "points" in record] == [2, 4, 6, 8, 10, 12]


def test_what_observers_draw_depends_on_the_iteration_alone(tmp_path: Path) -> None:
    first, second = _Meddles(), _Meddles()
    _fit(tmp_path / "a", first)
    _fit(tmp_path / "b", second, iterations=7)
    _fit(tmp_path / "b", second)
    assert [seen[:2] for seen in first.seen] == [seen[:2] for seen in second.seen]


class _Keeps:
    every = 12

    def __init__(self) -> None:
        self.state: dict[str, torch.Tensor] = {}

    def __call__(self, iteration: int, objective: Objective, history: History) -> dict[str, float]:
        self.state = {name: tensor.clone() for name, tensor in objective.state_dict().items()}
        return {}


def test_observers_see_what_will_be_published(tmp_path: Path) -> None:
    keeper = _Keeps()
    _fit(tmp_path / "run", keeper)
    publish(tmp_path / "run", tmp_path / "m.safetensors")
    _, state = load_model(tmp_path / "m.safetensors")
    assert state.keys() == keeper.state.keys()
    for name, tensor in state.items():
        assert torch.equal(tensor, keeper.state[name]), name


def test_a_run_ends_when_its_figure_no_longer_improves(tmp_path: Path) -> None:
    figures = [5.0, 3.0, 4.0, 3.5, 2.0, 2.5, 2.0, 1.0]
    fitted = _fit(tmp_path, _Says(figures), iterations=16, watch="figure", patience=2)
    assert (fitted.iteration, fitted.converged) == (8, True)
    card, _ = load_model(tmp_path / BEST)
    assert card["iteration"] == 4
    assert publish(tmp_path, tmp_path / "m.safetensors")["iteration"] == 4


@pytest.mark.parametrize(("watch", "iteration"), [("generator/los", 3), ("fig", 6)])
def test_a_figure_that_nobody_logs_is_not_watched(watch: str, iteration: int, tmp_path: Path) -> None:
    says = _Says([5.0] * 8)
    says.every = 4
    with pytest.raises(InputError, match=rf"train\.watch = '{watch}': .*generator/loss"):
        _fit(tmp_path, says, iterations=16, watch=watch, patience=1)
    assert read_log(tmp_path)[-1]["iteration"] == iteration


def test_a_figure_that_comes_late_is_waited_for(tmp_path: Path) -> None:
    late = Toy((PHASES[0], replace(PHASES[1], start=7)))
    config = toy_config(iterations=12, watch="generator/loss", patience=9)
    assert "generator/loss" in fit(late, toy_loader(), config, tmp_path / "phase", CARD).history[-1]
    says = _Says([5.0] * 8)
    says.every = 8
    assert _fit(tmp_path / "observer", says, iterations=12, watch="figure", patience=9).iteration == 12


def test_patience_outlives_a_stop(tmp_path: Path) -> None:
    figures = [5.0, 3.0, 4.0, 3.5, 2.0, 2.5, 2.0, 1.0]
    for iterations in (7, 16, 16):
        fitted = _fit(tmp_path, _Says(figures), iterations=iterations, watch="figure", patience=2)
    assert (fitted.iteration, fitted.converged) == (8, True)


@pytest.mark.parametrize("patience", [3, None])
def test_patience_begins_anew_with_each_best(patience: int | None, tmp_path: Path) -> None:
    figures = [5.0, 3.0, 4.0, 3.5, 2.0, 2.5, 2.0, 1.0]
    fitted = _fit(tmp_path, _Says(figures), iterations=16, watch="figure", patience=patience)
    assert (fitted.iteration, fitted.converged) == (16, False)
