"""Real music, and the same music spoilt in one known way: what the evaluation suite is tried on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.chords import transpose_codes
from antiphon.codecs.codec import Rows
from antiphon.codecs.melody import NUM_PITCHES
from antiphon.codecs.performance import quantised, score_of
from antiphon.codecs.pianoroll import PianoRoll
from antiphon.evaluation import baselines
from antiphon.evaluation.markov import markov_bars, markov_notes
from antiphon.evaluation.metrics.performance import cut, notes_of, performance_of_score
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.rolls import Rolls
from antiphon.evaluation.suite.gather import gather
from antiphon.evaluation.suite.parts import melody_rows
from antiphon.evaluation.suite.sides import Reference
from antiphon.evaluation.suite.songs import Songs, decoded, in_memory, open_songs
from antiphon.music.score import Score, Track, notes_from_columns

Spoil = Callable[[Notes, np.random.Generator], Notes]

TRITONE, TONE = 6, 2
_LONGEST_PHRASES, _LEARNT = 16, 200
_CLASSES = NUM_PITCHES + 2


@dataclass(frozen=True)
class Material:
    """One corpus in three parts that share no song.

    Parameters
    ----------
    reference
        Songs that all sets are held against, and other ones for floors and originality.
    fresh
        Songs that stand for samples, as they are or spoilt.
    """

    reference: Reference
    fresh: Songs


def divided(source: str, seed: int, most: int) -> Material:
    """A corpus in thirds by works, of at most `most` works each; the others may be three times as many."""
    every = open_songs(source)
    works = np.random.default_rng(seed).permutation(np.unique(every.groups))
    num = min(most, len(works) // 3)
    held, fresh = (np.isin(every.groups, works[at : at + num]) for at in (0, num))
    left = np.isin(every.groups, works[2 * num : 5 * num])
    real, made, other = (every.only(np.flatnonzero(mask)) for mask in (held, fresh, left))
    return Material(Reference(real, other, f"{len(real)} of its songs are held against the sets"), made)


def published(source: Path, seed: int, most: int) -> Material:
    """A corpus by its published division: test songs to hold against, validation songs as fresh, training songs."""
    every, rng = open_songs(source), np.random.default_rng(seed)
    sizes = {"test": most, "valid": most, "train": 3 * most}
    parts = {name: _drawn(every.split(name), size, rng) for name, size in sizes.items()}
    remark = f"{len(parts['test'])} of its test songs are held against the sets"
    return Material(Reference(parts["test"], parts["train"], remark), parts["valid"])


def some(source: str, num: int, seed: int) -> Songs:
    """Songs of another genre, drawn at random."""
    return _drawn(open_songs(source), num, np.random.default_rng(seed))


def _drawn(songs: Songs, num: int, rng: np.random.Generator) -> Songs:
    return songs.only(np.sort(rng.permutation(len(songs))[:num]))


def copied(songs: Songs, num: int, seed: int) -> Songs:
    """Songs that the samples' maker has learnt from, a tone higher and a tone lower by turns."""
    chosen = _drawn(songs, num, np.random.default_rng(seed))
    scores = [_higher(chosen.score(index), TONE if index % 2 else -TONE) for index in range(len(chosen))]
    return in_memory("copies", scores)


def _higher(score: Score, semitones: int) -> Score:
    return score.with_tracks(tuple(track if track.is_drum else _moved(track, semitones) for track in score.tracks))


def _moved(track: Track, semitones: int) -> Track:
    notes = track.notes.copy()
    pitch = notes["pitch"].astype(int) + semitones
    # What would leave MIDI's range stays in it by an octave.
    notes["pitch"] = pitch - 12 * (pitch > 127) + 12 * (pitch < 0)
    return replace(track, notes=notes)


# Melody bars: rows of bars, each beside its chord and the bar before.


def melody_sets(material: Material, seed: int) -> dict[str, Songs]:
    """Melody bars of the fresh songs spoilt in six ways."""
    found = gather(material.fresh, melody_rows, "read bars").found
    learnt = gather(
        material.reference.other.only(range(min(200, len(material.reference.other)))), melody_rows, ""
    ).found
    bars, previous = (np.concatenate([np.asarray(rows[name]) for rows in learnt]) for name in ("real", "previous"))
    rng = np.random.default_rng(seed)

    def chain(rows: Rows) -> Rows:
        return {**rows, "real": markov_bars(bars, previous, np.asarray(rows["previous"]), rng)}

    def noise(rows: Rows) -> Rows:
        return {**rows, "real": baselines.noise_bars(len(rows["real"]), rows["real"].shape[1], _CLASSES, rng)}

    ways: dict[str, Callable[[Rows], Rows]] = {
        "steps shuffled": lambda rows: {**rows, "real": baselines.shuffled_steps(np.asarray(rows["real"]), rng)},
        "pitches shuffled": lambda rows: {**rows, "real": _pitches_shuffled(np.asarray(rows["real"]), rng)},
        "chords moved": lambda rows: {**rows, "chord": transpose_codes(rows["chord"], TRITONE).astype(np.uint8)},
        "Markov chain": chain,
        "noise": noise,
    }
    return {name: _bars(name, [way(rows) for rows in found]) for name, way in ways.items()}


def _pitches_shuffled(bars: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The onsets of a song with each other's pitches."""
    onset, mixed = bars < NUM_PITCHES, bars.copy()
    mixed[onset] = rng.permutation(bars[onset])
    return mixed


def _bars(name: str, entries: Sequence[Rows]) -> Songs:
    ids = tuple(f"{name}-{number}" for number in range(len(entries)))
    return Songs(name, "bars", ids, ids, ("test",) * len(ids), tuple(entries))


# Five tracks: phrases of four bars.


def roll_sets(material: Material, seed: int) -> dict[str, Songs]:
    """Five-track phrases of the fresh songs spoilt in five ways."""
    fresh = material.fresh
    rolls = _longest(Rolls.from_scores((fresh.score(index) for index in range(len(fresh))), PianoRoll()))
    rng = np.random.default_rng(seed)
    bass = rolls.tracks.index("bass")
    return {
        "steps shuffled": _phrases("steps shuffled", baselines.shuffled_bars(rolls, rng)),
        "bars shuffled": _phrases("bars shuffled", baselines.shuffled_bar_order(rolls, rng)),
        "tracks shuffled": _phrases("tracks shuffled", baselines.shuffled_tracks(rolls, rng)),
        "bass moved": _phrases("bass moved", baselines.transposed_track(rolls, bass, rng, TRITONE)),
        "noise": _phrases("noise", baselines.noise_rolls(rolls, rng)),
    }


def _longest(rolls: Rolls) -> Rolls:
    """At most so many phrases of a song, its first ones."""
    _, first, number = np.unique(rolls.song, return_index=True, return_inverse=True)
    return rolls[np.arange(len(rolls)) - first[number] < _LONGEST_PHRASES]


def _phrases(name: str, rolls: Rolls) -> Songs:
    return in_memory(name, [decoded(rolls[rolls.song == song]) for song in np.unique(rolls.song)])


# Notes in beats: a piece keeps its metre, tempo and tracks.


def note_sets(material: Material, seed: int) -> dict[str, Songs]:
    """The fresh songs' notes spoilt in five ways."""
    scores = [material.fresh.score(index) for index in range(len(material.fresh))]
    rng = np.random.default_rng(seed)
    other = material.reference.other
    learnt = [Notes.from_score(other.score(index)) for index in range(min(_LEARNT, len(other)))]
    chained = markov_notes(learnt, [max(score.num_notes, 8) for score in scores], rng)

    def spoilt(name: str, way: Spoil) -> Songs:
        return in_memory(name, [_rewritten(score, way(Notes.from_score(score), rng)) for score in scores])

    return {
        "pitches shuffled": spoilt("pitches shuffled", baselines.shuffled_pitches),
        "gaps shuffled": spoilt("gaps shuffled", baselines.shuffled_gaps),
        "voice moved": in_memory("voice moved", [_voice_moved(score) for score in scores]),
        "Markov chain": in_memory("Markov chain", [piece.score() for piece in chained]),
        "noise": spoilt("noise", baselines.noise_notes),
    }


def _rewritten(score: Score, notes: Notes) -> Score:
    ticks = np.rint(np.stack([notes.start_beat, notes.end_beat]) * score.ticks_per_beat).astype(np.int64)
    tracks = []
    for number, track in enumerate(score.tracks):
        own = notes.track == number
        start, end = ticks[0, own], np.maximum(ticks[1, own], ticks[0, own] + 1)
        table = notes_from_columns(start, end, notes.pitch[own], notes.velocity[own])
        tracks.append(track if track.is_drum else replace(track, notes=table))
    return score.with_tracks(tuple(tracks))


def _voice_moved(score: Score) -> Score:
    """The first track of notes, which in songs is the voice, a tritone higher than the others."""
    voice = next(number for number, track in enumerate(score.tracks) if len(track.notes) and not track.is_drum)
    return score.with_tracks(
        tuple(_moved(track, TRITONE) if number == voice else track for number, track in enumerate(score.tracks))
    )


# Performances: notes in seconds, with the pedal in their lengths.


def performance_sets(material: Material, seed: int, opening: int) -> dict[str, Songs]:
    """The fresh pieces' performances spoilt in three ways, and their openings."""
    scores = [material.fresh.score(index) for index in range(len(material.fresh))]
    rng = np.random.default_rng(seed)
    pieces = [notes_of(performance_of_score(score)) for score in scores]

    def spoilt(name: str, way: Spoil) -> Songs:
        return in_memory(name, [_played(way(piece, rng)) for piece in pieces])

    return {
        "pitches shuffled": spoilt("pitches shuffled", baselines.shuffled_pitches),
        "gaps shuffled": spoilt("gaps shuffled", baselines.shuffled_gaps),
        "noise": spoilt("noise", baselines.noise_notes),
        "openings": in_memory("openings", [score_of(cut(performance_of_score(score), opening)) for score in scores]),
    }


def _played(notes: Notes) -> Score:
    return score_of(quantised(notes.start_seconds, notes.end_seconds, notes.pitch, notes.velocity))
