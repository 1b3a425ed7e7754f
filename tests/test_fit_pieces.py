"""Rows of performances train ten steps at toy width, resume as if never stopped, and say what will not do."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from antiphon.data.prepare import prepare
from antiphon.errors import InputError
from antiphon.fit import fit_preset, publish_run
from antiphon.io.midi import write_midi
from antiphon.model_files import read
from antiphon.music.score import Score, Track, notes_from_columns
from antiphon.presets.table import get_preset
from antiphon.resolved import RunConfig
from antiphon.training.checkpoint import read_checkpoint
from antiphon.training.log import read_log

NETWORK = ("family.network.num_layers=2", "family.network.width=16")
ATTENTION = (*NETWORK, "family.network.num_heads=2", "family.network.feedforward=16")
TOY = {
    "transformer-xl": (*ATTENTION, "family.segment=16", "family.memory=32", "train.accumulate=2"),
    "music-transformer": (*ATTENTION, "family.network.reach=16", "family.segment=32"),
    "piano": (*ATTENTION, "family.network.span=16", "family.segment=32"),
    "piano-small": (*ATTENTION, "family.network.span=16", "family.segment=32"),
    "piano-lstm": (*NETWORK, "family.segment=32"),
}
SHORT: tuple[str, ...] = ("train.batch_size=4", "train.device=cpu", "train.log_every=5", "train.health_every=10")
SHORT += ("train.preview_every=10", "train.checkpoint_every=4", "train.precision=float32")


def piece(seed: int) -> Score:
    chance = np.random.default_rng(seed)
    start = np.sort(chance.integers(0, 20_000, 60))
    length = chance.integers(20, 900, 60)
    return Score(
        500, (Track(notes_from_columns(start, start + length, chance.integers(30, 90, 60), start % 100 + 20)),)
    )


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("pieces")
    for seed in range(12):
        write_midi(piece(seed), place / "files" / f"{seed}.mid")
    prepare(place / "files", place / "corpus")
    return place / "corpus"


def config(name: str, iterations: int, *more: str) -> RunConfig:
    return get_preset(name).resolve([*SHORT, *TOY[name], f"train.iterations={iterations}", *more])


def state(run: Path) -> dict[str, Any]:
    found = read_checkpoint(run)
    assert found is not None
    return found


@pytest.mark.parametrize("name", TOY)
def test_ten_steps_of_every_row(name: str, corpus: Path, tmp_path: Path) -> None:
    facts = fit_preset(config(name, 10), corpus, tmp_path / "r", say=str)
    assert facts["iteration"] == 10 and facts["rows"] > 1000
    records = read_log(tmp_path / "r")
    losses = [record["likelihood/loss"] for record in records]
    assert np.isfinite(losses).all() and losses[0] < 7
    assert 0 < records[-1]["held_out/nats"] < 7
    assert {path.suffix for path in (tmp_path / "r" / "previews").iterdir()} == {".mid", ".png"}
    publish_run(tmp_path / "r", tmp_path / "m.safetensors")
    model = read(tmp_path / "m.safetensors")
    objective = model.build()
    assert type(objective).__name__ == "TransformerObjective"
    # The memory is the run's.
    assert not [key for key in model.state if "memory" in key or "states" in key]


@pytest.mark.parametrize("name", ["transformer-xl", "piano-small", "piano-lstm"])
def test_resume_equals_never_stopped(name: str, corpus: Path, tmp_path: Path) -> None:
    for run, stops in (("once", [9]), ("twice", [3, 9])):
        for stop in stops:
            fit_preset(config(name, stop), corpus, tmp_path / run, say=str)
    once, twice = state(tmp_path / "once"), state(tmp_path / "twice")
    assert all(torch.equal(values, twice["objective"][key]) for key, values in once["objective"].items())
    assert (
        once["carried"].keys() == twice["carried"].keys() == (set() if name == "piano-small" else {"states", "length"})
    )
    assert all(torch.equal(values, twice["carried"][key]) for key, values in once["carried"].items())


def test_parts_of_a_batch_change_nothing(corpus: Path, tmp_path: Path) -> None:
    more = ("family.network.dropout=0", "family.network.attention_dropout=0", "train.decay=null")
    for parts in ("null", "2", "4"):
        fit_preset(config("transformer-xl", 6, f"train.accumulate={parts}", *more), corpus, tmp_path / parts, say=str)
    whole = state(tmp_path / "null")
    for parts in ("2", "4"):
        divided = state(tmp_path / parts)
        for name, values in whole["objective"].items():
            torch.testing.assert_close(divided["objective"][name], values, rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(divided["carried"]["states"], whole["carried"]["states"], rtol=1e-3, atol=1e-3)


def test_a_run_may_begin_with_another_model(corpus: Path, tmp_path: Path) -> None:
    fit_preset(config("transformer-xl", 2), corpus, tmp_path / "a", say=str)
    publish_run(tmp_path / "a", tmp_path / "a.safetensors")
    fit_preset(config("transformer-xl", 1), corpus, tmp_path / "b", start=tmp_path / "a.safetensors", say=str)
    card = json.loads((tmp_path / "b" / "config.json").read_text())["card"]
    assert card["began_as"]["preset"] == "transformer-xl"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("family.vocabulary=200",), r"family\.vocabulary = 200: the codec has 310 tokens"),
        (("codec.keys=128",), r"the codec has 390 tokens for 128 keys"),
        (("train.capture=true", "train.decay=null"), r"keeps no family\.memory"),
        (("family.network.width=15",), "width 15 is not 2 heads"),
        (("train.accumulate=3",), r"train\.accumulate = 3 will not do"),
    ],
)
def test_settings_that_will_not_do_are_said(more: tuple[str, ...], told: str) -> None:
    with pytest.raises(InputError, match=told):
        config("transformer-xl", 1, *more)


def test_a_memory_that_does_not_fit_is_said_before_anything_is_written(corpus: Path, tmp_path: Path) -> None:
    more = ("train.batch_size=65536", "family.memory=65536", "family.network.width=16384", "train.accumulate=null")
    with pytest.raises(
        InputError, match=r"GiB .* lower train\.batch_size or family\.memory, or raise train\.accumulate"
    ):
        fit_preset(config("transformer-xl", 1, *more), corpus, tmp_path / "r", say=str)
    assert not (tmp_path / "r").exists()


def test_a_corpus_without_notes_is_said(tmp_path: Path) -> None:
    # Below the lowest key.
    for number in range(4):
        start = np.arange(60) * 400 + number
        score = Score(500, (Track(notes_from_columns(start, start + 300, start % 20, start % 60 + 20)),))
        write_midi(score, tmp_path / "files" / f"{number}.mid")
    prepare(tmp_path / "files", tmp_path / "corpus")
    with pytest.raises(InputError, match="needs notes on its keyboard"):
        fit_preset(config("piano-small", 1), tmp_path / "corpus", tmp_path / "r", say=str)
