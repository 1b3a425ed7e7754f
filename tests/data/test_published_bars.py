"""The published HDF5 layout, small but chunked and packed as published, and files that are something else."""

import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from antiphon.codecs.chords import chord_vector
from antiphon.data import published_bars
from antiphon.data.published_bars import read_published_h5
from antiphon.errors import InputError


def pitches(*shape: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(60, 84, (*shape, 16)).astype(np.uint8)


def rolls(bars: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.moveaxis(np.eye(128, dtype=bool)[bars], -1, -2)


def write(path: Path, **arrays: NDArray[np.generic]) -> Path:
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array, chunks=True, compression="gzip", compression_opts=4)
    return path


def test_v1_set(tmp_path: Path) -> None:
    bars = pitches(50)
    rows = read_published_h5(write(tmp_path / "v1.h5", x=rolls(bars)))
    assert list(rows) == ["real"]
    assert rows["real"].dtype == np.uint8
    assert np.array_equal(rows["real"], bars)


def test_v2_set_has_the_previous_bar_first(tmp_path: Path) -> None:
    pairs = pitches(40, 2)
    rows = read_published_h5(write(tmp_path / "v2.h5", x=rolls(pairs)))
    assert set(rows) == {"real", "previous"}
    assert np.array_equal(rows["previous"], pairs[:, 0])
    assert np.array_equal(rows["real"], pairs[:, 1])


def test_v3_set(tmp_path: Path) -> None:
    pairs, codes = pitches(24, 2), np.arange(24, dtype=np.uint8)
    rows = read_published_h5(write(tmp_path / "v3.h5", x=rolls(pairs), y=chord_vector(codes)))
    assert np.array_equal(rows["real"], pairs[:, 1])
    assert np.array_equal(rows["chord"], codes)
    assert rows["chord"].dtype == np.uint8


def test_blocks_of_any_chunking_join_seamlessly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published_bars, "_BLOCK_ROWS", 10)
    pairs = pitches(37, 2)
    for chunk in (3, 10, 37):
        path = tmp_path / f"{chunk}.h5"
        with h5py.File(path, "w") as file:
            file.create_dataset("x", data=rolls(pairs), chunks=(chunk, 1, 16, 2), compression="gzip")
        assert np.array_equal(read_published_h5(path)["real"], pairs[:, 1])


def test_empty_set_gives_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "none.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=np.zeros((0, 128, 16), bool))
    assert read_published_h5(path)["real"].shape == (0, 16)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"z": np.zeros((2, 128, 16), bool)}, "no array 'x'"),
        ({"x": np.zeros((2, 88, 16), bool)}, "shape"),
        ({"x": np.zeros((2, 3, 128, 16), bool)}, "shape"),
        ({"x": np.zeros((2, 128, 16), bool)}, "exactly one pitch"),
        ({"x": np.ones((2, 128, 16), bool)}, "exactly one pitch"),
        ({"x": rolls(pitches(2, 2)), "y": np.zeros((3, 13), np.float32)}, "y has shape"),
        ({"x": rolls(pitches(2, 2)), "y": np.ones((2, 13), np.float32)}, "else than chords"),
    ],
)
def test_other_contents_are_refused(tmp_path: Path, arrays: dict[str, NDArray[np.generic]], words: str) -> None:
    path = write(tmp_path / "other.h5", **arrays)
    with pytest.raises(InputError, match=words) as caught:
        read_published_h5(path)
    assert str(path) in str(caught.value)


def test_a_note_missing_here_and_doubled_there_is_noticed(tmp_path: Path) -> None:
    x = rolls(pitches(2))
    x[0, :, 3] = False
    x[1, :2, 5] = True
    x[1, 60:, 5] = False
    with pytest.raises(InputError, match="exactly one pitch"):
        read_published_h5(write(tmp_path / "swapped.h5", x=x))


def test_a_group_in_the_arrays_place_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "group.h5", "w") as file:
        file.create_group("x")
    with pytest.raises(InputError, match="no array 'x'"):
        read_published_h5(tmp_path / "group.h5")


@pytest.mark.parametrize("value", [np.float32(3), np.array(b"text"), h5py.Empty("f")])
def test_a_single_value_is_refused(tmp_path: Path, value: object) -> None:
    with h5py.File(tmp_path / "single.h5", "w") as file:
        file["x"] = value
    with pytest.raises(InputError, match="no array 'x'"):
        read_published_h5(tmp_path / "single.h5")


def test_a_claim_of_many_rows_is_refused_before_it_costs_memory(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "huge.h5", "w") as file:
        file.create_dataset("x", shape=(10**12, 128, 16), dtype=bool, chunks=(64, 128, 16))
    with pytest.raises(InputError, match="claims 1000000000000 rows"):
        read_published_h5(tmp_path / "huge.h5")


@pytest.mark.parametrize("content", [b"", b"MThd\0\0\0\6", b"\x89HDF\r\n\x1a\n" + bytes(50)])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.h5"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a whole HDF5 file"):
        read_published_h5(path)


def test_truncated_and_damaged_files_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "cut.h5", x=rolls(pitches(300, 2)))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="not a whole HDF5 file"):
        read_published_h5(path)
    path.write_bytes(whole[:-3000] + bytes(3000))
    with pytest.raises(InputError):
        read_published_h5(path)


def test_missing_file_and_missing_h5py(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_published_h5(tmp_path / "absent.h5")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(InputError, match=r"antiphon\[h5\]"):
        read_published_h5(tmp_path / "absent.h5")
