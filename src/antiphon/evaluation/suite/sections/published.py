"""The sections of figures as released codes print them, slips included: for comparing with published tables alone."""

from collections.abc import Callable, Sequence
from functools import partial

from antiphon.evaluation.measures import Metric, Values, columns
from antiphon.evaluation.metrics.as_published import as_published_bars
from antiphon.evaluation.metrics.as_published_performance import METRICS as PERFORMANCE
from antiphon.evaluation.metrics.as_published_performance import as_published_metrics
from antiphon.evaluation.metrics.multitrack import METRICS as BARS
from antiphon.evaluation.report.report import Section
from antiphon.evaluation.suite.comparing import scalar_rows
from antiphon.evaluation.suite.context import Sides
from antiphon.evaluation.suite.gather import gather
from antiphon.evaluation.suite.parts import Setting, heard_notes, song_rolls
from antiphon.evaluation.suite.protocols import parts_of
from antiphon.evaluation.suite.songs import Songs

_Worker = Callable[[Songs, int], Values]


def published_sections(sides: Sides) -> tuple[Section, ...]:
    """What MuseGAN's two versions and Transformer-GAN's tools print of these songs; none unless it was asked for."""
    if not sides.plan.as_published:
        return ()
    parts, found = parts_of(sides.plan.protocol, sides.setting), []
    if "rolls" in parts:
        sentence = (
            "Pitch classes, scale and tonal distance are reckoned on bands of neighbouring pitches, and notes of two "
            "steps are qualified: good for comparing with printed tables, and for nothing else."
        )
        worker = partial(_bars, sides.setting)
        found.append(_section(sides, "As MuseGAN's released code prints them", sentence, BARS, worker))
    if "performance" in parts:
        sentence = (
            "Pitch classes are registers of ten pitches, and empty beats are those that sound: good for comparing with "
            "printed tables, and for nothing else."
        )
        worker = partial(_performance, sides.setting)
        found.append(_section(sides, "As pypianoroll 0.5.3 prints them", sentence, PERFORMANCE, worker))
    if not found:
        said = f"As published: no released code prints anything under the protocol {sides.plan.protocol!r}."
        return (Section("As published", "", (), (said,)),)
    return tuple(found)


def _section(sides: Sides, title: str, sentence: str, metrics: Sequence[Metric], worker: _Worker) -> Section:
    made = gather(sides.made, worker, "as published", sides.plan.workers)
    if not made.found:
        return Section(title, sentence, (), (f"{title}: nothing, for {made.aside[0].rstrip('.')}.",))
    real = gather(sides.reference.real, worker, "as published", sides.plan.workers).found if sides.reference else ()
    return Section(
        title, sentence, scalar_rows(metrics, columns(made.found), columns(real) or None, None, sides.plan.seed)
    )


def _bars(setting: Setting, songs: Songs, index: int) -> Values:
    rolls = song_rolls(songs, index, setting)
    return {**as_published_bars(rolls, "v1"), **as_published_bars(rolls, "v2")}


def _performance(setting: Setting, songs: Songs, index: int) -> Values:
    return as_published_metrics(heard_notes(setting, songs, index))
