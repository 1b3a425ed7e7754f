"""Parts of a batch and batches of processes add up to the whole; what is carried and own averages are resumed."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.training.toy import CARD, Toy, toy_config, toy_rows
from torch import Tensor

from antiphon.errors import InputError
from antiphon.gan.objective import Batch, Outcome, Phase
from antiphon.loader import Loader
from antiphon.training.checkpoint import read_checkpoint
from antiphon.training.loop import Trainer
from antiphon.training.trainer import fit, launch

ROOT = Path(__file__).parents[2]
LIKELIHOOD = Phase("likelihood", "generator")
ADVERSARIAL = Phase("adversarial", "generator", every=2, moments="adversarial")


class Remembers(Toy):
    """Means over the valid coordinates of points, which differ in number; each column adds up what it has seen."""

    def __init__(self, phases: tuple[Phase, ...] = (LIKELIHOOD, ADVERSARIAL)) -> None:
        super().__init__(phases, norm=False)
        self.seen = torch.zeros(8, 2)

    def weight(self, phase: Phase, batch: Batch) -> Tensor:
        return self._valid(batch).sum()

    def losses(self, phase: Phase, batch: Batch, iteration: int) -> Outcome:
        column, valid = batch["column"].long() % len(self.seen), self._valid(batch)
        points = batch["real"].float() / 255
        if phase.name == "likelihood":
            self.seen[column] = 0.5 * self.seen[column] + points
        gap = (self.generator(self.seen[column]) - points).square() * valid
        return Outcome({"gap": gap.sum() / valid.sum().clamp_min(1)}, {"many": valid.float().mean()})

    def carried(self) -> dict[str, Tensor]:
        return {"seen": self.seen}

    def carry(self, state: Any) -> None:
        self.seen = state["seen"].clone()

    def _valid(self, batch: Batch) -> Tensor:
        # The second half of a batch has more of them.
        return (batch["real"] % 3 > 0) | (batch["column"] >= 4)[:, None]


class Columns(Loader):
    """The rows with the column of the whole batch that each is in."""

    def batch(self, iteration: int) -> dict[str, Tensor]:
        batch = super().batch(iteration)
        share = len(batch["real"])
        return {**batch, "column": torch.arange(share) + self._rank * share}


def run(folder: Path, objective: Toy | None = None, iterations: int = 12, **changes: Any) -> dict[str, Any]:
    config = toy_config(iterations=iterations, **changes)
    fit(objective or Remembers(), Columns(toy_rows(), 8, seed=3), config, folder, CARD)
    state = read_checkpoint(folder)
    assert state is not None
    return state


def test_parts_of_a_batch_are_the_whole(tmp_path: Path) -> None:
    whole, parts = run(tmp_path / "whole"), run(tmp_path / "parts", accumulate=4)
    for name, weight in whole["objective"].items():
        torch.testing.assert_close(parts["objective"][name], weight, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(parts["carried"]["seen"], whole["carried"]["seen"])
    for group, sums in whole["meter"].items():
        torch.testing.assert_close(parts["meter"][group], sums, rtol=1e-4, atol=1e-5)


def test_phases_without_weights_count_all_parts_alike(tmp_path: Path) -> None:
    class Plain(Remembers):
        def weight(self, phase: Phase, batch: Batch) -> None:  # type: ignore[override]
            return None

    plain = run(tmp_path / "plain", Plain(), accumulate=4)
    weighed = run(tmp_path / "weighed", accumulate=4)
    assert not torch.equal(plain["objective"]["generator.0.weight"], weighed["objective"]["generator.0.weight"])


def test_what_is_carried_is_resumed(tmp_path: Path) -> None:
    straight = run(tmp_path / "straight", accumulate=2)
    run(tmp_path / "broken", iterations=5, accumulate=2)
    broken = run(tmp_path / "broken", accumulate=2)
    assert straight["carried"]["seen"].abs().sum() > 0
    assert torch.equal(straight["carried"]["seen"], broken["carried"]["seen"])
    for name, weight in straight["objective"].items():
        assert torch.equal(weight, broken["objective"][name])


def test_a_phase_has_averages_of_its_own() -> None:
    config = toy_config(adversarial={"lr": 1e-3, "decay": {"kind": "inverse-square-root", "warm_up": 4}})
    objective = Remembers()
    trainer = Trainer(objective, Columns(toy_rows(), 8, seed=3), config, launch(config))
    for _ in range(3):
        trainer.iterate()
    steps = {
        name: float(next(iter(mover.optimizers["adam"].state.values()))["step"])
        for name, mover in trainer.movers.items()
        if mover.optimizers["adam"].state
    }
    assert steps == {"generator": 3, "adversarial": 2}
    assert trainer.movers["generator"].optimizers["adam"].param_groups[0]["lr"] == 1e-2
    assert trainer.movers["adversarial"].optimizers["adam"].param_groups[0]["lr"] == pytest.approx(1e-3 * 2 / 4)
    assert {id(weight) for weight in trainer.movers["adversarial"].weights} == {
        id(weight) for weight in objective.generator.parameters()
    }


def test_own_averages_are_resumed(tmp_path: Path) -> None:
    settings: Any = {"adversarial": {"lr": 3e-2}}
    straight = run(tmp_path / "straight", **settings)
    run(tmp_path / "broken", iterations=5, **settings)
    broken = run(tmp_path / "broken", **settings)
    for name, weight in straight["objective"].items():
        assert torch.equal(weight, broken["objective"][name])
    shared = run(tmp_path / "shared", Remembers((LIKELIHOOD, Phase("adversarial", "generator", every=2))))
    assert not torch.equal(shared["objective"]["generator.0.weight"], straight["objective"]["generator.0.weight"])


def test_weights_that_are_frozen_stay_so() -> None:
    objective = Remembers()
    objective.generator[0].weight.requires_grad_(False)  # type: ignore[index]
    config = toy_config()
    trainer = Trainer(objective, Columns(toy_rows(), 8, seed=3), config, launch(config))
    before = [weight.detach().clone() for weight in objective.generator.parameters()]
    trainer.iterate()
    trainer.release()
    moved = [not torch.equal(old, new) for old, new in zip(before, objective.generator.parameters(), strict=True)]
    assert moved[0] is False and all(moved[1:])
    assert not next(objective.generator.parameters()).requires_grad


def test_a_player_without_weights_needs_no_optimizer(tmp_path: Path) -> None:
    objective = Remembers((LIKELIHOOD,))
    objective.discriminator = torch.nn.Identity()
    assert run(tmp_path, objective)["optimizers"].keys() == {"generator"}


SCRIPT = """
import sys
import torch
from antiphon.training import trainer
from tests.training.test_accumulate import Columns, Remembers
from tests.training.toy import CARD, toy_config, toy_rows
class Shared(Remembers):
    def __init__(self):
        super().__init__()
        self.seen = torch.zeros(4, 2)
for iterations in (5, 8):
    config = toy_config(iterations=iterations, accumulate=2)
    trainer.fit(Shared(), Columns(toy_rows(), 8, seed=3), config, f"{sys.argv[1]}/two", CARD)
torch.distributed.destroy_process_group()
"""


@pytest.mark.slow
def test_two_processes_with_parts_equal_one_on_the_whole(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    subprocess.run([*command, str(tmp_path / "script.py"), str(tmp_path)], env=environment, check=True, timeout=200)
    two, one = read_checkpoint(tmp_path / "two"), run(tmp_path / "one", iterations=8)
    assert two is not None
    torch.testing.assert_close(two["carried"]["seen"], one["carried"]["seen"])
    for name, weight in one["objective"].items():
        torch.testing.assert_close(two["objective"][name], weight, rtol=1e-4, atol=1e-5)


def test_parts_that_do_not_divide_a_share_are_refused() -> None:
    config = toy_config(accumulate=4)

    class TwoProcesses:
        device, world_size, global_rank = torch.device("cpu"), 4, 0

    with pytest.raises(InputError, match=r"train\.accumulate = 4: it does not divide a process's 2"):
        Trainer(Remembers(), Columns(toy_rows(), 8), config, TwoProcesses())
