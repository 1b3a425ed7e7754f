"""How many bars a second the models write, and how long one bar takes from the call to a Score, on one thread.

The networks alone are timed in one call of many bars, in float32. `Model.generate` writes songs of eight bars, each bar
after the one before, with a song's own noise and the bytes of float64; its share before Scores are built is shown too.
With `--peer CHECKOUT` the released generator is timed in the same run.
"""

from pathlib import Path

import torch
from threadpoolctl import threadpool_limits

from antiphon.codecs.frames import FrameBars
from antiphon.codecs.melody import NUM_CLASSES
from antiphon.generate import Model, load
from antiphon.model_files import ModelFile
from antiphon.music.form import NO_FORM
from antiphon.orders import Order
from antiphon.presets.table import get_preset
from antiphon.resolved import ModelConfig
from benchmarks.midinet_peer import released_figures
from benchmarks.table import Row
from benchmarks.train_step import matrix_rate, processor_seconds

NUM_BARS = 8192
NUM_SONGS, SONG_BARS = 256, 8
# Bars a second of the released code at batch 72, measured once on one thread.
STORED = {"v1": 2223.0, "v2": 2881.0, "v3": 3910.0}
TARGET = "20000"
# Multiplications and additions a bar of midinet-v2's generator.
_OPERATIONS = 2.57e6


def run(quick: bool = False, peer: Path | None = None) -> list[Row]:
    """Bars a second and milliseconds a bar, of processor time.

    Parameters
    ----------
    peer
        A checkout of the released code, timed in the same run; None: the stored figure is shown.
    """
    torch.set_num_threads(1)
    with threadpool_limits(1):
        return _rows(3 if quick else 11, peer)


def _rows(repeats: int, peer: Path | None) -> list[Row]:
    share = _OPERATIONS / matrix_rate()
    rows = []
    figures = released_figures(peer, 10 * repeats)
    for version in ("v1", "v2", "v3"):
        name = f"midinet-{version}-as-published"
        rate = _networks(model := _untrained(name), repeats)
        note = f"{share * rate:.0%} of the matrix rate" if version == "v2" else ""
        released = STORED[version] if figures is None else figures[version]["bars_per_second"]
        source = "stored figure" if figures is None else "timed in this run"
        rows += [
            Row(f"{name}, networks alone, {NUM_BARS} bars in one call", rate, "bars/s", "", note),
            Row(f"midinet-{version}, released generator, batch 72", released, "bars/s", "", source),
            *_public(name, model, repeats, TARGET if version == "v2" else ""),
        ]
    bar = load("bar")
    rate = _networks(bar, repeats)
    note = "step by step within the bar"
    rows.append(Row(f"bar, networks alone, {NUM_BARS} bars in one call", rate, "bars/s", "", note))
    return [*rows, *_public("bar", bar, repeats, ""), _phrased(bar, repeats)]


def _untrained(preset: str) -> Model:
    """A model with first weights: their values make no difference to the time, but for the bars decided again."""
    row = get_preset(preset)
    config = ModelConfig(family=row.family, codec=row.codec)
    torch.manual_seed(0)
    return Model(ModelFile(preset, {}, config, row.family.build().state_dict(), {}))


def _networks(model: Model, repeats: int) -> float:
    highest = (60, 84) if isinstance(model.codec, FrameBars) else (0, NUM_CLASSES)
    previous = torch.randint(*highest, (NUM_BARS, 16), dtype=torch.uint8)
    condition = {"previous": previous, "chord": torch.randint(25, (NUM_BARS,), dtype=torch.uint8)}
    return NUM_BARS / processor_seconds(lambda: model.objective.sample(NUM_BARS, condition), repeats)


def _phrased(model: Model, repeats: int) -> Row:
    """Songs with sections, echoes of rhythms and a cadence, for which most bars are chosen among many."""
    seconds = processor_seconds(lambda: model.generate(SONG_BARS, num=NUM_SONGS // 8), min(repeats, 3))
    what = f"bar, Model.generate, {NUM_SONGS // 8} songs of {SONG_BARS} bars with sections and an end"
    return Row(what, NUM_SONGS // 8 * SONG_BARS / seconds, "bars/s")


def _public(name: str, model: Model, repeats: int, target: str) -> list[Row]:
    """What a user of `Model.generate` gets."""
    seeds = range(NUM_SONGS)
    plans = model._plans(Order(SONG_BARS), seeds, model._openings(None, None))
    chain = processor_seconds(lambda: model._compose(plans, seeds, 1.0), repeats)
    songs = processor_seconds(lambda: model.generate(SONG_BARS, num=NUM_SONGS, form=NO_FORM), repeats)
    single = processor_seconds(lambda: model.generate(1), 10 * repeats)
    what = f"{name}, Model.generate, {NUM_SONGS} songs of {SONG_BARS} bars"
    return [
        Row(f"{what}, before Scores are built", NUM_SONGS * SONG_BARS / chain, "bars/s"),
        Row(f"{what}, Scores built", NUM_SONGS * SONG_BARS / songs, "bars/s", target),
        Row(f"{name}, Model.generate, one bar from call to Score", 1e3 * single, "ms", "< 5"),
    ]
