"""From a model of performances to piano music of so many seconds, by itself or from the end of a piece on.

Axes: n notes, t tokens.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from antiphon.asked import Asked, check_kind, check_values
from antiphon.codecs.performance import (
    START,
    STEPS_PER_SECOND,
    Performance,
    PerformanceTokens,
    performance_of,
    score_of,
)
from antiphon.errors import InputError
from antiphon.io.midi import read_midi
from antiphon.music.score import Score, Track, notes_from_columns
from antiphon.music.tempo import finer
from antiphon.music.theory import pitch_name
from antiphon.orders import check_abilities
from antiphon.writers.performances import PerformanceWriter, Tokens
from antiphon.writers.token_choices import Manner

if TYPE_CHECKING:
    from antiphon.generate import Model

SECONDS, MORE_SECONDS = 60.0, 30.0
"""Length of a performance, and of a continuation, unless another is asked for."""

_PIANO, _TRACK = "Piano", "Continuation"
_SHOWN_AFTER_SECONDS, _INTERVAL_SECONDS = 2.0, 0.2
# Ticks longer than half a step of 10 ms would move notes audibly.
_TICKS_PER_SECOND = 200


@dataclass(frozen=True)
class Continued:
    """What follows a piece.

    Parameters
    ----------
    songs
        The piece with what follows it, or what follows alone.
    tick, begin_seconds
        Where it begins in the piece, in ticks of the songs and in seconds.
    bar
        The number of the bar in which it begins, counted from 1; None where it follows no bars.
    heard
        What the model heard of the piece, as the end of a sentence.
    """

    songs: Sequence[Score]
    tick: int
    begin_seconds: float
    bar: int | None
    heard: str


def perform_songs(model: "Model", asked: Asked) -> list[Score]:
    """Performances of a model by itself; see `antiphon.generate.Model.generate`."""
    seconds = SECONDS if asked.seconds is None else float(asked.seconds)
    played = _played(model, asked, seconds, None)
    return [_alone(notes, model, asked.seed + number) for number, notes in enumerate(played)]


def perform_on(model: "Model", prime: Path | str | Score, asked: Asked, only_new: bool = False) -> Continued:
    """Write what follows a piece, from the end of its last note on, as a track of its own on the piece's clock.

    The model hears all notes on the piano's keys, the pedal folded into their lengths; of a long piece the last ones.
    The piece itself stays note for note; where its ticks are longer than 5 ms, it is written in finer ones.

    Parameters
    ----------
    model
        Of the family `transformer`, see `antiphon.generate.load`.
    prime
        A MIDI file, or a score.
    asked
        The seconds that follow, None: 30; and how they are drawn.
    only_new
        Whether the piece itself is left out.

    Raises
    ------
    InputError
        If the piece cannot be read or has no note on the piano's keys, or an option is out of range or not one of
        performances.
    """
    check_kind("prime", prime)
    check_values(asked)
    check_abilities(model.name, model.writer, asked)
    name, score = ("the score", prime) if isinstance(prime, Score) else (str(prime), read_midi(prime))
    given = _tokens(name, score, _codec(model))
    seconds = MORE_SECONDS if asked.seconds is None else float(asked.seconds)
    piece, heard_steps = _fine(score), performance_of(given, _codec(model).keyboard).num_steps
    # A note that another of its pitch ends for the model may go on in the piece.
    end = max(heard_steps / STEPS_PER_SECOND, score.with_tracks(_pitched(score)).duration_seconds)
    songs = []
    heard_alone = np.append(START, given)[-_writer(model).span :]
    for number, notes in enumerate(_played(model, asked, seconds, heard_alone)):
        new = _alone(notes, model, asked.seed + number)
        songs.append(new if only_new else _after(piece, end, notes, new.texts))
    heard = _heard(score, given, _writer(model).span, _codec(model))
    return Continued(songs, int(piece.ticks(end)), end, None, heard)


def _tokens(name: str, score: Score, codec: PerformanceTokens) -> Tokens:
    """A piece (t,), without its drums, which would be keys of the piano."""
    tokens = codec.encode(score.with_tracks(_pitched(score)))["real"].astype(np.int64)
    if len(tokens):
        return tokens
    sounding = {track.is_drum for track in score.tracks if len(track.notes)}
    reasons = {frozenset(): "no note sounds in it", frozenset({True}): "only drums sound in it"}
    what = reasons.get(frozenset(sounding), "no note of it lies on the keyboard")
    low, high = pitch_name(codec.keyboard.lowest), pitch_name(codec.keyboard.highest)
    raise InputError(f"{name}: nothing to continue, for {what}; give a piece with notes from {low} to {high}")


def _heard(score: Score, tokens: Tokens, span: int, codec: PerformanceTokens) -> str:
    """What of a piece a model hears that is given its last `span` tokens."""
    drums = score.num_notes - sum(len(track.notes) for track in _pitched(score))
    without = f", not the {_notes(drums)} of its drums" if drums else ""
    if len(tokens) <= span:
        return f"heard its {_notes(len(performance_of(tokens, codec.keyboard).pitch))}{without}"
    last, whole = (performance_of(some, codec.keyboard).num_steps for some in (tokens[-span:], tokens))
    return f"heard the last {last / STEPS_PER_SECOND:.1f} of its {whole / STEPS_PER_SECOND:.1f} s{without}"


def _notes(num: int) -> str:
    return f"{num} note" if num == 1 else f"{num} notes"


def _pitched(score: Score) -> tuple[Track, ...]:
    return tuple(track for track in score.tracks if not track.is_drum)


def _played(model: "Model", asked: Asked, seconds: float, prime: Tokens | None) -> Iterator[Performance]:
    """One performance of so many seconds for each seed."""
    num_steps = int(np.floor(seconds * STEPS_PER_SECOND + 0.5))
    manner = Manner(asked.temperature, asked.top_k, asked.top_p)
    chances = [np.random.default_rng([seed, 0]) for seed in range(asked.seed, asked.seed + asked.num)]
    with _bar(num_steps * asked.num) as tell:
        written = _writer(model).perform(chances, num_steps, manner, prime, tell)
    for tokens in written:
        yield _lasting(_performance(model, tokens), num_steps)


def _lasting(performance: Performance, num_steps: int) -> Performance:
    """The performance cut after so many steps; where nothing sounds there, its last notes are held until then."""
    cut = performance.first_seconds(num_steps / STEPS_PER_SECOND)
    end = cut.end_step
    return replace(cut, end_step=np.where(end == end.max(initial=0), num_steps, end))


def _alone(notes: Performance, model: "Model", seed: int) -> Score:
    score = score_of(notes)
    return replace(score, tracks=tuple(replace(one, name=_PIANO) for one in score.tracks), texts=model.texts(seed))


def _after(piece: Score, end_seconds: float, notes: Performance, texts: tuple[tuple[int, str], ...]) -> Score:
    """A piece, and notes that begin at a time of it."""
    start, end = (piece.ticks(end_seconds + steps / STEPS_PER_SECOND) for steps in (notes.start_step, notes.end_step))
    table = notes_from_columns(start, np.maximum(end, start + 1), notes.pitch, notes.velocity)
    return replace(piece, tracks=(*piece.tracks, Track(table, name=_TRACK)), texts=(*texts, *piece.texts))


def _fine(piece: Score) -> Score:
    """A piece whose ticks are short enough for steps of 10 ms after its end."""
    ticks = int(piece.ticks(piece.seconds(piece.end) + 1.0)) - piece.end
    return finer(piece, -(-piece.ticks_per_beat * _TICKS_PER_SECOND // max(ticks, 1)))


def _codec(model: "Model") -> PerformanceTokens:
    assert isinstance(model.codec, PerformanceTokens)
    return model.codec.stored


def _performance(model: "Model", tokens: Tokens) -> Performance:
    return performance_of(tokens, _codec(model).keyboard)


def _writer(model: "Model") -> PerformanceWriter:
    assert isinstance(model.writer, PerformanceWriter)
    return model.writer


@contextmanager
def _bar(num_steps: int) -> Iterator[Callable[[int], None]]:
    """Yield what takes the steps that are written, and shows them on a terminal from two seconds on."""
    if not sys.stderr.isatty():
        yield lambda steps: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("writing"), BarColumn(), TextColumn("{task.fields[seconds]} s"), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), refresh_per_second=4, transient=True)
    task, last = bar.add_task("writing", total=num_steps, seconds="0"), time.monotonic() + _SHOWN_AFTER_SECONDS

    def update(steps: int) -> None:
        nonlocal last
        if time.monotonic() > last:
            bar.start()
            last = time.monotonic() + _INTERVAL_SECONDS
            told = f"{steps / STEPS_PER_SECOND:.0f} of {num_steps / STEPS_PER_SECOND:.0f}"
            bar.update(task, completed=steps, seconds=told)

    try:
        yield update
    finally:
        bar.stop()
