"""Does the evaluation suite tell a coherent story? Real music, and the same spoilt in known ways, graded by it.

`python -m benchmarks.story [TITLE...] [--examiners]` grades every set of every protocol, stores what it finds in
`docs/story.json`, and writes it into `docs/evaluation.md`, between two marks. Examiners are trained on some of the
sets where they are asked for, which takes longer than everything else.
"""

import json
import math
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from antiphon.evaluation.report.report import Report
from antiphon.evaluation.report.report import Row as Found
from antiphon.evaluation.report.wording import SIGNS, Standing, figure, label, standing
from antiphon.evaluation.suite.plan import Plan
from antiphon.evaluation.suite.suite import evaluate
from benchmarks.story_expectations import SETS, STORIES, Story
from benchmarks.table import Row, hardware

ROOT = Path(__file__).parents[1]
DOCUMENT, STORED = ROOT / "docs" / "evaluation.md", ROOT / "docs" / "story.json"
BEGIN, END = "<!-- story: begin -->", "<!-- story: end -->"
SEED, EXAMINERS = 0, "--examiners"


@dataclass(frozen=True)
class Cell:
    """What one row of a report says of one set.

    Parameters
    ----------
    value, unit
        Of the set.
    standing
        As in `antiphon.evaluation.report.wording`: "alike" and "open" are no difference, "slight" and "apart" are one.
    beside
        The value of the songs that it is held against, or of other real songs.
    """

    value: float
    unit: str
    standing: Standing
    beside: float

    @property
    def sees(self) -> bool | None:
        """Whether a difference was found; None where it cannot be told."""
        return {"apart": True, "slight": True, "alike": False, "open": False}.get(self.standing)


_SAID = {True: "sees a difference", False: "does not see it", None: "cannot tell"}

Cells = Mapping[str, Mapping[str, Cell]]
"""Of each set, the cell of each row."""


def run(quick: bool = False) -> list[Row]:
    """How many expectations the suite meets, protocol by protocol; those unmet are named in the note.

    Parameters
    ----------
    quick
        Without the examiners, which take most of the time.
    """
    rows = []
    for story in STORIES:
        if story.there():
            met, unmet = judged(story, measured(story, examine=not quick))
            rows.append(Row(story.title, met, f"of {met + len(unmet)}", "all", "; ".join(unmet)))
    return rows


def measured(story: Story, examine: bool, say: bool = False) -> dict[str, dict[str, Cell]]:
    """Every set of a story, graded."""
    material, sets = story.sets(SEED)
    found = {}
    for name, songs in sets.items():
        if say:
            print(f"{story.title}: {name}", file=sys.stderr, flush=True)
        examined = examine and name in story.examined
        plan = Plan(story.protocol, SEED, tokens=story.tokens.get(name), examine=examined, workers=1)
        found[name] = cells(evaluate(songs, material.reference, plan))
    return found


def cells(report: Report) -> dict[str, Cell]:
    """The rows of a report by name."""
    return {row.name: _cell(row) for section in report.sections for row in section.rows}


def judged(story: Story, found: Cells) -> tuple[int, list[str]]:
    """How many expectations are met, and those that are not, in words; what was not measured is left out."""
    met, unmet = 0, []
    for name, rows, seen in story.expected():
        for row in rows:
            cell = found.get(name, {}).get(row)
            if cell is None:
                continue
            if cell.sees is seen:
                met += 1
            else:
                unmet.append(f"{name}: {label(row)} {_SAID[cell.sees]}")
    return met, unmet


def document(stored: Mapping[str, Cells], machine: str) -> str:
    """The tables of all stories as Markdown."""
    parts = [f"Measured by `python -m benchmarks.story` ({machine})."]
    for story in STORIES:
        if story.title in stored:
            parts += ["", *_story(story, stored[story.title])]
    return "\n".join(parts) + "\n"


def with_block(text: str, block: str) -> str:
    """A document with its marked block replaced.

    Raises
    ------
    ValueError
        If the marks are not there, once each and in order.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise ValueError(f"the document has no single {BEGIN} before a single {END}")
    return f"{before}{BEGIN}\n{block}{END}{after}"


def stored() -> tuple[dict[str, dict[str, dict[str, Cell]]], str]:
    """What the last full run found, and its machine."""
    values = json.loads(STORED.read_text())
    tables = {
        title: {name: {row: _of_list(cell) for row, cell in rows.items()} for name, rows in sets.items()}
        for title, sets in values["stories"].items()
    }
    return tables, values["hardware"]


def store(tables: Mapping[str, Cells], machine: str) -> None:
    """Write what was found, and the document's block."""
    plain = {
        title: {name: {row: _to_list(cell) for row, cell in rows.items()} for name, rows in sets.items()}
        for title, sets in tables.items()
    }
    STORED.write_text(_compact({"hardware": machine, "stories": plain}))
    DOCUMENT.write_text(with_block(DOCUMENT.read_text(), document(tables, machine)))


def _cell(row: Found) -> Cell:
    beside = row.real or row.floor
    return Cell(row.made.value, row.unit, standing(row), beside.value if beside else math.nan)


def _story(story: Story, found: Cells) -> Iterator[str]:
    met, unmet = judged(story, found)
    yield f"### {story.title}"
    yield ""
    yield story.sentence
    yield ""
    names = list(found)
    yield f"| metric | real | {' | '.join(names)} |"
    yield "|---" * (len(names) + 2) + "|"
    for row in story.rows:
        line = [found[name].get(row) for name in names]
        first = next((cell for cell in line if cell), None)
        if first is not None:
            texts = [_text(row, name, story, cell) for name, cell in zip(names, line, strict=True)]
            yield f"| {label(row)} | {figure(first.beside, first.unit)} | {' | '.join(texts)} |"
    yield ""
    yield f"Expectations met: **{met} of {met + len(unmet)}**{'.' if not unmet else ', all but these:'}"
    if unmet:
        yield ""
        yield from (f"* {one}" for one in unmet)


def _text(row: str, name: str, story: Story, cell: Cell | None) -> str:
    """Value and sign; bold where it is a difference that was expected."""
    if cell is None:
        return ""
    beside = f"(real {figure(cell.beside, cell.unit)})" if name in story.tokens and row not in SETS else ""
    text = " ".join(part for part in (figure(cell.value, cell.unit), beside, SIGNS[cell.standing]) if part)
    expected = any(one == name and row in rows and seen for one, rows, seen in story.expected())
    return f"**{text}**" if expected else text


def _to_list(cell: Cell) -> list[object]:
    return [None if isinstance(value, float) and math.isnan(value) else value for value in asdict(cell).values()]


def _of_list(values: Sequence[Any]) -> Cell:
    value, unit, found, beside = values
    return Cell(math.nan if value is None else value, unit, found, math.nan if beside is None else beside)


def _compact(value: Mapping[str, object]) -> str:
    """JSON with a cell a line."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    return re.sub(r"\[\s+([^\[\]]*?)\s+\]", lambda found: f"[{' '.join(found[1].split())}]", text) + "\n"


def main(arguments: Sequence[str]) -> None:
    """Grade the stories named (all when left out), keep what was stored of the others, write both files."""
    names = [one for one in arguments if one != EXAMINERS]
    kept = stored()[0] if STORED.exists() else {}
    for story in STORIES:
        if story.there() and (not names or story.title in names):
            found = measured(story, examine=EXAMINERS in arguments, say=True)
            shown = {*story.rows, *(row for _, rows, _ in story.expected() for row in rows)}
            kept[story.title] = {
                name: {row: cell for row, cell in rows.items() if row in shown} for name, rows in found.items()
            }
            store({one.title: kept[one.title] for one in STORIES if one.title in kept}, hardware())


if __name__ == "__main__":
    main(sys.argv[1:])
