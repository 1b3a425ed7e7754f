"""What is measured of a song, by the kind of music that a part looks at: melody bars, rolls, notes, performances.

A part measures one song at a time, as it is and shuffled, so that a set of any size fits in memory.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from antiphon.codecs.codec import Rows
from antiphon.codecs.melody import MelodyBars, common_time_bars, why_silent
from antiphon.codecs.performance import STEPS_PER_SECOND, Performance, quantised
from antiphon.codecs.pianoroll import MAX_BEATS, MAX_CELLS, PianoRoll
from antiphon.evaluation.baselines import (
    shuffled_bars,
    shuffled_gaps,
    shuffled_pitches,
    shuffled_steps,
    transposed_track,
)
from antiphon.evaluation.measures import Metric, Values, base_name
from antiphon.evaluation.metrics import (
    bands,
    bars,
    form,
    harmony,
    performance,
    performance_metrics,
    pitch,
    rhythm,
    structure,
)
from antiphon.evaluation.metrics import multitrack as metrics
from antiphon.evaluation.metrics.form import form_metrics
from antiphon.evaluation.metrics.harmony import harmony_metrics
from antiphon.evaluation.metrics.pitch import pitch_metrics
from antiphon.evaluation.metrics.rhythm import rhythm_metrics
from antiphon.evaluation.metrics.structure import structure_metrics
from antiphon.evaluation.notes import Notes, stated_key
from antiphon.evaluation.rolls import Rolls
from antiphon.evaluation.suite.gather import UnusableError
from antiphon.evaluation.suite.songs import Songs
from antiphon.music.score import Score


@dataclass(frozen=True)
class Setting:
    """What both sides are measured with.

    Parameters
    ----------
    grid
        How scores become rolls.
    tokens, seconds
        The stated length to which performances are cut; None: whole pieces.
    seed
        Of what is shuffled.
    onsets
        Whether rolls of both sides tell which notes are struck; where one side's do not, neither side's are read.
    prime_tokens
        Tokens at the beginning of every performance that its maker was given; None: none.
    beats
        Whether the songs of both sides have beats; where one side's do not, both are heard as performances.
    """

    grid: PianoRoll = field(default_factory=lambda: PianoRoll(bars=1, silent="kept"))
    tokens: int | None = None
    seconds: float | None = None
    seed: int = 0
    onsets: bool = True
    prime_tokens: int | None = None
    beats: bool = True


PHRASE_BARS = 4
"""Bars over which the best-fitting scale of rolls is sought."""

Both = tuple[Values, Values]
"""The values of a song, and of the same song shuffled."""


@dataclass(frozen=True)
class Part:
    """One kind of measuring.

    Parameters
    ----------
    name, title, sentence
        For people: the sentence says what a unit is.
    shuffled
        What was shuffled, as the end of a sentence.
    metrics
        Words of everything that `measure` gives.
    measure
        (songs, index, setting) -> values as they are and shuffled; raises `UnusableError`.
    """

    name: str
    title: str
    sentence: str
    shuffled: str
    metrics: tuple[Metric, ...]
    measure: Callable[[Songs, int, Setting], Both]


def melody_rows(songs: Songs, index: int) -> Rows:
    """Bars of a song's melody, each beside the bar before and its chord.

    Raises
    ------
    UnusableError
        If it has none.
    """
    if (given := songs.bars(index)) is not None:
        return given
    score = songs.score(index)
    rows = MelodyBars().encode(score)
    if not len(rows["real"]):
        raise UnusableError(why_silent(score))
    return rows


def song_rolls(songs: Songs, index: int, setting: Setting) -> Rolls:
    """A song on the grid: its own rolls where it has them on that grid."""
    native, grid = songs.only([index]).rolls, setting.grid
    if native is not None and on_grid(native, grid):
        return native if setting.onsets else native.without_onsets()
    score = songs.score(index)
    rolls = Rolls.from_scores([score] if score.num_notes else [], grid)
    if not len(rolls):
        raise UnusableError(why_no_bars(score, grid))
    return rolls if setting.onsets else rolls.without_onsets()


def why_no_bars(score: Score, grid: PianoRoll) -> str:
    """Why a score gives no bars on a grid, as the end of a sentence about it."""
    if not score.num_notes:
        return "it has no notes"
    if score.end > MAX_BEATS * score.ticks_per_beat:
        return f"it lasts longer than {MAX_BEATS:,} beats"
    num_bars = len(common_time_bars(score)[0])
    if not num_bars:
        return "it has no whole bar in 4/4"
    if num_bars * math.prod(grid.shape) > MAX_CELLS * grid.bars:
        return f"{num_bars:,} bars are too many; cut it into shorter songs"
    top = grid.lowest_pitch + grid.num_pitches - 1
    return f"nothing of {', '.join(grid.tracks)} sounds from pitch {grid.lowest_pitch} to {top} in its 4/4 bars"


def on_grid(rolls: Rolls, grid: PianoRoll) -> bool:
    """Whether rolls lie on a grid already, bars a phrase aside."""
    same = rolls.resolution == grid.resolution and rolls.lowest_pitch == grid.lowest_pitch
    return same and rolls.tracks == grid.tracks and rolls.cells.shape[4] == grid.num_pitches


def song_notes(songs: Songs, index: int) -> Notes:
    """The pitched notes of a song."""
    notes = Notes.from_score(songs.score(index))
    if not len(notes):
        raise UnusableError("no pitched note sounds in it")
    return notes


def melody_notes(songs: Songs, index: int) -> Notes:
    """The melody bars of a song alone, one after the other, as notes; gaps between them are closed."""
    return Notes.from_score(MelodyBars().decode(np.asarray(melody_rows(songs, index)["real"])))


def heard_notes(setting: Setting, songs: Songs, index: int) -> Notes:
    """The notes of a song as a performance of the stated length: its pedal in their lengths, two beats a second.

    So samples that were decoded from tokens, in which there is no pedal, can be held against files that have one.
    """
    return performance.notes_of(stated_piece(setting, songs.score(index)))


def stated_piece(setting: Setting, score: Score) -> Performance:
    """The performance of a score, cut to the stated length.

    Raises
    ------
    UnusableError
        If it is silent, does not reach the stated length, or has nothing after its prime.
    """
    return _stated(setting, _whole(score))


def _whole(score: Score) -> Performance:
    piece = performance.performance_of_score(score)
    if not len(piece):
        raise UnusableError("no note of a piano sounds in it")
    return piece


def _stated(setting: Setting, whole: Performance) -> Performance:
    seconds = whole.num_steps / STEPS_PER_SECOND
    if setting.tokens and len(whole) < setting.tokens:
        raise UnusableError(f"it has {len(whole):,} tokens, fewer than the stated {setting.tokens:,}")
    if setting.seconds and seconds < setting.seconds:
        raise UnusableError(f"it lasts {seconds:.1f} seconds, less than the stated {setting.seconds:g}")
    cut = setting.tokens or setting.seconds
    piece = performance.cut(whole, setting.tokens, setting.seconds) if cut else whole
    if setting.prime_tokens and len(piece) <= setting.prime_tokens:
        raise UnusableError(f"it has {len(piece):,} tokens, no more than the prime's {setting.prime_tokens:,}")
    return piece


def _melody(songs: Songs, index: int, setting: Setting) -> Both:
    rows = melody_rows(songs, index)
    shuffled = {**rows, "real": shuffled_steps(np.asarray(rows["real"]), _rng(setting, index))}
    return bars.melody_metrics(rows), bars.melody_metrics(shuffled)


def _rolls(songs: Songs, index: int, setting: Setting) -> Both:
    rolls, rng = song_rolls(songs, index, setting), _rng(setting, index)
    shuffled = shuffled_bars(rolls, rng)
    for track in rolls.pitched:
        shuffled = transposed_track(shuffled, track, rng, None)
    return _of_rolls(rolls), _of_rolls(shuffled)


def _of_rolls(rolls: Rolls) -> Values:
    # The best-fitting scale is that of a phrase, so phrases must be as long on both sides, however they are stored.
    parts = [metrics.bar_metrics(part) | bands.band_metrics(part) for part in rolls.in_phrases(PHRASE_BARS)]
    return {name: np.concatenate([np.asarray(part[name]) for part in parts]) for name in parts[0]}


def _notes(songs: Songs, index: int, setting: Setting) -> Both:
    notes = song_notes(songs, index) if setting.beats else heard_notes(setting, songs, index)
    return _of_notes(notes), _of_notes(_shuffled(notes, _rng(setting, index)))


def _of_notes(notes: Notes) -> Values:
    measures = (pitch_metrics, rhythm_metrics, harmony_metrics, structure_metrics, form_metrics)
    return {name: value for measure in measures for name, value in measure(notes).items()}


def _performance(songs: Songs, index: int, setting: Setting) -> Both:
    score = songs.score(index)
    whole, key = _whole(score), stated_key(score)
    piece = _stated(setting, whole)
    shuffled = _shuffled(performance.notes_of(piece), _rng(setting, index))
    played = quantised(shuffled.start_seconds, shuffled.end_seconds, shuffled.pitch, shuffled.velocity)
    prime = setting.prime_tokens and min(setting.prime_tokens, len(played) - 1)
    return (
        _once(performance_metrics.performance_metrics(piece, setting.prime_tokens, whole=whole, key=key)),
        _once(performance_metrics.performance_metrics(played, prime, key=key)),
    )


def _once(values: Values) -> Values:
    return {name: value for name, value in values.items() if base_name(name) not in _TWICE}


def _shuffled(notes: Notes, rng: np.random.Generator) -> Notes:
    return shuffled_gaps(shuffled_pitches(notes, rng), rng)


def _rng(setting: Setting, index: int) -> np.random.Generator:
    return np.random.default_rng((setting.seed, index))


_TWICE = ("total_used_pitches", performance_metrics.curve_name("total_used_pitches"))
"""Of notes the same as `pitches_used`: a number that stands twice would be corrected for twice."""

PARTS: Mapping[str, Part] = {
    part.name: part
    for part in (
        Part(
            "bars",
            "Melody, bar by bar",
            "A unit is a bar of 16 sixteenths in 4/4 in which the melody begins a note.",
            "the sixteenths of each bar in random order",
            bars.METRICS,
            _melody,
        ),
        Part(
            "rolls",
            "Five tracks, bar by bar",
            "A unit is a bar in 4/4, cut at its bar lines; a metric that a silent bar has no value for leaves it out.",
            "the steps of each bar in random order, and each pitched track moved by an interval of its own",
            (*metrics.METRICS, *(metric for metric in bands.METRICS if metric.name in bands.PER_BAR)),
            _rolls,
        ),
        Part(
            "notes",
            "Notes: pitch, rhythm, harmony, form",
            "A unit is a piece.",
            "the pitches of each piece in random order, and the times between its onsets",
            (*pitch.METRICS, *rhythm.METRICS, *harmony.METRICS, *structure.METRICS, *form.METRICS),
            _notes,
        ),
        Part(
            "performance",
            "Performance: the published nine, and failures",
            "A unit is a piece, cut to the stated length; curves against the position go on after the cut.",
            "the pitches of each piece in random order, and the times between its onsets",
            tuple(metric for metric in performance_metrics.METRICS if metric.name not in _TWICE),
            _performance,
        ),
    )
}
"""Every part by name."""

PROTOCOLS: Mapping[str, tuple[str, ...]] = {
    "bar": ("bars",),
    "lstm": ("notes",),
    "musegan": ("rolls",),
    "transformer-gan": ("performance",),
    "all": ("bars", "rolls", "notes", "performance"),
}
"""The parts of each protocol."""
