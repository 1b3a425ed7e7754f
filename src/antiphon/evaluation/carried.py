"""Bands on the grid on which they are measured: real songs, and what models wrote on grids of their own.

Axes: m bars of a song, N phrases, K track, B bar, T step, P pitch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.phrases import PhraseRolls, unpack
from antiphon.codecs.strokes import Strokes, fill, runs
from antiphon.evaluation.rolls import Rolls
from antiphon.music.score import Score

Cells = NDArray[np.bool_]

GRID = PhraseRolls()
"""The paper's: 24 steps a beat, a rest at the end of each note, five tracks, phrases of four bars in each of which at
least three sound."""


@dataclass(frozen=True, eq=False)
class BandSong:
    """All 4/4 bars of a song.

    Parameters
    ----------
    sounds, onsets
        (m, K, T, P) bool.
    begins
        (m,) bool: whether a bar does not follow the one before.
    phrases
        (n,) first bars of its phrases.
    """

    sounds: Cells
    onsets: Cells
    begins: NDArray[np.bool_]
    phrases: NDArray[np.int64]

    @classmethod
    def of_score(cls, score: Score, grid: PhraseRolls = GRID) -> "BandSong":
        """A song as a grid has it; without bars where it has none in 4/4, see `PhraseRolls.why_none`."""
        bars = grid.song_bars(score)
        sounds, onsets = (unpack(rows, *grid.shape[2:]) for rows in (bars.real, bars.onsets))
        return cls(sounds, onsets, bars.begins, np.asarray(grid.encode(score)["bar"], np.int64))

    def with_tracks(self, tracks: Mapping[int, tuple[Cells, Cells]]) -> "BandSong":
        """The song with other tracks, by number, in the place of its own; its phrases stay where they are."""
        sounds, onsets = self.sounds.copy(), self.onsets.copy()
        for number, (sounding, struck) in tracks.items():
            sounds[:, number], onsets[:, number] = sounding, struck
        return BandSong(sounds, onsets, self.begins, self.phrases)


def rolls_of(songs: Sequence[BandSong], numbers: Sequence[int] | None = None, grid: PhraseRolls = GRID) -> Rolls:
    """The phrases of all songs; song i bears the i-th number, by default its own place."""
    numbers = range(len(songs)) if numbers is None else numbers
    nothing = np.empty((0, *grid.shape), bool)
    parts = [[nothing, *(_phrases(getattr(song, name), song, grid.bars) for song in songs)]
             for name in ("sounds", "onsets")]  # fmt: skip
    song = np.repeat(np.array(numbers, np.int64), [len(song.phrases) for song in songs])
    names, drums = grid.ensemble.names, grid.ensemble.drums
    sounds, onsets = (np.concatenate(part) for part in parts)
    return Rolls(sounds, grid.lowest_pitch, grid.resolution, drums[0] if drums else None, names, song, onsets)


def song_of(strokes: Strokes, num_bars: int, codec: PhraseRolls, grid: PhraseRolls = GRID) -> BandSong:
    """A song of `num_bars` bars that a model wrote on its codec's grid, note for note on another.

    Every onset and every end stays where it was; notes get the rest at their end that those of the grid have. Tracks
    go to those of the same name, pitches outside the grid are left out. Phrases are its windows of whole bars in which
    as many tracks sound as in those of real songs.

    Raises
    ------
    ValueError
        If the grid's steps do not divide those of the codec.
    """
    cells = carried(strokes, num_bars, codec, grid)
    first = np.arange(0, num_bars - grid.bars + 1, grid.bars)
    full = cells[0].any((2, 3)).sum(1) >= max(min(grid.sounding, grid.shape[0]), 1)
    kept = first[full[first[:, None] + np.arange(grid.bars)].all(1)]
    return BandSong(cells[0], cells[1], np.arange(num_bars) == 0, kept)


def carried(strokes: Strokes, num_bars: int, codec: PhraseRolls, grid: PhraseRolls = GRID) -> Cells:
    """What sounds and what is struck (2, m, K, T, P) of `num_bars` bars of strokes on a codec's grid; see `song_of`."""
    factor, left = divmod(grid.resolution, codec.resolution)
    if left:
        raise ValueError(f"{codec.resolution} steps a beat cannot be laid on {grid.resolution} exactly")
    names = grid.ensemble.names
    place = np.array([names.index(name) if name in names else -1 for name in codec.ensemble.names], np.int64)
    track, pitch = place[strokes.track], strokes.pitch + codec.lowest_pitch - grid.lowest_pitch
    start = strokes.start * factor
    end = (strokes.end + (codec.lengths == "paper")) * factor - (grid.lengths == "paper")
    end = np.where(np.isin(track, grid.ensemble.drums), start + 1, np.maximum(end, start + 1))
    inside = (track >= 0) & (pitch >= 0) & (pitch < grid.num_pitches) & (strokes.end > strokes.start)
    some = Strokes(*(values[inside] for values in (track, pitch, start, end)))
    cells = np.zeros((2, num_bars, len(names), 1, *grid.shape[2:]), bool)
    if num_bars:
        fill(cells[0], cells[1], some, np.arange(num_bars) * grid.shape[2])
    return np.asarray(cells[:, :, :, 0])


def given_strokes(song: BandSong, tracks: Sequence[int]) -> Strokes:
    """What sounds of some tracks of a song, in steps from its first bar on, bar after bar."""
    parts = []
    for track in tracks:
        pitch, start, end = runs(song.sounds[:, None, track], song.onsets[:, None, track], rest=False)
        parts.append((np.full(len(pitch), track), pitch, start, end))
    empty = np.empty(0, np.int64)
    return Strokes(*(np.concatenate([empty, *(part[i] for part in parts)]) for i in range(4)))


def _phrases(cells: Cells, song: BandSong, bars: int) -> Cells:
    """Phrases (n, K, B, T, P) of a song's bars (m, K, T, P)."""
    return np.asarray(cells[song.phrases[:, None] + np.arange(bars)].swapaxes(1, 2))
