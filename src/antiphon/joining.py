"""What a band finds in a song that it joins: what stays, what is to be added, and in which bars.

Torch is not imported here, so that a door answers a slip at once.

Axes: m 4/4 bars, n notes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from antiphon.codecs.ensembles import Ensemble
from antiphon.codecs.keeping import Kept, chosen, everything, is_called, told
from antiphon.codecs.melody import earlier, late_by, metres, pulse
from antiphon.codecs.phrases import MAX_BARS, PhraseRolls, is_free
from antiphon.codecs.pianoroll import MAX_BEATS
from antiphon.codecs.song_grid import SongGrid
from antiphon.codecs.strokes import Strokes, strokes_of
from antiphon.errors import InputError
from antiphon.io.midi import read_midi
from antiphon.music.score import Score
from antiphon.music.tempo import divided, from_tempo
from antiphon.part_options import numbered, part_number, read_density, read_names, read_program, sounds, unmuted

# The least of written music and of drummers; the most of performances without beats is .22 (GiantMIDI).
_LEAST_PULSE = 0.3


@dataclass(frozen=True)
class Joined:
    """A song and what a band is to do for it; see `join`.

    Parameters
    ----------
    score, kept
        The song in the tempo that was asked for, in ticks that are fine enough; and what stays of it.
    asked, added
        Numbers of the parts to write, and of those of them that are not muted.
    grid
        The bars in which the band plays, and those that are left alone.
    given
        What the band hears, in steps of those bars.
    density, programs
        By number of a part, what was asked for.
    """

    score: Score
    kept: Kept
    asked: tuple[int, ...]
    added: tuple[int, ...]
    grid: SongGrid
    given: Strokes
    density: Mapping[int, float]
    programs: Mapping[int, int]


def join(
    song: Path | str | Score,
    codec: PhraseRolls,
    keep: str | int | Sequence[str | int] | None = None,
    tracks: str | Sequence[str] | None = None,
    *,
    tempo: float | None = None,
    density: str | float | Mapping[str, str | float] | None = None,
    program: str | Mapping[str, str | int] | None = None,
    mute: str | Sequence[str] | None = None,
) -> Joined:
    """Settle what a band of a codec's parts is to do for a song; options as of
    `antiphon.accompanying.accompany_song`.

    Raises
    ------
    InputError
        If the song cannot be read, no track or several are meant, it has no 4/4 bars or no beats, or a value is unknown
        or out of range.
    """
    amounts, chosen_programs = read_density(density), read_program(program)
    name, score = opened(song)
    score = _prepared(name, score, codec.resolution, tempo)
    kept = _kept(name, score, codec.ensemble, keep)
    asked = _asked(name, score, codec.ensemble, kept, read_names(tracks))
    added = unmuted(codec.ensemble, asked, read_names(mute))
    _check_heard(codec.ensemble, kept)
    grid = _grid(name, score, kept, codec)
    given = _given(name, score, kept, codec, grid)
    return Joined(
        score,
        kept,
        asked,
        added,
        grid,
        given,
        numbered("density", amounts, codec.ensemble, asked),
        sounds(codec.ensemble, chosen_programs, asked),
    )


def opened(song: Path | str | Score) -> tuple[str, Score]:
    """What a song is called in a sentence, and the song.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    return ("the score", song) if isinstance(song, Score) else (str(song), read_midi(song))


def bars_to_play(song: Path | str | Score, codec: PhraseRolls) -> SongGrid:
    """The bars of a whole song in which a band of a codec's parts can play.

    Raises
    ------
    InputError
        If it cannot be read, has none, or no beats.
    """
    name, score = opened(song)
    score = _prepared(name, score, codec.resolution, None)
    return _grid(name, score, everything(score, codec.ensemble), codec)


def _prepared(name: str, score: Score, resolution: int, tempo: float | None) -> Score:
    """The song in ticks that the grid's steps are whole numbers of, and in the tempo that is asked for."""
    if not score.num_notes:
        raise InputError(f"{name}: no note sounds in it, so there is nothing to play to; give a piece with notes")
    if score.end > MAX_BEATS * score.ticks_per_beat:
        raise InputError(f"{name}: it lasts longer than {MAX_BEATS:,} beats; cut it into shorter songs")
    score = divided(score, resolution)
    return score if tempo is None else from_tempo(score, tempo, name)


def _kept(name: str, score: Score, ensemble: Ensemble, keep: str | int | Sequence[str | int] | None) -> Kept:
    if keep is None:
        return everything(score, ensemble, name)
    if isinstance(keep, str) and is_called(score, keep):
        return chosen(score, ensemble, [keep], name)
    if not (wanted := read_names(keep)):
        raise InputError(f"keep {keep!r}: name a track of {name}, {told(score, everything(score, ensemble).tracks)}")
    return chosen(score, ensemble, wanted, name)


def _asked(name: str, score: Score, ensemble: Ensemble, kept: Kept, tracks: Sequence[str]) -> tuple[int, ...]:
    """The parts to write, in the order of the ensemble."""
    numbers = {part_number("tracks", track, ensemble) for track in tracks}
    for number in sorted(numbers & set(kept.parts)):
        raise InputError(
            f"{name}: tracks {ensemble.names[number]!r}: {told(score, kept.seats[number])} plays this part and is "
            "kept; say with --keep what else stays, or add other parts"
        )
    asked = numbers or set(range(len(ensemble.parts))) - set(kept.parts)
    if not asked:
        raise InputError(
            f"{name}: what is kept plays all parts ({', '.join(ensemble.names)}), so there is none to add; say with "
            "--keep what stays, and the others are written anew"
        )
    return tuple(sorted(asked))


def _grid(name: str, score: Score, kept: Kept, codec: PhraseRolls) -> SongGrid:
    """The bars in which the band can play."""
    stay = score.with_tracks(tuple(score.tracks[track] for track in kept.tracks))
    late = late_by(stay, codec.resolution)
    if _is_free(stay) and _is_free(score):
        raise InputError(
            f"{name}: its notes lie on no grid of sixteenths or triplets, as in a free performance without beats, so a "
            "band would not know when to play; set its tempos and bar lines to the music, or quantise it, in a "
            "sequencer, or give a written piece"
        )
    grid = SongGrid.of(score, codec.resolution, late)
    if not len(grid.lines):
        there = {f"{row['numerator']}/{row['denominator']}" for row in metres(score)}
        found = f"its metre is {', '.join(sorted(there))}" if there - {"4/4"} else "its bars are cut short"
        raise InputError(
            f"{name}: it has no whole bar in 4/4 ({found}), and the band plays 4/4 alone; give another song"
        )
    if len(grid.lines) > MAX_BARS:
        raise InputError(f"{name}: it has {len(grid.lines):,} bars, over {MAX_BARS:,}; cut it into shorter songs")
    return grid


def _is_free(score: Score) -> bool:
    """Whether the notes neither lie on a grid nor, played by people, near one."""
    return is_free(earlier(score, late_by(score))) and pulse(score) < _LEAST_PULSE


def _given(name: str, score: Score, kept: Kept, codec: PhraseRolls, grid: SongGrid) -> Strokes:
    """What the band hears."""
    seated = earlier(codec.ensemble.seated(score, kept.seats), grid.late)
    strokes = grid.laid(strokes_of(seated, range(len(codec.ensemble.parts)), codec.grid))
    if not len(strokes.start):
        raise InputError(
            f"{name}: what is kept ({told(score, kept.tracks)}) is silent in all bars in 4/4, or out of the band's "
            "hearing; keep another track"
        )
    return strokes


def _check_heard(ensemble: Ensemble, kept: Kept) -> None:
    """That something that is kept plays a part."""
    if not kept.parts:
        raise InputError(
            f"nothing that is kept plays one of the parts {', '.join(ensemble.names)}; name a track and as which part "
            f"it is heard, such as --keep {kept.tracks[0] + 1}={ensemble.parts[-1].name}"
        )
