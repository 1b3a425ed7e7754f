"""The bridge: licences, held-out bars, exact resume, fine-tuning."""

from pathlib import Path

import pytest
import torch
from tests.made import TOY

from antiphon.data.corpus import Corpus
from antiphon.data.views import view
from antiphon.errors import InputError
from antiphon.fit import fit_preset, model_licence, publish_run
from antiphon.presets import RunConfig, get_preset
from antiphon.training.checkpoint import load_model


def config(preset: str, iterations: int, *more: str) -> RunConfig:
    short = [f"train.iterations={iterations}", "train.batch_size=4", "train.device=cpu"]
    return get_preset(preset).resolve([*TOY[preset], *short, *more])


def state(run: Path) -> dict[str, torch.Tensor]:
    publish_run(run, run / "m.safetensors")
    return load_model(run / "m.safetensors")[1]


@pytest.mark.parametrize(
    ("corpus", "origin", "licence"),
    [
        ("CC0-1.0", None, "MIT"),
        ("Public Domain", "MIT", "MIT"),
        ("CC-BY-NC-SA-4.0", None, "CC-BY-NC-SA-4.0"),
        ("CC0-1.0", "CC-BY-NC-SA-4.0", "CC-BY-NC-SA-4.0"),
        ("CC-BY-4.0", "CC-BY-4.0", "CC-BY-4.0"),
        ("CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-4.0 and CC-BY-SA-4.0"),
        ("unknown", None, "unknown"),
    ],
)
def test_licence_of_weights(corpus: str, origin: str | None, licence: str) -> None:
    assert model_licence(corpus, origin) == licence


@pytest.mark.slow
def test_resume_is_exact(corpus: Path, tmp_path: Path) -> None:
    for run, lengths in (("once", [4]), ("twice", [2, 4])):
        for iterations in lengths:
            fit_preset(config("midinet-v2", iterations), corpus, tmp_path / run, say=str)
    once, twice = state(tmp_path / "once"), state(tmp_path / "twice")
    assert once.keys() == twice.keys()
    assert all(torch.equal(once[name], twice[name]) for name in once)


@pytest.mark.slow
def test_held_out_bars_are_no_training_bars(corpus: Path, tmp_path: Path) -> None:
    wanted = config("midinet-v2", 1)
    fit_preset(wanted, corpus, tmp_path / "r", say=str)
    held_out = {tuple(bar.tolist()) for bar in state(tmp_path / "r")["held_out.real"]}
    bars = {
        split: {tuple(bar.tolist()) for bar in view(Corpus.open(corpus), wanted.codec, split)["real"]}
        for split in ("train", "valid")
    }
    assert held_out and held_out <= bars["valid"]
    assert not held_out <= bars["train"]


@pytest.mark.slow
def test_the_first_weights_follow_from_the_seed(corpus: Path, tmp_path: Path) -> None:
    states = []
    for number, seed in enumerate((1, 1, 2)):
        torch.manual_seed(number)
        fit_preset(config("midinet-v1", 1, f"train.seed={seed}"), corpus, tmp_path / str(number), say=str)
        states.append(state(tmp_path / str(number))["generator.fc_net.0.weight"])
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


@pytest.mark.slow
def test_fine_tuning_begins_with_the_model(models: dict[str, Path], corpus: Path, tmp_path: Path) -> None:
    slow = ("train.generator.lr=1e-12", "train.discriminator.lr=1e-12")
    fit_preset(config("midinet-v1", 1, *slow), corpus, tmp_path / "r", start=models["midinet-v1"], say=str)
    _, before = load_model(models["midinet-v1"])
    name = "generator.fc_net.0.weight"
    torch.testing.assert_close(state(tmp_path / "r")[name], before[name])
    with pytest.raises(InputError, match="family 'bar', but preset midinet-v1"):
        fit_preset(config("midinet-v1", 1), corpus, tmp_path / "s", start=models["bar"])
    assert not (tmp_path / "s").exists()
