"""The whole of `antiphon evaluate`: samples from anywhere, or of a model, to a report as text, JSON and a page."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from antiphon.errors import InputError
from antiphon.evaluation.report.report import Report
from antiphon.evaluation.report.spread import TRAINING
from antiphon.evaluation.suite.parts import PROTOCOLS
from antiphon.evaluation.suite.plan import Plan, check_plan
from antiphon.evaluation.suite.sides import open_reference
from antiphon.evaluation.suite.songs import open_songs
from antiphon.evaluation.suite.suite import evaluate
from antiphon.files import write_text

NUM_SONGS, NUM_BARS = 64, 32
"""Songs that a model writes to be evaluated, and bars of each."""


def evaluate_samples(
    samples: str,
    *,
    reference: str | None = None,
    protocol: str | None = None,
    plan: Plan,
    num: int | None = None,
    bars: int | None = None,
    say: Callable[[str], object],
) -> Report:
    """Evaluate a folder, a corpus, an array of rolls, or songs that a model writes for it.

    Parameters
    ----------
    samples
        As for `open_songs`, or a model: the name of a shipped one, a .safetensors file, or a run's folder.
    reference
        As for `open_reference`; None: for a model the corpus that it was trained on, if it is embedded.
    protocol
        None: that of the model's family, "musegan" for rolls, else "all".
    plan
        Everything else.
    num, bars
        How many songs a model writes, and how long; None: `NUM_SONGS` and `NUM_BARS`.
    say
        Takes sentences about what is being done.

    Raises
    ------
    InputError
        As `evaluate`, `open_songs` and `antiphon.generate.load`.
    """
    from antiphon.commands.model_samples import is_model, near_model

    check_plan(replace(plan, protocol=protocol or plan.protocol))
    model = is_model(samples)
    for key, value in (("num", num), ("bars", bars)):
        if value is not None and value < 1:
            raise InputError(f"{key} {value}: choose a whole number of 1 or more")
        if value is not None and not model:
            raise InputError(f"{key} {value}: only a model writes songs, and {samples} is none; leave it away")
    if model:
        size = (num or NUM_SONGS, bars or NUM_BARS)
        return _of_model(samples, reference, replace(plan, protocol=protocol or ""), size, say)
    if (meant := near_model(samples)) is not None:
        raise InputError(f"{samples}: there is no folder, corpus or model of this name; did you mean {meant}?")
    made = open_songs(samples)
    chosen = protocol or ("musegan" if made.kind == "rolls" else "all")
    held_against = open_reference(reference, plan.seed) if reference else None
    return evaluate(made, held_against, replace(plan, protocol=chosen), say=say)


def check_places(out: Path | None, json_file: Path | None) -> None:
    """Refuse places that cannot be written, before an evaluation takes its minutes.

    Raises
    ------
    InputError
        Naming the place.
    """
    if out is not None and out.suffix.lower() in _OTHER_FORMS and not out.is_dir():
        raise InputError(f"{out}: the page is HTML; name a folder, or a file that ends in .html")
    for path in _places(out, json_file):
        standing = next(folder for folder in path.absolute().parents if folder.exists())
        if path.is_dir():
            raise InputError(f"{path}: is a folder; name a file")
        if not standing.is_dir():
            raise InputError(f"{standing}: is a file, not a folder; choose another place")
        if not os.access(standing, os.W_OK | os.X_OK):
            raise InputError(f"{standing}: cannot write here; choose another place, or mend its permissions")


def write_report(report: Report, out: Path | None, json_file: Path | None) -> list[Path]:
    """Write the page (`out`, or `out/report.html` where it is a folder, with the JSON beside it) and the JSON.

    Every file is there whole or not at all.
    """
    from antiphon.evaluation.report.page import page

    places, text = _places(out, json_file), report.json_text()
    shown = page(report) if out is not None else ""
    for number, path in enumerate(places):
        write_text(path, shown if out is not None and number == 0 else text)
    return places


_PAGES = (".html", ".htm")
_OTHER_FORMS = (".txt", ".md", ".pdf", ".json", ".csv", ".png", ".xml")


def _places(out: Path | None, json_file: Path | None) -> list[Path]:
    """The page and its JSON, then the JSON's own file."""
    places = []
    if out is not None:
        path = out if out.suffix.lower() in _PAGES else out / "report.html"
        places += [path, path.with_suffix(".json")]
    return places + ([json_file] if json_file is not None else [])


def _of_model(
    samples: str, reference: str | None, plan: Plan, size: tuple[int, int], say: Callable[[str], object]
) -> Report:
    from antiphon.commands.model_samples import (
        conditioned_bars,
        one_condition_section,
        open_model,
        takes_conditions,
        written_songs,
    )

    source = open_model(samples)
    place = reference or source.corpus
    held_against = open_reference(place, plan.seed) if place else None
    num, bars = size
    say(f"{source.model.name}: writing {num} songs of {bars} bars")
    made = written_songs(source.model, num, bars, plan.seed)
    conditioned, extra = None, []
    chosen = replace(plan, protocol=plan.protocol or source.protocol)
    if held_against is not None and takes_conditions(source.model) and "bars" in PROTOCOLS[chosen.protocol]:
        real, other = held_against.real, held_against.other
        # A small reference has no other songs, which is no reason to refuse it.
        taught = conditioned_bars(source.model, other, plan.seed + 1) if len(other) else other
        conditioned = (conditioned_bars(source.model, real, plan.seed), taught)
        extra.append(one_condition_section(source.model, real, made, plan.seed))
    report = evaluate(made, held_against, chosen, conditioned=conditioned, extra=extra, say=say)
    settings = {**report.settings, TRAINING: source.training, "songs": num, "bars": bars}
    return replace(report, training_curve=source.training_curve, settings=settings)
