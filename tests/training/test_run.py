import json
from pathlib import Path

import pytest

from antiphon.errors import InputError
from antiphon.files import write_text
from antiphon.training.checkpoint import CHECKPOINT, CONFIG
from antiphon.training.config import TrainConfig
from antiphon.training.run import occupied, open_run


def test_one_training_in_a_folder_at_a_time(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with occupied(run):
        with pytest.raises(InputError, match="another process is training in this folder"), occupied(run):
            pass
        with occupied(tmp_path / "other"):
            pass
    with occupied(run):
        assert list(run.iterdir()) == []


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("mine")
    with pytest.raises(InputError, match="run: cannot write here"), occupied(tmp_path / "run"):
        pass
    assert (tmp_path / "run").read_text() == "mine"


def test_a_run_of_an_older_release_lacks_only_what_is_off(tmp_path: Path) -> None:
    config = TrainConfig(iterations=3, watch="generator/loss")
    open_run(tmp_path, config, {})
    (tmp_path / CHECKPOINT).write_bytes(b"")
    begun = json.loads((tmp_path / CONFIG).read_text())
    assert begun["train"].pop("evaluate_every", "absent") is None
    write_text(tmp_path / CONFIG, json.dumps(begun))
    open_run(tmp_path, config, {})
    with pytest.raises(InputError, match=r"train\.evaluate_every = None, not 2"):
        open_run(tmp_path, config.model_copy(update={"evaluate_every": 2}), {})
