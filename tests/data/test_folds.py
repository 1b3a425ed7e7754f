"""Folds by song: each song is held out once, works stay together, training sees none of what is held out."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from antiphon.codecs.melody import MelodyBars
from antiphon.data.corpus import Corpus
from antiphon.data.folds import NUM_FOLDS, folds
from antiphon.data.manifest import Flags, Song
from antiphon.data.prepare import prepare
from antiphon.data.views import view
from antiphon.errors import InputError

FLAGS = Flags(performed=False, metre="4/4", on_grid=1.0)


def song(name: str, group: str) -> Song:
    return Song(id=name, title=name, split="train", group=group, ticks_per_beat=24, flags=FLAGS)


def test_songs_of_their_own_are_dealt_in_order_of_their_ids() -> None:
    names = [f"s{number:02d}" for number in range(13)]
    mixed = np.random.default_rng(0).permutation(13)
    # Group names that would sort otherwise change nothing.
    found = folds([song(names[number], f"g{13 - number:02d}") for number in mixed])
    assert found.tolist() == [number % NUM_FOLDS for number in mixed]


def test_a_work_is_never_divided() -> None:
    found = folds([song(f"s{number}", f"work {number % 3}") for number in range(9)])
    assert found.tolist() == [0, 1, 2] * 3


def test_every_song_is_held_out_once_and_never_taught_there() -> None:
    parts = [Corpus.open(f"freedoom:fold-{fold}") for fold in range(NUM_FOLDS)]
    held = np.concatenate([corpus.split("test") for corpus in parts])
    assert sorted(held.tolist()) == list(range(parts[0].num_songs))
    for corpus in parts:
        splits = [set(corpus.split(name).tolist()) for name in ("train", "valid", "test")]
        assert sum(map(len, splits)) == corpus.num_songs == len(set.union(*splits))
        assert 4 <= len(splits[1]) <= 10 and len(splits[0]) > 70
    assert len({corpus.fingerprint for corpus in parts} | {Corpus.open("freedoom").fingerprint}) == NUM_FOLDS + 1


def test_the_music_is_the_same() -> None:
    whole, fold = Corpus.open("freedoom"), Corpus.open("freedoom:fold-3")
    assert np.array_equal(whole.score(5).tracks[0].notes, fold.score(5).tracks[0].notes)
    assert fold.name == "freedoom:fold-3"


def test_views_of_a_prepared_folder(
    make_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTIPHON_CACHE", str(tmp_path / "cache"))
    prepare(make_folder(), tmp_path / "c", workers=1)
    corpus = Corpus.open(f"{tmp_path / 'c'}:fold-1")
    rows = view(corpus, MelodyBars(), "test", 1)
    assert set(np.unique(rows["song"]).tolist()) <= set(corpus.split("test").tolist())
    assert len(rows["real"])


@pytest.mark.parametrize(("source", "said"), [("freedoom:fold-5", "0 to 4"), ("nowhere:fold-0", "no such corpus")])
def test_what_is_not_there_is_a_sentence(source: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        Corpus.open(source)
