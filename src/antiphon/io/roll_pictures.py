"""Piano rolls as arrays to pictures: all tracks in colours over each other, or one above the other in black, in tiles.

Axes: K track, B bar, T step, P pitch; pixels are (height, width, 3) of uint8.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.files import write_bytes
from antiphon.io.font import face
from antiphon.io.image import encode_png
from antiphon.io.roll_layout import PALETTE

Pixels = NDArray[np.uint8]

COLOURS = {"bass": "#00B5D8", "drums": "#F06292", "guitar": "#F2C200", "strings": "#3557D6", "piano": "#F57C00"}
"""Of the five families, as in the pictures of Dong et al. 2018: cyan, pink, yellow, blue, orange."""

WIDEST = 4000
"""Pixels of a picture; wider ones are drawn with several steps a pixel."""

# Pixels of a pitch, and, at least, of a bar.
_TALL, _BAR = 2, 64
_LINE, _GAP, _MARGIN, _SWATCH, _FRAME = 1, 6, 12, 12, 130


def coloured(loudness: NDArray[Any], names: Sequence[str]) -> Pixels:
    """A song or phrase (K, B, T, P) of values from 0 (silent) to 1 (sounding) on white, the high pitches above, a
    line between bars. Each track takes from the light what its colour lacks, so that tracks that sound
    together are darker."""
    _, bars, steps, pitches = loudness.shape
    light = np.ones((bars * steps, pitches, 3))
    for part, colour in zip(loudness, _colours(names), strict=True):
        light -= part.reshape(-1, pitches)[..., None].astype(np.float64) * (1 - colour)
    canvas = np.round(255 * light.clip(0, 1)).astype(np.uint8).swapaxes(0, 1)[::-1]
    return _with_bar_lines(canvas, bars)


def stacked(loudness: NDArray[Any]) -> Pixels:
    """A phrase (K, B, T, P) as `coloured`, but black, each track by itself, the first on top."""
    _, bars, steps, pitches = loudness.shape
    grey = np.round(255 * (1 - loudness.clip(0, 1).astype(np.float64))).astype(np.uint8)
    parts = [part.reshape(bars * steps, pitches).T[::-1] for part in grey]
    line = np.full((_LINE, bars * steps), _FRAME, np.uint8)
    rows = [piece for part in parts for piece in (line, part)][1:]
    return _with_bar_lines(np.repeat(np.concatenate(rows)[..., None], 3, axis=2), bars)


def tiled(
    rows: Sequence[Sequence[Pixels]],
    names: Sequence[Sequence[str]] | None = None,
    *,
    bars: int = 0,
    tracks: Sequence[str] = (),
) -> Pixels:
    """Rows of pictures on white, each in a frame, with its name above it where there are names.

    Parameters
    ----------
    rows
        As many as one likes in each; what is smaller than its neighbours stays so.
    names
        One for each picture.
    bars
        Of how many bars each picture is, to be numbered from 1 above it; 0: no numbers.
    tracks
        Names of the tracks, of which a legend above everything tells the colours; none: no legend.
    """
    letters = face("plain")
    named = letters.strip.shape[0] + 2 if names is not None else 0
    head = named + (face("small").strip.shape[0] if bars else 0)
    widest = max(sum(picture.shape[1] for picture in row) for row in rows)
    narrow = max(-(-widest // WIDEST), 1)
    pictures = [[_framed(_narrowed(picture, narrow)) for picture in row] for row in rows]
    lines = []
    for number, row in enumerate(pictures):
        height = max(len(picture) for picture in row) + head
        line = [np.full((height, _MARGIN, 3), 255, np.uint8)]
        for place, picture in enumerate(row):
            tile = np.full((height, picture.shape[1] + _GAP, 3), 255, np.uint8)
            tile[head : head + len(picture), : picture.shape[1]] = picture
            if names is not None:
                _write(tile, letters.draw(names[number][place]))
            _number(tile[named:head], picture.shape[1], bars)
            line.append(tile)
        lines.append(np.concatenate(line, axis=1))
    width = max(line.shape[1] for line in lines) + _MARGIN - _GAP
    space = np.full((_GAP, width, 3), 255, np.uint8)
    whole = [space, *_legend(tracks, width), *(part for line in lines for part in (_padded(line, width), space))]
    return np.concatenate(whole)


def write_pixels(pixels: Pixels, path: Path) -> None:
    """Write a .png file.

    Raises
    ------
    InputError
        If the place cannot be written.
    """
    write_bytes(path, encode_png(pixels))


def _colours(names: Sequence[str]) -> NDArray[np.float64]:
    chosen = [COLOURS.get(name, PALETTE[number % len(PALETTE)]) for number, name in enumerate(names)]
    return np.array([[int(name[i : i + 2], 16) / 255 for i in (1, 3, 5)] for name in chosen])


def _with_bar_lines(canvas: Pixels, bars: int) -> Pixels:
    steps = canvas.shape[1] // bars
    canvas = canvas.repeat(_TALL, axis=0).repeat(max(_BAR // steps, 1), axis=1)
    line = np.full((len(canvas), _LINE, 3), _FRAME, np.uint8)
    parts = [piece for bar in np.split(canvas, bars, axis=1) for piece in (line, bar)][1:]
    return np.concatenate(parts, axis=1)


def _narrowed(picture: Pixels, times: int) -> Pixels:
    """Of so many columns the darkest."""
    if times == 1:
        return picture
    more = -picture.shape[1] % times
    wide = np.pad(picture, ((0, 0), (0, more), (0, 0)), constant_values=255)
    return np.asarray(wide.reshape(len(wide), -1, times, 3).min(axis=2))


def _framed(picture: Pixels) -> Pixels:
    return np.pad(picture, ((_LINE, _LINE), (_LINE, _LINE), (0, 0)), constant_values=_FRAME)


def _number(strip: Pixels, width: int, bars: int) -> None:
    """Write the numbers of bars where they begin, as many as have room."""
    letters = face("small")
    every = -(-(letters.width(str(bars)) + _GAP) * bars // width) if bars else 1
    for bar in range(0, bars, every):
        _write(strip[:, bar * width // bars + _LINE :], letters.draw(str(bar + 1)))


def _legend(names: Sequence[str], width: int) -> list[Pixels]:
    """Each track's colour and name, in as many lines as they take."""
    letters, lines, x = face("plain"), [], width
    for name, colour in zip(names, _colours(names), strict=True):
        text = letters.draw(name)
        if x + _SWATCH + _GAP + text.shape[1] > width - _MARGIN:
            lines.append(np.full((letters.strip.shape[0] + _GAP, width, 3), 255, np.uint8))
            x = _MARGIN
        lines[-1][2 : 2 + _SWATCH, x : x + _SWATCH] = np.round(255 * colour)
        _write(lines[-1][:, x + _SWATCH + _GAP :], text)
        x += _SWATCH + text.shape[1] + 4 * _GAP
    return lines


def _padded(line: Pixels, width: int) -> Pixels:
    return np.pad(line, ((0, 0), (0, width - line.shape[1]), (0, 0)), constant_values=255)


def _write(tile: Pixels, coverage: NDArray[np.uint8]) -> None:
    ink = coverage[: len(tile), : tile.shape[1]]
    tile[: len(ink), : ink.shape[1]] = 255 - ink[..., None]
