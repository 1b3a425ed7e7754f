"""Originality: the longest passage that each sample shares with the training songs, against what human music shares.

A passage is a row of consecutive interval-and-rhythm pairs (`antiphon.evaluation.passages`): the same in any key and
tempo. Every piece of music shares something with every large corpus, scales and repeated notes above all; so there is
no threshold here but a floor: held-out human pieces cut to the same number of notes. "9 % of human pieces share as
much" is nothing to worry about; "none of 128" is. The search is exact: one order of all suffixes of training songs,
samples and held-out pieces, in which the longest passage that a place shares is with a neighbour.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.lookup import Lookup
from antiphon.evaluation.measures import Column, Metric
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.passages import Reading, Streams, pitched

METRICS = (
    Metric(
        "longest_shared_passage",
        "How many notes in a row a sample has in common with a training song, in any key and tempo.",
        "exact matching of interval and rhythm; after the originality report of Yin, Reuben, Stepney and Collins 2022",
        unit="notes",
    ),
    Metric(
        "human_pieces_sharing_as_much",
        "How many of the held-out human pieces, cut to the same number of notes, share as long a passage or a longer "
        "one with the training songs; near nothing means copied.",
        "rank of the longest shared passage among held-out pieces of equal length, a piece counted once",
        unit="%",
    ),
    Metric(
        "copied_note_share",
        "How many of a sample's notes lie in passages of 20 notes or more that stand in a training song.",
        "exact matching of interval and rhythm",
        unit="%",
    ),
    Metric(
        "contained_share",
        "Share of samples that stand in the training songs, from beginning to end or for the greater part.",
        "exact matching of interval and rhythm",
        unit="%",
    ),
)

FEWEST_NOTES = 8
"""A track of fewer notes is found in any large corpus and says nothing of copying."""

PASSAGE_NOTES, GREATER_PART = 20, 0.5
"""A piece half of whose notes lie in passages of 20 notes that stand in a corpus is held to stand in it. Copies of
MAESTRO that are transposed, faster and rounded to 10 ms, which breaks passages, have .81 of their notes there (median;
.46 of the twentieth); of 685 held-out human pieces and excerpts of six corpora none has more than .47, save one song
that was published twice."""

MIN_HUMAN = 20
"""Held-out songs below which "fewer than one in twenty" cannot be seen."""

RARE = 0.05


@dataclass(frozen=True)
class Place:
    """Where a passage begins: second and beat of its first note, and its bar, counted from 1."""

    second: float
    beat: float
    bar: int


@dataclass(frozen=True)
class Match:
    """The longest passage that a sample shares with the corpus.

    Parameters
    ----------
    notes
        Its length; 0 where there is none.
    seconds, beats
        From its first to its last onset in the sample.
    song, songs
        Id of a song that holds it ("" for none), and how many songs do.
    there, here
        Where it begins in that song and in the sample; None where there is none.
    """

    notes: int
    seconds: float
    beats: float
    song: str
    songs: int
    there: Place | None
    here: Place | None


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


@dataclass(frozen=True, eq=False)
class Originality:
    """What a set of samples shares with the training songs.

    Parameters
    ----------
    matches
        One a sample.
    human_share
        (n,) share of held-out human pieces, cut to `compared_notes`, that share as long a passage as the sample cut
        likewise, or a longer one; NaN where the sample has fewer than `FEWEST_NOTES` notes or nothing is held out.
    sample_notes, human_notes
        (n,) longest passage of the sample so cut, and (n,) mean of that of human pieces.
    compared_notes
        (n,) the number of notes of the comparison: the sample's, rounded down to two digits, and no more than enough
        held-out songs have.
    copied
        (n,) share of the sample's notes that lie in shared passages of `PASSAGE_NOTES` or more; NaN without notes.
    contained
        (n,) whether the sample stands in the training songs, as `contained` says.
    num_human
        Held-out songs, and of them `num_leaked` that stand in the training songs themselves, which makes the floor
        worthless.
    """

    matches: tuple[Match, ...]
    human_share: NDArray[np.float64]
    sample_notes: NDArray[np.int64]
    human_notes: NDArray[np.float64]
    compared_notes: NDArray[np.int64]
    copied: NDArray[np.float64]
    contained: NDArray[np.bool_]
    num_human: int
    num_leaked: int

    @property
    def rare_share(self) -> float:
        """Share of samples that share more than 95 % of human pieces do: about 5 % of human pieces do so."""
        known = self.human_share[~np.isnan(self.human_share)]
        return float((known < RARE).mean()) if len(known) else float("nan")

    def columns(self) -> dict[str, Column]:
        """Values by metric, each sample its own song."""
        song = np.arange(len(self.matches), dtype=np.int64)
        values = {
            "longest_shared_passage": np.array([match.notes for match in self.matches], np.float64),
            "human_pieces_sharing_as_much": self.human_share,
            "copied_note_share": self.copied,
            "contained_share": self.contained.astype(np.float64),
        }
        return {name: Column(value, song) for name, value in values.items()}

    def words(self) -> str:
        """The verdict in plain words."""
        if not self.matches:
            return "There are no samples."
        sentences = [_of_copies(self), _of_floor(self), _of_longest(self)]
        return " ".join(sentence for sentence in sentences if sentence)


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
    lengths = _compared(streams.sizes, human.sizes)
    num = len(streams.sizes)
    share, mean, longest = np.full(num, np.nan), np.full(num, np.nan), np.zeros(num, np.int64)
    for length in np.unique(lengths[lengths >= FEWEST_NOTES]):
        these = np.flatnonzero(lengths == length)
        longest[these] = ours.longest_in(int(length))[these, 0]
        share[these], mean[these] = _standing(longest[these], theirs.longest_in(int(length)))
    matches = tuple(_matches(training, ours, places))
    copied, leaked = ours.covered(PASSAGE_NOTES), int(_contained(theirs).sum())
    return Originality(matches, share, longest, mean, lengths, copied, _contained(ours), len(human.sizes), leaked)


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


def _of_copies(found: Originality) -> str:
    copies, num = int(found.contained.sum()), len(found.matches)
    if not copies:
        return "No sample stands in the training songs."
    return f"{copies} of {num} samples STAND IN THE TRAINING SONGS, from beginning to end or for the greater part."


def _of_floor(found: Originality) -> str:
    known = found.human_share[~np.isnan(found.human_share)]
    if not found.num_human:
        return "Nothing is held out, so that there is nothing to compare them with."
    if found.num_leaked:
        return (
            f"{found.num_leaked} of {found.num_human} held-out songs stand in the training songs too, so that they are "
            "no floor; hold out others."
        )
    if not len(known):
        return f"No sample has {FEWEST_NOTES} notes or more."
    if found.num_human < MIN_HUMAN:
        return f"{found.num_human} held-out songs are too few to compare them with; {MIN_HUMAN} are needed."
    spread = np.sqrt(RARE * (1 - RARE) * (1 / len(known) + 1 / found.num_human))
    more = "more than chance" if found.rare_share > RARE + 2 * spread else "no more than chance"
    return (
        f"{found.rare_share:.1%} of the samples share a longer passage with a training song than 95 % of human pieces "
        f"of the same length do, where 5 % would by chance: {more}."
    )


def _of_longest(found: Originality) -> str:
    number = int(np.argmax([match.notes for match in found.matches]))
    match = found.matches[number]
    if match.there is None or match.here is None:
        return "No sample shares two notes with a training song."
    return (
        f"The longest shared passage has {match.notes} notes ({match.seconds:.1f} s): sample {number + 1} from "
        f"{_clock(match.here.second)}, {match.song} from {_clock(match.there.second)} (bar {match.there.bar}); "
        f"{match.songs} of the training songs hold it."
    )


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
