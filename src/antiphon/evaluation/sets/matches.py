"""What was found of originality: each sample's longest shared passage, its rank among human pieces, and the words."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.measures import Column, Metric
from antiphon.evaluation.sets.diversity import Gap, gap, share

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
        Held-out songs; `num_leaked` of them stand in the training songs themselves and are left out of the floor.
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

    @property
    def num_fair(self) -> int:
        """Held-out songs that the floor is of."""
        return self.num_human - self.num_leaked

    @property
    def surplus(self) -> Gap:
        """How far `rare_share` lies above the 5 % of chance, with its 95 % interval: both are uncertain, that of chance
        as a share of so many held-out songs is; NaN where nothing is known."""
        known = self.human_share[~np.isnan(self.human_share)]
        return gap(share(int((known < RARE).sum()), len(known)), share(RARE * self.num_fair, self.num_fair))

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


def _of_copies(found: Originality) -> str:
    copies, num = int(found.contained.sum()), len(found.matches)
    if not copies:
        return "No sample stands in the training songs."
    return f"{copies} of {num} samples STAND IN THE TRAINING SONGS, from beginning to end or for the greater part."


def _of_floor(found: Originality) -> str:
    known = found.human_share[~np.isnan(found.human_share)]
    fair = found.num_fair
    if not found.num_human:
        return "Nothing is held out, so that there is nothing to compare them with."
    left_out = (
        f"{found.num_leaked} of {found.num_human} held-out songs stand in the training songs too and are left out. "
        if found.num_leaked
        else ""
    )
    if fair < MIN_HUMAN:
        return f"{left_out}{fair} held-out songs are too few to compare them with; {MIN_HUMAN} are needed."
    if not len(known):
        return f"{left_out}No sample has {FEWEST_NOTES} notes or more."
    more = "more than chance" if found.surplus.low > 0 else "not plainly more than chance"
    return left_out + (
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
