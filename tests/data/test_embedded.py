"""The corpora that ship: they open, are what they say, and their splits are those on record."""

import hashlib
import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from antiphon.data import container
from antiphon.data.corpus import Corpus
from antiphon.data.manifest import SPLITS, fingerprint
from antiphon.data.prepare import prepare
from antiphon.data.sources import KNOWN
from antiphon.errors import InputError

FOLDER = resources.files("antiphon.data.embedded")
COUNTS = {
    "freedoom": (110, 446_000, "BSD-3-Clause"),
    "giantmidi": (56, 215_148, "CC-BY-4.0"),
    "groove": (299, 150_000, "CC-BY-4.0"),
    "leadsheets": (123, 12_971, "public domain (authors long dead; the collection under MIT)"),
    "lieder": (1458, 1_405_582, "CC0-1.0"),
    "quartets": (122, 1_181_370, "CC0-1.0"),
}


def test_the_six_are_there_and_small() -> None:
    assert container.names() == sorted(COUNTS)
    sizes = [len((FOLDER / f"{name}{container.SUFFIX}").read_bytes()) for name in COUNTS]
    assert sum(sizes) < 3_000_000


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_an_embedded_corpus_is_what_it_says(name: str) -> None:
    corpus = Corpus.open(name)
    songs, notes, licence = COUNTS[name]
    assert corpus.num_songs == songs
    assert abs(corpus.manifest.counts["notes"] - notes) <= notes // 100
    assert corpus.manifest.licence == licence == KNOWN[name].licence
    assert corpus.manifest.attribution == KNOWN[name].attribution
    assert len(corpus.tables["notes"]) == corpus.manifest.counts["notes"]
    for table, record in corpus.manifest.tables.items():
        if table in corpus.tables:
            assert hashlib.sha256(corpus.tables[table].tobytes()).hexdigest() == record.sha256
    assert corpus.fingerprint == fingerprint(corpus.manifest.tables, corpus.manifest.songs, corpus.manifest.rules)


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_splits_are_those_on_record_and_never_divide_a_group(name: str) -> None:
    corpus = Corpus.open(name)
    record = json.loads((FOLDER / "splits.json").read_text(encoding="utf-8"))[name]
    assert record["fingerprint"] == corpus.fingerprint
    sides: dict[str, set[str]] = {}
    for split in SPLITS:
        ids = [corpus.songs[int(song)].id for song in corpus.split(split)]
        assert ids and ids == record["songs"][split]
        assert hashlib.sha256("\n".join(ids).encode()).hexdigest() == record["sha256"][split]
        for song in corpus.split(split):
            sides.setdefault(corpus.songs[int(song)].group, set()).add(split)
    assert all(len(side) == 1 for side in sides.values())


def test_giantmidi_is_about_forty_recordings() -> None:
    corpus = Corpus.open("giantmidi")
    assert 33 <= len({song.group for song in corpus.songs}) <= 42
    assert all(song.flags.performed for song in corpus.songs)
    assert all(len(corpus.score(song).tracks[0].pedal_spans()) for song in (0, 20, 55))


def test_lead_sheets_have_chords_and_lieder_have_a_voice() -> None:
    sheets = Corpus.open("leadsheets")
    assert sum(bool(sheets.score(song).chords) for song in range(sheets.num_songs)) > 110
    lieder = Corpus.open("lieder")
    assert all(len(lieder.score(song).tracks) >= 2 for song in range(0, 1458, 60))


def test_a_container_gives_the_corpus_back(make_folder: Callable[..., Path], tmp_path: Path) -> None:
    prepare(make_folder(), tmp_path / "c", workers=1)
    corpus = Corpus.open(tmp_path / "c")
    content = container.encode(corpus.manifest, corpus.tables, corpus.offsets, corpus.strings)
    manifest, tables, offsets, strings = container.decode(content, "made")
    assert manifest == corpus.manifest and strings == corpus.strings
    assert np.array_equal(offsets, corpus.offsets)
    assert all(np.array_equal(tables[name], corpus.tables[name]) for name in corpus.tables)
    assert content == container.encode(corpus.manifest, corpus.tables, corpus.offsets, corpus.strings)


def test_a_damaged_container_is_a_sentence() -> None:
    content = (FOLDER / f"leadsheets{container.SUFFIX}").read_bytes()
    for damaged in (b"", content[:-9], content[:100] + b"\0\0" + content[102:]):
        with pytest.raises(InputError, match="install antiphon again"):
            container.decode(damaged, "leadsheets")
