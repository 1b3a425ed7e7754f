"""The one form of a benchmark's result: rows with a target, the hardware, the median of repeated runs."""

import json
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from antiphon.errors import InputError


class UnavailableError(InputError):
    """This machine lacks what a benchmark is about; where all are run, the others' figures stand without it."""


@dataclass(frozen=True)
class Row:
    """One figure: what, how much, in which unit, what was asked for, and how it came about."""

    name: str
    value: float
    unit: str
    target: str = ""
    note: str = ""


def median_seconds(call: Callable[[], object], repeats: int = 5, warmup: int = 1) -> float:
    """Median wall seconds of `repeats` calls, after `warmup` calls that are not counted."""
    for _ in range(warmup):
        call()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def peak_megabytes() -> float:
    """The most memory that this process has held, in MiB, since it became the program it is.

    What the system counts for `getrusage` a child inherits from the process that started it, however short it lives.
    """
    status = Path("/proc/self/status")
    if status.exists():
        held = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(held.split()[1]) / 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def hardware() -> str:
    """Processor, cores and Python in one line."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def show(title: str, rows: list[Row]) -> None:
    """Print a Markdown table, ready for the README."""
    print(f"\n### {title} ({hardware()})\n")
    print("| figure | measured | target | note |")
    print("|---|---|---|---|")
    for row in rows:
        print(f"| {row.name} | {row.value:.4g} {row.unit} | {row.target} | {row.note} |", flush=True)


def save(path: Path, tables: dict[str, list[Row]]) -> None:
    """Write all tables as JSON."""
    content = {
        "hardware": hardware(),
        "tables": {title: [asdict(row) for row in rows] for title, rows in tables.items()},
    }
    path.write_text(json.dumps(content, indent=1) + "\n")
