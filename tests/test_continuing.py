"""Pieces continued: from the next bar line, in their tempo and metre, after what was heard; and what cannot be."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.made import BEAT, model, song

from antiphon.cli import run
from antiphon.continuing import continue_song
from antiphon.errors import InputError
from antiphon.families.lstm.note_objective import LstmObjective
from antiphon.generate import Model, load
from antiphon.io.image import png_bytes
from antiphon.io.midi import midi_bytes, read_midi, write_midi
from antiphon.io.roll_layout import layout
from antiphon.music.score import TIME_SIGNATURE, Score, Track, notes_from_columns, table


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model(tmp_path_factory.mktemp("lstm") / "toy.safetensors", "lstm")


@pytest.fixture(scope="module")
def notes_model(toy: Path) -> Model:
    return load(toy)


def line(starts: list[int], numerator: int = 4, denominator: int = 4, length: int = BEAT) -> Score:
    rows = [(start, start + length, 60 + index % 12, 70) for index, start in enumerate(starts)]
    metre = table(TIME_SIGNATURE, [(0, numerator, denominator)])
    return Score(BEAT, (Track(notes_from_columns(*zip(*rows, strict=True)), program=40),), time_signatures=metre)


def new_notes(score: Score) -> np.ndarray:
    (track,) = (track for track in score.tracks if track.name.startswith("Continuation"))
    return track.notes


@pytest.mark.parametrize(
    ("prime", "tick", "bar"),
    [
        (line([0, BEAT, 2 * BEAT, 3 * BEAT]), 4 * BEAT, 2),
        (line([0, 4 * BEAT]), 8 * BEAT, 3),
        (line([0, BEAT, 2 * BEAT], 3, 4), 3 * BEAT, 2),
        (line([0, BEAT], 6, 8), 3 * BEAT, 2),
        # A note that is held for a moment beyond the line ends there.
        (line([0, 3 * BEAT], length=BEAT + 20), 4 * BEAT, 2),
        (line([0, 3 * BEAT], length=2 * BEAT), 8 * BEAT, 3),
        # Held for longer than models know of.
        (line([0], length=30 * BEAT), 32 * BEAT, 9),
    ],
)
def test_it_begins_at_the_next_bar_line(notes_model: Model, prime: Score, tick: int, bar: int) -> None:
    continued = continue_song(notes_model, prime, 2)
    assert continued.bar == bar and continued.heard == f"heard its {prime.num_notes} notes"
    (whole,) = continued.songs
    notes = new_notes(whole)
    size = prime.time_signatures["numerator"][0] * 4 * BEAT // prime.time_signatures["denominator"][0]
    assert notes["start"][0] == tick and notes["end"].max() <= tick + 2 * size
    assert (notes["velocity"] == 70).all() and whole.tracks[-1].program == 40
    np.testing.assert_array_equal(whole.tracks[0].notes, prime.tracks[0].notes)
    np.testing.assert_array_equal(whole.time_signatures, prime.time_signatures)
    (alone,) = continue_song(notes_model, prime, 2, only_new=True).songs
    np.testing.assert_array_equal(new_notes(alone)["start"], notes["start"] - tick)
    assert len(alone.tracks) == 1 and alone.time_signatures["numerator"] == prime.time_signatures["numerator"]


def test_a_seed_is_a_continuation_and_the_piece_is_heard(notes_model: Model) -> None:
    songs = continue_song(notes_model, song(1), 2, num=2, seed=3).songs
    assert midi_bytes(songs[1]) == midi_bytes(continue_song(notes_model, song(1), 2, seed=4).songs[0])
    assert midi_bytes(songs[0]) != midi_bytes(songs[1])
    other = continue_song(notes_model, song(2), 2, num=2, seed=3).songs
    assert new_notes(songs[0]).tobytes() != new_notes(other[0]).tobytes()


def test_only_the_last_notes_of_a_long_piece_are_heard(notes_model: Model) -> None:
    starts = [BEAT // 4 * step for step in range(656)]
    prime = line(starts, length=BEAT // 4)
    continued = continue_song(notes_model, prime, 1)
    assert continued.heard == "heard its last 512 of 656 notes"
    earlier = prime.tracks[0].notes.copy()
    earlier["pitch"][:144] = 40
    same = continue_song(notes_model, prime.with_tracks((replace(prime.tracks[0], notes=earlier),)), 1)
    np.testing.assert_array_equal(new_notes(continued.songs[0]), new_notes(same.songs[0]))


def test_a_bar_model_follows_the_melody(models: dict[str, Path]) -> None:
    prime = song(3)
    chords = replace(prime, chords=((0, "C"), (4 * BEAT, "G")))
    continued = continue_song(load(models["bar"]), chords, 4)
    assert continued.heard == "heard the last bar of its melody, of notes that begin together the highest"
    assert continued.bar == 17
    (whole,) = continued.songs
    new = [track for track in whole.tracks if track.name.startswith("Continuation")]
    assert min(int(track.notes["start"].min()) for track in new) >= 16 * 4 * BEAT
    assert whole.chords[:2] == chords.chords and all(tick >= 16 * 4 * BEAT for tick, _ in whole.chords[2:])
    assert continue_song(load(models["bar"]), song(3).with_tracks(prime.tracks[:1]), 1).heard == (
        "heard the last bar of its melody"
    )


def test_a_file_that_only_counts_beats_is_in_fours(notes_model: Model) -> None:
    prime = song(1, bars=3)
    counted = replace(prime, time_signatures=table(TIME_SIGNATURE, [(0, 1, 4)]))
    one, other = (continue_song(notes_model, piece, 2) for piece in (counted, prime))
    assert one.bar == other.bar == 4
    np.testing.assert_array_equal(new_notes(one.songs[0]), new_notes(other.songs[0]))


def test_a_melody_out_of_range_is_said_to_be_moved(models: dict[str, Path]) -> None:
    prime = song(3)
    track = prime.tracks[0]
    low = track.notes.copy()
    low["pitch"] -= 24
    continued = continue_song(load(models["bar"]), prime.with_tracks((replace(track, notes=low),)), 1)
    assert continued.heard == "heard the last bar of its melody, moved by octaves into C4 to B5"


DRUMS = Score(BEAT, (Track(notes_from_columns([0], [BEAT], [36], [90]), is_drum=True),))
FREE = line(sorted({int(start) for start in np.random.default_rng(0).integers(0, 40 * BEAT, 100)}))


@pytest.mark.parametrize(
    ("prime", "why"),
    [
        (Score(), "no note sounds in it"),
        (DRUMS, "only drums sound in it"),
        (FREE, "as in a free performance; quantise it to sixteenths"),
        (line([0], 17, 4), "bars are of 68 sixteenths"),
    ],
)
def test_what_cannot_be_continued_is_told(notes_model: Model, prime: Score, why: str) -> None:
    with pytest.raises(InputError, match=why):
        continue_song(notes_model, prime, 1)


def test_a_waltz_is_nothing_for_a_bar_model(models: dict[str, Path]) -> None:
    turns = replace(song(1), time_signatures=table(TIME_SIGNATURE, [(0, 4, 4), (32 * BEAT, 3, 4)]))
    for prime in (line([0, BEAT, 2 * BEAT], 3, 4), turns):
        with pytest.raises(InputError, match=r"it ends in 3/4, .* write 4/4 alone; .*antiphon continue SONG lstm"):
            continue_song(load(models["bar"]), prime, 1)


def test_a_performance_is_nothing_for_a_bar_model(models: dict[str, Path]) -> None:
    with pytest.raises(InputError, match=r"the score: no bar that a bar model can follow: .* as in a free performance"):
        continue_song(load(models["bar"]), FREE, 1)


def test_a_melody_that_rests_at_the_end_is_taken_up_and_the_bar_named(
    models: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    bar = load(models["bar"])
    voice, piano = song(3).tracks
    rests = voice.notes[voice.notes["start"] < 13 * 4 * BEAT]
    heard: list[list[int]] = []
    generate = Model._openings

    def spy(self: Model, *given: Any) -> Any:
        openings = generate(self, *given)
        heard.append(openings[0].tolist())
        return openings

    monkeypatch.setattr(Model, "_openings", spy)
    continued = continue_song(bar, song(3).with_tracks((replace(voice, notes=rests), piano)), 1)
    assert continued.heard.startswith("heard bar 13, where its melody's last note begins, of notes")
    assert continued.bar == 17
    assert heard == [bar.codec.encode(song(3))["real"][12].tolist()]
    # A note that is held through the last bar begins before it.
    held = rests.copy()
    held["end"][-1] = 16 * 4 * BEAT
    alone = song(3).with_tracks((replace(voice, notes=held),))
    assert continue_song(bar, alone, 1).heard == "heard bar 13, where its melody's last note begins"


def test_a_model_continues_songs_itself(models: dict[str, Path], tmp_path: Path) -> None:
    bar = load(models["bar"])
    write_midi(song(2), tmp_path / "tune.mid")
    one, other = bar.continue_song(tmp_path / "tune.mid", 2, seed=1), continue_song(bar, song(2), 2, seed=1)
    assert midi_bytes(one.songs[0]) == midi_bytes(other.songs[0]) and one.heard == other.heard
    assert one.songs[0].texts[:4] == bar.texts(1)
    (alone,) = bar.continue_song(song(2), only_new=True).songs
    assert alone.bars()[-1] == 16 * 4 * BEAT
    with pytest.raises(InputError, match=r"give a model that is open, antiphon\.load\('bar'\)"):
        continue_song("bar", song(2))  # type: ignore[arg-type]


def test_other_families_hear_no_piece(models: dict[str, Path]) -> None:
    with pytest.raises(InputError, match="choose a bar, an lstm or a transformer model"):
        continue_song(load(models["midinet-v2"]), song(1), 1)


@pytest.mark.parametrize(
    "options",
    [
        {"bars": 0},
        {"temperature": -1.0},
        {"num": 0},
        {"seed": -1},
        {"bars": "8"},
        {"seed": 1.5},
        {"num": None},
        {"temperature": "hot"},
    ],
)
def test_values_out_of_range_are_refused(notes_model: Model, options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(options))):
        continue_song(notes_model, song(1), **{"bars": 1, **options})
    with pytest.raises(InputError, match=r"^prime = 3: give a MIDI file or a score"):
        continue_song(notes_model, 3, 1)  # type: ignore[arg-type]


def test_the_command(toy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prime, out = tmp_path / "tune.mid", tmp_path / "out"
    write_midi(song(1, bars=2), prime)
    arguments = ["continue", str(prime), str(toy), "--bars", "1", "--seed", "5", "--out", str(out)]
    assert run(arguments) == 0
    assert "heard its" in (said := capsys.readouterr().out) and "1 bar from bar 3 on" in said
    assert {path.name for path in out.iterdir()} == {f"tune-continued-toy-5.{kind}" for kind in ("mid", "wav", "png")}
    assert read_midi(out / "tune-continued-toy-5.mid").tracks[-1].name == "Continuation"
    assert run([*arguments, "--only-new", "--json"]) == 0
    (fact,) = json.loads(capsys.readouterr().out)
    assert fact["from_bar"] == 3 and Path(fact["files"]["mid"]).name == "tune-continuation-toy-5.mid"
    assert len(read_midi(Path(fact["files"]["mid"])).tracks) == 1


def test_the_picture_shows_where_the_continuation_begins(models: dict[str, Path], tmp_path: Path) -> None:
    write_midi(song(1), tmp_path / "tune.mid")
    words = ["continue", str(tmp_path / "tune.mid"), str(models["bar"]), "--bars", "2", "--out", str(tmp_path)]
    assert run(words) == run([*words, "--only-new"]) == 0
    of = models["bar"].stem
    for name, new in ((f"tune-continued-{of}-0", 16 * 4 * BEAT), (f"tune-continuation-{of}-0", None)):
        drawn = layout(read_midi(tmp_path / f"{name}.mid"), new=new)
        assert (tmp_path / f"{name}.png").read_bytes() == png_bytes(drawn)


def test_a_fault_is_one_sentence(toy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_midi(DRUMS, tmp_path / "drums.mid")
    out = tmp_path / "out"
    assert run(["continue", str(tmp_path / "drums.mid"), str(toy), "--out", str(out)]) == 2
    assert "only drums sound in it" in capsys.readouterr().err
    assert not out.exists()


def test_what_the_networks_are_given(notes_model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths, places = [], []
    after, go_on = LstmObjective.after, LstmObjective.go_on

    def heard(self: LstmObjective, rows: Any, *rest: Any) -> Any:
        lengths.append(rows["real"].shape[1])
        return after(self, rows, *rest)

    def went_on(self: LstmObjective, state: Any, latent: Any, noise: Any, given: Any = None) -> Any:
        if given is not None:
            places.append(int((state.moment.place[0, 0] + given[0]) % state.moment.bar[0, 0]))
        return go_on(self, state, latent, noise, given)

    monkeypatch.setattr(LstmObjective, "after", heard)
    monkeypatch.setattr(LstmObjective, "go_on", went_on)
    continue_song(notes_model, line([BEAT // 4 * step for step in range(549)], 3, 4, BEAT // 4), 1)
    # At most what is remembered, and the first new note at the line of a bar.
    assert lengths == [512] and places == [0]
