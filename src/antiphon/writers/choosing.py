"""Wishes for bars, honoured by choosing among what a generator writes from several latents.

A candidate is taken with a chance in proportion to exp(how well it serves the wishes): sampling, importance resampling
(Rubin 1988). As the candidates grow in number, bars come from the generator's own distribution times that factor, so
that a wish bends the music and never leaves it. Nothing is trained anew, and any generator of bars will do.

Axes: N songs, B bar, T step (16), K candidates.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.melody import HOLD, LOWEST, NUM_PITCHES, STEPS

Bars = NDArray[np.uint8]
Floats = NDArray[np.float64]

FEW, MANY = 16, 48
"""Latents drawn for a bar that likes a rhythm and wishes nothing else, and for one with other wishes."""

ECHO = (0.6, 2.4, 1.3, 2.7, 1.3, 2.0, 1.3, 2.7)
"""How much a bar likes the rhythm of the bar 1, 2, ... 8 before it, where a song has phrases. Set so that rhythms come
back as often as in the songs of `lieder` (`python -m benchmarks form`)."""

_TELLING_NOTES = 6
_SPREAD_NOTES = 1.2
_SPREAD_PITCH = 1.0
_LATE, _EARLY = 2.0, -2.0
_TONE, _LENGTH = 3.5, 5.5
_NO_END = -6.0


@dataclass(frozen=True)
class Wishes:
    """What is asked of every bar of a song.

    Parameters
    ----------
    notes
        How many begin in a bar, on average; None: as it comes.
    register
        Lowest and highest MIDI pitch wished for; None: as it comes.
    echoes
        Whether bars like the rhythms of bars before.
    """

    notes: float | None = None
    register: tuple[int, int] | None = None
    echoes: bool = False

    @property
    def num_candidates(self) -> int:
        """Latents drawn for a bar that closes nothing."""
        if self.notes is not None or self.register is not None:
            return MANY
        return FEW if self.echoes else 1


@dataclass(frozen=True, eq=False)
class Past:
    """What of N songs there is before a bar.

    Parameters
    ----------
    bars
        The latest (N, T), at least the last 8 where there are so many.
    owed
        (N,): by how many notes they have fallen short of the wished density.
    """

    bars: Sequence[Bars]
    owed: Floats


def score(bars: Bars, past: Past, wishes: Wishes, strength: Floats, tones: Floats) -> Floats:
    """How well candidates serve, (N, K): the logarithm of what their chances are multiplied by.

    Parameters
    ----------
    bars
        Candidates (N, K, T) for one bar, classes of `antiphon.codecs.melody`.
    past
        What was written before it.
    wishes
        Of all songs.
    strength, tones
        How much this bar ends a phrase (N,), and how well each pitch class would end it (N, 12).
    """
    total = np.zeros(bars.shape[:2])
    if wishes.notes is not None:
        total += _density(bars, past.owed, wishes.notes)
    if wishes.register is not None:
        total += _register(bars, *wishes.register)
    if wishes.echoes:
        total += _echoes(bars, past.bars)
    if strength.any():
        total += strength[:, None] * _ending(bars, tones)
    return total


def choose(scores: Floats, chances: Sequence[np.random.Generator]) -> NDArray[np.intp]:
    """A candidate (N,) of each song, each with a chance in proportion to exp(score), by the song's own chance."""
    # The largest of scores with Gumbel noise is a draw from their softmax.
    noise = np.stack([chance.gumbel(size=scores.shape[1]) for chance in chances])
    return np.asarray((scores + noise).argmax(1))


def _density(bars: Bars, owed: Floats, notes: float) -> Floats:
    """Gaussian in the number of notes; what earlier bars had too many or too few is made up for, two at most."""
    wanted = notes + np.clip(owed, _EARLY, _LATE)
    count = num_notes(bars)
    return np.asarray(-(((count - wanted[:, None]) / _SPREAD_NOTES) ** 2) / 2)


def _register(bars: Bars, low: int, high: int) -> Floats:
    """Gaussian in the mean distance of the notes from the range, in semitones; nothing for bars without notes."""
    begins = bars < NUM_PITCHES
    pitch = bars.astype(np.int64) + LOWEST
    outside = np.maximum(low - pitch, 0) + np.maximum(pitch - high, 0)
    mean = (outside * begins).sum(2) / np.maximum(begins.sum(2), 1)
    return np.asarray(-((mean / _SPREAD_PITCH) ** 2) / 2)


def _echoes(bars: Bars, written: Sequence[Bars]) -> Floats:
    """The largest of `ECHO` among the lags at which the rhythm is that of an earlier bar.

    A rhythm of few notes comes back by chance and tells little: below six notes the liking is less in proportion.
    """
    total, rhythm = np.zeros(bars.shape[:2]), _rhythm(bars)
    telling = np.minimum(num_notes(bars) / _TELLING_NOTES, 1)
    for lag, liking in enumerate(ECHO[: len(written)], start=1):
        before = written[-lag]
        same = (rhythm == _rhythm(before)[:, None]).all(2)
        total = np.maximum(total, liking * same * telling)
    return total


def _ending(bars: Bars, tones: Floats) -> Floats:
    """How well a bar ends: by the tone of its last note, and by how long that sounds, a whole bar being all."""
    onset = bars < NUM_PITCHES
    step = np.arange(STEPS)
    last = np.where(onset, step, -1).max(2)
    sounds = last >= 0
    pitch = np.take_along_axis(bars, np.maximum(last, 0)[..., None], 2)[..., 0]
    after = (bars != HOLD) & (step > last[..., None])
    length = np.where(after.any(2), after.argmax(2), STEPS) - last
    fit = np.take_along_axis(tones, (np.where(sounds, pitch, 0) + LOWEST) % 12, 1)
    return np.where(sounds, _TONE * fit + _LENGTH * length / STEPS, _NO_END)


def num_notes(bars: Bars) -> NDArray[np.int64]:
    """How many notes begin in bars (..., T)."""
    return np.asarray((bars < NUM_PITCHES).sum(-1), np.int64)


def _rhythm(bars: Bars) -> Bars:
    """Classes with all pitches as one."""
    return np.maximum(bars, NUM_PITCHES - 1)
