"""The whole of an evaluation: measure both sides, compare them, and gather everything into one report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from antiphon import __version__
from antiphon.errors import InputError
from antiphon.evaluation.measures import Column, columns
from antiphon.evaluation.report.report import Curve, Histogram, Report, Section, Side, Thumbnail
from antiphon.evaluation.suite import comparing
from antiphon.evaluation.suite.context import Sides
from antiphon.evaluation.suite.gather import Gathered, UnusableError, gather
from antiphon.evaluation.suite.parts import PARTS, Both, Part, Setting
from antiphon.evaluation.suite.plan import Plan, check_plan
from antiphon.evaluation.suite.protocols import metrics_of, parts_of
from antiphon.evaluation.suite.sections.all import of_sets
from antiphon.evaluation.suite.sides import (
    Reference,
    common_grid,
    few_songs,
    onsets_known,
    shared_songs,
    silent_samples,
)
from antiphon.evaluation.suite.songs import Songs
from antiphon.evaluation.suite.stated import settled
from antiphon.music.score import Score

_NUM_OPENINGS = 4

Columns = dict[str, Column]
SetSections = Callable[["Sides"], Sequence[Section]]


def evaluate(
    made: Songs,
    reference: Reference | None = None,
    plan: Plan | None = None,
    *,
    conditioned: tuple[Songs, Songs] | None = None,
    extra: Sequence[Section] = (),
    say: Callable[[str], object] = lambda _: None,
) -> Report:
    """Measure samples, beside real music if there is some.

    Parameters
    ----------
    made
        The samples.
    reference
        Real music.
    plan
        What is to be done; by default everything.
    conditioned
        For models that write bars under conditions: bars that were made under the conditions of `reference.real`, for
        the metrics of melody bars, so that both sides have the same, and under those of `reference.other`, for the
        examiners to learn from.
    extra
        Sections on what only the samples' maker can show; they come after those of the parts.
    say
        Takes sentences about what is being done.

    Raises
    ------
    InputError
        If the protocol is unknown, the sides cannot be compared, or nothing can be measured.
    """
    plan = plan or Plan()
    check_plan(plan)
    real = reference.real if reference else None
    grid, remarks = common_grid(made, real)
    setting, said = settled(plan, Setting(grid, seed=plan.seed, onsets=onsets_known(made, real)), made, real)
    if reference is not None:
        remarks = (*shared_songs(made, reference), *few_songs(made, reference), *remarks)
    silent = silent_samples(made)
    remarks += (silent_samples(real) if real is not None else ()) + said
    sides = Sides(plan, setting, made, *(conditioned or (made, made)), reference, say)
    report = Report(
        plan.protocol,
        plan.seed,
        __version__,
        _side(made),
        replace(_side(real), remark=reference.remark) if real and reference else None,
        settings={
            **{name: getattr(setting, name) for name in ("tokens", "seconds", "prime_tokens", "beats")},
            "grid": grid.model_dump(mode="json"),
        },
    )
    parts = [PARTS[name] for name in parts_of(plan.protocol, setting)]
    found = [_part(part, sides) for part in parts]
    _check_measured(plan.protocol, made, [(part.section is not None, part.aside) for part in found])
    if real is not None:
        _check_measured(plan.protocol, real, [(part.compared, part.aside_of_real) for part in found if part.section])
    remarks = (*remarks, *made.aside[:3], *dict.fromkeys(remark for part in found for remark in part.remarks))
    sections = [*(part.section for part in found if part.section), *extra, *of_sets(sides)]
    grave = dict.fromkeys(remark for section in sections for remark in section.remarks)
    return replace(
        report,
        remarks=tuple(dict.fromkeys((*silent, *grave, *remarks))),
        sections=tuple(section for section in sections if section.rows),
        histograms=tuple(h for part in found for h in part.histograms),
        curves=tuple(c for part in found for c in part.curves),
        thumbnails=(*_openings(made, True), *(_openings(real, False) if real else ())),
    )


@dataclass(frozen=True)
class _Found:
    """What a part gave."""

    section: Section | None = None
    histograms: tuple[Histogram, ...] = ()
    curves: tuple[Curve, ...] = ()
    remarks: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    compared: bool = False
    aside_of_real: tuple[str, ...] = ()


def _check_measured(protocol: str, songs: Songs, parts: Sequence[tuple[bool, tuple[str, ...]]]) -> None:
    """Refuse songs of which no part (whether it was measured, what it set aside) makes anything."""
    if any(measured for measured, _ in parts):
        return
    first = next((aside[0] for _, aside in parts if aside), "there is nothing to measure").rstrip(".")
    raise InputError(
        f"{songs.name}: its songs ({len(songs)}) cannot be measured under the protocol {protocol!r}; name others, "
        f"or another protocol; the first: {first}"
    )


def measured(
    songs: Songs, part: Part, setting: Setting, workers: int | None = None
) -> tuple[Gathered[Both], Columns, Columns]:
    """Columns of the songs as they are and shuffled, with what was set aside."""
    found = gather(songs, partial(_measure, part.name, setting), f"measure {part.name}", workers)
    own, shuffled = (columns([both[side] for both in found.found]) for side in (0, 1))
    return found, own, shuffled


def _measure(name: str, setting: Setting, songs: Songs, index: int) -> Both:
    # By name: a part holds functions, which are looked up again in a spawned process.
    return PARTS[name].measure(songs, index, setting)


def _part(part: Part, sides: Sides) -> _Found:
    plan, songs = sides.plan, sides.conditioned if part.name == "bars" else sides.made
    sides.say(f"{part.title}: {len(songs)} samples")
    found, made, _ = measured(songs, part, sides.setting, plan.workers)
    remarks = _left_out(part, songs, found)
    if not made:
        return _Found(remarks=remarks, aside=found.aside)
    real = shuffled = None
    paired, aside_of_real = False, tuple[str, ...]()
    if sides.reference is not None:
        sides.say(f"{part.title}: {len(sides.reference.real)} real songs")
        theirs, real, shuffled = measured(sides.reference.real, part, sides.setting, plan.workers)
        remarks += _left_out(part, sides.reference.real, theirs)
        aside_of_real = theirs.aside
        real, shuffled = (real or None), (shuffled or None)
        # Bars that were made under the conditions of a song are held against that song's own.
        own_ids, their_ids = songs.only(found.songs).ids, sides.reference.real.only(theirs.songs).ids
        paired = songs is not sides.made and own_ids == their_ids
    metrics = metrics_of(part, plan.protocol, sides.setting)
    rows = comparing.scalar_rows(metrics, made, real, shuffled, plan.seed, paired=paired)
    if real is not None:
        rows += comparing.histogram_rows(metrics, made, real, shuffled, plan.seed)
    return _Found(
        Section(part.title, _about(part, sides, shuffled is not None, paired), rows),
        comparing.histograms(metrics, made, real, shuffled),
        comparing.curves(metrics, made, real, plan.seed),
        remarks,
        found.aside,
        real is not None,
        aside_of_real,
    )


def _about(part: Part, sides: Sides, has_shuffled: bool, paired: bool) -> str:
    sentences = [part.sentence]
    if paired:
        sentences.append("Made bars have the conditions of the real ones, so that songs are compared in pairs.")
    if part.name == "performance" or (part.name == "notes" and not sides.setting.beats):
        sentences.append(_length(sides))
    if has_shuffled:
        sentences.append(f"Shuffled: {part.shuffled}.")
    return " ".join(sentences)


def _length(sides: Sides) -> str:
    setting, plan = sides.setting, sides.plan
    if not setting.tokens and not setting.seconds:
        return "The stated length: whole pieces."
    length = f"{setting.seconds:g} seconds" if setting.seconds else f"{setting.tokens:,} tokens"
    chosen = plan.tokens is None and plan.seconds is None
    reached = ", which nine in ten songs of each side reach" if chosen else ""
    prime = f" The prime: their first {setting.prime_tokens:,} tokens." if setting.prime_tokens else ""
    return f"The stated length: the first {length}{reached}; shorter songs are left out on both sides.{prime}"


def _left_out(part: Part, songs: Songs, found: Gathered[Both]) -> tuple[str, ...]:
    if not found.aside:
        return ()
    first = found.aside[0].rstrip(".")
    what = f"{len(found.aside)} of {len(songs)} pieces give nothing for {part.title.lower()}"
    return (f"{songs.name}: {what}; the first: {first}.",)


def _openings(songs: Songs, made: bool) -> tuple[Thumbnail, ...]:
    """How the first few songs begin, those that can be read."""
    from antiphon.evaluation.report.thumbnails import thumbnails

    found = gather(songs.only(range(min(_NUM_OPENINGS, len(songs)))), _score, "pictures", 1)
    return thumbnails(found.found, [songs.ids[index] for index in found.songs], made)


def _score(songs: Songs, index: int) -> Score:
    score = songs.score(index)
    if not score.num_notes:
        raise UnusableError("it has no notes")
    return score


def _side(songs: Songs) -> Side:
    return Side(songs.name, songs.kind, len(songs), songs.licence)
