"""Chords of whole songs, one a bar and told from the tonic on, in windows that know where in their song they lie."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from antiphon.codecs.chords import NO_CHORD, coverage_codes, transpose_codes, triad_code
from antiphon.codecs.codec import Codec, Rows
from antiphon.codecs.melody import RESOLUTION, bar_phase, melody_track, on_the_beat
from antiphon.music.accompaniment import accompany
from antiphon.music.keys import key_fits
from antiphon.music.score import KEY_SIGNATURE, TEMPO, TIME_SIGNATURE, Score, beat_us, table
from antiphon.music.theory import Chord, Key, parse_chord, pitch_class_name

PHRASE = 8
"""Bars after which the place of a bar begins anew."""

TONIC, SUBDOMINANT, DOMINANT = 0, 5, 7

_LOWERED = (1, 3, 8, 10)
_GUESSED = 0.5
_UNKNOWN_LIMIT = 0.25
_OFF_GRID_LIMIT = 0.25
_ENDING, _PICARDY, _STATED = 0.3, 0.15, 0.45


@dataclass(frozen=True, eq=False)
class Harmony:
    """The chords of a song.

    Parameters
    ----------
    codes
        uint8 (B,), one a bar from the first chord to the last, codes 0-23 of `antiphon.codecs.chords`.
    key
        Major or natural minor.
    """

    codes: NDArray[np.uint8]
    key: Key

    @property
    def degrees(self) -> NDArray[np.uint8]:
        """The codes (B,) told from the tonic on: 0 is the major triad on it, 12 the minor one."""
        return transpose_codes(self.codes, -self.key.tonic)


class Progressions(Codec):
    """Windows of a song's chords.

    Rows: "real" uint8 (n, `length`) and "previous" uint8 (n, `context`), what was before it: chords from the tonic on,
    0-11 major, 12-23 minor triads, `NO_CHORD` before the song's beginning and after its end; "mode" uint8 (n,), 1 in
    minor; "place" uint8 (n,), the number of the window's first bar in its song modulo 8; "left" uint8 (n,), how many
    bars come after that bar, 255 at most.

    Parameters
    ----------
    length, context
        Bars of a window, and bars before it that are told.
    hop
        Bars from one window to the next; the last ones reach beyond the song's end.
    shortest
        Songs of fewer bars, and ends of fewer bars, give no rows.
    chord_coverage
        Smallest share of a bar's sounding time that a triad has to cover, as in `antiphon.codecs.melody`; where none
        does, the one that covers half of it with two tones at least, or else the chord goes on.
    """

    revision: ClassVar[int] = 1
    kind: Literal["progressions"] = "progressions"
    length: int = Field(default=16, ge=2, le=64)
    context: int = Field(default=8, ge=1, le=64)
    hop: int = Field(default=4, ge=1, le=64)
    shortest: int = Field(default=4, ge=2, le=64)
    chord_coverage: float = Field(default=0.6, ge=0, le=1)

    def encode(self, score: Score) -> Rows:
        """Windows of a song in any metre; none where no chords are heard, or no bars are known."""
        harmony = harmony_of(score, self.chord_coverage)
        return self.windows(*([harmony.degrees], [harmony.key.is_minor]) if harmony is not None else ([], []))

    def windows(self, songs: Sequence[NDArray[np.uint8]], minor: Sequence[bool]) -> Rows:
        """The rows of songs of chords (B,) told from the tonic on."""
        rows = [self._of_song(song, mode) for song, mode in zip(songs, minor, strict=True)]
        names = {"real": self.length, "previous": self.context, "mode": 0, "place": 0, "left": 0}
        shapes = {name: (0, size) if size else (0,) for name, size in names.items()}
        return {
            name: np.concatenate([np.empty(shape, np.uint8), *(row[name] for row in rows)])
            for name, shape in shapes.items()
        }

    def _of_song(self, song: NDArray[np.uint8], minor: bool) -> dict[str, NDArray[np.uint8]]:
        begin = np.arange(0, max(len(song) - self.shortest + 1, 0), self.hop)
        line = np.pad(song, (self.context, self.length), constant_values=NO_CHORD)
        whole = line[begin[:, None] + np.arange(self.context + self.length)]
        return {
            "previous": whole[:, : self.context],
            "real": whole[:, self.context :],
            "mode": np.full(len(begin), minor, np.uint8),
            "place": (begin % PHRASE).astype(np.uint8),
            "left": np.minimum(len(song) - 1 - begin, 255).astype(np.uint8),
        }

    def decode(
        self,
        degrees: NDArray[np.uint8],
        key: Key | None = None,
        tempo: float = 100.0,
        accompaniment: str | None = "block",
    ) -> Score:
        """A score in 4/4 of chord symbols and the track that plays them, from chords told from the tonic on.

        Parameters
        ----------
        degrees
            (B,), or windows (n, B) one after the other, without bars that hold `NO_CHORD`.
        key
            C major or C minor, whichever the chords fit, where none is given.
        accompaniment
            A name in `antiphon.music.accompaniment.PATTERNS`; None: symbols alone.
        """
        line = np.asarray(degrees, np.uint8).reshape(-1)
        line = line[line != NO_CHORD]
        key = key or Key(0, "natural minor" if (line == 12).sum() > (line == 0).sum() else "major")
        chords = chords_of(line, key)
        score = Score(
            tempos=table(TEMPO, [(0, beat_us(tempo))]),
            time_signatures=table(TIME_SIGNATURE, [(0, 4, 4)]),
            key_signatures=table(KEY_SIGNATURE, [(0, key.sharps, key.is_minor)]),
        )
        played = (accompany(chords, accompaniment, score.ticks_per_beat),) if accompaniment and chords else ()
        symbols = tuple((4 * score.ticks_per_beat * bar, chord.symbol) for bar, chord in enumerate(chords))
        return replace(score, tracks=played, chords=symbols)


def chords_of(degrees: NDArray[np.uint8], key: Key) -> tuple[Chord, ...]:
    """The triads (B,) of chords 0-23 told from the tonic on, in a key, spelt as there: lowered degrees with flats."""
    codes = transpose_codes(degrees, key.tonic).tolist()
    return tuple(Chord(code % 12, "m" if code >= 12 else "", flats=_flat(code % 12, key)) for code in codes)


def _flat(root: int, key: Key) -> bool:
    return key.sharps < 0 if root in key.pitch_classes else (root - key.tonic) % 12 in _LOWERED


def cadences(songs: NDArray[np.uint8], minor: ArrayLike) -> NDArray[np.bool_]:
    """Whether songs (..., B) of chords told from the tonic on end on it, the last other chord being on the dominant or
    the subdominant: the authentic and the plagal cadence of the textbooks (Aldwell and Schachter).

    In minor the tonic triad may be major (the Picardy third); a last chord may go on for bars.

    Parameters
    ----------
    minor
        Broadcast against songs (...,).
    """
    songs = np.asarray(songs, np.int64)
    last = songs[..., -1]
    other = songs != last[..., None]
    before = np.take_along_axis(songs, (songs.shape[-1] - 1 - other[..., ::-1].argmax(-1))[..., None], -1)[..., 0]
    home = (last == TONIC) | (np.asarray(minor, bool) & (last == TONIC + 12))
    # A song of one chord finds itself before itself.
    return np.asarray(home & np.isin(before % 12, (DOMINANT, SUBDOMINANT)))


def harmony_of(score: Score, chord_coverage: float = 0.6) -> Harmony | None:
    """A song's chords and key; None where it has no bars (a free performance) or too few chords are plain.

    A bar's chord is the written one that holds longest in it; in songs without written chords the triad that the
    tracks beside the melody cover.
    """
    score = on_the_beat(score)
    voice = melody_track(score)
    if (voice is None and not score.chords) or _off_grid(score) > _OFF_GRID_LIMIT:
        return None
    lines = bar_lines(score, voice)
    known = _written(score, lines) if score.chords else _heard(score, voice, lines, chord_coverage)
    there = np.flatnonzero(known != NO_CHORD)
    if not len(there):
        return None
    known = known[there[0] : there[-1] + 1]
    if (known == NO_CHORD).mean() > _UNKNOWN_LIMIT:
        return None
    # A bar that says nothing (a general pause, a passing dissonance) changes no harmony.
    latest = np.maximum.accumulate(np.where(known != NO_CHORD, np.arange(len(known)), 0))
    codes = known[latest]
    return Harmony(codes, key_of(score, codes))


def why_silent(score: Score) -> str:
    """Why no chords are found in a score, as the end of a sentence about it."""
    if melody_track(score) is None and not score.chords:
        return "no pitched note sounds in it"
    if _off_grid(on_the_beat(score)) > _OFF_GRID_LIMIT:
        return "its notes lie on no grid of beats, as in a free performance"
    return "too few of its bars have a plain chord"


def bar_lines(score: Score, voice: int | None) -> NDArray[np.int64]:
    """Ticks (B + 1,) at which bars begin, and the end: without a pickup, and where a file has dropped the pickup's
    rests, moved to where bars are heard to begin."""
    lines = score.bars()
    length = np.diff(lines)
    if len(lines) > 2 and length[0] < length[1]:
        lines, length = lines[1:], length[1:]
    if voice is None or (length != length[0]).any():
        return lines
    steps, odd = divmod(int(length[0]) * RESOLUTION, score.ticks_per_beat)
    begins = np.arange(len(lines) - 1) == 0
    return lines if odd else lines + bar_phase(score, voice, lines[:-1], begins, steps)


def key_of(score: Score, codes: NDArray[np.uint8]) -> Key:
    """The major or natural minor key of a song whose chords (B,) are known.

    The best by profile, where a key counts for more whose tonic triad ends the song, a minor one somewhat where the
    major triad on its tonic does; a single key signature counts for both of its keys, for files write "major" unasked.
    """
    fits = key_fits(score)
    last = int(codes[-1])
    fits[last] += _ENDING
    fits[12 + last % 12] += _PICARDY if last < 12 else 0.0
    stated = score.key_signatures
    if len(stated) == 1:
        tonic = int(stated["sharps"][0]) * 7 % 12
        fits[12 + (tonic + 9) % 12] += _STATED
        fits[tonic] += 0.0 if stated["minor"][0] else _STATED
    best = int(fits.round(9).argmax())
    return Key.parse(f"{pitch_class_name(best % 12)} {'minor' if best >= 12 else 'major'}")


def _heard(score: Score, voice: int | None, lines: NDArray[np.int64], coverage: float) -> NDArray[np.uint8]:
    tracks = [track for index, track in enumerate(score.tracks) if index != voice and not track.is_drum]
    tracks = [track for track in tracks if len(track.notes)] or [score.tracks[voice or 0]]
    weights = sounding(np.concatenate([track.notes for track in tracks]), lines)
    plain = coverage_codes(weights, coverage)
    return np.where(plain != NO_CHORD, plain, coverage_codes(weights, _GUESSED, tone_share=0.0)).astype(np.uint8)


def sounding(notes: NDArray[np.void], lines: NDArray[np.int64]) -> NDArray[np.float64]:
    """Ticks in which each pitch class sounds in each bar (bars, 12), counted once a note."""
    weights = np.empty((len(lines) - 1, 12))
    for pitch_class in range(12):
        own = notes[notes["pitch"] % 12 == pitch_class]
        weights[:, pitch_class] = np.diff(_elapsed(own["start"], lines) - _elapsed(own["end"], lines))
    return weights


def _elapsed(ticks: NDArray[np.int64], lines: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sum over `ticks` of how long ago each was at each line."""
    ordered = np.sort(ticks)
    num = np.searchsorted(ordered, lines)
    return np.asarray(num * lines - np.append(0, np.cumsum(ordered))[num])


def _written(score: Score, lines: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The written code that holds longest in each bar; the lowest of equals."""
    ticks = np.array([tick for tick, _ in score.chords], np.int64)
    codes = np.array([triad_code(parse_chord(symbol)) for _, symbol in score.chords], np.int64)
    edges = np.unique(np.clip(np.concatenate([lines, ticks]), lines[0], lines[-1]))
    row = np.searchsorted(ticks, edges[:-1], side="right") - 1
    code = np.where(row >= 0, codes[np.maximum(row, 0)], NO_CHORD)
    bar = np.searchsorted(lines, edges[:-1], side="right") - 1
    held = np.zeros((len(lines) - 1, NO_CHORD + 1))
    np.add.at(held, (bar, code), np.diff(edges))
    return np.asarray(held.argmax(1), np.uint8)


def _off_grid(score: Score) -> float:
    """Share of onsets that lie on neither 16ths nor triplets of eighths: about half in a free performance."""
    beats = np.concatenate([track.notes["start"] for track in score.tracks]) / score.ticks_per_beat
    away = [np.abs(beats * parts - np.round(beats * parts)) / parts for parts in (3, 4)]
    return float((np.minimum(*away) > 1 / 24).mean()) if len(beats) else 0.0
