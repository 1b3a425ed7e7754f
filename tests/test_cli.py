"""The command line: every command by running it, every fault as one sentence and exit code 2."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.made import folder, song

import antiphon
from antiphon.cli import app, run
from antiphon.commands.preparing import resolve_for
from antiphon.files import unwritable
from antiphon.io.lpd import write_lpd
from antiphon.io.midi import midi_bytes, read_midi, write_midi
from antiphon.music.score import Score, Track, notes_from_columns
from antiphon.presets.table import PRESETS, get_preset
from antiphon.reproduce import RECIPES

Capture = pytest.CaptureFixture[str]

SHORT = ("train.iterations=4", "train.batch_size=4", "train.log_every=1", "train.checkpoint_every=2")
TOY_BAR = ("family.hidden_dim=16", "family.embedding_dim=8", "family.critic_dim=8")


def succeed(capsys: Capture, *words: object) -> str:
    """Run a command in this process and return what it printed."""
    code = run([str(word) for word in words])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    return captured.out


def fail(capsys: Capture, *words: object) -> str:
    """Run a command that must fail as a door fails, and return its sentence."""
    code = run([str(word) for word in words])
    captured = capsys.readouterr()
    assert code == 2
    lines = captured.err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("antiphon: "), captured.err
    assert "Traceback" not in captured.err
    return lines[0]


def start(*words: object, **options: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "antiphon", *(str(word) for word in words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload,no-any-return]


def leftovers(place: Path) -> list[Path]:
    """Hidden files, which is what a half-written output would be."""
    return [path for path in place.rglob("*") if path.name.startswith(".")]


def test_help_names_every_command(capsys: Capture) -> None:
    shown = succeed(capsys, "--help")
    commands = {"convert", "corpora", "decode", "encode", "generate", "models"}
    for command in commands | {"prepare", "presets", "publish", "render", "reproduce", "train"}:
        assert f" {command} " in shown
        assert succeed(capsys, command, "--help")
    assert "midinet" in succeed(capsys, "convert", "--help")
    assert succeed(capsys, "--version").strip() == antiphon.__version__


def test_the_door_opens_without_heavy_rooms() -> None:
    code = "import sys, antiphon.cli; antiphon.cli.run(['--help']); print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in ("'torch'", "'numpy'", "'pydantic'", "'scipy'", "'matplotlib'", "'symusic'", "'lightning_fabric'"):
        assert heavy not in loaded


SLIPS = {
    "generate bar --bars 0": "bars = 0",
    "generate bar --chords X7": "'X7'",
    "generate nosuch": "'nosuch'",
    "generate bar --first missing.mid": "missing.mid",
    "generate absent.safetensors": "absent.safetensors: cannot be read",
    "generate band --tracks drums,horn": "tracks 'horn': no part is called so; choose among drums, piano",
    "generate band --mute horn": "mute 'horn'",
    "generate band --program horn=3": "program 'horn'",
    "generate band --vary horn": "vary 'horn'",
    "generate band --density loud": "density 'loud': write low, medium, high, or how many times as many notes",
    "generate band --interpolate 1:2 --tracks horn": "tracks 'horn'",
    "generate bnad": "'bnad': there is none of this name; did you mean band? shipped: band, bar, chords, lstm,",
    "continue missing.mid": "missing.mid",
    "continue missing.mid nosuch": "'nosuch'",
    "continue missing.mid --bars 0": "bars = 0",
    "accompany missing.mid bar": "missing.mid",
    "accompany missing.mid nosuch": "'nosuch'",
    "accompany missing.mid bar --density much": "density 'much'",
    "accompany missing.mid --list": "missing.mid",
}


def test_slips_are_told_before_torch_is_there() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from antiphon.cli import run\n"
        "for words in sys.argv[1:]: assert run(words.split()) == 2, words"
    )
    done = subprocess.run([sys.executable, "-c", code, *SLIPS], capture_output=True, text=True, check=True)
    for line, sentence in zip(done.stderr.splitlines(), SLIPS.values(), strict=True):
        assert sentence in line


def test_slips_about_a_song_are_told_before_torch_is_there(tmp_path: Path) -> None:
    write_midi(song(1), tmp_path / "x.mid")
    slips = {
        "--keep kazoo": "no part and no track is called 'kazoo'",
        "--keep 1=piano --tracks basss": "tracks 'basss': no part is called so",
        "--keep 1=piano --mute horn": "mute 'horn'",
        "--keep 1=horn": "no part is called 'horn'",
        "--keep 1=piano --program piano=3": "program 'piano': this part is not to be written",
    }
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from antiphon.cli import run\n"
        "for words in sys.argv[1:]: assert run(words.split()) == 2, words"
    )
    lines = [f"accompany {tmp_path}/x.mid {words}" for words in slips]
    done = subprocess.run([sys.executable, "-c", code, *lines], capture_output=True, text=True, check=True)
    for line, sentence in zip(done.stderr.splitlines(), slips.values(), strict=True):
        assert sentence in line


def test_settings_asked_for_as_options_are_named_as_they_are_written(capsys: Capture) -> None:
    words = ("train", "band", "freedoom", "--run", "r")
    assert fail(capsys, *words, "--iterations", 3).endswith("Settings are written without dashes: train.iterations=3")
    assert fail(capsys, *words, "--batch-size=8").endswith(": train.batch_size=8")
    assert fail(capsys, *words, "--seed").endswith(": train.seed=VALUE")
    assert "train.generator.lr=.1 or train.discriminator.lr=.1" in fail(capsys, *words, "--lr", ".1")
    assert fail(capsys, *words, "--frobnicate") == "antiphon: Unknown option: --frobnicate."
    assert "train.iterations" not in fail(capsys, "generate", "band", "--iterations", 3)


def test_generating_needs_neither_lightning_nor_matplotlib(models: dict[str, Path], tmp_path: Path) -> None:
    code = (
        "import sys, antiphon.cli; assert antiphon.cli.run(sys.argv[1:]) == 0; "
        "print([name for name in sys.modules if name.split('.')[0] in ('lightning_fabric', 'matplotlib', 'scipy')])"
    )
    words = ["generate", str(models["bar"]), "--bars", "1", "--out", str(tmp_path)]
    shown = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True).stdout
    assert shown.splitlines()[-1] == "[]"


def test_generate_writes_three_files_a_song(models: dict[str, Path], tmp_path: Path, capsys: Capture) -> None:
    words = ("generate", models["bar"], "--num", 2, "--bars", 2, "--seed", 7, "--chords", "C G", "--out", tmp_path)
    lines = succeed(capsys, *words).splitlines()
    assert [line.split(": ")[1].split(", ")[0] for line in lines] == ["2 bars", "2 bars"]
    assert all("C G" in line and "4.8 s" in line for line in lines)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"bar-{seed}.{kind}" for seed in (7, 8) for kind in ("mid", "wav", "png")}
    content = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert content["bar-7.wav"].startswith(b"RIFF") and content["bar-7.png"].startswith(b"\x89PNG")
    score = read_midi(tmp_path / "bar-8.mid")
    assert "seed: 8" in [text for _, text in score.texts]
    assert [symbol for _, symbol in score.chords] == ["C", "G"]
    succeed(capsys, *words)
    assert content == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def test_generate_as_json(models: dict[str, Path], tmp_path: Path, capsys: Capture) -> None:
    facts = json.loads(succeed(capsys, "generate", models["midinet-v1"], "--bars", 2, "--out", tmp_path, "--json"))
    assert facts[0]["bars"] == 2 and facts[0]["seconds"] == pytest.approx(4.0) and facts[0]["chords"] == []
    assert all(Path(path).exists() for path in facts[0]["files"].values())


def test_generate_tells_form_and_key(models: dict[str, Path], tmp_path: Path, capsys: Capture) -> None:
    words = ("generate", models["bar"], "--form", "AA'", "--section-bars", 2, "--key", "E minor", "--out", tmp_path)
    wishes = ("--density", "high", "--register", "C4-G4", "--chords", "Em B")
    (fact,) = json.loads(succeed(capsys, *words, *wishes, "--json"))
    assert (fact["bars"], fact["form"], fact["key"]) == (4, "AA', sections of 2 bars", "E minor")
    assert fact["chords"] == ["Em", "B", "Em", "B"]
    line = succeed(capsys, *words)
    assert "4 bars, " in line and "form AA', E minor, " in line and line.rstrip().endswith("Em")
    low = read_midi(tmp_path / "bar-0.mid")
    succeed(capsys, *words, *wishes)
    assert read_midi(tmp_path / "bar-0.mid").tracks[0].notes.tobytes() != low.tracks[0].notes.tobytes()


def test_generate_options_reach_the_model(models: dict[str, Path], tmp_path: Path, capsys: Capture) -> None:
    write_midi(song(3), tmp_path / "first.mid")
    options = ("--first", tmp_path / "first.mid", "--tempo", 60, "--key", "A minor", "--temperature", 0.5)
    succeed(capsys, "generate", models["bar"], *options, "--accompaniment", "none", "--bars", 2, "--out", tmp_path)
    score = read_midi(tmp_path / "bar-0.mid")
    assert int(score.tempos["beat_us"][0]) == 1_000_000
    assert [(int(row["sharps"]), bool(row["minor"])) for row in score.key_signatures] == [(0, True)]
    assert sum(len(track.notes) > 0 for track in score.tracks) == 1


def test_registers_are_names_or_midi_numbers(models: dict[str, Path], tmp_path: Path, capsys: Capture) -> None:
    written = []
    for register in ("C4-C5", "60-72", "72"):
        succeed(capsys, "generate", models["bar"], "--register", register, "--out", tmp_path)
        written.append((tmp_path / "bar-0.mid").read_bytes())
    assert written[0] == written[1] != written[2]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--chords", "C X"), "'X'"),
        (("--key", "H"), "'H'"),
        (("--form", "AB2"), "'2' is no section"),
        (("--form", "AABA", "--bars", 31), "bars = 31"),
        (("--density", "loud"), "'loud'"),
        (("--register", "bass"), "'bass'"),
        (("--chords", "C X7"), "'X7'"),
        (("--bars", 0), "bars = 0"),
        (("--bars", "many"), "many"),
        (("--accompaniment", "polka"), "polka"),
        (("--first", "absent.mid"), "absent.mid"),
        (("--no-such-option", 1), "no-such-option"),
    ],
)
def test_generate_faults(
    words: tuple[object, ...], sentence: str, models: dict[str, Path], tmp_path: Path, capsys: Capture
) -> None:
    assert sentence in fail(capsys, "generate", models["bar"], *words, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_models_that_are_none(models: dict[str, Path], tmp_path: Path, capsys: Capture) -> None:
    whole = models["bar"].read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    torch.save({"state_dict": {}}, tmp_path / "pickle.ckpt")
    assert "truncated" in fail(capsys, "generate", tmp_path / "cut.safetensors")
    assert "antiphon convert" in fail(capsys, "generate", tmp_path / "pickle.ckpt")
    assert "absent.safetensors" in fail(capsys, "generate", tmp_path / "absent.safetensors")
    assert "'brr'" in fail(capsys, "generate", "brr")


def test_a_file_where_the_folder_should_be(models: dict[str, Path], tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "out").write_text("mine")
    assert str(tmp_path / "out") in fail(capsys, "generate", models["bar"], "--bars", 1, "--out", tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


def test_a_full_disk(models: dict[str, Path], tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    assert "No space left" in fail(capsys, "generate", models["bar"], "--bars", 1, "--out", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fails", ["render_audio", "render_image"])
def test_a_disk_that_fills_within_a_song(
    fails: str, models: dict[str, Path], tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(score: Score, path: Path, **options: object) -> None:
        path.write_bytes(b"half")
        raise unwritable(path, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))

    words = ("generate", models["bar"], "--bars", 1, "--out", tmp_path)
    succeed(capsys, *words)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr(f"antiphon.io.{'audio' if fails == 'render_audio' else 'image'}.{fails}", full)
    kind = "wav" if fails == "render_audio" else "png"
    assert f"{tmp_path / f'bar-0.{kind}'}: cannot write here" in fail(capsys, *words)
    fail(capsys, *words, "--seed", 1)
    # Neither is a new song there in part, nor an old one replaced in part.
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_an_unforeseen_fault_of_the_system(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/some/where")

    monkeypatch.setattr("antiphon.commands.listings.preset_rows", broken)
    assert "/some/where: Permission denied" in fail(capsys, "presets")


def test_prepare(tmp_path: Path, capsys: Capture) -> None:
    midi = folder(tmp_path / "midi", 6)
    (midi / "broken.mid").write_bytes(b"MThd no more")
    shown = succeed(capsys, "prepare", midi, tmp_path / "c", "--view", "midinet-v2", "--splits", 3, "--workers", 1)
    assert "6 songs" in shown and "1 files set aside" in shown and "bars to train on" in shown
    again = json.loads(succeed(capsys, "prepare", midi, tmp_path / "c", "--json"))
    assert again["counts"]["songs"] == 6 and again["set_aside"] == {"unreadable": 1}
    assert again["licence"] == "unknown"
    assert not leftovers(tmp_path)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("absent", "c"), "absent"),
        (("midi", "c", "--view", "midinet-v9"), "midinet-v2"),
        (("midi", "c", "--view", "bar", "--splits", 3), "8-bar splits"),
        (("midi", "c", "--view", "midinet-v2", "--splits", 0), "splits = 0"),
        (("midi", "c", "--workers", 0), "workers = 0"),
        (("empty", "c"), "empty"),
        (("broken", "c"), "broken.mid"),
        (("midi", "taken"), "taken"),
    ],
)
def test_prepare_faults(
    words: tuple[object, ...], sentence: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder(tmp_path / "midi", 1)
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "broken.mid").write_bytes(b"MThd")
    (tmp_path / "taken").write_text("mine")
    assert sentence in fail(capsys, "prepare", *words)
    assert not (tmp_path / "c").exists() and not leftovers(tmp_path)
    assert (tmp_path / "taken").read_text() == "mine"


def run_config(run: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((run / "config.json").read_text())["card"]
    return config


@pytest.mark.slow
def test_train_takes_the_splits_that_were_picked(tmp_path: Path, capsys: Capture) -> None:
    midi, place = folder(tmp_path / "midi"), tmp_path / "c"
    picked = ("--splits", 3, "--seed", 5, "--workers", 1)
    prepared = json.loads(succeed(capsys, "prepare", midi, place, "--view", "midinet-v2", *picked, "--json"))
    words = ("train.iterations=1", "train.batch_size=4", "train.device=cpu", "family.condition_channels=4")

    def trained(preset: str, name: str, *more: str) -> tuple[dict[str, Any], dict[str, Any]]:
        facts = json.loads(succeed(capsys, "train", preset, place, "--run", tmp_path / name, *words, *more, "--json"))
        return facts, run_config(tmp_path / name)["codec"]

    facts, codec = trained("midinet-v2", "a")
    assert (codec["num_splits"], codec["split_seed"]) == (3, 5) and facts["rows"] == prepared["rows"]["train"]
    _, codec = trained("midinet-v2", "b", "codec.num_splits=2")
    assert (codec["num_splits"], codec["split_seed"]) == (2, 0)
    # Rows of another version were not picked.
    assert trained("midinet-v3", "v3")[1]["num_splits"] == 600
    # A view with the preset's own number is a choice too; preparing nothing new is none.
    succeed(capsys, "prepare", midi, place, "--seed", 5)
    assert trained("midinet-v2", "still")[1]["num_splits"] == 3
    succeed(capsys, "prepare", midi, place, "--view", "midinet-v2", "--seed", 5)
    assert trained("midinet-v2", "d")[1]["num_splits"] == 600
    (place / "views" / "splits.json").write_text("[]")
    assert "splits.json: damaged" in fail(capsys, "train", "midinet-v2", place, "--run", tmp_path / "e", *words)


def test_an_embedded_corpus_has_no_picks_of_a_folder_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quartets" / "views").mkdir(parents=True)
    (tmp_path / "quartets" / "views" / "splits.json").write_text('{"v2": {"num_splits": 3, "split_seed": 5}}')
    chosen = resolve_for("midinet-v2", "quartets", ())
    assert chosen == get_preset("midinet-v2").resolve(())


@pytest.mark.slow
def test_train_with_metrics(corpus: Path, tmp_path: Path, capsys: Capture) -> None:
    words = ("train", "bar", corpus, "--run", tmp_path / "r", *SHORT, *TOY_BAR)
    facts = json.loads(succeed(capsys, *words, "--evaluate-every", 2, "--json"))
    assert facts["evaluated"]["notes_a_bar"]["made"] != facts["evaluated"]["notes_a_bar"]["real"]
    assert (tmp_path / "r" / "metrics.png").exists()
    logged = [json.loads(line) for line in (tmp_path / "r" / "log.jsonl").read_text().splitlines()]
    assert [record["iteration"] for record in logged if "evaluate/notes_a_bar" in record] == [2, 4]
    # Off on resuming: what was logged stays.
    assert "6 iterations" in succeed(capsys, *words, "train.iterations=6")
    assert "train.evaluate_every" in fail(capsys, *words, "--evaluate-every", 0)


@pytest.mark.slow
def test_a_corrected_command_takes_the_folder_of_a_refused_one(corpus: Path, tmp_path: Path, capsys: Capture) -> None:
    words = ("train", "midinet-v2", corpus, "--run", tmp_path / "r", *SHORT, "family.condition_channels=4")
    assert "'previous'" in fail(capsys, *words, "codec.version=v1")
    assert "'chord'" in fail(capsys, *words, "family.chord=true")
    assert not (tmp_path / "r").exists()
    assert "cuda" in fail(capsys, *words, "train.device=cuda") or torch.cuda.is_available()
    assert "r: 4 iterations" in succeed(capsys, *words, "train.log_every=2")


@pytest.mark.slow
def test_prepare_train_publish_generate(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder(tmp_path / "midi")
    succeed(capsys, "prepare", "midi", "c", "--licence", "CC-BY-4.0")
    words = ("train", "midinet-v2", "c", "--run", "r", *SHORT, "family.condition_channels=4")
    assert "r: 4 iterations" in succeed(capsys, *words)
    assert "r: 4 iterations" in succeed(capsys, *words)
    card = json.loads(succeed(capsys, "publish", "r", "m.safetensors", "--json"))
    assert card["licence"] == "CC-BY-4.0" and card["corpus"]["name"] == "midi" and card["iteration"] == 4
    assert card["codec"]["version"] == "v2" and card["family"]["condition_channels"] == 4
    assert set(card) >= {"format", "preset", "version", "seed"} and len(card["corpus"]["fingerprint"]) > 20
    assert "m-0.mid" in succeed(capsys, "generate", "m.safetensors", "--bars", 2)
    assert "licence: CC-BY-4.0" in [text for _, text in read_midi(tmp_path / "out" / "m-0.mid").texts]

    tuned = ("train", "midinet-v2", "c", "--run", "r2", "--from", "m.safetensors", *SHORT, "--json")
    assert "condition_channels" not in json.loads(succeed(capsys, *tuned, "family.condition_channels=4"))
    began_as = json.loads((tmp_path / "r2" / "config.json").read_text())["card"]["began_as"]
    assert (began_as["preset"], began_as["licence"]) == ("midinet-v2", "CC-BY-4.0")
    assert "(160, 128" in fail(capsys, *tuned[:4], "r3", *tuned[5:])
    assert "'bar'" in fail(capsys, "train", "bar", "c", "--run", "r4", "--from", "m.safetensors", *TOY_BAR)
    assert not leftovers(tmp_path)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("midinet-v4", "C"), "midinet-v4"),
        (("bar", "no-such-corpus"), "no-such-corpus"),
        (("bar", "C", "train.iterations=few"), "train.iterations"),
        (("bar", "C", "family.width=3"), "'width'"),
        (("bar", "C", "hello"), "key=value"),
        (("bar",), "corpus"),
        (("bar", "C", "train.batch_size=0"), "train.batch_size"),
        (("bar", "C", "train.batch_size=100000000"), "train.batch_size"),
        (("bar", "C", "train.generator.lr=inf"), "train.generator.lr"),
        (("bar", "C", "train.discriminator.lr=NaN"), "train.discriminator.lr"),
        (("midinet-v1", "C", "family.discriminator.hidden=[1000000000]"), "family.discriminator.hidden"),
    ],
)
def test_train_faults(words: tuple[str, ...], sentence: str, corpus: Path, tmp_path: Path, capsys: Capture) -> None:
    named = [str(corpus) if word == "C" else word for word in words]
    assert sentence.lower() in fail(capsys, "train", *named, "--run", tmp_path / "r").lower()
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 4 bytes."),
        torch.OutOfMemoryError("CUDA out of memory."),
        MemoryError(),
    ],
)
def test_training_beyond_memory(error: Exception, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def starve(*values: object, **options: object) -> None:
        raise error

    monkeypatch.setattr("antiphon.fit.fit_preset", starve)
    sentence = fail(capsys, "train", "bar", "lieder", "--run", "r")
    assert "not enough memory" in sentence and "lower train.batch_size or the family's widths" in sentence


def test_a_fault_of_the_program_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down() -> None:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr("antiphon.commands.listings.preset_rows", break_down)
    with pytest.raises(RuntimeError, match="mat1"):
        run(["presets"])


def test_train_in_a_taken_place(corpus: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "r").write_text("mine")
    assert str(tmp_path / "r") in fail(capsys, "train", "bar", corpus, "--run", tmp_path / "r", *TOY_BAR, *SHORT)
    assert (tmp_path / "r").read_text() == "mine"


def test_train_on_a_corpus_without_bars(tmp_path: Path, capsys: Capture) -> None:
    for seed in range(3):
        waltz = song(seed)
        metre = waltz.time_signatures.copy()
        metre["numerator"] = 3
        write_midi(Score(waltz.ticks_per_beat, waltz.tracks, waltz.tempos, metre), tmp_path / "midi" / f"{seed}.mid")
    succeed(capsys, "prepare", tmp_path / "midi", tmp_path / "c")
    assert "4/4" in fail(capsys, "train", "bar", tmp_path / "c", "--run", tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_publish_faults(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "r").mkdir()
    assert "no checkpoint" in fail(capsys, "publish", tmp_path / "r", tmp_path / "m.safetensors")
    assert ".safetensors" in fail(capsys, "publish", tmp_path / "r", tmp_path / "m.bin")
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def published_checkpoint(path: Path, model: Path) -> Path:
    """A checkpoint with the weights of an as-published model, laid out as Lightning does."""
    from antiphon.presets.table import get_preset

    torch.manual_seed(0)
    state = get_preset("midinet-v2-as-published").family.build().state_dict()
    torch.save({"state_dict": state, "global_step": 3, "hyper_parameters": {"lambda_1": 0.1}}, path)
    return path


def test_convert(models: dict[str, Path], tmp_path: Path, capsys: Capture) -> None:
    checkpoint = published_checkpoint(tmp_path / "epoch=3.ckpt", models["midinet-v2"])
    shown = succeed(capsys, "convert", "midinet", checkpoint, tmp_path / "m.safetensors")
    assert "midinet-v2-as-published" in shown
    card = json.loads(succeed(capsys, "convert", "midinet", checkpoint, tmp_path / "m.safetensors", "--json"))
    assert (card["iteration"], card["seed"], card["version"]) == (3, None, antiphon.__version__)
    assert "m-1.mid" in succeed(capsys, "generate", tmp_path / "m.safetensors", "--seed", 1, "--out", tmp_path / "o")


class Evil:
    """Pickles as a call."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return os.mkdir, (str(self.path),)


def test_convert_faults(models: dict[str, Path], tmp_path: Path, capsys: Capture) -> None:
    good = published_checkpoint(tmp_path / "good.ckpt", models["midinet-v2"])
    torch.save({"state_dict": {"weight": torch.zeros(2)}}, tmp_path / "other.ckpt")
    torch.save({"state_dict": {}, "evil": Evil(tmp_path / "made")}, tmp_path / "evil.ckpt")
    (tmp_path / "cut.ckpt").write_bytes(good.read_bytes()[:5000])
    (tmp_path / "text.ckpt").write_text("hello")
    with zipfile.ZipFile(tmp_path / "zip.ckpt", "w") as archive:
        archive.writestr("readme", "hello")
    for name in ("other", "evil", "cut", "text", "zip", "absent"):
        out = tmp_path / "out.safetensors"
        assert f"{name}.ckpt" in fail(capsys, "convert", "midinet", tmp_path / f"{name}.ckpt", out)
        assert not out.exists()
    assert not (tmp_path / "made").exists()
    assert ".safetensors" in fail(capsys, "convert", "midinet", good, tmp_path / "out.pt")


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "png", "svg", "musicxml"])
def test_render(kind: str, tmp_path: Path, capsys: Capture) -> None:
    write_midi(song(1, bars=2), tmp_path / "s.mid")
    succeed(capsys, "render", tmp_path / "s.mid", tmp_path / f"s.{kind}")
    beginning = {"wav": b"RIFF", "flac": b"fLaC", "ogg": b"OggS", "png": b"\x89PNG", "svg": b"<", "musicxml": b"<?xml"}
    assert (tmp_path / f"s.{kind}").read_bytes().startswith(beginning[kind])
    told = json.loads(succeed(capsys, "render", tmp_path / "s.mid", tmp_path / f"s.{kind}", "--json"))
    assert told == {"file": str(tmp_path / f"s.{kind}"), "notes": song(1, bars=2).num_notes, "seconds": 4.0}


def test_render_by_an_engine(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    write_midi(song(1, bars=1), tmp_path / "s.mid")
    monkeypatch.setenv("PATH", str(tmp_path))
    words = ("render", tmp_path / "s.mid", tmp_path / "s.wav", "--engine")
    assert "no such program on the PATH" in fail(capsys, *words, "fluidsynth")
    assert "soundfont, fluidsynth" in fail(capsys, *words, "organ")
    assert "sounds only" in fail(capsys, "render", tmp_path / "s.mid", tmp_path / "s.png", "--engine", "soundfont")
    succeed(capsys, *words, "soundfont")
    assert (tmp_path / "s.wav").exists()


def test_render_faults(tmp_path: Path, capsys: Capture) -> None:
    write_midi(song(1, bars=1), tmp_path / "s.mid")
    (tmp_path / "text.mid").write_text("hello")
    assert ".wav" in fail(capsys, "render", tmp_path / "s.mid", tmp_path / "s.mp3")
    assert "text.mid" in fail(capsys, "render", tmp_path / "text.mid", tmp_path / "s.wav")
    assert "absent.mid" in fail(capsys, "render", tmp_path / "absent.mid", tmp_path / "s.wav")
    (tmp_path / "taken").write_text("")
    assert "taken" in fail(capsys, "render", tmp_path / "s.mid", tmp_path / "taken" / "s.wav")
    assert {path.name for path in tmp_path.iterdir()} == {"s.mid", "text.mid", "taken"}


@pytest.mark.parametrize("codec", ["melody", "frames"])
def test_encode_and_decode(codec: str, tmp_path: Path, capsys: Capture) -> None:
    write_midi(song(2, bars=8), tmp_path / "s.mid")
    assert ": 8 bars" in succeed(capsys, "encode", codec, tmp_path / "s.mid", tmp_path / "s.npy")
    bars = np.load(tmp_path / "s.npy")
    assert bars.shape == (8, 16) and bars.dtype == np.uint8
    succeed(capsys, "decode", codec, tmp_path / "s.npy", tmp_path / "back.mid")
    succeed(capsys, "encode", codec, tmp_path / "back.mid", tmp_path / "again.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "again.npy"), bars)
    told = json.loads(succeed(capsys, "encode", codec, tmp_path / "s.mid", tmp_path / "s.npy", "--json"))
    assert told == {"file": str(tmp_path / "s.npy"), "codec": codec, "bars": 8}
    told = json.loads(succeed(capsys, "decode", codec, tmp_path / "s.npy", tmp_path / "back.midi", "--json"))
    assert told["file"] == str(tmp_path / "back.midi") and told["seconds"] in (16.0, 19.2)
    assert told["notes"] == read_midi(tmp_path / "back.midi").num_notes


def test_encode_and_decode_notes(tmp_path: Path, capsys: Capture) -> None:
    write_midi(song(2, bars=8), tmp_path / "s.mid")
    told = json.loads(succeed(capsys, "encode", "notes", tmp_path / "s.mid", tmp_path / "s.npy", "--json"))
    notes = np.load(tmp_path / "s.npy")
    assert notes.shape == (told["notes"], 4) and notes.dtype == np.uint8
    assert set(notes[:, 3]) == {60, 90}
    succeed(capsys, "decode", "notes", tmp_path / "s.npy", tmp_path / "back.mid")
    succeed(capsys, "encode", "notes", tmp_path / "back.mid", tmp_path / "again.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "again.npy"), notes)
    write_midi(Score(), tmp_path / "silent.mid")
    assert "no pitched note" in fail(capsys, "encode", "notes", tmp_path / "silent.mid", tmp_path / "x.npy")
    np.save(tmp_path / "bars.npy", np.zeros((2, 16), np.uint8))
    assert "(n, 4)" in fail(capsys, "decode", "notes", tmp_path / "bars.npy", tmp_path / "x.mid")
    np.save(tmp_path / "high.npy", np.full((2, 4), 100))
    assert "0 to 63" in fail(capsys, "decode", "notes", tmp_path / "high.npy", tmp_path / "x.mid")


def test_encode_and_decode_performances(tmp_path: Path, capsys: Capture) -> None:
    write_midi(song(2, bars=8), tmp_path / "s.mid")
    told = json.loads(succeed(capsys, "encode", "performance", tmp_path / "s.mid", tmp_path / "s.npy", "--json"))
    tokens = np.load(tmp_path / "s.npy")
    assert tokens.shape == (told["tokens"], 1) and tokens.max() > 255
    succeed(capsys, "decode", "performance", tmp_path / "s.npy", tmp_path / "back.mid")
    succeed(capsys, "encode", "performance", tmp_path / "back.mid", tmp_path / "again.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "again.npy"), tokens)
    write_midi(Score(), tmp_path / "silent.mid")
    assert "no note on the piano" in fail(capsys, "encode", "performance", tmp_path / "silent.mid", tmp_path / "x.npy")
    np.save(tmp_path / "line.npy", tokens[:, 0].astype(np.int32))
    succeed(capsys, "decode", "performance", tmp_path / "line.npy", tmp_path / "line.mid")
    assert (tmp_path / "line.mid").read_bytes() == (tmp_path / "back.mid").read_bytes()
    np.save(tmp_path / "stuck.npy", np.array([150, 160, 101, 101, 161]))
    said = succeed(capsys, "decode", "performance", tmp_path / "stuck.npy", tmp_path / "stuck.mid")
    assert "2 notes, 2.0 s; 1 of its notes are ended by no token, so they end with the last one" in said
    assert (read_midi(tmp_path / "stuck.mid").tracks[0].notes["end"] == 2000).all()
    for array, told in (
        (np.full((3, 1), 310), "0 to 309"),
        (np.full(3, -1), "0 to 309"),
        (np.zeros((3, 1)), "(n, 1)"),
        (np.zeros((3, 2), int), "(n, 1)"),
        (np.array([True, False]), "(n, 1)"),
        (np.array(["a"]), "(n, 1)"),
    ):
        np.save(tmp_path / "odd.npy", array)
        assert told in fail(capsys, "decode", "performance", tmp_path / "odd.npy", tmp_path / "x.mid")


def test_encode_and_decode_chords(tmp_path: Path, capsys: Capture) -> None:
    write_midi(song(1, bars=8), tmp_path / "s.mid")
    assert ": 8 chords" in succeed(capsys, "encode", "progressions", tmp_path / "s.mid", tmp_path / "s.npy")
    assert np.load(tmp_path / "s.npy").shape == (8, 1)
    assert ": 24 notes, 19.2 s" in succeed(capsys, "decode", "progressions", tmp_path / "s.npy", tmp_path / "back.mid")
    np.save(tmp_path / "odd.npy", np.full((4, 1), 24))
    assert "odd.npy" in fail(capsys, "decode", "progressions", tmp_path / "odd.npy", tmp_path / "x.mid")
    write_midi(Score(), tmp_path / "silent.mid")
    assert "no pitched note" in fail(capsys, "encode", "progressions", tmp_path / "silent.mid", tmp_path / "x.npy")


def test_rolls_are_encoded_decoded_and_rendered(tmp_path: Path, capsys: Capture) -> None:
    write_midi(song(2, bars=8), tmp_path / "s.mid")
    told = json.loads(succeed(capsys, "encode", "lpd-5", tmp_path / "s.mid", tmp_path / "s.npz", "--json"))
    assert told["notes"] > 0
    succeed(capsys, "decode", "lpd-5", tmp_path / "s.npz", tmp_path / "back.mid")
    names = [track.name for track in read_midi(tmp_path / "back.mid").tracks]
    assert names and set(names) <= {"Drums", "Piano", "Guitar", "Bass", "Strings"}
    succeed(capsys, "render", tmp_path / "s.npz", tmp_path / "s.png")
    succeed(capsys, "encode", "lpd", tmp_path / "back.mid", tmp_path / "own.npz")
    with zipfile.ZipFile(tmp_path / "own.npz") as stream:
        assert json.loads(stream.read("info.json"))["resolution"] == 24
    succeed(capsys, "encode", "lpd", tmp_path / "s.mid", tmp_path / "old.npz", "--spelling", "beat_resolution")
    with zipfile.ZipFile(tmp_path / "old.npz") as stream:
        told = json.loads(stream.read("info.json"))
    assert told["beat_resolution"] == 24 and "resolution" not in told
    assert "beat_resolution" in fail(
        capsys, "encode", "lpd", tmp_path / "s.mid", tmp_path / "x.npz", "--spelling", "beats"
    )
    assert "leave it out" in fail(
        capsys, "encode", "melody", tmp_path / "s.mid", tmp_path / "x.npy", "--spelling", "resolution"
    )
    assert ".npz" in fail(capsys, "encode", "lpd", tmp_path / "s.mid", tmp_path / "x.npy")
    assert ".npz" in fail(capsys, "decode", "lpd", tmp_path / "s.mid", tmp_path / "x.mid")
    write_midi(Score(), tmp_path / "silent.mid")
    assert "silent.mid" in fail(capsys, "encode", "lpd-5", tmp_path / "silent.mid", tmp_path / "x.npz")
    (tmp_path / "text.npz").write_text("hello")
    assert "no .npz of piano rolls" in fail(capsys, "decode", "lpd", tmp_path / "text.npz", tmp_path / "x.mid")
    assert not (tmp_path / "x.npz").exists() and not (tmp_path / "x.mid").exists()


def test_a_roll_is_decoded_with_its_own_tracks_or_as_five(tmp_path: Path, capsys: Capture) -> None:
    notes = notes_from_columns([0, 480], [240, 720], [60, 62], 80)
    tracks = (Track(notes, 3, name="Honky"), Track(notes, 68, name="Oboe"))
    write_lpd(Score(480, tracks), tmp_path / "s.npz")
    succeed(capsys, "decode", "lpd", tmp_path / "s.npz", tmp_path / "own.mid")
    assert [track.name for track in read_midi(tmp_path / "own.mid").tracks] == ["Honky", "Oboe"]
    succeed(capsys, "decode", "lpd-5", tmp_path / "s.npz", tmp_path / "five.mid")
    heard = {track.name: len(track.notes) for track in read_midi(tmp_path / "five.mid").tracks}
    assert {name: num for name, num in heard.items() if num} == {"Piano": 2, "Strings": 2}
    write_lpd(Score(480, (Track(notes, 120),)), tmp_path / "none.npz")
    assert "none.npz: nothing in it plays drums" in fail(
        capsys, "decode", "lpd-5", tmp_path / "none.npz", tmp_path / "x.mid"
    )


def test_a_corpus_becomes_a_folder_of_rolls_and_a_corpus_again(tmp_path: Path, capsys: Capture) -> None:
    for seed in range(3):
        write_midi(song(seed, bars=8), tmp_path / "music" / "sub" / f"{seed}.mid")
    succeed(capsys, "prepare", tmp_path / "music", tmp_path / "corpus")
    assert ": 3 songs" in succeed(capsys, "encode", "lpd-5", tmp_path / "corpus", tmp_path / "rolls")
    assert len(list((tmp_path / "rolls").rglob("*.npz"))) == 3
    told = json.loads(succeed(capsys, "prepare", tmp_path / "rolls", tmp_path / "again", "--json"))
    assert told["counts"]["songs"] == 3
    assert "rolls" in fail(capsys, "encode", "lpd-5", tmp_path / "corpus", tmp_path / "rolls")
    assert "not a corpus" in fail(capsys, "encode", "lpd-5", tmp_path / "music", tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_encode_and_decode_faults(tmp_path: Path, capsys: Capture) -> None:
    write_midi(song(2, bars=2), tmp_path / "s.mid")
    write_midi(Score(), tmp_path / "silent.mid")
    np.save(tmp_path / "flat.npy", np.zeros(16, np.uint8))
    np.save(tmp_path / "float.npy", np.zeros((2, 16)))
    np.save(tmp_path / "high.npy", np.full((2, 16), 128))
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    (tmp_path / "text.npy").write_text("hello")
    out = tmp_path / "out.mid"
    assert "melody, frames" in fail(capsys, "encode", "rolls", tmp_path / "s.mid", tmp_path / "x.npy")
    assert ".npy" in fail(capsys, "encode", "melody", tmp_path / "s.mid", tmp_path / "x.txt")
    assert "silent.mid" in fail(capsys, "encode", "melody", tmp_path / "silent.mid", tmp_path / "x.npy")
    for name in ("flat", "float", "high", "objects", "text", "absent"):
        assert f"{name}.npy" in fail(capsys, "decode", "frames", tmp_path / f"{name}.npy", out)
    np.save(tmp_path / "pitches.npy", np.full((2, 16), 60))
    assert "0 to 25" in fail(capsys, "decode", "melody", tmp_path / "pitches.npy", out)
    for name in ("zz.wav", "zz", "zz.mid.npy"):
        assert ".mid" in fail(capsys, "decode", "frames", tmp_path / "pitches.npy", tmp_path / "nodir" / name)
    assert ".npy" in fail(capsys, "encode", "frames", tmp_path / "s.mid", tmp_path / "nodir" / "x.mid")
    assert not (tmp_path / "nodir").exists()
    assert not out.exists() and not leftovers(tmp_path)


def test_listings(models: dict[str, Path], capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("antiphon.model_files.SHELF", models["bar"].parent)
    monkeypatch.setattr("antiphon.commands.listings.SHELF", models["bar"].parent)
    listed = json.loads(succeed(capsys, "models", "--json"))
    assert [row["name"] for row in listed] == sorted(models)
    assert listed[0]["licence"] == "MIT" and listed[0]["corpus"] == "made"
    assert succeed(capsys, "models").splitlines()[1].split()[:4] == ["bar", "bar", "made", "MIT"]
    assert [row["name"] for row in json.loads(succeed(capsys, "presets", "--json"))] == list(PRESETS)
    assert len(succeed(capsys, "presets").splitlines()) == 1 + len(PRESETS)
    names = {row["name"] for row in json.loads(succeed(capsys, "corpora", "--json"))}
    assert names >= {"lieder", "maestro"}
    assert "lieder" in succeed(capsys, "corpora")


def test_reproduce(tmp_path: Path, capsys: Capture) -> None:
    listed = json.loads(succeed(capsys, "reproduce", "--json"))
    assert [row["name"] for row in listed] == list(RECIPES)
    shown = succeed(capsys, "reproduce")
    assert all(name in shown for name in RECIPES) and "toy" in shown
    words = ("reproduce", "musegan-table-2", "--scale", "toy", "--seed", 3, "--out", tmp_path)
    told = succeed(capsys, *words)
    assert "1.57" in told and "needs the run of its preset: antiphon train musegan-hybrid" in told
    facts = json.loads(succeed(capsys, *words, "--json"))
    assert facts == json.loads((tmp_path / "musegan-table-2.json").read_text())
    assert (facts["scale"], facts["seed"], facts["lines"][0]["paper"]) == ("toy", 3, 1.57)
    assert "musegan-table-1" in fail(capsys, "reproduce", "musegan-table-9")
    assert "large" in fail(capsys, "reproduce", "musegan-table-1", "--scale", "large")
    assert "--corpus" in fail(capsys, "reproduce", "musegan-table-1", "--scale", "paper")
    assert "absent" in fail(capsys, "reproduce", "musegan-table-1", "--corpus", tmp_path / "absent")
    (tmp_path / "taken").write_text("mine")
    assert "taken" in fail(capsys, *words[:-1], tmp_path / "taken")


def test_a_shipped_model_goes_by_its_name(models: dict[str, Path], tmp_path: Path, capsys: Capture) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("antiphon.model_files.SHELF", models["bar"].parent)
        assert "bar-0.mid" in succeed(capsys, "generate", "--bars", 1, "--progression", "common", "--out", tmp_path)
        assert "model: bar (bar)" in [text for _, text in read_midi(tmp_path / "bar-0.mid").texts]
        assert "shipped: bar" in fail(capsys, "generate", "bars")


def test_unknown_commands(capsys: Capture) -> None:
    assert "generate" in fail(capsys, "generat")
    assert fail(capsys, "convert", "lstm")
    assert fail(capsys, "train")


def test_ctrl_c_in_process(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("antiphon.commands.listings.preset_rows", interrupted)
    assert fail(capsys, "presets") == "antiphon: interrupted; every file that is there is whole"


@pytest.mark.parametrize(
    ("command", "place", "words", "told"),
    [
        ("train", "antiphon.fit.fit_preset", ("bar", "lieder", "--run", "r"), "goes on from there"),
        ("prepare", "antiphon.commands.preparing.prepare", ("midi", "c"), "the same command makes what is missing"),
        ("generate", "antiphon.generate.load", (), "writes them all again"),
        ("render", "antiphon.commands.songs.read_song", ("a.mid", "a.wav"), "nothing was written"),
        ("reproduce", "antiphon.commands.reproducing.reproduce", ("musegan-table-1",), "begins again"),
    ],
)
def test_ctrl_c_says_what_is_left(
    command: str, place: str, words: tuple[str, ...], told: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*values: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(place, interrupted)
    sentence = fail(capsys, command, *words)
    assert sentence.startswith("antiphon: interrupted; ") and told in sentence


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
def test_ctrl_c_while_training(corpus: Path, tmp_path: Path, capsys: Capture) -> None:
    place = tmp_path / "r"
    words = ["train", "bar", corpus, "--run", place, *TOY_BAR, "train.batch_size=4", "train.log_every=1"]
    process = start(*words, "train.iterations=1000000")
    wait_for(lambda: (place / "log.jsonl").exists() and (place / "log.jsonl").stat().st_size > 0, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.splitlines()[-1].startswith("antiphon: interrupted") and "Traceback" not in err
    assert (place / "checkpoint.pt").exists() and not leftovers(place)
    done = json.loads((place / "log.jsonl").read_text().splitlines()[-1])["iteration"]
    assert f"{done + 2} iterations" in succeed(capsys, *words, f"train.iterations={done + 2}")


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_while_preparing(workers: int, tmp_path: Path) -> None:
    midi = tmp_path / "midi"
    midi.mkdir()
    content = midi_bytes(song(0, bars=64))
    for index in range(4_000):
        (midi / f"{index}.mid").write_bytes(content)
    process = start("prepare", midi, tmp_path / "c", "--workers", workers)
    wait_for(lambda: bool(leftovers(tmp_path)), process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.splitlines()[-1].startswith("antiphon: interrupted") and "Traceback" not in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["midi"]


def test_a_reader_that_goes_away() -> None:
    with start("presets", "--json") as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 0


def test_every_command_has_a_line_of_help() -> None:
    for name in app:
        if not name.startswith("-"):
            assert app[name].help, name
