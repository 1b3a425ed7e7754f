"""Rolls: what they are checked for, files and back, phrases of other lengths, what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from antiphon.errors import InputError
from antiphon.evaluation.rolls import Rolls, read_rolls, write_rolls


def rolls(num: int = 3, tracks: int = 5, resolution: int = 4) -> Rolls:
    cells = np.random.default_rng(0).random((num, tracks, 2, 4 * resolution, 24)) < 0.2
    names = ("bass", "drums", "guitar", "strings", "piano")[:tracks]
    return Rolls(cells, 48, resolution, 1, names, np.array([0, 0, 1][:num]), cells)


def arrays() -> dict[str, Any]:
    return {"rolls": np.zeros((2, 5, 2, 16, 24), bool), "lowest_pitch": 48, "resolution": 4, "drum_track": 1}


def test_files_and_back(tmp_path: Path) -> None:
    written = rolls()
    write_rolls(written, tmp_path / "a.npz")
    read = read_rolls(tmp_path / "a.npz")
    assert np.array_equal(read.cells, written.cells) and read.tracks == written.tracks and read.drum_track == 1
    assert read.song.tolist() == [0, 0, 1] and read.onsets is not None and np.array_equal(read.onsets, written.cells)
    assert (read.lowest_pitch, read.resolution) == (48, 4)


def test_five_unnamed_tracks_have_the_names_of_their_order(tmp_path: Path) -> None:
    for drum, first in ((0, "drums"), (1, "bass")):
        np.savez(tmp_path / "a.npz", rolls=rolls().cells, lowest_pitch=48, resolution=4, drum_track=drum)
        assert read_rolls(tmp_path / "a.npz").tracks[0] == first


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"rolls": np.zeros((2, 5, 16, 24), bool)}, "rolls is"),
        ({"rolls": np.full((2, 5, 2, 16, 24), np.nan)}, "NaN"),
        ({"rolls": np.full((2, 5, 2, 16, 24), 3)}, "true and false"),
        ({"resolution": 5}, "20 steps"),
        ({"resolution": 4.5}, "resolution must be"),
        ({"drum_track": 7}, "drum track 7"),
        ({"lowest_pitch": 120}, "leave MIDI's range"),
        ({"tracks": np.array(["a", "a", "b", "c", "d"])}, "no two alike"),
        ({"song": np.array([0])}, "song for each"),
        ({"onsets": np.zeros((1, 5, 2, 16, 24), bool)}, "one shape"),
    ],
)
def test_foreign_arrays_are_refused_by_the_key(tmp_path: Path, change: dict[str, Any], named: str) -> None:
    good: dict[str, Any] = {
        "rolls": np.zeros((2, 5, 2, 16, 24), bool),
        "lowest_pitch": 48,
        "resolution": 4,
        "drum_track": 1,
    }
    np.savez(tmp_path / "a.npz", **{**good, **change})
    with pytest.raises(InputError, match=named) as caught:
        read_rolls(tmp_path / "a.npz")
    assert str(caught.value).startswith(str(tmp_path / "a.npz"))


@pytest.mark.parametrize("key", ["rolls", "lowest_pitch", "resolution", "drum_track"])
def test_what_is_missing_is_named(tmp_path: Path, key: str) -> None:
    good: dict[str, Any] = {
        "rolls": np.zeros((2, 5, 2, 16, 24), bool),
        "lowest_pitch": 48,
        "resolution": 4,
        "drum_track": 1,
    }
    del good[key]
    np.savez(tmp_path / "a.npz", **good)
    with pytest.raises(InputError, match=key):
        read_rolls(tmp_path / "a.npz")


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_rolls(tmp_path / "none.npz")
    (tmp_path / "b.npz").write_bytes(b"PK\x03\x04 not an archive")
    with pytest.raises(InputError, match=r"b\.npz"):
        read_rolls(tmp_path / "b.npz")


def test_bars_are_dealt_into_phrases_in_order_however_they_are_stored() -> None:
    cells = np.random.default_rng(0).random((6, 2, 1, 8, 12)) < 0.3
    single = Rolls(cells, 60, 2, None, ("piano", "bass"), np.zeros(6, np.int64), cells)
    whole, rest = single.in_phrases(4)
    assert whole.cells.shape == (1, 2, 4, 8, 12) and rest.cells.shape == (1, 2, 2, 8, 12)
    assert np.array_equal(whole.cells[0, :, 3], cells[3, :, 0]) and np.array_equal(rest.cells[0, :, 1], cells[5, :, 0])
    (again,) = whole.in_phrases(4)
    assert np.array_equal(again.cells, whole.cells) and again.onsets is not None
    assert np.array_equal(again.onsets, whole.cells)
