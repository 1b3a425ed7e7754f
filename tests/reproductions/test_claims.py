"""Claims tried at toy scale by the command: a table, a verdict, figures that the seed decides, faults in a sentence."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from antiphon.cli import main
from antiphon.codecs.frames import FrameBars
from antiphon.codecs.progressions import Progressions
from antiphon.data.corpus import Corpus
from antiphon.errors import InputError
from antiphon.presets.table import PRESETS
from antiphon.reproductions.claim_measures import EXAMINER, listen, real_figures
from antiphon.reproductions.claim_table import CLAIMS, Setting
from antiphon.reproductions.claims import SIZES, Tried, reproduce
from antiphon.reproductions.result import Asked, Reproduction, Scale

DISTINCT = "distinct bars under one condition"


def asked(out: Path, corpus: Path | None = None, **changes: object) -> Asked:
    given = Asked("toy", 0, None if corpus is None else str(corpus), out, str)
    return replace(given, **changes)  # type: ignore[arg-type]


def run(*words: object) -> int:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as end:
        patch.setattr("sys.argv", ["antiphon", *map(str, words)])
        main()
    return int(end.value.code or 0)


def test_the_command_prints_a_table_and_a_verdict(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("reproduce", "bar-minibatch", "--scale", "toy", "--corpus", corpus, "--out", tmp_path)
    assert run(*words) == 0
    told = capsys.readouterr().out
    for column in (DISTINCT, EXAMINER, "pitch changes a bar", "interval overlap", "C_r", "C_f", "health alarms"):
        assert told.count(f"  {column} ") >= 2
    assert "Verdict with 2 training seeds: that minibatch discrimination reduces mode collapse" in told
    facts = json.loads((tmp_path / "bar-minibatch.json").read_text())
    cells = {(line["row"], line["column"]): line for line in facts["lines"]}
    assert (cells["with", "C_r"]["paper"], cells["without", "C_r"]["paper"]) == (0.45, None)
    for setting in ("with", "without"):
        line = cells[setting, EXAMINER]
        values = [float(value) for value in line["remark"].removeprefix("seeds ").split(", ")]
        assert len(values) == 2 and line["ours"] == pytest.approx(np.mean(values), abs=1e-3)
        assert 0 < cells[setting, DISTINCT]["ours"] <= 1


@pytest.mark.slow
def test_what_claims_share_is_trained_once_and_the_seed_decides(corpus: Path, tmp_path: Path) -> None:
    said: list[str] = []
    tried: Tried = {}

    def trained(name: str, **changes: object) -> tuple[Reproduction, int]:
        said.clear()
        result = reproduce(name, asked(tmp_path, corpus, say=said.append, **changes), tried)
        return result, sum(" to train " in sentence for sentence in said)

    first, num = trained("bar-smoothing")
    again, of_again = trained("bar-smoothing")
    assert (num, of_again) == (4, 0) and repr(first) == repr(again)
    # Seed 1 has been tried; only seed 2 is new.
    other, of_other = trained("bar-smoothing", seed=1)
    assert of_other == 2 and repr(other) != repr(first)
    paper = [trial for key, trial in tried.items() if '"real_target":0.9' in key]
    assert len(paper) == 3 and len({trial.figures["pitch changes a bar"] for trial in paper}) == 3


# `lstm` and its twin write hundreds of notes each: minutes of a quiet core, and more of a busy one.
@pytest.mark.timeout(900)
@pytest.mark.slow
@pytest.mark.parametrize("name", CLAIMS)
def test_every_claim_can_be_tried(name: str, tmp_path: Path) -> None:
    result = reproduce(name, asked(tmp_path))
    assert {line.row for line in result.lines} == {
        *CLAIMS[name].settings,
        *(line.row for line in result.lines if line.row.startswith("real, held-out")),
    }
    assert result.sentences[0].startswith("Verdict with 2 training seeds") and CLAIMS[name].says in result.sentences[0]


@pytest.mark.parametrize(("scale", "iterations", "batch"), [("toy", 4, 8), ("cpu", 800, 32), ("paper", 14_000, 72)])
def test_settings_share_length_and_seed(scale: Scale, iterations: int, batch: int) -> None:
    row = CLAIMS["bar-rates"].settings["1 : 1"]
    train = SIZES[scale].resolve(row, 7).train
    assert (train.iterations, train.epochs, train.seed, train.batch_size) == (iterations, None, 7, batch)
    assert train.health_every == iterations and train.discriminator.lr == 3e-4


def test_presets_of_ours_keep_the_shape_of_their_timetable() -> None:
    whole, half = (SIZES[scale].resolve(Setting("bar"), 0) for scale in ("paper", "cpu"))
    own = PRESETS["bar"]
    assert (whole.family, whole.train.iterations) == (own.family, own.train.iterations)
    assert half.train.iterations == (own.train.iterations or 0) // 2 and half.train.batch_size == own.train.batch_size
    assert half.family.kind == "bar" and own.family.kind == "bar" and own.train.ema_decay
    assert half.family.likelihood_iterations == own.family.likelihood_iterations / 2
    assert half.train.ema_decay == pytest.approx(1 - 2 * (1 - own.train.ema_decay))


def test_all_settings_are_judged_by_the_same_real_bars() -> None:
    corpus = Corpus.open("quartets")
    one, other = (listen(corpus, FrameBars(num_splits=num), 50) for num in (20, None))
    assert one.held["real"].tolist() == other.held["real"].tolist()
    assert one.other["real"].tolist() == other.other["real"].tolist() and len(one.held["real"]) == 50
    assert not set(one.held["song"].tolist()) & set(one.other["song"].tolist())
    assert real_figures(one)["interval overlap"] > 0.6


def test_faults(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("reproduce", "bar-minbatch", "--scale", "toy", "--out", tmp_path) == 2
    told = capsys.readouterr().err
    assert "did you mean bar-minibatch" in told and len(told.strip().splitlines()) == 1
    with pytest.raises(InputError, match="--corpus"):
        reproduce("bar-rates", asked(tmp_path, scale="paper"))
    with pytest.raises(InputError, match="'progressions': claims are measured on"):
        listen(Corpus.open("quartets"), Progressions(), 10)
    # Four-in-a-bar scores without a song of sixteen seconds give frames no bars.
    with pytest.raises(InputError, match="no training songs with rows"):
        listen(Corpus.open("groove"), FrameBars(num_splits=1), 10)
