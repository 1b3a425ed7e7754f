"""Opening corpora: good ones, and every kind of bad one."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from antiphon.data.corpus import Corpus
from antiphon.data.prepare import prepare
from antiphon.errors import InputError

Folder = Callable[..., Path]


@pytest.fixture
def corpus(make_folder: Folder, tmp_path: Path) -> Path:
    prepare(make_folder(), tmp_path / "c", workers=1)
    return tmp_path / "c"


def test_tables_are_mapped_and_flat(corpus: Path) -> None:
    opened = Corpus.open(corpus)
    notes = opened.tables["notes"]
    assert isinstance(notes.base, np.memmap) and not notes.flags.writeable
    assert notes.dtype.itemsize == 16
    assert len(notes) == opened.manifest.counts["notes"] == sum(opened.score(i).num_notes for i in range(12))
    assert np.array_equal(np.unique(notes["song"]), np.arange(12))


def test_an_unknown_split_is_a_sentence(corpus: Path) -> None:
    with pytest.raises(InputError, match="train, valid, test"):
        Corpus.open(corpus).split("dev")


def test_missing_and_foreign_folders(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such corpus"):
        Corpus.open(tmp_path / "nowhere")
    with pytest.raises(InputError, match="not a corpus"):
        Corpus.open(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"3", b'{"schema_version": 1}', b"\xff\xfe", b"[" * 100_000, b'{"a": 1}']
)
def test_foreign_manifests(corpus: Path, content: bytes) -> None:
    (corpus / "manifest.json").write_bytes(content)
    with pytest.raises(InputError, match="prepare the corpus again"):
        Corpus.open(corpus)


def test_another_schema_version(corpus: Path) -> None:
    values = json.loads((corpus / "manifest.json").read_text())
    (corpus / "manifest.json").write_text(json.dumps({**values, "schema_version": 99}))
    with pytest.raises(InputError, match="schema version 99"):
        Corpus.open(corpus)


@pytest.mark.parametrize("name", ["notes.npy", "tracks.npy", "offsets.npy", "strings.json", "pedal.npy"])
@pytest.mark.parametrize("harm", ["missing", "cut", "garbage", "other"])
def test_half_damaged_corpora(corpus: Path, name: str, harm: str) -> None:
    path = corpus / name
    content = path.read_bytes()
    if harm == "missing":
        path.unlink()
    elif harm == "cut":
        path.write_bytes(content[:-1])
    elif harm == "garbage":
        path.write_bytes(b"\xff" * len(content))
    else:
        np.save(corpus / "x.npy", np.arange(3))
        path.write_bytes((corpus / "x.npy").read_bytes().ljust(len(content), b" ")[: len(content)])
    with pytest.raises(InputError, match="prepare the corpus again"):
        Corpus.open(corpus)


def test_tables_of_another_corpus_do_not_fit(corpus: Path, make_folder: Folder, tmp_path: Path) -> None:
    prepare(make_folder(3, "three"), tmp_path / "few", workers=1)
    values = json.loads((corpus / "manifest.json").read_text())
    other = json.loads((tmp_path / "few" / "manifest.json").read_text())
    for name in ("notes.npy",):
        (corpus / name).write_bytes((tmp_path / "few" / name).read_bytes())
    values["tables"]["notes"] = other["tables"]["notes"]
    (corpus / "manifest.json").write_text(json.dumps(values))
    with pytest.raises(InputError, match="does not fit"):
        Corpus.open(corpus)


def test_a_name_is_an_embedded_corpus_whatever_lies_there(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lieder").mkdir()
    assert Corpus.open("lieder").folder is None
    (tmp_path / "lieder").rmdir()
    corpus.rename(tmp_path / "lieder")
    assert Corpus.open("lieder").folder is None
    assert Corpus.open("./lieder").num_songs == Corpus.open(Path("lieder")).num_songs == 12
