"""How many bars a second the bar GAN writes, and how long one bar takes from the call to a Score, on one thread.

With `--peer CHECKOUT` the released generator is timed in the same run.
"""

from pathlib import Path

import torch
from torch import Tensor

from antiphon.codecs.frames import FrameBars
from antiphon.families.midinet.config import VARIANTS
from antiphon.families.midinet.objective import Midinet
from antiphon.gan.objective import Objective
from antiphon.music.score import Score
from antiphon.presets import PRESETS
from benchmarks.midinet_peer import released_figures
from benchmarks.table import Row
from benchmarks.train_step import matrix_rate, processor_seconds

NUM_BARS = 8192
# Bars a second at batch 72, spec section C.
STORED = {"v1": 2223.0, "v2": 2881.0, "v3": 3910.0}
TARGET = "20000"
# Multiplications and additions a bar of midinet-v2's generator.
_OPERATIONS = 2.57e6


def run(quick: bool = False, peer: Path | None = None) -> list[Row]:
    """Bars a second of processor time, `sample` included, and milliseconds to a Score.

    Parameters
    ----------
    peer
        A checkout of the released code, timed in the same run; None: the stored figure is shown.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _rows(3 if quick else 11, peer)
    finally:
        torch.set_num_threads(threads)


def _rows(repeats: int, peer: Path | None) -> list[Row]:
    share = _OPERATIONS / matrix_rate()
    rows = []
    figures = released_figures(peer, 10 * repeats)
    for version in ("v1", "v2", "v3"):
        game = VARIANTS[f"midinet-{version}-as-published"].family.build().eval()
        rate = _bars_per_second(game, repeats)
        target, note = (TARGET, f"{share * rate:.0%} of the matrix rate") if version == "v2" else ("", "")
        single = 1e3 * processor_seconds(lambda game=game: _one_bar(game), 10 * repeats)
        released = STORED[version] if figures is None else figures[version]["bars_per_second"]
        source = "stored figure" if figures is None else "timed in this run"
        rows += [
            Row(f"midinet-{version}, {NUM_BARS} bars in one call", rate, "bars/s", target, note),
            Row(f"midinet-{version}, released generator, batch 72", released, "bars/s", "", source),
            Row(f"midinet-{version}, one bar from call to Score", single, "ms", "< 5"),
        ]
    bar = _bars_per_second(PRESETS["bar"].family.build().eval(), repeats)
    rows.append(Row(f"bar, {NUM_BARS} bars in one call", bar, "bars/s", "", "step by step within the bar"))
    return rows


def _bars_per_second(game: Objective, repeats: int) -> float:
    condition = _condition(NUM_BARS)
    if not isinstance(game, Midinet):
        condition["previous"] %= 26  # classes of the metrical grid instead of pitches
    with torch.no_grad():
        return NUM_BARS / processor_seconds(lambda: game.sample(NUM_BARS, condition), repeats)


def _condition(num: int) -> dict[str, Tensor]:
    previous = torch.randint(60, 84, (num, 16), dtype=torch.uint8)
    return {"previous": previous, "chord": torch.randint(25, (num,), dtype=torch.uint8)}


def _one_bar(game: Midinet) -> Score:
    return FrameBars().decode(game.sample(1, _condition(1)).numpy())
