"""Collections are recognised by what lies beside the music, and a folder that only looks alike is not."""

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from antiphon.data.layouts import survey
from antiphon.data.prepare import prepare
from antiphon.data.sources import KNOWN

Make = Callable[..., Path]
DATA = Path(os.environ.get("ANTIPHON_DATA", "~/antiphon-data")).expanduser()

TUNES = ("ashover1.mid", "jigs1.mid", "jigs2.mid")
MUSIC: dict[str, list[str]] = {
    "nottingham": [f"MIDI/{part}{tune}" for part in ("", "melody/", "chords/") for tune in TUNES],
    "pop909": ["POP909/001/001.mid", "POP909/002/002.mid", "POP909/002/versions/002-v1.mid"],
    "piano-midi": ["midis/Albeniz/alb_esp1.mid", "midis/Bach/bach_846.mid"],
    "freedoom": ["d_e1m1.mid", "d_map02.mid", "d_inter.mid"],
    "leadsheets": ["mxl/After_the_Ball.mxl", "midi/After_the_Ball.mid", "mxl/Aura_Lee.mxl"],
    "mutopia": ["BachJS__BWV846__prelude__prelude.mid", "AbtF__Vocalise1__Vocalise1.mid"],
}
MARKERS: dict[str, dict[str, str]] = {
    "nottingham": {"README.md": "The original ABC files were sourced from the [Nottingham Music Database](...)"},
    "pop909": {"LICENSE": "MIT License\n\nCopyright (c) 2020 Music X Lab"},
    "piano-midi": {
        "COPYRIGHT": "Please refer to http://www.piano-midi.de/copy.htm",
        "metadata.csv": "composer,title,year,midi,duration\nA,E,1890,midis/Albeniz/alb_esp1.mid,9\n"
        "B,P,1722,midis/Bach/bach_846.mid,9\n",
    },
    "freedoom": {"COPYING.adoc": "Contributors to the Freedoom project."},
    "leadsheets": {"README.md": "# 2018 OpenEWLD\n"},
    "mutopia": {"instruments.json": json.dumps({"BachJS__BWV846__prelude__prelude": "Harpsichord"})},
}
KEPT = {"nottingham": 3, "pop909": 2, "piano-midi": 2, "freedoom": 3, "leadsheets": 2, "mutopia": 2}


def _lay(root: Path, name: str, markers: dict[str, str]) -> Path:
    for file in MUSIC[name]:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(b"")
    for file, text in markers.items():
        (root / file).write_text(text)
    return root


@pytest.mark.parametrize("name", list(MUSIC))
def test_a_collection_is_recognised_and_its_like_is_not(tmp_path: Path, name: str) -> None:
    listing = survey(_lay(tmp_path / "a", name, MARKERS[name]))
    assert listing.known == name and listing.layout == KNOWN[name].layout
    assert len(listing.items) == KEPT[name]
    assert survey(_lay(tmp_path / "b", name, {})).known == ""
    assert survey(_lay(tmp_path / "c", name, dict.fromkeys(MARKERS[name], "my music, my licence"))).known == ""


@pytest.mark.parametrize("name", list(MUSIC))
def test_markers_over_other_music_say_nothing(tmp_path: Path, name: str) -> None:
    for file, text in MARKERS[name].items():
        (tmp_path / file).write_text(text)
    for number in range(12):
        (tmp_path / f"mine {number}.mid").write_bytes(b"")
    assert survey(tmp_path).known == ""


def test_parts_of_a_tune_are_set_aside_as_subsets(tmp_path: Path) -> None:
    listing = survey(_lay(tmp_path, "nottingham", MARKERS["nottingham"]))
    assert [item.id for item in listing.items] == ["ashover1", "jigs1", "jigs2"]
    assert {row.kind for row in listing.aside} == {"subset"} and len(listing.aside) == 6
    assert listing.aside[0].reason == "the melody alone of ashover1.mid"


def test_other_versions_of_a_song_are_set_aside(tmp_path: Path) -> None:
    listing = survey(_lay(tmp_path, "pop909", MARKERS["pop909"]))
    assert [(row.file, row.kind, row.reason) for row in listing.aside] == [
        ("002/versions/002-v1.mid", "twin", "another version of 002.mid")
    ]


def test_mutopia_by_its_records(tmp_path: Path) -> None:
    for piece in ("BachJS/BWV846/prelude", "AbtF/Vocalise1/Vocalise1"):
        (tmp_path / piece).mkdir(parents=True)
        (tmp_path / piece / "piece.mid").write_bytes(b"")
        (tmp_path / piece / "piece.rdf").write_text('xmlns:mp="http://www.mutopiaproject.org/piece-data/0.1/"')
    assert survey(tmp_path).known == "mutopia"
    (tmp_path / piece / "piece.rdf").unlink()
    assert survey(tmp_path).known == ""


def test_instruments_of_other_music_are_not_mutopia_s(tmp_path: Path) -> None:
    _lay(tmp_path, "mutopia", {"instruments.json": json.dumps({"Me__op1__waltz": "Kazoo"})})
    assert survey(tmp_path).known == ""


def test_an_archive_gives_the_licence_and_ids_of_its_folder(make_folder: Make, tmp_path: Path) -> None:
    songs = sorted(make_folder(3).rglob("*.mid"))
    for number, song in enumerate(songs):
        (tmp_path / "freedoom-master" / "musics").mkdir(parents=True, exist_ok=True)
        song.rename(tmp_path / "freedoom-master" / "musics" / f"d_e1m{number}.mid")
    (tmp_path / "freedoom-master" / "levels").mkdir()
    (tmp_path / "freedoom-master" / "COPYING.adoc").write_text(MARKERS["freedoom"]["COPYING.adoc"])
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        for path in sorted((tmp_path / "freedoom-master").rglob("*.*")):
            archive.write(path, path.relative_to(tmp_path))
    of_folder = prepare(tmp_path / "freedoom-master", tmp_path / "c", workers=1)
    of_archive = prepare(tmp_path / "f.zip", tmp_path / "d", workers=1)
    assert of_folder.licence == of_archive.licence == "BSD-3-Clause"
    assert of_archive.attribution == KNOWN["freedoom"].attribution
    assert of_archive.sources[0].address == KNOWN["freedoom"].address
    assert of_folder.fingerprint == of_archive.fingerprint
    assert [song.id for song in of_folder.songs] == ["d_e1m0", "d_e1m1", "d_e1m2"]


@pytest.mark.parametrize(
    ("folder", "known", "kept"),
    [
        ("nottingham", "nottingham", 1034),
        ("pop909", "pop909", 909),
        ("piano-midi-de", "piano-midi", 337),
        ("freedoom-midi", "freedoom", 112),
        ("openewld-pd", "leadsheets", 123),
        ("mutopia-pd-midi", "mutopia", 979),
    ],
)
def test_the_real_ones(folder: str, known: str, kept: int) -> None:
    if not (DATA / folder).is_dir():
        pytest.skip(f"{DATA} does not hold {folder}; ANTIPHON_DATA names another place")
    listing = survey(DATA / folder)
    assert (listing.known, len(listing.items)) == (known, kept)
