"""Transformer-GAN's table 2: whole, and its training row that of the pieces themselves."""

from pathlib import Path

import numpy as np
import pytest

from antiphon.codecs.performance import performed_notes
from antiphon.data.corpus import Corpus
from antiphon.errors import InputError
from antiphon.evaluation.metrics import performance
from antiphon.music.score import Score
from antiphon.reproductions.result import Asked, Line
from antiphon.reproductions.transformer_gan_table import _CUT, COLUMNS, SAMPLE_TOKENS, TABLE_2, training_row

ALL = Asked("cpu", 0, "giantmidi", Path(), str)


@pytest.fixture(scope="module")
def made() -> dict[tuple[str, str], Line]:
    return {(line.row, line.column): line for line in training_row(ALL).lines}


def test_the_published_table_is_whole() -> None:
    assert {len(row) for row in TABLE_2.values()} == {len(COLUMNS)} == {9}


def test_values_are_those_of_the_pieces(made: dict[tuple[str, str], Line]) -> None:
    corpus = Corpus.open("giantmidi")
    pieces = [performed_notes(corpus.score(int(song))) for song in corpus.split("train")]
    cut = [piece.first(SAMPLE_TOKENS) for piece in pieces]
    for row, some in (("training set", pieces), (_CUT, cut)):
        shift = np.mean([performance.average_pitch_shift(performance.notes_of(piece)) for piece in some])
        assert made[row, "APS"].ours == made[row, "APS"].true == pytest.approx(shift)
        used = np.mean([len(np.unique(piece.pitch)) for piece in some])
        assert made[row, "NPU"].ours == made[row, "TUP"].ours == pytest.approx(used)


def test_what_is_printed_is_not_what_is_true(made: dict[tuple[str, str], Line]) -> None:
    ours, true = (made["training set", "PCU"].ours, made["training set", "PCU"].true)
    assert isinstance(ours, float) and isinstance(true, float)
    assert ours < 9
    assert 11 < true <= 12
    empty, filled = made["training set", "EBR"].true, made["training set", "EBR"].ours
    assert isinstance(empty, float) and isinstance(filled, float)
    assert empty + filled == pytest.approx(1, abs=0.01)


def test_music_without_a_piano_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Corpus, "score", lambda self, song: Score())
    with pytest.raises(InputError, match="no notes for the piano"):
        training_row(ALL)
