"""Five divisions of one corpus by song, so that every song is held out once: `freedoom:fold-0` to `freedoom:fold-4`."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from antiphon.data.manifest import SPLITS, Manifest, Song, fingerprint
from antiphon.errors import InputError

NUM_FOLDS = 5

_FOLD = re.compile(r"(?P<corpus>.+):fold-(?P<fold>\d+)")
_VALID = 10


def parse_fold(source: str) -> tuple[str, int] | None:
    """The corpus and the fold of `CORPUS:fold-F`; None of any other source.

    Raises
    ------
    InputError
        If there is no such fold.
    """
    found = _FOLD.fullmatch(source)
    if found is None:
        return None
    corpus, fold = found["corpus"], int(found["fold"])
    if fold >= NUM_FOLDS:
        raise InputError(f"{source}: there is no fold {fold}; choose one of 0 to {NUM_FOLDS - 1}")
    return corpus, fold


def folds(songs: Sequence[Song]) -> NDArray[np.int64]:
    """The fold (n,) that holds out each song: the place of its group among all groups, in order of the first id in
    each, modulo five. Songs of one group are never divided; where each song is its own group this is the place of its
    id among the sorted ids."""
    return _places(songs) % NUM_FOLDS


def fold_manifest(manifest: Manifest, fold: int) -> Manifest:
    """The manifest with a fold's division in the place of its own: the fold's songs are for testing, of the others
    every tenth group is for validation. Name and fingerprint are the fold's own."""
    places = _places(manifest.songs)
    test, valid = places % NUM_FOLDS == fold, places // NUM_FOLDS % _VALID == _VALID - 1
    splits = np.array(SPLITS)[np.where(test, 2, valid)].tolist()
    songs = tuple(song.model_copy(update={"split": split}) for song, split in zip(manifest.songs, splits, strict=True))
    return manifest.model_copy(
        update={
            "name": f"{manifest.name}:fold-{fold}",
            "songs": songs,
            "fingerprint": fingerprint(manifest.tables, songs, manifest.rules),
        }
    )


def _places(songs: Sequence[Song]) -> NDArray[np.int64]:
    """The place (n,) of each song's group, in order of the first id in each."""
    first: dict[str, str] = {}
    for song in songs:
        first[song.group] = min(song.id, first.get(song.group, song.id))
    place = {group: number for number, group in enumerate(sorted(first, key=lambda group: first[group]))}
    return np.array([place[song.group] for song in songs], np.int64)
