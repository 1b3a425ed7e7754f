"""Files a second and core, and peak memory, of `prepare` on MAESTRO, alone and with all rows of the paper's bars."""

import multiprocessing
import os
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from antiphon.codecs.frames import FrameBars, Version
from antiphon.data.corpus import Corpus
from antiphon.data.prepare import prepare
from antiphon.data.views import view
from antiphon.io.midi import write_midi
from antiphon.music.score import CONTROL, PEDAL, Score, Track, notes_from_columns, table
from benchmarks.table import Row, peak_megabytes

TARGET = 400
REPEATS = 3
PUBLISHED = "published code 1.4 to 5"


@dataclass(frozen=True)
class Cost:
    """What preparing a folder took; the processor's seconds are those of all processes, however busy the machine is."""

    files: int
    notes: int
    wall_seconds: float
    cpu_seconds: float
    peak_megabytes: float


def run(quick: bool = False) -> list[Row]:
    """Rows for MAESTRO (folder `ANTIPHON_DATA`), or for made performances of its size where it is missing."""
    data = Path(os.environ.get("ANTIPHON_DATA", "~/antiphon-data")).expanduser() / "maestro-v3.0.0-midi"
    if data.is_dir() and not quick:
        return _rows(data, "MAESTRO")
    with tempfile.TemporaryDirectory() as folder:
        _make(Path(folder), 40 if quick else 300)
        return _rows(Path(folder), "made files, not MAESTRO")


VIEWS: dict[str, Version | None] = {
    "prepare": None,
    "prepare with the v2 view (bar, bar before)": "v2",
    "prepare with the v3 view (bar, bar before, chord)": "v3",
}


def _rows(folder: Path, what: str) -> list[Row]:
    costs = {
        name: _median([_in_fresh_process(folder, version) for _ in range(REPEATS)]) for name, version in VIEWS.items()
    }
    first = costs["prepare"]
    note = f"{what}: {first.files} files, {first.notes} notes; one process, median of {REPEATS}"
    rows = [
        Row(name, cost.files / cost.cpu_seconds, "files/s/core", _target(name), _timed(note, cost))
        for name, cost in costs.items()
    ]
    peak = max(cost.peak_megabytes for cost in costs.values())
    return [*rows, Row("peak memory", peak, "MiB", "under 1024", note)]


def _median(costs: list[Cost]) -> Cost:
    """That of the middle rate; the largest peak of memory."""
    middle = sorted(costs, key=lambda cost: cost.cpu_seconds)[len(costs) // 2]
    return replace(middle, peak_megabytes=max(cost.peak_megabytes for cost in costs))


def _target(name: str) -> str:
    return f"at least {TARGET} ({PUBLISHED})" if VIEWS[name] else ""


def _timed(note: str, cost: Cost) -> str:
    return f"{note}; {cost.cpu_seconds:.2f} s of the processor, {cost.wall_seconds:.2f} s by the wall"


def _in_fresh_process(folder: Path, version: Version | None) -> Cost:
    # Peak memory is that of a process's whole life.
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (folder, version))


def _measure(folder: Path, version: Version | None) -> Cost:
    with tempfile.TemporaryDirectory() as scratch:
        begin, cpu = time.perf_counter(), _cpu_seconds()
        manifest = prepare(folder, Path(scratch) / "corpus", workers=1)
        if version:
            corpus = Corpus.open(Path(scratch) / "corpus")
            for split in ("train", "valid", "test"):
                view(corpus, FrameBars(version=version, num_splits=None), split, workers=1)
        wall, cpu = time.perf_counter() - begin, _cpu_seconds() - cpu
    return Cost(len(manifest.songs), manifest.counts["notes"], wall, cpu, peak_megabytes())


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _make(folder: Path, num: int) -> None:
    """Performances as long and as dense as the average of MAESTRO, with as many pedal positions."""
    for seed in range(num):
        chance = np.random.default_rng(seed)
        starts = np.sort(chance.integers(0, 540_000, 5500))
        notes = notes_from_columns(
            starts,
            starts + chance.integers(20, 900, 5500),
            chance.integers(21, 109, 5500),
            chance.integers(1, 128, 5500),
        )
        pedal = table(CONTROL, [(tick, PEDAL, tick * 7 % 128) for tick in range(0, 540_000, 60)])
        write_midi(Score(480, (Track(notes, controls=pedal),)), folder / f"made-{seed}.mid")
