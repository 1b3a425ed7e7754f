"""Originality: the longest passage that each sample shares with the training songs, against what human music shares.

A passage is a row of consecutive interval-and-rhythm pairs (`antiphon.evaluation.sets.passages`): the same in any key
and tempo. Every piece of music shares something with every large corpus, scales and repeated notes above all; so there
is no threshold here but a floor: held-out human pieces cut to the same number of notes. "9 % of human pieces share as
much" is nothing to worry about; "none of 128" is. The search is exact: one order of all suffixes of training songs,
samples and held-out pieces, in which the longest passage that a place shares is with a neighbour.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.notes import Notes
from antiphon.evaluation.sets.lookup import Lookup
from antiphon.evaluation.sets.matches import (
    FEWEST_NOTES,
    GREATER_PART,
    MIN_HUMAN,
    PASSAGE_NOTES,
    Match,
    Originality,
    Place,
)
from antiphon.evaluation.sets.passages import Reading, Streams, pitched


@dataclass(frozen=True, eq=False)
class Index:
    """A corpus in which passages are looked up.

    Parameters
    ----------
    streams
        Its symbols.
    ids
        A name a song.
    reading
        How rhythm was read; samples are read alike.
    places
        (notes, 3) float64: second, beat and bar of every note of every song.
    """

    streams: Streams
    ids: tuple[str, ...]
    reading: Reading
    places: NDArray[np.float64]

    @classmethod
    def build(cls, pieces: Iterable[Notes], ids: Sequence[str], reading: Reading) -> Self:
        """Read a corpus, song by song.

        Raises
        ------
        ValueError
            If there are not as many ids as pieces.
        """
        streams, places = _read(pieces, reading)
        if len(streams.sizes) != len(ids):
            raise ValueError(f"{len(streams.sizes)} pieces and {len(ids)} ids")
        return cls(streams, tuple(ids), reading, places)


def longest_shared(index: Index, samples: Iterable[Notes]) -> list[Match]:
    """The longest passage that each sample shares with a corpus, with its place here and there.

    Of passages of equal length the first in the sample counts. Notes of a track's first chord are no part of a passage
    in a performance.
    """
    streams, places = _read(samples, index.reading)
    return _matches(index, Lookup.run(index.streams, streams), places)


def contained(samples: Iterable[Notes], index: Index) -> NDArray[np.bool_]:
    """Whether each sample (n,) stands in the corpus, in any key and tempo: all of it, or the greater part.

    All of it: every track of `FEWEST_NOTES` notes or more, and there is one. The greater part: `GREATER_PART` of its
    notes lie in shared passages of `PASSAGE_NOTES` or more, as in copies whose rhythm was rounded or whose ending is
    new. A reference of which this holds for many samples contains them, and judges nothing.
    """
    return _contained(Lookup.run(index.streams, Streams.of(samples, index.reading)))


def originality(samples: Iterable[Notes], training: Index, held_out: Iterable[Notes]) -> Originality:
    """How much each sample shares with the training songs, and how often held-out human pieces share as much.

    Parameters
    ----------
    samples
        Of any length; a sample is compared with human pieces of its own length.
    training
        The songs that the samples' model was trained on.
    held_out
        Human pieces of the same kind that are not among them, each of a song of its own. They are cut into consecutive
        parts; a song's parts together count as one.
    """
    streams, places = _read(samples, training.reading)
    human = Streams.of(held_out, training.reading)
    search = Lookup.run(training.streams, Streams.join([streams, human]))
    ours, theirs = search.split(len(streams.sizes))
    fair = ~_contained(theirs)
    lengths = _compared(streams.sizes, human.sizes[fair])
    num = len(streams.sizes)
    share, mean, longest = np.full(num, np.nan), np.full(num, np.nan), np.zeros(num, np.int64)
    for length in np.unique(lengths[lengths >= FEWEST_NOTES]):
        these = np.flatnonzero(lengths == length)
        longest[these] = ours.longest_in(int(length))[these, 0]
        share[these], mean[these] = _standing(longest[these], theirs.longest_in(int(length))[fair])
    matches = tuple(_matches(training, ours, places))
    copied, leaked = ours.covered(PASSAGE_NOTES), int((~fair).sum())
    return Originality(matches, share, longest, mean, lengths, copied, _contained(ours), len(fair), leaked)


def _contained(found: Lookup) -> NDArray[np.bool_]:
    return np.asarray(found.whole(FEWEST_NOTES) | (found.covered(PASSAGE_NOTES) >= GREATER_PART))


def _read(pieces: Iterable[Notes], reading: Reading) -> tuple[Streams, NDArray[np.float64]]:
    places = [np.empty((0, 3))]

    def seen() -> Iterator[Notes]:
        for piece in pieces:
            notes = pitched(piece)
            places.append(np.stack([notes.start_seconds, notes.start_beat, notes.bar() + 1.0], axis=1))
            yield notes

    streams = Streams.of(seen(), reading)
    return streams, np.concatenate(places)


def _matches(index: Index, found: Lookup, places: NDArray[np.float64]) -> list[Match]:
    best = found.best()
    rows = best[best >= 0]
    begin, end = found.streams.rows(rows), found.streams.rows(rows + found.length[rows])
    there = index.streams.rows(found.place[rows])
    songs = found.songs(rows, index.streams.piece)
    matches = [Match(0, 0.0, 0.0, "", 0, None, None)] * len(best)
    for k, row in enumerate(rows):
        first = places[begin[k]]
        seconds, beats, _ = places[end[k]] - first
        song = index.ids[index.streams.piece[found.place[row]]]
        length = int(found.length[row]) + 1
        place = _place(index.places[there[k]])
        matches[found.streams.piece[row]] = Match(length, seconds, beats, song, songs[k], place, _place(first))
    return matches


def _place(row: NDArray[np.float64]) -> Place:
    return Place(float(row[0]), float(row[1]), int(row[2]))


def _compared(samples: NDArray[np.int64], human: NDArray[np.int64]) -> NDArray[np.int64]:
    """Notes at which samples and human pieces are compared: two digits of the samples' own, and what enough have."""
    enough = int(np.sort(human)[-min(MIN_HUMAN, len(human))]) if len(human) else np.iinfo(np.int64).max
    capped = np.minimum(samples, enough)
    unit = 10 ** np.maximum(np.floor(np.log10(np.maximum(capped, 1))).astype(np.int64) - 1, 0)
    return np.asarray(capped // unit * unit)


def _standing(longest: NDArray[np.int64], human: NDArray[np.int64]) -> tuple[NDArray[np.float64], float]:
    """Share of human pieces (pieces, parts; -1 for none) that reach each length (n,), and their mean, by song."""
    parts = (human >= 0).sum(1)
    human, parts = human[parts > 0], parts[parts > 0]
    if not len(parts):
        return np.full(len(longest), np.nan), float("nan")
    values, inverse = np.unique(longest, return_inverse=True)
    share = np.array([float(((human >= value).sum(1) / parts).mean()) for value in values])
    mean = float((np.maximum(human, 0).sum(1) / parts).mean())
    return share[inverse], mean
