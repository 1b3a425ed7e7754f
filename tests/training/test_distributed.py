"""Two processes: the mean of their gradients is the gradient of the joined batch, double backward included."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tests.training.toy import CARD, Toy, toy_config, toy_loader
from torch import Tensor

from antiphon.gan.objective import Batch, Outcome, Phase
from antiphon.training.checkpoint import read_checkpoint
from antiphon.training.log import read_log
from antiphon.training.trainer import fit

ROOT = Path(__file__).parents[2]


class Still(Toy):
    """The toy without chance and without norms, with a gradient penalty: its terms are plain means over the batch."""

    def __init__(self) -> None:
        super().__init__(norm=False)

    def losses(self, phase: Phase, batch: Batch, iteration: int) -> Outcome:
        real = (batch["real"].float() / 255).requires_grad_()
        fake = self.generator(batch["song"].float()[:, None] * torch.tensor([0.1, -0.2]))
        if phase.player == "generator":
            return Outcome({"adversarial": -self.discriminator(fake).mean()})
        scores = self.discriminator(real)
        (slope,) = torch.autograd.grad(scores.sum(), real, create_graph=True)
        gap = self.discriminator(fake).mean() - scores.mean()
        return Outcome({"gap": gap, "penalty": (slope.norm(dim=1) - 1).square().mean()})

    def sample(self, num: int, condition: Batch) -> Tensor:
        raise NotImplementedError


SCRIPT = """
import sys
import torch
from antiphon.training import trainer
from tests.training.test_distributed import Still
from tests.training.toy import CARD, Toy, toy_config, toy_loader
for name, objective in (("still", Still()), ("toy", Toy())):
    for iterations in (5, 8):
        trainer.fit(objective, toy_loader(), toy_config(iterations=iterations), f"{sys.argv[1]}/{name}", CARD)
    for weight in objective.parameters():
        both = [torch.empty_like(weight) for _ in range(2)]
        torch.distributed.all_gather(both, weight.detach())
        assert torch.equal(*both)
torch.distributed.destroy_process_group()
"""


LAUNCHERS = {
    "torchrun": ["torch.distributed.run", "--standalone", "--nproc-per-node=2"],
    "fabric run": ["lightning_fabric.cli", "--accelerator=cpu", "--strategy=ddp", "--devices=2"],
}


@pytest.mark.slow
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_two_processes_equal_one_on_the_joined_batch(launcher: str, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, "-m", *LAUNCHERS[launcher]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    subprocess.run([*command, str(tmp_path / "script.py"), str(tmp_path)], env=environment, check=True, timeout=200)
    fit(Still(), toy_loader(), toy_config(iterations=8), tmp_path / "alone", CARD)
    one, two = read_checkpoint(tmp_path / "alone"), read_checkpoint(tmp_path / "still")
    assert one is not None
    assert two is not None
    for name, weight in one["objective"].items():
        torch.testing.assert_close(two["objective"][name], weight, rtol=1e-4, atol=1e-5)
    for alone, shared in zip(read_log(tmp_path / "alone"), read_log(tmp_path / "still"), strict=True):
        assert shared == pytest.approx(alone, rel=1e-3, abs=1e-4)
    # With chance in it, two processes draw differently from one.
    fit(Toy(), toy_loader(), toy_config(iterations=8), tmp_path / "chance", CARD)
    assert read_log(tmp_path / "toy") != read_log(tmp_path / "chance")


INTERRUPTED = """
import atexit
import os
import signal
import sys
import torch
from antiphon.training import trainer
from tests.training.toy import CARD, Toy, toy_config, toy_loader
rank = os.environ["RANK"]
# Handlers run last first: this one after all that training registers.
atexit.register(lambda: torch.distributed.is_initialized() or open(f"{sys.argv[1]}/left-{rank}", "w").close())
class Signalled(Toy):
    def losses(self, phase, batch, iteration):
        if iteration == 6 and rank == "1":
            os.kill(os.getpid(), signal.SIGINT)
        return super().losses(phase, batch, iteration)
objective = Signalled((Toy().phases[0],))
try:
    trainer.fit(objective, toy_loader(), toy_config(iterations=500), f"{sys.argv[1]}/run", CARD)
except KeyboardInterrupt:
    open(f"{sys.argv[1]}/{rank}", "w").close()
"""


@pytest.mark.slow
def test_a_signal_to_one_process_stops_all(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(INTERRUPTED)
    command = [sys.executable, "-m", *LAUNCHERS["torchrun"]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    subprocess.run([*command, str(tmp_path / "script.py"), str(tmp_path)], env=environment, check=True, timeout=100)
    assert {path.name for path in tmp_path.iterdir()} >= {"0", "1", "left-0", "left-1"}
    state = read_checkpoint(tmp_path / "run")
    assert state is not None and state["iteration"] == 7
