"""Corpora inside the package: a whole corpus as one small file, its columns recoded and compressed.

A file is XZ around: the length of a header (4 bytes, little endian), the header as JSON (manifest, strings, rows a
song, codings), and the columns one after the other. Of integers wider than a byte the low bytes of a column come first,
then the next ones. Which coding a column has is tried out when the file is made:

* `plain`: as it is.
* `steps`: differences from row to row, wrapping around.
* `ranks`: indices into a dictionary in which frequent values come first.

Notes have no absolute times: either `start` is kept in steps and `length` beside it, or both make one column of
`rhythm` (ticks to the next note's start, and length), which has few values in written music.
"""

import json
import lzma
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

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
Column = NDArray[Any]
Coded = tuple[dict[str, Any], bytes]
Parts = tuple[Manifest, Mapping[str, Table], NDArray[np.void], tuple[str, ...]]


def names() -> list[str]:
    """Names of the embedded corpora, in order."""
    files = resources.files("antiphon.data.embedded").iterdir()
    return sorted(file.name.removesuffix(SUFFIX) for file in files if file.name.endswith(SUFFIX))


def named(source: Path | str) -> bool:
    """Whether a source is the name of an embedded corpus: a bare word is, whatever lies in the working directory; the
    folder of that name is `./lieder` or a `Path`."""
    if str(source) not in names():
        return False
    return isinstance(source, str) or not source.exists()


def load(name: str) -> Parts:
    """Manifest, tables, offsets and strings of an embedded corpus."""
    return decode((resources.files("antiphon.data.embedded") / f"{name}{SUFFIX}").read_bytes(), name)


def encode(
    manifest: Manifest, tables: Mapping[str, Table], offsets: NDArray[np.void], strings: tuple[str, ...]
) -> bytes:
    """A corpus as the bytes of one file; the same corpus gives the same bytes."""
    coded = {name: [_coded(column, values) for column, values in _columns(name, tables[name])] for name in DTYPES}
    header = {
        "manifest": manifest.model_dump(mode="json"),
        "strings": strings,
        "rows": {name: np.diff(offsets[name].astype(np.int64)).tolist() for name in DTYPES},
        "columns": {name: [record for record, _ in columns] for name, columns in coded.items()},
    }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    contents = [content for columns in coded.values() for _, content in columns]
    return _compressed(b"".join([len(text).to_bytes(4, "little"), text, *contents]))


def decode(content: bytes, name: str) -> Parts:
    """The inverse of `encode`.

    Raises
    ------
    InputError
        If the bytes are not those of a corpus.
    """
    try:
        return _decoded(memoryview(lzma.decompress(content, format=lzma.FORMAT_XZ)))
    except (lzma.LZMAError, ValueError, KeyError, IndexError, ValidationError) as error:
        raise InputError(f"embedded corpus {name!r} is damaged ({error}); install antiphon again") from None


def _compressed(content: bytes) -> bytes:
    return lzma.compress(content, format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC64, filters=FILTERS)


def _decoded(content: memoryview) -> Parts:
    begin = 4 + int.from_bytes(content[:4], "little")
    header = json.loads(bytes(content[4:begin]))
    offsets = np.zeros(len(header["manifest"]["songs"]) + 1, offsets_dtype())
    tables = {}
    for name, dtype in DTYPES.items():
        counts = np.array(header["rows"][name], np.int64)
        offsets[name][1:] = np.cumsum(counts)
        table = np.empty(int(counts.sum()), dtype)
        table["song"] = np.repeat(np.arange(len(counts), dtype=np.uint32), counts)
        for record in header["columns"][name]:
            size = len(table) * np.dtype(record["dtype"]).itemsize
            _fill(table, record["column"], _values(record, content[begin : begin + size], len(table)))
            begin += size
        tables[name] = table
    return Manifest.model_validate(header["manifest"]), tables, offsets, tuple(header["strings"])


def _columns(name: str, table: Table) -> list[tuple[str, Column]]:
    """The columns of a table as they are coded."""
    plain = [(column, np.ascontiguousarray(table[column])) for column in table.dtype.names or () if column != "song"]
    if name != "notes":
        return plain
    start, length = plain[0][1], table["end"] - table["start"]
    until_next = np.append(start[1:], np.uint32(0)) - start
    together = [("rhythm", until_next.astype(np.uint64) << np.uint64(32) | length)]
    apart = [("start", start), ("length", length)]
    smaller = min(together, apart, key=lambda columns: sum(_size(*_coded(*column)) for column in columns))
    return smaller + plain[2:]


def _fill(table: Table, column: str, values: Column) -> None:
    if column == "rhythm":
        # Ticks to the next start, summed from the end, where the last row's go back to tick 0.
        table["start"] = -np.cumsum((values >> np.uint64(32)).astype(np.uint32)[::-1], dtype=np.uint32)[::-1]
        column, values = "length", values.astype(np.uint32)
    if column == "length":
        column, values = "end", table["start"] + values
    table[column] = values


def _coded(column: str, values: Column) -> Coded:
    """A column in the coding that is smallest: what is needed to decode it, and its bytes."""
    codings = [_plain(values), _steps(values), _ranks(values)]
    if values.dtype == bool:
        codings = codings[:1]
    record, content = min((coding for coding in codings if coding), key=lambda coding: _size(*coding))
    return {"column": column, **record}, content


def _size(record: dict[str, Any], content: bytes) -> int:
    # For a comparison a quick compression is good enough.
    return sum(len(lzma.compress(part, preset=3)) for part in (json.dumps(record).encode(), content))


def _plain(values: Column) -> Coded:
    return {"coding": "plain", "dtype": values.dtype.str}, _planes(values)


def _steps(values: Column) -> Coded:
    steps = np.diff(values, prepend=values.dtype.type(0))
    return {"coding": "steps", "dtype": values.dtype.str}, _planes(steps)


def _ranks(values: Column) -> Coded:
    known, indices, counts = np.unique(values, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    ranks = np.empty(len(known), np.int64)
    ranks[order] = np.arange(len(known))
    dtype = np.min_scalar_type(max(len(known) - 1, 0)).newbyteorder("<")
    record = {"coding": "ranks", "dtype": dtype.str, "known": known[order].tolist(), "of": values.dtype.str}
    return record, _planes(ranks[indices].astype(dtype))


def _values(record: dict[str, Any], content: memoryview, rows: int) -> Column:
    values = _from_planes(content, np.dtype(record["dtype"]), rows)
    if record["coding"] == "steps":
        return np.cumsum(values, dtype=values.dtype)
    if record["coding"] == "ranks":
        known: Column = np.array(record["known"], record["of"])
        return known[values]
    return values


def _planes(column: Column) -> bytes:
    """All lowest bytes, then all second ones, and so on."""
    return np.ascontiguousarray(column.view(np.uint8).reshape(len(column), column.itemsize).T).tobytes()


def _from_planes(content: memoryview, dtype: np.dtype[Any], rows: int) -> Column:
    planes = np.frombuffer(content, np.uint8).reshape(dtype.itemsize, rows)
    return np.ascontiguousarray(planes.T).reshape(-1).view(dtype)
