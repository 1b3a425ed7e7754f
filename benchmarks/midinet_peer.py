"""Times the released bar GAN's own code, from a checkout of its repository, in a process of its own.

Nothing of that code is part of this project; its modules are imported from the checkout and run there.
"""

import importlib
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import MagicMock

import torch

from antiphon.errors import InputError

SETTINGS: dict[str, dict[str, Any]] = {
    "v1": {"lr_g": 3e-4, "lr_d": 1e-5, "gen_updates": 3, "dis_updates": 1, "lambda_1": 0.1, "lambda_2": 1},
    "v2": {"lr_g": 3e-4, "lr_d": 2e-5, "gen_updates": 2, "dis_updates": 1, "lambda_1": 0.1, "lambda_2": 1}
    | {"a": 32, "apply_mbd": True, "mbd_B_dim": 10, "mbd_C_dim": 5},
    "v3": {"lr_g": 3e-4, "lr_d": 3e-5, "gen_updates": 1, "dis_updates": 3, "lambda_1": 1, "lambda_2": 1}
    | {"a": 30, "apply_mbd": True, "mbd_B_dim": 10, "mbd_C_dim": 2},
}
"""The released notebooks' settings."""
BATCH_SIZE = 72


def released_figures(checkout: Path | None, repeats: int) -> dict[str, dict[str, float]] | None:
    """By version, "milliseconds" of processor time an iteration and "bars_per_second"; None without a checkout."""
    if checkout is None:
        return None
    # A process of its own: the released modules are called `models` and `utils`.
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.midinet_peer", str(checkout.resolve()), str(repeats)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])
    if finished.returncode != 0:
        lines = finished.stderr.strip().splitlines() or ["it said nothing"]
        raise InputError(f"{checkout}: the released code does not run: {lines[-1]}")
    figures: dict[str, dict[str, float]] = json.loads(finished.stdout.splitlines()[-1])
    return figures


def main(checkout: str, repeats: int) -> None:
    """Print milliseconds of processor time an iteration, and bars a second of the generator, by version."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    sys.path.insert(0, checkout)
    _stand_in_for_pictures()
    print(json.dumps({version: _measure(version, repeats) for version in SETTINGS}))


def _measure(version: str, repeats: int) -> dict[str, float]:
    gan: Any = importlib.import_module(f"models.model_{version}").GAN(latent_dim=100, **SETTINGS[version])
    configured = gan.configure_optimizers()
    optimizers = configured if version == "v1" and not isinstance(configured[0], list) else configured[0]
    _without_lightning(gan, optimizers)
    previous, real = (_rolls() for _ in range(2))
    chord = torch.nn.functional.one_hot(torch.randint(12, (BATCH_SIZE,)), 13).float()[:, :, None, None]
    batch = {"v1": real, "v2": (previous, real), "v3": (previous, real, chord)}[version]
    milliseconds = 1e3 * _processor_seconds(lambda: gan.training_step(batch), repeats)
    latent = torch.randn(BATCH_SIZE, 100)
    inputs = {"v1": latent, "v2": (latent, previous), "v3": (latent, previous, chord)}[version]
    gan.eval()
    with torch.no_grad():
        seconds = _processor_seconds(lambda: gan.generator(inputs), repeats)
    return {"milliseconds": milliseconds, "bars_per_second": BATCH_SIZE / seconds}


def _stand_in_for_pictures() -> None:
    """Let the published modules import what they draw and show pictures with; nothing measured here draws."""
    importlib.import_module("pytorch_lightning")  # first, because it asks what is installed
    for name in ("torchvision", "torchvision.utils", "IPython", "IPython.display", "matplotlib", "matplotlib.pyplot"):
        sys.modules.setdefault(name, MagicMock())


def _without_lightning(gan: Any, optimizers: list[torch.optim.Optimizer]) -> None:
    """Stand in for Lightning's trainer, doing what it does for the published training step and nothing else."""
    players = {id(optimizers[0]): gan.generator, id(optimizers[1]): gan.discriminator}

    def toggle(optimizer: torch.optim.Optimizer) -> None:
        gan.requires_grad_(False)
        players[id(optimizer)].requires_grad_(True)

    gan.optimizers = lambda: optimizers
    gan.manual_backward = lambda loss: loss.backward()
    gan.toggle_optimizer = toggle
    gan.untoggle_optimizer = lambda optimizer: gan.requires_grad_(True)
    gan.log = lambda *_, **__: None
    gan.train()


def _rolls() -> torch.Tensor:
    pitches = torch.randint(60, 84, (BATCH_SIZE, 16))
    return torch.nn.functional.one_hot(pitches, 128).transpose(1, 2)[:, None].float()


def _processor_seconds(call: Any, repeats: int) -> float:
    for _ in range(2):
        call()
    times = []
    for _ in range(repeats):
        begin = time.process_time()
        call()
        times.append(time.process_time() - begin)
    return median(times)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
