"""What a band plays as tracks of the song that it plays to, in the song's own ticks.

Axes: n notes.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.ensembles import played
from antiphon.codecs.phrases import PhraseRolls
from antiphon.codecs.song_grid import SongGrid
from antiphon.codecs.stroke_changes import on_sixteenths
from antiphon.codecs.strokes import Integers, Strokes
from antiphon.music.score import NOTE, Track, empty, notes_from_columns


class BandTracks(NamedTuple):
    """How strokes become tracks.

    Parameters
    ----------
    codec
        Whose strokes they are.
    grid
        Where its steps lie in the song.
    parts
        Numbers of the parts that become tracks, in order.
    programs
        General MIDI programs of some of them; the others sound as their ensemble says.
    velocity
        Of all notes.
    sixteenths
        Whether they begin and end on sixteenths, rather than on the codec's own steps.
    """

    codec: PhraseRolls
    grid: SongGrid
    parts: tuple[int, ...]
    programs: Mapping[int, int]
    velocity: int
    sixteenths: bool = False

    def decode(self, strokes: Strokes) -> list[Track]:
        """One a part, in ticks of the song."""
        if self.sixteenths:
            strokes = on_sixteenths(strokes, self.codec.grid, self.grid.ends(strokes.start))
        tracks = []
        for number in self.parts:
            part = self.codec.ensemble.parts[number]
            mine = strokes.track == number
            pitch, start, end = (values[mine] for values in (strokes.pitch, strokes.start, strokes.end))
            if part.is_drum:
                pitch, start, end = _each_step(pitch, start, end)
            if number in self.programs:
                part = part.model_copy(update={"program": self.programs[number]})
            tracks.append(played(part, self._notes(pitch, start, end)))
        return tracks

    def _notes(self, pitch: Integers, start: Integers, end: Integers) -> NDArray[np.void]:
        if not len(pitch):
            return empty(NOTE)
        end = np.minimum(end + (self.codec.lengths == "paper"), self.grid.ends(start))
        # A note that is struck again at once has no rest before that.
        order = np.lexsort((start, pitch))
        again = pitch[order][1:] == pitch[order][:-1]
        end[order[:-1]] = np.where(again, np.minimum(end[order[:-1]], start[order[1:]]), end[order[:-1]])
        begin, stop = self.grid.ticks(start, start), self.grid.ticks(end, start)
        return notes_from_columns(begin, np.maximum(stop, begin + 1), pitch + self.codec.lowest_pitch, self.velocity)


def _each_step(pitch: Integers, start: Integers, end: Integers) -> tuple[Integers, Integers, Integers]:
    """Drums: a stroke at every step that sounds."""
    length = end - start
    which = np.repeat(np.arange(len(length)), length)
    at = start[which] + np.arange(len(which)) - np.repeat(np.cumsum(length) - length, length)
    return pitch[which], at, at + 1
