"""The cheap metrics that a training of phrases logs as curves, of made phrases and of real ones alike.

Conventions: phrases are read by what sounds alone, since samples tell no more: a note begins where a pitch sounds after
silence, and a drum is a stroke. Figures bear the names of their metrics, with a track after a slash. Axes: N K B T P.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.phrases import PhraseRolls, unpack
from antiphon.evaluation.baselines import shuffled_tracks
from antiphon.evaluation.measures import base_name
from antiphon.evaluation.metrics.bands import bar_repetition, chroma_agreement, notes_a_bar
from antiphon.evaluation.metrics.multitrack import bar_metrics
from antiphon.evaluation.rolls import Rolls

_PER_BAR = ("empty_bar_rate", "used_pitch_classes", "qualified_note_rate", "drum_pattern_rate")
_SEED = 0


def measure_phrases(codec: PhraseRolls, phrases: NDArray[Any]) -> dict[str, float]:
    """Every metric of phrases (N, K, B, bytes), packed as uint8, or (N, K, B, T, P) bool; NaN where undefined."""
    rolls = rolls_of_rows(codec, phrases)
    names = rolls.tracks
    per_bar = bar_metrics(rolls, rest=int(codec.lengths == "paper"), only=_PER_BAR)
    found = {
        f"{base_name(name)}{name[name.index('/') :]}": _mean(values)
        for name, values in per_bar.items()
        if "8-beat" not in name
    }
    notes = notes_a_bar(rolls)
    found |= {f"notes_a_bar/{name}": _mean(notes[:, track]) for track, name in enumerate(names)}
    shuffled = shuffled_tracks(rolls, np.random.default_rng(_SEED))
    found["chroma_agreement"] = _mean(chroma_agreement(rolls))
    found["chroma_agreement of shuffled tracks"] = _mean(chroma_agreement(shuffled))
    found["bar_repetition"] = _mean(bar_repetition(rolls))
    found["distinct_phrases"] = distinct_share(rolls.cells)
    return found


def rolls_of_rows(codec: PhraseRolls, phrases: NDArray[Any]) -> Rolls:
    """Rows of the codec, or samples, as rolls without onsets."""
    cells = unpack(phrases, *codec.shape[2:]) if phrases.dtype == np.uint8 else np.asarray(phrases, bool)
    drums = codec.ensemble.drums
    drum_track = drums[0] if drums else None
    return Rolls(cells, codec.lowest_pitch, codec.resolution, drum_track, codec.ensemble.names)


def distinct_share(cells: NDArray[np.bool_]) -> float:
    """Share of phrases that equal no earlier one; NaN of none."""
    if not len(cells):
        return math.nan
    packed = np.packbits(cells.reshape(len(cells), math.prod(cells.shape[1:])), axis=1)
    return len(np.unique(packed, axis=0)) / len(cells)


def _mean(values: NDArray[np.float64]) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else math.nan
