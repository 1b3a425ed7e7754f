"""Known corpora have an address, a checksum or the word that there is none, and published files are held against it."""

import hashlib
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from antiphon.commands.listings import corpus_rows
from antiphon.data import container, sources
from antiphon.data.corpus import Corpus
from antiphon.data.prepare import prepare
from antiphon.data.sources import KNOWN
from antiphon.errors import InputError

DIGITS = {"sha256": 64, "git": 40}


@pytest.mark.parametrize("name", list(KNOWN))
def test_a_checksum_names_its_algorithm_and_who_states_it(name: str) -> None:
    row = KNOWN[name]
    assert row.licence and row.attribution and row.address.startswith("http")
    if not row.checksum:
        assert row.checksum_words == "none published" and row.address_of != "file"
        return
    algorithm, _, value = row.checksum.partition(":")
    assert re.fullmatch(f"[0-9a-f]{{{DIGITS[algorithm]}}}", value)
    assert row.stated_by and row.stated_by in row.checksum_words
    assert (algorithm == "sha256") == (row.address_of == "file")


def test_the_listing_tells_checksum_and_whether_prepare_reads_it() -> None:
    rows = {row["name"]: row for row in corpus_rows()}
    assert rows["lakh"]["checksum"].startswith(
        "SHA-256 6fcfe2ac49ca08f3f214cec86ab138d4fc4dabcd7f27f491a838dae6db45a12b"
    )
    assert rows["mutopia"]["checksum"] == "none published" and rows["mutopia"]["where"].endswith("(page)")
    unread = {name for name, row in rows.items() if row["prepare"].startswith("cannot read it")}
    assert unread == {"jsb"}
    with pytest.raises(InputError, match="prepare does not read it"):
        prepare("jsb", "nowhere")


def test_a_published_file_brings_its_licence_once_it_is_checked(
    make_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "made-v1.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for song in sorted(make_folder(4).rglob("*.mid")):
            archive.write(song, song.name)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    facts = {"address_of": "file", "address": "https://example.org/made-v1.zip", "checksum": f"sha256:{digest}"}
    monkeypatch.setitem(sources.KNOWN, "made", KNOWN["lakh"].model_copy(update=facts))
    manifest = prepare(path, tmp_path / "c", workers=1)
    assert manifest.licence == KNOWN["lakh"].licence and manifest.sources[0].address == facts["address"]
    with path.open("ab") as stream:
        stream.write(b"\0")
    with pytest.raises(InputError, match=r"sha256 checksum is .*, not SHA-256"):
        prepare(path, tmp_path / "d", workers=1)


def test_a_bare_name_is_the_embedded_corpus(
    make_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(make_folder(), tmp_path / "leadsheets", name="mine", workers=1)
    monkeypatch.chdir(tmp_path)
    assert Corpus.open("leadsheets").num_songs == 123
    assert Corpus.open("./leadsheets").name == Corpus.open(Path("leadsheets")).name == "mine"
    rows = {row["name"]: row for row in corpus_rows()}
    assert rows["leadsheets"]["songs"] == 123
    assert prepare("leadsheets", tmp_path / "out").counts["songs"] == 123
    (tmp_path / "quartets").mkdir()
    with pytest.raises(InputError, match="no MIDI file"):
        prepare("./quartets", tmp_path / "out2")
    assert set(container.names()) <= set(KNOWN)
