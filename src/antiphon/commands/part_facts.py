"""What each part of a band plays, as plain facts, and in words which plays nothing or next to nothing."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.song_grid import BEATS
from antiphon.evaluation.metrics import company
from antiphon.evaluation.notes import Notes
from antiphon.music.keys import estimate_key
from antiphon.music.score import Score

_HARDLY = 7 / 8


def part_rows(parts: Mapping[str, Notes], bars: NDArray[np.float64]) -> dict[str, dict[str, Any]]:
    """Of each part its "notes", the "notes_a_bar" and the "empty_bar_rate" in 4/4 bars that begin at beats (m,)."""
    return {
        name: {
            "notes": len(notes),
            "notes_a_bar": plain(company.notes_a_bar(notes, bars)),
            "empty_bar_rate": plain(company.empty_bar_rate(notes, bars)),
        }
        for name, notes in parts.items()
    }


def band_facts(score: Score, num_bars: int) -> dict[str, Any]:
    """Of a song of so many 4/4 bars that a band wrote: the rows of its "parts", those that are "silent", and where it
    states no key, the "key" that its notes are in."""
    alone = {track.name.lower(): score.with_tracks((track,)) for track in score.tracks}
    notes = {name: Notes.from_score(one, drums=True) for name, one in alone.items()}
    rows = part_rows(notes, np.arange(num_bars, dtype=np.float64) * BEATS)
    facts: dict[str, Any] = {"parts": rows, "silent": silent(rows), "key_found": not len(score.key_signatures)}
    if facts["key_found"]:
        key = estimate_key(score)
        facts["key"] = key.name.replace("natural ", "") if key else None
    return facts


def silent(rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The parts that have no note."""
    return [name for name, row in rows.items() if not row["notes"]]


def warnings(rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Which parts are silent, and which sound in fewer than one bar of eight, a sentence each."""
    return list(_warnings(rows))


def _warnings(rows: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, row in rows.items():
        if not row["notes"]:
            yield f"{name}: nothing was written"
        elif (row["empty_bar_rate"] or 0) > _HARDLY:
            yield f"{name}: hardly anything was written, {row['empty_bar_rate']:.0%} of its bars are empty"


def plain(value: float) -> float | None:
    """A figure for JSON; None where it is undefined."""
    return None if np.isnan(value) else round(value, 4)
