"""What sounds in which column of a fixed clock: pedal-extended notes as spans, the loudest pitch, the pitch classes."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from antiphon.music.score import Score, Track

Columns = NDArray[np.int64]

MAX_COLUMNS = 1 << 18
"""Nine hours at eight columns a second: where a file's own tempo sets the clock, a hostile one could ask for 10^10."""


@dataclass(frozen=True)
class Spans:
    """Pitches that sound from column `start` to column `end` (exclusive) at `velocity`.

    Four int64 arrays (n,), ordered by pitch and start, and the number of columns that the music takes.
    """

    pitch: Columns
    start: Columns
    end: Columns
    velocity: Columns
    num_columns: int

    def kept(self, which: NDArray[np.bool_ | np.intp]) -> "Spans":
        """The spans that a mask or an index picks."""
        return Spans(self.pitch[which], self.start[which], self.end[which], self.velocity[which], self.num_columns)

    def until(self, num_columns: int) -> "Spans":
        """The spans cut off at `num_columns`."""
        spans = self.kept(self.start < num_columns)
        return replace(spans, end=np.minimum(spans.end, num_columns), num_columns=num_columns)

    def cells(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """(span index, column) of every cell that sounds."""
        length = self.end - self.start
        span = np.repeat(np.arange(len(length)), length)
        return span, np.arange(len(span)) - np.repeat(np.cumsum(length) - length - self.start, length)


def struck_spans(score: Score, columns_per_second: float) -> Spans:
    """Spans as the paper's words have it: a note begins and ends at the nearest column, lasts one at least, rings on
    under the pedal, and ends where its own track strikes the pitch again."""
    tracks = [track for track in score.tracks if not track.is_drum and len(track.notes)]
    if not tracks:
        return _no_spans(0)
    notes = np.concatenate([track.notes for track in tracks])
    string = notes["pitch"].astype(np.int64)
    string += 128 * np.repeat(np.arange(len(tracks)), [len(track.notes) for track in tracks])
    ends = np.concatenate([_released(track) for track in tracks])
    edges = _floor(score.seconds(np.stack([notes["start"], ends])) * columns_per_second + 0.5)
    if edges[1].max() >= MAX_COLUMNS:
        return _no_spans(0)
    order = _stable(string)
    string, start = string[order], edges[0][order]
    end = np.maximum(edges[1][order], start + 1)
    again = string[1:] == string[:-1]
    np.minimum(end[:-1], start[1:], out=end[:-1], where=again)
    num_columns = int(end.max())
    velocity = notes["velocity"][order].astype(np.int64)
    spans = Spans(string & 127, start, end, velocity, num_columns)
    return spans.kept(end > start)


def summed_spans(score: Score, columns_per_second: float) -> Spans:
    """Spans as the released code's roll has them: edges cut down to the column before, notes inside one
    column lost, velocities of one cell added up, and each released pedal span replaced by its running maximum."""
    tracks = [track for track in score.tracks if not track.is_drum and len(track.notes)]
    last = max((_last_tick(track) for track in tracks), default=0)
    num_columns = int(_floor(score.seconds(last) * columns_per_second))
    if not tracks or num_columns >= MAX_COLUMNS:
        return _no_spans(0)
    parts = []
    for track in tracks:
        edges = np.stack([track.notes["start"], track.notes["end"]])
        start, end = _floor(score.seconds(edges) * columns_per_second)
        pitch, velocity = (track.notes[name].astype(np.int64) for name in ("pitch", "velocity"))
        spans = _added(Spans(pitch, start, end, velocity, num_columns).kept(end > start))
        pedal = _floor(score.seconds(_released_pedal(track)) * columns_per_second)
        parts.append(_held(spans, pedal))
    if len(parts) == 1:
        return parts[0]
    pitch, start, end, velocity = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("pitch", "start", "end", "velocity")
    )
    return _added(Spans(pitch, start, end, velocity, num_columns))


def merge_touching(spans: Spans, width: int) -> Spans:
    """Spans cut every `width` columns; of those that touch inside a piece one is left, at its first velocity.

    This is what the published code's intermediate files keep of re-struck notes.
    """
    spans, piece = _cut(spans, np.arange(width, spans.num_columns, width))
    opens = np.ones(len(piece), bool)
    opens[1:] = (spans.pitch[1:] != spans.pitch[:-1]) | (piece[1:] != piece[:-1]) | (spans.start[1:] != spans.end[:-1])
    closes = np.append(opens[1:], True)[: len(opens)]
    return Spans(spans.pitch[opens], spans.start[opens], spans.end[closes], spans.velocity[opens], spans.num_columns)


def melody(spans: Spans, span: NDArray[np.intp], column: NDArray[np.intp]) -> NDArray[np.int32]:
    """The pitch of the highest velocity in each column, int32 (num_columns,), -1 in silence; a tie goes to the lowest
    pitch. `span` and `column` are the spans' cells."""
    rank = (spans.velocity * 128 + 127 - spans.pitch).astype(np.int32)
    best = np.zeros(spans.num_columns, np.int32)
    np.maximum.at(best, column, rank[span])
    return np.where(best, 127 - (best & 127), -1)


def pitch_classes(spans: Spans, span: NDArray[np.intp], column: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which pitch classes sound in each column, bool (num_columns, 12)."""
    active = np.zeros((spans.num_columns, 12), bool)
    active.reshape(-1)[column * 12 + (spans.pitch % 12)[span]] = True
    return active


def _no_spans(num_columns: int) -> Spans:
    nothing = np.empty(0, np.int64)
    return Spans(nothing, nothing, nothing, nothing, num_columns)


def _floor(columns: NDArray[np.float64]) -> Columns:
    # A clock that is no power of two leaves exact edges a rounding error short; a millionth of a column mends that.
    return np.floor(columns + 1e-6).astype(np.int64)


def _stable(keys: Columns) -> NDArray[np.intp]:
    # numpy sorts 16-bit keys by radix, several times faster than wider ones.
    return np.argsort(keys.astype(np.int16) if keys.max(initial=0) < 1 << 15 else keys, kind="stable")


def _released(track: Track) -> Columns:
    """The ticks at which notes stop sounding: the pedal's release where their key is let go under the pedal."""
    ends, pedal = track.notes["end"].astype(np.int64), track.pedal_spans()
    if not len(pedal):
        return ends
    span = np.searchsorted(pedal[:, 0], ends, side="right") - 1
    return np.where(span >= 0, np.maximum(ends, pedal[span, 1]), ends)


def _released_pedal(track: Track) -> Columns:
    """Pedal spans in ticks without one that is never released."""
    pedal, spans = track.controls[track.controls["number"] == 64], track.pedal_spans()
    return spans[:-1] if len(pedal) and pedal["value"][-1] >= 64 else spans


def _last_tick(track: Track) -> int:
    return max(int(track.notes["end"].max()), int(track.controls["tick"].max(initial=0)))


def _added(spans: Spans) -> Spans:
    """Spans in order and without overlap in a pitch: where several sound, their velocities are added."""
    # The spans of several tracks come one track after the other: out of order counts as overlap below.
    spans = spans.kept(_stable(spans.pitch))
    same = spans.pitch[1:] == spans.pitch[:-1]
    if not np.any(same & (spans.start[1:] < spans.end[:-1])):
        return spans
    width = spans.num_columns + 1
    edges = np.concatenate([spans.pitch * width + spans.start, spans.pitch * width + spans.end])
    change = np.concatenate([spans.velocity, -spans.velocity])
    order = np.argsort(edges, kind="stable")
    edges, level = edges[order], np.cumsum(change[order])
    sounds = (level[:-1] > 0) & (edges[1:] > edges[:-1])
    begin, stop = edges[:-1][sounds], edges[1:][sounds]
    return Spans(begin // width, begin % width, stop % width, level[:-1][sounds], spans.num_columns)


def _cut(spans: Spans, borders: Columns) -> tuple[Spans, Columns]:
    """Spans cut at ascending columns, and the number of borders at or before each piece."""
    region = np.cumsum(np.bincount(borders, minlength=spans.num_columns + 1))
    first, last = region[spans.start], region[spans.end - 1]
    count = last - first + 1
    source = np.repeat(np.arange(len(count)), count)
    region = np.arange(len(source)) - (np.cumsum(count) - count - first)[source]
    lower, upper = np.append(0, borders), np.append(borders, spans.num_columns)
    start, end = np.maximum(spans.start[source], lower[region]), np.minimum(spans.end[source], upper[region])
    full = end > start
    source, region = source[full], region[full]
    pieces = Spans(spans.pitch[source], start[full], end[full], spans.velocity[source], spans.num_columns)
    return pieces, region


def _held(spans: Spans, pedal: Columns) -> Spans:
    """Spans under the pedal: from their start on, each pitch keeps its highest velocity so far until the release."""
    if not len(pedal):
        return spans
    borders = pedal.reshape(-1)
    spans, region = _cut(spans, borders)
    group = spans.pitch * (len(borders) + 1) + region
    # Groups ascend, so one running maximum over (group, velocity) restarts in each of them.
    highest = np.maximum.accumulate((group << 32) + spans.velocity) & 0xFFFFFFFF
    until = np.append(borders, spans.num_columns)[region]
    follows = group[1:] == group[:-1]
    until[:-1][follows] = spans.start[1:][follows]
    under = region % 2 == 1
    return replace(spans, end=np.where(under, until, spans.end), velocity=np.where(under, highest, spans.velocity))
