from pathlib import Path

import pytest

from antiphon.errors import InputError
from antiphon.training.run import occupied


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
