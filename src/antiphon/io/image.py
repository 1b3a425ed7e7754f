"""Score to piano-roll picture: PNG by an own rasteriser, SVG as text; the same score, the same bytes."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from antiphon.errors import InputError
from antiphon.files import write_bytes
from antiphon.io.font import STYLES, face
from antiphon.io.roll_layout import Box, Label, Picture, layout
from antiphon.music.score import Score

WIDTH = 1600
"""Pixels across, by default."""


def render_image(
    score: Score, path: Path | str, *, width: int = WIDTH, height: int | None = None, new: int | None = None
) -> None:
    """Draw a score as a piano roll into a .png or .svg file, by its suffix; see `roll_layout.layout` for the sizes and
    for scores that are new from a tick on.

    Raises
    ------
    InputError
        If the suffix is another one, the size out of range, or the place cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in WRITERS:
        raise InputError(f"{path}: cannot draw this kind of picture; choose a name ending in {', '.join(WRITERS)}")
    write_bytes(path, WRITERS[path.suffix.lower()](layout(score, width, height, new)))


def rasterise(picture: Picture) -> NDArray[np.uint8]:
    """Pixels (height, width, 3) of a picture."""
    canvas = np.full((picture.height, picture.width, 3), 255, np.uint8)
    for shape in picture.shapes:
        if isinstance(shape, Box):
            _fill(canvas, shape)
        else:
            _write(canvas, shape)
    return canvas


def png_bytes(picture: Picture) -> bytes:
    """A picture as a PNG file (8-bit RGB)."""
    return encode_png(rasterise(picture))


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """Pixels (height, width, 3) as a PNG file."""
    height, width, _ = pixels.shape
    # Each row of pixels begins with its filter: none.
    rows = np.zeros((height, 1 + 3 * width), np.uint8)
    rows[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def svg_bytes(picture: Picture) -> bytes:
    """A picture as an SVG file."""
    size = f'width="{picture.width}" height="{picture.height}" viewBox="0 0 {picture.width} {picture.height}"'
    shapes = [_svg_box(shape) if isinstance(shape, Box) else _svg_label(shape) for shape in picture.shapes]
    style = 'font-family="DejaVu Sans, Verdana, sans-serif" shape-rendering="crispEdges"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>\n<rect width="100%" height="100%" fill="#FFFFFF"/>'
    return "\n".join([head, *shapes, "</svg>\n"]).encode()


WRITERS: dict[str, Callable[[Picture], bytes]] = {".png": png_bytes, ".svg": svg_bytes}
"""By suffix."""


def _fill(canvas: NDArray[np.uint8], box: Box) -> None:
    left, right = sorted((round(box.x), round(box.x + box.width)))
    upper, lower = sorted((round(box.y), round(box.y + box.height)))
    area = canvas[max(0, upper) : max(0, lower), max(0, left) : max(0, right)]
    area[:] = _blend(area, _colour(box.colour), box.opacity)


def _write(canvas: NDArray[np.uint8], label: Label) -> None:
    letters = face(label.style)
    coverage = letters.draw(label.text)
    x = round(label.x - coverage.shape[1] * {"start": 0.0, "middle": 0.5, "end": 1.0}[label.anchor])
    y = round(label.y) - letters.baseline
    coverage = coverage[max(0, -y) :, max(0, -x) :]
    area = canvas[max(0, y) :, max(0, x) :][: coverage.shape[0], : coverage.shape[1]]
    opacity = coverage[: area.shape[0], : area.shape[1], None] / 255
    area[:] = _blend(area, _colour(label.colour), opacity)


def _blend(
    below: NDArray[np.uint8], colour: NDArray[np.float64], opacity: float | NDArray[np.float64]
) -> NDArray[np.uint8]:
    return np.round(below + (colour - below) * opacity).astype(np.uint8)


def _colour(name: str) -> NDArray[np.float64]:
    return np.array([int(name[i : i + 2], 16) for i in (1, 3, 5)], np.float64)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _svg_box(box: Box) -> str:
    opacity = "" if box.opacity == 1 else f' fill-opacity="{box.opacity:g}"'
    place = f'x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}"'
    return f'<rect {place} fill="{box.colour}"{opacity}/>'


def _svg_label(label: Label) -> str:
    weight = ' font-weight="bold"' if label.style == "bold" else ""
    text = escape("".join(character if character.isprintable() else " " for character in label.text))
    place = f'x="{label.x:g}" y="{label.y:g}" text-anchor="{label.anchor}" font-size="{STYLES[label.style][1]}"'
    return f'<text {place} fill="{label.colour}"{weight}>{text}</text>'
