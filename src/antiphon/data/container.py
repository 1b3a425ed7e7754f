"""Corpora inside the package: a whole corpus as one small file, its columns turned into differences and compressed.

A file is XZ around: the length of a header (4 bytes, little endian), the header as JSON (manifest and strings), and the
columns of every table one after the other. Of integers wider than a byte the low bytes of a column come first, then the
next ones. Times are kept as differences: a note's start from the one before it in its track, its end from its start.
"""

import json
import lzma
from collections.abc import Mapping
from importlib import resources

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from antiphon.data.manifest import Manifest
from antiphon.data.tables import DTYPES, Table
from antiphon.data.writer import offsets_dtype
from antiphon.errors import InputError

SUFFIX = ".corpus.xz"
FILTERS = [
    {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 4, "lp": 0, "pb": 0, "dict_size": 1 << 24}
]
Parts = tuple[Manifest, Mapping[str, Table], NDArray[np.void], tuple[str, ...]]


def names() -> list[str]:
    """Names of the embedded corpora, in order."""
    files = resources.files("antiphon.data.embedded").iterdir()
    return sorted(file.name.removesuffix(SUFFIX) for file in files if file.name.endswith(SUFFIX))


def load(name: str) -> Parts:
    """Manifest, tables, offsets and strings of an embedded corpus."""
    return decode((resources.files("antiphon.data.embedded") / f"{name}{SUFFIX}").read_bytes(), name)


def encode(
    manifest: Manifest, tables: Mapping[str, Table], offsets: NDArray[np.void], strings: tuple[str, ...]
) -> bytes:
    """A corpus as the bytes of one file; the same corpus gives the same bytes."""
    header = {
        "manifest": manifest.model_dump(mode="json"),
        "strings": strings,
        "counts": {name: np.diff(offsets[name].astype(np.int64)).tolist() for name in DTYPES},
    }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    parts = [len(text).to_bytes(4, "little"), text]
    for name in DTYPES:
        columns = _differences(name, tables[name])
        parts += [_planes(columns[column]) for column in columns]
    return lzma.compress(b"".join(parts), format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC64, filters=FILTERS)


def decode(content: bytes, name: str) -> Parts:
    """The inverse of `encode`.

    Raises
    ------
    InputError
        If the bytes are not those of a corpus.
    """
    try:
        return _decode(lzma.decompress(content, format=lzma.FORMAT_XZ))
    except (lzma.LZMAError, ValueError, KeyError, ValidationError) as error:
        raise InputError(f"embedded corpus {name!r} is damaged ({error}); install antiphon again") from None


def _decode(content: bytes) -> Parts:
    begin = 4 + int.from_bytes(content[:4], "little")
    header = json.loads(content[4:begin])
    counts = {name: np.array(header["counts"][name], np.int64) for name in DTYPES}
    tables = {}
    for name, dtype in DTYPES.items():
        rows = int(counts[name].sum())
        table = np.empty(rows, dtype)
        for column in dtype.names or ():
            if column == "song":
                continue
            size = dtype[column].itemsize
            table[column] = _from_planes(content[begin : begin + rows * size], size, rows).view(dtype[column])
            begin += rows * size
        table["song"] = np.repeat(np.arange(len(counts[name]), dtype=np.uint32), counts[name])
        tables[name] = _sums(name, table)
    offsets = np.zeros(len(counts["notes"]) + 1, offsets_dtype())
    for name in DTYPES:
        offsets[name][1:] = np.cumsum(counts[name])
    return Manifest.model_validate(header["manifest"]), tables, offsets, tuple(header["strings"])


def _planes(column: NDArray[np.generic]) -> bytes:
    """All lowest bytes, then all second ones, and so on."""
    return np.ascontiguousarray(column.view(np.uint8).reshape(len(column), -1).T).tobytes()


def _from_planes(content: bytes, size: int, rows: int) -> NDArray[np.uint8]:
    planes = np.frombuffer(content, np.uint8).reshape(size, rows)
    return np.ascontiguousarray(planes.T).reshape(-1)


TICKS = {
    "notes": "start",
    "tempos": "tick",
    "time_signatures": "tick",
    "key_signatures": "tick",
    "pedal": "tick",
    "chords": "tick",
}


def _differences(name: str, table: Table) -> dict[str, NDArray[np.generic]]:
    columns = {column: np.ascontiguousarray(table[column]) for column in table.dtype.names or () if column != "song"}
    if name == "notes":
        columns["end"] = columns["end"] - columns["start"]
    if name in TICKS:
        ticks = columns[TICKS[name]]
        # Where a song or track begins, the difference to the last one wraps around 2**32 and back.
        columns[TICKS[name]] = np.diff(ticks, prepend=ticks.dtype.type(0))
    return columns


def _sums(name: str, table: Table) -> Table:
    if name in TICKS:
        table[TICKS[name]] = np.cumsum(table[TICKS[name]], dtype=np.uint32)
    if name == "notes":
        table["end"] += table["start"]
    return table
