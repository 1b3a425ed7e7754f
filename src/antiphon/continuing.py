"""From a user's piece to what follows it: a model hears the piece, and goes on at the next bar line.

Axes: n notes.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from antiphon.asked import LEARNT, Asked, check_kind, check_values
from antiphon.codecs.chords import triad_code
from antiphon.codecs.codec import Rows
from antiphon.codecs.melody import (
    LOWEST,
    NUM_PITCHES,
    STEPS,
    MelodyBars,
    common_time_bars,
    in_fours,
    melody_track,
    monophonic,
    on_the_beat,
    why_silent,
)
from antiphon.codecs.notes import NoteSequences
from antiphon.composing import PROGRESSIONS
from antiphon.errors import InputError
from antiphon.families.lstm.memory import SPAN
from antiphon.families.lstm.note_heads import MOST_STEPS
from antiphon.io.midi import read_midi
from antiphon.music.form import lay_out, parse_form
from antiphon.music.keys import key_of_weights
from antiphon.music.score import NOTE, Score, Track, empty, notes_from_columns, round_half_up
from antiphon.music.theory import Key, pitch_name
from antiphon.orders import check_abilities
from antiphon.performing import Continued, perform_on
from antiphon.writers.notes import LONGEST_GAP, LstmWriter
from antiphon.writers.performances import PerformanceWriter
from antiphon.writers.writer import Chance

if TYPE_CHECKING:
    from antiphon.generate import Model

BARS = 16
"""Bars of a continuation unless others are asked for."""

_RESOLUTION = 4
_TRACK = "Continuation"
_RANGE = f"{pitch_name(LOWEST)} to {pitch_name(LOWEST + NUM_PITCHES - 1)}"


def continue_song(
    model: "Model",
    prime: Path | str | Score,
    bars: int | None = None,
    *,
    seed: int = 0,
    num: int = 1,
    temperature: float = 1.0,
    only_new: bool = False,
    seconds: float | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Continued:
    """Write what follows a piece, from the next bar line after its last note on, in its tempo and metre; or, with
    models of performances, from its end on (`antiphon.performing.perform_on`).

    `lstm` models hear all parts but drums as one line of notes, of which the last 512. `bar` models write 4/4 alone,
    hear the melody as one voice (of notes that begin together the highest, each cut off where the next begins), and go
    on after the last bar in which it begins a note, in its key and over the chords that are written in it.

    Parameters
    ----------
    model
        Of the family `lstm`, `bar` or `transformer`, see `antiphon.generate.load`.
    prime
        A MIDI file, or a score.
    bars
        Length of what follows; None: 16.
    seed, num, temperature
        As of `Model.generate`.
    only_new
        Whether the piece itself is left out.
    seconds, top_k, top_p
        Of models of performances, in place of bars, see `Model.generate`; seconds None: 30.

    Raises
    ------
    InputError
        If the piece cannot be read, nothing in it can be followed (no pitched notes, off the grid, for `bar` models not
        in 4/4), or a value is of another kind or out of range.
    """
    if isinstance(model, str | Path):
        raise InputError(f"model = {str(model)!r}: give a model that is open, antiphon.load({str(model)!r})")
    asked = Asked(bars, seed, num, temperature=temperature, seconds=seconds, top_k=top_k, top_p=top_p)
    if isinstance(model.writer, PerformanceWriter):
        return perform_on(model, prime, asked, only_new)
    if model.config.family.kind not in ("bar", "lstm"):
        raise InputError(
            f"continue: the model {model.name} cannot hear a piece; choose a bar, an lstm or a transformer model"
        )
    bars = BARS if bars is None else bars
    asked = asked._replace(bars=bars)
    check_kind("prime", prime)
    check_values(asked)
    check_abilities(model.name, model.writer, asked)
    name, score = ("the score", prime) if isinstance(prime, Score) else (str(prime), read_midi(prime))
    score = in_fours(score)
    _check_sounding(name, score)
    if isinstance(model.writer, LstmWriter) and isinstance(model.codec, NoteSequences):
        piece, heard = model.codec.aligned(score), _heard_line(name, score, model.codec)
        start = _Start.after(name, piece)
        chances = [np.random.default_rng([song, 0]) for song in range(seed, seed + num)]
        line = _last(model.codec.encode(score))
        key = _key(line["real"])
        chords = _chords(key, bars, chances)
        written = model.writer.follow(
            chances,
            line,
            chords,
            key=key.tonic + 12 * key.is_minor,
            bar=start.bar_steps,
            gap=start.gap,
            temperature=temperature,
        )
        new = [replace(_scored(notes, piece), texts=model.texts(seed + at)) for at, notes in enumerate(written)]
    else:
        piece = on_the_beat(score)
        start = _Start.after(name, piece)
        heard = _heard_voice(piece, _heard_bar(name, piece, start), start)
        new = [
            _scaled(song, piece.ticks_per_beat)
            for song in model.generate(bars, seed=seed, num=num, temperature=temperature, first=piece)
        ]
    songs = [(_alone if only_new else _joined)(piece, song, start.tick) for song in new]
    return Continued(songs, start.tick, float(piece.seconds(start.tick)), start.bar, heard)


class _Start(NamedTuple):
    """The bar line at which a continuation begins: its tick, the number of its bar, the bar's steps, and how many steps
    after the last pitched onset it lies, whole bars less where that is further than models know of."""

    tick: int
    bar: int
    bar_steps: int
    gap: int

    @classmethod
    def after(cls, name: str, piece: Score) -> Self:
        """The first bar line after the last note's end, which may lie beyond it by less than half a step."""
        lines, (beats, unit) = piece.bars(), _metre(piece)
        size = piece.ticks_per_beat * 4 * beats // unit
        index = int(np.searchsorted(lines, piece.end - piece.ticks_per_beat / (2 * _RESOLUTION)))
        tick = int(lines[index])
        onset = max(int(track.notes["start"].max(initial=0)) for track in piece.tracks if not track.is_drum)
        first, last, steps = (int(piece.steps(ticks, _RESOLUTION)) for ticks in (onset, tick, size))
        if not 1 <= steps <= MOST_STEPS:
            raise InputError(
                f"{name}: its last bars are of {steps} sixteenths; give a piece in bars of 1 to {MOST_STEPS}"
            )
        gap = last - first
        return cls(tick, index + 1, steps, gap - -(-max(gap - LONGEST_GAP, 0) // steps) * steps)


def _key(line: NDArray[np.uint8]) -> Key:
    """The key of some notes (n, 3)."""
    key = key_of_weights(np.bincount(line[:, 0] % 12, line[:, 1] + 1.0, minlength=12))
    assert key is not None
    return key


def _chords(key: Key, bars: int, chances: Sequence[Chance]) -> NDArray[np.uint8]:
    """Codes (N, B) of chords in a key that come to an end."""
    through = lay_out(parse_form("A"), bars, bars)
    songs = PROGRESSIONS[LEARNT]()([key] * len(chances), bars, [through] * len(chances), chances)
    return np.array([[triad_code(chord) for chord in song] for song in songs], np.uint8)


def _check_sounding(name: str, score: Score) -> None:
    if any(len(track.notes) and not track.is_drum for track in score.tracks):
        return
    what = "only drums sound in it" if score.num_notes else "no note sounds in it"
    raise InputError(f"{name}: nothing to continue, for {what}; give a piece with pitched notes")


def _heard_line(name: str, score: Score, codec: NoteSequences) -> str:
    """How much of a piece a model of notes hears."""
    if (reason := codec.why_silent(score)) is not None:
        raise InputError(
            f"{name}: cannot be continued, for {reason}; quantise it to sixteenths, or give a written piece"
        )
    num, drums = len(codec.line(score)), codec.losses(score)["drums"]
    notes = f"its last {SPAN} of {num} notes" if num > SPAN else f"its {num} notes"
    return f"heard {notes}" + (f", not the {drums} of its drums" if drums else "")


def _heard_bar(name: str, piece: Score, start: _Start) -> int:
    """The number of the bar that a model of bars hears, counted from 1: the last in which the melody begins a note."""
    if start.bar_steps != STEPS:
        metre = "/".join(str(number) for number in _metre(piece))
        raise InputError(
            f"{name}: it ends in {metre}, and bar models write 4/4 alone; lstm models go on in the metre of the piece: "
            "antiphon continue SONG lstm"
        )
    rows = MelodyBars().encode(piece)
    if not len(rows["bar"]):
        raise InputError(f"{name}: no bar that a bar model can follow: {why_silent(piece)}; give another file")
    line = common_time_bars(piece)[0][rows["bar"][-1]]
    return 1 + int(np.searchsorted(piece.bars(), line))


def _heard_voice(piece: Score, bar: int, start: _Start) -> str:
    """What of a piece a model of bars hears, where it hears a bar of it."""
    index = melody_track(piece)
    voice = empty(NOTE) if index is None else monophonic(piece.tracks[index].notes)
    # A musician would take up the tune, not the rest after it; but should know what was taken up.
    what = "the last bar of its melody" if bar == start.bar - 1 else f"bar {bar}, where its melody's last note begins"
    several = len(voice) < sum(len(track.notes) for track in piece.tracks)
    skyline = ", of notes that begin together the highest" if several else ""
    outside = (voice["pitch"] < LOWEST) | (voice["pitch"] >= LOWEST + NUM_PITCHES)
    moved = f", moved by octaves into {_RANGE}" if outside.any() else ""
    return f"heard {what}{skyline}{moved}"


def _last(rows: Rows) -> Rows:
    """The last notes of windows in a row, (n, ...)."""
    inside = np.arange(rows["real"].shape[1]) < rows["length"][:, None]
    return {name: rows[name][inside][-SPAN:] for name in ("real", "place", "bar")}


def _scored(notes: NDArray[np.uint8], piece: Score) -> Score:
    """Notes (n, 3) from step 0 on as a score in a piece's ticks, as loud as it and on its busiest instrument."""
    pitched = [track for track in piece.tracks if not track.is_drum]
    busiest = max(pitched, key=lambda track: len(track.notes))
    velocity = int(np.median(np.concatenate([track.notes["velocity"] for track in pitched])))
    begin = np.cumsum(notes[:, 2], dtype=np.int64)
    steps = np.stack([begin, begin + notes[:, 1] + 1])
    start, end = round_half_up(steps * piece.ticks_per_beat / _RESOLUTION)
    played = notes_from_columns(start, np.maximum(end, start + 1), notes[:, 0], velocity)
    return Score(piece.ticks_per_beat, (Track(played, busiest.program, name=_TRACK),))


def _scaled(score: Score, ticks_per_beat: int) -> Score:
    """The notes, chords and texts of a score in other ticks."""

    def scaled(ticks: NDArray[np.int64]) -> NDArray[np.int64]:
        return round_half_up(ticks * ticks_per_beat / score.ticks_per_beat)

    tracks = []
    for track in score.tracks:
        start, end = (scaled(track.notes[name].astype(np.int64)) for name in ("start", "end"))
        notes = notes_from_columns(start, np.maximum(end, start + 1), track.notes["pitch"], track.notes["velocity"])
        tracks.append(replace(track, notes=notes, name=f"{_TRACK}: {track.name}" if track.name else _TRACK))
    chords = tuple((int(scaled(np.array(tick))), symbol) for tick, symbol in score.chords)
    return Score(ticks_per_beat, tuple(tracks), texts=score.texts, chords=chords)


def _joined(piece: Score, new: Score, tick: int) -> Score:
    """A piece and what begins at a tick of it."""
    tracks = (_moved(track, tick) for track in new.tracks)
    chords = tuple((at + tick, symbol) for at, symbol in new.chords)
    kept = tuple((at, symbol) for at, symbol in piece.chords if at < tick)
    return replace(piece, tracks=(*piece.tracks, *tracks), chords=kept + chords, texts=(*new.texts, *piece.texts))


def _alone(piece: Score, new: Score, tick: int) -> Score:
    """What begins at a tick of a piece, under the tempo, metre and key that hold there."""
    held = {}
    for name in ("tempos", "time_signatures", "key_signatures"):
        rows = getattr(piece, name)
        held[name] = rows[rows["tick"] <= tick][-1:].copy()
        held[name]["tick"] = 0
    return replace(new, **held)


def _moved(track: Track, ticks: int) -> Track:
    notes = track.notes.copy()
    for name in ("start", "end"):
        notes[name] += ticks
    return replace(track, notes=notes)


def _metre(piece: Score) -> tuple[int, int]:
    """Numerator and denominator of the time signature that holds at a piece's end."""
    changes = piece.time_signatures[piece.time_signatures["tick"] <= piece.end][-1:]
    return (int(changes["numerator"][0]), int(changes["denominator"][0])) if len(changes) else (4, 4)
