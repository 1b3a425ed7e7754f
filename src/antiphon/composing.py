"""Who composes the chords of songs that were given none: the shipped model of progressions, or a list of common ones.

Axes: N songs, B bar.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from antiphon.asked import COMMON, LEARNT
from antiphon.codecs.progressions import chords_of
from antiphon.model_files import read
from antiphon.music.form import Layout
from antiphon.music.progressions import draw_progression, draw_song_chords
from antiphon.music.theory import Chord, Key
from antiphon.writers.chords import ChordsWriter, Commission
from antiphon.writers.table import writer_of
from antiphon.writers.writer import Chance

Chords = tuple[Chord | None, ...]

Compose = Callable[[Sequence[Key], int, Sequence[Layout | None], Sequence[Chance]], list[Chords]]
"""The chords of N songs, one a bar, repeated where they are fewer than a song's bars: in the songs' keys, of so many
bars, over their sections, each from its own chance alone.

Sections of one letter share their chords (`Layout.harmony`), and a song that has sections ends with a cadence.
"""

COMPOSER = "chords"
"""The shipped model."""


def composed_by(writer: ChordsWriter, temperature: float = 1.0) -> Compose:
    """Chords of a model, drawn from scores that the temperature flattens or sharpens."""

    def compose(
        keys: Sequence[Key], num_bars: int, layouts: Sequence[Layout | None], chances: Sequence[Chance]
    ) -> list[Chords]:
        through = np.arange(num_bars)
        commission = Commission(
            minor=np.array([key.is_minor for key in keys]),
            harmony=np.stack([through if layout is None else layout.harmony for layout in layouts]),
            ends=np.array([layout is not None for layout in layouts]),
        )
        songs = writer.progressions(chances, commission, temperature)
        return [chords_of(degrees, key) for degrees, key in zip(songs, keys, strict=True)]

    return compose


def common(
    keys: Sequence[Key], num_bars: int, layouts: Sequence[Layout | None], chances: Sequence[Chance]
) -> list[Chords]:
    """Common progressions, see `antiphon.music.progressions`."""
    return [
        draw_progression(key, chance) if layout is None else draw_song_chords(key, layout, chance)
        for key, layout, chance in zip(keys, layouts, chances, strict=True)
    ]


@lru_cache(maxsize=1)
def _shipped() -> ChordsWriter:
    writer = writer_of(read(COMPOSER).build())
    assert isinstance(writer, ChordsWriter)
    return writer


PROGRESSIONS: Mapping[str, Callable[[], Compose]] = MappingProxyType(
    {LEARNT: lambda: composed_by(_shipped()), COMMON: lambda: common}
)
"""Composers by name."""
