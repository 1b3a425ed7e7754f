"""Map over songs, in several processes where that pays; a song that cannot be used is set aside with its reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from antiphon.data.pool import map_chunks, num_workers
from antiphon.data.progress import progress
from antiphon.errors import InputError
from antiphon.evaluation.suite.songs import Songs

T = TypeVar("T")


class UnusableError(ValueError):
    """Why a song gives nothing, as the end of a sentence about it."""


@dataclass(frozen=True)
class Gathered(Generic[T]):
    """What became of the songs.

    Parameters
    ----------
    found
        One result a usable song, in order.
    songs
        Their numbers.
    aside
        Sentences, each naming a song and why it was left out.
    """

    found: tuple[T, ...]
    songs: tuple[int, ...]
    aside: tuple[str, ...]


def gather(songs: Songs, function: Callable[[Songs, int], T], label: str, workers: int | None = None) -> Gathered[T]:
    """Call `function(songs, index)` for every song.

    Parameters
    ----------
    function
        Importable, for processes are spawned. It raises `UnusableError` for a song that has nothing for it.
    label
        For the progress bar.
    workers
        Processes; None: one a core where there is enough to do.
    """
    # Scores in memory would have to be sent to the other processes, which takes as long as measuring them.
    processes = 1 if songs.kind not in ("folder", "corpus") else num_workers(len(songs), workers)
    outcomes = map_chunks(partial(_some, function, songs), range(len(songs)), processes, partial(_died, songs))
    found: list[T] = []
    kept, aside = [], []
    for index, outcome in enumerate(progress(outcomes, len(songs), label)):
        if isinstance(outcome, _Aside):
            aside.append(outcome.sentence)
        else:
            found.append(outcome)
            kept.append(index)
    return Gathered(tuple(found), tuple(kept), tuple(aside))


@dataclass(frozen=True)
class _Aside:
    sentence: str


def _some(function: Callable[[Songs, int], T], songs: Songs, indices: Sequence[int]) -> list[T | _Aside]:
    return [_one(function, songs, index) for index in indices]


def _one(function: Callable[[Songs, int], T], songs: Songs, index: int) -> T | _Aside:
    try:
        return function(songs, index)
    except UnusableError as reason:
        return _Aside(f"{songs.ids[index]}: {reason}")
    except InputError as error:
        return _Aside(str(error))


def _died(songs: Songs, index: int) -> _Aside:
    return _Aside(f"{songs.ids[index]}: the process that read it died; remove this file")
