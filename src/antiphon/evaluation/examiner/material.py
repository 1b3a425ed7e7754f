"""Music as the examiners take it: sequences of small numbers for the networks, features for the trees, songs for all.

A *unit* is what is graded: a bar, a phrase, a window of events. It comes as codes (categories, one number a channel and
step), planes (counts a step), features (numbers of the whole unit) and the song that it belongs to.
"""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from antiphon.music.theory import SCALES

_MAJOR = np.isin(np.arange(12), SCALES["major"])
_SCALES = np.stack([np.roll(_MAJOR, root) for root in range(12)])


@dataclass(frozen=True, eq=False)
class Material:
    """Units of one kind of music.

    Parameters
    ----------
    music
        What a unit is, with all that decides its form, such as "bars of 16 steps"; only equals are compared.
    codes
        (n, length, channels) uint8: categories at each step.
    sizes
        (channels,) the number of categories of each channel.
    planes
        (n, length, planes) uint8: counts at each step; there may be none.
    features
        (n, f) float32, NaN where undefined.
    song
        (n,) int64.
    held
        (n,) bool: whether a unit belongs to the reference's held-out songs; None where there is no such split.
    """

    music: str
    codes: NDArray[np.uint8]
    sizes: tuple[int, ...]
    planes: NDArray[np.uint8]
    features: NDArray[np.float32]
    song: NDArray[np.int64]
    held: NDArray[np.bool_] | None = field(default=None)

    def __post_init__(self) -> None:
        num, length = self.codes.shape[:2]
        if self.codes.ndim != 3 or self.codes.shape[2] != len(self.sizes) or self.planes.shape[:2] != (num, length):
            raise ValueError(f"codes {self.codes.shape}, planes {self.planes.shape} and sizes {self.sizes} do not fit")
        if not len(self.features) == len(self.song) == num or (self.held is not None and len(self.held) != num):
            raise ValueError("features, song and held have a row for each unit")
        if num and (self.codes.reshape(-1, len(self.sizes)).max(0) >= self.sizes).any():
            raise ValueError("a code is beyond the size of its channel")

    def __len__(self) -> int:
        return len(self.song)

    def __getitem__(self, rows: NDArray[Any] | slice) -> Self:
        """Some units, by index, mask or slice."""
        held = None if self.held is None else self.held[rows]
        parts = (self.codes[rows], self.sizes, self.planes[rows], self.features[rows], self.song[rows])
        return type(self)(self.music, *parts, held)

    @property
    def form(self) -> tuple[Any, ...]:
        """What two materials have to agree on to be told apart."""
        return self.music, self.codes.shape[1], self.sizes, self.planes.shape[2], self.features.shape[1]

    def of_songs(self, songs: NDArray[np.integer]) -> Self:
        """The units that belong to some songs."""
        return self[np.isin(self.song, songs)]


def joined_features(*parts: NDArray[Any]) -> NDArray[np.float32]:
    """Columns side by side, (n, f) float32, from arrays (n,) or (n, k)."""
    return np.concatenate(
        [part.reshape(len(part), int(np.prod(part.shape[1:]))).astype(np.float32) for part in parts], axis=1
    )


def shares(values: NDArray[np.integer], size: int, counted: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
    """How often each of `size` values occurs in each row, float32 (n, size), of (n, k) values below `size`."""
    counted = np.ones(values.shape, bool) if counted is None else counted
    flat = (np.arange(len(values))[:, None] * size + values)[counted]
    return np.bincount(flat, minlength=len(values) * size).reshape(len(values), size).astype(np.float32)


def song_numbers(song: NDArray[Any] | None, num: int) -> NDArray[np.int64]:
    """Songs as int64; where none are given each unit is its own."""
    return np.arange(num, dtype=np.int64) if song is None else np.asarray(song, np.int64)


def scale_misses(counts: NDArray[Any]) -> NDArray[Any]:
    """Of counts of pitch classes (n, 12), how many lie outside the major scale that fits best (n,)."""
    misses: NDArray[Any] = counts.sum(1) - (counts @ _SCALES.T.astype(counts.dtype)).max(1)
    return misses
