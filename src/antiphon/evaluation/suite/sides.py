"""The two sides of an evaluation: which real songs the samples are held against, which others teach."""

from dataclasses import dataclass

import numpy as np

from antiphon.codecs.pianoroll import PianoRoll
from antiphon.data.judge import content_key
from antiphon.data.manifest import SPLITS
from antiphon.errors import InputError
from antiphon.evaluation.sets.certainty import MIN_SONGS
from antiphon.evaluation.suite.gather import gather
from antiphon.evaluation.suite.songs import Songs, grid_of, open_songs

FEWEST_HELD = 20
"""Held-out songs below which validation songs, or half of all songs, are held against the samples too."""


@dataclass(frozen=True)
class Reference:
    """Real music.

    Parameters
    ----------
    real
        Songs that samples are held against.
    other
        Other real songs: what examiners learn from, what samples may have been copied from, and what the floor is
        measured with. There may be none.
    remark
        How they were divided.
    """

    real: Songs
    other: Songs
    remark: str


def open_reference(source: str, seed: int = 0) -> Reference:
    """Divide real music by the songs' works: held-out songs against training songs, where there is such a division.

    Parameters
    ----------
    source
        As for `open_songs`; with a part (`lieder:test`) that part is held against the samples, and the songs of the
        other parts are the others.
    seed
        Of the division in halves, where too few songs are held out.
    """
    base, colon, part = source.rpartition(":")
    if colon and part in SPLITS:
        real, every = open_songs(source), open_songs(base)
        other = every.only([i for i, split in enumerate(every.splits) if split != part])
        return Reference(real, other, f"held against its {part} songs")
    every = open_songs(source)
    for parts in (("test",), ("test", "valid")):
        held = np.isin(every.splits, parts)
        if held.sum() >= FEWEST_HELD and not held.all():
            return _divided(every, held, f"held against its {' and '.join(parts)} songs")
    owners = np.array(every.groups)
    chosen = np.random.default_rng(seed).permutation(np.unique(owners))[::2]
    held = np.isin(owners, chosen)
    return _divided(every, held, "divided in halves by song, for too few of its songs are held out")


def _divided(every: Songs, held: np.ndarray, remark: str) -> Reference:
    real, other = (every.only(np.flatnonzero(mask)) for mask in (held, ~held))
    return Reference(real, other, remark)


def in_common(made: Songs, real: Songs) -> tuple[int, int]:
    """How many samples are among some real songs, note for note (onsets and pitches), and how many there are."""
    # Songs without notes are no copies of each other.
    known = set(gather(real, _key, "compare").found) - {b""}
    keys = gather(made, _key, "compare").found
    return sum(key in known for key in keys), len(keys)


def shared_songs(made: Songs, reference: Reference) -> tuple[str, ...]:
    """The loudest remark: that samples are among the real songs."""
    remarks = []
    for songs, role in ((reference.real, "held against"), (reference.other, "that teach the examiners")):
        if not len(songs):
            continue
        same, total = in_common(made, songs)
        if same:
            remarks.append(
                f"THE REFERENCE CONTAINS THE SAMPLES: {same} of {total} are, note for note, among the real songs "
                f"{role}; what is said of likeness and originality says nothing about those."
            )
    return tuple(remarks)


def few_songs(made: Songs, reference: Reference) -> tuple[str, ...]:
    """What so few songs leave out."""
    remarks = []
    for songs in (made, reference.real):
        if len(songs) < MIN_SONGS:
            there = "there is 1" if len(songs) == 1 else f"there are {len(songs)}"
            remarks.append(f"{songs.name}: a verdict needs {MIN_SONGS} songs on each side, and {there}.")
    if not len(reference.other):
        remarks.append(
            f"{reference.real.name}: there are no real songs beside those that the samples are held against, so that "
            "there are neither examiners nor originality; name a larger reference."
        )
    return tuple(remarks)


def _key(songs: Songs, index: int) -> bytes:
    score = songs.score(index)
    return content_key(score) if score.num_notes else b""


def common_grid(made: Songs, real: Songs | None) -> tuple[PianoRoll, tuple[str, ...]]:
    """The grid on which both sides are measured, and sentences on what it does to them.

    Scores take any grid. Of two arrays of rolls with different steps the finer is read as notes and laid on the coarser
    grid; different ranges or tracks cannot be compared.

    Raises
    ------
    InputError
        If the tracks or ranges of two arrays differ.
    """
    arrays = [(songs.name, songs.rolls) for songs in (made, real) if songs is not None and songs.kind == "rolls"]
    rolls = [(name, roll) for name, roll in arrays if roll is not None]
    if not rolls:
        return PianoRoll(bars=1, silent="kept"), ()
    grids = [with_bars(grid_of(roll), 1) for _, roll in rolls]
    grid, remarks = _of_two(grids, [name for name, _ in rolls]) if len(grids) > 1 else (grids[0], ())
    if real is None:
        return grid, ()
    return grid, (*remarks, *_of_one(grid, made, real), *_touching(made, real))


def silent_samples(songs: Songs) -> tuple[str, ...]:
    """What is said of an array in which samples are silent, since they count as empty bars; songs without notes are set
    aside instead."""
    if songs.rolls is None:
        return ()
    silent = int((~songs.rolls.cells.any((1, 2, 3, 4))).sum())
    if not silent:
        return ()
    return (f"{songs.name}: {silent} of {len(songs.rolls)} samples are silent; bar by bar they count as empty bars.",)


def onsets_known(made: Songs, real: Songs | None) -> bool:
    """Whether it is known of both sides which notes are struck; an array of rolls may hold only what sounds."""
    return all(songs is None or songs.rolls is None or songs.rolls.onsets is not None for songs in (made, real))


def _of_one(grid: PianoRoll, made: Songs, real: Songs) -> tuple[str, ...]:
    scores = [songs.name for songs in (made, real) if songs.kind != "rolls"]
    return tuple(f"{name} is laid on the grid of the rolls: {_in_words(grid)}." for name in scores)


def _touching(made: Songs, real: Songs) -> tuple[str, ...]:
    if onsets_known(made, real):
        return ()
    lacking = [songs.name for songs in (made, real) if not onsets_known(songs, None)]
    return (
        f"{' and '.join(lacking)}: without 'onsets' a note that is struck again without a gap cannot be told from one "
        "that is held; bar by bar both sides are read so.",
    )


def _of_two(grids: list[PianoRoll], names: list[str]) -> tuple[PianoRoll, tuple[str, ...]]:
    one, other = grids
    for what in ("tracks", "lowest_pitch", "num_pitches"):
        if getattr(one, what) != getattr(other, what):
            shown = [" ".join(map(str, np.atleast_1d(getattr(grid, what)))) for grid in grids]
            raise InputError(
                f"{names[0]} and {names[1]}: {what} differ ({shown[0]}; {shown[1]}), so that they cannot be compared; "
                "make both with the same"
            )
    if one.resolution == other.resolution:
        return one, ()
    coarse = min(grids, key=lambda grid: grid.resolution)
    fine = names[0] if coarse is other else names[1]
    return coarse, (f"{fine} is laid on the coarser grid of {coarse.resolution} steps a beat.",)


def with_bars(grid: PianoRoll, bars: int) -> PianoRoll:
    """The same grid with phrases of another length."""
    return grid.model_copy(update={"bars": bars, "silent": "kept"})


def _in_words(grid: PianoRoll) -> str:
    top = grid.lowest_pitch + grid.num_pitches - 1
    return f"{grid.resolution} steps a beat, pitches {grid.lowest_pitch} to {top}, {', '.join(grid.tracks)}"
