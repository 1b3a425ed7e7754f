"""A set of phrases that is too small to train on is refused with numbers."""

from pathlib import Path

import pytest

from antiphon.codecs.ensembles import ENSEMBLES
from antiphon.codecs.phrases import PhraseRolls
from antiphon.data.corpus import Corpus
from antiphon.data.reasons import check_enough, told_given
from antiphon.data.views import view
from antiphon.errors import InputError


def test_enough_is_a_batch() -> None:
    check_enough(Corpus.open("freedoom"), PhraseRolls(), 64, 64)
    with pytest.raises(InputError, match="freedoom: 63 phrases are too few to train on, where a batch has 64"):
        check_enough(Corpus.open("freedoom"), PhraseRolls(), 63, 64)


def test_the_commonest_reasons_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("ANTIPHON_CACHE", str(tmp_path_factory.mktemp("cache")))
    corpus, codec = Corpus.open("leadsheets"), PhraseRolls(ensemble=ENSEMBLES["quartet"])
    num = len(view(corpus, codec, "train")["real"])
    with pytest.raises(InputError) as refused:
        check_enough(corpus, codec, num, 64)
    sentence, songs = str(refused.value), len(corpus.split("train"))
    assert num == 0 and "\n" not in sentence
    assert f"({songs} of {songs} training songs give none: {songs}: none of its tracks is of the ensemble" in sentence
    assert "codec.hop=1" in sentence


def test_phrases_in_which_the_given_track_is_silent_are_told(bands: Path) -> None:
    corpus, codec = Corpus.open(bands), PhraseRolls()
    assert told_given(corpus, codec, 1, num_rows=9, every=9, batch_size=2) == ""
    some = told_given(corpus, codec, 1, num_rows=5, every=9, batch_size=2)
    assert "piano, to which this model plays, sounds in 5 of 9 phrases, and is trained on those alone" in some
    assert "under half" not in some
    assert "under half" in told_given(corpus, codec, 1, num_rows=4, every=9, batch_size=2)
    with pytest.raises(InputError, match=r"sounds in 1 of 9 phrases, too few to train on, where a batch has 2"):
        told_given(corpus, codec, 1, num_rows=1, every=9, batch_size=2)
