"""Phrases of an ensemble as bit-packed piano rolls: which pitches sound at each step, and which are struck there.

Axes, in this order wherever a roll is whole: N phrase, K track, B bar, T step, P pitch.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from antiphon.codecs.codec import Codec, Rows
from antiphon.codecs.ensembles import ENSEMBLES, NamedEnsemble, played
from antiphon.codecs.melody import aligned, common_time_bars
from antiphon.codecs.pianoroll import BEATS, MAX_BEATS
from antiphon.codecs.strokes import Grid, Integers, Strokes, fill, runs, strokes_of
from antiphon.codecs.structure import section_starts
from antiphon.codecs.traits import NUM_TRAITS, traits_of
from antiphon.music.score import NOTE, TEMPO, TIME_SIGNATURE, Score, beat_us, empty, notes_from_columns, table

Packed = NDArray[np.uint8]

MAX_BARS = 1 << 14
"""Of a song; every bar and track takes a kilobyte."""
_BARS_AT_ONCE = 256
_ON_GRID = 0.5
_FINE = 12


@dataclass(frozen=True, eq=False)
class Bars:
    """All 4/4 bars of a song.

    Parameters
    ----------
    real, onsets
        (m, K, bytes) uint8: what sounds in a bar and what is struck, packed; see `pack`.
    begins
        (m,) bool: whether a bar does not follow the one before in the song.
    sections
        (s,) numbers of the bars with which sections begin; empty where nobody asked.
    traits
        (K, 5) what each track is like throughout, see `antiphon.codecs.traits`.
    """

    real: Packed
    onsets: Packed
    begins: NDArray[np.bool_]
    sections: Integers
    traits: NDArray[np.float32]


class PhraseRolls(Codec):
    """Phrases of whole bars in 4/4 from songs whose beats are known.

    Rows: "real" uint8 (n, K, B, bytes), which pitches sound, and "onsets" of the same shape, at which step they are
    struck, each bar of a track packed by `pack`; unpacked they are bool (n, K, B, T, P), of `shape`. A cell that sounds
    at a phrase's first step without an onset goes on from before. "bar" int32 (n,), the number of the phrase's first
    bar among the song's 4/4 bars. "traits" float32 (n, K, 5), what each track of the song is like, see
    `antiphon.codecs.traits`. A song's last bar is filled with silence where the music ends within it.

    Parameters
    ----------
    ensemble
        The tracks, in the order of the track axis, and how a song's tracks go into them: a name of
        `antiphon.codecs.ensembles.ENSEMBLES`, or an ensemble in full. Its drums are strokes of one step.
    resolution
        Steps a beat: 24 as in the paper, or 4 for the grid of sixteenths.
    lowest_pitch, num_pitches
        The pitch axis; by default the paper's, C1 to B7. Notes outside it are left out.
    bars
        Bars a phrase.
    lengths
        "paper" (Dong et al. 2018, "Data representation"): a note is silent in its last step, and notes under two steps
        are dropped. "whole": notes keep their length, one step at least. By default "paper" on grids of 12 steps and
        more a beat; on coarser ones it would silence sixteenths.
    phrases
        "windows": one after the other, `hop` bars apart, in each run of 4/4 bars. "sections": the windows of each
        section that structural features find (`antiphon.codecs.structure`); a section one bar too long loses its last,
        one two bars too long its first and last, one a bar too short takes in the next, as in the first MuseGAN's data.
    hop
        Bars from one window to the next; None: `bars`, so that no two overlap.
    sounding
        In every bar of a phrase at least so many tracks sound; in smaller ensembles all of them.
    """

    revision: ClassVar[int] = 2
    streams: ClassVar[bool] = True
    kind: Literal["phrases"] = "phrases"
    ensemble: NamedEnsemble = ENSEMBLES["lpd-5"]
    resolution: int = Field(default=24, ge=1, le=96)
    lowest_pitch: int = Field(default=24, ge=0, le=127)
    num_pitches: int = Field(default=84, ge=1, le=128)
    bars: int = Field(default=4, ge=1, le=64)
    lengths: Literal["paper", "whole"] = Field(
        default_factory=lambda values: "paper" if values.get("resolution", _FINE) >= _FINE else "whole"
    )
    phrases: Literal["windows", "sections"] = "windows"
    hop: int | None = Field(default=None, ge=1, le=64)
    sounding: int = Field(default=3, ge=0, le=64)

    @model_validator(mode="after")
    def _check(self) -> "PhraseRolls":
        if self.lowest_pitch + self.num_pitches > 128:
            raise ValueError(f"{self.num_pitches} pitches from {self.lowest_pitch} on go beyond MIDI's 127")
        return self

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(K, B, T, P) of an unpacked phrase."""
        return len(self.ensemble.parts), self.bars, BEATS * self.resolution, self.num_pitches

    @property
    def num_bytes(self) -> int:
        """Bytes of one packed bar of a track."""
        return -(-BEATS * self.resolution * self.num_pitches // 8)

    def encode(self, score: Score) -> Rows:
        """Phrases of one song; none where `why_none` gives a reason."""
        bars = self._bars(score)
        first = self._first_bars(bars)
        inside = first[:, None] + np.arange(self.bars)
        rows = {name: np.ascontiguousarray(getattr(bars, name)[inside].swapaxes(1, 2)) for name in ("real", "onsets")}
        traits = np.broadcast_to(bars.traits, (len(first), self.shape[0], NUM_TRAITS))
        return {**rows, "bar": first.astype(np.int32), "traits": np.ascontiguousarray(traits)}

    def song_bars(self, score: Score) -> Bars:
        """Every 4/4 bar of a song, silent ones too, for who plays along with all of it."""
        return self._bars(score)

    def decode(
        self, cells: NDArray[Any], onsets: NDArray[Any] | None = None, tempo: float = 100.0, velocity: int = 100
    ) -> Score:
        """A score from phrases (n, K, B, ...) or one (K, B, ...), packed (uint8) or not (bool), one after the other.

        A note begins at an onset, or where a pitch sounds after silence, and lasts while it sounds, over bar lines and
        phrases too; by the paper's lengths one silent step more. Without onsets touching notes are one. The tracks bear
        the names and programs of the ensemble.

        Raises
        ------
        ValueError
            If the shapes are not those of the codec, or onsets and cells differ in it.
        """
        cells = self._whole(cells)
        onsets = None if onsets is None else self._whole(onsets)
        if onsets is not None and onsets.shape != cells.shape:
            raise ValueError(f"cells {cells.shape} and onsets {onsets.shape} are of one shape")
        ticks = max(1, 480 // self.resolution)
        tracks = []
        for number, part in enumerate(self.ensemble.parts):
            struck = None if onsets is None else onsets[:, number]
            if part.is_drum and struck is None:
                struck = cells[:, number]
            pitch, start, end = runs(cells[:, number], struck, rest=self.lengths == "paper")
            notes = notes_from_columns(start * ticks, end * ticks, pitch + self.lowest_pitch, velocity)
            tracks.append(played(part, notes if len(pitch) else empty(NOTE)))
        return Score(
            ticks_per_beat=ticks * self.resolution,
            tracks=tuple(tracks),
            tempos=table(TEMPO, [(0, beat_us(tempo))]),
            time_signatures=table(TIME_SIGNATURE, [(0, 4, 4)]),
        )

    def why_none(self, score: Score) -> str:
        """Why a song gives no phrases, as the end of a sentence about it; empty where it gives some."""
        if not score.num_notes:
            return "it has no notes"
        if score.end > MAX_BEATS * score.ticks_per_beat:
            return f"it lasts longer than {MAX_BEATS:,} beats"
        score = aligned(self.ensemble.arranged(score), self.resolution)
        if not score.num_notes:
            return f"none of its tracks is of the ensemble: {', '.join(self.ensemble.names)}"
        lines, begins = common_time_bars(score)
        if not len(lines):
            return "it has no bar in 4/4"
        if len(lines) > MAX_BARS:
            return f"it has {len(lines):,} bars, over {MAX_BARS:,}; cut it into shorter songs"
        longest = int(np.diff(np.flatnonzero(begins), append=len(lines)).max())
        if longest < self.bars:
            return f"its longest run of bars in 4/4 has {longest}, and a phrase {self.bars}"
        if is_free(score):
            return "its notes lie on no grid of sixteenths or triplets, as in a free performance"
        if not len(self.encode(score)["bar"]):
            return f"in no {self.bars} bars of it do {self._least} tracks sound in every bar"
        return ""

    @property
    def _least(self) -> int:
        return min(self.sounding, len(self.ensemble.parts))

    @property
    def grid(self) -> Grid:
        """How its notes become cells."""
        return Grid(self.resolution, self.lowest_pitch, self.num_pitches, self.lengths == "paper", self.ensemble.drums)

    def _bars(self, score: Score) -> Bars:
        nothing = np.empty((0, self.shape[0], self.num_bytes), np.uint8)
        silent = np.zeros((self.shape[0], NUM_TRAITS), np.float32)
        none = Bars(nothing, nothing, np.empty(0, bool), np.empty(0, np.int64), silent)
        if score.end > MAX_BEATS * score.ticks_per_beat:
            return none
        score = aligned(self.ensemble.arranged(score), self.resolution)
        lines, begins = common_time_bars(score)
        if not len(lines) or len(lines) > MAX_BARS or not score.num_notes or is_free(score):
            return none
        strokes = strokes_of(score, range(self.shape[0]), self.grid)
        first = score.steps(lines, self.resolution)
        real, onsets = self._packed(strokes, first)
        sections = self._sections(strokes, first, begins) if self.phrases == "sections" else none.sections
        return Bars(real, onsets, begins, sections, self._traits(strokes, first))

    def _traits(self, strokes: Strokes, first: Integers) -> NDArray[np.float32]:
        """What each track does in bars that begin at steps (m,)."""
        tracks, _, steps, _ = self.shape
        bar = np.searchsorted(first, strokes.start, side="right") - 1
        inside = (bar >= 0) & (strokes.start < first[bar] + steps)
        # As if one bar followed the other.
        moved = bar * steps - first[bar]
        line = Strokes(strokes.track, strokes.pitch, strokes.start + moved, strokes.end + moved)
        return traits_of(line[inside], tracks, len(first), steps)

    def _packed(self, strokes: Strokes, first: Integers) -> tuple[Packed, Packed]:
        """Bars (m, K, bytes) that begin at steps (m,), packed: what sounds, and what is struck."""
        tracks, _, steps, pitches = self.shape
        out = np.zeros((2, len(first), tracks, self.num_bytes), np.uint8)
        for begin in range(0, len(first), _BARS_AT_ONCE):
            lines = first[begin : begin + _BARS_AT_ONCE]
            here = (strokes.end > lines[0]) & (strokes.start < lines[-1] + steps)
            some = strokes[here]
            cells = np.zeros((2, len(lines), tracks, 1, steps, pitches), bool)
            fill(cells[0], cells[1], some, lines)
            out[:, begin : begin + len(lines)] = pack(cells[:, :, :, 0])
        return out[0], out[1]

    def _sections(self, strokes: Strokes, first: Integers, begins: NDArray[np.bool_]) -> Integers:
        runs_of_bars = np.split(np.arange(len(first)), np.flatnonzero(begins)[1:])
        found = [
            run[0] + section_starts(strokes, first[run], self.shape[2], self.ensemble.drums) for run in runs_of_bars
        ]
        return np.concatenate(found)

    def _first_bars(self, bars: Bars) -> Integers:
        """(n,) the first bar of each phrase."""
        num = len(bars.begins)
        opens = np.flatnonzero(bars.begins)
        ends = np.append(opens[1:], num)[: len(opens)]
        begin, end = (opens, ends) if self.phrases == "windows" else _fitted(bars.sections, opens, ends, self.bars)
        hop = self.hop or self.bars
        count = np.maximum((end - begin - self.bars) // hop + 1, 0)
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        first = np.unique(np.repeat(begin, count) + within * hop)
        full = (bars.real.any(axis=2).sum(axis=1) >= max(self._least, 1)) if num else np.empty(0, bool)
        if self.sounding == 0:
            full = np.ones(num, bool)
        return first[full[first[:, None] + np.arange(self.bars)].all(axis=1)]

    def _whole(self, values: NDArray[Any]) -> NDArray[np.bool_]:
        values = np.asarray(values)
        packed = values.dtype == np.uint8
        wanted = (*self.shape[:2], self.num_bytes) if packed else self.shape
        values = values[None] if values.ndim == len(wanted) else values
        if values.shape[1:] != wanted or not (packed or values.dtype == bool):
            shape = ", ".join(map(str, self.shape))
            raise ValueError(f"phrases are bool (n, {shape}) or packed, not {values.dtype} {values.shape}")
        return unpack(values, *self.shape[2:]) if packed else values


def pack(cells: NDArray[np.bool_]) -> Packed:
    """Bars of cells (..., T, P) as bytes (..., ceil(T * P / 8)): step by step, the lowest pitch first, eight cells a
    byte, the first in its highest bit; the last byte is filled with zeros."""
    return np.packbits(cells.reshape(*cells.shape[:-2], cells.shape[-2] * cells.shape[-1]), axis=-1)


def unpack(packed: Packed, num_steps: int, num_pitches: int) -> NDArray[np.bool_]:
    """The inverse of `pack`; `antiphon.nn.bits.unpack` is its twin for tensors."""
    cells = np.unpackbits(packed, axis=-1, count=num_steps * num_pitches)
    return cells.view(bool).reshape(*packed.shape[:-1], num_steps, num_pitches)


def phrases_with(real: Packed, track: int) -> Integers:
    """Numbers of the phrases (n, K, B, bytes) in which a track sounds."""
    return np.flatnonzero(real[:, track].any(axis=(1, 2)))


def is_free(score: Score) -> bool:
    """Whether under half of the onsets lie within a 48th of a beat from a sixteenth or a sixteenth triplet, where they
    would by chance in a third of all cases: a performance without beats."""
    starts = np.concatenate([track.notes["start"] for track in score.tracks] or [np.empty(0, np.int64)])
    beat = score.ticks_per_beat
    off = [np.abs(starts * parts - score.steps(starts, parts) * beat) / (parts * beat) for parts in (4, 6)]
    return bool(len(starts) and (np.minimum(*off) <= 1 / 48 + 1e-9).mean() < _ON_GRID)


def _fitted(sections: Integers, opens: Integers, ends: Integers, size: int) -> tuple[Integers, Integers]:
    """First and end bar of each section, made a multiple of `size` bars long within its run of bars."""
    run = np.searchsorted(opens, sections, side="right") - 1
    begin, low, high = sections.copy(), opens[run], ends[run]
    end = np.minimum(np.append(sections[1:], high[-1:]), high)
    over = (end - begin) % size
    wide = end - begin >= size
    short = over == size - 1
    end = np.where(short, np.minimum(end + 1, high), end)
    cut = wide & ~short & (over > 0)
    begin = np.where(cut & (over >= 2), np.minimum(begin + over // 2, end), begin)
    return np.maximum(begin, low), end
