"""Thousands of damaged MIDI files: each is read or refused in one sentence; none crashes, hangs or takes memory."""

import os
from collections import Counter
from pathlib import Path

from benchmarks.damage import outcomes
from benchmarks.table import Row

NUM_FILES = 4000


def run(quick: bool = False) -> list[Row]:
    """Count what became of the damaged files; real files under ANTIPHON_DATA are damaged too where there are some."""
    data = os.environ.get("ANTIPHON_DATA")
    num = NUM_FILES // 10 if quick else NUM_FILES
    found = outcomes(range(num), Path(data) if data else None)
    counts = Counter(outcome.kind for outcome in found)
    note = f"{num} damaged files, real ones among them" if data else f"{num} damaged generated files"
    bad = "; ".join(f"seed {outcome.seed}: {outcome.note}" for outcome in found if outcome.kind in {"crashed", "wrong"})
    return [
        Row("fuzz: read", counts["read"], "files", "", note),
        Row("fuzz: refused in one sentence", counts["refused"], "files", "", note),
        Row("fuzz: crashed or wrong", counts["crashed"] + counts["wrong"], "files", "0", bad[:500]),
        Row("fuzz: slowest file", max(outcome.seconds for outcome in found), "s", "< 1", "read, written, read again"),
        Row("fuzz: peak memory", max(outcome.peak_mb for outcome in found), "MB", "< 1000", "the whole process"),
    ]
