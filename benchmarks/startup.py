"""How long a person waits: for help, for a song from a cold start, for one bar from a loaded model."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from antiphon.generate import load
from antiphon.model_files import names
from antiphon.presets import get_preset
from antiphon.training.checkpoint import save_model
from benchmarks.table import Row, median_seconds


def run(quick: bool = False) -> list[Row]:
    """Cold starts as processes of their own, calls in this one; a model that is not shipped is built untrained."""
    repeats = 3 if quick else 9
    with tempfile.TemporaryDirectory() as folder:
        models = {preset: _model(preset, Path(folder)) for preset in ("bar", "midinet-v2")}
        song = ("generate", models["bar"], "--bars", "8", "--out", folder)
        rows = [
            Row("`antiphon --help`", median_seconds(_command("--help"), repeats), "s", "< 0.3"),
            Row("`antiphon generate`, cold, 8 bars, WAV and PNG", median_seconds(_command(*song), repeats), "s", "< 5"),
        ]
        return rows + [_call_row(preset, model, repeats) for preset, model in models.items()]


def _command(*words: str) -> Callable[[], object]:
    command = [sys.executable, "-m", "antiphon", *words]
    return lambda: subprocess.run(command, check=True, capture_output=True)


def _call_row(preset: str, model: str, repeats: int) -> Row:
    loaded = load(model)
    milliseconds = 1000 * median_seconds(lambda: loaded.generate(1), 10 * repeats, warmup=3)
    return Row(f"one bar of `{preset}`, call to Score", milliseconds, "ms", "< 5")


def _model(preset: str, folder: Path) -> str:
    if preset in names():
        return preset
    config = get_preset(preset).resolve()
    path = folder / f"{preset}.safetensors"
    save_model(path, config.family.build().state_dict(), config.model_dump(mode="json", exclude={"train"}))
    return str(path)
