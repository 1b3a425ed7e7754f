"""The section of the examiners: freshly trained classifiers that try to tell the samples from songs never seen."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from antiphon.evaluation.baselines import shuffled_bars, shuffled_gaps, shuffled_pitches, shuffled_steps
from antiphon.evaluation.examiner.bars import melody_bars
from antiphon.evaluation.examiner.division import LEAST_SONGS
from antiphon.evaluation.examiner.events import Clock, events
from antiphon.evaluation.examiner.examination import (
    HEARD,
    METRICS,
    Examination,
    Hearing,
    examination,
    real_against_real,
)
from antiphon.evaluation.examiner.material import Material
from antiphon.evaluation.examiner.phrases import phrases
from antiphon.evaluation.measures import Metric, Number
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.report.report import Row, Section
from antiphon.evaluation.rolls import Rolls
from antiphon.evaluation.sets.certainty import MIN_SONGS
from antiphon.evaluation.suite.context import Sides
from antiphon.evaluation.suite.gather import gather
from antiphon.evaluation.suite.parts import melody_rows
from antiphon.evaluation.suite.protocols import in_seconds, notes_reader, parts_of
from antiphon.evaluation.suite.sections.phrases import phrase_rolls
from antiphon.evaluation.suite.songs import Songs

SEEDS = (0, 1, 2)


def examiner_section(sides: Sides) -> Section | None:
    """AUC and accuracy of the worst of three examiners in three splits, for bars, phrases or events."""
    if not sides.plan.examine or sides.reference is None or not len(sides.reference.other):
        return None
    rows: list[Row] = []
    remarks: list[str] = []
    parts = parts_of(sides.plan.protocol, sides.setting)
    for part in parts:
        if part == "performance" and "notes" in parts:
            continue
        name, (made, real, shuffled) = _NAMES[part], _MATERIALS[part](sides)
        same_songs = part == "bars" and sides.conditioned is not sides.made
        if made is None or real is None or shuffled is None or not _enough(made, real, same_songs):
            rows.append(_too_few(name))
            continue
        sides.say(f"examiners of {made.music}: {len(made)} samples against {len(real)} real ones")
        seeds = tuple(sides.plan.seed + offset for offset in SEEDS)
        heard, floor = examination(real, made, seeds, same_songs=same_songs), real_against_real(real, seeds)
        base = examination(real, shuffled, seeds[:1], same_songs=True)
        rows += _rows(name, heard, floor, base)
        remarks += _deaf(name, base)
    return Section("Examiners", _SENTENCE, tuple(rows), tuple(remarks))


_SENTENCE = (
    "Three kinds of classifier learn to tell samples from real songs, and are tested on other samples and on songs "
    "that they never saw; the worst for the samples counts. Three splits: each learns from a random four fifths of the "
    "other real songs and tests a random four fifths of the held-out ones, and divides the samples anew, a quarter of "
    "them (five at least) being tested; samples made under the conditions of real songs go with those songs. Floor: "
    "real songs against other real songs, all of them dealt anew in each of three splits. Shuffled: real songs against "
    "the same ones shuffled, which the examiners must hear; one split, for time. 0.5: a coin toss."
)

_NAMES = {"bars": "bars", "rolls": "phrases", "notes": "events", "performance": "events"}

_Three = tuple[Material | None, Material | None, Material | None]


def _enough(made: Material, real: Material, same_songs: bool) -> bool:
    held = np.zeros(len(real), bool) if real.held is None else real.held
    fewest = min(len(np.unique(song)) for song in (real.song[held], real.song[~held]))
    return fewest >= MIN_SONGS and len(np.unique(made.song)) >= (MIN_SONGS if same_songs else LEAST_SONGS)


def _deaf(name: str, base: Examination) -> tuple[str, ...]:
    """What is said of examiners that do not hear shuffled music."""
    if base.worst.auc >= HEARD:
        return ()
    return (
        f"The examiners of {name} do not hear shuffled music (AUC {base.worst.auc:.3f}, not {HEARD}): what they say of "
        "the samples means little.",
    )


def _rows(name: str, heard: Examination, floor: Examination, base: Examination) -> list[Row]:
    auc, accuracy = METRICS
    rows = []
    for metric, of in ((auc, _auc), (accuracy, _accuracy)):
        numbers = [of(one, one.worst) for one in (heard, floor, base)]
        verdict = heard.words(base) if metric is auc else ""
        rows.append(_row(replace(metric, name=f"{metric.name}/{name}"), numbers, verdict))
    for hearing in heard.kinds:
        numbers = [_auc(heard, hearing), *(_auc(one, _of_kind(one, hearing.kind)) for one in (floor, base))]
        rows.append(_row(replace(auc, name=f"{auc.name}/{name}, {hearing.kind}"), numbers, _splits(hearing)))
    return rows


def _too_few(name: str) -> Row:
    metric = METRICS[0]
    needed = f"needs {LEAST_SONGS} with {name} among the samples, {MIN_SONGS} held-out and {MIN_SONGS} other real ones"
    number = Number(np.nan)
    return Row(
        f"{metric.name}/{name}",
        metric.sentence,
        metric.source,
        metric.unit,
        number,
        verdict=f"too few songs to tell ({needed})",
    )


def _row(metric: Metric, numbers: Sequence[Number], verdict: str) -> Row:
    made, floor, shuffled = numbers
    return Row(metric.name, metric.sentence, metric.source, metric.unit, made, None, floor, shuffled, None, verdict)


def _splits(hearing: Hearing) -> str:
    return "splits " + ", ".join(f"{value:.3f}" for value in hearing.splits)


def _of_kind(one: Examination, kind: str) -> Hearing:
    return next(hearing for hearing in one.kinds if hearing.kind == kind)


def _auc(one: Examination, hearing: Hearing) -> Number:
    return Number(hearing.auc, *hearing.auc_interval, num_units=one.num_made[1], num_songs=one.num_songs)


def _accuracy(one: Examination, hearing: Hearing) -> Number:
    return Number(hearing.accuracy, *hearing.accuracy_interval, num_units=one.num_made[1], num_songs=one.num_songs)


def _of_bars(sides: Sides) -> _Three:
    assert sides.reference is not None
    real = _bars(sides, sides.reference.real, True)
    other = _bars(sides, sides.reference.other, False)
    if sides.conditioned is sides.made:
        made = _bars(sides, sides.made, None)
    else:
        # In the order of the real ones, so that bars made under a song's conditions bear its number.
        made = _both(_bars(sides, sides.conditioned, None), _bars(sides, sides.taught, None))
    rng = np.random.default_rng(sides.plan.seed)
    return (
        made,
        _both(real, other),
        _both(_bars(sides, sides.reference.real, True, rng), _bars(sides, sides.reference.other, False, rng)),
    )


def _bars(sides: Sides, songs: Songs, held: bool | None, rng: np.random.Generator | None = None) -> Material | None:
    found = gather(songs, melody_rows, "read bars", sides.plan.workers).found
    if not found:
        return None
    bars, previous, chord = (
        np.concatenate([np.asarray(one[n]) for one in found]) for n in ("real", "previous", "chord")
    )
    if rng is not None:
        bars = shuffled_steps(bars, rng)
    song = np.repeat(np.arange(len(found)), [len(one["real"]) for one in found])
    return melody_bars(bars, previous, chord, song, None if held is None else np.full(len(bars), held))


def _of_phrases(sides: Sides) -> _Three:
    assert sides.reference is not None
    made, real, other = (
        phrase_rolls(sides, songs) for songs in (sides.made, sides.reference.real, sides.reference.other)
    )
    if made is None or real is None or other is None:
        return None, None, None
    rng = np.random.default_rng(sides.plan.seed)
    both = [(real, True), (other, False)]
    return (
        phrases(made),
        _both(*(phrases(rolls, _flags(rolls, held)) for rolls, held in both)),
        _both(*(phrases(shuffled_bars(rolls, rng), _flags(rolls, held)) for rolls, held in both)),
    )


def _flags(rolls: Rolls, held: bool) -> np.ndarray:
    return np.full(len(rolls), held)


def _of_events(sides: Sides) -> _Three:
    assert sides.reference is not None
    made, real, other = (_pieces(sides, s) for s in (sides.made, sides.reference.real, sides.reference.other))
    if not made or not real or not other:
        return None, None, None
    clock: Clock = "seconds" if in_seconds(sides.plan.protocol, sides.setting) else "beats"
    rng = np.random.default_rng(sides.plan.seed)
    held = np.repeat([True, False], [len(real), len(other)])
    mixed = [shuffled_gaps(shuffled_pitches(notes, rng), rng) for notes in (*real, *other)]
    every = events([*real, *other], held=held, clock=clock)
    return events(made, clock=clock), every, events(mixed, held=held, clock=clock)


def _pieces(sides: Sides, songs: Songs) -> tuple[Notes, ...]:
    read = notes_reader(sides.plan.protocol, sides.setting)
    return gather(songs, read, "read notes", sides.plan.workers).found


def _both(one: Material | None, other: Material | None) -> Material | None:
    """Two materials as one, their songs kept apart."""
    if one is None or other is None:
        return one or other
    parts: dict[str, Any] = {
        name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in ("codes", "planes", "features")
    }
    song = np.concatenate([one.song, other.song + one.song.max(initial=-1) + 1])
    held = None if one.held is None or other.held is None else np.concatenate([one.held, other.held])
    return replace(one, song=song, held=held, **parts)


_MATERIALS: dict[str, Callable[[Sides], _Three]] = {
    "bars": _of_bars,
    "rolls": _of_phrases,
    "notes": _of_events,
    "performance": _of_events,
}
