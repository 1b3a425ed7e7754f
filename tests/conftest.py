"""Untrained models and a prepared corpus that several tests of the doors read, and a cache folder of their own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# Tests run beside each other, one a core; threads that wait for each other by spinning would make them crawl.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep views of embedded corpora out of the user's cache folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANTIPHON_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Model files by preset."""
    from tests.made import TOY, model

    folder = tmp_path_factory.mktemp("models")
    return {preset: model(folder / f"{preset}.safetensors", preset) for preset in TOY}


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of twelve made songs."""
    from tests.made import folder

    from antiphon.data.prepare import prepare

    base = tmp_path_factory.mktemp("corpus")
    prepare(folder(base / "midi"), base / "c", licence="CC0-1.0", workers=1)
    return base / "c"


@pytest.fixture(scope="session")
def bands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of thirty made songs for five tracks, four phrases each, of which the piano is silent in three."""
    from tests.made import band_song

    from antiphon.data.prepare import prepare
    from antiphon.io.midi import write_midi

    base = tmp_path_factory.mktemp("bands")
    for seed in range(30):
        write_midi(band_song(seed, silent=tuple(range(4, 16))), base / "midi" / f"{seed}.mid")
    prepare(base / "midi", base / "c", licence="CC0-1.0", workers=1)
    return base / "c"
