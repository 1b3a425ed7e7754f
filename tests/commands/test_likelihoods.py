"""`antiphon likelihood`, by running it: models, runs and n-grams on whole pieces, and what it refuses."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.test_fit_pieces import config, piece

from antiphon.cli import run
from antiphon.commands.likelihoods import measure_likelihood
from antiphon.data.corpus import Corpus
from antiphon.data.prepare import prepare
from antiphon.fit import fit_preset, publish_run
from antiphon.io.midi import write_midi


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("pieces")
    for seed in range(20):
        write_midi(piece(seed), place / "files" / f"{seed}.mid")
    prepare(place / "files", place / "corpus")
    return place / "corpus"


@pytest.fixture(scope="module")
def model(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("model")
    fit_preset(config("transformer-xl", 4), corpus, place / "run", say=str)
    publish_run(place / "run", place / "m.safetensors")
    return place


def test_a_model_a_run_and_an_n_gram(corpus: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = {}
    for name in (str(model / "m.safetensors"), str(model / "run"), "2-gram"):
        assert run(["likelihood", name, str(corpus), "--json"]) == 0
        found[name] = json.loads(capsys.readouterr().out)
    file, folder, gram = found.values()
    assert file["nats"] == folder["nats"] and file["memory"] == 32 and gram["memory"] == 1
    for facts in found.values():
        assert len(facts["pieces"]) == len(Corpus.open(corpus).split("test"))
        assert facts["tokens"] == sum(one["tokens"] for one in facts["pieces"]) == gram["tokens"]
        mean = sum(one["tokens"] * one["nats"] for one in facts["pieces"]) / facts["tokens"]
        assert facts["nats"] == pytest.approx(mean)
        assert facts["low"] <= facts["nats"] <= facts["high"]
    # A network of four steps knows next to nothing.
    assert file["nats"] == pytest.approx(np.log(310), abs=0.2)
    assert run(["likelihood", "2-gram", str(corpus)]) == 0
    assert capsys.readouterr().out.startswith(f"2-gram: {gram['nats']:.4f} nats a token (")


def test_how_far_a_model_sees_is_asked(corpus: Path, model: Path) -> None:
    near, far = (measure_likelihood(str(model / "run"), str(corpus), memory=memory) for memory in (1, 64))
    assert (near["memory"], far["memory"]) == (1, 64)
    assert near["nats"] != far["nats"]
    one = measure_likelihood("2-gram", str(corpus), pieces=1)
    assert len(one["pieces"]) == 1 and one["low"] is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("{model}/m.safetensors", "{corpus}", "--memory", "0"), "memory 0: choose"),
        (("4-gram", "{corpus}/none"), "no such corpus"),
        (("bar", "{corpus}"), "a model of 'bar', which gives no likelihood of tokens"),
        (("no-gram", "{corpus}"), "there is none of this name"),
        (("4-gram", "{corpus}", "--split", "all"), "split"),
    ],
)
def test_what_will_not_do_is_said(
    words: tuple[str, ...], told: str, corpus: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["likelihood", *(word.format(model=model, corpus=corpus) for word in words)]) == 2
    assert told in capsys.readouterr().err
