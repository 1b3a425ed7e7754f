"""A published HDF5 set of bars in a corpus's place: it has rows for training, and no songs."""

from functools import cached_property
from pathlib import Path

import numpy as np

from antiphon.codecs.codec import Codec, Rows
from antiphon.codecs.frames import FrameBars
from antiphon.data.corpus import Corpus
from antiphon.data.listing import readable
from antiphon.data.manifest import SCHEMA_VERSION, Manifest, Rules, Source
from antiphon.data.published_bars import read_published_h5
from antiphon.data.reading import file_checksum
from antiphon.data.tables import DTYPES
from antiphon.data.writer import offsets_dtype
from antiphon.errors import InputError

NEEDS = {"v1": "real", "v2": "previous", "v3": "chord"}


class PublishedSet(Corpus):
    """Bars that somebody has encoded already, for a preset of the paper.

    All of them are for training: a file does not say which bars come from one song, so none could be held out without
    the risk that training knows it. Where they come from, and under which licence, it does not say either.

    Parameters
    ----------
    path
        The .h5 file, see `read_published_h5`.

    Raises
    ------
    InputError
        If there is no such file.
    """

    def __init__(self, path: Path) -> None:
        self.path, digest = path, file_checksum(path)
        if not digest:
            raise InputError(f"{path}: there is no such file, or it cannot be read; name a published .h5 set")
        tables = {name: np.empty(0, dtype) for name, dtype in DTYPES.items()}
        super().__init__(_manifest(path, digest), tables, np.zeros(1, offsets_dtype()), ())

    @cached_property
    def _bars(self) -> Rows:
        return read_published_h5(self.path)

    def rows(self, codec: Codec, split: str) -> Rows:
        """The file's rows where a codec of the paper's bars asks for training rows; no rows of another split.

        Raises
        ------
        InputError
            If the codec is another, or the file lacks what its version needs, or is damaged.
        """
        if not isinstance(codec, FrameBars):
            raise InputError(f"{self.path}: holds the paper's bars; train a preset of them, such as midinet-v2")
        if (missing := NEEDS[codec.version]) not in self._bars:
            raise InputError(
                f"{self.path}: has no {missing!r} rows, which {codec.version} needs; train midinet-{self._version}"
            )
        names = list(NEEDS.values())[: list(NEEDS).index(codec.version) + 1]
        rows = {name: self._bars[name] for name in names}
        rows["song"] = np.zeros(len(rows["real"]), np.int32)
        return rows if split == "train" else {name: values[:0] for name, values in rows.items()}

    @property
    def _version(self) -> str:
        return [version for version, name in NEEDS.items() if name in self._bars][-1]


def _manifest(path: Path, digest: str) -> Manifest:
    return Manifest(
        schema_version=SCHEMA_VERSION,
        name=readable(path.stem),
        licence="unknown",
        attribution="",
        sources=(Source(layout="published bars", sha256=digest, num_files=1),),
        rules=Rules(),
        fingerprint=digest,
        counts={"songs": 0, "notes": 0, "rejected": 0},
        tables={},
        songs=(),
    )
