"""The adversarial stage against the released code's numbers: a BERT critic, its penalty, losses, temperatures.

Reads `ANTIPHON_FIXTURES`/gan: `*.npz` with a critic's weights (`w/`), `real`, `fake_ids`, `alpha` and what came of
them, and `summary.json`.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from antiphon.families.transformer.bert import BertDiscriminator
from antiphon.families.transformer.critic_designs import BertCritic
from antiphon.families.transformer.published_bert import from_published
from antiphon.families.transformer.temperature import POLICIES
from antiphon.gan.losses import LOSSES
from antiphon.gan.penalties import gradient_penalty
from antiphon.training.schedules import InverseSquareRoot

FOLDER = Path(os.environ.get("ANTIPHON_FIXTURES", "")) / "gan"
if "ANTIPHON_FIXTURES" not in os.environ or not FOLDER.is_dir():
    pytest.skip("ANTIPHON_FIXTURES names no folder with gan/", allow_module_level=True)
FILES = sorted(FOLDER.glob("*.npz"))
SUMMARY: dict[str, Any] = (
    json.loads((FOLDER / "summary.json").read_text()) if (FOLDER / "summary.json").exists() else {}
)
WEIGHT = 10.0
OURS = {
    "standard": "non-saturating",
    "JS": "saturating",
    "KL": "kullback-leibler",
    "wgan": "wasserstein",
    "rsgan": "relativistic",
}
GIVEN = [name for name in SUMMARY.get("losses", {}) if name.removesuffix("-gp") in OURS]
"""Not those that the released code breaks on, nor the two of its second critic, which the paper does not use."""


def read(path: Path) -> dict[str, Tensor]:
    with np.load(path) as stored:
        return {name: torch.from_numpy(np.asarray(stored[name])) for name in stored}


def critic_of(stored: dict[str, Tensor]) -> BertDiscriminator:
    """A critic of the stored sizes, with all frozen whose gradients were not stored; heads are told by summary.json."""
    weights = {name.removeprefix("w/"): values for name, values in stored.items() if name.startswith("w/")}
    layers = {name.split(".")[3] for name in weights if name.startswith("bert.encoder.layer.")}
    words = weights["bert.embeddings.word_embeddings.weight"]
    heads = re.search(r"heads (\d+)", SUMMARY.get("tiny bert", {}).get("config", ""))
    moved = {name.split(".")[4] for name in stored if name.startswith("grad/bert.encoder.layer.")}
    still = sorted(layers - moved)
    design = BertCritic(
        num_layers=len(layers),
        width=words.shape[1],
        num_heads=int(heads[1]) if heads else 4,
        inner=len(weights["bert.encoder.layer.0.intermediate.dense.bias"]),
        positions=len(weights["bert.embeddings.position_embeddings.weight"]),
        freeze=(*(() if any("embeddings" in name for name in stored if "grad/" in name) else ("embeddings",)), *still),
    )
    critic = design.build(len(words) - 1)
    critic.load_state_dict(from_published(weights))
    return critic.eval()


def total(terms: dict[str, Tensor]) -> Tensor:
    return torch.stack(list(terms.values())).sum()


def soft(tokens: Tensor, critic: BertDiscriminator) -> Tensor:
    return one_hot(tokens, critic.encoder.mask + 1).float()


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"critic-scores-{path.stem}")
def test_scores(path: Path) -> None:
    stored = read(path)
    critic = critic_of(stored)
    for tokens, wanted in (("real", "d_real"), ("fake_ids", "d_fake")):
        torch.testing.assert_close(critic(stored[tokens]), stored[wanted], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(critic(soft(stored[tokens], critic)), stored[wanted], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"critic-penalty-{path.stem}")
def test_penalty_losses_and_gradients(path: Path) -> None:
    stored = read(path)
    critic = critic_of(stored)
    real, fake = (soft(stored[name], critic) for name in ("real", "fake_ids"))
    penalty = WEIGHT * gradient_penalty(critic.judge, real, fake, alpha=stored["alpha"], embed=critic.embed)
    assert float(penalty.detach()) == pytest.approx(float(stored["gp"]), rel=1e-4)
    loss = LOSSES["wasserstein"]
    logits = critic(stored["real"]), critic(stored["fake_ids"])
    difference = total(loss.discriminator(*logits))
    assert float(difference.detach()) == pytest.approx(float(stored["d_loss"]), abs=1e-5)
    assert float(total(loss.generator(*logits)).detach()) == pytest.approx(float(stored["g_loss"]), abs=1e-5)
    wanted = from_published({name.removeprefix("grad/"): stored[name] for name in stored if name.startswith("grad/")})
    moving = {name: weight for name, weight in critic.named_parameters() if weight.requires_grad}
    assert moving.keys() == wanted.keys()
    (difference + penalty).backward()
    for name, weight in moving.items():
        assert weight.grad is not None
        torch.testing.assert_close(weight.grad, wanted[name], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("published", GIVEN, ids=lambda name: f"critic-loss-{name}")
def test_losses_on_given_scores(published: str) -> None:
    wanted = SUMMARY["losses"][published]
    real, fake = (torch.tensor(SUMMARY["loss inputs"][side], dtype=torch.float64) for side in ("d_real", "d_fake"))
    loss = LOSSES[OURS[published.removesuffix("-gp")]]
    assert float(total(loss.discriminator(real, fake))) == pytest.approx(wanted["d"], abs=1e-6)
    assert float(total(loss.generator(real, fake))) == pytest.approx(wanted["g"], abs=1e-6)


@pytest.mark.parametrize("policy", SUMMARY.get("beta", {}), ids=lambda name: f"critic-temperature-{name}")
def test_temperatures(policy: str) -> None:
    for iteration, beta in SUMMARY["beta"][policy].items():
        assert POLICIES[policy](int(iteration), 100_000, 100.0) == pytest.approx(beta, rel=1e-12)


@pytest.mark.parametrize("name", SUMMARY.get("lr multiplier", {}), ids=lambda name: f"critic-rates-{name}")
def test_learning_rates(name: str) -> None:
    told = re.search(r"w(\d+) floor (\.\d+)", name)
    assert told is not None
    schedule = InverseSquareRoot(warm_up=int(told[1]), floor=float(told[2]))
    for iteration, multiplier in SUMMARY["lr multiplier"][name].items():
        assert schedule.rate(int(iteration)) == pytest.approx(multiplier, rel=1e-12)
