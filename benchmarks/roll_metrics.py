"""Seconds and memory for MuseGAN's metrics of 20,000 five-track bars, beside MusPy and pypianoroll on the same bars.

The peers are no dependency: the environment variable `ANTIPHON_PEERS` names a Python that has them (this one by
default); without them the rows say so.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from antiphon.codecs.pianoroll import PianoRoll
from antiphon.data.corpus import Corpus
from antiphon.errors import InputError
from antiphon.evaluation.metrics.multitrack import bar_metrics
from antiphon.evaluation.rolls import Rolls
from benchmarks.table import Row, peak_megabytes

NUM_BARS, PEER_BARS = 20_000, 200
CORPUS = "freedoom"
SHARED = {
    "muspy": {
        "empty_bar_rate", "used_pitches", "used_pitch_classes", "polyphonicity", "in_scale_rate", "drum_pattern_rate",
    },
    "pypianoroll": {
        "used_pitches", "used_pitch_classes", "qualified_note_rate", "polyphonicity", "in_scale_rate",
    },
}  # fmt: skip
"""What each peer computes too."""

_ONE_CORE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def run(quick: bool = False) -> list[Row]:
    """Processor time and peak memory of a process that measures them, the rolls themselves included, and ratios."""
    repeats = 1 if quick else 5
    with tempfile.TemporaryDirectory() as folder:
        bars = Path(folder) / "bars.npy"
        ours = _child([sys.executable, "-m", "benchmarks.roll_metrics", str(repeats), str(bars)])
        note = f"{NUM_BARS:,} bars of `{CORPUS}`, 5 tracks, 96 steps, 84 pitches; processor time of one core"
        rows = [
            Row("MuseGAN's metrics of 20,000 bars", ours["seconds"], "s", "< 30", note),
            Row("the same, peak memory", ours["megabytes"] / 1024, "GiB", "< 2", "the rolls are 0.75 GiB of it"),
        ]
        python = os.environ.get("ANTIPHON_PEERS", sys.executable)
        script = str(Path(__file__).with_name("roll_metrics_peer.py"))
        for peer in ("muspy", "pypianoroll"):
            rows.extend(_ratio_rows(peer, [python, script, peer, str(bars), str(repeats)], ours[peer] / NUM_BARS))
    return rows


def _ratio_rows(peer: str, command: Sequence[str], our_seconds: float) -> list[Row]:
    name = f"times as fast a bar as {peer}"
    try:
        theirs = _child(command)
    except InputError as error:
        return [Row(name, float("nan"), "x", "> 20", f"not measured: {error}")]
    seconds = theirs["seconds"] / PEER_BARS
    note = f"{peer} {theirs['version']}: {1e6 * seconds:.0f} µs a bar for {', '.join(theirs['metrics'])}; "
    note += f"ours of these, from rolls: {1e6 * our_seconds:.0f} µs"
    rows = [Row(name, seconds / our_seconds, "x", "> 20", note)]
    if "reading" in theirs:
        whole = seconds + theirs["reading"] / PEER_BARS
        note = f"{1e6 * whole:.0f} µs a bar with the notes that {peer} makes of the rolls first"
        rows.append(Row(f"{name}, both from rolls", whole / our_seconds, "x", "> 20", note))
    return rows


def _child(command: Sequence[str]) -> dict[str, Any]:
    options: Any = {"cwd": Path(__file__).parents[1], "env": os.environ | _ONE_CORE}
    try:
        finished = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    except OSError as error:
        raise InputError(f"{command[0]}: {error.strerror}; ANTIPHON_PEERS must name a Python") from None
    if finished.returncode != 0:
        raise InputError((finished.stderr.strip().splitlines() or ["it said nothing"])[-1])
    figures: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return figures


def main(repeats: int, bars: Path) -> None:
    """Print processor seconds (median) and peak memory of this process; write a few of the bars for the peers."""
    rolls = _rolls()
    # Every so manieth bar, so that all songs have their part.
    np.save(bars, rolls.cells[:: NUM_BARS // PEER_BARS, :, 0][:PEER_BARS])
    seconds = {"seconds": _median(repeats, rolls, None)}
    seconds |= {peer: _median(repeats, rolls, shared) for peer, shared in SHARED.items()}
    print(json.dumps({**seconds, "megabytes": peak_megabytes()}))


def _median(repeats: int, rolls: Rolls, only: Collection[str] | None) -> float:
    times = []
    for _ in range(repeats):
        begin = time.process_time()
        bar_metrics(rolls, only=only)
        times.append(time.process_time() - begin)
    return sorted(times)[len(times) // 2]


def _rolls() -> Rolls:
    """Bars of the embedded corpus, again and again until there are enough."""
    corpus, codec = Corpus.open(CORPUS), PianoRoll(bars=1)
    cells = np.empty((NUM_BARS, *codec.shape), bool)
    filled = 0
    while filled < NUM_BARS:
        for song in range(corpus.num_songs):
            part = codec.encode(corpus.score(song))["real"][: NUM_BARS - filled]
            cells[filled : filled + len(part)] = part
            filled += len(part)
    return Rolls(cells, codec.lowest_pitch, codec.resolution, codec.drum_track, codec.tracks)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
