"""The section on condition-dependence: does the music listen to its chords, to the bar before, to the other tracks?"""

from collections.abc import Iterable, Mapping
from functools import partial

import numpy as np

from antiphon.evaluation.metrics.performance_metrics import divided
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.report.report import Row, Section
from antiphon.evaluation.report.wording import p_text
from antiphon.evaluation.sets.conditions import with_bar_before, with_chord, with_prime, with_track
from antiphon.evaluation.sets.dependence import METRICS, Dependence, Pairing, corrected, dependence
from antiphon.evaluation.sets.passages import Reading
from antiphon.evaluation.suite.comparing import of_estimate, too_few
from antiphon.evaluation.suite.context import Sides
from antiphon.evaluation.suite.gather import gather
from antiphon.evaluation.suite.parts import Setting, melody_rows, stated_piece
from antiphon.evaluation.suite.protocols import parts_of
from antiphon.evaluation.suite.sections.phrases import phrase_rolls
from antiphon.evaluation.suite.songs import Songs

_PERMUTATIONS = 999


def dependence_section(sides: Sides) -> Section | None:
    """Fit with own against other conditions, and what merely doubles them; None where there is nothing to condition."""
    if sides.reference is None:
        return None
    real = pairings(sides, sides.reference.real) | of_primes(sides, sides.reference.real)
    made = pairings(sides, sides.conditioned) | of_primes(sides, sides.made)
    shared = [name for name in made if name in real]
    if not shared:
        return None
    sides.say(f"dependence on {', '.join(shared)}")
    permutations = max(_PERMUTATIONS, 40 * len(shared))
    every = {name: dependence(made[name], real[name], sides.plan.seed, permutations) for name in shared}
    # A track that never sounds is no condition.
    found = corrected({name: one for name, one in every.items() if one.made.own.num_units or one.real.own.num_units})
    if not found:
        return None
    return Section(
        "Dependence on conditions",
        "Does the output go better with the condition that it was given than with those of other songs? Shuffled: the "
        "samples beside conditions of other songs. The verdict compares what own conditions gain over others with what "
        "they gain in real music, and p is of that difference, or of the difference in what is copied: as much means "
        "that the whole interval of the difference, over songs, is below half of real music's gain. In brackets: p of "
        "dependence itself, that the conditions in any order would fit as well, one-sided.",
        tuple(row for name, one in found.items() for row in _rows(name, one)),
    )


def pairings(sides: Sides, songs: Songs) -> dict[str, Pairing]:
    """Outputs and conditions of every kind that the protocol looks at."""
    parts = parts_of(sides.plan.protocol, sides.setting)
    found: dict[str, Pairing] = {}
    if "bars" in parts:
        found |= _of_bars(sides, songs)
    if "rolls" in parts:
        found |= _of_tracks(sides, songs)
    return {name: pairing for name, pairing in found.items() if len(pairing.song)}


def of_primes(sides: Sides, songs: Songs) -> dict[str, Pairing]:
    """What follows the first tokens of each performance, with the prime that these are; none where none was stated."""
    tokens = sides.setting.prime_tokens
    if not tokens or "performance" not in parts_of(sides.plan.protocol, sides.setting):
        return {}
    found = gather(songs, partial(_of_prime, sides.setting, tokens), "read primes", sides.plan.workers).found
    if not found:
        return {}
    primes, after = zip(*found, strict=True)
    pairs = with_prime(after, primes, np.arange(len(found)), Reading("performance"))
    return {f"prime, {facet}": pairing for facet, pairing in pairs.items()}


def _of_prime(setting: Setting, tokens: int, songs: Songs, index: int) -> tuple[Notes, Notes]:
    return divided(stated_piece(setting, songs.score(index)), tokens)


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
            one.against.corrected_p,
            _depending(one),
        ),
        Row(
            f"{copied.name}/{name}",
            copied.sentence,
            copied.source,
            copied.unit,
            of_estimate(one.made.copied),
            of_estimate(one.real.copied),
            p=one.copying.corrected_p,
            verdict=_copying(one),
        ),
    )


def _depending(one: Dependence) -> str:
    chance = p_text(one.made.corrected_p)
    return (
        f"{one.words()} (dependence itself: p {'' if chance.startswith('<') else '= '}{chance})"
        if chance
        else one.words()
    )


def _copying(one: Dependence) -> str:
    few = too_few(one.made.own.num_songs, one.real.own.num_songs)
    if few or one.copies:
        return few or "more than in real music"
    return "no more than in real music" if one.copies_no_more else "not plainly more than in real music"
