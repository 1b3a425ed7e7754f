"""Performances of so many seconds, by themselves and after pieces of any kind; and what cannot be asked of them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.made import BEAT, model, song

import antiphon
from antiphon import performing
from antiphon.asked import Asked
from antiphon.cli import run
from antiphon.codecs.performance import START, PerformanceTokens
from antiphon.errors import InputError
from antiphon.generate import Model, load
from antiphon.io.image import png_bytes
from antiphon.io.midi import midi_bytes, read_midi, write_midi
from antiphon.io.roll_layout import layout
from antiphon.music.score import CONTROL, TEMPO, Score, Track, notes_from_columns, table
from antiphon.writers.performances import PerformanceWriter

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As one that was taught something: what it hears changes what it writes."""
    path = tmp_path_factory.mktemp("pieces") / "toy.safetensors"
    weights = load(model(path, "piano-small")).objective.state_dict()
    chance = torch.Generator().manual_seed(0)
    taught = {name: part + 0.5 * torch.randn(part.shape, generator=chance) for name, part in weights.items()}
    return model(path, "piano-small", **taught)


@pytest.fixture(scope="module")
def pianist(toy: Path) -> Model:
    return load(toy)


def heard(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is given to the writer from now on."""
    given: list[Any] = []
    perform = PerformanceWriter.perform

    def listening(self: Any, chances: Any, num_steps: int, manner: Any, prime: Any = None, watch: Any = None) -> Any:
        given.append(prime)
        return perform(self, chances, num_steps, manner, prime, watch)

    monkeypatch.setattr(PerformanceWriter, "perform", listening)
    return given


@pytest.mark.parametrize("seconds", [4, 5.5, 7.013, 12.345])
def test_it_lasts_as_long_as_asked(pianist: Model, seconds: float) -> None:
    for score in pianist.generate(seconds=seconds, num=2, seed=3):
        assert abs(score.duration_seconds - seconds) <= 0.0051
        assert len(score.tracks) == 1 and score.tracks[0].program == 0 and score.tracks[0].name == "Piano"
        assert (score.tracks[0].notes["end"] > score.tracks[0].notes["start"]).all()


def test_a_seed_is_a_performance_whatever_is_beside_it(pianist: Model, toy: Path) -> None:
    several = pianist.generate(seconds=5, num=3, seed=7)
    assert midi_bytes(several[2]) == midi_bytes(load(toy).generate(seconds=5, seed=9)[0])
    assert len({midi_bytes(score.with_tracks(score.tracks)) for score in several}) == 3
    texts = [text for _, text in several[1].texts]
    assert "seed: 8" in texts and "licence: MIT" in texts and "model: toy (piano-small)" in texts
    assert any(text.startswith(f"generator: antiphon {antiphon.__version__}") for text in texts)


def test_a_minute_unless_asked(pianist: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(performing, "SECONDS", 4.0)
    monkeypatch.setattr(performing, "MORE_SECONDS", 2.0)
    assert round(pianist.generate()[0].duration_seconds, 2) == 4
    assert round(pianist.continue_song(song(1), only_new=True).songs[0].duration_seconds, 2) == 2


def test_choices_are_among_the_likeliest_where_asked(pianist: Model) -> None:
    plain, few, nucleus, cold = (
        midi_bytes(pianist.generate(seconds=5, **options)[0])
        for options in ({}, {"top_k": 5}, {"top_p": 0.2}, {"temperature": 0.2})
    )
    assert len({plain, few, nucleus, cold}) == 4
    for options in ({"top_k": 1000}, {"top_p": 1.0}, {"top_k": 310, "top_p": 1}):
        assert midi_bytes(pianist.generate(seconds=5, **options)[0]) == plain
    likeliest = midi_bytes(pianist.generate(seconds=5, temperature=0, seed=1)[0])
    assert likeliest.replace(b"seed: 1", b"seed: 2") == midi_bytes(pianist.generate(seconds=5, top_k=1, seed=2)[0])


def test_where_nothing_sounds_at_the_end_the_last_notes_are_held(pianist: Model) -> None:
    writer = pianist.writer
    assert isinstance(writer, PerformanceWriter)
    kept = PerformanceTokens()
    rests = np.array([150, 160, 51, 151, 51, 161, 101, 101], np.int64)

    class Fixed(PerformanceWriter):
        def perform(self, chances: Any, num_steps: int, manner: Any, prime: Any = None, watch: Any = None) -> Any:
            return [rests for _ in chances]

    objective: Any = pianist.objective
    silent = Model.__new__(Model)
    vars(silent).update(vars(pianist), _writer=Fixed(objective))
    (score,) = silent.generate(seconds=2.6)
    ends = dict(zip(score.tracks[0].notes["pitch"].tolist(), score.tracks[0].notes["end"].tolist(), strict=True))
    assert ends == {kept.keyboard.lowest + 24: 500, kept.keyboard.lowest + 29: 2600}


def test_a_song_without_notes_is_written(pianist: Model, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(PerformanceWriter, "perform", lambda *_: [np.array([101, 101])])
    (score,) = pianist.generate(seconds=2)
    assert not score.num_notes and midi_bytes(score)


PEDAL = table(CONTROL, [(0, 64, 127), (4 * BEAT, 64, 0)])
ENDLESS = table(CONTROL, [(0, 64, 127), (5 * BEAT, 7, 90)])
KEYS = Track(notes_from_columns([0, BEAT, BEAT, BEAT], [BEAT, 2 * BEAT, 3 * BEAT, BEAT + 5], [60, 64, 64, 67], 90))
DRUMS = Track(notes_from_columns([0], [9 * BEAT], [36], 90), is_drum=True)
TEMPOS = table(TEMPO, [(0, 500_000), (2 * BEAT, 250_000), (6 * BEAT, 1_000_000)])


@pytest.mark.parametrize(
    ("prime", "end"),
    [
        (Score(BEAT, (KEYS,)), 1.5),
        (Score(BEAT, (replace(KEYS, controls=PEDAL),)), 2.0),
        # A pedal that nobody lets go ends with what comes last, notes of other tracks among it.
        (Score(BEAT, (replace(KEYS, controls=ENDLESS[:1]),)), 1.5),
        (Score(BEAT, (KEYS, DRUMS)), 1.5),
        (Score(BEAT, (KEYS,), tempos=TEMPOS), 1.25),
        (Score(3, (Track(notes_from_columns([0], [3], [60], 90)),), tempos=table(TEMPO, [(0, 2_000_000)])), 2.0),
        (Score(BEAT, (Track(notes_from_columns([0, 5], [BEAT, BEAT + 5], [60, 110], 90), program=40),)), 0.505),
    ],
)
def test_it_goes_on_where_the_last_note_ends(pianist: Model, prime: Score, end: float) -> None:
    continued = pianist.continue_song(prime, seconds=3, seed=2)
    (whole,), (alone,) = continued.songs, pianist.continue_song(prime, seconds=3, seed=2, only_new=True).songs
    assert continued.bar is None and continued.begin_seconds == pytest.approx(end, abs=0.005)
    *old, new = whole.tracks
    assert new.name == "Continuation" and len(old) == len(prime.tracks)
    factor = whole.ticks_per_beat // prime.ticks_per_beat
    for before, after in zip(prime.tracks, old, strict=True):
        for name in ("start", "end"):
            np.testing.assert_array_equal(after.notes[name], factor * before.notes[name])
        np.testing.assert_array_equal(after.notes["pitch"], before.notes["pitch"])
        assert len(after.controls) == len(before.controls)
    for tick in (0, BEAT, 7 * BEAT):
        assert whole.seconds(factor * tick) == prime.seconds(tick)
    assert float(whole.seconds(new.notes["end"].max())) == pytest.approx(end + 3, abs=0.01)
    assert abs(alone.duration_seconds - 3) <= 0.0051 and len(alone.tracks) == 1
    played = (
        whole.seconds(new.notes["start"]) - continued.begin_seconds,
        alone.seconds(alone.tracks[0].notes["start"]),
    )
    np.testing.assert_allclose(*played, atol=0.004)
    np.testing.assert_array_equal(new.notes["pitch"], alone.tracks[0].notes["pitch"])
    assert whole.texts == alone.texts


def test_the_last_of_a_long_piece_is_heard_and_that_is_said(pianist: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    given = heard(monkeypatch)
    span, tokens = 32, PerformanceTokens().encode(song(1, bars=8))["real"]
    told = pianist.continue_song(song(1, bars=8), seconds=1).heard
    assert told.startswith("heard the last ") and told.endswith(" of its 16.0 s") and len(tokens) > span
    np.testing.assert_array_equal(given[-1], tokens[-span:])
    short = Score(BEAT, (KEYS, DRUMS))
    assert pianist.continue_song(short, seconds=1).heard == "heard its 4 notes, not the 1 note of its drums"
    alone = PerformanceTokens().encode(Score(BEAT, (KEYS,)))["real"]
    np.testing.assert_array_equal(given[-1], [START, *alone])


def test_what_is_heard_decides_what_follows(pianist: Model) -> None:
    one, same, other = (
        pianist.continue_song(piece, seconds=3, only_new=True).songs[0] for piece in (song(1), song(1), song(2))
    )
    assert midi_bytes(one) == midi_bytes(same) != midi_bytes(other)
    several = pianist.continue_song(song(1), seconds=3, num=3, only_new=True).songs
    assert midi_bytes(several[0]) == midi_bytes(one) and len({midi_bytes(score) for score in several}) == 3


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_any_piece_with_a_note_on_the_keys_can_be_continued(data: st.DataObject) -> None:
    num = data.draw(st.integers(1, 12))
    columns = [data.draw(st.lists(st.integers(*bounds), min_size=num, max_size=num)) for bounds in BOUNDS]
    start, length, pitch, velocity = map(np.array, columns)
    controls = np.array(
        sorted((tick, 64, value) for tick, value in data.draw(st.lists(PEDALS, max_size=4))), dtype=CONTROL
    )
    tempos = table(TEMPO, sorted(data.draw(st.lists(CHANGES, max_size=3))))
    keys = Track(notes_from_columns(start, start + length, pitch, velocity), controls=controls)
    prime = Score(data.draw(st.sampled_from([1, 24, 480, 30_000])), (keys,), tempos=tempos)
    continued = performing.perform_on(MADE[0], prime, Asked(seconds=1))
    (whole,) = continued.songs
    assert whole.num_notes >= num and midi_bytes(whole)
    new = whole.tracks[-1].notes
    if len(new):
        assert float(whole.seconds(new["start"].min())) >= continued.begin_seconds - 0.01
        assert float(whole.seconds(new["end"].max())) == pytest.approx(continued.begin_seconds + 1, abs=0.01)


BOUNDS = ((0, 5000), (1, 3000), (21, 108), (1, 127))
PEDALS = st.tuples(st.integers(0, 6000), st.integers(0, 127))
CHANGES = st.tuples(st.integers(0, 6000), st.integers(60_000, 6_000_000))
MADE: list[Model] = []


@pytest.fixture(scope="module", autouse=True)
def made(pianist: Model) -> None:
    MADE.append(pianist)


def test_the_commands(toy: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "out"
    words = [
        "generate",
        str(toy),
        "--seconds",
        "4",
        "--seed",
        "5",
        "--top-k",
        "50",
        "--top-p",
        "0.9",
        "--out",
        str(out),
    ]
    assert run(words) == 0
    assert f"{out}/toy-5.mid, {out}/toy-5.wav, {out}/toy-5.png: 4.0 s, " in capsys.readouterr().out
    first = (out / "toy-5.mid").read_bytes()
    assert run([*words, "--num", "2", "--stems", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [fact["seconds"] for fact in facts] == [4.0, 4.0] and facts[0]["bars"] is None
    assert (out / "toy-5.mid").read_bytes() == first and (out / "toy-6.wav").stat().st_size > 4 * 40_000
    assert (out / "toy-5-1-piano.mid").exists()
    prime = out / "toy-5.mid"
    words = ["continue", str(prime), str(toy), "--seconds", "2", "--out", str(out)]
    assert run(words) == 0
    told = capsys.readouterr().out
    assert "6.0 s, " in told and "; heard " in told and told.strip().endswith("s, 2 s from second 4 on")
    whole = read_midi(out / "toy-5-continued-toy-0.mid")
    assert len(whole.tracks) == 2
    drawn = png_bytes(layout(whole, new=whole.ticks(4.0).item()))
    assert (out / "toy-5-continued-toy-0.png").read_bytes() == drawn
    assert run([*words, "--only-new", "--json"]) == 0
    (fact,) = json.loads(capsys.readouterr().out)
    assert fact["continued_seconds"] == 2 and fact["from_seconds"] == 4 and Path(fact["files"]["mid"]).exists()
    assert "bars" in fact and "from_bar" not in fact


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--bars 4", "bars: the model toy plays freely, by no bars and no beat; give seconds"),
        ("--form AABA --section-bars 2", "plays freely|writes no sections"),
        ("--tempo 100", "tempo: the model toy plays freely"),
        ("--key C", "key: the model toy hears no chords"),
        ("--chords C", "chords: "),
        ("--accompaniment 3", "accompaniment: "),
        ("--progression common", "progression: "),
        ("--first x.mid", "x.mid"),
        ("--density high", "density: "),
        ("--register low", "register: "),
        ("--tracks piano", "tracks: "),
        ("--program piano=3", "program: "),
        ("--mute piano", "mute: "),
        ("--sixteenths", "sixteenths: "),
        ("--vary piano", "vary: "),
        ("--interpolate 1:2", "interpolate: "),
        ("--musicxml", "musicxml: the model toy plays freely"),
        ("--seconds 0", "seconds = 0.0: choose a value from 1 to 10000"),
        ("--seconds nan", "seconds = nan"),
        ("--top-k 0", "top_k = 0"),
        ("--top-p 2", "top_p = 2.0"),
        ("--temperature -1", "temperature = -1.0"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_sentence(
    toy: Path, tmp_path: Path, capsys: Capture, words: str, sentence: str
) -> None:
    assert run(["generate", str(toy), *words.split(), "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err.strip()
    assert any(part in told for part in sentence.split("|")) and "\n" not in told
    assert not (tmp_path / "out").exists()


def test_models_of_bars_are_not_asked_for_seconds(models: dict[str, Path], tmp_path: Path, capsys: Capture) -> None:
    write_midi(song(1), tmp_path / "x.mid")
    for words in (["generate"], ["continue", str(tmp_path / "x.mid")]):
        for option in ("--seconds", "--top-k", "--top-p"):
            assert run([*words, str(models["bar"]), option, "1", "--out", str(tmp_path)]) == 2
            told = capsys.readouterr().err
            assert f"{option[2:].replace('-', '_')}: the model bar " in told and "piano-small" in told


@pytest.mark.parametrize(
    ("prime", "why"),
    [
        (Score(), "no note sounds in it"),
        (Score(BEAT, (DRUMS,)), "only drums sound in it"),
        (Score(BEAT, (Track(notes_from_columns([0], [9], [120], 90)),)), "no note of it lies on the keyboard"),
    ],
)
def test_pieces_that_a_piano_cannot_have_played(pianist: Model, prime: Score, why: str) -> None:
    with pytest.raises(InputError, match=f"the score: nothing to continue, for {why}; .* from A0 to C8"):
        pianist.continue_song(prime, seconds=1)
    with pytest.raises(InputError, match="bars: the model toy plays freely"):
        pianist.continue_song(song(1), 4)


def test_a_terminal_sees_how_far_it_is(pianist: Model, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr(performing, "_SHOWN_AFTER_SECONDS", 0.0)
    monkeypatch.setattr(performing, "_INTERVAL_SECONDS", 0.0)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    pianist.generate(seconds=2)
    told = capsys.readouterr()
    assert "writing" in told.err and "of 2 s" in told.err and not told.out
