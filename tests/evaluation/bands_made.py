"""Bands made for tests: songs whose tracks agree, and songs whose tracks do not know of each other."""

import numpy as np

from antiphon.codecs.phrases import PhraseRolls
from antiphon.codecs.strokes import Strokes
from antiphon.evaluation.carried import GRID, rolls_of, song_of
from antiphon.evaluation.rolls import Rolls

SIXTEENTHS = PhraseRolls(resolution=4, bars=8, sounding=1)
DRUMS, PIANO, GUITAR, BASS, STRINGS = range(5)
_SHAPES = ((0, 4, 7), (0, 3, 7))


def harmony(rng: np.random.Generator, num_bars: int) -> list[list[int]]:
    """The pitch classes of each bar: triads on degrees of a key drawn by chance."""
    key = int(rng.integers(12))
    return [
        [(key + int(rng.choice([0, 5, 7])) + tone) % 12 for tone in _SHAPES[int(rng.integers(2))]]
        for _ in range(num_bars)
    ]


def strokes(rng: np.random.Generator, num_bars: int, chords: list[list[int]] | None = None) -> Strokes:
    """Eighths of drums, and a chord a bar in each track, in sixteenths; without chords given each track has its own."""
    rows = [(DRUMS, 12, step, step + 1) for step in range(0, 16 * num_bars, 2)]
    for track, octave, count in ((PIANO, 36, 3), (GUITAR, 24, 2), (BASS, 12, 1), (STRINGS, 48, 3)):
        for bar, chord in enumerate(chords or harmony(rng, num_bars)):
            length = int(rng.choice([4, 8]))
            for start in range(0, 16, length):
                rows += [(track, octave + tone, 16 * bar + start, 16 * bar + start + length) for tone in chord[:count]]
    return Strokes(*np.array(rows, np.int64).T)


def bands(num: int, together: bool, seed: int = 0, num_bars: int = 8) -> Rolls:
    """Phrases of `num` songs; their tracks play together or do not."""
    rng = np.random.default_rng(seed)
    songs = (strokes(rng, num_bars, harmony(rng, num_bars) if together else None) for _ in range(num))
    return rolls_of([song_of(song, num_bars, SIXTEENTHS) for song in songs])


assert GRID.ensemble.names == ("drums", "piano", "guitar", "bass", "strings")
