"""`antiphon spread`: trainings and samplings told apart over reports, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.evaluation.reports import EMPTY

from antiphon.cli import run
from antiphon.evaluation.measures import Number
from antiphon.evaluation.report.report import Report, Row, Section
from antiphon.evaluation.report.spread import TRAINING

VALUES = {("a", 0): 1.0, ("a", 1): 1.2, ("b", 0): 3.0, ("b", 1): 3.2, ("c", 0): 2.0, ("c", 1): 2.2}


def report(training: str, seed: int, value: float) -> Report:
    row = Row("notes_a_bar", "A sentence.", "a source", "notes", Number(value))
    return replace(EMPTY, seed=seed, settings={TRAINING: training}, sections=(Section("Bars", "", (row,)),))


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    paths = []
    for (training, seed), value in VALUES.items():
        paths.append(tmp_path / f"{training}{seed}.json")
        paths[-1].write_text(report(training, seed, value).json_text())
    return [str(path) for path in paths]


def test_trainings_are_the_unit(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["spread", *files, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["name"] == "notes_a_bar" and row["num_training_seeds"] == 3 and row["num_values"] == 6
    assert row["mean"] == pytest.approx(2.1) and row["sampling_spread"] == pytest.approx(0.1414, abs=1e-3)
    assert row["training_spread"] == pytest.approx(1.0, abs=0.02)
    # Three trainings: Student's t with two degrees of freedom, 4.30 standard errors.
    assert row["high"] - row["mean"] == pytest.approx(4.3027 / 3**0.5, rel=1e-3)
    assert run(["spread", *files]) == 0
    assert "between trainings" in capsys.readouterr().out


def test_one_training_has_no_interval(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["spread", *files[:2], "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["low"] is None and row["training_spread"] is None


def test_what_cannot_be_put_together_is_refused_by_name(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other, folder, text = (tmp_path / name for name in ("other.json", "folder.json", "text.json"))
    other.write_text(replace(report("a", 0, 1.0), protocol="lstm").json_text())
    folder.write_text(replace(report("a", 0, 1.0), settings={}).json_text())
    text.write_text("[1, 2]")
    for words, said in (
        ([], "two or more"),
        (files[:1], "two or more"),
        ([files[0], str(other)], "other.json: was measured under another protocol"),
        ([files[0], str(folder)], "folder.json: does not say which training"),
        ([files[0], str(text)], "text.json: is no report"),
        ([files[0], str(tmp_path / "none.json")], "none.json: cannot be read"),
    ):
        assert run(["spread", *words]) == 2
        assert said in capsys.readouterr().err
