"""From folders and archives of music to a corpus: whole, repeatable, and with a reason for every file left out."""

import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from antiphon.data import reading
from antiphon.data.corpus import Corpus
from antiphon.data.listing import Item
from antiphon.data.manifest import Rules
from antiphon.data.prepare import prepare
from antiphon.data.writer import CorpusWriter
from antiphon.errors import InputError
from antiphon.io.midi import midi_bytes, read_midi, write_midi
from antiphon.music.score import Score

Make = Callable[..., Score]
Folder = Callable[..., Path]


def _bytes(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def _reasons(folder: Path) -> dict[str, str]:
    return {rejection.file: rejection.kind for rejection in Corpus.open(folder).manifest.rejected}


def test_every_note_of_every_file_is_there(make_folder: Folder, tmp_path: Path) -> None:
    folder = make_folder(12)
    prepare(folder, tmp_path / "c", workers=1)
    corpus = Corpus.open(tmp_path / "c")
    assert corpus.num_songs == 12
    assert sorted(song.id for song in corpus.songs) == sorted(f"song-{number}" for number in range(12))
    for index, song in enumerate(corpus.songs):
        read, kept = read_midi(folder / "sub" / f"{song.id}.mid"), corpus.score(index)
        assert [len(track.notes) for track in kept.tracks] == [len(track.notes) for track in read.tracks]
        assert all(np.array_equal(a.notes, b.notes) for a, b in zip(read.tracks, kept.tracks, strict=True))
        assert [track.name for track in kept.tracks] == [track.name for track in read.tracks]
        assert np.array_equal(kept.tempos, read.tempos) and kept.chords == read.chords
    assert sorted(np.concatenate([corpus.split(name) for name in ("train", "valid", "test")])) == list(range(12))


def test_a_second_run_touches_nothing(make_folder: Folder, tmp_path: Path) -> None:
    folder, said = make_folder(), list[str]()
    first = prepare(folder, tmp_path / "c", workers=1, say=said.append)
    before = _bytes(tmp_path / "c")
    second = prepare(folder, tmp_path / "c", workers=1, say=said.append)
    assert _bytes(tmp_path / "c") == before
    assert first == second
    assert "unchanged" not in said[0] and "unchanged" in said[1]


def test_another_place_gives_the_same_bytes(make_folder: Folder, tmp_path: Path) -> None:
    folder = make_folder()
    shutil.copytree(folder, tmp_path / "elsewhere" / "music")
    prepare(folder, tmp_path / "one", workers=1)
    prepare(tmp_path / "elsewhere" / "music", tmp_path / "two", workers=1)
    assert [content for content, _ in _bytes(tmp_path / "one").values()] == [
        content for content, _ in _bytes(tmp_path / "two").values()
    ]


def test_processes_give_the_bytes_that_one_gives(make_folder: Folder, tmp_path: Path) -> None:
    folder = make_folder(40)
    (folder / "bad.mid").write_bytes(b"MThd")
    prepare(folder, tmp_path / "one", workers=1)
    prepare(folder, tmp_path / "two", workers=2)
    assert [content for content, _ in _bytes(tmp_path / "one").values()] == [
        content for content, _ in _bytes(tmp_path / "two").values()
    ]


@pytest.mark.parametrize("change", ["added", "altered", "rules"])
def test_changed_input_is_prepared_anew(make_folder: Folder, make_score: Make, tmp_path: Path, change: str) -> None:
    folder, rules = make_folder(), Rules()
    first = prepare(folder, tmp_path / "c", rules, workers=1)
    if change == "added":
        write_midi(make_score(99), folder / "sub" / "new.mid")
    elif change == "altered":
        write_midi(make_score(99), folder / "sub" / "song-3.mid")
    else:
        rules = Rules(seed=5)
    second = prepare(folder, tmp_path / "c", rules, workers=1)
    assert second.fingerprint != first.fingerprint
    assert Corpus.open(tmp_path / "c").manifest == second


def test_a_damaged_corpus_is_made_anew(make_folder: Folder, tmp_path: Path) -> None:
    folder = make_folder()
    prepare(folder, tmp_path / "c", workers=1)
    (tmp_path / "c" / "notes.npy").write_bytes(b"")
    prepare(folder, tmp_path / "c", workers=1)
    assert Corpus.open(tmp_path / "c").num_songs == 12


def test_every_file_left_out_has_its_reason(make_folder: Folder, make_score: Make, tmp_path: Path) -> None:
    folder = make_folder(6) / "sub"
    whole = midi_bytes(make_score(7))
    (folder / "cut.mid").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.mid").write_bytes(b"")
    (folder / "text.mid").write_text("not music")
    write_midi(Score(480), folder / "silent.mid")
    write_midi(make_score(20, bars=2), folder / "short.mid")
    write_midi(make_score(21, bars=400), folder / "long.mid")
    write_midi(make_score(3), folder / "twice.mid")
    (folder / "locked.mid").symlink_to(folder / "nowhere.mid")
    (folder / "._song.mid").write_bytes(b"resource fork")
    (folder / "readme.txt").write_text("hello")
    prepare(folder, tmp_path / "c", Rules(max_seconds=300), workers=1)
    assert _reasons(tmp_path / "c") == {
        "cut.mid": "unreadable",
        "empty.mid": "unreadable",
        "text.mid": "unreadable",
        "silent.mid": "silent",
        "short.mid": "short",
        "long.mid": "long",
        "twice.mid": "duplicate",
    }
    manifest = Corpus.open(tmp_path / "c").manifest
    assert manifest.counts["songs"] == 6 and manifest.counts["rejected"] == 7
    duplicate = next(row for row in manifest.rejected if row.kind == "duplicate")
    assert duplicate.reason == "has the same notes as song-3.mid"
    assert not any(str(tmp_path) in row.reason for row in manifest.rejected)


def test_a_file_that_cannot_be_opened_is_set_aside(
    make_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, plain = make_folder(4), Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == "song-2.mid":
            raise PermissionError(13, "Permission denied")
        return plain(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    prepare(folder, tmp_path / "c", workers=1)
    assert _reasons(tmp_path / "c") == {"song-2.mid": "unreadable"}


def test_archives_give_the_corpus_of_their_folder(make_folder: Folder, tmp_path: Path) -> None:
    folder = make_folder()
    shutil.make_archive(str(tmp_path / "pack"), "zip", folder)
    shutil.make_archive(str(tmp_path / "pack"), "xztar", folder)
    prints = [
        prepare(source, tmp_path / "c" / str(number), workers=1).fingerprint
        for number, source in enumerate((folder, tmp_path / "pack.zip", tmp_path / "pack.tar.xz"))
    ]
    assert len(set(prints)) == 1


def test_hostile_archives_leave_nothing(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../evil.mid", b"x")
    with pytest.raises(InputError, match="leads out"):
        prepare(tmp_path / "a.zip", tmp_path / "c")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_a_published_file_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "maestro-v3.0.0-midi.zip"
    path.write_bytes(b"half of it")
    with pytest.raises(InputError, match="SHA-256"):
        prepare(path, tmp_path / "c")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nothing-here", "there is no such folder"),
        ("lakh", r"must be fetched first: download http://hog.*lmd_full.tar.gz \(licence: CC-BY-4.0"),
        ("{tmp}/song.mp3", "neither a folder nor an archive"),
        ("{tmp}/empty", "no MIDI file or lead sheet"),
        ("{tmp}/damaged", "none of 2 files can be used; a.mid, for one, not a MIDI file"),
    ],
)
def test_sources_without_music_are_refused(tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "song.mp3").write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "damaged").mkdir()
    for file in ("a.mid", "b.mid"):
        (tmp_path / "damaged" / file).write_bytes(b"nonsense, far too long to be a header")
    with pytest.raises(InputError, match=sentence):
        prepare(name.format(tmp=tmp_path), tmp_path / "c", workers=1)
    assert not (tmp_path / "c").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_what_is_no_corpus_is_never_replaced(make_folder: Folder, tmp_path: Path) -> None:
    folder = make_folder()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    (tmp_path / "extension").mkdir()
    (tmp_path / "extension" / "manifest.json").write_text("{}")
    (tmp_path / "extension" / "main.js").write_text("")
    for out in (tmp_path / "mine", tmp_path / "mine" / "letter.txt", tmp_path / "extension", folder):
        with pytest.raises(InputError, match="is not a corpus"):
            prepare(folder, out)
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


@pytest.mark.parametrize(
    "names",
    [
        ("views/a.py",),
        ("manifest.json",),
        ("manifest.json", "views/index.html"),
        ("notes.npy",),
    ],
)
def test_folders_with_a_corpuss_names_are_never_replaced(
    make_folder: Folder, tmp_path: Path, names: tuple[str, ...]
) -> None:
    out = tmp_path / "project"
    for name in names:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text('{"name": "page", "version": 1}')
    before = _bytes(out)
    with pytest.raises(InputError, match=r"project: exists and is not a corpus"):
        prepare(make_folder(), out, workers=1)
    assert _bytes(out) == before


@pytest.mark.parametrize(
    "name",
    ["letter.txt", "notes.npy/letter.txt", "views/letter.txt", "views/mine/notes.npy", "views/bar/sub/view.json"],
)
def test_a_corpus_with_anything_of_yours_is_never_replaced(make_folder: Folder, tmp_path: Path, name: str) -> None:
    folder, out = make_folder(), tmp_path / "c"
    prepare(folder, out, workers=1)
    (out / "notes.npy").unlink()
    _add_view(out)
    (out / name).parent.mkdir(parents=True, exist_ok=True)
    (out / name).write_text("dear")
    with pytest.raises(InputError, match=r"c: exists and is not a corpus"):
        prepare(folder, out, Rules(seed=1), workers=1)
    assert (out / name).read_text() == "dear"


def test_an_empty_folder_and_a_corpus_with_views_are_replaced(make_folder: Folder, tmp_path: Path) -> None:
    folder, out = make_folder(), tmp_path / "c"
    out.mkdir()
    (out / ".DS_Store").write_bytes(b"")
    first = prepare(folder, out, workers=1)
    _add_view(out)
    assert prepare(folder, out, Rules(seed=1), workers=1).fingerprint != first.fingerprint
    assert not (out / "views").exists()


def _add_view(out: Path) -> None:
    (out / "views" / "bar").mkdir(parents=True)
    for name in ("splits.json", "bar/view.json", "bar/real.npy"):
        (out / "views" / name).write_text("{}")


def test_an_interrupt_leaves_nothing(make_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, calls = make_folder(40), list[str]()
    plain = reading.read_song

    def interrupted(item: Item, rules: Rules) -> reading.Outcome:
        calls.append(item.id)
        if len(calls) == 30:
            raise KeyboardInterrupt
        return plain(item, rules)

    monkeypatch.setattr(reading, "read_song", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare(folder, tmp_path / "c", workers=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["music"]


def test_a_full_disk_leaves_the_old_corpus(
    make_folder: Folder, make_score: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_folder()
    prepare(folder, tmp_path / "c", workers=1)
    before = _bytes(tmp_path / "c")
    write_midi(make_score(50), folder / "sub" / "new.mid")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(CorpusWriter, "add", full)
    with pytest.raises(InputError, match="No space left"):
        prepare(folder, tmp_path / "c", workers=1)
    assert _bytes(tmp_path / "c") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c", "music"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unwritable to root")
def test_an_unwritable_place_is_a_sentence(make_folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(InputError, match="cannot write"):
        prepare(make_folder(), tmp_path / "locked" / "c", workers=1)


def test_an_embedded_corpus_becomes_a_folder(tmp_path: Path) -> None:
    said = list[str]()
    manifest = prepare("leadsheets", tmp_path / "c", say=said.append)
    laid, embedded = Corpus.open(tmp_path / "c"), Corpus.open("leadsheets")
    assert manifest.fingerprint == laid.fingerprint == embedded.fingerprint
    assert laid.songs == embedded.songs
    for index in range(0, laid.num_songs, 10):
        one, other = laid.score(index), embedded.score(index)
        assert one.chords == other.chords
        assert all(np.array_equal(a.notes, b.notes) for a, b in zip(one.tracks, other.tracks, strict=True))
    prepare("leadsheets", tmp_path / "c", say=said.append)
    assert "unchanged" in said[1]


def test_added_files_move_no_song(make_folder: Folder, make_score: Make, tmp_path: Path) -> None:
    folder = make_folder(60)
    before = {song.id: song.split for song in prepare(folder, tmp_path / "c", workers=1).songs}
    for seed in range(60, 80):
        write_midi(make_score(seed), folder / "sub" / f"song-{seed}.mid")
    after = {song.id: song.split for song in prepare(folder, tmp_path / "c", workers=1).songs}
    assert len(set(before.values())) == 3
    assert {name: after[name] for name in before} == before


def test_a_file_that_kills_its_process_is_set_aside(
    make_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_folder(4)

    def killing(
        function: Callable[..., list[reading.Outcome]],
        items: Sequence[Item],
        _: int,
        crashed: Callable[[Item], reading.Outcome],
    ) -> Iterator[reading.Outcome]:
        for item in items:
            yield crashed(item) if item.id == "song-2" else function((item,))[0]

    monkeypatch.setattr("antiphon.data.prepare.map_chunks", killing)
    prepare(folder, tmp_path / "c", workers=1)
    assert _reasons(tmp_path / "c") == {"song-2.mid": "crash"}
    said = list[str]()
    prepare(folder, tmp_path / "c", workers=1, say=said.append)
    assert "unchanged" in said[0]
