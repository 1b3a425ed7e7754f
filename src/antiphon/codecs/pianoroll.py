"""Phrases of several tracks on a metrical grid: which pitches sound at each step, and which begin there.

Axes: n phrases, K track, B bar, T step, P pitch.
"""

from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from antiphon.codecs.codec import Codec, Rows
from antiphon.codecs.melody import aligned, common_time_bars
from antiphon.codecs.strokes import Grid, Integers, Strokes, fill, note_table, runs, strokes_of, too_short
from antiphon.music.instruments import FAMILY_PROGRAMS, family
from antiphon.music.score import NOTE, TEMPO, TIME_SIGNATURE, Score, Track, beat_us, empty, notes_from_columns, table

Family = Literal["drums", "piano", "guitar", "bass", "strings"]

BEATS = 4
MAX_BEATS = 1 << 16
"""Nine hours at 120 beats a minute: a hostile file may end after 10^12 ticks."""
MAX_CELLS = 1 << 28
"""Cells of one song's phrases: a quarter of a GB for what sounds, and as much for onsets."""


class PianoRoll(Codec):
    """Phrases of `bars` bars in 4/4, one after the other without overlap, from songs whose beats are known.

    Rows: "real" bool (n, K, B, T, P), which pitches sound; "onsets" of the same shape, at which step they are struck (a
    cell that sounds at a phrase's first step without an onset goes on from before); "bar" int32 (n,), the number of the
    phrase's first bar among the song's 4/4 bars. T is 4 * `resolution`, K the number of `tracks`. Phrases begin where
    a run of 4/4 bars begins.

    All instruments of a family share its track; a note ends where its pitch is struck again by any of them, and the
    longest of those sounding goes on in the last. Pitches outside the range are left out, as the paper does: folded by
    octaves they would double other notes and move the registers in which a track plays. `losses` counts them.

    Parameters
    ----------
    tracks
        Families (`antiphon.music.instruments.family`), in the order of the track axis; other music is left out.
    resolution
        Steps a beat.
    lowest_pitch, num_pitches
        The pitch axis; by default the paper's, C1 to B7.
    bars
        Bars a phrase.
    lengths
        "paper" (Dong et al. 2018, "Data representation"): a note is silent in its last step, so that repeated notes
        stay apart in what sounds; notes under two steps are dropped; a drum sounds in the step of its stroke alone.
        "whole": notes keep their length, drums too, one step at least.
    last
        What becomes of bars too few for a phrase, at the end of a run: "dropped", or at the end of the piece
        "filled" with silent ones.
    silent
        What becomes of phrases in which no track sounds: "dropped", as in training, or "kept", where silence is to be
        measured.
    """

    revision: ClassVar[int] = 1
    kind: Literal["pianoroll"] = "pianoroll"
    tracks: tuple[Family, ...] = Field(default=("drums", "piano", "guitar", "bass", "strings"), min_length=1)
    resolution: int = Field(default=24, ge=1, le=96)
    lowest_pitch: int = Field(default=24, ge=0, le=127)
    num_pitches: int = Field(default=84, ge=1, le=128)
    bars: int = Field(default=4, ge=1, le=64)
    lengths: Literal["paper", "whole"] = "paper"
    last: Literal["dropped", "filled"] = "dropped"
    silent: Literal["dropped", "kept"] = "dropped"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.tracks)) < len(self.tracks):
            raise ValueError(f"tracks must differ, not {', '.join(self.tracks)}")
        if self.lowest_pitch + self.num_pitches > 128:
            raise ValueError(f"{self.num_pitches} pitches from {self.lowest_pitch} on go beyond MIDI's 127")
        return self

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(K, B, T, P) of a phrase."""
        return len(self.tracks), self.bars, BEATS * self.resolution, self.num_pitches

    @property
    def drum_track(self) -> int | None:
        """Number of the drums on the track axis."""
        return self.tracks.index("drums") if "drums" in self.tracks else None

    def encode(self, score: Score) -> Rows:
        """Phrases of one song; none for a song without whole phrases in 4/4, or longer than `MAX_BEATS`."""
        score = aligned(score, self.resolution)
        first_steps, bar = self._phrases(score)
        strokes = strokes_of(score, self._numbers(score), self._grid)
        if self.silent == "dropped":
            sounding = _sounding_phrases(strokes, first_steps, self.bars * self.shape[2])
            first_steps, bar = first_steps[sounding], bar[sounding]
        shape = (len(bar), *self.shape)
        if np.prod(shape, dtype=np.float64) > MAX_CELLS:
            shape, bar = (0, *self.shape), bar[:0]
        real, onsets = np.zeros(shape, bool), np.zeros(shape, bool)
        if len(bar):
            fill(real, onsets, strokes, first_steps)
        return {"real": real, "onsets": onsets, "bar": bar.astype(np.int32)}

    def losses(self, score: Score) -> dict[str, int]:
        """Notes of a song that its rows lack, by the first reason that holds: "family" (no track is theirs), "range",
        "short" (by the paper's lengths), "bars" (they begin outside the phrases)."""
        score = aligned(score, self.resolution)
        first_steps, _ = self._phrases(score)
        track, pitch, start, end = note_table(score, self._numbers(score), self._grid)
        inside = (pitch >= 0) & (pitch < self.num_pitches)
        short = too_short(track, start, end, self._grid)
        row = np.searchsorted(first_steps, start, side="right") - 1
        begun = np.append(first_steps, 0)[row] if len(first_steps) else start
        outside = (row < 0) | (start - begun >= self.bars * self.shape[2])
        reasons = {"family": track < 0, "range": ~inside, "short": short, "bars": outside}
        counts, left = {}, np.ones(len(start), bool)
        for reason, lost in reasons.items():
            counts[reason] = int((left & lost).sum())
            left &= ~lost
        return counts

    def decode(
        self,
        cells: NDArray[np.bool_],
        onsets: NDArray[np.bool_] | None = None,
        tempo: float = 100.0,
        velocity: int = 100,
    ) -> Score:
        """A score from phrases (n, K, B, T, P) or one (K, B, T, P), one after the other.

        A note begins at an onset, or where a pitch sounds after silence, and lasts while it sounds, over bar lines and
        phrases too; with the paper's lengths one silent step more. Without onsets touching notes are one.

        Raises
        ------
        ValueError
            If the shapes are not those of `shape`, or onsets and cells differ in it.
        """
        cells = _checked(cells, self.shape)
        onsets = None if onsets is None else _checked(onsets, self.shape)
        if onsets is not None and onsets.shape != cells.shape:
            raise ValueError(f"cells {cells.shape} and onsets {onsets.shape} are of one shape")
        ticks = max(1, 480 // self.resolution)
        tracks = []
        for number, name in enumerate(self.tracks):
            struck = None if onsets is None else onsets[:, number]
            pitch, start, end = runs(cells[:, number], struck, rest=self.lengths == "paper")
            notes = notes_from_columns(start * ticks, end * ticks, pitch + self.lowest_pitch, velocity)
            is_drum = name == "drums"
            notes = notes if len(pitch) else empty(NOTE)
            tracks.append(Track(notes, FAMILY_PROGRAMS[name], is_drum, name.capitalize()))
        return Score(
            ticks_per_beat=ticks * self.resolution,
            tracks=tuple(tracks),
            tempos=table(TEMPO, [(0, beat_us(tempo))]),
            time_signatures=table(TIME_SIGNATURE, [(0, 4, 4)]),
        )

    @property
    def _grid(self) -> Grid:
        rests = self.lengths == "paper"
        struck = (self.drum_track,) if rests and self.drum_track is not None else ()
        return Grid(self.resolution, self.lowest_pitch, self.num_pitches, rests, struck)

    def _numbers(self, score: Score) -> list[int]:
        """The place on the track axis of each of a score's tracks; -1 for a family without one."""
        number: dict[str, int] = {name: index for index, name in enumerate(self.tracks)}
        return [number.get(family(track.program, track.is_drum), -1) for track in score.tracks]

    def _phrases(self, score: Score) -> tuple[Integers, Integers]:
        """First step of each whole phrase (n,), and the number of its first bar."""
        nothing = np.empty(0, np.int64)
        lines, begins = (nothing, nothing) if score.end > MAX_BEATS * score.ticks_per_beat else common_time_bars(score)
        if not len(lines):
            return nothing, nothing
        run_begin = np.flatnonzero(begins)
        run_length = np.diff(run_begin, append=len(lines))
        num_phrases = run_length // self.bars
        if self.last == "filled" and lines[-1] + BEATS * score.ticks_per_beat >= score.end:
            num_phrases[-1] = -(-run_length[-1] // self.bars)
        within = np.arange(num_phrases.sum()) - np.repeat(np.cumsum(num_phrases) - num_phrases, num_phrases)
        bar = np.repeat(run_begin, num_phrases) + within * self.bars
        return score.steps(lines[bar], self.resolution), bar


def _sounding_phrases(strokes: Strokes, first_steps: Integers, length: int) -> NDArray[np.bool_]:
    """Which phrases (n,) of `length` steps any stroke sounds in."""
    begun = np.searchsorted(np.sort(strokes.start), first_steps + length)
    ended = np.searchsorted(np.sort(strokes.end), first_steps, side="right")
    return np.asarray(begun > ended)


def _checked(cells: ArrayLike, shape: tuple[int, ...]) -> NDArray[Any]:
    array = np.asarray(cells)
    array = array[None] if array.ndim == 4 else array
    if array.ndim != 5 or array.shape[1:] != shape or array.dtype != bool:
        raise ValueError(f"phrases are bool (n, {', '.join(map(str, shape))}), not {array.dtype} {array.shape}")
    return array
