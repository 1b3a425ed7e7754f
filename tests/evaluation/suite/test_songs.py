"""Songs wherever they lie: opened in one order, divided by their works, and refused in one sentence."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.made import folder, song

from antiphon.errors import InputError
from antiphon.evaluation.suite.songs import decoded, grid_of, in_memory, open_songs
from antiphon.io.midi import write_midi


def rolls_file(path: Path, **values: Any) -> Path:
    """An array of 12 samples of five tracks, four bars and two octaves at 4 steps a beat; `values` replace its keys."""
    cells = np.random.default_rng(0).random((12, 5, 4, 16, 24)) < 0.1
    whole: dict[str, Any] = {"rolls": cells, "lowest_pitch": 48, "resolution": 4, "drum_track": 0} | values
    np.savez(path, **{name: value for name, value in whole.items() if value is not None})
    return path


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    for seed in (2, 0, 1):
        write_midi(song(seed), tmp_path / "one" / f"song-{seed}.mid")
    songs, again = open_songs(folder(tmp_path / "two", 3)), open_songs(tmp_path / "one")
    assert songs.ids == again.ids == ("song-0", "song-1", "song-2")
    assert songs.splits == again.splits
    notes = [[track.notes.tolist() for track in one.score(2).tracks] for one in (songs, again)]
    assert notes[0] == notes[1]


def test_copies_of_a_work_are_never_divided(tmp_path: Path) -> None:
    for name in ("a/etude.mid", "b/etude.mid", "b/etude (1).mid", "c/other.mid"):
        write_midi(song(0), tmp_path / name)
    owners = dict(zip(*[(s := open_songs(tmp_path)).ids, s.groups], strict=True))
    assert len(set(owners.values())) == 2


def test_a_part_after_a_colon(corpus: Path) -> None:
    every = open_songs(corpus)
    assert every.kind == "corpus" and every.licence == "CC0-1.0"
    part = open_songs(f"{corpus}:train")
    assert set(part.splits) == {"train"} and 0 < len(part) < len(every)
    place = every.splits.index("train")
    assert part.score(0).num_notes == every.score(place).num_notes


def test_an_array_is_songs(tmp_path: Path) -> None:
    songs = open_songs(rolls_file(tmp_path / "a.npz"))
    assert (songs.kind, len(songs)) == ("rolls", 12)
    some = songs.only([3, 1]).rolls
    assert some is not None and songs.rolls is not None
    assert (some.cells == songs.rolls.cells[[3, 1]]).all()
    assert songs.only([3]).score(0).num_notes == decoded(some[:1]).num_notes > 0


def test_samples_of_one_song_are_its_units(tmp_path: Path) -> None:
    owners = np.repeat([7, 2, 5], 4)
    songs = open_songs(rolls_file(tmp_path / "a.npz", song=owners))
    assert len(songs) == len(set(songs.ids)) == 3
    one = songs.only([0]).rolls
    assert one is not None and one.song.tolist() == [2] * 4
    assert songs.score(0).bars()[-1] == 16 * songs.score(0).ticks_per_beat * 4


def test_what_is_written_anew_is_read_anew(tmp_path: Path) -> None:
    before = open_songs(rolls_file(tmp_path / "a.npz"))
    assert before.rolls is not None and before.rolls.cells.any()
    after = open_songs(rolls_file(tmp_path / "a.npz", rolls=np.zeros((3, 5, 1, 16, 24), bool)))
    assert len(after) == 3
    assert after.rolls is not None and not after.rolls.cells.any()


def test_notes_end_with_a_rest_where_a_step_is_short(tmp_path: Path) -> None:
    fine = np.random.default_rng(0).random((2, 5, 1, 96, 24)) < 0.1
    for resolution, cells, lengths in ((4, None, "whole"), (24, fine, "paper")):
        values = {} if cells is None else {"rolls": cells}
        rolls = open_songs(rolls_file(tmp_path / f"{resolution}.npz", resolution=resolution, **values)).rolls
        assert rolls is not None and grid_of(rolls).lengths == lengths


def test_songs_in_memory() -> None:
    songs = in_memory("made", [song(0), song(1)])
    assert songs.rolls is None and songs.bars(0) is None
    assert songs.score(1) is songs.only([1]).score(0)


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("nowhere", "is neither there nor one of"),
        ("empty", "no MIDI file"),
        ("one.mid", "is one file; put it into a folder"),
        ("bars.h5", "bars without notes' lengths"),
        ("one:valid", "no song in this part; leave ':valid' away"),
        ("absent.npz", "there is no such file"),
        ("text.npz", "is no .npz"),
    ],
)
def test_places_without_songs(place: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    folder(tmp_path / "one", 1)
    write_midi(song(0), tmp_path / "one.mid")
    (tmp_path / "bars.h5").write_bytes(b"HDF")
    (tmp_path / "text.npz").write_text("not an archive")
    with pytest.raises(InputError) as caught:
        open_songs(place)
    assert str(caught.value).startswith(place.partition(":")[0]) and sentence in str(caught.value)


SHAPE = (3, 5, 1, 16, 24)
NAMES = ["drums", "piano", "guitar", "bass", "strings"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"rolls": None}, "has no 'rolls'"),
        ({"resolution": None}, "has no 'resolution'"),
        ({"rolls": np.zeros(SHAPE[1:], bool)}, "must be (sample, track, bar, step, pitch)"),
        ({"rolls": np.full(SHAPE, np.nan)}, "NaN"),
        ({"rolls": np.full(SHAPE, 3)}, "binarise it first"),
        ({"rolls": np.array([None])}, "cannot be read as .npz"),
        ({"rolls": np.zeros((0, *SHAPE[1:]), bool)}, "holds no sample"),
        ({"rolls": np.zeros((3, 5, 0, 16, 24), bool)}, "1 to 64 bars"),
        ({"rolls": np.zeros((3, 5, 1, 16, 0), bool)}, "a track and a pitch at least"),
        ({"rolls": np.zeros((3, 5, 1, 0, 24), bool), "resolution": 0}, "0 steps a beat"),
        ({"rolls": np.zeros((1, 5, 1, 400, 4), bool), "resolution": 100}, "100 steps a beat"),
        ({"drum_track": 7}, "drum track 7 is none of 5 tracks"),
        ({"drum_track": 0.5}, "drum_track must be one whole number"),
        ({"drum_track": -1, "tracks": NAMES}, "drum_track is -1, but by their names the drums are track 0"),
        ({"drum_track": 1, "tracks": NAMES}, "drum_track is 1, but by their names the drums are track 0"),
        ({"resolution": 24}, "a 4/4 bar at 24 steps a beat has 96 steps"),
        ({"lowest_pitch": 120}, "leave MIDI's range"),
        ({"lowest_pitch": -1}, "leave MIDI's range"),
        ({"tracks": [*NAMES[:4], "kazoo"]}, "track 'kazoo' is none of drums, piano"),
        ({"tracks": NAMES[:2]}, "5 tracks need as many names"),
        ({"song": np.arange(3)}, "a song for each sample"),
        ({"song": np.full(12, np.nan)}, "song must be a whole number"),
        ({"onsets": np.zeros(SHAPE, bool)}, "onsets and cells have one shape"),
    ],
)
def test_arrays_that_are_none(values: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    path = rolls_file(tmp_path / "a.npz", **values)
    with pytest.raises(InputError) as caught:
        open_songs(path)
    assert str(caught.value).startswith(f"{path}: ") and sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_damaged_array(tmp_path: Path) -> None:
    path = rolls_file(tmp_path / "a.npz")
    whole = path.read_bytes()
    for content in (whole[:200], whole[:-30], whole.replace(b"NUMPY", b"NUMPX", 1)):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"numpy\.savez"):
            open_songs(path)
