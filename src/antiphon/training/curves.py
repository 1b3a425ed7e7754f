"""Loss and confidence curves of a run as a picture, in the manner of the bar GAN paper's figures 5 to 8."""

import io
from collections.abc import Sequence
from pathlib import Path

from antiphon.files import write_bytes
from antiphon.training.log import History

CURVES = "curves.png"
CONFIDENCES = {"confidence_real": "$C_r$", "confidence_fake": "$C_f$"}
"""Names under which an objective watches its discriminator's confidence: mean of D(real), and 1 - mean of D(fake)."""
BLIND = (0.45, 0.55)
"""C_r and C_f of the best constant discriminator under smoothed labels (0.9)."""
_POINTS = 1000


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
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=100)
    write_bytes(path, content.getvalue())


def _series(history: History, name: str) -> tuple[Sequence[float], Sequence[float]]:
    points = [(record["iteration"], record[name]) for record in history if name in record]
    stride = -(-len(points) // _POINTS)
    stretches = [points[start : start + stride] for start in range(0, len(points), stride)]
    means = [tuple(sum(column) / len(stretch) for column in zip(*stretch, strict=True)) for stretch in stretches]
    return [at for at, _ in means], [value for _, value in means]
