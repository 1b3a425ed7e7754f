"""Pieces played otherwise while a model learns them: transposed and stretched, from the notes that their tokens say."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.performance import (
    PIANO,
    STRETCHES,
    TRANSPOSITIONS,
    Keyboard,
    performance_of,
    written,
)

NUM_VARIANTS = len(STRETCHES) * len(TRANSPOSITIONS)


@dataclass(frozen=True, eq=False)
class Piece:
    """The notes of a piece in steps of 10 ms, in the order of their note-ons, and its tokens as they are.

    Parameters
    ----------
    tokens
        (t,) int16.
    notes
        (4, n) int64: start and end step, pitch, velocity bin.
    keyboard
        Whose tokens they are.
    """

    tokens: NDArray[np.int16]
    notes: NDArray[np.int64]
    keyboard: Keyboard

    @classmethod
    def read(cls, tokens: NDArray[np.int16], keyboard: Keyboard = PIANO) -> Self:
        """The piece that tokens say."""
        said = performance_of(tokens, keyboard)
        order = np.argsort(said.note_on)
        columns = np.stack([said.start_step, said.end_step, said.pitch, (said.velocity + 3) // 4])
        return cls(tokens, columns[:, order], keyboard)

    def variant(self, stretch: float, transpose: int) -> NDArray[np.int16]:
        """Its tokens when it is slower (`stretch` above 1) or faster, and higher by `transpose` semitones.

        Times were rounded once when the piece was encoded and are rounded again here. Notes that leave the keyboard
        are left out.
        """
        start, end, pitch, velocity_bin = self.notes[:, self._inside(transpose)]
        if stretch == 1 and transpose == 0:
            return self.tokens
        start, end = (np.floor(steps * stretch + 0.5).astype(np.int64) for steps in (start, end))
        played = written(start, np.maximum(end, start + 1), pitch + transpose, velocity_bin, self.keyboard)
        return played.tokens.astype(np.int16)

    def fitting(self, transpose: int) -> int:
        """The transposition nearest to `transpose` that loses no note."""
        pitch = self.notes[2]
        if not len(pitch):
            return 0
        lowest, highest = self.keyboard.lowest - int(pitch.min()), self.keyboard.highest - int(pitch.max())
        return min(max(transpose, lowest), highest)

    def _inside(self, transpose: int) -> NDArray[np.bool_]:
        pitch = self.notes[2] + transpose
        return np.asarray((pitch >= self.keyboard.lowest) & (pitch <= self.keyboard.highest))


def drawn(pieces: list[Piece], chance: np.random.Generator) -> list[NDArray[np.int16]]:
    """Each piece with a stretch of five and a transposition of seven, all equally likely (Huang et al. 2019, section
    4.2); one that would lose notes is brought nearer."""
    stretches = chance.choice(STRETCHES, len(pieces))
    transpositions = chance.choice(TRANSPOSITIONS, len(pieces))
    return [
        piece.variant(float(stretch), piece.fitting(int(transpose)))
        for piece, stretch, transpose in zip(pieces, stretches, transpositions, strict=True)
    ]


def in_turn(pieces: list[Piece], epoch: int, seed: int) -> list[NDArray[np.int16]]:
    """Each piece as one of its 35 variants, in an order of its own that brings all of them in 35 epochs: those that
    the released code makes of every piece before training. Notes that leave the keyboard are left out, as there."""
    turn, place = divmod(epoch, NUM_VARIANTS)
    chance = np.random.default_rng([seed, NUM_VARIANTS, turn])
    numbers = np.argsort(chance.random((len(pieces), NUM_VARIANTS)), axis=1)[:, place]
    stretch, transpose = np.divmod(numbers, len(TRANSPOSITIONS))
    return [
        piece.variant(STRETCHES[row], TRANSPOSITIONS[column])
        for piece, row, column in zip(pieces, stretch.tolist(), transpose.tolist(), strict=True)
    ]
