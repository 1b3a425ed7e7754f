"""Bars of one voice on a metrical grid: each of 16 steps starts one of 24 pitches, holds, or rests; a chord a bar."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from antiphon.codecs.chords import NO_CHORD, SYMBOLS, coverage_codes, triad_code
from antiphon.codecs.codec import Codec, Rows
from antiphon.music.score import NOTE, TEMPO, TIME_SIGNATURE, Score, Track, beat_us, empty, notes_from_columns, table
from antiphon.music.theory import parse_chord

STEPS = 16
RESOLUTION = 4
LOWEST, NUM_PITCHES = 60, 24
HOLD, REST = NUM_PITCHES, NUM_PITCHES + 1
NUM_CLASSES = NUM_PITCHES + 2

_VOICE_NAME = re.compile(
    r"\b(voice|vocals?|vox|singer|singstimme|gesang|chant|canto|voix|melod(y|ie|ia)|soprano|tune)\b", re.IGNORECASE
)
_NO_VOICE_NAME = re.compile(r"\b(bass|oohs|aahs|synth|pad|back|backing|harmony|chords?)\b|@", re.IGNORECASE)
_OFF_GRID_LIMIT = 0.15
_CHORDAL = 0.25
_PLAINLY = 1.35


class MelodyBars(Codec):
    """Rows of (bar, bar before, chord) from songs in 4/4 whose beats are known.

    Rows: "real" and "previous" uint8 (n, 16) of classes 0-23 (a note of MIDI pitch 60-83 begins), 24 (hold), 25 (rest);
    "chord" uint8 (n,), codes of `antiphon.codecs.chords`; "bar" int32 (n,), the bar's number in its song.
    A bar that begins a song, or follows a change of metre, has silence before it.

    Parameters
    ----------
    chord_coverage
        Smallest share of a bar's sounding time that a triad has to cover, else the bar has no chord.
    """

    revision: ClassVar[int] = 3
    kind: Literal["melody"] = "melody"
    chord_coverage: float = Field(default=0.6, ge=0, le=1)

    def encode(self, score: Score) -> Rows:
        """Rows of every 4/4 bar in which the voice begins a note; none for a song without beats or without 4/4."""
        score = on_the_beat(score)
        index = melody_track(score)
        lines, begins = common_time_bars(score)
        if index is None or not len(lines) or off_grid_share(score) > _OFF_GRID_LIMIT:
            return _rows([], [], [], [])
        lines = lines + bar_phase(score, index, lines, begins)
        grid, starts = _grid(score, monophonic(score.tracks[index].notes), lines)
        if not len(starts):
            return _rows([], [], [], [])
        follows = np.diff(starts, prepend=-1) == STEPS
        silence = np.full(STEPS, REST, np.uint8)
        previous = np.where(follows[:, None], np.roll(grid, 1, axis=0), silence)
        previous[0] = silence
        opening = np.logical_and.accumulate(grid == HOLD, axis=1) & (previous[:, -1:] == REST)
        grid[opening] = REST
        sounding = (grid < NUM_PITCHES).any(1)
        chords = _bar_chords(score, index, starts, self.chord_coverage)
        return _rows(grid[sounding], previous[sounding], chords[sounding], np.flatnonzero(sounding))

    def decode(
        self, bars: NDArray[np.uint8], chords: Sequence[int] | None = None, tempo: float = 100.0, velocity: int = 90
    ) -> Score:
        """A score of one track from bars (B, 16); a hold after a rest is a rest."""
        classes = np.asarray(bars, np.uint8).reshape(-1)
        onset = classes < NUM_PITCHES
        # A note lasts until the next onset or rest.
        stops = np.flatnonzero(onset | (classes == REST))
        begins = np.flatnonzero(onset)
        following = np.searchsorted(stops, begins, side="right")
        ends = np.append(stops, len(classes))[following]
        ticks = 120
        notes = notes_from_columns(begins * ticks, ends * ticks, classes[begins].astype(int) + LOWEST, velocity)
        symbols = tuple(
            (bar * STEPS * ticks, SYMBOLS[code]) for bar, code in enumerate(chords or ()) if code != NO_CHORD
        )
        return Score(
            ticks_per_beat=ticks * RESOLUTION,
            tracks=(Track(notes if len(begins) else empty(NOTE), name="Melody"),),
            tempos=table(TEMPO, [(0, beat_us(tempo))]),
            time_signatures=table(TIME_SIGNATURE, [(0, 4, 4)]),
            chords=symbols,
        )


def why_silent(score: Score) -> str:
    """Why a score gives no rows, as the end of a sentence about it."""
    score = on_the_beat(score)
    if melody_track(score) is None:
        return "no pitched note sounds in it"
    if not len(common_time_bars(score)[0]):
        metres = {f"{row['numerator']}/{row['denominator']}" for row in score.time_signatures}
        return f"it has no whole bar in 4/4 (its metre is {', '.join(sorted(metres)) or '4/4, but it ends too soon'})"
    if off_grid_share(score) > _OFF_GRID_LIMIT:
        return "its notes lie on no grid of sixteenths, as in a free performance"
    return "its melody is silent wherever it is in 4/4"


def melody_track(score: Score) -> int | None:
    """Index of the track that carries the tune: one that is named as a voice and sounds as one, else the highest that
    is nearly one-voiced, else the highest; None when nothing but drums sounds."""
    tracks = [(index, track) for index, track in enumerate(score.tracks) if len(track.notes) and not track.is_drum]
    if not tracks:
        return None
    voices = [(index, track) for index, track in tracks if _overlap_share(track.notes) < _CHORDAL]
    named = [
        (index, track)
        for index, track in voices
        if _VOICE_NAME.search(track.name) and not _NO_VOICE_NAME.search(track.name)
    ]
    single = [(index, track) for index, track in voices if _overlap_share(track.notes) < 0.1 and len(track.notes) >= 16]
    return max(named[:1] or single or tracks, key=lambda pair: (float(pair[1].notes["pitch"].mean()), -pair[0]))[0]


def monophonic(notes: NDArray[np.void]) -> NDArray[np.void]:
    """The skyline: of notes that begin together the highest, each cut off where the next begins."""
    ordered = notes[np.lexsort((-notes["pitch"].astype(int), notes["start"]))]
    kept = ordered[np.append(True, np.diff(ordered["start"]) > 0)].copy() if len(ordered) else ordered
    kept["end"][:-1] = np.minimum(kept["end"][:-1], kept["start"][1:])
    return kept


def aligned(score: Score, resolution: int) -> Score:
    """The score moved onto the beat, unless all of it begins on the grid as it is."""
    return earlier(score, late_by(score, resolution))


def on_the_beat(score: Score) -> Score:
    """The score moved to where its onsets meet the grid of 16ths, for files that are late by one bit throughout."""
    return earlier(score, late_by(score))


def late_by(score: Score, resolution: int = 0) -> int:
    """Ticks by which a score is late throughout, negative where it is early: the circular mean of its onsets within a
    16th. 0 where they agree on none, or all begin on the grid of `resolution` steps a beat as they are."""
    starts = np.concatenate([track.notes["start"] for track in score.tracks] or [np.empty(0, np.int64)])
    if resolution and not (starts * resolution % score.ticks_per_beat).any():
        return 0
    turns = np.exp(2j * np.pi * starts * RESOLUTION / score.ticks_per_beat)
    if not len(turns) or abs(turns.mean()) < 0.8:
        return 0
    late = round(float(np.angle(turns.mean())) / (2 * np.pi) * score.ticks_per_beat / RESOLUTION)
    return late if abs(late) * RESOLUTION * 16 > score.ticks_per_beat else 0


def earlier(score: Score, ticks: int) -> Score:
    """The score with its notes so many ticks earlier, none before tick 0."""
    if not ticks:
        return score
    return score.with_tracks(tuple(replace(track, notes=_moved(track.notes, -ticks)) for track in score.tracks))


def pulse(score: Score) -> float:
    """How far onsets agree on where a sixteenth, or a sixteenth triplet, begins, from 0 to 1: the length of their mean
    direction. Performances without beats come to .03 (MAESTRO, at most .08 in 80 files), drummers who play to a click
    to .5 in the middle (Groove)."""
    starts = np.concatenate([track.notes["start"] for track in score.tracks] or [np.empty(0, np.int64)])
    turns = [np.exp(2j * np.pi * starts * parts / score.ticks_per_beat) for parts in (4, 6)]
    return max(float(abs(turn.mean())) for turn in turns) if len(starts) else 0.0


def metres(score: Score) -> NDArray[np.void]:
    """The time signatures that hold: of several at one tick the last."""
    changes = score.time_signatures
    return np.asarray(changes[np.append(np.diff(changes["tick"]) > 0, True)]) if len(changes) else changes


def in_fours(score: Score) -> Score:
    """In 4/4 where a file only counts beats (1/4 throughout)."""
    held = metres(score)
    if not len(held) or not ((held["numerator"] == 1) & (held["denominator"] == 4)).all():
        return score
    return replace(score, time_signatures=table(TIME_SIGNATURE, [(0, 4, 4)]))


def common_time_bars(score: Score) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """First ticks of the bars that are four beats long (4/4, 2/2, 8/8), and whether each begins a run of such bars.

    Where a file only counts beats (1/4 throughout), four of them are a bar.
    """
    lines, changes = score.bars(), score.time_signatures
    if len(changes) and (changes["numerator"] == 1).all() and (changes["denominator"] == 4).all():
        lines = lines[::4]
        return lines[:-1], np.arange(len(lines) - 1) == 0
    row = np.searchsorted(changes["tick"], lines[:-1], side="right") - 1
    kept = np.diff(lines) == 4 * score.ticks_per_beat
    for name in ("numerator", "denominator") if len(changes) else ():
        kept &= (row < 0) | np.isin(changes[name][row], (2, 4, 8))
    begins = kept & ~np.append(False, kept[:-1])
    return lines[:-1][kept], begins[kept]


def off_grid_share(score: Score) -> float:
    """Share of onsets further than a 64th note from the nearest 16th: near 0 in a score, 0.5 in a performance."""
    starts = np.concatenate([track.notes["start"] for track in score.tracks])
    nearest = score.steps(starts, RESOLUTION) * score.ticks_per_beat
    return float((np.abs(starts * RESOLUTION - nearest) * 4 > score.ticks_per_beat).mean()) if len(starts) else 0.0


def bar_phase(score: Score, voice: int, lines: NDArray[np.int64], begins: NDArray[np.bool_], steps: int = STEPS) -> int:
    """Ticks by which the heard lines of bars of `steps` lie after the written ones, when a file has dropped its pickup;
    else 0.

    A dropped pickup leaves its notes before the first heard bar line and moves all lines by its length. Low notes and
    long notes of the tune fall on downbeats: another phase than the written one is taken only where the bass is plainly
    heavier there and the tune does not contradict it; never where drums play, for those are written to the grid.
    """
    others = [t.notes for i, t in enumerate(score.tracks) if i != voice and not t.is_drum and len(t.notes)]
    drums = any(track.is_drum and len(track.notes) for track in score.tracks)
    if not others or drums or begins.sum() != 1 or len(lines) < 8:
        return 0
    span = lines[0], lines[-1] + steps * score.ticks_per_beat // RESOLUTION
    bass = _lowest(_within(np.concatenate(others), *span))
    tune = _within(score.tracks[voice].notes, *span)
    heavy = _mass(score, bass, lines[0], np.clip(72 - bass["pitch"], 0, 48), steps)
    long = _mass(score, tune, lines[0], np.ones(len(tune)), steps)
    best = int(heavy.argmax())
    found = heavy[best] > _PLAINLY * heavy[0] and long[best] >= long[0]
    return best * score.ticks_per_beat // RESOLUTION if found else 0


def _within(notes: NDArray[np.void], begin: int, end: int) -> NDArray[np.void]:
    return notes[(notes["start"] >= begin) & (notes["start"] < end)]


def _lowest(notes: NDArray[np.void]) -> NDArray[np.void]:
    """Of notes that begin together the lowest."""
    ordered = notes[np.lexsort((notes["pitch"], notes["start"]))]
    return ordered[np.append(True, np.diff(ordered["start"]) > 0)] if len(ordered) else ordered


def _mass(score: Score, notes: NDArray[np.void], line: int, weight: NDArray[Any], steps: int) -> NDArray[np.float64]:
    """Weight times length in beats (four at most) of the notes that begin on each of a bar's steps."""
    step = score.steps(notes["start"] - line, RESOLUTION) % steps
    beats = np.minimum((notes["end"] - notes["start"]) / score.ticks_per_beat, 4.0)
    return np.asarray(np.bincount(step, weight * beats, minlength=steps), np.float64)


def _moved(notes: NDArray[np.void], ticks: int) -> NDArray[np.void]:
    moved = notes.copy()
    moved["start"] = np.maximum(moved["start"] + ticks, 0)
    moved["end"] = np.maximum(moved["end"] + ticks, moved["start"])
    return moved


def _overlap_share(notes: NDArray[np.void]) -> float:
    """Share of notes that begin before an earlier one has ended by more than a sliver."""
    if len(notes) < 2:
        return 0.0
    latest = np.maximum.accumulate(notes["end"])[:-1]
    return float((latest - notes["start"][1:] > 0.25 * (notes["end"] - notes["start"])[1:]).mean())


def _grid(
    score: Score, voice: NDArray[np.void], lines: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Classes (bars, 16) of the voice, and each bar's first step."""
    starts = score.steps(lines, RESOLUTION)
    begins, ends = (score.steps(voice[name], RESOLUTION) for name in ("start", "end"))
    kept = np.append(np.diff(begins) > 0, True) if len(begins) else np.empty(0, bool)
    begins, ends, pitch = begins[kept], ends[kept], fold_octaves(voice["pitch"][kept])
    ends = np.minimum(np.maximum(ends, begins + 1), np.append(begins[1:], np.iinfo(np.int64).max))
    length = int(max(starts[-1] + STEPS, ends.max(initial=0))) + 1
    line = np.full(length, REST, np.uint8)
    held = np.zeros(length + 1, np.int8)
    np.add.at(held, begins, 1)
    np.add.at(held, ends, -1)
    line[np.cumsum(held[:-1]) > 0] = HOLD
    line[begins] = pitch - LOWEST
    bars: NDArray[np.uint8] = line[starts[:, None] + np.arange(STEPS)]
    return bars, starts


def fold_octaves(pitch: NDArray[Any]) -> NDArray[np.int64]:
    """Move a whole voice by octaves to where most of it lies in 60-83, then fold the rest note by note."""
    pitch = pitch.astype(np.int64)
    shifts = np.array([0, -12, 12, -24, 24, -36, 36, -48, 48, 60])
    inside = [((pitch + s >= LOWEST) & (pitch + s < LOWEST + NUM_PITCHES)).sum() for s in shifts]
    moved = pitch + shifts[int(np.argmax(inside))]
    low, high = moved < LOWEST, moved >= LOWEST + NUM_PITCHES
    moved[low] = LOWEST + moved[low] % 12
    moved[high] = LOWEST + 12 + moved[high] % 12
    return np.asarray(moved)


def _bar_chords(score: Score, voice: int, starts: NDArray[np.int64], coverage: float) -> NDArray[np.uint8]:
    """One chord code a bar: the written symbol that holds longest, or else the triad that the other tracks cover."""
    if score.chords:
        return _written_chords(score, starts)
    tracks = [t for i, t in enumerate(score.tracks) if i != voice and not t.is_drum] or [score.tracks[voice]]
    notes = np.concatenate([t.notes for t in tracks])
    return coverage_codes(_pitch_class_weights(score, notes, starts), coverage)


def _pitch_class_weights(score: Score, notes: NDArray[np.void], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sounding steps of each pitch class in each bar (bars, 12)."""
    begins = score.steps(notes["start"], RESOLUTION)
    ends = np.maximum(score.steps(notes["end"], RESOLUTION), begins + 1)
    length = int(max(starts[-1] + STEPS, ends.max(initial=0))) + 1
    edges = np.zeros((length + 1, 12))
    np.add.at(edges, (begins, notes["pitch"] % 12), 1)
    np.add.at(edges, (ends, notes["pitch"] % 12), -1)
    before = np.concatenate([np.zeros((1, 12)), np.cumsum(np.cumsum(edges, axis=0), axis=0)])
    return np.asarray(before[starts + STEPS] - before[starts])


def _written_chords(score: Score, starts: NDArray[np.int64]) -> NDArray[np.uint8]:
    ticks = score.steps([tick for tick, _ in score.chords], RESOLUTION)
    codes = np.array([triad_code(parse_chord(symbol)) for _, symbol in score.chords], np.uint8)
    line = np.full(int(starts[-1]) + STEPS, NO_CHORD, np.uint8)
    row = np.searchsorted(ticks, np.arange(len(line)), side="right") - 1
    line[row >= 0] = codes[row[row >= 0]]
    share = (line[starts[:, None] + np.arange(STEPS)][:, :, None] == np.arange(NO_CHORD + 1)).sum(1)
    return np.asarray(share.argmax(1), np.uint8)


def _rows(real: Any, previous: Any, chord: Any, bar: Any) -> Rows:
    return {
        "real": np.asarray(real, np.uint8).reshape(-1, STEPS),
        "previous": np.asarray(previous, np.uint8).reshape(-1, STEPS),
        "chord": np.asarray(chord, np.uint8),
        "bar": np.asarray(bar, np.int32),
    }
