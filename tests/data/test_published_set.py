"""A published set of bars stands in for a corpus: rows for training, none held out."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from antiphon.codecs.chords import chord_vector
from antiphon.codecs.frames import FrameBars
from antiphon.codecs.melody import MelodyBars
from antiphon.data.corpus import Corpus
from antiphon.data.prepare import prepare
from antiphon.data.views import view
from antiphon.errors import InputError


@pytest.fixture
def published(tmp_path: Path) -> Path:
    pairs = np.random.default_rng(0).integers(60, 84, (30, 2, 16)).astype(np.uint8)
    np.save(tmp_path / "pairs.npy", pairs)
    with h5py.File(tmp_path / "set.h5", "w") as file:
        file["x"] = np.moveaxis(np.eye(128, dtype=bool)[pairs], -1, -2)
        file["y"] = chord_vector(np.arange(30, dtype=np.uint8) % 24)
    return tmp_path / "set.h5"


@pytest.mark.parametrize(
    ("version", "names"),
    [("v1", {"real"}), ("v2", {"real", "previous"}), ("v3", {"real", "previous", "chord"})],
)
def test_its_rows_are_what_the_version_trains_on(published: Path, version: str, names: set[str]) -> None:
    corpus, codec = Corpus.open(str(published)), FrameBars.model_validate({"version": version})
    rows = view(corpus, codec, "train")
    assert set(rows) == names | {"song"}
    assert np.array_equal(rows["real"], np.load(published.parent / "pairs.npy")[:, 1])
    assert {len(values) for values in rows.values()} == {30}
    for split in ("valid", "test"):
        assert {name: len(values) for name, values in view(corpus, codec, split).items()} == dict.fromkeys(rows, 0)


def test_it_says_of_itself_what_is_known(published: Path) -> None:
    corpus = Corpus.open(published)
    assert (corpus.name, corpus.num_songs, corpus.manifest.licence) == ("set", 0, "unknown")
    before = corpus.fingerprint
    with h5py.File(published, "a") as file:
        file["x"][0] = file["x"][1]
    assert Corpus.open(published).fingerprint != before


def test_what_does_not_fit_is_a_sentence(published: Path, tmp_path: Path) -> None:
    with h5py.File(published, "a") as file:
        del file["y"]
    corpus = Corpus.open(published)
    with pytest.raises(InputError, match=r"has no 'chord' rows, which v3 needs; train midinet-v2"):
        view(corpus, FrameBars(version="v3"), "train")
    with pytest.raises(InputError, match="train a preset of them"):
        view(corpus, MelodyBars(), "train")
    with pytest.raises(InputError, match="no such file"):
        Corpus.open(tmp_path / "lost.h5")
    with pytest.raises(InputError, match="needs no preparing"):
        prepare(published, tmp_path / "c")
