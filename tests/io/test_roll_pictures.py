"""Rolls as pictures: where a cell lies, what its colour is, and that tiles are whole."""

import struct
from pathlib import Path

import numpy as np
import pytest

from antiphon.errors import InputError
from antiphon.io.roll_pictures import COLOURS, WIDEST, coloured, stacked, tiled, write_pixels

NAMES = ("drums", "bass")


def one(track: int = 0, bar: int = 0, step: int = 0, pitch: int = 0, value: float = 1.0) -> np.ndarray:
    """Two tracks of two bars with one cell that sounds."""
    cells = np.zeros((2, 2, 16, 24))
    cells[track, bar, step, pitch] = value
    return cells


def inked(pixels: np.ndarray) -> tuple[set[int], set[int]]:
    """Rows and columns that are neither white nor line."""
    found = np.argwhere(~np.isin(pixels, (255, 130)).all(2))
    return set(found[:, 0].tolist()), set(found[:, 1].tolist())


def test_a_cell_has_its_place_and_its_tracks_colour() -> None:
    pixels = coloured(one(1, 1, 3, 0), NAMES)
    assert pixels.shape == (48, 2 * 64 + 1, 3)
    # The lowest pitch is below, a step four pixels wide, and a line lies between the bars.
    assert inked(pixels) == ({46, 47}, {65 + 12 + column for column in range(4)})
    assert "#{:02X}{:02X}{:02X}".format(*pixels[47, 65 + 12]) == COLOURS["bass"]
    assert (pixels[:, 64] == 130).all()
    assert inked(coloured(one(0, 0, 0, 23), NAMES))[0] == {0, 1}


def test_tracks_together_are_darker_and_half_a_value_is_paler() -> None:
    both = coloured(one(0) + one(1), NAMES)[47, 0].astype(int)
    alone = [coloured(one(track), NAMES)[47, 0].astype(int) for track in (0, 1)]
    half = coloured(one(0, value=0.5), NAMES)[47, 0].astype(int)
    assert (both <= np.minimum(*alone)).all() and (both < alone[0]).any()
    assert (half >= alone[0]).all() and (half > alone[0]).any()


def test_stacked_tracks_lie_above_each_other() -> None:
    pixels = stacked(one(1, 0, 0, 23))
    assert pixels.shape == (2 * (24 + 1 + 24), 129, 3)
    assert inked(pixels)[0] == {50, 51} and (pixels[50, 0] == 0).all()


def test_tiles_hold_their_pictures_and_names(tmp_path: Path) -> None:
    picture = coloured(one(), NAMES)
    sheet = tiled([[picture, picture], [picture]], [["first", "second"], ["third"]])
    plain = tiled([[picture, picture], [picture]])
    assert sheet.shape[1] == plain.shape[1] > 2 * picture.shape[1] and len(sheet) > len(plain) > 2 * len(picture)
    colour = picture[-1, 0]
    assert (plain == colour).all(2).sum() == 3 * (picture == colour).all(2).sum()
    write_pixels(sheet, tmp_path / "sheet.png")
    header = (tmp_path / "sheet.png").read_bytes()
    assert struct.unpack(">II", header[16:24]) == (sheet.shape[1], len(sheet))
    with pytest.raises(InputError, match="choose another place"):
        write_pixels(sheet, tmp_path / "sheet.png" / "sheet.png")


def test_bars_are_numbered_where_they_begin_and_colours_are_told() -> None:
    cells = np.zeros((2, 4, 16, 24))
    picture = coloured(cells, NAMES)
    plain = tiled([[picture, picture]], [["a", "b"]])
    told = tiled([[picture, picture]], [["a", "b"]], bars=4, tracks=NAMES)
    assert told.shape[1] == plain.shape[1]
    for name in NAMES:
        colour = [int(COLOURS[name][place : place + 2], 16) for place in (1, 3, 5)]
        rows, columns = np.nonzero((told == colour).all(2))
        assert len(rows) == 12 * 12 and np.ptp(rows) == np.ptp(columns) == 11 and rows.max() < 20
    # Above the frame, in both pictures, each bar has ink where it begins and none before the next.
    frame = int(np.flatnonzero((told[:, 14] == 130).all(1))[0])
    ink = np.flatnonzero((told[frame - 12 : frame] < 128).all(2).any(0))
    width = picture.shape[1] + 2
    begins = [12 + place * (width + 6) + bar * width // 4 for place in (0, 1) for bar in range(4)]
    assert {int(np.searchsorted(begins, column, side="right")) for column in ink} == set(range(1, 9))
    assert all(column - begins[np.searchsorted(begins, column, side="right") - 1] < 12 for column in ink)


def test_numbers_that_have_no_room_are_left_out() -> None:
    narrow = np.full((20, 40, 3), 255, np.uint8)
    many, few = (tiled([[narrow]], bars=bars) for bars in (20, 2))
    assert many.shape == few.shape and (many != few).any()
    # Of twenty, the first and the eleventh.
    inked_columns = np.flatnonzero((many[:24] < 128).all(2).any(0))
    assert set((inked_columns - 12) // 21) == {0, 1} and len(many) > len(tiled([[narrow]]))
    wide = tiled([[narrow]], tracks=["a part with a long name", "another one"])
    assert wide.shape[1] == tiled([[narrow]]).shape[1]


def test_sheets_do_not_grow_without_end() -> None:
    cells = np.zeros((2, 80, 16, 24))
    cells[0, 79, 15, 5] = 1
    sheet = tiled([[coloured(cells, NAMES)] * 2])
    assert sheet.shape[1] <= WIDEST + 100 and len(inked(sheet)[1]) >= 2
