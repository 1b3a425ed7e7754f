"""A prepared corpus: scores of many songs as flat, memory-mapped tables, with the splits and their manifest."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from antiphon.data import container
from antiphon.data.folds import fold_manifest, parse_fold
from antiphon.data.manifest import MANIFEST, SCHEMA_VERSION, SPLITS, Manifest, Song
from antiphon.data.tables import DTYPES, Packed, Table, unpack
from antiphon.data.writer import OFFSETS, STRINGS, offsets_dtype, table_file
from antiphon.errors import InputError
from antiphon.music.score import Score

PUBLISHED_SUFFIXES = (".h5", ".hdf5")
VIEWS = "views"
"""The folder within a corpus that holds its encoded rows."""


class Corpus:
    """Songs with their notes; open one with `Corpus.open`.

    Parameters
    ----------
    manifest
        What is known of it.
    tables
        Every table of `antiphon.data.tables.DTYPES`, memory-mapped or not.
    offsets
        (num_songs + 1,) rows of `offsets_dtype`.
    strings
        Track names and chord symbols.
    folder
        Where it lies on disk; None for one that is embedded in the package.
    """

    def __init__(
        self,
        manifest: Manifest,
        tables: Mapping[str, Table],
        offsets: NDArray[np.void],
        strings: tuple[str, ...],
        folder: Path | None = None,
    ) -> None:
        self.manifest, self.tables, self.offsets, self.strings = manifest, tables, offsets, strings
        self.folder = folder

    @staticmethod
    def open(source: Path | str) -> "Corpus":
        """Open a folder that `prepare` wrote, an embedded corpus by its name, or a published set of bars (.h5).

        A bare name of an embedded corpus is that corpus; a folder called so is opened as `./lieder` or as a `Path`.
        `CORPUS:fold-F` is a corpus divided otherwise, see `antiphon.data.folds`.

        Raises
        ------
        InputError
            If there is none, if the folder is no corpus, or if a part of it is missing or damaged.
        """
        if container.named(source):
            return _embedded(str(source))
        if (fold := parse_fold(str(source))) is not None:
            return _of_fold(Corpus.open(fold[0]), fold[1])
        if str(source).lower().endswith(PUBLISHED_SUFFIXES) and not Path(source).is_dir():
            from antiphon.data.published_set import PublishedSet

            return PublishedSet(Path(source))
        return _folder(Path(source))

    @property
    def name(self) -> str:
        """The corpus's name."""
        return self.manifest.name

    @property
    def fingerprint(self) -> str:
        """Hash (hex) of content and rules: the same wherever the corpus lies."""
        return self.manifest.fingerprint

    @property
    def num_songs(self) -> int:
        """Songs in all splits."""
        return len(self.manifest.songs)

    @property
    def songs(self) -> Sequence[Song]:
        """Id, title, split, group, ticks a beat and flags of every song."""
        return self.manifest.songs

    def score(self, song: int) -> Score:
        """The score of one song: notes, pedal, tempos, metre, keys and chords as in its file."""
        return unpack(self._rows(song), self.strings, self.songs[song].ticks_per_beat)

    def packed(self, song: int) -> Packed:
        """The rows of one song as they were stored."""
        return Packed(self.songs[song].ticks_per_beat, self._rows(song), self.strings)

    def _rows(self, song: int) -> dict[str, Table]:
        begin, end = self.offsets[song], self.offsets[song + 1]
        return {name: self.tables[name][int(begin[name]) : int(end[name])] for name in DTYPES}

    def split(self, name: str) -> NDArray[np.int64]:
        """Indices (n,) of the songs of "train", "valid" or "test", ascending."""
        if name not in SPLITS:
            raise InputError(f"split {name!r}: choose one of {', '.join(SPLITS)}")
        return np.array([index for index, song in enumerate(self.songs) if song.split == name], np.int64)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a corpus folder.

    Raises
    ------
    InputError
        If the folder or its manifest is missing, foreign, damaged, or of another schema version.
    """
    path = folder / MANIFEST
    if not folder.exists():
        known = ", ".join(container.names())
        raise InputError(
            f"{folder}: there is no such corpus; name a folder made by antiphon prepare, or one of {known}"
        )
    if not path.is_file():
        raise InputError(f"{folder}: this is not a corpus (no {MANIFEST}); make one with antiphon prepare {folder} OUT")
    try:
        values = json.loads(path.read_bytes())
        if values["schema_version"] != SCHEMA_VERSION:
            raise InputError(
                f"{path}: schema version {values['schema_version']} cannot be read (this is {SCHEMA_VERSION}); "
                "prepare the corpus again"
            )
        return Manifest.model_validate(values)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check its permissions") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        what = f"{error.errors()[0]['loc']}" if isinstance(error, ValidationError) else "not a corpus's JSON"
        raise InputError(f"{path}: foreign or damaged ({what}); prepare the corpus again") from None


def _of_fold(corpus: Corpus, fold: int) -> Corpus:
    if not corpus.num_songs:
        raise InputError(f"{corpus.name}: a published set of bars has no songs to divide; name it without a fold")
    manifest = fold_manifest(corpus.manifest, fold)
    return Corpus(manifest, corpus.tables, corpus.offsets, corpus.strings, corpus.folder)


def _folder(folder: Path) -> Corpus:
    manifest = read_manifest(folder)
    try:
        for name, record in manifest.tables.items():
            _check_size(folder / table_file(name), record.num_bytes)
        offsets = _mapped(folder, OFFSETS, offsets_dtype())
        tables = {name: _mapped(folder, name, dtype) for name, dtype in DTYPES.items()}
        strings = tuple(json.loads((folder / table_file(STRINGS)).read_bytes()))
    except (OSError, ValueError, KeyError, EOFError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{folder}: a table of this corpus is damaged ({error}); prepare the corpus again") from None
    _check(folder, manifest, tables, offsets)
    return Corpus(manifest, tables, offsets, strings, folder)


def _embedded(name: str) -> Corpus:
    manifest, tables, offsets, strings = container.load(name)
    return Corpus(manifest, tables, offsets, strings)


def _check_size(path: Path, num_bytes: int) -> None:
    if not path.is_file():
        raise InputError(f"{path}: this part of the corpus is missing; prepare the corpus again")
    if path.stat().st_size != num_bytes:
        raise InputError(
            f"{path}: has {path.stat().st_size} bytes where the manifest says {num_bytes}; prepare the corpus again"
        )


def _mapped(folder: Path, name: str, dtype: np.dtype[np.void]) -> NDArray[np.void]:
    table = np.load(folder / table_file(name), mmap_mode="r", allow_pickle=False)
    if table.dtype != dtype or table.ndim != 1:
        raise ValueError(f"{name}.npy holds other columns than expected")
    # A plain view: slicing numpy's memmap class costs several times as much.
    plain: NDArray[np.void] = table.view(np.ndarray)
    return plain


def _check(folder: Path, manifest: Manifest, tables: Mapping[str, Table], offsets: NDArray[np.void]) -> None:
    good = len(offsets) == len(manifest.songs) + 1 and all(
        offsets[name][0] == 0 and offsets[name][-1] == len(table) and np.all(offsets[name][1:] >= offsets[name][:-1])
        for name, table in tables.items()
    )
    if not good:
        raise InputError(f"{folder / table_file(OFFSETS)}: does not fit the tables beside it; prepare the corpus again")
