"""The bar GAN against reference numbers of the released code: every stage, and one whole training step.

Reads `ANTIPHON_FIXTURES`/midinet/*.npz and takes every size from the files. The references were computed by
convolutions where ours are matrix products, so numbers agree up to the rounding of float32.
"""

import ast
import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from antiphon.codecs.chords import codes_of_vectors
from antiphon.families.midinet.convert import convert_checkpoint
from antiphon.families.midinet.objective import Midinet
from antiphon.gan.objective import Phase

FOLDER = Path(os.environ.get("ANTIPHON_FIXTURES", "")) / "midinet"
if "ANTIPHON_FIXTURES" not in os.environ or not FOLDER.is_dir():
    pytest.skip("ANTIPHON_FIXTURES names no folder with midinet/", allow_module_level=True)
FILES = sorted(FOLDER.glob("*.npz"))
# Largest difference, as a share of the largest expected entry: some twenty times what rounding makes here.
TOLERANCE = 1e-5
# Of what a training step logs and of its gradients; of the state it leaves.
STEP_TOLERANCE = 1e-5
STATE_TOLERANCE = 2e-6


class Reference:
    """One file: its arrays, and the objective with its weights."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as arrays:
            self.arrays: dict[str, NDArray[Any]] = {name: arrays[name] for name in arrays.files}
        self.hyper = _literal(str(self.arrays["meta/hparams"]))
        self.batch = {"real": self.pitches("in/curr")}
        if "in/prev" in self:
            self.batch["previous"] = self.pitches("in/prev")
        if "in/chord" in self:
            self.batch["chord"] = torch.from_numpy(codes_of_vectors(self["in/chord"].reshape(-1, 13)))

    def __contains__(self, name: str) -> bool:
        return name in self.arrays

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.arrays[name]

    def tensor(self, name: str) -> Tensor:
        return torch.from_numpy(self.arrays[name].copy())

    def pitches(self, name: str) -> Tensor:
        """uint8 (N, 16) from rolls (N, 1, 128, 16)."""
        rolls = self[name][:, 0]
        assert (rolls.sum(1) == 1).all(), f"{name} is not one note a step"
        return torch.from_numpy(rolls.argmax(1).astype(np.uint8))

    def objective(self, dropout: float | None = None) -> Midinet:
        """A fresh objective with the file's weights."""
        state = {name.removeprefix("sd/"): self.tensor(name) for name in self.arrays if name.startswith("sd/")}
        config, state = convert_checkpoint({"state_dict": state, "hyper_parameters": self.hyper})
        if dropout is not None:
            config = config.override([f"discriminator.dropout={dropout}"])
        objective = config.build()
        objective.load_state_dict(state)
        return objective

    def inputs(self, objective: Midinet) -> tuple[Tensor, Tensor | None, Tensor | None]:
        return (self.tensor("in/z"), *objective._conditions(self.batch))


def _literal(text: str) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json.loads(text)
    except json.JSONDecodeError:
        values = ast.literal_eval(text)
    return values


@lru_cache(maxsize=1)
def _reference(path: Path) -> Reference:
    return Reference(path)


@pytest.fixture(params=FILES, ids=[f"midinet-{path.stem}" for path in FILES])
def reference(request: pytest.FixtureRequest) -> Reference:
    return _reference(request.param)


def assert_near(ours: Tensor, expected: NDArray[Any], what: str) -> None:
    difference = np.abs(ours.detach().numpy().reshape(expected.shape) - expected).max()
    allowed = TOLERANCE * max(np.abs(expected).max(), 1e-3)
    assert difference <= allowed, f"{what}: off by {difference:.3g}, allowed {allowed:.3g}"


def assert_same_notes(pitches: Tensor, roll: NDArray[Any], activations: NDArray[Any], what: str) -> None:
    """Equal notes; where the two highest activations (N, 128, 16) are nearer than rounding, either note will do."""
    chosen = np.take_along_axis(activations, pitches.numpy()[:, None].astype(np.int64), axis=1)[:, 0]
    expected = np.take_along_axis(activations, roll.argmax(1)[:, None], axis=1)[:, 0]
    allowed = 2 * TOLERANCE * np.abs(activations).max()
    differing = pitches.numpy() != roll.argmax(1)
    assert not (differing & (np.abs(chosen - expected) > allowed)).any(), what


# A class can be left out of the collection: a folder without files gives no test, where an empty list of parameters
# would give a skipped one.
class TestMidinet:
    __test__ = bool(FILES)

    def test_generator_stages(self, reference: Reference) -> None:
        objective = reference.objective().eval()
        latent, previous, chord = reference.inputs(objective)
        with torch.no_grad():
            conditions = objective.generator.conditions(previous)
            stages = objective.generator.stages(latent, conditions, chord)
        named = {f"cond{index}": values for index, values in enumerate(conditions, start=1)}
        named |= dict(zip(("fc", "t1", "t2", "t3"), stages, strict=False))
        compared = [name for name in named if f"G_eval/{name}" in reference]
        assert set(compared) == {name[7:] for name in reference.arrays if name.startswith("G_eval/")}
        for name in compared:
            assert_near(named[name].transpose(1, 2), reference[f"G_eval/{name}"], name)

    def test_activations_and_bars_in_evaluation(self, reference: Reference) -> None:
        objective = reference.objective().eval()
        with torch.no_grad():
            activations = objective.generator(*reference.inputs(objective)).transpose(1, 2)
        expected = reference["out/G_preact_eval"]
        assert_near(activations, expected, "activations")
        bars = objective.sample_from(reference.tensor("in/z"), reference.batch)
        assert_same_notes(bars, reference["out/G_roll_eval"][:, 0], expected[:, 0], "bars")

    def test_activations_bars_and_statistics_in_training(self, reference: Reference) -> None:
        objective = reference.objective().train()
        with torch.no_grad():
            activations = objective.generator(*reference.inputs(objective)).transpose(1, 2)
        expected = reference["out/G_preact_train"]
        assert_near(activations, expected, "activations")
        bars = activations.argmax(1).to(torch.uint8)
        assert_same_notes(bars, reference["out/G_roll_train"][:, 0], expected[:, 0], "bars")
        state = objective.generator.state_dict()
        third = "transp_conv_net.7" if "transp_conv_net.7.weight" in state else "transp_conv3.1"
        for statistic in ("running_mean", "running_var"):
            assert_near(state[f"{third}.{statistic}"], reference[f"out/train_bn3_{statistic}"], statistic)

    def test_discriminator(self, reference: Reference) -> None:
        objective = reference.objective().eval()
        critic = objective.discriminator
        _, _, chord = reference.inputs(objective)
        real = reference.batch["real"]
        with torch.no_grad():
            features = critic.features(real, chord)
            flat = critic.flatten(features, chord)
            assert_near(features.transpose(1, 2), reference["D_real/conv_net1"], "first convolution")
            assert_near(flat, reference["D_real/conv_net2"], "second convolution")
            if critic.bd_net is not None:
                assert_near(critic.bd_net.closeness(flat), reference["D_real/bd_net"], "minibatch discrimination")
            assert_near(critic(real, chord), reference["out/D_real_logits_eval"], "real logits")
            assert_near(critic(real, chord), reference["D_real/fc_net"], "real logits")
            fake = reference.pitches("out/G_roll_eval")
            assert_near(critic(fake, chord), reference["out/D_fake_logits_eval"], "fake logits")
            few = None if chord is None else chord[:4]
            assert_near(critic(real[:4], few), reference["out/D_real_first4_logits_eval"], "logits of four bars")

    def test_discriminator_reads_rolls_as_pitches(self, reference: Reference) -> None:
        objective = reference.objective().eval()
        _, _, chord = reference.inputs(objective)
        rolls = reference.tensor("in/curr")[:, 0].transpose(1, 2).float().contiguous()
        with torch.no_grad():
            assert_near(objective.discriminator(rolls, chord), reference["out/D_real_logits_eval"], "logits of rolls")

    def test_chain(self, reference: Reference) -> None:
        if "in/z_chain" not in reference:
            assert "previous" not in reference.batch, "a conditioned reference without a chain"
            return
        objective = reference.objective().eval()
        roll = reference["out/chain_roll_128x128"]
        bars = torch.from_numpy(roll.reshape(128, -1, 16).argmax(0).astype(np.uint8))
        # The chain starts with a previous bar of the batch and keeps that item's chord.
        seed = int((reference.batch["previous"] == bars[0]).all(1).int().argmax())
        for index, latent in enumerate(reference.tensor("in/z_chain"), start=1):
            # Each from the bar in the file, so that a note on the edge of rounding does not lead the rest astray.
            condition = {"previous": bars[index - 1 : index]}
            if "chord" in reference.batch:
                condition["chord"] = reference.batch["chord"][seed : seed + 1]
            bar = objective.sample_from(latent, condition)
            with torch.no_grad():
                activations = objective.generator(latent, *objective._conditions(condition)).transpose(1, 2).numpy()
            expected = roll[None, :, index * 16 : (index + 1) * 16]
            assert_same_notes(bar, expected, activations, f"bar {index} of the chain")

    def test_training_step(self, reference: Reference, monkeypatch: pytest.MonkeyPatch) -> None:
        objective = reference.objective(dropout=0.0).train()
        batch_size = len(reference.batch["real"])
        latents = {
            name: list(reference.tensor(f"step/z{name}").view(-1, batch_size, objective.config.latent_dim))
            for name in "DG"
        }
        queue = latents["D"] + latents["G"]
        monkeypatch.setattr(objective, "draw", lambda num: queue.pop(0))
        step = TrainingStep(reference, objective)
        for phase in objective.phases:
            assert phase.steps == len(latents["D" if phase.player == "discriminator" else "G"])
            for index in range(phase.steps):
                step.run(phase, index)
        assert not queue
        step.assert_logs()
        step.assert_state()


class TrainingStep:
    """Runs phases as the trainer does and compares what they log, their gradients and the state they leave."""

    def __init__(self, reference: Reference, objective: Midinet) -> None:
        self.reference = reference
        self.objective = objective
        self.logs: list[tuple[str, float]] = []
        betas = (reference.hyper["b1"], reference.hyper["b2"])
        rates = {"generator": reference.hyper["lr_g"], "discriminator": reference.hyper["lr_d"]}
        self.optimizers = {
            player: torch.optim.Adam(getattr(objective, player).parameters(), lr=rate, betas=betas)
            for player, rate in rates.items()
        }
        self.rates = rates

    def run(self, phase: Phase, index: int) -> None:
        for player in self.optimizers:
            getattr(self.objective, player).requires_grad_(player == phase.player)
        outcome = self.objective.losses(phase, self.reference.batch, 0)
        loss = torch.stack(tuple(outcome.terms.values())).sum()
        loss.backward()
        gradients = self._norms(phase)
        self._assert_gradients(phase, index, gradients)
        if phase.player == "discriminator":
            self.logs += [("d_loss", loss.item())]
            self.logs += [(f"conf_{kind}", outcome.watch[f"confidence_{kind}"].item()) for kind in ("real", "fake")]
            if phase.steps == 1:
                self._assert_halves({name: term.item() for name, term in outcome.terms.items()})
        else:
            total = float(np.sqrt(sum(norm**2 for norm in gradients.values())))
            self.logs += [("g_loss", loss.item()), ("grad_norm", total)]
        self.optimizers[phase.player].step()
        self.optimizers[phase.player].zero_grad()

    def _norms(self, phase: Phase) -> dict[str, float]:
        weights = getattr(self.objective, phase.player).named_parameters()
        return {name: weight.grad.norm().item() for name, weight in weights}

    def _assert_gradients(self, phase: Phase, index: int, norms: dict[str, float]) -> None:
        key = "D" if phase.player == "discriminator" else "G"
        key = key if phase.steps == 1 and f"step/grad_norm_{key}" in self.reference else f"{key}{index}"
        names = [str(name) for name in self.reference[f"step/grad_norm_names_{key}"]]
        expected = dict(zip(names, self.reference[f"step/grad_norm_{key}"].tolist(), strict=True))
        assert expected.keys() == norms.keys()
        total = float(np.sqrt(sum(norm**2 for norm in expected.values())))
        for name, norm in norms.items():
            # Batch norm takes a bias away, whose gradient is then nothing but rounding.
            own = 0.0 if self._is_idle(f"{phase.player}.{name}") else expected[name]
            allowed = STEP_TOLERANCE * (own + total)
            assert abs(norm - expected[name]) <= allowed, f"{phase.name} step {index}, gradient of {name}"

    def _is_idle(self, name: str) -> bool:
        """Whether a bias stands before a batch norm."""
        layer, _, kind = name.rpartition(".")
        sequence, _, position = layer.rpartition(".")
        state = self.reference.arrays
        return kind == "bias" and position.isdigit() and f"sd/{sequence}.{int(position) + 1}.running_mean" in state

    def _assert_halves(self, terms: dict[str, float]) -> None:
        for kind in ("real", "fake"):
            expected = float(self.reference[f"step/d_{kind}_loss"])
            assert terms[f"adversarial_{kind}"] == pytest.approx(expected, rel=STEP_TOLERANCE)

    def assert_logs(self) -> None:
        names = [str(name) for name in self.reference["step/log_names"]]
        assert [name for name, _ in self.logs] == names
        for (name, value), expected in zip(self.logs, self.reference["step/log_values"], strict=True):
            assert value == pytest.approx(float(expected), rel=STEP_TOLERANCE), name

    def assert_state(self) -> None:
        state = {name: values.double() for name, values in self.objective.state_dict().items()}
        names = [str(name) for name in self.reference["step/after_names"]]
        assert set(names) == state.keys()
        for name, length, total in zip(
            names, self.reference["step/after_l2"], self.reference["step/after_sum"], strict=True
        ):
            self._assert_entry(name, state[name], float(length), float(total))

    def _assert_entry(self, name: str, values: Tensor, length: float, total: float) -> None:
        rounding, count = STATE_TOLERANCE * max(length, 1e-3), values.numel()
        apart = self._apart(name)
        few = min(count, 4) * self._reach(name)
        assert abs(values.norm().item() - length) <= rounding + apart * count**0.5, f"L2 of {name}"
        assert abs(values.sum().item() - total) <= rounding * count**0.5 + few + apart * count, f"sum of {name}"

    def _reach(self, name: str) -> float:
        """How far two runs of Adam can differ in an entry: it makes a full step even of a gradient that is rounding."""
        player = name.partition(".")[0]
        steps = sum(phase.steps for phase in self.objective.phases if phase.player == player)
        return float(2 * steps * self.rates[player])

    def _apart(self, name: str) -> float:
        """How far all entries may differ: biases before a batch norm, and a tenth or two of it the mean after them."""
        if self._is_idle(name):
            return self._reach(name)
        return 0.2 * self._reach(name) if name.endswith("running_mean") else 0.0
