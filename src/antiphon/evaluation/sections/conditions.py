"""The section on condition-dependence: does the music listen to its chords, to the bar before, to the other tracks?"""

from collections.abc import Iterable, Mapping

import numpy as np

from antiphon.evaluation.comparing import of_estimate
from antiphon.evaluation.conditions import with_bar_before, with_chord, with_track
from antiphon.evaluation.dependence import METRICS, Dependence, Pairing, dependence
from antiphon.evaluation.gather import gather
from antiphon.evaluation.parts import PROTOCOLS, melody_rows
from antiphon.evaluation.report import Row, Section
from antiphon.evaluation.sections.phrases import phrase_rolls
from antiphon.evaluation.songs import Songs
from antiphon.evaluation.suite import Sides

_PERMUTATIONS = 199


def dependence_section(sides: Sides) -> Section | None:
    """Fit with own against other conditions, and what merely doubles them; None where there is nothing to condition."""
    if sides.reference is None:
        return None
    made, real = (pairings(sides, songs) for songs in (sides.conditioned, sides.reference.real))
    shared = [name for name in made if name in real]
    if not shared:
        return None
    sides.say(f"dependence on {', '.join(shared)}")
    found = {name: dependence(name, made[name], real[name], sides.plan.seed, _PERMUTATIONS) for name in shared}
    return Section(
        "Dependence on conditions",
        "Does the output go better with the condition that it was given than with those of other songs? Shuffled: the "
        "samples beside conditions of other songs.",
        tuple(row for name, one in found.items() for row in _rows(name, one)),
    )


def pairings(sides: Sides, songs: Songs) -> dict[str, Pairing]:
    """Outputs and conditions of every kind that the protocol looks at."""
    parts = PROTOCOLS[sides.plan.protocol]
    found: dict[str, Pairing] = {}
    if "bars" in parts:
        found |= _of_bars(sides, songs)
    if "rolls" in parts:
        found |= _of_tracks(sides, songs)
    return {name: pairing for name, pairing in found.items() if len(pairing.song)}


def _of_bars(sides: Sides, songs: Songs) -> dict[str, Pairing]:
    found = gather(songs, melody_rows, "read bars", sides.plan.workers).found
    if not found:
        return {}
    rows = {name: np.concatenate([np.asarray(one[name]) for one in found]) for name in ("real", "previous", "chord")}
    song = np.repeat(np.arange(len(found)), [len(one["real"]) for one in found])
    pairs = {"chord": with_chord(rows["real"], rows["previous"], rows["chord"], song)}
    before = with_bar_before(rows["real"], rows["previous"], song)
    return pairs | {f"bar before, {facet}": pairing for facet, pairing in before.items()}


def _of_tracks(sides: Sides, songs: Songs) -> dict[str, Pairing]:
    rolls = phrase_rolls(sides, songs)
    if rolls is None:
        return {}
    return dict(_by_track({track: with_track(rolls, track) for track in rolls.tracks}))


def _by_track(found: Mapping[str, Mapping[str, Pairing]]) -> Iterable[tuple[str, Pairing]]:
    for track, facets in found.items():
        for facet, pairing in facets.items():
            yield f"{track}, {facet}", pairing


def _rows(name: str, one: Dependence) -> tuple[Row, Row]:
    fit, copied = METRICS
    return (
        Row(
            f"{fit.name}/{name}",
            fit.sentence,
            fit.source,
            fit.unit,
            of_estimate(one.made.own),
            of_estimate(one.real.own),
            None,
            of_estimate(one.made.shuffled),
            one.made.p,
            one.short,
        ),
        Row(
            f"{copied.name}/{name}",
            copied.sentence,
            copied.source,
            copied.unit,
            of_estimate(one.made.copied),
            of_estimate(one.real.copied),
            verdict="more than in real music" if one.copies else "not plainly more than in real music",
        ),
    )
