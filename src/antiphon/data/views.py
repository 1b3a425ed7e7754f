"""Encoded rows of a split, made once and then read from memory maps."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.codec import Codec, Rows
from antiphon.data.corpus import VIEWS, Corpus
from antiphon.data.pool import map_chunks, num_workers
from antiphon.data.progress import progress
from antiphon.data.published_set import PublishedSet
from antiphon.data.writer import TableFile
from antiphon.errors import InputError
from antiphon.files import whole_folder
from antiphon.music.score import Score

RECORD = "view.json"


def view(corpus: Corpus, codec: Codec, split: str, workers: int | None = None) -> Rows:
    """A split's songs as the codec's rows.

    The rows are cached as flat `.npy` files, beside the corpus or, for an embedded one or one in a folder that cannot
    be written, in the user's cache folder (`ANTIPHON_CACHE` overrides). The key is the codec's JSON with the corpus's
    fingerprint, so a cache is never stale; it is written whole or not at all, and made again where it is damaged.

    Parameters
    ----------
    corpus
        Where the songs are.
    codec
        How they are encoded; songs in which it finds nothing give no rows.
    split
        "train", "valid" or "test".
    workers
        Processes; None: one a core where there is enough to do, 1: no pool.

    Returns
    -------
    Rows
        Memory maps of equal first axis; `song` (rows,) int32 is the corpus's song index. There may be no rows at all.
    """
    songs = corpus.split(split)
    if isinstance(corpus, PublishedSet):
        return corpus.rows(codec, split)
    key = view_key(corpus, codec, split)
    for home in _homes(corpus):
        if (rows := _opened(home / key)) is not None:
            return rows
    if codec.streams and (streamed := _streamed(corpus, codec, split, workers)) is not None:
        return streamed
    rows = _encode(corpus, codec, songs, workers)
    return _stored(corpus, key, rows, _record(corpus, codec, split))


def view_key(corpus: Corpus, codec: Codec, split: str) -> str:
    """The name of a view's folder: the codec's kind, the split, and a hash of everything the rows depend on."""
    text = json.dumps(_record(corpus, codec, split), sort_keys=True)
    return f"{type(codec).__name__.lower()}-{split}-{hashlib.sha256(text.encode()).hexdigest()[:20]}"


def cache_folder() -> Path:
    """`ANTIPHON_CACHE`, else `antiphon` in the user's cache folder."""
    given = os.environ.get("ANTIPHON_CACHE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    return Path(base) / "antiphon"


def _record(corpus: Corpus, codec: Codec, split: str) -> dict[str, Any]:
    return {
        "codec": [type(codec).__name__, codec.revision, codec.model_dump(mode="json")],
        "corpus": corpus.fingerprint,
        "split": split,
    }


def _homes(corpus: Corpus) -> list[Path]:
    shared = cache_folder() / VIEWS / corpus.fingerprint[:20]
    return [shared] if corpus.folder is None else [corpus.folder / VIEWS, shared]


def _opened(folder: Path) -> Rows | None:
    try:
        sizes = json.loads((folder / RECORD).read_bytes())["sizes"]
        if any((folder / f"{name}.npy").stat().st_size != size for name, size in sizes.items()):
            return None
        return {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in sizes}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _stored(corpus: Corpus, key: str, rows: Rows, record: dict[str, Any]) -> Rows:
    """Write the rows to the first home that can be written; where there is none they stay in memory."""
    for home in _homes(corpus):
        try:
            with whole_folder(home / key) as beside:
                for name, array in rows.items():
                    np.save(beside / f"{name}.npy", array, allow_pickle=False)
                sizes = {name: (beside / f"{name}.npy").stat().st_size for name in rows}
                (beside / RECORD).write_text(json.dumps({**record, "sizes": sizes}, indent=1) + "\n")
        except InputError:
            continue
        return _opened(home / key) or rows
    return rows


def _streamed(corpus: Corpus, codec: Codec, split: str, workers: int | None) -> Rows | None:
    """Write the rows song by song to the first home that can be written; None where there is none."""
    key, songs = view_key(corpus, codec, split), corpus.split(split)
    for home in _homes(corpus):
        begun = False
        try:
            with whole_folder(home / key) as beside:
                begun = True
                sizes = _written(beside, songs, _pieces(corpus, codec, songs, workers), codec)
                record = {**_record(corpus, codec, split), "sizes": sizes}
                (beside / RECORD).write_text(json.dumps(record, indent=1) + "\n")
            return _opened(home / key)
        except InputError:
            if begun:
                raise
    return None


def _written(folder: Path, songs: NDArray[np.int64], pieces: Iterable[Rows], codec: Codec) -> dict[str, int]:
    """Bytes of each file; the rows of all pieces, and the song of each row."""
    # A codec's rows of no song still have its names and shapes.
    files = {
        name: TableFile(folder / f"{name}.npy", values.dtype, values.shape[1:])
        for name, values in {**codec.encode(Score()), "song": np.empty(0, np.int32)}.items()
    }
    for song, piece in zip(songs, pieces, strict=True):
        for name, values in {**piece, "song": np.full(len(piece["real"]), song, np.int32)}.items():
            files[name].append(values)
    return {name: file.finish().num_bytes for name, file in files.items()}


def _pieces(corpus: Corpus, codec: Codec, songs: NDArray[np.int64], workers: int | None) -> Iterator[Rows]:
    """Rows song by song."""
    numbers = [int(song) for song in songs]
    processes = num_workers(len(numbers), workers)
    source = corpus if processes == 1 else corpus.folder or corpus.name
    encoded = map_chunks(partial(_encode_songs, source, codec), numbers, processes, _crashed)
    yield from progress(encoded, len(numbers), f"encode {type(codec).__name__}")


def _encode(corpus: Corpus, codec: Codec, songs: NDArray[np.int64], workers: int | None) -> Rows:
    pieces = list(_pieces(corpus, codec, songs, workers))
    # A codec's rows of no song still have its names and shapes.
    joined = dict(codec.join(pieces or [codec.encode(Score())]))
    joined["song"] = np.asarray(songs, np.int32)[joined["song"]] if pieces else joined["song"][:0]
    return joined


def _crashed(song: int) -> Rows:
    raise InputError(f"song {song} of the corpus: the process that encoded it died; prepare the corpus again")


def _encode_songs(source: Corpus | Path | str, codec: Codec, songs: Sequence[int]) -> list[Rows]:
    corpus = source if isinstance(source, Corpus) else _open(source)
    return [codec.encode(corpus.score(song)) for song in songs]


@lru_cache(maxsize=1)
def _open(source: Path | str) -> Corpus:
    # Called in a spawned process only, which does not live to see another corpus at the same place.
    return Corpus.open(source)
