"""Small inputs that can be checked by hand: the right value of a metric, ours, pypianoroll's, muspy's, MuseGAN's.

`python -m benchmarks.metric_table` writes `docs/metrics.md`. Values of pypianoroll and muspy are stored beside it with
their versions; `ANTIPHON_PEERS=PYTHON`, an interpreter that has both, measures them anew.
"""

import importlib
import inspect
import json
import math
import os
import pkgutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import antiphon.evaluation
from antiphon.errors import InputError
from antiphon.evaluation.measures import Metric
from antiphon.evaluation.metrics import as_published, performance, pitch, rhythm
from antiphon.evaluation.metrics import multitrack as metrics
from antiphon.evaluation.report.wording import NOTHING, figure
from antiphon.evaluation.rolls import Rolls
from benchmarks.metric_inputs import CASES, Case, notes, rolls
from benchmarks.table import Row

ROOT = Path(__file__).parents[1]
DOCUMENT, STORED = ROOT / "docs" / "metrics.md", ROOT / "docs" / "metric_peers.json"
PEERS = "ANTIPHON_PEERS"
_SYSTEMS = ("pypianoroll", "muspy", "MuseGAN")


def run(quick: bool = False) -> list[Row]:
    """Ours against the right value of each input, the others' values beside it, marked where they were not measured."""
    interpreter = os.environ.get(PEERS)
    peers = peer_values(interpreter)
    stored = "" if interpreter else " (stored)"
    return [
        Row(
            f"{case.metric}: {case.name}",
            ours(case) * (100 if case.unit == "%" else 1),
            case.unit,
            _text(case, case.right),
            "; ".join(
                f"{system} {_text(case, value)}{stored if system in peers['versions'] else ''}"
                for system, value in others(case, peers).items()
            ),
        )
        for case in CASES
    ]


def ours(case: Case) -> float:
    """The value that this project gives."""
    return _OURS[case.metric](case)


def others(case: Case, peers: dict[str, Any]) -> dict[str, float | None]:
    """The values of the other systems that have the metric; None where theirs is undefined."""
    found: dict[str, float | None] = dict(peers["values"][case.name])
    if case.metric in _PUBLISHED:
        found["MuseGAN"] = _mean(_PUBLISHED[case.metric](rolls(case)))
    return found


def peer_values(interpreter: str | None) -> dict[str, Any]:
    """Versions and values of pypianoroll and muspy: by `interpreter` where there is one, else as they are stored.

    Raises
    ------
    InputError
        If the interpreter cannot run them.
    """
    if not interpreter:
        stored: dict[str, Any] = json.loads(STORED.read_text())
        return stored
    command = [interpreter, str(Path(__file__).with_name("metric_peers.py"))]
    cases = json.dumps([asdict(case) for case in CASES])
    try:
        done = subprocess.run(command, input=cases, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise InputError(
            f"{PEERS}={interpreter}: cannot measure with it ({getattr(error, 'stderr', '') or error}); name a Python "
            "that has pypianoroll and muspy"
        ) from None
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def _mean(values: Any) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else math.nan


_OURS: dict[str, Callable[[Case], float]] = {
    "empty_bar_rate": lambda case: _mean(metrics.empty_bar_rate(rolls(case))),
    "empty_beat_rate": lambda case: performance.empty_beat_rate(notes(case), 2.0 * case.num_bars),
    "used_pitch_classes": lambda case: _mean(metrics.used_pitch_classes(rolls(case))),
    "in_scale_rate": lambda case: _mean(metrics.in_scale_rate(rolls(case))),
    "tonal_distance": lambda case: _mean(metrics.tonal_distance(rolls(case))),
    "qualified_note_rate": lambda case: _mean(metrics.qualified_note_rate(rolls(case))),
    "polyphonicity": lambda case: _mean(metrics.polyphonicity(rolls(case))),
    "groove_consistency": lambda case: rhythm.groove_consistency(notes(case)),
    "pitch_class_entropy": lambda case: pitch.pitch_class_entropy(notes(case)),
}

_PUBLISHED: dict[str, Callable[[Rolls], Any]] = {
    "empty_bar_rate": metrics.empty_bar_rate,
    "used_pitch_classes": as_published.used_pitch_classes,
    "in_scale_rate": as_published.in_scale_rate,
    "tonal_distance": as_published.tonal_distance,
    "qualified_note_rate": as_published.qualified_note_rate,
    "polyphonicity": metrics.polyphonicity,
}
"""What MuseGAN's first release prints, as far as it has the metric."""

_HEAD = """# Metrics

Made by `python -m benchmarks.metric_table`; a test holds it to the code.

## Checked by hand

Each input is in 4/4 at 24 steps a beat and so small that the right value can be seen. **Bold** values are wrong; where
a cell is empty, that system has no such metric.

* pypianoroll {pypianoroll} and muspy {muspy} were run on these inputs, and their values stored;
  `ANTIPHON_PEERS=PYTHON`, an interpreter that has both, runs them anew. pypianoroll 0.5.3 has the same lines.
  In pypianoroll, pitch classes are registers of ten semitones, the rate of empty beats is that of the others, note
  lengths count pitches as steps, and the tonal distance is an error but at 12 steps a beat, where it sums over time.
  In both, music is polyphonic from three pitches on, where their own words say "multiple". In muspy, a note that ends
  on the line of a beat or bar sounds in the next one too, which is added where the piece ends there.
* MuseGAN is its first release, by `antiphon.evaluation.metrics.as_published`, which is held to the released
  code's numbers. Its pitch classes are registers of seven semitones.

| input | metric | right | because | antiphon | pypianoroll | muspy | MuseGAN |
|---|---|---|---|---|---|---|---|
"""


def document(peers: dict[str, Any]) -> str:
    """The text of `docs/metrics.md`: the table, then every metric with its sentence, source and unit."""
    lines = [_line(case, peers) for case in CASES]
    return _HEAD.format(**peers["versions"]) + "\n".join(lines) + "\n\n## Every metric\n" + "".join(_listing())


def _line(case: Case, peers: dict[str, Any]) -> str:
    found = others(case, peers)
    cells = [_cell(case, found[system]) if system in found else "" for system in _SYSTEMS]
    name = case.metric.replace("_", " ")
    own = _cell(case, ours(case))
    return f"| {' | '.join([case.name, name, _text(case, case.right), case.why, own, *cells])} |"


def _cell(case: Case, value: float | None) -> str:
    right = value is not None and math.isclose(value, case.right, rel_tol=1e-9, abs_tol=1e-9)
    return _text(case, value) if right else f"**{_text(case, value)}**"


def _text(case: Case, value: float | None) -> str:
    if value is None:
        return "error"
    return f"{value:g}" if case.unit == "" and value == int(value) else figure(value, case.unit)


def _listing() -> Iterator[str]:
    for module, found in discover().items():
        opening = (inspect.getdoc(importlib.import_module(module)) or "").split("\n")[0]
        yield f"\n### `{module.removeprefix('antiphon.')}`\n\n{opening}\n\n| metric | unit | what it says | source |\n"
        yield "|---|---|---|---|\n"
        for metric in found:
            cells = (f"`{metric.name}`", metric.unit or NOTHING, metric.sentence, metric.source)
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def discover() -> dict[str, list[Metric]]:
    """The metrics of every `METRICS` in `antiphon.evaluation`, by module; one that several name stands at the first."""
    found: dict[str, list[Metric]] = {}
    seen: set[Metric] = set()
    for module in pkgutil.walk_packages(antiphon.evaluation.__path__, "antiphon.evaluation."):
        rows = getattr(importlib.import_module(module.name), "METRICS", ())
        if new := [metric for metric in dict.fromkeys(rows) if metric not in seen]:
            found[module.name] = new
            seen.update(new)
    return found


def main() -> int:
    """Write the document, and where other packages are at hand, their values."""
    peers = peer_values(os.environ.get(PEERS))
    if os.environ.get(PEERS):
        STORED.write_text(json.dumps(peers, indent=1) + "\n")
    DOCUMENT.write_text(document(peers))
    return 0


if __name__ == "__main__":
    sys.exit(main())
