"""The recipe of claims: evidence is kept by command, and the page is what the store says."""

import json
from pathlib import Path

import pytest
from recipes.claims import PAGE, STORE, Kept, main, page, store

from antiphon.reproductions.claims import Trial

LINE = {"row": "with", "column": "examiner AUC", "ours": 0.98765, "low": 0.9, "high": 1.0}
EVIDENCE = {
    "command": "antiphon reproduce bar-minibatch --scale cpu",
    "date": "2026-11-20",
    "machine": "one thread",
    "minutes": 9.0,
    "name": "bar-minibatch",
    "paper": "Bar GAN",
    "version": "0",
    "made_of": "some bars",
    "lines": [
        LINE,
        LINE | {"column": "health alarms", "ours": "none", "low": None, "high": None},
        LINE | {"row": "without", "ours": 1.0, "low": None, "high": None},
    ],
    "sentences": ["Verdict: none."],
}


def test_evidence_replaces_what_the_same_command_gave(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    for minutes, command in ((1.0, "a"), (2.0, "b"), (3.0, "a")):
        store(path, EVIDENCE | {"minutes": minutes, "command": command})
    kept = json.loads(path.read_text())
    assert {command: one["minutes"] for command, one in kept.items()} == {"a": 3.0, "b": 2.0}


def test_the_page_shows_the_figures_of_the_store() -> None:
    shown = page({"x": EVIDENCE})
    assert "| setting | examiner AUC | health alarms |" in shown
    assert "| with | 0.988 [0.9, 1] | none |" in shown and "| without | 1 | - |" in shown
    assert "* Verdict: none." in shown and "antiphon reproduce bar-minibatch --scale cpu" in shown
    assert "2026-11-20, one thread, 9 minutes" in shown


@pytest.mark.skipif(not STORE.exists(), reason="docs are of the repository, not of an installed copy")
def test_the_page_in_the_repository_is_that_of_the_store() -> None:
    assert PAGE.read_text() == page(json.loads(STORE.read_text())), "run `python recipes/claims.py`"


def test_a_recipe_without_names_writes_the_page_alone(tmp_path: Path) -> None:
    paths = [tmp_path / "s.json", tmp_path / "p.md"]
    store(paths[0], EVIDENCE)
    assert main(["--store", str(paths[0]), "--page", str(paths[1])]) == 0
    assert paths[1].read_text() == page(json.loads(paths[0].read_text()))
    with pytest.raises(SystemExit):
        main(["bar-minbatch"])


def test_trials_are_kept_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "trials.json"
    Kept(path)["run"] = Trial({"examiner AUC": 0.1 + 0.2, "C_r": float("nan")}, ("mode collapse",))
    again = Kept(path)["run"]
    assert (again.figures["examiner AUC"], again.alarms) == (0.1 + 0.2, ("mode collapse",))
    assert again.figures["C_r"] != again.figures["C_r"]


@pytest.mark.slow
def test_a_claim_is_tried_and_stored(corpus: Path, tmp_path: Path) -> None:
    words = ["bar-smoothing", "--scale", "toy", "--corpus", str(corpus), "--out", str(tmp_path)]
    assert main([*words, "--store", str(tmp_path / "s.json"), "--page", str(tmp_path / "p.md")]) == 0
    assert "## bar-smoothing" in (tmp_path / "p.md").read_text()
    assert main([*words[:4], str(tmp_path / "absent"), "--store", str(tmp_path / "t.json")]) == 2
