"""The 4/4 bars of a song one after the other, as steps of a model's grid, and steps as the song's own ticks again.

Axes: m bars, r runs of bars that follow each other, n notes.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.melody import common_time_bars, earlier, in_fours
from antiphon.codecs.strokes import Integers, Strokes
from antiphon.music.score import Score

BEATS = 4


@dataclass(frozen=True, eq=False)
class SongGrid:
    """Where the steps of a song's 4/4 bars lie; see `of`.

    Parameters
    ----------
    lines
        (m,) ticks at which the bars begin.
    begins
        (m,) bool: whether a bar does not follow the one before.
    lengths
        (b,) ticks of all bars of the song, those in other metres too.
    starts
        (b,) ticks at which they begin.
    ticks_per_beat, resolution
        Ticks and steps a beat.
    late
        Ticks by which the song's notes lie after its beats throughout.
    """

    lines: Integers
    begins: NDArray[np.bool_]
    lengths: Integers
    starts: Integers
    ticks_per_beat: int
    resolution: int
    late: int = 0

    @classmethod
    def of(cls, score: Score, resolution: int, late: int = 0) -> Self:
        """The bars of a song whose notes are late by so many ticks. One in which notes do no more than end, half a
        sixteenth after its line or sooner, is no bar of the song."""
        score = earlier(in_fours(score), late)
        last = max(score.end - score.ticks_per_beat / 8, 1)
        lines, begins = common_time_bars(score)
        begins, lines = begins[lines < last], lines[lines < last]
        all_lines = score.bars()
        starts, lengths = all_lines[:-1], np.diff(all_lines)
        heard = starts < last
        return cls(lines, begins, lengths[heard], starts[heard], score.ticks_per_beat, resolution, late)

    @property
    def steps(self) -> int:
        """Steps of a bar."""
        return BEATS * self.resolution

    @property
    def others(self) -> Integers:
        """Numbers of the song's bars, counted from 1, that are left alone: no whole bars in 4/4."""
        bar = np.searchsorted(self.starts, self.lines + BEATS * self.ticks_per_beat)
        first = np.searchsorted(self.starts, self.lines)
        inside = np.zeros(len(self.starts) + 1, np.int64)
        np.add.at(inside, first, 1)
        np.add.at(inside, bar, -1)
        return np.flatnonzero(np.cumsum(inside[:-1]) == 0) + 1

    @cached_property
    def _runs(self) -> tuple[Integers, Integers]:
        """First bar of each run, and of the one after (r,)."""
        opens = np.flatnonzero(self.begins)
        return opens, np.append(opens[1:], len(self.lines))[: len(opens)]

    def ends(self, steps: Integers) -> Integers:
        """(n,) the step at which the run of each step ends."""
        return np.asarray(self._runs[1][self._run(steps)] * self.steps)

    def laid(self, strokes: Strokes) -> Strokes:
        """Strokes of the song, in steps from its first tick on, in steps of its bars. What sounds in bars of other
        metres is left out; what is held over such bars is struck anew after them."""
        opens, after = self._runs
        begin = (2 * self.lines[opens] * self.resolution + self.ticks_per_beat) // (2 * self.ticks_per_beat)
        end = begin + (after - opens) * self.steps
        first = np.searchsorted(end, strokes.start, side="right")
        num = np.maximum(np.searchsorted(begin, strokes.end, side="left") - first, 0)
        which = np.repeat(np.arange(len(num)), num)
        run = first[which] + np.arange(len(which)) - np.repeat(np.cumsum(num) - num, num)
        shift = opens[run] * self.steps - begin[run]
        start = np.maximum(strokes.start[which], begin[run]) + shift
        stop = np.minimum(strokes.end[which], end[run]) + shift
        return Strokes(strokes.track[which], strokes.pitch[which], start, stop)

    def ticks(self, steps: Integers, begun: Integers) -> Integers:
        """Ticks (n,) of steps in the runs in which the steps `begun` lie, late as the song is, none before tick 0."""
        first = self._runs[0][self._run(begun)]
        within = steps - first * self.steps
        moved = (2 * within * self.ticks_per_beat + self.resolution) // (2 * self.resolution)
        return np.asarray(np.maximum(self.lines[first] + moved + self.late, 0))

    def _run(self, steps: Integers) -> Integers:
        return np.searchsorted(self._runs[0] * self.steps, steps, side="right") - 1
