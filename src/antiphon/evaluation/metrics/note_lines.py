"""What notes one after the other are like on the whole: which values they take, and how often they repeat themselves.

Conventions: lines are rows (n, T, 3) of pitch, duration less one and offset in steps, as `antiphon.codecs.notes` writes
them, of which `length` (n,) notes count; a line's first offset is not its own. The top line is the highest note of each
onset. NaN stands for what no line has.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from antiphon.evaluation.measures import Metric

NGRAM = 4
"""Notes whose runs are counted."""

HISTOGRAMS = ("pitch", "duration", "inter_onset", "interval")
"""Note pitches; note lengths; steps from onset to onset; semitones from one note of the top line to the next."""

_SIZES = {"pitch": 128, "duration": 256, "inter_onset": 256, "interval": 255}
_YANG_LERCH = "Yang and Lerch 2020, section 3"

METRICS = (
    Metric("pitch_overlap", "How alike the use of pitches is to other real music's.", _YANG_LERCH, "%"),
    Metric("duration_overlap", "How alike the lengths of notes are to other real music's.", _YANG_LERCH, "%"),
    Metric("inter_onset_overlap", "How alike the times between onsets are to other real music's.", _YANG_LERCH, "%"),
    Metric("top_interval_overlap", "How alike steps and leaps on top are to other real music's.", _YANG_LERCH, "%"),
    Metric(
        "distinct_notes_4",
        "How many different runs of four notes (pitch, length and offset) there are in a sequence, of all its runs.",
        "distinct-n of Li et al. 2016, over notes",
        "%",
    ),
)
"""What the names mean."""


def histograms(lines: ArrayLike, length: ArrayLike) -> dict[str, NDArray[np.int64]]:
    """How often each value occurs in each line, by name of `HISTOGRAMS`, (n, values)."""
    rows, there = _checked(lines, length)
    line = np.broadcast_to(np.arange(len(rows))[:, None], there.shape)
    pitch, duration, offset = np.moveaxis(rows, 2, 0)
    begins = there & (offset > 0) & (np.arange(rows.shape[1]) > 0)
    on_top = there & np.append(begins[:, 1:] | ~there[:, 1:], np.ones((len(rows), 1), bool), axis=1)
    top, of = pitch[on_top], line[on_top]
    follows = np.diff(of) == 0
    values = {
        "pitch": (pitch[there], line[there]),
        "duration": (duration[there], line[there]),
        "inter_onset": (offset[begins], line[begins]),
        "interval": (np.diff(top)[follows] + 127, of[1:][follows]),
    }
    return {name: _counted(*values[name], len(rows), _SIZES[name]) for name in HISTOGRAMS}


def distinct_notes(lines: ArrayLike, length: ArrayLike, num: int = NGRAM) -> NDArray[np.float64]:
    """Different runs of `num` notes over the number of runs, of each line (n,); NaN for a shorter line.

    A share that falls as a line gets longer: compare lines of one length.
    """
    rows, there = _checked(lines, length)
    count = rows.shape[1] - num + 1
    if count < 1:
        return np.full(len(rows), np.nan)
    offset = np.where(np.arange(rows.shape[1]) > 0, rows[:, :, 2], 0)
    _, codes = np.unique((rows[:, :, 0] * 256 + rows[:, :, 1]) * 256 + offset, return_inverse=True)
    codes = codes.reshape(there.shape)
    base, runs = int(codes.max(initial=0)) + 1, codes[:, :count]
    for shift in range(1, num):
        _, runs = np.unique(runs * base + codes[:, shift : shift + count], return_inverse=True)
        runs = runs.reshape(-1, count)
    whole = there[:, num - 1 :]
    line = np.broadcast_to(np.arange(len(rows))[:, None], whole.shape)
    different = np.unique(line[whole] * (int(runs.max(initial=0)) + 1) + runs[whole])
    found = np.bincount(different // (int(runs.max(initial=0)) + 1), minlength=len(rows))
    total = whole.sum(1)
    return np.where(total > 0, found / np.maximum(total, 1), np.nan)


def _checked(lines: ArrayLike, length: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    rows, lengths = np.asarray(lines), np.asarray(length)
    if rows.ndim != 3 or rows.shape[2] != 3 or rows.dtype.kind not in "iu" or lengths.shape != rows.shape[:1]:
        raise ValueError(f"lines are whole numbers (n, T, 3) with lengths (n,), not {rows.shape} and {lengths.shape}")
    if len(lengths) and (int(lengths.min()) < 0 or int(lengths.max()) > rows.shape[1]):
        raise ValueError(f"lengths are 0 to {rows.shape[1]}, not {lengths.min()} to {lengths.max()}")
    return rows.astype(np.int64), np.arange(rows.shape[1]) < lengths[:, None]


def _counted(values: NDArray[Any], line: NDArray[Any], num: int, size: int) -> NDArray[np.int64]:
    return np.bincount(line * size + values, minlength=num * size).reshape(num, size)
