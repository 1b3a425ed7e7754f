"""Reader of the bar GAN's published HDF5 sets: boolean rolls, bar by bar, to rows as `FrameBars` makes them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.chords import codes_of_vectors
from antiphon.codecs.codec import Rows
from antiphon.errors import InputError

NUM_PITCHES, COLUMNS, NUM_CHORD_VALUES = 128, 16, 13

MAX_ROWS = 10_000_000
"""A compressed file of a few bytes can claim any number of rows; the largest published set has 168,000."""

_BLOCK_ROWS = 4096


def read_published_h5(path: Path | str) -> Rows:
    """Rows of a published set: `x` (N, 128, 16) for v1, (N, 2, 128, 16) for v2, and with `y` (N, 13) for v3.

    The file is read block by block; beside the rows (16 to 33 bytes each) some 50 MB are in use.

    Returns
    -------
    "real" uint8 (N, 16) MIDI pitches; from v2 on "previous" uint8 (N, 16); in v3 "chord" uint8 (N,) codes. In these
    sets the chord is that of the current bar and C minor may stand for none (`FrameBars.PUBLISHED`).

    Raises
    ------
    InputError
        If h5py is not installed, or the file is missing, damaged or holds something else.
    """
    try:
        import h5py
    except ImportError:
        raise InputError(f'{path}: reading HDF5 needs h5py; install it with pip install "antiphon[h5]"') from None
    if not Path(path).is_file():
        raise InputError(f"{path}: there is no such file; name a published .h5 set")
    try:
        with h5py.File(path, "r") as file:
            return _read(file, path)
    # h5py reports a damaged file as one of these, according to the place where it notices.
    except (OSError, RuntimeError, KeyError) as error:
        raise InputError(f"{path}: not a whole HDF5 file ({error}); fetch or copy it again") from None


def _read(file: Any, path: Path | str) -> Rows:
    bars = _dataset(file, "x", path)
    if bars.shape[1:] not in ((NUM_PITCHES, COLUMNS), (2, NUM_PITCHES, COLUMNS)):
        raise InputError(f"{path}: x has shape {bars.shape}; a published set has (N, 128, 16) or (N, 2, 128, 16)")
    if len(bars) > MAX_ROWS:
        raise InputError(f"{path}: x claims {len(bars)} rows; at most {MAX_ROWS} are read")
    paired = bars.ndim == 4
    names = ("previous", "real") if paired else ("real",)
    rows = {name: np.empty((len(bars), COLUMNS), np.uint8) for name in names}
    for block in _blocks(bars):
        pitches = _pitches(bars[block], path, block.start).reshape(-1, len(names), COLUMNS)
        for index, name in enumerate(names):
            rows[name][block] = pitches[:, index]
    if "y" in file:
        rows["chord"] = _chords(_dataset(file, "y", path), len(bars), path)
    return rows


def _dataset(file: Any, key: str, path: Path | str) -> Any:
    import h5py

    dataset = file.get(key)
    if not isinstance(dataset, h5py.Dataset) or not dataset.shape or dataset.dtype.kind not in "biuf":
        raise InputError(f"{path}: there is no array {key!r}; a published set holds x, and y where it has chords")
    return dataset


def _blocks(dataset: Any) -> Iterator[slice]:
    """Slices of rows that follow the file's chunks, so that each chunk is unpacked once."""
    chunk = dataset.chunks[0] if dataset.chunks else _BLOCK_ROWS
    size = max(1, _BLOCK_ROWS // chunk) * chunk if chunk <= _BLOCK_ROWS else _BLOCK_ROWS
    for start in range(0, len(dataset), size):
        yield slice(start, min(start + size, len(dataset)))


def _pitches(rolls: NDArray[Any], path: Path | str, first: int) -> NDArray[np.uint8]:
    """The one pitch of each column: (..., 128, 16) to (bars, 16)."""
    cells = np.flatnonzero(rolls)
    bar, cell = np.divmod(cells, NUM_PITCHES * COLUMNS)
    num_bars = rolls.size // (NUM_PITCHES * COLUMNS)
    pitches = np.full(num_bars * COLUMNS, 255, np.uint8)
    pitches[bar * COLUMNS + cell % COLUMNS] = cell // COLUMNS
    if len(cells) != len(pitches) or np.any(pitches == 255):
        raise InputError(
            f"{path}: a column among rows {first} to {first + len(rolls) - 1} of x does not hold exactly one pitch; "
            "this is no published set"
        )
    return pitches.reshape(num_bars, COLUMNS)


def _chords(vectors: Any, num_rows: int, path: Path | str) -> NDArray[np.uint8]:
    if vectors.shape != (num_rows, NUM_CHORD_VALUES):
        raise InputError(f"{path}: y has shape {vectors.shape}; beside this x a published set has ({num_rows}, 13)")
    codes = np.empty(num_rows, np.uint8)
    for block in _blocks(vectors):
        try:
            codes[block] = codes_of_vectors(vectors[block])
        except ValueError as error:
            raise InputError(f"{path}: y holds something else than chords: {error}") from None
    return codes
