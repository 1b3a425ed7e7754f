"""MAESTRO files a second and core through the codec of performances, both ways, and beside a peer's."""

import importlib
import importlib.util
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from antiphon.codecs.performance import PerformanceTokens
from antiphon.codecs.variants import Piece, drawn
from antiphon.io.midi import read_midi
from benchmarks.table import Row, UnavailableError

NUM_FILES = 50


def run(quick: bool = False) -> list[Row]:
    """Fifty files of MAESTRO (quick: ten) spread over its years, read before the clock starts.

    Raises
    ------
    UnavailableError
        If `ANTIPHON_DATA` names no folder with MAESTRO.
    """
    folder = Path(os.environ.get("ANTIPHON_DATA", "")) / "maestro-v3.0.0-midi"
    if "ANTIPHON_DATA" not in os.environ or not folder.is_dir():
        raise UnavailableError("ANTIPHON_DATA names no folder with maestro-v3.0.0-midi; set it to where that lies")
    files = sorted(folder.rglob("*.midi"))
    chosen = [files[i] for i in np.linspace(0, len(files) - 1, 10 if quick else NUM_FILES).astype(int)]
    codec, scores = PerformanceTokens(), [read_midi(file) for file in chosen]
    lines = [codec.encode(score)["real"] for score in scores]
    pieces = [Piece.read(line) for line in lines]
    note = f"{len(chosen)} files, {np.mean([len(line) for line in lines]):,.0f} tokens each, one core"
    rates = {
        "a score to tokens": _rate(codec.encode, scores),
        "tokens to a score": _rate(codec.decode, lines),
        "tokens to the tokens of a variant": len(pieces) / _seconds(lambda: drawn(pieces, np.random.default_rng(0))),
    }
    rows = [Row(f"performances: {what}", rate, "files/s", ">= 400", note) for what, rate in rates.items()]
    return [*rows, *_peer(chosen, rates["a score to tokens"])]


def _peer(files: Sequence[Path], own: float) -> list[Row]:
    """MidiTok's MIDI-Like on the same files, where it is installed."""
    if importlib.util.find_spec("miditok") is None:
        return []
    tokenizer = importlib.import_module("miditok").MIDILike()
    read = importlib.import_module("symusic").Score
    rate = _rate(tokenizer.encode, [read(file) for file in files])
    return [
        Row("performances: a score to tokens by MidiTok's MIDI-Like", rate, "files/s", "", f"{len(files)} files"),
        Row("performances: ours to MidiTok's", own / rate, "times", ">= 40", "in one run"),
    ]


def _rate(call: Callable[[Any], object], things: Sequence[Any]) -> float:
    return len(things) / _seconds(lambda: [call(thing) for thing in things])


def _seconds(call: Callable[[], object], repeats: int = 3) -> float:
    """The least seconds of this process's own time, which other programs do not lengthen."""
    times = []
    for _ in range(repeats):
        begin = time.process_time()
        call()
        times.append(time.process_time() - begin)
    return min(times)
