"""MuseGAN's tables: whole, each cell from its own columns, and made from music as it is."""

from pathlib import Path

import numpy as np
import pytest

from antiphon.codecs.phrases import PhraseRolls, unpack
from antiphon.data.corpus import Corpus
from antiphon.evaluation.metrics import as_published
from antiphon.evaluation.metrics import multitrack as metrics
from antiphon.presets.table import get_preset
from antiphon.reproductions import musegan_tables as tables
from antiphon.reproductions.result import Asked, Line, Reproduction

TOY = Asked("toy", 3, None, Path(), str)


@pytest.fixture(scope="module")
def made() -> dict[str, Reproduction]:
    return {"1": tables.table_1(TOY), "2": tables.table_2(TOY)}


def lines(made: Reproduction) -> dict[tuple[str, str], Line]:
    return {(line.row, line.column): line for line in made.lines}


def test_the_published_tables_are_whole() -> None:
    assert {len(row) for row in tables.TABLE_1.values()} == {len(tables.TABLE_1_COLUMNS)} == {14}
    assert {len(row) for row in tables.TABLE_2.values()} == {len(tables.TABLE_2_COLUMNS)} == {6}
    assert tables.TABLE_1_COLUMNS[0] == "EB B" and tables.TABLE_1_COLUMNS[-1] == "DP D"
    # A conditional model has no row for the track that it is given.
    given = [row[3] for name, row in tables.TABLE_1.items() if name.startswith("on a track")]
    assert given == [None] * 3


def test_each_cell_is_that_of_its_track(made: dict[str, Reproduction]) -> None:
    chance = np.random.default_rng(TOY.seed)
    corpus = Corpus.open("freedoom")
    parts = list(tables._chunks(corpus, tables._LIMIT["toy"], chance))
    (rolls,) = parts
    assert len(rolls) == 60
    bass, drums, guitar, piano, strings = range(5)
    assert rolls.tracks == ("bass", "drums", "guitar", "piano", "strings")
    found = lines(made["1"])
    row = "training data"
    empty, used = metrics.empty_bar_rate(rolls), as_published.used_pitch_classes(rolls)
    for name, track in {"B": bass, "D": drums, "G": guitar, "P": piano, "S": strings}.items():
        assert found[row, f"EB {name}"].ours == pytest.approx(100 * empty[:, track].mean())
        if name != "D":
            assert found[row, f"UPC {name}"].ours == pytest.approx(np.nanmean(used[:, track]))
    true = metrics.drum_pattern_rate(rolls)[:, drums]
    assert found[row, "DP D"].true == pytest.approx(100 * np.nanmean(true))
    distance = as_published.tonal_distance(rolls)[:, metrics.track_pairs(rolls).index((bass, guitar))]
    assert lines(made["2"])[row, "TD B-G"].ours == pytest.approx(np.nanmean(distance))


def test_the_training_rows_are_those_that_presets_train_on() -> None:
    corpus, chance = Corpus.open("freedoom"), np.random.default_rng(TOY.seed)
    codecs = {get_preset(preset).codec.model_dump_json() for preset in tables.PRESETS.values()}
    codec = get_preset("musegan-hybrid").codec
    assert codecs == {codec.model_dump_json()} and isinstance(codec, PhraseRolls)
    (rolls,) = tables._chunks(corpus, tables._LIMIT["toy"], chance)
    assert (rolls.cells.any((3, 4)).sum(1) >= codec.sounding).all()
    first = rolls.song[0]
    real = codec.encode(corpus.score(int(first)))["real"][: len(rolls)]
    np.testing.assert_array_equal(rolls.cells[rolls.song == first], unpack(real, *codec.shape[2:]))


def test_tracks_paired_at_random_lie_farther_apart_in_truth(made: dict[str, Reproduction]) -> None:
    found = lines(made["2"])
    gaps = []
    for name in ("TD B-G", "TD B-S", "TD G-S"):
        real, shuffled = (found[row, name].true for row in ("training data", "training data, shuffled"))
        assert isinstance(real, float) and isinstance(shuffled, float)
        gaps.append(shuffled - real)
    # Four songs: single pairs may lie close.
    assert min(gaps) > 0 and np.mean(gaps) > 0.2


def test_songs_are_taken_until_there_are_phrases_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_AT_ONCE", 40)
    corpus = Corpus.open("freedoom")
    few, more = (list(tables._chunks(corpus, num, np.random.default_rng(0))) for num in (45, 90))
    assert sum(map(len, few)) == 45 and sum(map(len, more)) == 90
    # Each song's phrases stay together, so that chance is reckoned over songs.
    songs = [set(part.song.tolist()) for part in more]
    assert len(songs) > 1 and not songs[0] & songs[1]
    np.testing.assert_array_equal(few[0].cells, more[0].cells[:45])
