"""Milliseconds to read a MAESTRO file into a Score, and to write it."""

import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from antiphon.io.midi import midi_bytes, read_midi
from benchmarks.table import Row


def run(quick: bool = False) -> list[Row]:
    """Median and mean over every tenth (quick: every hundredth) MAESTRO file under ANTIPHON_DATA; no row without it."""
    folder = Path(os.environ.get("ANTIPHON_DATA", "")) / "maestro-v3.0.0-midi"
    paths = sorted(folder.rglob("*.mid*"))
    paths = [path for path in paths if path.is_file()][:: 100 if quick else 10]
    if not paths:
        return []
    scores = [read_midi(path) for path in paths]
    read = [_milliseconds(partial(read_midi, path)) for path in paths]
    written = [_milliseconds(partial(midi_bytes, score)) for score in scores]
    note = f"{len(paths)} files, {statistics.mean(score.num_notes for score in scores):.0f} notes each"
    return [
        Row("MIDI: read a MAESTRO file, median", statistics.median(read), "ms", "< 0.6", note),
        Row("MIDI: read a MAESTRO file, mean", statistics.mean(read), "ms", "", note),
        Row("MIDI: write a MAESTRO file, median", statistics.median(written), "ms", "", note),
    ]


def _milliseconds(call: Callable[[], object], repeats: int = 5) -> float:
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return 1000 * min(times)
