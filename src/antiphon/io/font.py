"""Letters for pictures: glyphs of DejaVu Sans drawn once into a small table, so that no font library is needed."""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

STYLES = {"small": ("DejaVuSans.ttf", 11), "plain": ("DejaVuSans.ttf", 13), "bold": ("DejaVuSans-Bold.ttf", 15)}
"""Font file and size in pixels of each style."""

CHARACTERS = "".join(map(chr, [*range(32, 127), *range(161, 256)])) + "♭♯…Δ\u2013\u2014\u2019"
"""What can be written; anything else shows as a question mark."""


@dataclass(frozen=True)
class Face:
    """One style: glyph i fills columns `left[i]` to `left[i + 1]` of `strip` (height, columns), uint8 coverage."""

    strip: NDArray[np.uint8]
    left: NDArray[np.int32]
    baseline: int

    def width(self, text: str) -> int:
        """Pixels that a text takes."""
        return sum(int(self.left[i + 1] - self.left[i]) for i in _indices(text))

    def draw(self, text: str) -> NDArray[np.uint8]:
        """Coverage (height, width) of a text, 255 where ink is full."""
        glyphs = [self.strip[:, self.left[i] : self.left[i + 1]] for i in _indices(text)]
        return np.concatenate([self.strip[:, :0], *glyphs], axis=1)


@cache
def face(style: str) -> Face:
    """The glyphs of a style in `STYLES`."""
    with resources.files("antiphon.io").joinpath("glyphs.npz").open("rb") as stream:
        stored = np.load(stream)
        return Face(stored[f"{style}_strip"], stored[f"{style}_left"], int(stored[f"{style}_baseline"]))


_RULER = "Å|"
_INDEX = {character: index for index, character in enumerate(CHARACTERS)}


def _indices(text: str) -> list[int]:
    return [_INDEX.get(character, _INDEX["?"]) for character in text]


def build(path: Path) -> None:
    """Draw the table anew from the fonts that come with matplotlib: `python -m antiphon.io.font`."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for style, (file, size) in STYLES.items():
        strip, left, baseline = _strip(file, size)
        arrays |= {f"{style}_strip": strip, f"{style}_left": left, f"{style}_baseline": np.array(baseline)}
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]  # numpy's stub takes no mapping of arrays


def _strip(file: str, size: int) -> tuple[NDArray[np.uint8], NDArray[np.int32], int]:
    import matplotlib
    from matplotlib.ft2font import FT2Font, LoadFlags

    font = FT2Font(str(Path(matplotlib.get_data_path(), "fonts", "ttf", file)))
    font.set_size(size, 72)
    columns = []
    # Each character is drawn after a high and a low one, so that every drawing has the same height and baseline.
    flags = LoadFlags.FORCE_AUTOHINT
    before = sum(font.load_char(ord(letter), flags=flags).horiAdvance // 64 for letter in _RULER)
    for character in CHARACTERS:
        advance = max(1, font.load_char(ord(character), flags=flags).horiAdvance // 64)
        font.set_text(_RULER + character, 0.0, flags=flags)
        font.draw_glyphs_to_bitmap(antialiased=True)
        image = np.asarray(font.get_image())[:, before : before + advance]
        columns.append(np.pad(image, ((0, 0), (0, advance - image.shape[1]))))
    height = max(len(cell) for cell in columns)
    columns = [np.pad(cell, ((0, height - len(cell)), (0, 0))) for cell in columns]
    font.set_text(_RULER, 0.0, flags=flags)
    ascent = height - round(font.get_descent() / 64)
    left = np.concatenate([[0], np.cumsum([cell.shape[1] for cell in columns])]).astype(np.int32)
    return np.concatenate(columns, axis=1), left, ascent


if __name__ == "__main__":
    build(Path(__file__).with_name("glyphs.npz"))
