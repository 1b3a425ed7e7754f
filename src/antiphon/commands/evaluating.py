"""The whole of `antiphon evaluate`: samples from anywhere, or of a model, to a report as text, JSON and a page."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from antiphon.errors import InputError
from antiphon.evaluation.parts import PROTOCOLS
from antiphon.evaluation.report import Report
from antiphon.evaluation.sides import open_reference
from antiphon.evaluation.songs import open_songs
from antiphon.evaluation.suite import Plan, evaluate
from antiphon.files import write_text


def evaluate_samples(
    samples: str,
    *,
    reference: str | None = None,
    protocol: str | None = None,
    plan: Plan,
    num: int = 64,
    bars: int = 32,
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
        How many songs a model writes, and how long.
    say
        Takes sentences about what is being done.

    Raises
    ------
    InputError
        As `evaluate`, `open_songs` and `antiphon.generate.load`.
    """
    from antiphon.commands.model_samples import is_model

    if protocol is not None and protocol not in PROTOCOLS:
        raise InputError(f"protocol {protocol!r}: choose one of {', '.join(PROTOCOLS)}")
    if is_model(samples):
        return _of_model(samples, reference, replace(plan, protocol=protocol or ""), (num, bars), say)
    made = open_songs(samples)
    chosen = protocol or ("musegan" if made.kind == "rolls" else "all")
    held_against = open_reference(reference, plan.seed) if reference else None
    return evaluate(made, held_against, replace(plan, protocol=chosen), say=say)


def write_report(report: Report, out: Path | None, json_file: Path | None) -> list[Path]:
    """Write the page (`out`, or `out/report.html` where it is a folder, with the JSON beside it) and the JSON.

    Every file is there whole or not at all.
    """
    from antiphon.evaluation.page import page

    written = []
    if out is not None:
        path = out if out.suffix.lower() in (".html", ".htm") else out / "report.html"
        write_text(path, page(report))
        write_text(path.with_suffix(".json"), report.json_text())
        written += [path, path.with_suffix(".json")]
    if json_file is not None:
        write_text(json_file, report.json_text())
        written.append(json_file)
    return written


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
    if held_against is not None and takes_conditions(source.model):
        conditioned = (
            conditioned_bars(source.model, held_against.real, plan.seed),
            conditioned_bars(source.model, held_against.other, plan.seed + 1),
        )
        extra.append(one_condition_section(source.model, held_against.real, made, plan.seed))
    chosen = replace(plan, protocol=plan.protocol or source.protocol)
    report = evaluate(made, held_against, chosen, conditioned=conditioned, extra=extra, say=say)
    return replace(report, training_curve=source.training_curve)
