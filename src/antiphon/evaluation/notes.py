"""One piece's notes as parallel arrays, in seconds and in beats: what note-based metrics read.

Conventions: notes stand in order of onset, then pitch; ends are exclusive; a beat is a quarter note. Drums are left out
unless asked for. `bar_beats` are the beats at which bars begin, with the end of the last bar, so that there are
`len(bar_beats) - 1` bars.
"""

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.chords import transpose_codes, triad_code
from antiphon.errors import InputError
from antiphon.music.score import NOTE, Score, Track, notes_from_columns
from antiphon.music.theory import Chord, Key, parse_chord, pitch_class_name

_MAJOR_OF_SHARPS = {sharps: (7 * sharps) % 12 for sharps in range(-7, 8)}


@dataclass(frozen=True, eq=False)
class Notes:
    """The notes of one piece.

    Parameters
    ----------
    start_seconds, end_seconds, start_beat, end_beat
        (n,) float64.
    pitch, velocity, track
        (n,) int64; MIDI pitch 0-127, velocity 1-127, number of the track.
    is_drum
        (n,) bool.
    bar_beats
        (bars + 1,) float64.
    chord_beat, chord
        (c,) float64 and int64: beats at which written chords begin, and their codes (`antiphon.codecs.chords`).
    key
        The key that the piece states at its beginning, if any.
    """

    start_seconds: NDArray[np.float64]
    end_seconds: NDArray[np.float64]
    start_beat: NDArray[np.float64]
    end_beat: NDArray[np.float64]
    pitch: NDArray[np.int64]
    velocity: NDArray[np.int64]
    track: NDArray[np.int64]
    is_drum: NDArray[np.bool_]
    bar_beats: NDArray[np.float64]
    chord_beat: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    chord: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    key: Key | None = None

    @classmethod
    def from_score(cls, score: Score, drums: bool = False) -> Self:
        """The notes of a score as written, without the pedal; notes of length zero are left out."""
        kept = [(k, track) for k, track in enumerate(score.tracks) if drums or not track.is_drum]
        table = np.concatenate([np.empty(0, NOTE), *(track.notes for _, track in kept)])
        track = np.repeat([k for k, _ in kept], [len(t.notes) for _, t in kept]).astype(np.int64)
        drum = np.repeat([t.is_drum for _, t in kept], [len(t.notes) for _, t in kept]).astype(bool)
        order = np.lexsort((table["pitch"], table["start"]))
        order = order[(table["end"] > table["start"])[order]]
        table, track, drum = table[order], track[order], drum[order]
        beat = float(score.ticks_per_beat)
        chords = [(tick, triad_code(_chord(symbol))) for tick, symbol in score.chords]
        return cls(
            start_seconds=score.seconds(table["start"]),
            end_seconds=score.seconds(table["end"]),
            start_beat=table["start"] / beat,
            end_beat=table["end"] / beat,
            pitch=table["pitch"].astype(np.int64),
            velocity=table["velocity"].astype(np.int64),
            track=track,
            is_drum=drum,
            bar_beats=score.bars() / beat,
            chord_beat=np.array([tick for tick, _ in chords], np.float64) / beat,
            chord=np.array([code for _, code in chords], np.int64),
            key=stated_key(score),
        )

    def __len__(self) -> int:
        return len(self.pitch)

    @property
    def num_bars(self) -> int:
        """Bars from beat 0 to the end."""
        return max(len(self.bar_beats) - 1, 0)

    def bar(self) -> NDArray[np.int64]:
        """The bar (n,) in which each note begins."""
        return np.searchsorted(self.bar_beats, self.start_beat + 1e-9, side="right") - 1

    def only(self, kept: NDArray[np.bool_] | NDArray[np.integer]) -> Self:
        """Some of the notes, by mask or ascending index."""
        names = ("start_seconds", "end_seconds", "start_beat", "end_beat", "pitch", "velocity", "track", "is_drum")
        return replace(self, **{name: getattr(self, name)[kept] for name in names})

    def transposed(self, semitones: int) -> Self:
        """The notes, chords and key `semitones` higher; pitches may leave 0-127."""
        key = self.key.transpose(semitones) if self.key else None
        chord = transpose_codes(self.chord, semitones).astype(np.int64)
        return replace(self, pitch=self.pitch + semitones, chord=chord, key=key)

    def score(self) -> Score:
        """The pitched notes as a score of one track at 120 beats a minute, to be heard or seen."""
        ticks = np.rint(np.stack([self.start_beat, self.end_beat]) * 480).astype(np.int64)
        notes = notes_from_columns(ticks[0], np.maximum(ticks[1], ticks[0] + 1), self.pitch, self.velocity)
        return Score(tracks=(Track(notes),))


def stated_key(score: Score) -> Key | None:
    """The key that a score states at its beginning, if any."""
    if not len(score.key_signatures):
        return None
    first = score.key_signatures[0]
    tonic = _MAJOR_OF_SHARPS[int(first["sharps"])] + (9 if first["minor"] else 0)
    return Key.parse(f"{pitch_class_name(tonic)} {'minor' if first['minor'] else 'major'}")


def _chord(symbol: str) -> Chord | None:
    try:
        return parse_chord(symbol)
    except InputError:
        return None
