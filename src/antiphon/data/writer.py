"""Write a corpus folder song by song, in little memory: tables grow on disk, the manifest comes last."""

import hashlib
import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from antiphon.data.manifest import MANIFEST, SCHEMA_VERSION, Manifest, Song, TableRecord, fingerprint
from antiphon.data.tables import DTYPES, Packed, Table

OFFSETS = "offsets"
STRINGS = "strings"


class TableFile:
    """A `.npy` file to which rows are appended, each a value of the dtype or an array of `shape`.

    numpy leaves room in the header for the number of rows to grow, so the header is written twice: empty at first, and
    with the true count at the end.
    """

    def __init__(self, path: Path, dtype: np.dtype[Any], shape: tuple[int, ...] = ()) -> None:
        self.path, self.dtype, self.shape, self.rows = path, dtype, shape, 0
        self.digest = hashlib.sha256()
        self.stream = path.open("wb")
        self.stream.write(_header(dtype, (0, *shape)))

    def append(self, rows: np.ndarray[Any, Any]) -> None:
        """Add rows of the file's dtype and shape."""
        assert rows.dtype == self.dtype and rows.shape[1:] == self.shape
        content = np.ascontiguousarray(rows).reshape(-1).view(np.uint8).data
        self.digest.update(content)
        self.stream.write(content)
        self.rows += len(rows)

    def finish(self) -> TableRecord:
        """Write the count and close."""
        self.stream.seek(0)
        self.stream.write(_header(self.dtype, (self.rows, *self.shape)))
        self.stream.close()
        return TableRecord(rows=self.rows, num_bytes=self.path.stat().st_size, sha256=self.digest.hexdigest())


class CorpusWriter:
    """Take packed songs in order and leave a complete corpus folder; use as a context.

    Parameters
    ----------
    folder
        An existing, empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = {name: TableFile(folder / table_file(name), dtype) for name, dtype in DTYPES.items()}
        self.offsets = [dict.fromkeys(DTYPES, 0)]
        self.strings: dict[str, int] = {}
        self.num_songs = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self.files.values():
            file.stream.close()

    def add(self, packed: Packed) -> None:
        """Append one song; its tables are used up, except where they are read-only."""
        for name, file in self.files.items():
            file.append(self._placed(packed.tables[name], packed.strings))
        self.offsets.append({name: file.rows for name, file in self.files.items()})
        self.num_songs += 1

    def finish(self, songs: tuple[Song, ...], **fields: Any) -> Manifest:
        """Write offsets, strings and the manifest.

        Parameters
        ----------
        songs
            One a song added, in order.
        **fields
            The manifest's name, licence, attribution, sources, rules, remarks and rejected.
        """
        assert len(songs) == self.num_songs
        records = {name: file.finish() for name, file in self.files.items()}
        records[OFFSETS] = self._write_offsets()
        records[STRINGS] = self._write_strings()
        counts = {name: records[name].rows for name in DTYPES}
        counts |= {"songs": len(songs), "rejected": len(fields.get("rejected", ()))}
        manifest = Manifest(
            schema_version=SCHEMA_VERSION,
            fingerprint=fingerprint(records, songs, fields["rules"]),
            counts=counts,
            tables=records,
            songs=songs,
            **fields,
        )
        (self.folder / MANIFEST).write_text(manifest.json_text(), encoding="utf-8")
        return manifest

    def _placed(self, rows: Table, strings: tuple[str, ...]) -> Table:
        """Rows with this song's number, and indices into the corpus's strings in place of the song's own."""
        rows = rows if rows.flags.writeable else rows.copy()
        rows["song"] = self.num_songs
        for column in {"name", "symbol"} & set(rows.dtype.names or ()):
            numbers = [self.strings.setdefault(strings[own], len(self.strings)) for own in rows[column]]
            rows[column] = np.array(numbers, np.uint32)
        return rows

    def _write_offsets(self) -> TableRecord:
        file = TableFile(self.folder / table_file(OFFSETS), offsets_dtype())
        file.append(np.array([tuple(row.values()) for row in self.offsets], offsets_dtype()))
        return file.finish()

    def _write_strings(self) -> TableRecord:
        content = strings_bytes(tuple(self.strings))
        (self.folder / table_file(STRINGS)).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        return TableRecord(rows=len(self.strings), num_bytes=len(content), sha256=digest)


def table_file(name: str) -> str:
    """The file name of a table, of the offsets or of the strings."""
    return f"{name}.json" if name == STRINGS else f"{name}.npy"


def offsets_dtype() -> np.dtype[np.void]:
    """Of the offsets table: its row i holds, for every table, the first row of song i; the last row holds the ends."""
    return np.dtype([(name, "<u8") for name in DTYPES])


def strings_bytes(strings: tuple[str, ...]) -> bytes:
    """Track names and chord symbols as they stand on disk."""
    return (json.dumps(strings, ensure_ascii=False) + "\n").encode()


def _header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    stream = BytesIO()
    fields: Mapping[str, Any] = {
        "descr": np.lib.format.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": shape,
    }
    np.lib.format.write_array_header_1_0(stream, dict(fields))
    return stream.getvalue()
