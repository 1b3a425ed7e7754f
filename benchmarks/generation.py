"""How many bars a second the bar GAN writes, and how long one bar takes from the call to a Score, on one thread.

`python -m benchmarks.generation --peer CHECKOUT` times the released generator in the same run.
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor

from antiphon.codecs.frames import FrameBars
from antiphon.families.midinet.config import VARIANTS
from antiphon.families.midinet.objective import Midinet
from antiphon.music.score import Score
from benchmarks.midinet_peer import released_figures
from benchmarks.table import Row, show
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
    for version in ("v1", "v2", "v3"):
        game = VARIANTS[f"midinet-{version}-as-published"].family.build().eval()
        condition = _condition(NUM_BARS)
        seconds = processor_seconds(lambda game=game, condition=condition: game.sample(NUM_BARS, condition), repeats)
        rate = NUM_BARS / seconds
        note = f"{share * rate:.0%} of the matrix rate" if version == "v2" else ""
        rows.append(
            Row(f"midinet-{version}, {NUM_BARS} bars in one call", rate, "bars/s", TARGET if note else "", note)
        )
        single = 1e3 * processor_seconds(lambda game=game: _one_bar(game), 10 * repeats)
        rows.append(Row(f"midinet-{version}, one bar from call to Score", single, "ms", "< 5"))
    figures = released_figures(peer, 10 * repeats)
    for version in ("v1", "v2", "v3"):
        rate = STORED[version] if figures is None else figures[version]["bars_per_second"]
        note = "stored figure" if figures is None else "timed in this run"
        rows.append(Row(f"midinet-{version}, released generator, batch 72", rate, "bars/s", "", note))
    return rows


def _condition(num: int) -> dict[str, Tensor]:
    previous = torch.randint(60, 84, (num, 16), dtype=torch.uint8)
    return {"previous": previous, "chord": torch.randint(25, (num,), dtype=torch.uint8)}


def _one_bar(game: Midinet) -> Score:
    return FrameBars().decode(game.sample(1, _condition(1)).numpy())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--peer", type=Path)
    arguments = parser.parse_args()
    show("Generation", run(arguments.quick, arguments.peer))
