"""antiphon generate for bands: its files, what it tells, and which of its options go together."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.made import model
from tests.played_to import BASS, DRUMS, GUITAR, STRINGS, RuleWriter, band

from antiphon.asked import Asked
from antiphon.cli import run
from antiphon.codecs.phrases import PhraseRolls
from antiphon.codecs.strokes import Strokes
from antiphon.io.midi import read_midi
from antiphon.playing import play_songs
from antiphon.writers.bands import Setting

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model(tmp_path_factory.mktemp("models") / "toy.safetensors", "musegan-hybrid")


def ran(capsys: Capture, *arguments: object) -> tuple[int, str, str]:
    code = run(["generate", *map(str, arguments)])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_parts_stems_and_notation(toy: Path, tmp_path: Path, capsys: Capture) -> None:
    options = ("--tracks", "bass,piano", "--program", "piano=4", "--sixteenths", "--stems", "--musicxml", "--json")
    code, out, _ = ran(capsys, toy, "--bars", 1, *options, "--out", tmp_path)
    (fact,) = json.loads(out)
    stems = [f"{tmp_path}/toy-0-{stem}.{kind}" for stem in ("1-bass", "2-piano") for kind in ("mid", "wav")]
    assert code == 0 and fact["stems"] == stems and set(fact["files"]) == {"mid", "wav", "png", "musicxml"}
    assert {path.name for path in tmp_path.iterdir()} == {Path(path).name for path in (*stems, *fact["files"].values())}
    song = read_midi(fact["files"]["mid"])
    assert [(track.name, track.program) for track in song.tracks] == [("Bass", 33), ("Piano", 4)]
    assert not (song.tracks[0].notes["start"] % (song.ticks_per_beat // 4)).any()


class Uneven(RuleWriter):
    """A band whose piano is silent, and whose guitar strikes once."""

    def _song(self, chance: Any, setting: Setting) -> Strokes:
        begin = np.arange(4 * setting.num_bars) * 4
        rows = [(track, begin) for track in (DRUMS, BASS, STRINGS)] + [(GUITAR, begin[:1])]
        track = np.concatenate([np.full(len(start), number) for number, start in rows])
        start = np.concatenate([start for _, start in rows])
        # A natural minor scale from A on.
        pitch = np.array([45, 47, 48, 50, 52, 53, 55, 57])[start // 4 % 8] - self.codec.lowest_pitch
        kept = np.isin(track, setting.asked)
        return Strokes(track, pitch, start, start + 1)[kept]


@pytest.fixture
def uneven(monkeypatch: pytest.MonkeyPatch) -> None:
    toy = band(Uneven(PhraseRolls(resolution=4)))
    generate = lambda **options: play_songs(toy, Asked(**options))  # noqa: E731
    monkeypatch.setattr("antiphon.generate.load", lambda _: SimpleNamespace(generate=generate, writer=toy.writer))


@pytest.mark.usefixtures("uneven")
def test_the_line_tells_parts_key_and_silence(toy: Path, tmp_path: Path, capsys: Capture) -> None:
    _, out, _ = ran(capsys, toy, "--bars", 16, "--out", tmp_path)
    facts, *missing = out.strip().split("; ")
    assert " 193 notes (drums 64, piano 0, guitar 1, bass 64, strings 64), A minor by its notes" in facts
    assert missing[:2] == [
        "piano: nothing was written",
        "guitar: hardly anything was written, 94% of its bars are empty",
    ]
    assert len(missing) == 3 and "--tracks" in missing[2]
    (fact,) = json.loads(ran(capsys, toy, "--bars", 16, "--json", "--out", tmp_path)[1])
    assert (fact["key"], fact["key_found"], fact["silent"]) == ("A minor", True, ["piano"])
    assert fact["parts"]["bass"] == {"notes": 64, "notes_a_bar": 4.0, "empty_bar_rate": 0.0}


@pytest.mark.usefixtures("uneven")
def test_nothing_is_said_where_nothing_is_missing(toy: Path, tmp_path: Path, capsys: Capture) -> None:
    _, out, _ = ran(
        capsys, toy, "--bars", 2, "--tracks", "bass,drums", "--key", "C minor", "--stems", "--out", tmp_path
    )
    assert "(drums 8, bass 8), C minor, stems: 4 files of " in out and ";" not in out and "by its notes" not in out
    written = sum(path.stat().st_size for path in tmp_path.glob("toy-0-*")) / 1e6
    assert f"of {written:.1f} MB together" in out
    _, out, _ = ran(capsys, toy, "--bars", 1, "--tracks", "drums,piano", "--stems", "--json", "--out", tmp_path / "o")
    (fact,) = json.loads(out)
    assert fact["key"] is None and fact["silent"] == ["piano"] and len(fact["stems"]) == 2


def test_tracks_anew(toy: Path, tmp_path: Path, capsys: Capture) -> None:
    options = ("--bars", 1, "--seed", 3, "--out", tmp_path)
    assert ran(capsys, toy, *options)[0] == 0
    code, out, _ = ran(capsys, toy, *options, "--vary", "drums", "--num", 2)
    assert code == 0 and f"{tmp_path}/toy-3-drums-5.mid" in out
    song, varied = (read_midi(tmp_path / f"{name}.mid") for name in ("toy-3", "toy-3-drums-5"))
    changed = [
        a.name for a, b in zip(song.tracks, varied.tracks, strict=True) if a.notes.tobytes() != b.notes.tobytes()
    ]
    assert changed == ["Drums"]


def test_songs_between_are_files_and_one_picture(toy: Path, tmp_path: Path, capsys: Capture) -> None:
    code, out, _ = ran(capsys, toy, "--bars", 1, "--interpolate", "1:2", "--steps", 3, "--out", tmp_path)
    assert code == 0 and out.startswith(f"{tmp_path}/toy-1-2.png: 3 songs between seeds 1:2 (slerp)")
    names = {f"toy-1-2-{number}.mid" for number in (1, 2, 3)}
    assert {path.name for path in tmp_path.iterdir()} == {*names, "toy-1-2.png"}
    ran(capsys, toy, "--bars", 1, "--seed", 2, "--out", tmp_path)
    assert (tmp_path / "toy-2.mid").read_bytes() == (tmp_path / "toy-1-2-3.mid").read_bytes()
    grid = ("--interpolate", "1:2:3:4", "--steps", "2x3", "--method", "lerp", "--json", "--out", tmp_path / "grid")
    code, out, _ = ran(capsys, toy, "--bars", 1, *grid)
    (fact,) = json.loads(out)
    assert code == 0 and fact["shape"] == [2, 3] and fact["method"] == "lerp" and len(fact["notes"]) == 6
    assert fact["files"][4].endswith("toy-1-2-3-4-2-2.mid") and all(Path(path).exists() for path in fact["files"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--steps", "3"), "say with --interpolate between which seeds"),
        (("--vary-seed", "3"), "say with --vary which parts"),
        (("--interpolate", "1:2", "--vary", "drums"), "vary: interpolate writes as many songs"),
        (("--interpolate", "1:2", "--stems"), "stems: interpolate writes"),
        (("--interpolate", "1:2", "--num", "2"), "num: interpolate writes"),
        (("--interpolate", "1:2", "--tempo", "2"), "tempo = 2.0"),
        (("--interpolate", "1-2"), "write two seeds such as 1:2"),
        (("--vary", "horn"), "vary 'horn': no part is called so"),
        (("--tracks", "horn"), "tracks 'horn': no part is called so"),
        (("--program", "30"), "say of which part"),
    ],
)
def test_slips_are_told_and_nothing_is_written(
    options: tuple[str, ...], words: str, toy: Path, tmp_path: Path, capsys: Capture
) -> None:
    code, out, told = ran(capsys, toy, "--bars", 1, *options, "--out", tmp_path / "out")
    assert (code, out) == (2, "") and words in told and told.count("\n") == 1
    assert not (tmp_path / "out").exists()
