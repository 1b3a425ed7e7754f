"""Published layouts are recognised, with their titles, splits and groups."""

import csv
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from antiphon.data.corpus import Corpus
from antiphon.data.layouts import survey
from antiphon.data.listing import Listing
from antiphon.data.prepare import prepare
from antiphon.errors import InputError
from antiphon.io.midi import write_midi
from antiphon.music.score import Score

Make = Callable[..., Score]
DATA = Path(os.environ.get("ANTIPHON_DATA", "~/antiphon-data")).expanduser()
MAESTRO = ["canonical_composer", "canonical_title", "split", "year", "midi_filename", "audio_filename", "duration"]
GROOVE = ["drummer", "session", "id", "style", "bpm", "beat_type", "time_signature", "midi_filename", "split"]


def _csv(path: Path, names: list[str], rows: list[list[str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([names, *rows])


def _touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return folder


def _groups(listing: Listing) -> dict[str, set[str]]:
    return {item.id: set(item.keys) for item in listing.items}


@pytest.fixture
def maestro(tmp_path: Path, make_score: Make) -> Path:
    folder = tmp_path / "archive" / "maestro-v3.0.0"
    rows = []
    for number, split in enumerate(["train", "validation", "test", "train"]):
        write_midi(make_score(number), folder / "2004" / f"{number}.midi")
        rows.append(["Fryderyk Chopin", f"Étude {number}", split, "2004", f"2004/{number}.midi", "x.wav", "16"])
    rows.append(["Fryderyk Chopin", "Lost", "test", "2004", "2004/lost.midi", "x.wav", "16"])
    write_midi(make_score(50), folder / "2004" / "extra.midi")
    _csv(folder / "maestro-v3.0.0.csv", MAESTRO, rows)
    return tmp_path / "archive"


def test_maestro_has_its_published_split_and_titles(maestro: Path, tmp_path: Path) -> None:
    manifest = prepare(maestro, tmp_path / "c", workers=1)
    assert [(song.id, song.split) for song in manifest.songs] == [
        ("2004/0", "train"),
        ("2004/1", "valid"),
        ("2004/2", "test"),
        ("2004/3", "train"),
    ]
    assert manifest.songs[0].title == "Fryderyk Chopin: Étude 0"
    assert manifest.licence == "CC-BY-NC-SA-4.0" and "MAESTRO" in manifest.attribution
    assert {row.file: row.kind for row in manifest.rejected} == {
        "2004/lost.midi": "missing",
        "2004/extra.midi": "unlisted",
    }


def test_another_csv_is_another_corpus(maestro: Path, tmp_path: Path) -> None:
    first = prepare(maestro, tmp_path / "c", workers=1)
    table = maestro / "maestro-v3.0.0" / "maestro-v3.0.0.csv"
    table.write_text(table.read_text().replace("validation", "test"))
    assert prepare(maestro, tmp_path / "c", workers=1).fingerprint != first.fingerprint


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("validation", "holdout", "'holdout' is not train, validation or test"),
        ("2004/1.midi", "../1.midi", "leads out"),
        ("2004/1.midi", "", "line 3 has no midi_filename"),
        ("canonical_title", "name", "line 2 has no canonical_title"),
        ("Étude", "\udce9tude", "cannot be read"),
    ],
)
def test_a_damaged_csv_is_a_sentence(maestro: Path, tmp_path: Path, old: str, new: str, sentence: str) -> None:
    table = maestro / "maestro-v3.0.0" / "maestro-v3.0.0.csv"
    table.write_bytes(table.read_text("utf-8").replace(old, new).encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=sentence):
        prepare(maestro, tmp_path / "c", workers=1)


def test_groove_has_its_published_split_and_beats(tmp_path: Path, make_score: Make) -> None:
    folder = tmp_path / "groove"
    rows = []
    for number, split in enumerate(["train", "validation", "test"]):
        write_midi(make_score(number), folder / "drummer1" / f"{number}.mid")
        rows.append(
            ["drummer1", "s", f"drummer1/{number}", "rock/a", "120", "beat", "4-4", f"drummer1/{number}.mid", split]
        )
    _csv(folder / "info.csv", GROOVE, rows)
    listing = survey(folder)
    assert [item.split for item in listing.items] == ["train", "valid", "test"]
    assert all(item.beats_known for item in listing.items)
    assert listing.items[0].title == "rock/a beat at 120"
    assert prepare(folder, tmp_path / "c", workers=1).licence == "CC-BY-4.0"


def test_openscore_groups_a_composer_s_title(tmp_path: Path) -> None:
    folder = _touch(
        tmp_path,
        "Gounod,_Charles/6_Mélodies/5_Le_lever/lc1.mid",
        "Gounod,_Charles/_/Le_lever/lc2.mid",
        "Gounod,_Charles/_/Le_soir/lc3.mid",
        "Fauré,_Gabriel/_/Le_soir/lc4.mid",
    )
    listing = survey(folder)
    groups = _groups(listing)
    assert groups["lc1"] == groups["lc2"] == {"gounod charles: le lever"}
    assert len({min(keys) for keys in groups.values()}) == 3
    assert {item.id: item.title for item in listing.items}["lc1"] == "Gounod, Charles: 6 Mélodies: 5 Le lever"
    assert listing.known == "lieder"
    assert survey(_touch(tmp_path / "q", "Bach/Quartet/sq1.mid", "Bach/Fugue/sq2.mid")).known == "quartets"


def test_giantmidi_groups_recordings_and_works(tmp_path: Path) -> None:
    listing = survey(
        _touch(
            tmp_path,
            "Brahms_Piano_Sonata_No2_Op2_RhZqUE63B9g_mov_1.mid",
            "Brahms_Piano_Sonata_No2_Op2_RhZqUE63B9g_mov_2.mid",
            "Brahms, Johannes, Sonata, Op.2, AhZqUE63B9g.mid",
            "Chopin, Frédéric, Études, Op.10, g0hoN6_HDVU.mid",
            "Chopin_Etudes_g0hoN6_HDVU_no_9_cut.mid",
            "Beethoven_Sonata_No_18_Op_31_No_3_P-Q5aBAw-T4_cut_mov_1.mid",
            "Beethoven_Rondo_a_capriccio_Op129_8XFMZs_7nOA.mid",
            "Debussy_Estampes_R-YcnPXY2yE_cut_no_1.mid",
            "Debussy_Estampes_R-YcnPXY2yE_cut_no_2.mid",
        )
    )
    keys = _groups(listing)
    assert listing.layout == "giantmidi"
    assert keys["Brahms, Johannes, Sonata, Op.2, AhZqUE63B9g"] == {"video AhZqUE63B9g", "brahms op 2"}
    assert keys["Chopin_Etudes_g0hoN6_HDVU_no_9_cut"] == {"video g0hoN6_HDVU", "chopin etudes"}
    assert keys["Beethoven_Sonata_No_18_Op_31_No_3_P-Q5aBAw-T4_cut_mov_1"] == {"video P-Q5aBAw-T4", "beethoven op 31"}
    from antiphon.data.split import groups

    assert len(set(groups([item.keys for item in listing.items]))) == 5


def test_plain_names_are_no_recordings(tmp_path: Path) -> None:
    names = [f"Haydn_Sonata_No_{number}.mid" for number in range(9)]
    assert survey(_touch(tmp_path, *names)).layout == "bare"


def test_a_bare_folder_groups_copies_of_a_name(tmp_path: Path) -> None:
    folder = _touch(
        tmp_path, "a/song.mid", "b/Song (2).mid", "c/song-v1.MID", "a/01.mid", "b/01.mid", "b/01.1.mid", "other.kar"
    )
    from antiphon.data.split import groups

    listing = survey(folder)
    names = dict(zip((item.file for item in listing.items), groups([i.keys for i in listing.items]), strict=True))
    assert names["a/song.mid"] == names["b/Song (2).mid"] == names["c/song-v1.MID"]
    assert names["b/01.mid"] == names["b/01.1.mid"] != names["a/01.mid"]
    assert len(set(names.values())) == 4


def test_ids_are_unique_and_do_not_depend_on_the_root(tmp_path: Path) -> None:
    folder = _touch(tmp_path / "x", "a/song.mid", "a/song.midi", "b/song.mid")
    ids = [item.id for item in survey(folder).items]
    assert sorted(ids) == ["a/song.mid", "a/song.midi", "b/song"]
    assert [item.id for item in survey(tmp_path).items] == ids


def test_a_lead_sheet_goes_before_its_midi_file(tmp_path: Path) -> None:
    listing = survey(_touch(tmp_path, "mxl/School_Days.mxl", "midi/School_Days.mid", "midi/Other.mid"))
    assert [item.file for item in listing.items] == ["midi/Other.mid", "mxl/School_Days.mxl"]
    assert [(row.file, row.kind) for row in listing.aside] == [("midi/School_Days.mid", "twin")]


def test_names_that_are_not_unicode(tmp_path: Path, make_score: Make) -> None:
    try:
        write_midi(make_score(), tmp_path / "music" / os.fsdecode(b"caf\xe9.mid"))
    except (OSError, InputError):
        pytest.skip("this file system takes Unicode names only")
    prepare(tmp_path / "music", tmp_path / "c", workers=1)
    assert Corpus.open(tmp_path / "c").songs[0].id == "caf\\xe9"


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / "maestro-v3.0.0-midi").is_dir(), reason="MAESTRO is not here")
def test_real_maestro(tmp_path: Path) -> None:
    manifest = prepare(DATA / "maestro-v3.0.0-midi", tmp_path / "c", workers=1)
    splits = [song.split for song in manifest.songs]
    assert (splits.count("train"), splits.count("valid"), splits.count("test")) == (962, 137, 177)
    assert manifest.counts["notes"] == 7_040_163
    assert all(song.flags.performed for song in manifest.songs)
