"""Views: encoded once, read from maps afterwards, keyed by everything they depend on."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from antiphon.codecs.codec import Codec, Rows
from antiphon.codecs.phrases import PhraseRolls
from antiphon.data import views
from antiphon.data.corpus import Corpus
from antiphon.data.prepare import prepare
from antiphon.data.views import view
from antiphon.errors import InputError
from antiphon.music.score import Score

Folder = Callable[..., Path]


class FirstNotes(Codec):
    """One row for each of the first notes of a song."""

    kind: Literal["first"] = "first"
    num: int = 3

    def encode(self, score: Score) -> Rows:
        pitches = score.tracks[0].notes["pitch"][: self.num] if score.tracks else np.empty(0, np.int16)
        return {"real": np.asarray(pitches, np.uint8)}


class Refusing(FirstNotes):
    """May not be asked."""

    kind: Literal["first"] = "first"

    def encode(self, score: Score) -> Rows:
        raise AssertionError("encoded again")


@pytest.fixture
def corpus(make_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Corpus:
    monkeypatch.setenv("ANTIPHON_CACHE", str(tmp_path / "cache"))
    prepare(make_folder(30), tmp_path / "c", workers=1)
    return Corpus.open(tmp_path / "c")


def test_rows_of_a_split_with_their_songs(corpus: Corpus) -> None:
    for split in ("train", "valid", "test"):
        rows = view(corpus, FirstNotes(), split)
        assert np.array_equal(rows["song"], np.repeat(corpus.split(split), 3))
        assert rows["song"].dtype == np.int32
        expected = [corpus.score(int(song)).tracks[0].notes["pitch"][:3] for song in corpus.split(split)]
        assert np.array_equal(rows["real"], np.concatenate(expected))


def test_the_second_time_nothing_is_encoded(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    first = {name: array.copy() for name, array in view(corpus, FirstNotes(), "train").items()}
    monkeypatch.setattr(FirstNotes, "encode", Refusing.encode)
    again = view(corpus, FirstNotes(), "train")
    assert all(isinstance(array, np.memmap) for array in again.values())
    assert again.keys() == first.keys() and all(np.array_equal(again[name], first[name]) for name in first)


def test_the_key_holds_codec_split_and_corpus(corpus: Corpus, make_folder: Folder, tmp_path: Path) -> None:
    prepare(make_folder(5, "few"), tmp_path / "d", workers=1)
    other = Corpus.open(tmp_path / "d")
    keys = {
        views.view_key(corpus, FirstNotes(), "train"),
        views.view_key(corpus, FirstNotes(), "test"),
        views.view_key(corpus, FirstNotes(num=4), "train"),
        views.view_key(other, FirstNotes(), "train"),
    }
    assert len(keys) == 4


@pytest.mark.parametrize("harm", ["cut", "missing", "record"])
def test_a_damaged_view_is_made_again(corpus: Corpus, harm: str) -> None:
    first = np.array(view(corpus, FirstNotes(), "train")["real"])
    assert corpus.folder is not None
    (folder,) = (corpus.folder / "views").iterdir()
    if harm == "cut":
        (folder / "real.npy").write_bytes((folder / "real.npy").read_bytes()[:-1])
    elif harm == "missing":
        (folder / "song.npy").unlink()
    else:
        (folder / "view.json").write_text("{")
    assert np.array_equal(view(corpus, FirstNotes(), "train")["real"], first)
    assert np.array_equal(np.load(folder / "real.npy"), first)


def test_an_interrupted_view_leaves_nothing(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "save", interrupt)
    with pytest.raises(KeyboardInterrupt):
        view(corpus, FirstNotes(), "train")
    assert corpus.folder is not None and not list((corpus.folder / "views").iterdir())


def test_a_split_without_songs_has_rows_of_the_right_form(make_folder: Folder, tmp_path: Path) -> None:
    prepare(make_folder(1), tmp_path / "c", workers=1)
    corpus = Corpus.open(tmp_path / "c")
    assert len(view(corpus, FirstNotes(), "train")["real"]) == 3
    for split in ("valid", "test"):
        rows = view(corpus, FirstNotes(), split)
        assert len(rows["real"]) == len(rows["song"]) == 0 and rows["real"].dtype == np.uint8


def test_embedded_corpora_are_cached_for_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTIPHON_CACHE", str(tmp_path / "cache"))
    corpus = Corpus.open("leadsheets")
    rows = view(corpus, FirstNotes(), "valid")
    assert len(rows["real"]) == 3 * len(corpus.split("valid"))
    assert len(list((tmp_path / "cache").rglob("real.npy"))) == 1


def test_where_nothing_can_be_written_rows_stay_in_memory(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(views, "_homes", lambda _: [tmp_path / "file" / "views"])
    assert len(view(corpus, FirstNotes(), "train")["real"]) == 3 * len(corpus.split("train"))


def test_processes_give_the_same_rows(corpus: Corpus) -> None:
    one = {name: np.array(array) for name, array in view(corpus, FirstNotes(), "train", workers=1).items()}
    other = views._encode(corpus, FirstNotes(), corpus.split("train"), workers=2)
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_large_rows_are_written_song_by_song_and_are_the_same(
    tmp_path: Path, make_folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTIPHON_CACHE", str(tmp_path / "cache"))
    prepare(make_folder(), tmp_path / "corpus", workers=1)
    corpus, codec = Corpus.open(tmp_path / "corpus"), PhraseRolls(sounding=1)
    rows = view(corpus, codec, "train")
    assert isinstance(rows["real"], np.memmap) and rows["real"].shape[1:] == (5, 4, 1008)
    songs = corpus.split("train")
    joined = codec.join([codec.encode(corpus.score(int(song))) for song in songs])
    assert set(rows) == {"real", "onsets", "bar", "traits", "song"} and len(rows["real"]) > 5
    for name in ("real", "onsets", "bar"):
        np.testing.assert_array_equal(rows[name], joined[name])
    np.testing.assert_array_equal(rows["song"], songs[joined["song"]])
    nothing = view(corpus, PhraseRolls(sounding=5), "train")
    assert nothing["real"].shape == (0, 5, 4, 1008)

    def fails(*_: object) -> None:
        raise InputError("the song is odd")

    monkeypatch.setattr(PhraseRolls, "encode", fails)
    with pytest.raises(InputError, match="the song is odd"):
        view(corpus, PhraseRolls(sounding=2), "train")
    assert len(list((tmp_path / "corpus" / "views").iterdir())) == 2
