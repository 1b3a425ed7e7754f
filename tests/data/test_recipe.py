"""The recipe gives the bytes that ship, from the sources that it names."""

import importlib.util
import lzma
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

DATA = Path(os.environ.get("ANTIPHON_DATA", "~/antiphon-data")).expanduser()
RECIPE = Path(__file__).parents[2] / "recipes" / "embed_corpora.py"


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("embed_corpora", RECIPE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name.
    monkeypatch.setitem(sys.modules, "embed_corpora", module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("name", ["leadsheets", "freedoom"])
def test_the_same_sources_give_the_same_bytes(recipe: ModuleType, tmp_path: Path, name: str) -> None:
    if not (DATA / recipe.RECIPES[name].folder).is_dir():
        pytest.skip("the sources are not here")
    recipe.build(name, DATA, tmp_path)
    # Another version of the compressor may write other bytes for the same content.
    built, shipped = ((folder / f"{name}.corpus.xz").read_bytes() for folder in (tmp_path, recipe.OUT))
    assert lzma.decompress(built) == lzma.decompress(shipped)


def test_the_splits_on_record_are_those_of_the_corpora(recipe: ModuleType) -> None:
    assert (recipe.OUT / recipe.SPLITS_FILE).read_text(encoding="utf-8") == recipe.splits_text()
