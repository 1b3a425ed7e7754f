"""How long a person waits: for help, for a song from a cold start, for a corpus, for one bar from a loaded model."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from antiphon.data.corpus import Corpus
from antiphon.generate import load
from antiphon.model_files import names
from antiphon.presets.table import get_preset
from antiphon.training.checkpoint import save_model
from benchmarks.table import Row, median_seconds


def run(quick: bool = False) -> list[Row]:
    """Cold starts as processes of their own, calls in this one; a model that is not shipped is built untrained."""
    repeats = 3 if quick else 9
    with tempfile.TemporaryDirectory() as folder:
        models = {preset: _model(preset, Path(folder)) for preset in ("bar", "midinet-v2")}
        song = ("generate", models["bar"], "--bars", "8", "--out", folder)
        rows = [
            cold_row("`antiphon --help`", "< 0.3", repeats, "--help"),
            cold_row("`antiphon generate`, cold, 8 bars, WAV and PNG", "< 5", repeats, *song),
        ]
        rows.append(_corpus_row("lieder", repeats))
        return rows + [_call_row(preset, model, repeats) for preset, model in models.items()]


def cold_row(name: str, target: str, repeats: int, *words: str) -> Row:
    """Wall seconds of the command of those words, in a process of its own."""
    command = [sys.executable, "-m", "antiphon", *words]
    before = _children_seconds()
    seconds = median_seconds(lambda: subprocess.run(command, check=True, capture_output=True), repeats)
    used = (_children_seconds() - before) / (repeats + 1)
    return Row(name, seconds, "s", target, f"{used:.2f} s of processor time")


def _children_seconds() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _corpus_row(name: str, repeats: int) -> Row:
    before = time.process_time()
    seconds = median_seconds(lambda: Corpus.open(name), repeats, warmup=0)
    used = (time.process_time() - before) / repeats
    return Row(f"opening the embedded corpus `{name}`", seconds, "s", "< 0.5", f"{used:.2f} s of processor time")


def _call_row(preset: str, model: str, repeats: int) -> Row:
    loaded = load(model)
    loaded.generate(1)
    calls, before = 10 * repeats, time.process_time()
    milliseconds = 1000 * median_seconds(lambda: loaded.generate(1), calls, warmup=0)
    used = 1000 * (time.process_time() - before) / calls
    return Row(f"one bar of `{preset}`, call to Score", milliseconds, "ms", "< 5", f"{used:.2g} ms of processor time")


def _model(preset: str, folder: Path) -> str:
    if preset in names():
        return preset
    config = get_preset(preset).resolve()
    path = folder / f"{preset}.safetensors"
    save_model(path, config.family.build().state_dict(), config.model_dump(mode="json", exclude={"train"}))
    return str(path)
