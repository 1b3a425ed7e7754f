"""The command that adds a band: files, lines, JSON, the list of tracks, and every fault in a sentence."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.made import model
from tests.played_to import BAR, BASS, BEAT, GUITAR, RuleWriter, band, line, song

from antiphon.accompanying import accompany_song
from antiphon.cli import run
from antiphon.codecs.ensembles import ENSEMBLES
from antiphon.codecs.phrases import PhraseRolls
from antiphon.commands import song_files
from antiphon.commands.accompanying import report
from antiphon.io.midi import read_midi, write_midi
from antiphon.io.musicxml import read_musicxml
from antiphon.music.keys import estimate_key
from antiphon.music.score import TEMPO, Score, Track, table

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model(tmp_path_factory.mktemp("models") / "toy.safetensors", "musegan-v3-accompaniment")


@pytest.fixture
def tune(tmp_path: Path) -> Path:
    write_midi(song(metre=[(0, 4, 4), (BAR, 3, 4), (BAR + 6 * BEAT, 4, 4)]), tmp_path / "my song.mid")
    return tmp_path / "my song.mid"


@pytest.fixture
def by_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """A band that plays few notes, so that their sound takes little time."""
    monkeypatch.setattr("antiphon.generate.load", lambda _: SimpleNamespace(accompany=partial(accompany_song, band())))


def ran(capsys: Capture, *words: object) -> tuple[int, str, str]:
    code = run(["accompany", *(str(word) for word in words)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_files_and_lines(toy: Path, tune: Path, tmp_path: Path, capsys: Capture) -> None:
    code, out, err = ran(capsys, tune, toy, "--keep", "piano", "--seed", 7, "--num", 2, "--out", tmp_path / "o")
    assert code == 0, err
    names = {f"my song-accompanied-toy-{seed}.{kind}" for seed in (7, 8) for kind in ("mid", "wav", "png")}
    assert {path.name for path in (tmp_path / "o").iterdir()} == names
    lines = out.splitlines()
    assert lines[1] == "  kept 2 Piano as piano; added drums, guitar, bass, strings; left out 1 Flute, 3 E-Bass, 4 Kit"
    assert lines[2] == "  left alone, no whole bars in 4/4: bars 2-3"
    assert lines[3].startswith("  in ") and "; on sixteenths: " in lines[3]
    assert lines[4].startswith("  harmony with what is kept 0.") and "notes a bar" in lines[5]
    written = read_midi(tmp_path / "o" / "my song-accompanied-toy-7.mid")
    np.testing.assert_array_equal(written.tracks[0].notes, read_midi(tune).tracks[1].notes)
    assert any("model: toy" in text for _, text in written.texts)


@pytest.mark.usefixtures("by_rule")
def test_the_same_seed_gives_the_same_bytes(toy: Path, tune: Path, tmp_path: Path, capsys: Capture) -> None:
    for folder in ("a", "b"):
        assert ran(capsys, tune, toy, "--keep", "piano", "--stems", "--musicxml", "--out", tmp_path / folder)[0] == 0
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert len(files) == 4 + 2 * 5 and files == sorted(path.name for path in (tmp_path / "b").iterdir())
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    stem = read_midi(tmp_path / "a" / "my song-accompanied-toy-0-1-piano.mid")
    assert [track.name for track in stem.tracks] == ["Piano"]
    np.testing.assert_array_equal(stem.tracks[0].notes, read_midi(tune).tracks[1].notes)
    assert len(read_musicxml(tmp_path / "a" / "my song-accompanied-toy-0.musicxml").tracks) == 5


@pytest.mark.usefixtures("by_rule")
def test_facts_as_json(toy: Path, tune: Path, tmp_path: Path, capsys: Capture) -> None:
    options = ("--only-new", "--mute", "strings", "--program", "bass=fretless", "--tempo", 60, "--json")
    code, out, err = ran(capsys, tune, toy, "--keep", "flute=piano", *options, "--out", tmp_path / "o")
    assert code == 0, err
    (fact,) = json.loads(out)
    assert fact["kept"] == [{"number": 1, "name": "Flute", "instrument": "Flute", "parts": ["piano"]}]
    assert fact["added"] == ["drums", "guitar", "bass"] and fact["left_alone"] == [2, 3] and fact["stems"] == []
    assert [row["number"] for row in fact["left_out"]] == [2, 3, 4]
    assert set(fact["report"]["tracks"]) == {"drums", "guitar", "bass"} and "NaN" not in out
    written = read_midi(fact["files"]["mid"])
    assert fact["files"]["mid"].endswith("my song-accompaniment-toy-0.mid")
    assert written.tempos["beat_us"].tolist() == [1_000_000] and "Strings" not in [t.name for t in written.tracks]
    assert {track.name: track.program for track in written.tracks}["Bass"] == 35


def test_tracks_are_listed(tune: Path, capsys: Capture) -> None:
    code, out, _ = ran(capsys, tune, "--list", "--json")
    listing = json.loads(out)
    assert code == 0 and [row["part"] for row in listing["tracks"]] == ["strings", "piano", "bass", "drums"]
    assert listing["metres"] == ["4/4", "3/4"] and (listing["bars"], listing["bars_played"]) == (5, 3)
    assert listing["fits"] and listing["why"] is None
    told = ran(capsys, tune, "--list")[1]
    assert "Electric Bass (finger)" in told
    assert told.splitlines()[-1] == "metre 4/4, 3/4; 5 bars, of which a band plays along in 3"


def test_the_list_says_what_does_not_fit(tmp_path: Path, capsys: Capture) -> None:
    write_midi(song(metre=[(0, 3, 4)]), tmp_path / "waltz.mid")
    write_midi(Score(BEAT), tmp_path / "silent.mid")
    code, out, _ = ran(capsys, tmp_path / "waltz.mid", "--list")
    assert code == 0 and out.splitlines()[-1] == (
        "metre 3/4; 6 bars; no band can play along: it has no whole bar in 4/4 (its metre is 3/4), and the band plays "
        "4/4 alone; give another song"
    )
    listing = json.loads(ran(capsys, tmp_path / "silent.mid", "--list", "--json")[1])
    assert not listing["fits"] and listing["tracks"] == [] and listing["why"].startswith("no note sounds in it")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--keep", "sax"], "no part and no track is called 'sax'; "),
        (["--keep", "bass"], "hears piano alone"),
        (["--keep", "piano", "--density", "much"], "density 'much'"),
        (["--keep", "piano", "--program", "bass=200"], "from 0 to 127"),
        (["--keep", "piano", "--tempo", "0"], "tempo = 0"),
        (["--keep", "piano", "--key", "C"], "--key"),
    ],
)
def test_faults_are_sentences_and_nothing_is_written(
    toy: Path, tune: Path, tmp_path: Path, capsys: Capture, options: list[str], words: str
) -> None:
    code, out, err = ran(capsys, tune, toy, *options, "--out", tmp_path / "o")
    assert code == 2 and not out and len(err.splitlines()) == 1 and words in err
    assert not (tmp_path / "o").exists()


@pytest.mark.usefixtures("by_rule")
def test_all_files_of_a_song_or_none(
    toy: Path, tune: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("antiphon.io.image.render_image", fails)
    assert ran(capsys, tune, toy, "--keep", "piano", "--stems", "--out", tmp_path / "o")[0] == 2
    assert not list((tmp_path / "o").iterdir())


@pytest.mark.usefixtures("by_rule")
def test_a_song_too_long_for_sound_has_none(
    toy: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(song_files, "MAX_SECONDS", 5.0)
    write_midi(song(), tmp_path / "x.mid")
    code, out, _ = ran(capsys, tmp_path / "x.mid", toy, "--keep", "piano", "--stems", "--out", tmp_path / "o")
    assert code == 0 and "no sound: it lasts longer than" in out
    assert {path.suffix for path in (tmp_path / "o").iterdir()} == {".mid", ".png"}


def chords(*roots: int) -> Score:
    """A bar of quarters on each root, as a triad."""
    tables = [line(*[48 + root + tone for root in roots for _ in range(4)]) for tone in (0, 4, 7)]
    return Score(BEAT, tuple(Track(notes, name=f"c{n}") for n, notes in enumerate(tables)))


def test_the_report_tells_a_band_in_the_songs_harmony_from_chance() -> None:
    done = accompany_song(band(), chords(0, 5, 7, 0, 5, 0, 7, 0))
    found = report(done)
    assert (found["key"], found["key_of"]) == ("C major", "kept") and found["in_key_share"]["added"] == 1.0
    assert found["sixteenth_share"] == {"added": 1.0, "kept": 1.0}
    # One tone of three.
    assert found["chroma_agreement"]["own"] == pytest.approx(3**-0.5, abs=1e-4)
    assert found["chroma_agreement"]["own"] > 1.5 * found["chroma_agreement"]["shuffled"]
    assert found["chroma_agreement"]["clearly_more"] is True
    # A stroke a beat in every bar: any order of the bars goes as well.
    assert found["onset_agreement"] == {"own": 1.0, "shuffled": 1.0, "clearly_more": False}
    assert found["tracks"]["drums"] == {"notes": 32, "notes_a_bar": 4.0, "empty_bar_rate": 0.0}


@pytest.mark.usefixtures("by_rule")
def test_what_any_order_of_bars_would_reach_is_said_to_be_chance(toy: Path, tmp_path: Path, capsys: Capture) -> None:
    write_midi(chords(0, 5, 7, 0, 5, 0, 7, 0), tmp_path / "x.mid")
    _, out, _ = ran(capsys, tmp_path / "x.mid", toy, "--keep", "1=piano", "--out", tmp_path / "o")
    harmony, rhythm = next(line for line in out.splitlines() if "drums with bass" in line).split("; ")
    assert "chance" not in harmony and " with bars shuffled)" in harmony
    assert rhythm == "drums with bass 1.00, no more than by chance (1.00 with bars shuffled)"


class Shy(RuleWriter):
    """A band whose guitar is silent, whose bass plays a note, and whose others play as they do by rule."""

    def _song(self, chance: Any, setting: Any) -> Any:
        strokes = super()._song(chance, setting)
        first = np.cumsum(strokes.track == BASS) == 1
        kept = np.where(strokes.track == BASS, first, strokes.track != GUITAR)
        return strokes[kept]


def test_silent_parts_are_not_said_to_be_added(
    toy: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    shy = band(Shy(PhraseRolls(resolution=4)))
    monkeypatch.setattr("antiphon.generate.load", lambda _: SimpleNamespace(accompany=partial(accompany_song, shy)))
    piece = Score(BEAT, (Track(line(*[48, 55, 52, 55] * 9), program=0, name="Piano"),))
    write_midi(piece, tmp_path / "x.mid")
    words = (tmp_path / "x.mid", toy, "--stems", "--out", tmp_path / "o")
    lines = ran(capsys, *words)[1].splitlines()
    assert lines[1] == (
        "  kept 1 Piano as piano; added drums, bass, strings; guitar: nothing was written; "
        "bass: hardly anything was written, 89% of its bars are empty"
    )
    assert "guitar" not in lines[-1] and "bass: 0.1 notes a bar" in lines[-1]
    size = sum(path.stat().st_size for path in (tmp_path / "o").glob("x-accompanied-toy-0-*")) / 1e6
    assert f"stems: 8 files of {size:.1f} MB together" in lines[0]
    (fact,) = json.loads(ran(capsys, *words, "--json")[1])
    assert fact["added"] == ["drums", "bass", "strings"] and fact["silent"] == ["guitar"]
    assert fact["report"]["tracks"]["guitar"]["notes"] == 0


def test_bars_have_the_numbers_that_the_picture_shows(tmp_path: Path) -> None:
    beats = song(metre=[(0, 1, 4)])
    for name, piece in {"beats": beats, "bars": song()}.items():
        song_files.renderer(piece, "png")(tmp_path / f"{name}.png")
    # Four beats that a file counts one by one are a bar, as they are in what is told.
    assert (tmp_path / "beats.png").read_bytes() == (tmp_path / "bars.png").read_bytes()


SCALE = (66, 68, 70, 71, 73, 75, 77, 78)


@pytest.mark.usefixtures("by_rule")
def test_the_key_is_that_of_what_is_kept(toy: Path, tmp_path: Path, capsys: Capture) -> None:
    piece = song().with_tracks((Track(line(*SCALE * 2), program=0), *song("tune", "bass").tracks))
    write_midi(piece, tmp_path / "x.mid")
    (fact,) = json.loads(ran(capsys, tmp_path / "x.mid", toy, "--keep", "piano", "--json", "--out", tmp_path / "o")[1])
    assert fact["key"] == fact["report"]["key"] == "F# major" and fact["report"]["key_of"] == "kept"


@pytest.mark.usefixtures("by_rule")
def test_beside_drums_alone_the_key_is_that_of_the_band(toy: Path, tmp_path: Path, capsys: Capture) -> None:
    piece = song().with_tracks((*song("drums").tracks, Track(line(*SCALE * 2), program=0)))
    write_midi(piece, tmp_path / "x.mid")
    words = (tmp_path / "x.mid", toy, "--keep", "drums", "--tracks", "bass", "--out", tmp_path / "o")
    lines = ran(capsys, *words)[1].splitlines()
    written = read_midi(tmp_path / "o" / "x-accompanied-toy-0.mid")
    key = estimate_key(written)
    assert key is not None and key.name != "F# major"
    name = key.name.replace("natural ", "")
    assert lines[2].startswith(f"  in {name}, the key of what is added, for no pitches are kept: ")
    (fact,) = json.loads(ran(capsys, *words, "--json")[1])
    assert (fact["key"], fact["report"]["key_of"]) == (name, "added") and fact["report"]["in_key_share"]["kept"] is None


def test_the_report_of_a_late_song_and_of_drums_alone() -> None:
    piece = chords(0, 5)
    late = piece.with_tracks(tuple(replace(t, notes=_later(t.notes, 50)) for t in piece.tracks))
    assert report(accompany_song(band(), late))["sixteenth_share"] == {"added": 1.0, "kept": 1.0}
    drums = accompany_song(band(), song("drums"))
    assert report(drums)["in_key_share"]["kept"] is None
    assert report(drums)["chroma_agreement"] == {"own": None, "shuffled": None, "clearly_more": None}
    other = accompany_song(
        band(RuleWriter(PhraseRolls(ensemble=ENSEMBLES["quartet"], resolution=4))), song("tune"), "1=viola"
    )
    assert report(other)["onset_agreement"] == {"own": None, "shuffled": None, "clearly_more": None}


def _later(notes: np.ndarray, ticks: int) -> np.ndarray:
    notes = notes.copy()
    notes["start"] += ticks
    notes["end"] += ticks
    return notes


@pytest.mark.usefixtures("by_rule")
def test_tempo_changes_in_every_bar_stay(toy: Path, tmp_path: Path, capsys: Capture) -> None:
    piece = replace(song(), tempos=table(TEMPO, [(bar * BAR, 400_000 + 7_000 * bar) for bar in range(4)]))
    write_midi(piece, tmp_path / "x.mid")
    assert ran(capsys, tmp_path / "x.mid", toy, "--keep", "piano", "--out", tmp_path / "o")[0] == 0
    written = read_midi(tmp_path / "o" / "x-accompanied-toy-0.mid")
    np.testing.assert_array_equal(written.tempos, piece.tempos)
