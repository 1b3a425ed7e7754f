"""Songs chosen from the Lakh datasets: match scores, genres, metre, families; damaged metadata; any folder of MIDI."""

import io
import json
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from antiphon.cli import run
from antiphon.data.corpus import Corpus
from antiphon.data.lakh import Metadata, read_genres, read_scores
from antiphon.data.layouts import survey
from antiphon.data.manifest import Manifest, Rules, fingerprint
from antiphon.data.prepare import prepare
from antiphon.errors import InputError
from antiphon.io.lpd import lpd_bytes, write_lpd
from antiphon.io.midi import write_midi
from antiphon.music.score import TIME_SIGNATURE, Score, Track, notes_from_columns, table

MakeScore = Callable[..., Score]
SONGS = [f"TRAAA{letter}G128F425B14B"[:18] for letter in "ABCD"]


def digest(number: int) -> str:
    return f"{number:032x}"


def place(song: str, number: int, suffix: str = ".mid") -> str:
    return f"lmd_matched/{'/'.join(song[2:5])}/{song}/{digest(number)}{suffix}"


def in_metre(music: Score, *rows: tuple[int, int, int]) -> Score:
    return Score(
        music.ticks_per_beat, music.tracks, tempos=music.tempos, time_signatures=table(TIME_SIGNATURE, list(rows))
    )


def _array(values: NDArray[Any]) -> bytes:
    content = io.BytesIO()
    np.save(content, values)
    return content.getvalue()


def band(music: Score) -> Score:
    """With a track of each of the five families."""
    notes = notes_from_columns([0, 480], [480, 960], [60, 62], 80)
    more = [Track(notes, program, program == 99) for program in (99, 0, 25, 33, 48)]
    return music.with_tracks((*music.tracks, *more))


@pytest.fixture
def matched(tmp_path: Path, make_score: MakeScore) -> Path:
    """Song A: two files, the better in 4/4; B: the better in 3/4; C: a metre that comes late; D: a poor match of a
    whole band, none of the others is one but A's better."""
    files = {
        (SONGS[0], 1): make_score(1),
        (SONGS[0], 2): band(make_score(2)),
        (SONGS[1], 3): in_metre(make_score(3), (0, 3, 4)),
        (SONGS[1], 4): make_score(4),
        (SONGS[2], 5): in_metre(make_score(5), (960, 4, 4)),
        (SONGS[3], 6): band(make_score(6)),
        (SONGS[3], 7): in_metre(make_score(7), (0, 4, 4), (3840, 3, 4)),
    }
    scores: dict[str, dict[str, float]] = {}
    for (song, number), music in files.items():
        write_midi(music, tmp_path / "src" / place(song, number))
        scores.setdefault(song, {})[digest(number)] = {1: 0.5, 2: 0.9, 3: 0.8, 4: 0.7, 5: 0.6, 6: 0.25, 7: 0.2}[number]
    (tmp_path / "src" / "match_scores.json").write_text(json.dumps(scores))
    return tmp_path / "src"


def kinds(manifest: Manifest) -> dict[int, str]:
    return {int(rejection.file[-36:-4], 16): rejection.kind for rejection in manifest.rejected}


def kept(manifest: Manifest) -> set[int]:
    return {int(song.id[-32:], 16) for song in manifest.songs}


CHOSEN: dict[str, tuple[set[int], dict[int, str]]] = {
    "lpd": ({1, 2, 3, 4, 5, 6, 7}, {}),
    "lpd-matched": ({1, 2, 3, 4, 5, 6, 7}, {}),
    "lpd-cleansed": ({2, 6}, {1: "outmatched", 3: "metre", 4: "outmatched", 5: "metre", 7: "outmatched"}),
    "cleansed": ({1, 2, 4, 6}, {3: "metre", 5: "metre", 7: "metre"}),
    "musegan": ({2}, {1: "outmatched", 3: "metre", 4: "outmatched", 5: "metre", 6: "unmatched", 7: "unmatched"}),
}


@pytest.mark.parametrize("selection", CHOSEN)
def test_selections_choose_and_say_why_not(matched: Path, tmp_path: Path, selection: Any) -> None:
    manifest = prepare(matched, tmp_path / "out", Rules(selection=selection))
    assert (kept(manifest), kinds(manifest)) == CHOSEN[selection]
    assert manifest.rules.selection == selection
    assert manifest.sources[0].layout == "lakh" and "Lakh" in manifest.attribution


def test_files_of_one_song_share_a_split(matched: Path, tmp_path: Path) -> None:
    manifest = prepare(matched, tmp_path / "out")
    groups = {song.group: 0 for song in manifest.songs}
    assert len(groups) == len(SONGS)


def test_the_same_archive_gives_the_same_songs(matched: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "lmd.tar.gz", "w:gz") as archive:
        archive.add(matched / "lmd_matched", "lmd_matched")
    shutil.copy(matched / "match_scores.json", tmp_path / "match_scores.json")
    folder = prepare(matched, tmp_path / "a", Rules(selection="lpd-cleansed"))
    packed = prepare(tmp_path / "lmd.tar.gz", tmp_path / "b", Rules(selection="lpd-cleansed"))
    assert kept(folder) == kept(packed)


def test_the_full_dataset_knows_its_songs_from_the_scores(tmp_path: Path, make_score: MakeScore) -> None:
    for number in range(1, 5):
        write_midi(make_score(number), tmp_path / "full" / digest(number)[0] / f"{digest(number)}.mid")
    scores = {SONGS[0]: {digest(1): 0.5, digest(2): 0.9}, SONGS[1]: {digest(2): 0.3, digest(3): 0.2}}
    (tmp_path / "s.json").write_text(json.dumps(scores))
    metadata = Metadata(tmp_path / "s.json")
    matched = prepare(tmp_path / "full", tmp_path / "a", Rules(selection="lpd-matched"), metadata=metadata)
    assert (kept(matched), kinds(matched)) == ({1, 2, 3}, {4: "unmatched"})
    assert len({song.group for song in matched.songs}) == 1, "files that share a song with one are of its group"
    best = prepare(tmp_path / "full", tmp_path / "b", Rules(selection="lpd-cleansed"), metadata=metadata)
    assert (kept(best), kinds(best)) == ({2}, {1: "outmatched", 3: "outmatched", 4: "unmatched"})


def test_of_equals_the_first_is_best_and_the_best_of_one_song_may_be_worse_of_another(
    tmp_path: Path, make_score: MakeScore
) -> None:
    for number in range(1, 5):
        write_midi(make_score(number), tmp_path / "full" / digest(number)[0] / f"{digest(number)}.mid")
    scores = {
        SONGS[0]: {digest(2): 0.5, digest(1): 0.5, digest(3): 0.4},
        SONGS[1]: {digest(3): 0.2, digest(4): 0.1},
    }
    (tmp_path / "s.json").write_text(json.dumps(scores))
    metadata = Metadata(tmp_path / "s.json")
    best = prepare(tmp_path / "full", tmp_path / "b", Rules(selection="lpd-cleansed"), metadata=metadata)
    # The files' order decides between equals, and 3 is the best of the second song.
    assert kept(best) | {1} == {1, 3} and kinds(best)[2] == "outmatched" == kinds(best)[4]


def test_a_match_is_above_three_tenths(tmp_path: Path, make_score: MakeScore) -> None:
    scores: dict[str, dict[str, float]] = {}
    for number, score in enumerate((0.3, 0.31, 0.29), 1):
        write_midi(band(make_score(number)), tmp_path / "src" / place(SONGS[number], number))
        scores[SONGS[number]] = {digest(number): score}
    (tmp_path / "src" / "match_scores.json").write_text(json.dumps(scores))
    manifest = prepare(tmp_path / "src", tmp_path / "out", Rules(selection="musegan"))
    assert (kept(manifest), kinds(manifest)) == ({2}, {1: "unmatched", 3: "unmatched"})


def test_genres_choose_songs(matched: Path, tmp_path: Path) -> None:
    genres = tmp_path / "genres.txt"
    genres.write_text(f"# ids\n{SONGS[0]}\tRock\n{SONGS[1]}\tPop Rock\tBlues\n{SONGS[3]}  rock\n")
    rules = Rules(selection="lpd-matched", genre="ROCK")
    manifest = prepare(matched, tmp_path / "out", rules, metadata=Metadata(genres=genres))
    assert kept(manifest) == {1, 2, 6, 7} and kinds(manifest)[3] == "genre"
    every = prepare(matched, tmp_path / "all", metadata=Metadata(genres=genres))
    assert kept(every) == {1, 2, 3, 4, 6, 7}
    assert read_genres(genres, "blues") == {SONGS[1]}
    with pytest.raises(InputError, match=r"genres\.txt: names no song of the genre 'jazz'"):
        read_genres(genres, "jazz")


def test_piano_rolls_are_songs_too_and_broken_ones_are_set_aside(tmp_path: Path, make_score: MakeScore) -> None:
    for number in (1, 2):
        write_lpd(make_score(number), tmp_path / "lpd" / place(SONGS[number], number, ".npz"))
    broken = tmp_path / "lpd" / place(SONGS[0], 9, ".npz")
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"PK\x03\x04 and no more")
    marked = tmp_path / "lpd" / place(SONGS[0], 8, ".npz")
    content = lpd_bytes(make_score(3))
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(marked, "w") as new:
        for member in old.namelist():
            new.writestr(member, _array(np.array([2**62])) if member == "downbeat.npy" else old.read(member))
    manifest = prepare(tmp_path / "lpd", tmp_path / "out")
    assert kept(manifest) == {1, 2} and kinds(manifest) == {8: "unreadable", 9: "unreadable"}
    reasons = " ".join(song.reason for song in manifest.rejected)
    assert "no .npz of piano rolls, or damaged" in reasons and "its downbeats lie outside its" in reasons
    assert "Pianoroll" in manifest.attribution
    music = Corpus.open(tmp_path / "out").score(0)
    assert len(music.tracks) == 2 and music.num_notes > 60


def test_any_folder_goes_through_the_rules_that_need_no_scores(tmp_path: Path, make_score: MakeScore) -> None:
    write_midi(make_score(1), tmp_path / "mine" / "a.mid")
    write_midi(in_metre(make_score(2), (0, 6, 8)), tmp_path / "mine" / "b.mid")
    (tmp_path / "mine" / "c.mid").write_bytes(b"broken")
    manifest = prepare(tmp_path / "mine", tmp_path / "out", Rules(selection="cleansed"))
    assert [song.id for song in manifest.songs] == ["a"]
    assert {r.file: r.kind for r in manifest.rejected} == {"b.mid": "metre", "c.mid": "unreadable"}
    assert "6/8, not in 4/4" in manifest.rejected[0].reason
    with pytest.raises(InputError, match=r"needs the match scores .* --scores"):
        prepare(tmp_path / "mine", tmp_path / "no", Rules(selection="lpd-cleansed"))
    (tmp_path / "s.json").write_text("{}")
    with pytest.raises(InputError, match=r"none of 3 files is left .* a\.mid, for one, its song is not in the list"):
        prepare(tmp_path / "mine", tmp_path / "no", Rules(selection="lpd"), metadata=Metadata(genres=_ids(tmp_path)))
    assert not (tmp_path / "no").exists()


def _ids(folder: Path) -> Path:
    (folder / "ids.txt").write_text(SONGS[0])
    return folder / "ids.txt"


@pytest.mark.parametrize("text", ["", "nonsense", "[1]", '{"TRAAA": [1]}', '{"TRAAA": {"a": "b"}}'])
def test_damaged_scores_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.json").write_text(text)
    with pytest.raises(InputError, match=r"s\.json: (is no JSON|says no scores)"):
        read_scores(tmp_path / "s.json")
    with pytest.raises(InputError, match="cannot be read"):
        read_scores(tmp_path / "none.json")
    with pytest.raises(InputError, match=r"s\.json: names no ids of songs"):
        read_genres(tmp_path / "s.json", None)


def test_other_folders_are_not_taken_for_lakh(tmp_path: Path, make_score: MakeScore) -> None:
    for number in range(5):
        write_midi(make_score(number), tmp_path / f"{number:08x}.mid")
    assert survey(tmp_path).layout == "bare"


def test_rules_that_are_not_asked_for_leave_fingerprints_as_they_were() -> None:
    assert fingerprint({}, (), Rules()) != fingerprint({}, (), Rules(selection="cleansed"))
    for name in ("freedoom", "quartets"):
        old = Corpus.open(name).manifest
        assert fingerprint(old.tables, old.songs, old.rules) == old.fingerprint


def test_the_command_takes_the_options(matched: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, genres = tmp_path / "out", tmp_path / "ids.txt"
    genres.write_text(f"{SONGS[0]}\tRock\n")
    options = ["--selection", "lpd-cleansed", "--genres", str(genres), "--genre", "rock", "--json"]
    assert run(["prepare", str(matched), str(out), *options]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["counts"]["songs"] == 1
    assert facts["set_aside"] == {"genre": 5, "outmatched": 1}
    for bad, sentence in (
        (["--selection", "best"], "choose one of lpd, lpd-matched"),
        (["--genre", "rock"], "needs a list of songs by genre"),
        (["--selection", "lpd-matched", "--scores", str(tmp_path / "no.json")], "no.json: cannot be read"),
    ):
        assert run(["prepare", str(matched), str(tmp_path / "no"), *bad]) == 2
        assert sentence in capsys.readouterr().err
        assert not (tmp_path / "no").exists()
