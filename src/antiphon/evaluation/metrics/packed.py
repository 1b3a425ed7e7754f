"""Rolls as bits: the pitches of a step in two words, and how long each pitch sounds in each beat.

Bar metrics read these instead of the cells, a fifth of their size, some samples at a time.
Axes: N samples, K track, B bar, T step, P pitch.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.rolls import BEATS, Rolls

Words = NDArray[np.uint64]
CHUNK_CELLS = 1 << 25
_WORD_BYTES = 16
_TILE_BYTES = 1 << 18


@dataclass(frozen=True, eq=False)
class Packed:
    """Some samples of rolls; every array is made when it is first asked for.

    Words are (N, K, B, T, 2) uint64: bit p of the 128 is the cell p of the pitch axis.
    """

    rolls: Rolls

    @cached_property
    def sounds(self) -> Words:
        """What sounds."""
        return tiled(_words, self.rolls.cells)

    @cached_property
    def onsets(self) -> Words | None:
        """Where notes begin, if that is known."""
        return None if self.rolls.onsets is None else tiled(_words, self.rolls.onsets) & self.sounds

    @cached_property
    def strokes(self) -> NDArray[np.int64]:
        """How many drums (N, B, T) begin at each step: as the onsets say, or where they sound after a step in which
        they did not, the bar beginning from silence."""
        drum = self.rolls.drum_track
        if drum is None:
            raise ValueError("rolls without drums have no strokes")
        struck = first_steps(self.sounds[:, drum]) if self.onsets is None else self.onsets[:, drum]
        return num_bits(struck[..., None, :])

    @cached_property
    def sounding_steps(self) -> NDArray[np.unsignedinteger]:
        """Steps (N, K, B, beat, P) for which each pitch sounds in each beat."""
        cells, resolution = np.ascontiguousarray(self.rolls.cells).view(np.uint8), self.rolls.resolution
        beats = cells.reshape(*cells.shape[:3], BEATS, resolution, cells.shape[4])
        dtype = np.uint8 if resolution < 256 else np.uint32
        return np.asarray(np.add.reduce(beats, axis=4, dtype=dtype))

    @cached_property
    def used(self) -> NDArray[np.bool_]:
        """Pitches (N, K, B, P) that sound in a bar."""
        return np.asarray(self.sounding_steps.any(3))

    @cached_property
    def empty(self) -> NDArray[np.bool_]:
        """Bars (N, K, B) without any sound."""
        return np.asarray(~self.used.any(3))

    @cached_property
    def pitched(self) -> NDArray[np.bool_]:
        """Bars (N, K, B) with sound on tracks that are no drums."""
        kept = ~self.empty
        if self.rolls.drum_track is not None:
            kept[:, self.rolls.drum_track] = False
        return kept

    @cached_property
    def pitch_classes(self) -> NDArray[np.float64]:
        """Sounding steps (N, K, B, beat, 12) by pitch class."""
        below = self.rolls.lowest_pitch % 12
        octaves = -(-(below + self.sounding_steps.shape[-1]) // 12)
        return self._folded(below, (octaves, 12), -2)

    def registers(self, width: int) -> NDArray[np.float64]:
        """Sounding steps (N, K, B, beat, 12) by band of `width` neighbouring pitches, the lowest first."""
        return self._folded(0, (12, width), -1)

    def _folded(self, below: int, shape: tuple[int, int], axis: int) -> NDArray[np.float64]:
        """Sums over an axis of the pitch axis as a table, with `below` silent pitches before it.

        No product of matrices, whose threads take longer to meet than one of them to add.
        """
        steps = self.sounding_steps
        above = math.prod(shape) - below - steps.shape[-1]
        padded = np.pad(steps, [(0, 0)] * 4 + [(below, above)]) if below or above else steps
        return np.asarray(padded.reshape(*steps.shape[:-1], *shape).sum(axis, dtype=np.uint32), np.float64)


def chunks(rolls: Rolls, cells: int = CHUNK_CELLS) -> Iterator[Packed]:
    """The samples in order, as many at a time as have about `cells` cells; of no samples one empty part."""
    size = max(1, cells // max(1, rolls.cells[:1].size))
    for begin in range(0, max(1, len(rolls)), size):
        yield Packed(rolls[begin : begin + size])


def tiled(measure: Callable[..., NDArray[Any]], *arrays: NDArray[Any]) -> NDArray[Any]:
    """What `measure` makes of bars (m, ...), for arrays (N, K, B, ...), a few bars at a time.

    Its temporaries then are small enough to be used again by the next few; the system hands out large ones page by
    page, which takes longer than the arithmetic.
    """
    shape = arrays[0].shape[:3]
    num_bars = math.prod(shape)
    flat = [array.reshape(num_bars, *array.shape[3:]) for array in arrays]
    size = max(1, _TILE_BYTES // max(1, flat[0][:1].nbytes))
    parts = [measure(*(array[begin : begin + size] for array in flat)) for begin in range(0, max(1, num_bars), size)]
    joined = np.concatenate(parts)
    return joined.reshape(*shape, *joined.shape[1:])


def first_steps(sounds: Words) -> Words:
    """Bits (..., T, 2) that were not set at the step before, each bar beginning from silence."""
    first = sounds.copy()
    first[..., 1:, :] &= ~sounds[..., :-1, :]
    return first


def num_bits(words: Words) -> NDArray[np.int64]:
    """Bits that are set in all words of the last two axes."""
    if not hasattr(np, "bitwise_count"):  # numpy 1
        return np.asarray(_BITS_OF_BYTE[np.ascontiguousarray(words).view(np.uint8)].sum((-2, -1), dtype=np.int64))
    return np.asarray(np.bitwise_count(words).sum((-2, -1), dtype=np.int64))


_BITS_OF_BYTE = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(1)


def _words(cells: NDArray[np.bool_]) -> Words:
    bits = np.packbits(cells, axis=-1, bitorder="little")
    padded = np.zeros((*bits.shape[:-1], _WORD_BYTES), np.uint8)
    padded[..., : bits.shape[-1]] = bits
    return padded.view("<u8").astype(np.uint64, copy=False)
