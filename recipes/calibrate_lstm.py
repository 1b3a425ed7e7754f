"""Set how bold a trained `lstm` is in its choices, and how readily it adds to a chord, on validation songs.

Taught note by note on real music it strays a little at every step of its own, and what has strayed is not repeated: as
it comes it writes too many different passages. This divides the scores of pitches and of durations by temperatures, and
leans towards or from going on with a chord: of the trials whose distinct 4-grams are within 6 % of those of validation
songs, the one with the largest smallest overlap of histograms less its difference in the share of notes within chords.

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

PITCHES = (0.85, 0.9, 0.95, 1.0)
DURATIONS = (0.95, 1.0)
LEANS = (-0.1, 0.0)
MOST_DISTINCT = 0.06
TEMPER, LEAN = "generator.temper", "generator.lean"


class Trial(NamedTuple):
    """Temperatures and a lean, with what they do on validation songs: differences are relative to the songs'."""

    pitch: float
    duration: float
    lean: float
    smallest_overlap: float
    distinct: float
    chords: float


def tried(path: Path, real: Lines, pitch: float, duration: float, lean: float) -> Trial:
    """What a model file does with these."""
    made = write(str(path), real, 0, settings(pitch, duration, lean))
    length = np.full(len(real.notes), real.notes.shape[1])
    own, other = histograms(made.notes, length), histograms(real.notes, length)
    smallest = min(overlap(own[name].sum(0), other[name].sum(0)) for name in HISTOGRAMS)
    distinct = distinct_notes(made.notes, length).mean() / distinct_notes(real.notes, length).mean() - 1
    chords = (made.notes[:, 1:, 2] == 0).mean() / (real.notes[:, 1:, 2] == 0).mean() - 1
    return Trial(pitch, duration, lean, smallest, float(distinct), float(chords))


def settings(pitch: float, duration: float, lean: float) -> dict[str, torch.Tensor]:
    """The model's buffers."""
    return {TEMPER: torch.tensor([1.0, pitch, duration]), LEAN: torch.tensor([lean])}


def main(arguments: list[str]) -> int:
    """Try all pairs, keep the best, write the model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--corpus", default="lieder")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    real, trials = sequences(options.corpus, "valid"), []
    print(" ".join(Trial._fields))
    for choice in product(PITCHES, DURATIONS, LEANS):
        trials.append(tried(options.model, real, *choice))
        print(" ".join(f"{value:.3g}" for value in trials[-1]), flush=True)
    best = max(trials, key=lambda t: (abs(t.distinct) <= MOST_DISTINCT, t.smallest_overlap - abs(t.chords)))
    card, state = load_model(options.model)
    chosen = {name: getattr(best, name) for name in ("pitch", "duration", "lean")}
    save_model(options.out, {**state, **settings(**chosen)}, {**card, "calibration": chosen})
    print(f"{options.out}: {chosen}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
