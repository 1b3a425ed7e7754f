"""Curves of a run as pictures: losses and confidences in the manner of the bar GAN paper's figures 5 to 8, metrics of
samples in that of MuseGAN's figure 9."""

import io
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from antiphon.files import write_bytes
from antiphon.training.log import MADE, REAL, History

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CURVES, METRICS = "curves.png", "metrics.png"
CONFIDENCES = {"confidence_real": "$C_r$", "confidence_fake": "$C_f$"}
"""Names under which an objective watches its discriminator's confidence: mean of D(real), and 1 - mean of D(fake)."""
BLIND = (0.45, 0.55)
"""C_r and C_f of the best constant discriminator under smoothed labels (0.9)."""
_POINTS = 1000
_COLUMNS = 3


def draw_curves(history: History, path: Path | str) -> None:
    """Write a PNG: each phase's loss above, C_r and C_f below with the values of a blind discriminator, by iteration.

    Long runs are drawn by the means of at most 1,000 stretches. Nothing is written for an empty history.
    """
    if not history:
        return
    # Figure without pyplot: no window system, no global state.
    from matplotlib.figure import Figure

    names = [name for name in dict.fromkeys(name for record in history for name in record) if "/" in name]
    losses = [name for name in names if name.endswith("/loss")]
    confidences = [name for name in names if name.rpartition("/")[2] in CONFIDENCES]
    figure = Figure(figsize=(8, 6 if confidences else 3.2), layout="constrained")
    axes = figure.subplots(2 if confidences else 1, sharex=True, squeeze=False)[:, 0]
    for name in losses:
        axes[0].plot(*_series(history, name), label=name.removesuffix("/loss"), linewidth=1)
    axes[0].set_ylabel("loss")
    if confidences:
        for name in confidences:
            axes[1].plot(*_series(history, name), label=CONFIDENCES[name.rpartition("/")[2]], linewidth=1)
        for value in BLIND:
            axes[1].axhline(value, color="grey", linewidth=0.5, linestyle="--")
        axes[1].set(ylabel="confidence", ylim=(0, 1))
    for axis in axes:
        axis.legend(loc="upper right")
    axes[-1].set_xlabel("iteration")
    _write(figure, path)


def draw_metrics(history: History, path: Path | str) -> None:
    """Write a PNG with a plot for each metric of made music: raw, smoothed by a running median, and as a dashed line
    the last value of real music. Nothing is written where no metrics are logged."""
    names = dict.fromkeys(name for record in history for name in record if name.startswith(MADE))
    if not names:
        return
    from matplotlib.figure import Figure

    num_rows = -(-len(names) // _COLUMNS)
    figure = Figure(figsize=(10, 2.4 * num_rows), layout="constrained")
    plots = figure.subplots(num_rows, _COLUMNS, sharex=True, squeeze=False).ravel()
    for axis, name in zip(plots, names, strict=False):
        at, values = _series(history, name)
        axis.plot(at, values, color="0.75", linewidth=0.8)
        axis.plot(at, running_median(values), color="tab:blue", linewidth=1.5)
        beside = REAL + name.removeprefix(MADE)
        for real in [record[beside] for record in history if beside in record][-1:]:
            axis.axhline(real, color="tab:red", linewidth=1, linestyle="--")
        axis.set_title(name.removeprefix(MADE).replace("_", " "), fontsize="medium")
    for axis in plots[len(names) :]:
        axis.set_axis_off()
    figure.supxlabel("iteration; raw grey, running median blue, real music dashed", fontsize="small")
    _write(figure, path)


def running_median(values: Sequence[float]) -> list[float]:
    """The median of each value and its neighbours, a twentieth of the series to either side and one at least; fewer
    where the series ends."""
    reach = max(1, len(values) // 20)
    return [median(values[max(0, k - reach) : k + reach + 1]) for k in range(len(values))]


def _write(figure: "Figure", path: Path | str) -> None:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=100)
    write_bytes(path, content.getvalue())


def _series(history: History, name: str) -> tuple[Sequence[float], Sequence[float]]:
    points = [(record["iteration"], record[name]) for record in history if name in record]
    stride = -(-len(points) // _POINTS)
    stretches = [points[start : start + stride] for start in range(0, len(points), stride)]
    means = [tuple(sum(column) / len(stretch) for column in zip(*stretch, strict=True)) for stretch in stretches]
    return [at for at, _ in means], [value for _, value in means]
