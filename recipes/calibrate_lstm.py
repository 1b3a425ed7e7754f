"""Set what a trained `lstm` holds to be out of the question, and how readily it adds to a chord, on validation songs.

Taught note by note on real music it strays a little at every step of its own, and what has strayed is not repeated: as
it comes it writes too many different passages. This leaves out classes of offset, pitch and duration that are less
likely than a share of the likeliest, and leans from going on with a chord: of the trials whose distinct 4-grams are
within 6 % of those of validation songs, the one with the largest smallest overlap of histograms less its difference in
the share of notes within chords; where none is so near, the nearest.

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

OFFSETS, PITCHES, DURATIONS, LEANS = (0.02,), (0.05, 0.07, 0.08), (0.03, 0.04), (-0.1, -0.05)
MOST_DISTINCT = 0.06
FLOOR, LEAN = "generator.floor", "generator.lean"


class Setting(NamedTuple):
    """Floors, as shares of the likeliest class, and what is added to the score of a chord's going on."""

    offset: float
    pitch: float
    duration: float
    lean: float

    @property
    def buffers(self) -> dict[str, torch.Tensor]:
        """The model's own."""
        return {FLOOR: torch.tensor(self[:3]), LEAN: torch.tensor([self.lean])}


class Trial(NamedTuple):
    """What a setting does on validation songs: differences are relative to the songs'."""

    setting: Setting
    smallest_overlap: float
    distinct: float
    chords: float


def tried(path: Path, real: Lines, setting: Setting) -> Trial:
    """What a model file does with a setting."""
    made = write(str(path), real, 0, setting.buffers)
    length = np.full(len(real.notes), real.notes.shape[1])
    own, other = histograms(made.notes, length), histograms(real.notes, length)
    smallest = min(overlap(own[name].sum(0), other[name].sum(0)) for name in HISTOGRAMS)
    distinct = distinct_notes(made.notes, length).mean() / distinct_notes(real.notes, length).mean() - 1
    chords = (made.notes[:, 1:, 2] == 0).mean() / (real.notes[:, 1:, 2] == 0).mean() - 1
    return Trial(setting, smallest, float(distinct), float(chords))


def _worth(trial: Trial) -> tuple[float, float]:
    return -max(abs(trial.distinct), MOST_DISTINCT), trial.smallest_overlap - abs(trial.chords)


def main(arguments: list[str]) -> int:
    """Try all pairs, keep the best, write the model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--corpus", default="lieder")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    real, trials = sequences(options.corpus, "valid"), []
    print(*Setting._fields, *Trial._fields[1:])
    for choice in product(OFFSETS, PITCHES, DURATIONS, LEANS):
        trials.append(tried(options.model, real, Setting(*choice)))
        print(*(f"{value:.3g}" for value in (*choice, *trials[-1][1:])), flush=True)
    best = max(trials, key=_worth)
    card, state = load_model(options.model)
    chosen = best.setting._asdict()
    save_model(options.out, {**state, **best.setting.buffers}, {**card, "calibration": chosen})
    print(f"{options.out}: {chosen}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
