"""Where everything of a piano-roll picture goes: boxes and labels in pixels, the same for every file format."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from antiphon.errors import InputError
from antiphon.io.font import face
from antiphon.music.score import Score, Track

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#AA4499", "#E69F00", "#56B4E9", "#882255", "#7A8B00")
"""Colours that stay apart for colour-blind eyes (after Okabe and Ito, with two of Tol's), in order of tracks."""

DRUM_COLOUR = "#4A5260"
_PAGE, _INK, _FAINT = "#FFFFFF", "#2E3440", "#7B8494"
_WHITE_ROW, _BLACK_ROW, _OCTAVE_LINE = "#FAFBFC", "#EEF1F5", "#D5DAE2"
_BAR_LINE, _BEAT_LINE, _FRAME, _BLACK_KEY = "#A3ABB8", "#E1E5EB", "#A3ABB8", "#3B4252"
NEW_COLOUR = "#C8102E"
"""Of the line from which on a score is new."""

_MARGIN, _LABELS, _KEYS, _LEGEND_LINE, _GAP = 20, 30, 22, 22, 26
_CHORD_BAND, _NUMBER_BAND, _DRUM_ROW, _DRUM_GAP = 24, 16, 13, 8
_BLACK = frozenset((1, 3, 6, 8, 10))
_MAX_LEGEND = 24
_OLD_BARS = 8

DRUM_ROWS = {
    "crash": (49, 52, 55, 57),
    "ride": (51, 53, 59),
    "open hat": (46, 26),
    "hi-hat": (42, 44, 22),
    "toms": (41, 43, 45, 47, 48, 50),
    "other": (),
    "clap, rim": (37, 39),
    "snare": (38, 40),
    "kick": (35, 36),
}
"""Rows of the drum part from top to bottom with their General MIDI keys (22 and 26 are the hat's edge on
electronic kits); "other" takes the rest."""


@dataclass(frozen=True)
class Box:
    """A filled rectangle in pixels; `opacity` from 0 to 1."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    opacity: float = 1.0


@dataclass(frozen=True)
class Label:
    """A text with its baseline at y; `anchor` is start, middle or end; `style` names one of `font.STYLES`."""

    x: float
    y: float
    text: str
    style: str = "small"
    colour: str = _FAINT
    anchor: str = "start"


@dataclass(frozen=True)
class Picture:
    """Size in pixels and what is drawn, in order."""

    width: int
    height: int
    shapes: tuple[Box | Label, ...]


@dataclass(frozen=True)
class _Page:
    """Measures that hold for the whole picture; `new` is the tick from which on the score is new."""

    score: Score
    new: int | None
    tracks: tuple[tuple[Track, str], ...]
    low: int
    high: int
    drum_rows: tuple[str, ...]
    row: float
    left: int
    scale: float

    @property
    def above(self) -> int:
        return _NUMBER_BAND + (_CHORD_BAND if self.score.chords else 0)

    @property
    def roll(self) -> int:
        return round((self.high - self.low + 1) * self.row)

    @property
    def below(self) -> int:
        return len(self.drum_rows) * _DRUM_ROW + (_DRUM_GAP if self.drum_rows else 0)


def layout(score: Score, width: int = 1600, height: int | None = None, new: int | None = None) -> Picture:
    """Lay out a score as a piano roll in systems of whole bars, numbered from 1 as sequencers do: a pickup is bar 1.

    Parameters
    ----------
    score
        Any score. Beyond some 1,500 beats only the beginning is drawn, and the picture says so.
    width
        Pixels, 400 to 8,000.
    height
        Pixels, up to 20,000, which the rows of pitches fill; None takes what the music needs, as does a height that is
        too small.
    new
        The tick with which what is new in a score begins: a line marks it, and of the bars before that in which it lies
        only the last eight are drawn. None: nothing is.

    Raises
    ------
    InputError
        If the size is out of range.
    """
    if not 400 <= width <= 8_000 or not (height is None or 100 <= height <= 20_000):
        raise InputError(f"a picture of {width} x {height} pixels: choose 400 to 8000 wide and 100 to 20000 high")
    lines = score.bars()
    before = 0 if new is None else int(np.searchsorted(lines, new, side="right")) - 1
    skipped = min(max(0, before - _OLD_BARS), len(lines) - 2)
    number = skipped + 1
    lines = lines[skipped:]
    num_bars, systems = len(lines) - 1, _systems(lines, score.ticks_per_beat)
    page = _page(_since(score, int(lines[0])), width, systems, new)
    legend = list(_legend(page, width))
    top = _MARGIN + (max(int(label.y) for label in legend if isinstance(label, Label)) if legend else 0)
    fixed = top + _MARGIN + len(systems) * (page.above + page.below) + (len(systems) - 1) * _GAP
    if height is not None:
        room = (height - fixed) / len(systems) / max(1, page.high - page.low + 1)
        page = replace(page, row=max(room, 2.0))
    shapes: list[Box | Label] = legend
    for system in systems:
        shapes += _system(page, system, top + page.above, number)
        top += page.above + page.roll + page.below + _GAP
        number += len(system) - 1
    last = sum(len(system) - 1 for system in systems)
    if last < num_bars:
        told = f"the first {last} of {num_bars} bars" if not skipped else f"{last} of the {num_bars} bars from here on"
        shapes.append(Label(width - _MARGIN, top - 8, told, "small", _FAINT, "end"))
    bottom = top - _GAP + _MARGIN
    return Picture(width, max(bottom, height or 0), tuple(shapes))


def _since(score: Score, tick: int) -> Score:
    """The notes that sound at a tick or after it."""
    kept = (np.maximum(track.notes["end"], track.notes["start"] + 1) > tick for track in score.tracks)
    tracks = (replace(track, notes=track.notes[which]) for track, which in zip(score.tracks, kept, strict=True))
    return score.with_tracks(tuple(tracks))


def _has_pickup(lines: NDArray[np.int64]) -> bool:
    return len(lines) > 2 and bool(lines[1] - lines[0] < lines[2] - lines[1])


def _systems(lines: NDArray[np.int64], ticks_per_beat: int) -> list[NDArray[np.int64]]:
    """Bar lines of each system, first to last inclusive."""
    num_bars = len(lines) - 1
    typical = float(np.median(np.diff(lines[:2000]))) / ticks_per_beat
    bars = max(1, int(32 / typical))
    # Long pieces get longer systems, down to about eleven pixels a beat at the default width.
    while ceil(num_bars / bars) > 12 and (bars + 4) * typical <= 128:
        bars += 4
    first = bars + 1 if _has_pickup(lines) else bars
    ends = [min(num_bars, first + bars * index) for index in range(12)]
    starts = [0, *ends[:-1]]
    return [lines[start : end + 1] for start, end in zip(starts, ends, strict=True) if end > start]


def _page(score: Score, width: int, systems: list[NDArray[np.int64]], new: int | None) -> _Page:
    sounding = [track for track in score.tracks if len(track.notes)]
    melodic = [track for track in sounding if not track.is_drum]
    colours = {id(track): PALETTE[index % len(PALETTE)] for index, track in enumerate(melodic)}
    pitches = np.concatenate([np.array([], np.int16), *(track.notes["pitch"] for track in melodic)])
    low, high = (int(pitches.min()), int(pitches.max())) if len(pitches) else (60, 71)
    # Two octaves at least, so that a narrow melody keeps its shape.
    spare = max(2, ceil((24 - (high - low + 1)) / 2))
    low, high = max(0, low - spare), min(127, high + spare)
    if sounding and not melodic:
        low, high = 60, 59
    left = _MARGIN + _LABELS + _KEYS + (24 if any(track.is_drum for track in sounding) else 0)
    longest = max(int(system[-1] - system[0]) for system in systems)
    return _Page(
        score=score,
        new=new,
        tracks=tuple((track, colours.get(id(track), DRUM_COLOUR)) for track in sounding),
        low=low,
        high=high,
        drum_rows=_drum_rows(sounding),
        row=float(min(11, max(5, round((420 if len(systems) < 3 else 300) / max(1, high - low + 1))))),
        left=left,
        scale=(width - left - _MARGIN) / longest,
    )


def _drum_rows(tracks: list[Track]) -> tuple[str, ...]:
    used = {_drum_row(int(pitch)) for track in tracks if track.is_drum for pitch in np.unique(track.notes["pitch"])}
    return tuple(row for row in DRUM_ROWS if row in used)


def _drum_row(pitch: int) -> str:
    return next((row for row, pitches in DRUM_ROWS.items() if pitch in pitches), "other")


def _legend(page: _Page, width: int) -> Iterator[Box | Label]:
    x, y = page.left, _MARGIN + 11
    names = [(_name(track, index), colour) for index, (track, colour) in enumerate(page.tracks[:_MAX_LEGEND])]
    if page.new is not None:
        names.append(("new from this line on", NEW_COLOUR))
    for name, colour in names:
        taken = 18 + face("plain").width(name) + 26
        if x > page.left and x + taken > width - _MARGIN:
            x, y = page.left, y + _LEGEND_LINE
        yield Box(x, y - 10, 12, 12, colour)
        yield Label(x + 18, y, name, "plain", _INK)
        x += taken
    if len(page.tracks) > _MAX_LEGEND:
        yield Label(x, y, f"and {len(page.tracks) - _MAX_LEGEND} more", "plain", _FAINT)


def _name(track: Track, index: int) -> str:
    name = " ".join(track.name.split()) or ("drums" if track.is_drum else f"track {index + 1}")
    return name if len(name) <= 40 else name[:39] + "…"


def _system(page: _Page, lines: NDArray[np.int64], top: int, number: int) -> Iterator[Box | Label]:
    """Everything between two bar lines of the page; `top` is where the rows of pitches begin."""
    end = page.left + (int(lines[-1]) - int(lines[0])) * page.scale
    yield from _rows(page, top, end)
    yield from _keyboard(page, top)
    yield from _grid(page, lines, top, number)
    # The first track lies on top.
    for track, colour in reversed(page.tracks):
        drawn = _drums(page, track, lines, top) if track.is_drum else _notes(page, track, colour, lines, top)
        yield from drawn
    yield from _new(page, lines, top)
    yield from _chords(page, lines, top)


def _y(page: _Page, top: int, pitch: int) -> int:
    """Upper edge of the row of a pitch; one below the lowest gives the lower edge of the roll."""
    return top + round((page.high - pitch) * page.row)


def _rows(page: _Page, top: int, end: float) -> Iterator[Box]:
    yield Box(page.left, top, end - page.left, page.roll, _WHITE_ROW)
    for pitch in range(page.low, page.high + 1):
        upper, lower = _y(page, top, pitch), _y(page, top, pitch - 1)
        if pitch % 12 in _BLACK:
            yield Box(page.left, upper, end - page.left, lower - upper, _BLACK_ROW)
    for pitch in range(page.low + 1, page.high + 1):
        if pitch % 12 == 0:
            yield Box(page.left, _y(page, top, pitch - 1), end - page.left, 1, _OCTAVE_LINE)
    for index in range(len(page.drum_rows)):
        y = top + page.roll + _DRUM_GAP + index * _DRUM_ROW
        yield Box(page.left, y, end - page.left, _DRUM_ROW, _BLACK_ROW if index % 2 else _WHITE_ROW)
    yield Box(page.left, top, end - page.left, 1, _OCTAVE_LINE)
    yield Box(page.left, top + page.roll, end - page.left, 1, _OCTAVE_LINE)


def _keyboard(page: _Page, top: int) -> Iterator[Box | Label]:
    """A strip of keys with the octaves named, and the names of the drum rows."""
    x = page.left - _KEYS
    yield Box(x, top, _KEYS, page.roll, "#FFFFFF")
    for pitch in range(page.low, page.high + 1):
        upper, lower = _y(page, top, pitch), _y(page, top, pitch - 1)
        if pitch % 12 in _BLACK:
            yield Box(x, upper, round(_KEYS * 0.62), lower - upper, _BLACK_KEY)
            yield Box(x + round(_KEYS * 0.62), (upper + lower) // 2, round(_KEYS * 0.38), 1, _OCTAVE_LINE)
        elif pitch % 12 in (0, 5):
            yield Box(x, lower, _KEYS, 1, _OCTAVE_LINE)
        if pitch % 12 == 0:
            yield Label(x - 6, (upper + lower) // 2 + 4, f"C{pitch // 12 - 1}", "small", _FAINT, "end")
    for edge in (x, page.left - 1) if page.roll else ():
        yield Box(edge, top, 1, page.roll + 1, _FRAME)
    for index, row in enumerate(page.drum_rows):
        y = top + page.roll + _DRUM_GAP + (index + 1) * _DRUM_ROW - 2
        yield Label(page.left - 7, y, row, "small", _FAINT, "end")


def _grid(page: _Page, lines: NDArray[np.int64], top: int, number: int) -> Iterator[Box | Label]:
    """Beat lines, bar lines and bar numbers."""
    spans = [(top, page.roll + 1)]
    if page.drum_rows:
        spans.append((top + page.roll + _DRUM_GAP, page.below - _DRUM_GAP))
    beat = page.score.ticks_per_beat
    for first, last in zip(lines[:-1].tolist(), lines[1:].tolist(), strict=True):
        beats = range(first + beat, last, beat) if beat * page.scale >= 6 else range(0)
        for tick in beats:
            yield from (Box(_x(page, lines, tick), y, 1, height, _BEAT_LINE) for y, height in spans)
    for index, line in enumerate(lines.tolist()):
        yield from (Box(_x(page, lines, line), y, 1, height, _BAR_LINE) for y, height in spans)
        room = (lines[min(index + 1, len(lines) - 1)] - line) * page.scale
        if index < len(lines) - 1 and (room >= 24 or (number + index) % 4 == 1):
            yield Label(_x(page, lines, line) + 3, top - 4, str(number + index), "small", _FAINT)


def _new(page: _Page, lines: NDArray[np.int64], top: int) -> Iterator[Box]:
    """The line from which on the score is new."""
    if page.new is not None and lines[0] <= page.new < lines[-1]:
        x = _x(page, lines, page.new)
        yield Box(x - 1, top - page.above, 3, page.above + page.roll + page.below + 1, NEW_COLOUR)


def _x(page: _Page, lines: NDArray[np.int64], tick: int) -> int:
    return page.left + round((tick - int(lines[0])) * page.scale)


def _visible(track: Track, lines: NDArray[np.int64]) -> NDArray[np.void]:
    notes = track.notes
    inside = (notes["start"] < lines[-1]) & (np.maximum(notes["end"], notes["start"] + 1) > lines[0])
    return np.asarray(notes[inside])


def _notes(page: _Page, track: Track, colour: str, lines: NDArray[np.int64], top: int) -> Iterator[Box]:
    """Each note as a bar whose opacity is its velocity, with a darker edge where it begins."""
    edge = _darker(colour)
    for start, end, pitch, velocity in _visible(track, lines).tolist():
        x = max(page.left, _x(page, lines, start))
        stop = _x(page, lines, min(end, int(lines[-1])))
        y, bottom = _y(page, top, pitch), _y(page, top, pitch - 1)
        # A gap of a pixel between neighbours, where there is room for one.
        width = max(2, stop - x - (stop - x > 4))
        height = max(2, bottom - y - (bottom - y > 4))
        yield Box(x, y, width, height, colour, round(0.35 + 0.65 * velocity / 127, 3))
        if start >= lines[0]:
            yield Box(x, y, min(3 if width > 8 else 2, width), height, edge)


def _drums(page: _Page, track: Track, lines: NDArray[np.int64], top: int) -> Iterator[Box]:
    """Each stroke as a mark of one size: drums have no length."""
    for start, _, pitch, velocity in _visible(track, lines).tolist():
        if start >= lines[0]:
            y = top + page.roll + _DRUM_GAP + page.drum_rows.index(_drum_row(pitch)) * _DRUM_ROW
            opacity = round(0.3 + 0.7 * velocity / 127, 3)
            yield Box(_x(page, lines, start), y + 2, 4, _DRUM_ROW - 4, DRUM_COLOUR, opacity)


def _chords(page: _Page, lines: NDArray[np.int64], top: int) -> Iterator[Label]:
    """Chord symbols at their times; one that would run into the symbol before it is left out."""
    free = 0
    for tick, symbol in page.score.chords:
        x = _x(page, lines, tick)
        text = chord_text(symbol)
        if lines[0] <= tick < lines[-1] and x >= free:
            yield Label(x + 2, top - _NUMBER_BAND - 5, text, "bold", _INK)
            free = x + face("bold").width(text) + 8


def chord_text(symbol: str) -> str:
    """A chord symbol with the signs of print: F#m7b5/Bb is F♯m7♭5/B♭."""
    text = symbol.replace("#", "♯")
    flat = [
        sign == "b" and (text[index + 1 : index + 2].isdigit() or text[index - 1 : index] in tuple("ABCDEFG"))
        for index, sign in enumerate(text)
    ]
    return "".join("♭" if is_flat else sign for sign, is_flat in zip(text, flat, strict=True))


def _darker(colour: str) -> str:
    return "#" + "".join(f"{int(colour[i : i + 2], 16) * 58 // 100:02X}" for i in (1, 3, 5))
