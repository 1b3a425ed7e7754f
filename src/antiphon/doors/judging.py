"""Doors to verdicts: published tables and figures made anew."""

from pathlib import Path
from typing import Literal

from antiphon.doors.app import AsJson, app, print_json, print_rows, quiet, say_to_stderr


@app.command
def reproduce(
    name: str | None = None,
    /,
    *,
    scale: Literal["toy", "cpu", "paper"] = "cpu",
    corpus: str | None = None,
    out: Path = Path("out"),
    seed: int = 0,
    as_json: AsJson = False,
) -> None:
    """Make a published table or figure anew, beside its published values; without a name, list them.

    Parameters
    ----------
    name
        A row of the list.
    scale
        toy runs in seconds, cpu in minutes of one core, paper at the size that was published.
    corpus
        A folder made by antiphon prepare, or the name of a corpus, instead of the row's own music.
    out
        Folder for NAME.json and pictures.
    seed
        Of everything that is drawn by chance.
    as_json
        Print the result as JSON.
    """
    from antiphon.commands.reproducing import describe, recipe_rows, reproduce_and_write

    if name is None:
        print_rows(recipe_rows, as_json)
        return
    facts = reproduce_and_write(
        name, scale=scale, corpus=corpus, out=out, seed=seed, say=quiet if as_json else say_to_stderr
    )
    if as_json:
        print_json(facts)
    else:
        print(describe(facts))
