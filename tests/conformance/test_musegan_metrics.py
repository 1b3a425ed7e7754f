"""MuseGAN's metrics against what the released metric classes print, and against the same with true pitch classes.

Reads `ANTIPHON_FIXTURES`/musegan/metrics/*.npz and takes shapes, tracks and pairs from the files.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from antiphon.evaluation.metrics import as_published
from antiphon.evaluation.metrics import multitrack as metrics
from antiphon.evaluation.rolls import Rolls

FOLDER = Path(os.environ.get("ANTIPHON_FIXTURES", "")) / "musegan" / "metrics"
if "ANTIPHON_FIXTURES" not in os.environ or not FOLDER.is_dir():
    pytest.skip("ANTIPHON_FIXTURES names no folder with musegan/metrics/", allow_module_level=True)
FILES = sorted(FOLDER.glob("*.npz"))
TOLERANCE = 1e-6
LOWEST_PITCH, RESOLUTION, DRUMS = 24, 24, 1

Measures = dict[str, Callable[[Rolls], NDArray[np.float64]]]


def measures(version: Any) -> Measures:
    """The files' names of metrics -> ours; `fixed` is the first version with true pitch classes."""
    if version == "fixed":
        return {
            "EB": metrics.empty_bar_rate,
            "UP": metrics.used_pitches,
            "QN": metrics.qualified_note_rate,
            "PP": metrics.polyphonicity,
            "SR": metrics.in_scale_rate,
            "DP": metrics.drum_pattern_rate,
            "UPC": metrics.used_pitch_classes,
        }
    return measures("fixed") | {
        "QN": as_published.qualified_note_rate,
        "SR": lambda rolls: as_published.in_scale_rate(rolls, version),
        "DP": lambda rolls: as_published.drum_pattern_rate(rolls, version),
        "UPC": lambda rolls: as_published.used_pitch_classes(rolls, version),
    }


class Reference:
    """One file: its arrays, and its bars as rolls."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as arrays:
            self.arrays: dict[str, NDArray[Any]] = {name: arrays[name] for name in arrays.files}
        shape = tuple(self.arrays["x_shape"].tolist())
        bits = np.unpackbits(self.arrays["x_packed"])[: np.prod(shape)].reshape(shape)
        cells = bits.astype(bool).transpose(0, 3, 1, 2)[:, :, None]
        # The files number their tracks; names that repeat would be no fault of the metrics.
        self.rolls = Rolls(cells, LOWEST_PITCH, RESOLUTION, DRUMS, tuple(f"{k}" for k in range(shape[3])))
        self.names = [str(name) for name in self.arrays["metric_names"]]

    def scores(self, version: str) -> NDArray[np.float64]:
        """Ours, (metric, track, bar)."""
        found = [measures(version)[name](self.rolls)[:, :, 0].T for name in self.names]
        return np.stack(found)

    def pairs(self, version: Any) -> NDArray[np.float64]:
        """Ours, (pair, bar), in the file's order of pairs."""
        if version == "fixed":
            values = metrics.tonal_distance(self.rolls, min_beats=4)
        else:
            values = as_published.tonal_distance(self.rolls, version)
        ours = metrics.track_pairs(self.rolls)
        chosen = [ours.index((int(min(pair)), int(max(pair)))) for pair in self.arrays["pairs"]]
        return values[:, chosen, 0].T


@pytest.fixture(params=FILES, ids=[f"musegan_metrics-{path.stem}" for path in FILES])
def reference(request: pytest.FixtureRequest) -> Reference:
    return Reference(request.param)


def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Over the last axis, NaN aside."""
    there = ~np.isnan(values)
    count = there.sum(-1)
    return np.where(count > 0, np.where(there, values, 0).sum(-1) / np.maximum(count, 1), np.nan)


def assert_equal(ours: NDArray[np.float64], expected: NDArray[np.float64], what: str) -> None:
    np.testing.assert_allclose(ours, expected, rtol=0, atol=TOLERANCE, equal_nan=True, err_msg=what)


class TestMuseganMetrics:
    __test__ = bool(FILES)

    @pytest.mark.parametrize("version", ["v1", "v2", "fixed"])
    def test_scores_of_every_bar(self, reference: Reference, version: str) -> None:
        scores = reference.scores(version)
        if f"{version}_score" in reference.arrays:
            for index, name in enumerate(reference.names):
                assert_equal(scores[index], reference.arrays[f"{version}_score"][index], name)
        assert_equal(mean(scores), reference.arrays[f"{version}_score_mean"], f"means of {reference.names}")

    @pytest.mark.parametrize("version", ["v1", "v2", "fixed"])
    def test_tonal_distance_of_every_bar(self, reference: Reference, version: str) -> None:
        distances = reference.pairs(version)
        if f"{version}_pair" in reference.arrays:
            assert_equal(distances, reference.arrays[f"{version}_pair"], "tonal distance")
        assert_equal(mean(distances), reference.arrays[f"{version}_pair_mean"], "mean tonal distance")

    def test_notes_of_three_sounding_steps(self, reference: Reference) -> None:
        rates = metrics.qualified_note_rate(reference.rolls, min_steps=3, rest=0)[:, :, 0].T
        assert_equal(mean(rates), reference.arrays["fixed_qn3_mean"], "three sounding steps, without the rest")
