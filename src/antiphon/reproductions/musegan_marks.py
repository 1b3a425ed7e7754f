"""What a MuseGAN training went through: its previews at marked steps, and its curves, as the paper's figures 8 and 9.

Axes: K track, B bar, T step, P pitch.
"""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.phrases import PhraseRolls
from antiphon.codecs.strokes import fill, strokes_of
from antiphon.errors import InputError
from antiphon.io.midi import read_midi
from antiphon.reproductions.result import Line
from antiphon.training.curves import running_median
from antiphon.training.log import MADE, REAL, History

LETTERS = "ABCDE"
"""Of the marks, as in the paper."""

_LOSS = "discriminator/loss"
_CURVES = {"UPC S": ("used_pitch_classes/strings", 1, 3.38), "QN S": ("qualified_note_rate/strings", 100, 89.6)}
"""By the paper's name: the metric, what it is multiplied by there, and its value for the training data in table 1."""


def marked(run: Path) -> dict[int, Path]:
    """The previews of a run at five of its iterations, each about as many times as late as the one before it.

    Raises
    ------
    InputError
        If there are none.
    """
    found = {int(path.stem): path for path in sorted((run / "previews").glob("*.mid"))}
    if not found:
        raise InputError(f"{run}: it has no previews, which this figure shows; give a run that has some")
    there = np.array(sorted(found))
    wanted = np.geomspace(there[0], there[-1], len(LETTERS))
    nearest = np.abs(np.log(there)[:, None] - np.log(wanted)).argmin(0)
    return {int(there[row]): found[int(there[row])] for row in dict.fromkeys(nearest.tolist())}


def read_preview(path: Path, codec: PhraseRolls) -> NDArray[np.bool_]:
    """The first made phrase (K, B, T, P) of a preview.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    score = read_midi(path)
    places = {name.capitalize(): number for number, name in enumerate(codec.ensemble.names)}
    strokes = strokes_of(score, [places.get(track.name, -1) for track in score.tracks], codec.grid)
    cells = np.zeros((2, 1, *codec.shape), bool)
    fill(cells[0], cells[1], strokes, np.zeros(1, np.int64))
    phrase: NDArray[np.bool_] = cells[0, 0]
    return phrase


def draw_training(history: History, marks: Sequence[int]) -> bytes:
    """A PNG of the critic's loss with the marks, and of what the log has of the strings' pitch classes and qualified
    notes: raw in grey, a running median in black, the training data's as a dashed line."""
    from matplotlib.figure import Figure

    curves = {name: row for name, row in _CURVES.items() if any(MADE + row[0] in record for record in history)}
    figure = Figure(figsize=(4 * (1 + len(curves)), 3.2), layout="constrained")
    axes = figure.subplots(1, 1 + len(curves), squeeze=False)[0]
    at, values = _series(history, _LOSS)
    axes[0].plot(at, values, color="0.75", linewidth=0.8)
    axes[0].plot(at, running_median(values), color="black", linewidth=1.2)
    for letter, mark in zip(LETTERS, marks, strict=False):
        axes[0].axvline(mark, color="0.5", linewidth=0.6, linestyle=":")
        axes[0].annotate(letter, (mark, 1), xycoords=("data", "axes fraction"), va="top", fontsize="small")
    axes[0].set_title("(a) the discriminator's loss", fontsize="medium")
    for place, axis, (name, (metric, factor, _)) in zip("bc", axes[1:], curves.items(), strict=False):
        at, values = _series(history, MADE + metric, factor)
        axis.plot(at, values, color="0.75", linewidth=0.8)
        axis.plot(at, running_median(values), color="black", linewidth=1.2)
        for real in _series(history, REAL + metric, factor)[1][-1:]:
            axis.axhline(real, color="black", linewidth=0.8, linestyle="--")
        axis.set_title(f"({place}) {name}", fontsize="medium")
    figure.supxlabel("iteration", fontsize="small")
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=100)
    return content.getvalue()


def training_lines(history: History) -> Iterator[Line]:
    """The dashed lines of figure 9, and where its curves end."""
    for name, (metric, factor, paper) in _CURVES.items():
        for what, group, printed in (("training data", REAL, paper), ("made, at the end", MADE, None)):
            for value in _series(history, group + metric, factor)[1][-1:]:
                yield Line("figure 9", f"{name}, {what}", printed, value)


def _series(history: History, name: str, factor: float = 1) -> tuple[list[float], list[float]]:
    points = [(record["iteration"], factor * record[name]) for record in history if name in record]
    return [at for at, _ in points], [value for _, value in points]
