"""Inputs of the table of metrics: pieces so small that the right value of a metric can be seen."""

import math
from dataclasses import dataclass

import numpy as np

from antiphon.evaluation.notes import Notes
from antiphon.evaluation.rolls import Rolls
from antiphon.music.score import Score, Track, notes_from_columns

RESOLUTION, LOWEST, NUM_PITCHES = 24, 24, 84
BAR = 4 * RESOLUTION


@dataclass(frozen=True)
class Case:
    """A small piece at 24 steps a beat in 4/4, and the value that a metric must have on it.

    Parameters
    ----------
    name, metric, unit
        What the piece is, and what is measured.
    right, why
        The value, and how to see it.
    tracks
        Notes of each track: first step, step after the last, MIDI pitch.
    num_bars
        Length of the piece.
    """

    name: str
    metric: str
    unit: str
    right: float
    why: str
    tracks: tuple[tuple[tuple[int, int, int], ...], ...]
    num_bars: int = 1
    resolution: int = RESOLUTION


def _melody(*pitches: int, steps: int) -> tuple[tuple[int, int, int], ...]:
    return tuple((steps * index, steps * (index + 1), pitch) for index, pitch in enumerate(pitches))


_GROOVE = tuple((BAR * bar + first, BAR * bar + last, 60) for bar in range(4) for first, last in ((0, 36), (36, BAR)))

CASES = (
    Case(
        "a bar of sound, a silent bar, a bar of sound",
        "empty_bar_rate",
        "%",
        1 / 3,
        "one bar of three is silent",
        (((0, BAR, 60), (2 * BAR, 3 * BAR, 60)),),
        3,
    ),
    Case("one note through the whole bar", "empty_beat_rate", "%", 0, "every beat sounds", (((0, BAR, 60),),)),
    Case("three of four beats silent", "empty_beat_rate", "%", 3 / 4, "only the last beat sounds", (((72, BAR, 60),),)),
    Case(
        "C in four octaves",
        "used_pitch_classes",
        "",
        1,
        "every note is a C",
        (tuple((0, BAR, p) for p in (36, 48, 60, 72)),),
    ),
    Case(
        "the chromatic octave from middle C",
        "used_pitch_classes",
        "",
        12,
        "all twelve notes of the octave",
        (_melody(*range(60, 72), steps=8),),
    ),
    Case(
        "the chromatic octave, each note once",
        "pitch_class_entropy",
        "bits",
        math.log2(12),
        "twelve equal shares: log2 12",
        (_melody(*range(60, 72), steps=8),),
    ),
    Case(
        "the C major scale in eighth notes",
        "in_scale_rate",
        "%",
        1,
        "every note is in C major",
        (_melody(60, 62, 64, 65, 67, 69, 71, 72, steps=12),),
    ),
    Case(
        "a C major triad, and the same an octave higher",
        "tonal_distance",
        "",
        0,
        "the two chords are one harmony",
        (tuple((0, BAR, p) for p in (60, 64, 67)), tuple((0, BAR, p) for p in (72, 76, 79))),
    ),
    Case(
        "one 16th note",
        "qualified_note_rate",
        "%",
        1,
        "a 16th note has six steps, and three are enough",
        (((0, 6, 60),),),
    ),
    Case(
        "one note of a single step",
        "qualified_note_rate",
        "%",
        0,
        "a 96th note is shorter than a 32nd, which has three steps",
        (((0, 1, 60),),),
    ),
    Case(
        "two voices, the second from the middle of the bar on",
        "polyphonicity",
        "%",
        1 / 2,
        "two pitches sound in half of the bar",
        (((0, BAR, 60), (48, BAR, 64)),),
    ),
    Case(
        "four bars of one rhythm",
        "groove_consistency",
        "%",
        1,
        "every bar has the rhythm of the bar before",
        (_GROOVE,),
        4,
    ),
)
"""The inputs, one metric each."""


def rolls(case: Case) -> Rolls:
    """The piece as MuseGAN's rolls: 84 pitches, one sample."""
    cells = np.zeros((len(case.tracks), case.num_bars * BAR, NUM_PITCHES), bool)
    for track, notes in enumerate(case.tracks):
        for start, end, pitched in notes:
            cells[track, start:end, pitched - LOWEST] = True
    shape = (1, len(case.tracks), case.num_bars, BAR, NUM_PITCHES)
    names = tuple(f"track {number}" for number in range(len(case.tracks)))
    return Rolls(cells.reshape(shape), LOWEST, RESOLUTION, None, names)


def notes(case: Case) -> Notes:
    """The piece as notes at 120 beats a minute."""
    tables = [np.array(track) for track in case.tracks]
    tracks = tuple(Track(notes_from_columns(table[:, 0], table[:, 1], table[:, 2], 90)) for table in tables)
    return Notes.from_score(Score(RESOLUTION, tracks))
