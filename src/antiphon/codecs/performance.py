"""Piano performances as event tokens: 10 ms time shifts, note-ons, note-offs and velocities, 310 or 390 in all.

The tokens are those of the code released with Muhamed et al. (2021, "Symbolic Music Generation with Transformer-GANs"),
a performance representation after Oore et al. (2018): start of piece 0, padding 1, time shifts of 1-100 steps
2-101, note-on and note-off of pitch 21-108 in turns 102-277, velocity bins 1-32 278-309. With all 128 keys there are
388 tokens of music, as in Oore et al., in the same order. The sustain pedal has no token: it lengthens notes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from antiphon.codecs.codec import Codec, Rows
from antiphon.codecs.pedal import published_seconds, sounding_notes
from antiphon.music.score import Score, Track, notes_from_columns

START, PADDING = 0, 1
STEPS_PER_SECOND = 100
MAX_SHIFT, NUM_BINS = 100, 32
SHIFT, NOTE = 1, 102
"""A shift of s steps is SHIFT + s; a note-on NOTE + 2 (pitch - lowest), its note-off one more."""


class Keyboard(NamedTuple):
    """The pitches that have tokens, and what follows from them: a velocity's bin b is `velocity` + b."""

    lowest: int
    highest: int

    @property
    def velocity(self) -> int:
        """The last token of a note."""
        return NOTE + 2 * (self.highest - self.lowest) + 1

    @property
    def num_tokens(self) -> int:
        """How many tokens there are, start and padding among them."""
        return self.velocity + NUM_BINS + 1


PIANO, ALL_KEYS = Keyboard(21, 108), Keyboard(0, 127)
KEYBOARDS: Mapping[int, Keyboard] = {88: PIANO, 128: ALL_KEYS}
"""By number of keys."""
LOWEST, HIGHEST = PIANO
NUM_TOKENS, VELOCITY = PIANO.num_tokens, PIANO.velocity

STRETCHES = (0.95, 0.975, 1.0, 1.025, 1.05)
TRANSPOSITIONS = (-3, -2, -1, 0, 1, 2, 3)
_LONG_SHIFT = SHIFT + MAX_SHIFT
_TICKS_PER_STEP, _TICKS_PER_BEAT = 10, 500
_DEFAULT_VELOCITY = 100
_PUBLISHED_MAX_STEPS = 3 * STEPS_PER_SECOND


@dataclass(frozen=True, eq=False)
class Performance:
    """Tokens, and the notes that they say.

    Parameters
    ----------
    tokens
        (t,) int32, without a start token.
    start_step, end_step
        (n,) int64: steps of 10 ms; ends are exclusive and later than starts.
    pitch, velocity
        (n,) int64; the velocity is the lowest of its bin: 1, 5, ..., 125.
    note_on, note_off
        (n,) int64: places in `tokens`; of a note that no token ends, `len(tokens)`.
    """

    tokens: NDArray[np.int32]
    start_step: NDArray[np.int64]
    end_step: NDArray[np.int64]
    pitch: NDArray[np.int64]
    velocity: NDArray[np.int64]
    note_on: NDArray[np.int64]
    note_off: NDArray[np.int64]

    def __len__(self) -> int:
        """The number of tokens."""
        return len(self.tokens)

    @property
    def num_steps(self) -> int:
        """Steps from the beginning to after the last token."""
        return int(_shifts(self.tokens).sum())

    def steps(self) -> NDArray[np.int64]:
        """The step (t + 1,) reached before each token, and after the last one."""
        return np.append(0, np.cumsum(_shifts(self.tokens)))

    def first(self, num_tokens: int) -> "Performance":
        """The piece cut after `num_tokens` tokens.

        A note that still sounds there ends there; one that begins only there is left out.
        """
        if num_tokens < 0:
            raise ValueError(f"a cut lies after 0 or more tokens, not {num_tokens}")
        return self._cut(self.tokens[:num_tokens], num_tokens)

    def first_seconds(self, seconds: float) -> "Performance":
        """The piece cut at a time, rounded to a step; a shift is shortened where the cut lies within it."""
        if not seconds >= 0:
            raise ValueError(f"a cut lies 0 or more seconds after the beginning, not {seconds}")
        limit, steps = seconds * STEPS_PER_SECOND + 0.5, self.steps()
        if limit >= steps[-1]:
            return self
        whole = int(np.searchsorted(steps, int(limit), side="right")) - 1
        rest = int(limit) - int(steps[whole])
        tokens = self.tokens[:whole]
        return self._cut(np.append(tokens, np.int32(SHIFT + rest)) if rest else tokens, whole)

    def _cut(self, tokens: NDArray[np.int32], num_own: int) -> "Performance":
        """The notes of the first `num_own` tokens within `tokens`, which may go on with a shift."""
        end = np.where(self.note_off < num_own, self.end_step, int(_shifts(tokens).sum()))
        kept = (self.note_on < num_own) & (self.start_step < end)
        return Performance(
            tokens,
            self.start_step[kept],
            end[kept],
            self.pitch[kept],
            self.velocity[kept],
            self.note_on[kept],
            np.minimum(self.note_off[kept], len(tokens)),
        )


class PerformanceTokens(Codec):
    """One row a token; rows of a song follow each other, so that the `song` of joined rows tells where pieces begin.

    Rows: "real" int16 (tokens,), values from 2 on: the start token is put before a piece by who reads it.

    Parameters
    ----------
    keys
        88: those of the piano, 21-108, 310 tokens; 128: all, 390 tokens.
    stretch
        What times are multiplied by, after the pedal and before they are rounded: above 1 is slower.
    transpose
        Semitones up; notes that leave the keyboard are left out.
    augment
        What changes pieces while a model is trained on them, see `antiphon.codecs.variants`; the rows stay as they are.
    """

    kind: Literal["performance"] = "performance"
    keys: Literal[88, 128] = 88
    stretch: float = Field(default=1.0, gt=0, le=4)
    transpose: int = Field(default=0, ge=-24, le=24)
    augment: Literal["none", "drawn", "exhaustive"] = "none"

    @property
    def keyboard(self) -> Keyboard:
        """The pitches that have tokens."""
        return KEYBOARDS[self.keys]

    @property
    def stored(self) -> "PerformanceTokens":
        """The codec whose rows these are, whatever becomes of them in training."""
        return self.model_copy(update={"augment": "none"})

    def encode(self, score: Score) -> Rows:
        """The tokens of a score, none for one without notes on the keyboard."""
        performance = performed_notes(score, self.stretch, self.transpose, self.keyboard)
        return {"real": performance.tokens.astype(np.int16)}

    def decode(self, tokens: ArrayLike) -> Score:
        """A score of one piano track at 120 beats a minute; see `performance_of` for tokens that make no sense."""
        return score_of(performance_of(tokens, self.keyboard))


def variants() -> tuple[PerformanceTokens, ...]:
    """The published training set's 35 variants of a piece, in its order: number 17 is the piece itself."""
    return tuple(PerformanceTokens(stretch=s, transpose=t) for s in STRETCHES for t in TRANSPOSITIONS)


def performed_notes(score: Score, stretch: float = 1.0, transpose: int = 0, keyboard: Keyboard = PIANO) -> Performance:
    """The notes that a score sounds, rounded to 10 ms, and their tokens: of all its tracks, drums too, as published.

    The pedal is folded into the lengths of notes (`antiphon.codecs.pedal`), then times are stretched, then notes
    transposed, and left out beyond the keyboard, then times rounded (`quantised`).
    """
    start, end, pitch, velocity = sounding_notes(score)
    pitch = pitch + transpose
    kept = (pitch >= keyboard.lowest) & (pitch <= keyboard.highest)
    seconds = published_seconds(score, np.stack([start[kept], end[kept]])) * stretch
    return quantised(seconds[0], seconds[1], pitch[kept], velocity[kept], keyboard)


def quantised(
    start_seconds: NDArray[np.float64],
    end_seconds: NDArray[np.float64],
    pitch: NDArray[np.int64],
    velocity: NDArray[np.int64],
    keyboard: Keyboard = PIANO,
) -> Performance:
    """Notes (n,) of a keyboard's pitches, in any order, rounded to 10 ms, and their tokens.

    Step = floor(100 s + 0.5); a note lasts one step at least; velocities 1-127 fall into 32 bins. Notes are numbered by
    exact onset, then pitch; within a step, events come in the order of these numbers, a note's beginning before its
    end.
    """
    order = np.lexsort((pitch, start_seconds))
    start, end = (
        np.floor(times[order] * STEPS_PER_SECOND + 0.5).astype(np.int64) for times in (start_seconds, end_seconds)
    )
    return written(start, np.maximum(end, start + 1), pitch[order], (velocity[order] - 1) // 4 + 1, keyboard)


def performance_of(tokens: ArrayLike, keyboard: Keyboard = PIANO) -> Performance:
    """The notes that tokens say, any tokens at all.

    Start tokens and padding say nothing. A note-off ends the oldest note of its pitch that sounds, and says nothing
    where none does; a note that ends at the step of its beginning is left out; what sounds at the end ends there.
    Before the first velocity, notes have velocity 100.

    Raises
    ------
    ValueError
        If they are no line of whole numbers from 0 to 309, or to the last token of the keyboard given.
    """
    tokens = _checked(tokens, keyboard)
    tokens = tokens[tokens > PADDING]
    step = np.cumsum(_shifts(tokens))
    on, off = _pairs(tokens, keyboard)
    bins = np.where(tokens > keyboard.velocity, tokens - keyboard.velocity, 0)
    latest = np.maximum.accumulate(np.where(bins > 0, np.arange(len(tokens)), 0)) if len(tokens) else bins
    velocity = np.where(bins[latest] > 0, 4 * bins[latest] - 3, _DEFAULT_VELOCITY)
    step = np.append(step, step[-1:] if len(step) else 0).astype(np.int64)
    kept = step[off] > step[on]
    on, off = on[kept], off[kept]
    pitch = (tokens[on].astype(np.int64) - NOTE) // 2 + keyboard.lowest
    return Performance(tokens, step[on], step[off], pitch, velocity[on].astype(np.int64), on, off)


def score_of(performance: Performance) -> Score:
    """The notes as a score of one piano track at 120 beats a minute and 1,000 ticks a second."""
    start, end = performance.start_step * _TICKS_PER_STEP, performance.end_step * _TICKS_PER_STEP
    notes = notes_from_columns(start, end, performance.pitch, performance.velocity)
    return Score(_TICKS_PER_BEAT, (Track(notes),) if len(notes) else ())


def decode_as_published(tokens: ArrayLike) -> Score:
    """What the decoder published with the paper makes of tokens, with its two losses.

    A shift of a second right after another one is dropped, so that silences and held notes of two seconds and more
    shrink; and notes are cut to three seconds.
    """
    tokens = _checked(tokens, PIANO)
    tokens = tokens[tokens > PADDING]
    dropped = np.append(False, (tokens[1:] == _LONG_SHIFT) & (tokens[:-1] == _LONG_SHIFT))[: len(tokens)]
    dropped[:2] = False  # it looks two kept tokens back
    heard = performance_of(tokens[~dropped])
    end = np.minimum(heard.end_step, heard.start_step + _PUBLISHED_MAX_STEPS)
    return score_of(replace(heard, end_step=end))


def _checked(tokens: ArrayLike, keyboard: Keyboard) -> NDArray[np.int32]:
    values = np.asarray(tokens)
    if values.ndim != 1 or (values.size and values.dtype.kind not in "iu"):
        raise ValueError(f"tokens are one line of whole numbers, not {values.shape} of {values.dtype}")
    if values.size and (values.min() < 0 or values.max() >= keyboard.num_tokens):
        raise ValueError(f"tokens are 0 to {keyboard.num_tokens - 1}, not {values.min()} to {values.max()}")
    return values.astype(np.int32)


def _shifts(tokens: NDArray[np.int32]) -> NDArray[np.int64]:
    """Steps by which each token moves on."""
    moves = (tokens > SHIFT) & (tokens <= _LONG_SHIFT)
    return np.where(moves, tokens - SHIFT, 0).astype(np.int64)


def _pairs(tokens: NDArray[np.int32], keyboard: Keyboard) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of each note-on and of the note-off that ends it (`len(tokens)` where none does), by note-on."""
    places = np.flatnonzero((tokens >= NOTE) & (tokens <= keyboard.velocity))
    event = tokens[places] - NOTE
    by_pitch = np.argsort(event // 2, kind="stable")
    found = [
        _queue(places[group], event[group] % 2 == 1, len(tokens))
        for group in np.split(by_pitch, np.flatnonzero(np.diff(event[by_pitch] // 2)) + 1)
        if len(group)
    ]
    on, off = (np.concatenate([np.empty(0, np.int64), *(pair[i] for pair in found)]) for i in range(2))
    order = np.argsort(on)
    return on[order], off[order]


def _queue(places: NDArray[Any], ends: NDArray[np.bool_], last: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First in, first out, of one pitch; an end while nothing sounds lowers the balance below all before it."""
    balance = np.cumsum(np.where(ends, -1, 1))
    lowest = np.minimum.accumulate(np.append(0, balance))[:-1]
    on, off = places[~ends], places[ends & (balance >= lowest)]
    return on, np.append(off, np.full(len(on) - len(off), last))


def written(
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    pitch: NDArray[np.int64],
    velocity_bin: NDArray[np.int64],
    keyboard: Keyboard = PIANO,
) -> Performance:
    """Tokens of notes (n,) in the order in which they are numbered; starts do not fall, ends come after them."""
    num = len(start)
    number = np.arange(num)
    key = np.sort(np.concatenate([(start * num + number) * 2, (end * num + number) * 2 + 1]))
    is_off, (step, note) = key & 1, np.divmod(key >> 1, max(num, 1))
    gap = np.diff(step, prepend=0)
    num_shifts = (gap + MAX_SHIFT - 1) // MAX_SHIFT
    begins = np.flatnonzero(is_off == 0)
    bins = velocity_bin[note[begins]]
    changes = begins[np.diff(bins, prepend=0) != 0]
    has_velocity = np.zeros(len(key), np.int64)
    has_velocity[changes] = 1
    place = np.cumsum(num_shifts + has_velocity + 1) - 1
    tokens = np.full(int(place[-1]) + 1 if num else 0, _LONG_SHIFT, np.int32)
    tokens[place] = NOTE + 2 * (pitch[note] - keyboard.lowest) + is_off
    tokens[place[changes] - 1] = keyboard.velocity + velocity_bin[note[changes]]
    moved = num_shifts > 0
    tokens[(place - has_velocity - 1)[moved]] = (SHIFT + gap - MAX_SHIFT * (num_shifts - 1))[moved]
    where = np.empty((2, num), np.int64)
    where[is_off, note] = place
    return Performance(tokens, start, end, pitch, 4 * velocity_bin - 3, where[0], where[1])
