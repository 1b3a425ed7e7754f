"""`antiphon evaluate`: music from anywhere becomes a table, JSON and a page; every fault is one sentence."""

import json
import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.suite.test_sections import TOY
from tests.evaluation.suite.test_songs import rolls_file
from tests.made import folder, song
from tests.test_cli import Capture, leftovers, succeed

from antiphon.cli import run
from antiphon.commands.model_samples import PROTOCOLS_OF_FAMILIES
from antiphon.evaluation.report.report import from_json
from antiphon.evaluation.suite.sections import examiners
from antiphon.io.midi import write_midi
from antiphon.music.score import TIME_SIGNATURE, table
from antiphon.presets.table import PRESETS

PLAIN = ("--no-examiner", "--workers", 1)
PROTOCOLS = ["bar", "lstm", "musegan", "transformer-gan", pytest.param("all", marks=pytest.mark.slow)]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("real"), 12)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("samples")
    for seed in range(100, 106):
        write_midi(song(seed, bars=8), place / f"{seed}.mid")
    return place


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are long, and lines broken within them could not be found."""
    monkeypatch.setenv("COLUMNS", "400")


def plain(shown: str) -> str:
    """What was printed, as one line."""
    return " ".join(shown.split())


def refused(capsys: Capture, *words: object) -> str:
    """Evaluate what must be refused, and return the sentence; what was being done is told before it."""
    code = run(["evaluate", *(str(word) for word in words)])
    captured = capsys.readouterr()
    assert code == 2 and captured.out == ""
    assert "Traceback" not in captured.err
    last = captured.err.splitlines()[-1]
    assert last.startswith("antiphon: ") and captured.err.count("antiphon: ") == 1, captured.err
    return last


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_prints_a_table(
    protocol: str, samples: Path, real: Path, tmp_path: Path, capsys: Capture
) -> None:
    words = ("evaluate", samples, "--reference", real, "--protocol", protocol, "--as-published", *PLAIN)
    shown = succeed(capsys, *words, "--json", tmp_path / "report.json")
    assert plain(shown).startswith(
        f"{protocol}: 6 songs of {samples} (folder), held against 6 songs of {real} (folder)"
    )
    assert "verdict" in shown and "WHAT IS MEASURED" in shown
    assert not {"nan", "NaN", "inf"} & set(shown.split())
    written = (tmp_path / "report.json").read_text()
    json.loads(written, parse_constant=lambda name: pytest.fail(f"{name} is no number"))
    report = from_json(written)
    assert report.protocol == protocol and report.json_text() == written
    assert shown.splitlines()[-1] == str(tmp_path / "report.json")
    # The same command writes the same bytes.
    succeed(capsys, *words, "--json", tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == written


def test_a_page_and_its_json(samples: Path, tmp_path: Path, capsys: Capture) -> None:
    words = ("evaluate", samples, "--protocol", "bar", *PLAIN)
    lines = succeed(capsys, *words, "--out", tmp_path / "o" / "p").splitlines()
    assert lines[-2:] == [str(tmp_path / "o" / "p" / name) for name in ("report.html", "report.json")]
    succeed(capsys, *words, "--out", tmp_path / "mine.html", "--json", tmp_path / "copy.json")
    assert {path.name for path in tmp_path.iterdir()} == {"o", "mine.html", "mine.json", "copy.json"}
    assert (tmp_path / "mine.html").read_text().rstrip().endswith("</html>")
    assert (tmp_path / "mine.json").read_bytes() == (tmp_path / "copy.json").read_bytes()
    assert not leftovers(tmp_path)


def test_a_part_of_a_corpus(corpus: Path, samples: Path, capsys: Capture) -> None:
    shown = succeed(capsys, "evaluate", samples, "--reference", f"{corpus}:train", "--protocol", "bar", *PLAIN)
    assert f"{corpus}:train (corpus)" in plain(shown)
    shown = succeed(capsys, "evaluate", f"{corpus}:train", "--protocol", "bar", *PLAIN)
    assert f"{corpus}:train (corpus), without a reference" in plain(shown)


def test_rolls_suit_the_musegan_protocol(real: Path, tmp_path: Path, capsys: Capture) -> None:
    shown = succeed(capsys, "evaluate", rolls_file(tmp_path / "a.npz"), "--reference", real, *PLAIN)
    assert shown.startswith("musegan: 12 songs") and "4 steps a beat" in shown


@pytest.mark.parametrize("preset", ["bar", pytest.param("midinet-v2", marks=pytest.mark.slow)])
def test_a_model_writes_what_is_graded(preset: str, models: dict[str, Path], real: Path, capsys: Capture) -> None:
    words = ("evaluate", models[preset], "--num", 2, "--bars", 2, "--seed", 5, *PLAIN)
    shown = succeed(capsys, *words, "--reference", real)
    assert shown.startswith("bar: 2 songs") and "(model)" in shown
    assert "a verdict needs 5 songs on each side" in plain(shown)
    assert ("compared in pairs" in plain(shown)) == (preset == "bar")


def test_the_loudest_remark_comes_first(real: Path, capsys: Capture) -> None:
    shown = succeed(capsys, "evaluate", real, "--reference", real, "--protocol", "bar", *PLAIN)
    assert plain(shown).partition("! ")[2].startswith("THE REFERENCE CONTAINS SAMPLES: 6 of 12")


def test_one_broken_file_among_good_ones(samples: Path, tmp_path: Path, capsys: Capture) -> None:
    for path in samples.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "000.mid").write_bytes(b"MThd no")
    shown = plain(succeed(capsys, "evaluate", tmp_path, "--protocol", "bar", *PLAIN))
    assert "1 of 7 pieces give nothing" in shown and f"{tmp_path / '000.mid'}: damaged MIDI file" in shown


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nowhere",), "nowhere: is neither there nor one of"),
        (("empty",), "empty: no MIDI file"),
        (("broken",), "broken: its songs (2) cannot be measured"),
        (("silent",), "silent: its songs (2) cannot be measured"),
        (("waltz", "--protocol", "bar"), "it has no whole bar in 4/4 (its metre is 3/4)"),
        (("waltz", "--protocol", "musegan"), "its songs (2) cannot be measured under the protocol 'musegan'"),
        (("good", "--reference", "nowhere"), "nowhere: is neither there"),
        (("good", "--reference", "empty"), "empty: no MIDI file"),
        (("good", "--reference", "broken"), "broken: its songs (1) cannot be measured"),
        (("good", "--reference", "silent", "--protocol", "bar"), "silent: its songs (1) cannot be measured"),
        (("good", "--reference", "waltz", "--protocol", "musegan"), "waltz: its songs (1) cannot be measured"),
        (("good", "--protocol", "polka"), "protocol 'polka': choose one of bar, lstm"),
        (("good", "--tokens", 10, "--seconds", 2), "tokens and seconds: state one length"),
        (("good", "--tokens", -1), "tokens -1"),
        (("good", "--seconds", "nan"), "seconds nan"),
        (("good", "--seconds", -2), "seconds -2"),
        (("good", "--num", 0), "num 0"),
        (("good", "--bars", -1), "bars -1"),
        (("good", "--seed", -1), "seed -1"),
        (("good", "--workers", 0), "workers 0"),
        (("good", "--num", "many"), "many"),
        (("lacking.npz",), "lacking.npz: has no 'drum_track'"),
        (("good/0.mid",), "good/0.mid: is one file; put it into a folder"),
        (("absent.safetensors",), "absent.safetensors"),
        (("good", "--out", "taken"), "taken: is a file, not a folder"),
        (("good", "--out", "taken/page.html"), "taken: is a file, not a folder"),
        (("good", "--json", "empty"), "empty: is a folder; name a file"),
        (("good", "--out", "o", "--json", "empty"), "empty: is a folder; name a file"),
    ],
)
def test_faults(
    words: tuple[object, ...], sentence: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "taken").write_text("mine")
    for seed in range(2):
        (tmp_path / "broken").mkdir(exist_ok=True)
        (tmp_path / "broken" / f"{seed}.mid").write_bytes(b"MThd no")
        write_midi(replace(song(seed), tracks=()), tmp_path / "silent" / f"{seed}.mid")
        write_midi(song(seed, bars=2), tmp_path / "good" / f"{seed}.mid")
        metre = table(TIME_SIGNATURE, [(0, 3, 4)])
        write_midi(replace(song(seed, bars=6), time_signatures=metre), tmp_path / "waltz" / f"{seed}.mid")
    np.savez(tmp_path / "lacking.npz", rolls=np.zeros((1, 1, 1, 16, 12), bool), lowest_pitch=60, resolution=4)
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    assert sentence in refused(capsys, *words, "--no-examiner")
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before
    assert (tmp_path / "taken").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_place_without_permission(samples: Path, tmp_path: Path, capsys: Capture) -> None:
    tmp_path.chmod(0o500)
    assert "cannot write here" in refused(capsys, samples, "--out", tmp_path / "o", *PLAIN)


def test_a_page_that_fails_leaves_nothing(
    samples: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(report: object) -> str:
        raise RuntimeError("no page")

    monkeypatch.setattr("antiphon.evaluation.report.page.page", broken)
    with pytest.raises(RuntimeError, match="no page"):
        run(["evaluate", str(samples), "--protocol", "bar", "--no-examiner", "--out", str(tmp_path / "o")])
    assert list(tmp_path.iterdir()) == []


def test_one_real_song_is_enough_for_a_model(models: dict[str, Path], tmp_path: Path, capsys: Capture) -> None:
    real = folder(tmp_path / "real", 1)
    words = ("evaluate", models["bar"], "--reference", real, "--num", 2, "--bars", 2, *PLAIN)
    assert "there are neither examiners nor originality" in plain(succeed(capsys, *words))


@pytest.mark.slow
def test_a_model_of_bars_under_a_protocol_without_bars(
    models: dict[str, Path], tmp_path: Path, capsys: Capture
) -> None:
    write_midi(replace(song(0), time_signatures=table(TIME_SIGNATURE, [(0, 3, 4)])), tmp_path / "real" / "waltz.mid")
    words = ("evaluate", models["bar"], "--reference", tmp_path / "real", "--num", 2, "--bars", 2, *PLAIN)
    assert succeed(capsys, *words, "--protocol", "lstm").startswith("lstm: 2 songs")
    assert "none of its songs has melody bars" in refused(capsys, *words[1:], "--protocol", "bar")


@pytest.mark.slow
def test_with_examiners(real: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("examination", "real_against_real"):
        monkeypatch.setattr(examiners, name, partial(getattr(examiners, name), budget=TOY))
    for seed in range(100, 110):
        write_midi(song(seed, bars=8), tmp_path / "samples" / f"{seed}.mid")
    words = ("evaluate", tmp_path / "samples", "--reference", real, "--protocol", "bar", "--out", tmp_path)
    assert "EXAMINERS" in succeed(capsys, *words, "--workers", 1)
    rows = [row for section in from_json((tmp_path / "report.json").read_text()).sections for row in section.rows]
    heard = [row for row in rows if "auc/" in row.name]
    assert len(heard) == 4 and all(0 <= row.made.value <= 1 and row.floor is not None for row in heard)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["barr"], "did you mean bar?"),
        (["leider"], "did you mean lieder?"),
        (["lieder:tests"], "lieder has the parts train, valid, test, not 'tests'"),
        (["a9.npy"], "is one array; save it by numpy.savez"),
        (["quartets", "--num", "3"], "num 3: only a model writes songs"),
        (["quartets", "--out", "report.txt"], "report.txt: the page is HTML"),
    ],
)
def test_slips_are_told_what_was_meant(
    words: list[str], said: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["evaluate", *words]) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_is_told_apart_from_its_run(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "checkpoint.pt").write_bytes(b"")
    assert run(["evaluate", str(tmp_path / "run" / "checkpoint.pt")]) == 2
    assert f"name the run's folder, {tmp_path / 'run'}" in capsys.readouterr().err


def test_every_family_is_graded_by_a_protocol_of_its_own() -> None:
    # What fills in hidden tokens writes nothing.
    kinds = {preset.family.kind for preset in PRESETS.values()} - {"masked"}
    assert kinds == set(PROTOCOLS_OF_FAMILIES)
    assert set(PROTOCOLS_OF_FAMILIES.values()) <= {"bar", "lstm", "musegan", "transformer-gan"}
