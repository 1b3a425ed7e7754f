"""Accompaniment by rule: the six patterns of the bar GAN paper and plain block chords, one chord a bar."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from antiphon.errors import InputError
from antiphon.music.score import Track, notes_from_columns

COLUMNS = 16
"""Columns a bar, as in the bar GAN's melody."""


class PitchClasses(Protocol):
    """What is asked of a chord."""

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """Its pitch classes, 0-11 with 0 = C."""


@dataclass(frozen=True)
class Stroke:
    """A chord struck at column `first` and held through column `last`, as loud as `value` (0-1)."""

    first: int
    last: int
    value: float


@dataclass(frozen=True)
class Figure:
    """What is played in a bar: strokes, `octave` octaves up (negative: down)."""

    strokes: tuple[Stroke, ...] = ()
    octave: int = 0


@dataclass(frozen=True)
class Pattern:
    """One accompaniment: `then` in the bars that `chosen(bar, n)` picks, `otherwise` in the rest.

    `n` is the pattern's own parameter and its default here.
    """

    summary: str
    chosen: Callable[[int, int], bool]
    then: Figure
    otherwise: Figure = Figure()
    n: int = 1


_HELD = (Stroke(0, 14, 0.7),)
_BROKEN = (Stroke(0, 1, 0.7), Stroke(5, 7, 0.7), Stroke(9, 15, 0.7))
_SWAYING = (Stroke(0, 1, 0.9), Stroke(5, 9, 0.7), Stroke(11, 15, 0.9))
_ANSWER = (Stroke(10, 13, 0.9),)


def _first(bar: int, n: int) -> bool:
    return bar < n


def _every(bar: int, n: int) -> bool:
    return bar % n == 0


PATTERNS: dict[str, Pattern] = {
    "block": Pattern("the chord held through every bar", _every, Figure((Stroke(0, 15, 0.7),))),
    "1": Pattern("held chords in the first n bars", _first, Figure(_HELD), n=7),
    "2": Pattern("held chords, after n bars an octave lower", _first, Figure(_HELD), Figure(_HELD, -1), n=4),
    "3": Pattern("held chords, every second bar an octave lower", _every, Figure(_HELD), Figure(_HELD, -1), n=2),
    "4": Pattern("three strokes in every n-th bar", _every, Figure(_BROKEN), n=2),
    "5": Pattern(
        "swaying strokes, every second bar an octave lower", _every, Figure(_SWAYING), Figure(_SWAYING, -1), n=2
    ),
    "6": Pattern(
        "swaying strokes, answered by one an octave lower", _every, Figure(_SWAYING), Figure(_ANSWER, -1), n=2
    ),
}
"""Columns, values and octaves of patterns 1 to 6 are those published with the bar GAN; the defaults of n are ours."""


def accompany(
    chords: Sequence[PitchClasses | None],
    pattern: str,
    ticks_per_beat: int = 480,
    *,
    n: int | None = None,
    offset: int = 4,
    beats: int = 4,
    loudest: int = 50,
    program: int = 0,
    name: str = "accompaniment",
) -> Track:
    """Accompany bars, one chord each, by a pattern.

    Each pitch class sounds in the octave that begins at MIDI pitch 12 * offset, so a chord stands on its root or is an
    inversion; major and minor alike are built on their own root (the published table is a third too low for minor).

    Parameters
    ----------
    chords
        The chord of each bar; None is a silent bar.
    pattern
        A name in `PATTERNS`.
    ticks_per_beat, beats
        Ticks a beat and beats a bar; a bar is 16 equal columns.
    n
        The pattern's parameter, at least 1; None takes its default.
    offset
        Octave 1 to 9 of the chords; 4 begins at pitch 48, the C below middle C.
    loudest
        Velocity 1-127 of value 1.0; at 50, as published, strokes have velocity 35 and 45.
    program, name
        Of the track that is made.

    Raises
    ------
    InputError
        If the pattern is unknown, or n, the octave or the loudness out of range.
    """
    figures = _figures(pattern, len(chords), n)
    if not 1 <= offset <= 9:
        raise InputError(f"accompaniment octave {offset}: choose one from 1 to 9")
    if not 1 <= loudest <= 127:
        raise InputError(f"accompaniment loudness {loudest}: choose a velocity from 1 to 127")
    bar_ticks = beats * ticks_per_beat
    rows = []
    for bar, (chord, figure) in enumerate(zip(chords, figures, strict=True)):
        pitch_classes = sorted(set(chord.pitch_classes)) if chord is not None else []
        for stroke in figure.strokes:
            start, end = (bar * bar_ticks + column * bar_ticks // COLUMNS for column in (stroke.first, stroke.last + 1))
            velocity = max(1, round(stroke.value * loudest))
            rows += [(start, end, 12 * (offset + figure.octave) + tone, velocity) for tone in pitch_classes]
    columns = zip(*rows, strict=True) if rows else ((),) * 4
    return Track(notes_from_columns(*columns), program=program, name=name)


def _figures(pattern: str, num_bars: int, n: int | None) -> list[Figure]:
    if pattern not in PATTERNS:
        raise InputError(f"accompaniment pattern {pattern!r}: choose one of {', '.join(PATTERNS)}")
    if n is not None and n < 1:
        raise InputError(f"accompaniment pattern {pattern}: n = {n} will not do; it counts bars, from 1 up")
    row = PATTERNS[pattern]
    return [row.then if row.chosen(bar, n or row.n) else row.otherwise for bar in range(num_bars)]
