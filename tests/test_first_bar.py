"""What a tune decides for the bars that follow it: key, tempo and written chords, unless others are asked for."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from antiphon.errors import InputError
from antiphon.generate import Model, load
from antiphon.music.score import TEMPO, TIME_SIGNATURE, Score, Track, notes_from_columns, table
from antiphon.music.theory import Key

E_MINOR = (64, 66, 67, 69, 71, 72, 75, 76, 71, 67, 64, 64, 66, 67, 71, 64)


def tune(signature: tuple[int, int] = (4, 4)) -> Score:
    starts = np.arange(len(E_MINOR)) * 480
    return Score(
        480,
        (Track(notes_from_columns(starts, starts + 480, E_MINOR, 80), name="Voice"),),
        tempos=table(TEMPO, [(0, 1_000_000)]),
        time_signatures=table(TIME_SIGNATURE, [(0, *signature)]),
    )


@pytest.fixture(scope="module")
def bar(models: dict[str, Path]) -> Model:
    return load(models["bar"])


def test_key_and_tempo_come_from_the_tune(bar: Model) -> None:
    for seed in range(4):
        song = bar.generate(bars=4, seed=seed, first=tune())[0]
        assert song.tempos["beat_us"].tolist() == [1_000_000]
        assert song.key_signatures["sharps"].tolist() == [Key.parse("E minor").sharps]


def test_what_is_asked_for_comes_first(bar: Model) -> None:
    song = bar.generate(bars=2, first=tune(), key="C", tempo=90)[0]
    assert song.key_signatures["sharps"].tolist() == [0]
    assert round(60_000_000 / song.tempos["beat_us"][0]) == 90


def test_written_chords_go_on(bar: Model) -> None:
    written = replace(tune(), chords=((0, "Em"), (1920, "D"), (2 * 1920, "C"), (3 * 1920, "B7")))
    song = bar.generate(bars=6, first=written)[0]
    assert [symbol for _, symbol in song.chords] == ["Em", "D", "C", "B7", "Em", "D"]
    asked = bar.generate(bars=2, first=written, chords="G")[0]
    assert [symbol for _, symbol in asked.chords] == ["G", "G"]


def test_a_tune_that_cannot_be_followed_says_why(bar: Model) -> None:
    with pytest.raises(InputError, match=r"no whole bar in 4/4 \(its metre is 3/4"):
        bar.generate(first=tune((3, 4)))


@pytest.mark.parametrize("key", ["C dorian", "A harmonic minor"])
def test_keys_without_known_progressions_are_refused(bar: Model, key: str) -> None:
    with pytest.raises(InputError, match="progressions are known in major and minor"):
        bar.generate(key=key)


def test_a_preset_is_no_model() -> None:
    with pytest.raises(InputError, match="a preset, not a model"):
        load("midinet-v2")
