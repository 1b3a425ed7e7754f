"""Composers of chords: in the songs' keys and over their sections, ends, and each song from its own chance alone."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from antiphon.cli import run
from antiphon.codecs.chords import triad_code
from antiphon.codecs.progressions import cadences, harmony_of
from antiphon.composing import PROGRESSIONS, Chords, common, composed_by
from antiphon.errors import InputError
from antiphon.families.chords.config import ChordsConfig
from antiphon.generate import Model, load
from antiphon.io.midi import read_midi
from antiphon.music.form import Layout, lay_out, parse_form
from antiphon.music.theory import Key
from antiphon.writers.chords import TRIES, ChordsWriter, Commission

KEYS = [Key.parse(name) for name in ("C", "A minor", "Eb", "F# minor", "B", "C minor")]


@pytest.fixture(scope="module")
def writer() -> ChordsWriter:
    return ChordsWriter(ChordsConfig(hidden_dim=12, critic_dim=8).build())


def layout(form: str, bars: int = 4) -> Layout:
    sections = parse_form(form)
    return lay_out(sections, bars, bars * len(sections))


def chances(num: int, seed: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng([seed, song]) for song in range(num)]


def degrees(chords: Chords, key: Key) -> np.ndarray:
    codes = np.array([triad_code(chord) for chord in chords])
    return np.asarray((codes - key.tonic) % 12 + codes // 12 * 12, np.uint8)


@pytest.mark.parametrize("name", PROGRESSIONS)
def test_songs_are_as_long_as_asked_return_as_their_sections_and_end(name: str) -> None:
    compose = PROGRESSIONS[name]()
    songs = compose(KEYS, 16, [layout("AABA")] * len(KEYS), chances(len(KEYS)))
    for song, key in zip(songs, KEYS, strict=True):
        assert len(song) == 16
        assert song[:4] == song[4:8]
        assert song[12:14] == song[:2]
        assert cadences(degrees(song, key), key.is_minor)


def test_songs_without_sections_are_of_the_mode(writer: ChordsWriter) -> None:
    (song,) = common([Key.parse("A minor")], 4, [None], chances(1))
    assert song[0] is not None and song[0].symbol == "Am"
    (song,) = composed_by(writer)([Key.parse("A minor")], 30, [None], chances(1))
    assert len(song) == 30


def test_a_song_is_its_own_whatever_its_company(writer: ChordsWriter) -> None:
    compose, layouts = composed_by(writer), [layout("AB"), None, layout("AA"), layout("AB"), None, layout("AA")]
    together = compose(KEYS, 8, layouts, chances(6))
    alone = [compose([KEYS[n]], 8, [layouts[n]], [chances(6)[n]])[0] for n in range(6)]
    assert together == alone
    assert together != compose(KEYS, 8, layouts, chances(6, seed=1))


def test_large_calls_are_divided(writer: ChordsWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    compose = composed_by(writer)
    whole = compose(KEYS, 8, [None] * 6, chances(6))
    monkeypatch.setattr("antiphon.writers.chords._AT_ONCE", 8 * TRIES * 4)
    assert compose(KEYS, 8, [None] * 6, chances(6)) == whole


def test_keys_move_songs_and_nothing_else(writer: ChordsWriter) -> None:
    compose = composed_by(writer)
    one, other = (compose([Key.parse(key)], 12, [layout("ABC")], chances(1))[0] for key in ("C", "F#"))
    assert degrees(one, Key.parse("C")).tolist() == degrees(other, Key.parse("F#")).tolist()


def test_the_likeliest_chords_need_no_chance_and_still_end(writer: ChordsWriter) -> None:
    compose = composed_by(writer, temperature=0)
    songs = [compose([KEYS[0]], 8, [layout("AB")], chances(1, seed))[0] for seed in (0, 1)]
    assert songs[0] == songs[1]
    assert cadences(degrees(songs[0], KEYS[0]), False)


@pytest.mark.parametrize("bars", [1, 2, 3])
def test_the_shortest_songs(bars: int, writer: ChordsWriter) -> None:
    commission = Commission(np.array([False, True]), np.zeros((2, bars), np.int64), np.array([True, True]))
    songs = writer.progressions(chances(2), commission)
    assert songs.shape == (2, bars)
    assert songs[0, -1] == 0 and songs[1, -1] in (0, 12)


def test_what_does_not_end_is_told_that_much_is_to_come() -> None:
    commission = Commission(np.array([False, False]), np.zeros((2, 5), np.int64), np.array([True, False]))
    harmony, mode, left = commission.told
    assert harmony.tolist() == [[0, 0, 0, 3, 4], [0] * 5]
    assert mode.tolist() == [0, 0]
    assert left.tolist() == [4, 20]


@pytest.fixture(scope="module")
def model() -> Model:
    return load("chords")


def test_the_model_writes_songs_of_chords_alone(model: Model) -> None:
    scores = model.generate(16, num=5, key="A minor", tempo=90)
    for score in scores:
        assert [track.name for track in score.tracks] == ["accompaniment"]
        assert len(score.chords) == 16 and len(score.tracks[0].notes) == 48
        assert score.chords[-1][1] in {"Am", "A"}
        assert score.key_signatures.tolist() == [(0, 0, True)]
        assert 60_000_000 / score.tempos["beat_us"][0] == pytest.approx(90, abs=0.01)
    assert len({score.chords for score in scores}) == 5
    found = [harmony_of(score) for score in scores]
    assert all(harmony is not None and harmony.key == Key.parse("A minor") for harmony in found)


def test_what_is_composed_is_what_is_generated(model: Model) -> None:
    options: dict[str, Any] = {"bars": 8, "form": "AB", "num": 4, "seed": 3, "temperature": 0.8}
    songs = model.compose(**options)
    scores = model.generate(**options)
    assert [[chord.symbol for chord in song if chord] for song in songs] == [
        [symbol for _, symbol in score.chords] for score in scores
    ]
    assert model.compose(8) == model.compose()
    assert len(model.compose(form="AABA")[0]) == 32


def test_bars_are_written_over_the_learnt_composers_chords(model: Model) -> None:
    score = load("bar").generate(4, key="G", seed=5)[0]
    assert [symbol for _, symbol in score.chords] != [
        symbol for _, symbol in load("bar").generate(4, key="G", seed=5, progression="common")[0].chords
    ]
    assert score.chords[-1][1] == "G"


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("chords", {"chords": "C G"}, "chords: the model chords composes chords and nothing over them"),
        ("chords", {"progression": "common"}, "progression: the model chords composes chords"),
        ("chords", {"accompaniment": None}, "accompaniment: the model chords writes chords alone"),
        ("chords", {"density": "low"}, "density: the model chords cannot choose among bars"),
        ("chords", {"first": "held-out"}, "first: the model chords does not hear the bar before"),
        ("chords", {"key": "D dorian"}, "key 'D dorian': progressions are known in major and minor"),
        ("bar", {"progression": "jazz"}, "progression 'jazz': choose one of learnt, common"),
        ("bar", {"progression": "common", "chords": "C"}, "progression 'common': chords are given"),
    ],
)
def test_what_cannot_be_is_said(name: str, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=f"^{re.escape(sentence)}"):
        load(name).generate(8, **options)


def test_other_models_compose_no_chords() -> None:
    with pytest.raises(InputError, match="compose: the model bar writes no chords; take the model chords"):
        load("bar").compose()


def test_the_command_writes_songs_of_chords(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run(["generate", "chords", "--bars", "6", "--key", "Bb", "--num", "2", "--out", str(tmp_path), "--json"]) == 0
    )
    facts = json.loads(capsys.readouterr().out)
    assert [fact["bars"] for fact in facts] == [6, 6]
    assert all(fact["chords"][-1] == "Bb" for fact in facts)
    assert {path.suffix for path in tmp_path.iterdir()} == {".mid", ".wav", ".png"}
    assert read_midi(tmp_path / "chords-0.mid").num_notes == 18
    assert run(["generate", "bar", "--progression", "jazz", "--out", str(tmp_path / "none")]) == 2
    assert not (tmp_path / "none").exists()
