"""The papers' claims tried one after the other and stored as evidence, from which the page on claims is made.

    python recipes/claims.py [NAME ...] [--scale toy|cpu|paper] [--corpus C] [--seed S] [--out DIR]

The same as `antiphon reproduce NAME` for each of the names, but every trial is kept (DIR/trials.json), so that what
claims share is trained once, and a claim that was interrupted goes on. Each result goes into the store
(docs/claims.json) with date and machine as soon as it is there; the page (docs/claims.md) is written from the whole
store. Without a name only the page is written.
"""

import argparse
import json
import platform
import sys
import time
from collections import UserDict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from antiphon.commands.reproducing import write_facts
from antiphon.errors import InputError
from antiphon.files import write_text
from antiphon.reproductions.claim_table import CLAIMS
from antiphon.reproductions.claims import Trial, Tried, reproduce
from antiphon.reproductions.result import Asked

DOCS = Path(__file__).parents[1] / "docs"
STORE, PAGE = DOCS / "claims.json", DOCS / "claims.md"
_HEAD = """# The papers' claims, tried

Made by `python recipes/claims.py` from what `antiphon reproduce` printed; do not edit. A claim is two settings or more
of one preset that differ in nothing but the trick, each trained from scratch under several seeds and measured: how many
different bars one condition gives, how well the worst of three fresh examiners tells the bars from held-out real ones
(0.5 a coin toss, 1 always), how often a pitch changes, how alike intervals and pitch classes are to other real music's.
Beside each mean stands its 95 % interval over training seeds; the verdicts are computed from the same values, with
intervals that hold together. At `cpu` scale a training is far shorter than the paper's (14,000 iterations of 72 bars):
a verdict is about games of that length on that music. Claims that share a setting share its trainings, and minutes are
those of what was trained for the claim itself.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the module's docstring says."""
    options = _options().parse_args(arguments)
    try:
        tried = Kept(options.out / "trials.json")
        for name in options.names:
            store(options.store, _trial(name, options, tried))
        if options.store.exists():
            write_text(options.page, page(json.loads(options.store.read_text())))
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


class Kept(UserDict[str, Trial]):
    """Trials by their run, in a file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        kept = json.loads(path.read_text()) if path.exists() else {}
        self.data = {key: Trial(one["figures"], tuple(one["alarms"])) for key, one in kept.items()}

    def __setitem__(self, key: str, trial: Trial) -> None:
        """Keep a trial at once: the next one takes minutes."""
        super().__setitem__(key, trial)
        write_text(self._path, json.dumps({key: asdict(one) for key, one in self.data.items()}, indent=1) + "\n")


def _trial(name: str, options: argparse.Namespace, tried: Tried) -> dict[str, Any]:
    asked = Asked(options.scale, options.seed, options.corpus, options.out, _print)
    begin = time.monotonic()
    facts = write_facts(name, asked, reproduce(name, asked, tried))
    more = f" --corpus {options.corpus}" if options.corpus else ""
    more += f" --seed {options.seed}" if options.seed else ""
    return {
        "command": f"antiphon reproduce {name} --scale {options.scale}{more}",
        "date": date.today().isoformat(),
        "machine": f"one thread of {_processor()}, beside other work",
        "minutes": round((time.monotonic() - begin) / 60, 1),
        **{key: facts[key] for key in ("name", "paper", "version", "made_of", "lines", "sentences")},
    }


def store(path: Path, evidence: Mapping[str, Any]) -> None:
    """Put a claim's evidence into the store, in place of what it held of the same command."""
    kept = json.loads(path.read_text()) if path.exists() else {}
    kept[str(evidence["command"])] = dict(evidence)
    write_text(path, json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


def page(kept: Mapping[str, Mapping[str, Any]]) -> str:
    """The page on claims, from the store."""
    order = {name: place for place, name in enumerate(CLAIMS)}
    sections = sorted(kept.values(), key=lambda one: (order[one["name"]], one["command"]))
    return "\n".join([_HEAD, *(_section(one) for one in sections)])


def _section(one: Mapping[str, Any]) -> str:
    source = CLAIMS[one["name"]].source
    made = f"{one['date']}, {one['machine']}, {one['minutes']:g} minutes, version {one['version']}: {one['made_of']}."
    told = "\n".join(f"* {sentence}" for sentence in one["sentences"])
    head = f"## {one['name']}\n{source[0].upper()}{source[1:]}.\n```sh\n{one['command']}\n```\n{made}"
    return f"{head}\n\n{_table(one['lines'])}\n\n{told}\n"


def _table(lines: Sequence[Mapping[str, Any]]) -> str:
    columns = list(dict.fromkeys(line["column"] for line in lines))
    cells = {(line["row"], line["column"]): _cell(line) for line in lines}
    rows = dict.fromkeys(line["row"] for line in lines)
    body = [f"| {row} | {' | '.join(cells.get((row, column), '-') for column in columns)} |" for row in rows]
    return "\n".join([f"| setting | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|", *body])


def _cell(line: Mapping[str, Any]) -> str:
    value, low, high = (line[key] for key in ("ours", "low", "high"))
    if value is None or isinstance(value, str):
        return value or "-"
    return f"{value:.3g}" + ("" if low is None else f" [{low:.3g}, {high:.3g}]")


def _processor() -> str:
    """As the system names it."""
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Try the papers' claims and write the page on them.")
    parser.add_argument("names", nargs="*", choices=[*CLAIMS, []], metavar="NAME", help=", ".join(CLAIMS))
    parser.add_argument("--scale", choices=("toy", "cpu", "paper"), default="cpu")
    parser.add_argument("--corpus", help="an embedded corpus or the folder of a prepared one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("out"))
    parser.add_argument("--store", type=Path, default=STORE)
    parser.add_argument("--page", type=Path, default=PAGE)
    return parser


def _print(sentence: str) -> None:
    print(sentence, flush=True)


if __name__ == "__main__":
    sys.exit(main())
