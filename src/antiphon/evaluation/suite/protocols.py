"""What a protocol looks at, given what both sides are: its parts, the metrics that it reports, how it hears a song."""

from collections.abc import Callable
from functools import partial

from antiphon.evaluation.measures import Metric
from antiphon.evaluation.metrics import pitch
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.suite.parts import PROTOCOLS, Part, Setting, heard_notes, melody_notes, song_notes
from antiphon.evaluation.suite.songs import Songs

Reader = Callable[[Songs, int], Notes]

_IN_BARS = ("bars", "rolls")
_WITHOUT_BEATS = {metric.name for metric in pitch.METRICS} - {"bar_pitch_class_entropy"} | {"notes_per_second"}


def in_seconds(protocol: str, setting: Setting) -> bool:
    """Whether whole sets are heard as performances, in seconds instead of beats."""
    return PROTOCOLS[protocol] == ("performance",) or not setting.beats


def notes_reader(protocol: str, setting: Setting) -> Reader:
    """What a protocol compares of whole sets, on both sides: the melody under `bar`, performances where there are no
    beats, else all pitched notes as written."""
    if PROTOCOLS[protocol] == ("bars",):
        return melody_notes
    return partial(heard_notes, setting) if in_seconds(protocol, setting) else song_notes


def parts_of(protocol: str, setting: Setting) -> tuple[str, ...]:
    """The names of a protocol's parts, of `all` only those that songs have what it takes for."""
    parts = PROTOCOLS[protocol]
    return parts if setting.beats or "performance" not in parts else tuple(p for p in parts if p not in _IN_BARS)


def metrics_of(part: Part, protocol: str, setting: Setting) -> tuple[Metric, ...]:
    """The metrics of a part that a protocol reports; of `all` without beats only those that need none."""
    if part.name != "notes" or setting.beats or "performance" not in PROTOCOLS[protocol]:
        return part.metrics
    return tuple(metric for metric in part.metrics if metric.name in _WITHOUT_BEATS)
