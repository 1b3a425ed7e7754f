"""Masked pre-training and the adversarial stage as commands train them: ten steps of every row, resumed, published."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.test_fit_pieces import piece

from antiphon.data.prepare import prepare
from antiphon.errors import InputError
from antiphon.fit import fit_preset, publish_run
from antiphon.generate import load
from antiphon.io.midi import write_midi
from antiphon.model_files import read
from antiphon.presets.critics import CRITICS
from antiphon.presets.table import get_preset
from antiphon.resolved import RunConfig
from antiphon.training.checkpoint import read_checkpoint
from antiphon.training.log import read_log

SHORT: tuple[str, ...] = ("train.batch_size=4", "train.device=cpu", "train.log_every=5", "train.health_every=10")
SHORT += ("train.preview_every=100", "train.checkpoint_every=4", "train.accumulate=null", "train.precision=float32")
SIZES = ("width=16", "num_heads=2", "inner=16", "positions=32")
NETWORK = ("num_layers=2", "width=16", "num_heads=2", "feedforward=16")
GAME = ("length=16", "context=3", "memory=16", "after=2", "critic_every=3", "generator_every=3")
MASKED = ("span-bert", "bert-single-token", "span-bert-small")
GAMES = tuple(preset.name for preset in CRITICS if preset.name not in MASKED)


def toy(name: str) -> list[str]:
    """What makes a row small; the critic keeps its layers, which the rows freeze by name."""
    if name in MASKED:
        return [*(f"family.sizes.{size}" for size in SIZES), "family.block=24"]
    critic: tuple[str, ...] = (*SIZES, "origin=null")
    if name.endswith("cnn"):
        critic = ("num_views=4", "channels=5", "hidden_dim=6")
    changes = [*(f"family.network.{size}" for size in NETWORK), *(f"family.game.{value}" for value in GAME)]
    changes += [f"family.critic.{size}" for size in critic]
    recall = ("family.network.span=16",) if name.startswith("piano") else ("family.memory=16",)
    return [*changes, *recall, "family.segment=16"]


def config(name: str, iterations: int, *more: str) -> RunConfig:
    return get_preset(name).resolve([*SHORT, *toy(name), f"train.iterations={iterations}", *more])


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("pieces")
    for seed in range(12):
        write_midi(piece(seed), place / "files" / f"{seed}.mid")
    prepare(place / "files", place / "corpus")
    return place / "corpus"


@pytest.fixture(scope="module")
def span(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published masked model."""
    place = tmp_path_factory.mktemp("span")
    fit_preset(config("span-bert", 3), corpus, place / "r", say=str)
    publish_run(place / "r", place / "span.safetensors")
    return place / "span.safetensors"


def state(run: Path) -> dict[str, Any]:
    found = read_checkpoint(run)
    assert found is not None
    return found


@pytest.mark.parametrize("name", MASKED)
def test_ten_steps_of_masked_rows(name: str, corpus: Path, tmp_path: Path) -> None:
    assert fit_preset(config(name, 10), corpus, tmp_path / "r", say=str)["iteration"] == 10
    last = read_log(tmp_path / "r")[-1]
    assert 0 < last["held_out/hidden_nats"] < 7 and 0 <= last["held_out/right"] <= 1
    assert np.isfinite(last["masked/loss"])
    publish_run(tmp_path / "r", tmp_path / "m.safetensors")
    assert type(read(tmp_path / "m.safetensors").build()).__name__ == "MaskedObjective"


@pytest.mark.parametrize("name", GAMES)
def test_ten_steps_of_every_game(name: str, corpus: Path, tmp_path: Path) -> None:
    assert fit_preset(config(name, 10), corpus, tmp_path / "r", say=str)["iteration"] == 10
    last = read_log(tmp_path / "r")[-1]
    assert np.isfinite([last[f"{phase}/loss"] for phase in ("likelihood", "discriminator", "generator")]).all()
    assert 0 < last["held_out/nats"] < 7
    publish_run(tmp_path / "r", tmp_path / "m.safetensors")
    assert type(read(tmp_path / "m.safetensors").build()).__name__ == "TransformerGame"


@pytest.mark.parametrize("name", ["transformer-gan-wgan-gp", "piano-small-gan"])
def test_resume_equals_never_stopped(name: str, corpus: Path, tmp_path: Path) -> None:
    for run, stops in (("once", [9]), ("twice", [4, 9])):
        for stop in stops:
            fit_preset(config(name, stop), corpus, tmp_path / run, say=str)
    once, twice = state(tmp_path / "once"), state(tmp_path / "twice")
    assert once["optimizers"].keys() == {"generator", "discriminator", "adversarial"}
    assert all(torch.equal(values, twice["objective"][key]) for key, values in once["objective"].items())
    moments = [found["optimizers"]["adversarial"]["state"][0]["exp_avg"] for found in (once, twice)]
    assert torch.equal(*moments) and moments[0].any()


def test_what_is_frozen_never_moves_and_comes_from_the_masked_model(corpus: Path, span: Path, tmp_path: Path) -> None:
    fit_preset(config("transformer-gan-wgan-gp", 8, f"family.critic.origin={span}"), corpus, tmp_path / "r", say=str)
    own, lent = state(tmp_path / "r")["objective"], read(span).state
    for name, values in lent.items():
        if name.startswith("generator.encoder."):
            assert torch.equal(own[name.replace("generator", "discriminator", 1)], values), name
    card = json.loads((tmp_path / "r" / "config.json").read_text())["card"]
    assert card["borrowed"]["preset"] == "span-bert" and "began_as" not in card


def test_a_game_goes_on_from_likelihood(corpus: Path, span: Path, tmp_path: Path) -> None:
    likelihood = [value for value in toy("transformer-gan-rsgan") if "critic" not in value and "game" not in value]
    taught = get_preset("transformer-xl").resolve([*SHORT, *likelihood, "train.iterations=2"])
    fit_preset(taught, corpus, tmp_path / "a", say=str)
    publish_run(tmp_path / "a", tmp_path / "a.safetensors")
    begun = config("transformer-gan-rsgan", 1, f"family.critic.origin={span}", "train.generator.lr=1e-30")
    fit_preset(begun, corpus, tmp_path / "b", start=tmp_path / "a.safetensors", say=str)
    own, start = state(tmp_path / "b")["objective"], read(tmp_path / "a.safetensors").state
    assert all(torch.allclose(own[name], values, atol=1e-12) for name, values in start.items())
    card = json.loads((tmp_path / "b" / "config.json").read_text())["card"]
    assert (card["began_as"]["preset"], card["borrowed"]["preset"]) == ("transformer-xl", "span-bert")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("family.critic.origin=nowhere.safetensors",), r"nowhere\.safetensors: cannot be read"),
        (("family.critic.width=32", "family.critic.origin={span}"), r"family\.critic\.width = 32: span.* has 16"),
        (('family.critic.freeze=["embeddings","9"]',), "'9', which is no part"),
    ],
)
def test_a_body_that_will_not_do_is_said(
    more: tuple[str, ...], told: str, corpus: Path, span: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=told):
        changes = [value.replace("{span}", str(span)) for value in more]
        fit_preset(config("transformer-gan-wgan-gp", 1, *changes), corpus, tmp_path / "r", say=str)
    assert not (tmp_path / "r").exists()


def test_a_masked_model_writes_nothing(span: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"writes no music.*family\.critic\.origin"):
        load(span).generate(seconds=2)


def test_a_recorded_iteration_has_no_falling_temperature() -> None:
    with pytest.raises(InputError, match=r"temperature of family\.game"):
        config("piano-small-gan", 1, "train.capture=true")


def test_a_generator_is_no_body(corpus: Path, tmp_path: Path) -> None:
    fit_preset(config("transformer-gan-rsgan", 1), corpus, tmp_path / "r", say=str)
    publish_run(tmp_path / "r", tmp_path / "g.safetensors")
    other = config("transformer-gan-rsgan", 1, f"family.critic.origin={tmp_path / 'g.safetensors'}")
    with pytest.raises(InputError, match="no masked model"):
        fit_preset(other, corpus, tmp_path / "s", say=str)
