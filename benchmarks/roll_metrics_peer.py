"""Times MusPy's or pypianoroll's metrics bar by bar, in a Python that has them: no module of this project is needed.

Each library gets what it is made for, MusPy notes and pypianoroll rolls of 128 pitches, made before the clock runs.
"""

import importlib
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from functools import partial
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

LOWEST_PITCH, RESOLUTION, DRUMS = 24, 24, 0
Call = Callable[[], object]


def main(library: str, path: str, repeats: int) -> None:
    """Print processor seconds (median) for all bars of a file (bar, track, step, pitch), and what was measured."""
    warnings.simplefilter("ignore")
    bars = np.load(path)
    module = importlib.import_module(library)
    calls = (_muspy if library == "muspy" else _pypianoroll)(module, bars)
    times = []
    for _ in range(repeats + 1):
        begin = time.process_time()
        for batch in calls.values():
            for call in batch:
                call()
        times.append(time.process_time() - begin)
    figures = {"seconds": median(times[1:]), "metrics": list(calls), "version": module.__version__}
    if library == "muspy":
        figures["reading"] = _reading(module, bars)
    print(json.dumps(figures))


def _reading(muspy: Any, bars: NDArray[np.bool_]) -> float:
    """Processor seconds in which MusPy makes its notes of the rolls, by its own function."""
    above = 128 - LOWEST_PITCH - bars.shape[3]
    padded = np.pad(bars, ((0, 0), (0, 0), (0, 0), (LOWEST_PITCH, above)))
    begin = time.process_time()
    for bar in padded:
        for track, roll in enumerate(bar):
            muspy.from_pianoroll_representation(
                roll, resolution=RESOLUTION, is_drum=track == DRUMS, encode_velocity=False, default_velocity=64
            )
    return time.process_time() - begin


def _muspy(muspy: Any, bars: NDArray[np.bool_]) -> dict[str, list[Call]]:
    pieces = [_piece(muspy, cells, track == DRUMS) for bar in bars for track, cells in enumerate(bar)]
    pitched = [piece for piece in pieces if not piece.tracks[0].is_drum]
    drums = [piece for piece in pieces if piece.tracks[0].is_drum]
    return {
        "empty bars": [partial(muspy.empty_measure_rate, p, 4 * RESOLUTION) for p in pieces],
        "pitches": _each(muspy.n_pitches_used, pieces),
        "pitch classes": _each(muspy.n_pitch_classes_used, pitched),
        "polyphony": _each(muspy.polyphony_rate, pitched),
        "in-scale rate": [partial(muspy.pitch_in_scale_rate, p, 0, "major") for p in pitched],
        "drum pattern": [partial(muspy.drum_in_pattern_rate, p, "duple") for p in drums],
    }


def _each(metric: Any, inputs: Iterable[Any]) -> list[Call]:
    return [partial(metric, one) for one in inputs]


def _piece(muspy: Any, cells: NDArray[np.bool_], is_drum: bool) -> Any:
    edges = np.diff(np.pad(cells.astype(np.int8), ((1, 1), (0, 0))), axis=0).T
    begins, ends = np.argwhere(edges == 1), np.argwhere(edges == -1)
    notes = [
        muspy.Note(int(begin), int(pitch) + LOWEST_PITCH, int(end - begin), 64)
        for (pitch, begin), (_, end) in zip(begins, ends, strict=True)
    ]
    return muspy.Music(resolution=RESOLUTION, tracks=[muspy.Track(program=0, is_drum=is_drum, notes=notes)])


def _pypianoroll(pypianoroll: Any, bars: NDArray[np.bool_]) -> dict[str, list[Call]]:
    metrics = pypianoroll.metrics
    above = 128 - LOWEST_PITCH - bars.shape[3]
    # Signed, because its differences of unsigned or boolean rolls never are negative, and notes then have no end.
    padded = np.pad(bars, ((0, 0), (0, 0), (0, 0), (LOWEST_PITCH, above))).astype(np.int8)
    rolls = [roll for bar in padded for roll in bar]
    pitched = [roll for bar in padded for track, roll in enumerate(bar) if track != DRUMS]
    return {
        "pitches": _each(metrics.n_pitches_used, rolls),
        "pitch classes": _each(metrics.n_pitch_classes_used, pitched),
        "qualified notes": _each(metrics.qualified_note_rate, pitched),
        "polyphony": _each(metrics.polyphonic_rate, pitched),
        "in-scale rate": [partial(metrics.in_scale_rate, r, 0, "major") for r in pitched],
    }


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
