"""Set how bold a trained `lstm` is in its choices of pitch and of length, so that it repeats itself as songs do.

Taught note by note on real music it strays a little at every step of its own, and what has strayed is not repeated: as
it comes it writes too many different passages. This divides the scores of pitches and of durations by temperatures, the
pair being that of the trials whose distinct 4-grams are nearest to those of validation songs, of those whose smallest
overlap of histograms is within .02 of the best.

`python -m recipes.calibrate_lstm IN.safetensors OUT.safetensors [--corpus lieder]`
"""

import argparse
import sys
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from benchmarks.lstm_table import Lines, sequences, write

from antiphon.evaluation.metrics.in_training import overlap
from antiphon.evaluation.metrics.note_lines import HISTOGRAMS, distinct_notes, histograms
from antiphon.training.checkpoint import load_model, save_model

PITCHES = (0.8, 0.85, 0.9)
DURATIONS = (0.8, 0.9)
TEMPER = "generator.temper"


class Trial(NamedTuple):
    """A pair of temperatures with what it does on validation songs."""

    pitch: float
    duration: float
    smallest_overlap: float
    distinct: float


def temper(pitch: float, duration: float) -> torch.Tensor:
    """The model's buffer for these temperatures."""
    return torch.tensor([[1.0, pitch, duration], [0.0] * 3])


def tried(path: Path, real: Lines, pitch: float, duration: float) -> Trial:
    """What a model file does at these temperatures."""
    made = write(str(path), real, 0, temper(pitch, duration))
    length = np.full(len(real.notes), real.notes.shape[1])
    own, other = histograms(made.notes, length), histograms(real.notes, length)
    smallest = min(overlap(own[name].sum(0), other[name].sum(0)) for name in HISTOGRAMS)
    distinct = distinct_notes(made.notes, length).mean() / distinct_notes(real.notes, length).mean() - 1
    return Trial(pitch, duration, smallest, float(distinct))


def main(arguments: list[str]) -> int:
    """Try all pairs, keep the best, write the model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--corpus", default="lieder")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    real, trials = sequences(options.corpus, "valid"), []
    print("pitch duration smallest-overlap distinct-4-grams-beside-real")
    for pitch, duration in product(PITCHES, DURATIONS):
        trials.append(tried(options.model, real, pitch, duration))
        print(" ".join(f"{value:.3g}" for value in trials[-1]), flush=True)
    good = max(trial.smallest_overlap for trial in trials) - 0.02
    best = min((t for t in trials if t.smallest_overlap >= good), key=lambda trial: abs(trial.distinct))
    card, state = load_model(options.model)
    state[TEMPER] = temper(best.pitch, best.duration)
    save_model(options.out, state, {**card, "calibration": {"pitch": best.pitch, "duration": best.duration}})
    print(f"{options.out}: pitch {best.pitch}, duration {best.duration}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
