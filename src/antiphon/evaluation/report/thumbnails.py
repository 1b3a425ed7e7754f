"""Small piano rolls of how pieces begin, for a report's page."""

import base64
from collections.abc import Sequence

import numpy as np

from antiphon.evaluation.report.report import Thumbnail
from antiphon.io.image import png_bytes
from antiphon.io.roll_layout import layout
from antiphon.music.score import Score, Track

BARS, BEATS = 8, 32
"""At most so many bars and beats are drawn; at 120 beats a minute they last 16 seconds."""
_WIDTH, _HEIGHT = 640, 240


def thumbnails(scores: Sequence[Score], captions: Sequence[str], made: bool) -> tuple[Thumbnail, ...]:
    """Piano rolls (640 x 240 pixels or a little taller) of the first eight bars from the first note on.

    Raises
    ------
    ValueError
        If there is not one caption for each score.
    """
    if len(scores) != len(captions):
        raise ValueError(f"{len(scores)} scores need as many captions, not {len(captions)}")
    return tuple(Thumbnail(caption, made, _png(score)) for score, caption in zip(scores, captions, strict=True))


def _png(score: Score) -> str:
    return base64.b64encode(png_bytes(layout(opening(score), _WIDTH, _HEIGHT))).decode()


def opening(score: Score, num_bars: int = BARS, num_beats: int = BEATS) -> Score:
    """The first bars from that in which the first note begins, moved to tick 0; at most `num_beats` beats."""
    lines = score.bars()
    first = min((int(track.notes["start"][0]) for track in score.tracks if len(track.notes)), default=0)
    bar = int(np.searchsorted(lines, first, side="right")) - 1
    begin = int(lines[max(bar, 0)])
    end = min(int(lines[min(bar + num_bars, len(lines) - 1)]), begin + num_beats * score.ticks_per_beat)
    metre = score.time_signatures[score.time_signatures["tick"] < end].copy()
    metre["tick"] = np.maximum(metre["tick"] - begin, 0)
    # Of those that were written before the cut, the last holds.
    in_force = max(int((metre["tick"] == 0).sum()) - 1, 0)
    return Score(
        ticks_per_beat=score.ticks_per_beat,
        tracks=tuple(_part(track, begin, end) for track in score.tracks),
        time_signatures=metre[in_force:],
        chords=tuple((tick - begin, symbol) for tick, symbol in score.chords if begin <= tick < end),
    )


def _part(track: Track, begin: int, end: int) -> Track:
    notes = track.notes[(track.notes["start"] >= begin) & (track.notes["start"] < end)].copy()
    notes["start"] -= begin
    notes["end"] = np.minimum(notes["end"], end) - begin
    return Track(notes, track.program, track.is_drum, track.name)
