"""Measures of samples that have several tracks, and of a condition: what dies, fills up, stands still or goes unheard.

Axes: N samples, S positions of a track.
"""

from collections.abc import Mapping

import numpy as np

from antiphon.gan.probe import as_array, as_rows
from antiphon.gan.vitals import MIN_SAMPLES, Evidence, Measures, Samples, TrackEvidence, spread

_ABSENT = 1e-6


def measure_tracks(evidence: Evidence) -> Measures:
    """Every measure of tracks and of conditions that the evidence allows."""
    measures = track_measures(evidence.tracks)
    if evidence.fake is not None and evidence.fake_other_condition is not None:
        measures["condition_effect"] = condition_effect(evidence.fake, evidence.fake_other_condition)
    return measures


def track_measures(tracks: Mapping[str, TrackEvidence]) -> Measures:
    """Of each track that real data use: "density_NAME" and "density_NAME_real", and "spread_NAME", what two samples
    differ by as a share of what two real ones do; of all of them the least and the greatest ratio of made to real
    density, and the least spread of a track that sounds."""
    measures: Measures = {}
    densities, spreads = [], []
    for name, track in tracks.items():
        made, real = (float(np.mean(as_array(part).astype(float))) for part in (track.fake_density, track.real_density))
        if real <= _ABSENT:
            continue
        measures |= {f"density_{name}": made, f"density_{name}_real": real}
        densities.append(made / real)
        if made > _ABSENT and min(len(as_rows(track.real)), len(as_rows(track.fake))) >= MIN_SAMPLES:
            measures[f"spread_{name}"] = spread(track.fake) / max(spread(track.real), _ABSENT)
            spreads.append(measures[f"spread_{name}"])
    if densities:
        measures |= {"track_density_least": min(densities), "track_density_greatest": max(densities)}
    return measures | ({"track_spread_least": min(spreads)} if spreads else {})


def condition_effect(fake: Samples, other: Samples) -> float:
    """How much samples change where only their conditions do: the share of positions at which `other`, the same latents
    under conditions of other samples, differ from `fake`, as a share of what two samples differ by."""
    first, second = as_rows(fake), as_rows(other)
    apart = spread(first)
    return float((first != second).mean() / apart) if apart > 0 else 0.0
