"""Measures small pieces with pypianoroll and muspy, by an interpreter that has them, in a process of its own.

Nothing of those packages is part of this project. Standard input holds the pieces as JSON (see `metric_inputs.Case`),
standard output their values by case and package; this file runs on its own, without this project.
"""

import importlib
import json
import math
import sys
from typing import Any

PACKAGES = ("pypianoroll", "muspy")


def main() -> None:
    """Answer on standard output: "versions" by package, and "values" by case and package, None where there is none."""
    import warnings

    warnings.simplefilter("ignore")
    cases = json.load(sys.stdin)
    measures = {"pypianoroll": _pypianoroll(), "muspy": _muspy()}
    values = {
        case["name"]: {
            package: _value(measures[package][case["metric"]], case)
            for package in PACKAGES
            if case["metric"] in measures[package]
        }
        for case in cases
    }
    metadata: Any = importlib.import_module("importlib.metadata")
    versions = {package: metadata.version(package) for package in PACKAGES}
    print(json.dumps({"versions": versions, "values": values}))


def _value(measure: Any, case: dict[str, Any]) -> float | None:
    try:
        value = float(measure(case))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _pypianoroll() -> dict[str, Any]:
    metrics: Any = importlib.import_module("pypianoroll.metrics")
    return {
        "empty_beat_rate": lambda case: metrics.empty_beat_rate(_roll(case), case["resolution"]),
        "used_pitch_classes": lambda case: metrics.n_pitch_classes_used(_roll(case)),
        "in_scale_rate": lambda case: metrics.in_scale_rate(_roll(case)),
        "qualified_note_rate": lambda case: metrics.qualified_note_rate(_roll(case), 3),
        "polyphonicity": lambda case: metrics.polyphonic_rate(_roll(case)),
        # The norm over all beats at once; of one beat it is that beat's distance. A ValueError but at 12 steps a beat.
        "tonal_distance": lambda case: metrics.tonal_distance(
            *(_roll(case, track)[: case["resolution"]] for track in (0, 1)), case["resolution"]
        ),
    }


def _roll(case: dict[str, Any], track: int = 0) -> Any:
    numpy: Any = importlib.import_module("numpy")
    roll = numpy.zeros((4 * case["resolution"] * case["num_bars"], 128), int)
    for start, end, pitch in case["tracks"][track]:
        roll[start:end, pitch] = 1
    return roll


def _muspy() -> dict[str, Any]:
    muspy: Any = importlib.import_module("muspy")
    return {
        "empty_bar_rate": lambda case: muspy.empty_measure_rate(_music(case), 4 * case["resolution"]),
        "empty_beat_rate": lambda case: muspy.empty_beat_rate(_music(case)),
        "used_pitch_classes": lambda case: muspy.n_pitch_classes_used(_music(case)),
        "in_scale_rate": lambda case: muspy.pitch_in_scale_rate(_music(case), 0, "major"),
        "polyphonicity": lambda case: muspy.polyphony_rate(_music(case)),
        "groove_consistency": lambda case: muspy.groove_consistency(_music(case), 4 * case["resolution"]),
        "pitch_class_entropy": lambda case: muspy.pitch_class_entropy(_music(case)),
    }


def _music(case: dict[str, Any]) -> Any:
    muspy: Any = importlib.import_module("muspy")
    tracks = [
        muspy.Track(notes=[muspy.Note(time=start, pitch=pitch, duration=end - start) for start, end, pitch in notes])
        for notes in case["tracks"]
    ]
    return muspy.Music(resolution=case["resolution"], tracks=tracks)


if __name__ == "__main__":
    main()
