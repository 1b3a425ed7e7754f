"""The whole of `antiphon reproduce`: the list of recipes, and one of them run, told and written down."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from antiphon import __version__
from antiphon.commands.listings import table_text
from antiphon.errors import InputError
from antiphon.files import write_text
from antiphon.reproduce import RECIPES, get_recipe, reproduce
from antiphon.reproductions.result import Asked, Reproduction, Scale

Row = dict[str, Any]


def recipe_rows() -> list[Row]:
    """Name, publication, what it shows, minutes at each scale and what it needs, of each recipe."""
    return [
        {
            "name": name,
            "paper": recipe.paper,
            "minutes": ", ".join(f"{scale} {_minutes(time)}" for scale, time in recipe.minutes.items()),
            "needs": recipe.needs or "nothing",
            "shows": recipe.shows,
        }
        for name, recipe in RECIPES.items()
    ]


def reproduce_and_write(
    name: str,
    *,
    scale: Scale = "cpu",
    corpus: str | None = None,
    out: Path = Path("out"),
    seed: int = 0,
    runs: Path | None = None,
    say: Callable[[str], object] = print,
) -> dict[str, Any]:
    """Run a recipe, write `OUT/NAME.json` and what pictures it has, and return plain facts: the recipe, how it ran,
    its lines (`antiphon.reproductions.result.Line`), sentences and files.

    Raises
    ------
    InputError
        If there is no such recipe, its music cannot be had, or the folder cannot be written.
    """
    if seed < 0:
        raise InputError(f"seed = {seed}: choose 0 or more")
    get_recipe(name)
    # Before hours of work, not after.
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file where a folder is needed; choose another place with --out")
    if runs is not None and not runs.is_dir():
        raise InputError(f"{runs}: no folder; give one that holds finished runs, each under the name of its preset")
    asked = Asked(scale, seed, corpus, out, say, runs)
    return write_facts(name, asked, reproduce(name, asked))


def write_facts(name: str, asked: Asked, result: Reproduction) -> dict[str, Any]:
    """Write a recipe's `NAME.json` into the folder asked for, and return its facts as `reproduce_and_write` does.

    Raises
    ------
    InputError
        If there is no such recipe, or the folder cannot be written.
    """
    recipe, path = get_recipe(name), asked.out / f"{name}.json"
    facts = {
        "name": name,
        "paper": recipe.paper,
        "shows": recipe.shows,
        "scale": asked.scale,
        "seed": asked.seed,
        "version": __version__,
        "made_of": result.made_of,
        "lines": [{key: _plain(value) for key, value in asdict(line).items()} for line in result.lines],
        "sentences": list(result.sentences),
        "files": [str(path), *(str(picture) for picture in result.pictures)],
    }
    write_text(path, json.dumps(facts, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return facts


def describe(facts: Mapping[str, Any]) -> str:
    """What a recipe gave, as text: a table of the published values beside ours, and what to know of them."""
    lines = facts["lines"]
    optional = [key for key in ("true", "remark") if any(line[key] not in (None, "") for line in lines)]
    rows = [
        {
            key: _ours(line) if key == "ours" else _cell(line[key])
            for key in ("row", "column", "paper", "ours", *optional)
        }
        for line in lines
    ]
    head = [f"{facts['name']}: {facts['paper']}. {facts['shows']}", f"Ours: {facts['made_of']}."]
    return "\n".join([*head, "", table_text(rows), "", *facts["sentences"], f"Written: {', '.join(facts['files'])}"])


def _plain(value: Any) -> Any:
    """JSON knows no NaN: what is undefined is null there."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _ours(line: Mapping[str, Any]) -> str:
    interval = "" if line["low"] is None else f" [{_cell(line['low'])}, {_cell(line['high'])}]"
    return _cell(line["ours"]) + interval


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _minutes(minutes: float) -> str:
    return f"{minutes:g} min" if minutes >= 1 else f"{60 * minutes:.0f} s"
