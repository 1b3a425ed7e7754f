"""A piece as windows of notes (pitch, duration, offset since the last onset), on a metrical grid or in seconds."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from antiphon.codecs.codec import Codec, Rows
from antiphon.codecs.melody import aligned, melody_track, monophonic
from antiphon.music.score import NOTE, TEMPO, TIME_SIGNATURE, Score, Track, beat_us, empty, notes_from_columns, table

Integers = NDArray[np.int64]

COLUMNS = ("pitch", "duration", "offset")
"""What the last axis of "real" holds."""

MAX_BEATS = 1 << 16
"""Nine hours at 120 beats a minute: a hostile file may end after 10^12 ticks."""

_SHORTEST_SECONDS, _SECONDS_RATIO = 0.01, 1000.0
# A tenth of a millisecond, far under what lies between two classes.
_FINE_TICKS_PER_BEAT, _FINE_BEAT_US = 5000, 500_000


class NoteSequences(Codec):
    """Windows of `length` notes one after the other, chords low to high with members at offset 0.

    Rows: "real" uint8 (n, L, 3), per note its pitch 0-127, its duration less one (class 0 is one step) and its offset
    since the last onset (class 0-`longest`); "velocity" uint8 (n, L); "place" uint8 (n, L), the note's step in its
    bar, and "bar", how many steps this bar has (255 for all more; 0 in seconds); "length" int16 (n,), the notes of a
    window: the last of a piece is filled up with zeros. The first note's offset is that from the line of its bar; in
    seconds it is 0. The rows of a song follow each other, so a window's first offset is that from the window before.

    All tracks but drums are one line; of notes of one pitch that begin together only the longest is kept. A rest longer
    than `longest` steps is shortened by whole bars, so that notes keep their place in the bar (where a bar is longer
    than `longest`, to `longest`). `losses` counts what the form changes.

    Parameters
    ----------
    voices
        "all" tracks, or the "melody": the track that carries the tune, as one voice.
    unit
        "beats": steps of a metrical grid; songs without beats give no rows. "seconds": for performances, duration class
        k is 0.01 * 1000 ** (k / (`longest` - 1)) seconds, from 10 ms to 10 s, offset class k + 1 too; onsets under 5 ms
        after another are one chord. Keys are measured, not the pedal.
    resolution
        Steps a beat.
    length
        Notes a window.
    longest
        Classes of durations; of offsets there is one more.
    off_grid
        Largest share of onsets that may lie over a quarter step from the grid: chance gives a half.
    """

    revision: ClassVar[int] = 2
    kind: Literal["notes"] = "notes"
    voices: Literal["all", "melody"] = "all"
    unit: Literal["beats", "seconds"] = "beats"
    resolution: int = Field(default=4, ge=1, le=48)
    length: int = Field(default=64, ge=1, le=8192)
    longest: int = Field(default=64, ge=2, le=255)
    off_grid: float = Field(default=0.3, ge=0, le=1)

    @property
    def num_classes(self) -> tuple[int, int, int]:
        """Values of pitch, duration and offset."""
        return 128, self.longest, self.longest + 1

    def encode(self, score: Score) -> Rows:
        """Windows of one song; none where `why_silent` has a reason."""
        line = _Line.silent() if self.why_silent(score) else self._line(score)
        return _windows(line, self.length)

    def line(self, score: Score) -> NDArray[np.uint8]:
        """The song's notes (n, 4) without windows: pitch, duration and offset as in the rows, and velocity."""
        rows = self.encode(score)
        columns = np.concatenate([rows["real"], rows["velocity"][..., None]], axis=-1)
        return np.asarray(_unpadded(columns, rows["length"]))

    def why_silent(self, score: Score) -> str | None:
        """Why a song gives no rows, as the end of a sentence about it; None where it gives some."""
        notes = self._notes(score)
        if not len(notes):
            return "no pitched note sounds in it"
        if score.end > MAX_BEATS * score.ticks_per_beat:
            return f"it is longer than {MAX_BEATS:,} beats"
        if self.unit == "beats" and (share := self._off_grid_share(score)) > self.off_grid:
            return (
                f"{share:.0%} of its notes begin off the grid of {self.resolution} steps a beat, as in a free "
                "performance"
            )
        return None

    def losses(self, score: Score) -> dict[str, int]:
        """Notes that a song's rows lack: "drums", "voices" (other than the melody), "song" (all, see `why_silent`),
        "unisons"; and of those that they hold, how many were not on the grid ("off_grid"), too "short" or too "long"
        for a class of duration, and how many onsets came after too long a gap ("gaps")."""
        drums = sum(len(track.notes) for track in score.tracks if track.is_drum)
        notes, at, size = self._measured(score)
        counts = dict.fromkeys(("song", "unisons", "off_grid", "short", "long", "gaps"), 0)
        counts |= {"drums": drums, "voices": score.num_notes - drums - len(notes)}
        if self.why_silent(score):
            return counts | {"song": len(notes)}
        kept = _kept(at, notes["pitch"], size, self.voices == "melody")
        at, size, start = at[kept], size[kept], notes["start"][kept]
        shortest, longest = (
            (1, self.longest)
            if self.unit == "beats"
            else _log_seconds(np.array([-0.5, self.longest - 0.5]), self.longest)
        )
        moved = (start * self.resolution % score.ticks_per_beat != 0) & (self.unit == "beats")
        lost = {"off_grid": moved, "short": size < shortest, "long": size > longest, "gaps": np.diff(at) > longest}
        return counts | {"unisons": len(notes) - len(kept)} | {name: int(which.sum()) for name, which in lost.items()}

    def decode(
        self,
        notes: ArrayLike,
        length: ArrayLike | None = None,
        tempo: float = 100.0,
        velocity: ArrayLike = 90,
        metre: tuple[int, int] = (4, 4),
    ) -> Score:
        """A score of one track that begins at a bar line, the inverse of `encode`.

        Parameters
        ----------
        notes
            (n, 3), or windows (n, L, 3) of one piece.
        length
            (n,) notes of each window; None: all.
        tempo
            Beats a minute; in seconds the times stay what they are.
        velocity
            One for all, or of the shape of `notes` without its last axis.
        metre
            The time signature.

        Raises
        ------
        ValueError
            If the shape or a value is another.
        """
        values = self._checked(notes)
        velocities = np.broadcast_to(np.asarray(velocity, np.int64), values.shape[:-1])
        if values.ndim == 3:
            lengths = np.full(len(values), values.shape[1]) if length is None else np.asarray(length)
            values, velocities = _unpadded(values, lengths), _unpadded(velocities, lengths)
        begin, last = self._times(values[:, 1], values[:, 2])
        played = notes_from_columns(begin, begin + last, values[:, 0], velocities) if len(values) else empty(NOTE)
        is_grid = self.unit == "beats"
        return Score(
            ticks_per_beat=self._ticks_per_step * self.resolution if is_grid else _FINE_TICKS_PER_BEAT,
            tracks=(Track(played, name="Melody" if self.voices == "melody" else ""),) if len(played) else (),
            tempos=table(TEMPO, [(0, beat_us(tempo) if is_grid else _FINE_BEAT_US)]),
            time_signatures=table(TIME_SIGNATURE, [(0, *metre)]),
        )

    @property
    def _ticks_per_step(self) -> int:
        return max(1, 480 // self.resolution)

    def _notes(self, score: Score) -> NDArray[np.void]:
        """The notes that count."""
        if self.voices == "melody":
            index = melody_track(score)
            return empty(NOTE) if index is None else monophonic(score.tracks[index].notes)
        return np.concatenate([empty(NOTE), *(track.notes for track in score.tracks if not track.is_drum)])

    def _off_grid_share(self, score: Score) -> float:
        starts = self._notes(self.aligned(score))["start"]
        away = np.abs(starts * self.resolution - score.steps(starts, self.resolution) * score.ticks_per_beat)
        return float((away * 4 > score.ticks_per_beat).mean())

    def aligned(self, score: Score) -> Score:
        """The score as it is read in beats: moved onto the beat, unless all of it begins on the grid as it is."""
        return aligned(score, self.resolution)

    def _measured(self, score: Score) -> tuple[NDArray[np.void], NDArray[Any], NDArray[Any]]:
        """The notes that count, and their onsets and lengths in whole steps or in seconds."""
        if self.unit == "beats":
            score = self.aligned(score)
            notes = self._notes(score)
            begin, end = score.steps(np.stack([notes["start"], notes["end"]]), self.resolution)
            return notes, begin, end - begin
        notes = self._notes(score)
        notes = notes[np.argsort(notes["start"], kind="stable")]
        begins, ends = score.seconds(np.stack([notes["start"], notes["end"]]))
        chord = np.cumsum(np.diff(begins, prepend=begins[:1]) >= _SHORTEST_SECONDS / 2)
        return notes, begins[np.searchsorted(chord, chord)], ends - begins

    def _line(self, score: Score) -> "_Line":
        notes, at, size = self._measured(score)
        kept = _kept(at, notes["pitch"], size, self.voices == "melody")
        at, size, notes = at[kept], size[kept], notes[kept]
        if self.unit == "seconds":
            gap = np.diff(at, prepend=at[0])
            offset = np.where(gap > 0, _log_class(gap, self.longest) + 1, 0)
            none = np.zeros_like(offset)
            return _Line(notes["pitch"], _log_class(size, self.longest), offset, notes["velocity"], none, none)
        place, bar = _in_bar(score, at, self.resolution)
        offset = _shortened(np.diff(at, prepend=at[0] - place[0]), bar, self.longest)
        duration = np.clip(size, 1, self.longest)
        if self.voices == "melody":
            # A rest may have lost bars in which a note was held.
            np.minimum(duration[:-1], offset[1:], out=duration[:-1])
        return _Line(notes["pitch"], duration - 1, offset, notes["velocity"], place, bar)

    def _times(self, duration: Integers, offset: Integers) -> tuple[Integers, Integers]:
        """Onsets and lengths in ticks."""
        if self.unit == "beats":
            return np.cumsum(offset) * self._ticks_per_step, (duration + 1) * self._ticks_per_step
        ticks_per_second = _FINE_TICKS_PER_BEAT * 1_000_000 / _FINE_BEAT_US
        seconds = np.append(0.0, _log_seconds(np.arange(self.longest), self.longest))
        ticks = np.floor(seconds * ticks_per_second + 0.5).astype(np.int64)
        return np.cumsum(ticks[offset]), ticks[duration + 1]

    def _checked(self, notes: ArrayLike) -> Integers:
        values = np.asarray(notes)
        if values.ndim not in (2, 3) or values.shape[-1] != 3 or values.dtype.kind not in "iu":
            raise ValueError(f"notes are whole numbers (n, 3) or (n, L, 3), not {values.dtype} {values.shape}")
        for column, name, num in zip(np.moveaxis(values, -1, 0), COLUMNS, self.num_classes, strict=True):
            if column.size and not (int(column.min()) >= 0 and int(column.max()) < num):
                raise ValueError(f"{name} is 0 to {num - 1}, not {column.min()} to {column.max()}")
        return values.astype(np.int64)


@dataclass(frozen=True)
class _Line:
    """The columns of a piece's notes, (n,) each."""

    pitch: NDArray[Any]
    duration: NDArray[Any]
    offset: NDArray[Any]
    velocity: NDArray[Any]
    place: NDArray[Any]
    bar: NDArray[Any]

    @staticmethod
    def silent() -> "_Line":
        return _Line(*(np.empty(0, np.int64) for _ in range(6)))


def _windows(line: _Line, length: int) -> Rows:
    num = len(line.pitch)
    count = -(-num // length)
    within = (np.minimum(column, 255) for column in (line.place, line.bar))
    columns = (line.pitch, line.duration, line.offset, line.velocity, *within)
    filled = np.zeros((count * length, len(columns)), np.uint8)
    for index, column in enumerate(columns):
        filled[:num, index] = column
    cut = filled.reshape(count, length, len(columns))
    lengths = np.minimum(num - np.arange(count) * length, length).astype(np.int16)
    single = {name: cut[..., 3 + index] for index, name in enumerate(("velocity", "place", "bar"))}
    rows = {name: np.ascontiguousarray(part) for name, part in {"real": cut[..., :3], **single}.items()}
    return {**rows, "length": lengths}


def _unpadded(windows: NDArray[Any], lengths: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(windows[np.arange(windows.shape[1]) < lengths[:, None]])


def _kept(at: NDArray[Any], pitch: NDArray[Any], size: NDArray[Any], one_voice: bool) -> NDArray[np.intp]:
    """Places of the notes that stay, ordered by onset, then pitch: of those of one onset and pitch the longest; of one
    voice, whose notes come in order, the last of those that fall together."""
    if one_voice:
        return np.flatnonzero(np.append(np.diff(at) != 0, True)[: len(at)])
    order = np.lexsort((-size, pitch, at))
    differs = (np.diff(at[order]) != 0) | (np.diff(pitch[order]) != 0)
    return np.asarray(order[np.append(True, differs)[: len(at)]])


def _in_bar(score: Score, steps: Integers, resolution: int) -> tuple[Integers, Integers]:
    """How many steps each step lies after the line of its bar (`Score.bars`), and how many the bar has."""
    changes = score.time_signatures
    if not len(changes) or changes["tick"][0] > 0:
        changes = np.concatenate([table(TIME_SIGNATURE, [(0, 4, 4)]), changes])
    ticks = -(-steps * score.ticks_per_beat // resolution)
    row = np.maximum(np.searchsorted(changes["tick"], ticks, side="right") - 1, 0)
    begin, denominator = changes["tick"][row], changes["denominator"][row].astype(np.int64)
    size = np.maximum(score.ticks_per_beat * 4 * changes["numerator"][row].astype(np.int64), denominator)
    # The last line at or before a tick, each being rounded down on its own.
    number = ((ticks - begin + 1) * denominator - 1) // size
    line = begin + number * size // denominator
    place = np.maximum(steps - score.steps(line, resolution), 0)
    return place, np.maximum(score.steps(size // denominator, resolution), 1)


def _shortened(offset: Integers, bar: Integers, longest: int) -> Integers:
    """Offsets too long for a class, less as many bars as it takes."""
    over = np.maximum(offset - longest, 0)
    less = offset - -(-over // bar) * bar
    return np.where(less > 0, less, np.minimum(offset, longest))


def _log_class(seconds: NDArray[np.float64], num: int) -> Integers:
    """The nearest of `num` classes, evenly spaced in the logarithm."""
    position = np.log(np.maximum(seconds, _SHORTEST_SECONDS) / _SHORTEST_SECONDS) / np.log(_SECONDS_RATIO)
    return np.asarray(np.clip(np.floor(position * (num - 1) + 0.5), 0, num - 1).astype(np.int64))


def _log_seconds(classes: NDArray[Any], num: int) -> NDArray[np.float64]:
    return np.asarray(_SHORTEST_SECONDS * _SECONDS_RATIO ** (classes / (num - 1)), np.float64)
