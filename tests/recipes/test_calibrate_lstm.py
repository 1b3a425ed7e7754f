"""The recipe that calibrates `lstm`: which trial it takes, and what it writes."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from benchmarks.lstm_table import Lines
from tests.made import model as made

from antiphon.training.checkpoint import load_model
from recipes import calibrate_lstm as recipe

REAL = np.tile(np.array([[60, 3, 0], [62, 3, 2]], np.uint8), (3, 40, 1))


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A toy, of which one setting writes what is real and all others something else."""

    def written(file: str, like: Lines, seed: int, changes: Mapping[str, torch.Tensor]) -> Lines:
        buffers = [*changes[recipe.FLOOR].tolist(), changes[recipe.LEAN].item()]
        right = buffers == pytest.approx([0.02, 0.05, 0.03, -0.1])
        return like if right else Lines(like.notes + np.array([7, 1, 1], np.uint8), like.metre)

    monkeypatch.setattr(recipe, "write", written)
    monkeypatch.setattr(recipe, "sequences", lambda corpus, split: Lines(REAL, np.tile([16, 0], (3, 1))))
    return made(tmp_path / "in.safetensors", "lstm")


def test_the_setting_that_writes_as_songs_do_is_taken(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.safetensors"
    assert recipe.main([str(model), str(out)]) == 0
    card, state = load_model(out)
    torch.testing.assert_close(state[recipe.FLOOR], torch.tensor([0.02, 0.05, 0.03]))
    assert card["preset"] == "lstm" and card["calibration"]["pitch"] == 0.05
    assert state[recipe.LEAN].item() == pytest.approx(-0.1)
    assert str(out) in capsys.readouterr().out


def test_what_differs_more_is_told_as_more(model: Path) -> None:
    real = Lines(REAL, np.tile([16, 0], (3, 1)))
    good, bad = (recipe.tried(model, real, recipe.Setting(0.02, pitch, 0.03, -0.1)) for pitch in (0.05, 0.07))
    assert good.smallest_overlap == pytest.approx(1) and bad.smallest_overlap < 0.1
    assert good.distinct == good.chords == 0 and bad.chords == -1
