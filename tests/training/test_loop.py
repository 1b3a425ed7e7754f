"""The iteration: who moves, when, with which limits, and what is remembered of it."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.training.toy import CARD, PHASES, Toy, toy_config, toy_loader
from torch import Tensor

from antiphon.errors import InputError
from antiphon.gan.objective import Batch, Outcome, Phase
from antiphon.training.config import AdamConfig, TrainConfig
from antiphon.training.loop import Trainer
from antiphon.training.schedules import Decay
from antiphon.training.trainer import fit, launch

DISCRIMINATOR, GENERATOR = PHASES


def _trainer(objective: Toy, **changes: object) -> Trainer:
    config = toy_config(**changes)
    return Trainer(objective, toy_loader(), config, launch(config))


def _state(module: torch.nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def _same(before: dict[str, Tensor], module: torch.nn.Module) -> bool:
    return all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())


@pytest.mark.parametrize("phase", PHASES)
def test_only_the_player_moves(phase: Phase) -> None:
    objective = Toy((phase,))
    moving = getattr(objective, phase.player)
    resting = objective.generator if phase.player == "discriminator" else objective.discriminator
    trainer = _trainer(objective)
    before, rest = _state(moving), _state(resting)
    for _ in range(3):
        trainer.iterate()
    # Batch-norm statistics included: they are part of the state.
    assert _same(rest, resting)
    assert not any(
        torch.equal(before[name], weight) for name, weight in moving.named_parameters() if "bias" not in name
    )
    assert all(weight.grad is None for weight in objective.parameters())


class _Frozen(Toy):
    def losses(self, phase: Phase, batch: Batch, iteration: int) -> Outcome:
        free = {name.split(".")[0] for name, weight in self.named_parameters() if weight.requires_grad}
        assert free == {phase.player}
        return super().losses(phase, batch, iteration)


def test_losses_see_only_the_player_free() -> None:
    trainer = _trainer(_Frozen())
    trainer.iterate()
    trainer.iterate()
    trainer.release()
    assert all(weight.requires_grad for weight in trainer.objective.parameters())


def test_phases_run_by_every_steps_start_and_stop() -> None:
    phases = (
        replace(DISCRIMINATOR, every=2, start=1),
        replace(GENERATOR, steps=3, start=2, stop=5),
        replace(GENERATOR, name="late", steps=1, every=3, start=4),
    )
    objective = Toy(phases)
    trainer = _trainer(objective)
    for _ in range(8):
        trainer.iterate()
    expected = [("discriminator", 1), *[("generator", 2)] * 3, ("discriminator", 3), *[("generator", 3)] * 3]
    expected += [*[("generator", 4)] * 3, ("late", 4), ("discriminator", 5), ("discriminator", 7), ("late", 7)]
    assert objective.calls == expected


def test_the_average_is_the_closed_form() -> None:
    objective = Toy()
    decay = 0.8
    trainer = _trainer(objective, ema_decay=decay)
    weights = [_state(objective.generator)]
    for _ in range(5):
        trainer.iterate()
        weights.append(_state(objective.generator))
    for name, average in trainer.average.state().items():
        closed = decay**5 * weights[0][name]
        for age, weight in enumerate(reversed(weights[1:])):
            closed = closed + (1 - decay) * decay**age * weight[name]
        torch.testing.assert_close(average, closed)


def test_the_averaged_network_has_the_live_buffers_and_comes_and_goes() -> None:
    objective = Toy()
    trainer = _trainer(objective)
    for _ in range(4):
        trainer.iterate()
    live = _state(objective.generator)
    with trainer.average.in_place():
        inside = _state(objective.generator)
    assert not torch.equal(inside["0.weight"], live["0.weight"])
    assert torch.equal(inside["1.running_mean"], live["1.running_mean"])
    assert _same(live, objective.generator)


@pytest.mark.parametrize(("epochs", "iterations"), [(2, 14), (3, 21)])
def test_epochs_are_passes_over_the_rows(epochs: int, iterations: int, tmp_path: Path) -> None:
    by_epochs = fit(Toy(), toy_loader(), toy_config(iterations=None, epochs=epochs), tmp_path / "a", CARD)
    by_iterations = fit(Toy(), toy_loader(), toy_config(iterations=iterations), tmp_path / "b", CARD)
    assert by_epochs.iteration == iterations
    assert by_epochs.history == by_iterations.history


def test_rates_fall_in_a_straight_line() -> None:
    objective = Toy()
    trainer = _trainer(objective, decay=Decay(begin=2, end=6))
    rates, weights = [], []
    for _ in range(8):
        weights.append(_state(objective))
        trainer.iterate()
        rates.append([mover.optimizers["adam"].param_groups[0]["lr"] for mover in trainer.movers.values()])
    assert np.allclose(np.array(rates) / 1e-2, np.array([1, 1, 1, 0.75, 0.5, 0.25, 0, 0])[:, None])
    moved = [
        not torch.equal(before["generator.0.weight"], after["generator.0.weight"])
        for before, after in pairwise(weights)
    ]
    assert moved == [True] * 6 + [False]
    with pytest.raises(InputError, match="make end larger"):
        TrainConfig.parse({"iterations": 3, "decay": {"begin": 5, "end": 5}})
    with pytest.raises(InputError, match=r"capture.*leave one of them out"):
        TrainConfig.parse({"iterations": 3, "decay": {"begin": 5, "end": 6}, "capture": True})


def test_weights_are_clipped() -> None:
    objective = Toy((DISCRIMINATOR,))
    _trainer(objective, discriminator=AdamConfig(lr=0.1, clip_weights=0.05)).iterate()
    assert max(float(weight.detach().abs().max()) for weight in objective.discriminator.parameters()) <= 0.0501
    assert max(float(weight.detach().abs().max()) for weight in objective.generator.parameters()) > 0.05


def test_gradients_are_clipped_as_one_vector() -> None:
    objective = Toy((DISCRIMINATOR,))
    trainer = _trainer(objective, log_every=1, discriminator=AdamConfig(lr=1e-9, clip_norm=1e-3))
    seen: list[float] = []
    step = trainer.movers["discriminator"].optimizers["adam"].step

    def watch() -> None:
        gradients = [
            weight.grad.flatten() for weight in objective.discriminator.parameters() if weight.grad is not None
        ]
        seen.append(float(torch.cat(gradients).norm()))
        step()

    trainer.movers["discriminator"].optimizers["adam"].step = watch  # type: ignore[method-assign, assignment]
    trainer.iterate()
    assert seen == [pytest.approx(1e-3, rel=1e-3)]
    # What is logged is the norm before clipping.
    assert trainer.meter.read(trainer.all_reduce)["discriminator/gradient_norm"] > 0.01


def test_chance_comes_from_seed_and_iteration_alone(tmp_path: Path) -> None:
    first = fit(Toy(), toy_loader(), toy_config(), tmp_path / "a", CARD)
    torch.manual_seed(123)
    again = fit(Toy(), toy_loader(), toy_config(), tmp_path / "b", CARD)
    other = fit(Toy(), toy_loader(), toy_config(seed=6), tmp_path / "c", CARD)
    assert first.history == again.history
    assert first.history != other.history


def test_bfloat16_losses_train_float32_weights(tmp_path: Path) -> None:
    objective = Toy()
    fitted = fit(objective, toy_loader(), toy_config(precision="bfloat16"), tmp_path / "a", CARD)
    plain = fit(Toy(), toy_loader(), toy_config(), tmp_path / "b", CARD)
    assert {weight.dtype for weight in objective.parameters()} == {torch.float32}
    assert fitted.history != plain.history
    for key, value in fitted.history[0].items():
        assert value == pytest.approx(plain.history[0][key], rel=0.2, abs=0.1), key


class Halves(Toy):
    """The toy's loss in two parts, of which the second is computed when the first has been differentiated."""

    def losses(self, phase: Phase, batch: Batch, iteration: int) -> Outcome:
        noise = torch.get_rng_state()
        terms, watch = self._half(super().losses(phase, batch, iteration))

        def then() -> Outcome:
            assert any(weight.grad is not None for weight in self.parameters())
            torch.set_rng_state(noise)
            return Outcome(*self._half(super(Halves, self).losses(phase, batch, iteration)))

        return Outcome(terms, watch, then)

    @staticmethod
    def _half(outcome: Outcome) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        terms, watch = ({name: value / 2 for name, value in of.items()} for of in (outcome.terms, outcome.watch))
        return terms, watch


def test_a_loss_in_parts_is_their_sum(tmp_path: Path) -> None:
    whole, halves = Toy(norm=False), Halves(norm=False)
    records = [fit(o, toy_loader(), toy_config(), tmp_path / type(o).__name__, CARD).history for o in (whole, halves)]
    assert _same(_state(whole), halves)
    for one, other in zip(*records, strict=True):
        assert other == pytest.approx(one, rel=1e-6)


@pytest.mark.parametrize("lengths", [{}, {"iterations": 3, "epochs": 3}])
def test_exactly_one_length_is_set(lengths: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="exactly one of iterations and epochs"):
        TrainConfig.parse(lengths)


def test_patience_needs_a_figure_to_watch() -> None:
    with pytest.raises(ValueError, match="name the figure"):
        TrainConfig.parse({"iterations": 3, "patience": 2})


def test_capture_without_a_gpu_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"train\.capture = true: it needs one GPU"):
        fit(Toy(), toy_loader(), toy_config(capture=True), tmp_path, CARD)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_captured_iterations_equal_eager_ones(tmp_path: Path) -> None:
    phases = (DISCRIMINATOR, replace(GENERATOR, every=2, start=3))
    logs = []
    for capture in (False, True):
        config = toy_config(capture=capture, device="cuda", iterations=60)
        logs.append(fit(Toy(phases), toy_loader(), config, tmp_path / str(capture), CARD).history)
    assert len(logs[0]) == len(logs[1]) == 20
    for eager, captured in zip(*logs, strict=True):
        assert captured == pytest.approx(eager, rel=1e-2, abs=1e-3)
