"""What every representation owes: encode a score to rows, decode rows to a score, join the rows of many songs."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from antiphon.config import Config
from antiphon.music.score import Score

Rows = Mapping[str, NDArray[Any]]
"""Arrays of equal first axis: "real" and, by name, the conditions that go with it."""


class Codec(Config):
    """A representation together with its rules; its JSON is part of a cached view's key and of a model file.

    Subclasses add a literal field `kind`, by which a config is recognised.

    Attributes
    ----------
    revision
        Goes up when the same song and settings come to give other rows, so that no cached view outlives its rules.
    streams
        Whether its rows are so large that they are written song by song, never all in memory; `join` is as it stands
        here then.
    """

    revision: ClassVar[int] = 1
    streams: ClassVar[bool] = False

    @abstractmethod
    def encode(self, score: Score) -> Rows:
        """Rows of one song, none (first axis 0) where the rules find nothing in it."""

    def join(self, songs: Sequence[Rows]) -> Rows:
        """One set of rows from those of many songs, in order; `song` (rows,) int32 tells where each came from."""
        names = songs[0].keys()
        joined = {name: np.concatenate([rows[name] for rows in songs]) for name in names}
        counts = [len(rows["real"]) for rows in songs]
        joined["song"] = np.repeat(np.arange(len(songs), dtype=np.int32), counts)
        return joined
