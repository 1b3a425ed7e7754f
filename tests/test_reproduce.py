"""Published tables and figures made anew: every recipe runs at toy scale, is told, written down, and fakes nothing."""

import json
from pathlib import Path

import pytest

from antiphon.commands.reproducing import describe, recipe_rows, reproduce_and_write
from antiphon.errors import InputError
from antiphon.reproduce import RECIPES, get_recipe, reproduce
from antiphon.reproductions.claim_table import CLAIMS
from antiphon.reproductions.result import Asked

FAST = [name for name in RECIPES if "-figure" not in name and name not in CLAIMS]
OWN_MUSIC = [name for name, recipe in RECIPES.items() if recipe.needs]


def asked(out: Path, **changes: object) -> Asked:
    return Asked(**{"scale": "toy", "seed": 0, "corpus": None, "out": out, "say": str, **changes})  # type: ignore[arg-type]


def test_every_recipe_says_what_it_is() -> None:
    rows = recipe_rows()
    assert [row["name"] for row in rows] == list(RECIPES)
    for row in rows:
        assert all(row.values()) and row["shows"].endswith(".")
    assert all(set(recipe.minutes) <= {"toy", "cpu", "paper"} for recipe in RECIPES.values())
    assert not any(f" 0 {unit}" in row["minutes"] for row in rows for unit in ("s", "min"))


@pytest.mark.parametrize("name", FAST)
def test_a_toy_run_is_told_and_written(name: str, tmp_path: Path) -> None:
    facts = reproduce_and_write(name, scale="toy", out=tmp_path, say=str)
    assert json.loads((tmp_path / f"{name}.json").read_text()) == facts
    assert any(isinstance(line["paper"], float) and isinstance(line["ours"], float) for line in facts["lines"])
    told = describe(facts).splitlines()
    assert told[0].startswith(f"{name}: ") and str(tmp_path / f"{name}.json") in told[-1]
    header = next(number for number, line in enumerate(told) if line.startswith("row "))
    assert told[header + 1 :][: len(facts["lines"])] == [line for line in told if line.startswith(ROWS[name])]
    assert facts["made_of"] in told[1]


ROWS = {
    "musegan-table-1": ("training data ", "from scratch", "on a track"),
    "musegan-table-2": ("training data", "from scratch", "on a track"),
    "transformer-gan-table-2-training-row": ("training set", "Music Tr", "Transformer-XL", "RSGAN", "WGAN"),
    "transformer-gan-human-study-statistics": ("chance of", "chi2 that", "62 wins"),
}


@pytest.mark.slow
def test_the_bar_figures_run_and_are_pictured(corpus: Path, tmp_path: Path) -> None:
    facts = reproduce_and_write("bar-figures-5-8", scale="toy", corpus=str(corpus), out=tmp_path, say=str)
    assert len(facts["files"]) == 9 and all(Path(path).exists() for path in facts["files"])
    stated = {(line["row"][:8], line["column"]): line["paper"] for line in facts["lines"]}
    assert stated["figure 8", "C_r"] == 0.45 and stated["figure 7", "C_f"] == 1.0 and stated["figure 5", "C_r"] is None


@pytest.mark.parametrize("name", FAST)
def test_the_seed_decides(name: str, tmp_path: Path) -> None:
    first, again = (reproduce(name, asked(tmp_path)) for _ in range(2))
    assert repr(first) == repr(again)
    other = reproduce(name, asked(tmp_path, seed=1))
    assert (repr(other) == repr(first)) == (name == "transformer-gan-human-study-statistics")


@pytest.mark.parametrize("name", FAST)
def test_rows_of_models_that_are_not_there_are_not_made_up(name: str, tmp_path: Path) -> None:
    lines = reproduce(name, asked(tmp_path)).lines
    lacking = [line for line in lines if "needs the" in line.remark]
    assert all(line.ours is None and line.true is None for line in lacking)
    assert len(lacking) == {"musegan-table-1": 7, "musegan-table-2": 6, "transformer-gan-table-2-training-row": 5}.get(
        name, 0
    )


@pytest.mark.parametrize("name", OWN_MUSIC)
def test_music_that_does_not_ship_is_asked_for(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--corpus"):
        reproduce(name, asked(tmp_path, scale="paper"))
    with pytest.raises(InputError, match="nowhere"):
        reproduce(name, asked(tmp_path, corpus=str(tmp_path / "nowhere")))


def test_a_corpus_of_ones_own_takes_the_music_s_place(corpus: Path, tmp_path: Path) -> None:
    name = "transformer-gan-table-2-training-row"
    facts = reproduce_and_write(name, scale="paper", corpus=str(corpus), out=tmp_path, say=str)
    # What the paper alone has is undefined here, and null in JSON.
    assert "midi" in facts["made_of"]
    assert any(line["ours"] is None for line in facts["lines"]) and any(line["ours"] for line in facts["lines"])
    assert "nan" not in (tmp_path / f"{name}.json").read_text().lower()


@pytest.mark.parametrize("table", [1, 2])
def test_music_of_one_family_makes_no_phrases(table: int, corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="in each of which 3 tracks sound; give other music"):
        reproduce(f"musegan-table-{table}", asked(tmp_path, corpus=str(corpus)))


def test_faults(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'musegan-table-9'.*musegan-table-1"):
        get_recipe("musegan-table-9")
    with pytest.raises(InputError, match=r"'nothing': no recipe has this name; antiphon reproduce lists them all"):
        get_recipe("nothing")
    with pytest.raises(InputError, match="seed = -1"):
        reproduce_and_write("musegan-table-1", seed=-1, out=tmp_path)
    with pytest.raises(InputError, match="no scale 'large'"):
        reproduce("musegan-table-1", asked(tmp_path, scale="large"))
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(InputError, match="taken"):
        reproduce_and_write("transformer-gan-human-study-statistics", out=tmp_path / "taken")
