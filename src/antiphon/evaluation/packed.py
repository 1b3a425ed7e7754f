"""Rolls as bits: the pitches of a step in two words, and how long each pitch sounds in each beat.

Bar metrics read these instead of the cells, a fifth of their size, some samples at a time.
Axes: N samples, K track, B bar, T step, P pitch.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from antiphon.evaluation.rolls import BEATS, Rolls

Words = NDArray[np.uint64]
CHUNK_CELLS = 1 << 24
_WORD_BYTES = 16


@dataclass(frozen=True, eq=False)
class Packed:
    """Some samples of rolls; every array is made when it is first asked for.

    Words are (N, K, B, T, 2) uint64: bit p of the 128 is the cell p of the pitch axis.
    """

    rolls: Rolls

    @cached_property
    def sounds(self) -> Words:
        """What sounds."""
        return _words(self.rolls.cells)

    @cached_property
    def struck(self) -> Words:
        """Where notes begin: as the onsets say, or wherever a pitch sounds that did not at the step before, the bar
        beginning from silence."""
        if self.rolls.onsets is None:
            return self._fresh
        return _words(self.rolls.onsets) & self.sounds

    @cached_property
    def pieces(self) -> Words:
        """First steps of notes cut at bar lines: what is struck, and what sounds on from the bar before."""
        return self._fresh if self.rolls.onsets is None else self.struck | self._fresh

    @cached_property
    def _fresh(self) -> Words:
        first = self.sounds.copy()
        first[..., 1:, :] &= ~self.sounds[..., :-1, :]
        return first

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

    def chroma(self, bin_of_pitch: NDArray[np.int64]) -> NDArray[np.float64]:
        """Sounding steps (N, K, B, beat, 12) by bin, given each cell's bin (P,)."""
        return np.asarray(self.sounding_steps @ (bin_of_pitch[:, None] == np.arange(12)).astype(np.float64))

    @cached_property
    def pitch_classes(self) -> NDArray[np.float64]:
        """Sounding steps (N, K, B, beat, 12) by pitch class."""
        return self.chroma((self.rolls.lowest_pitch + np.arange(self.rolls.cells.shape[4])) % 12)


def chunks(rolls: Rolls, cells: int = CHUNK_CELLS) -> Iterator[Packed]:
    """The samples in order, as many at a time as have about `cells` cells; of no samples one empty part."""
    size = max(1, cells // max(1, rolls.cells[:1].size))
    for begin in range(0, max(1, len(rolls)), size):
        yield Packed(rolls[begin : begin + size])


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
