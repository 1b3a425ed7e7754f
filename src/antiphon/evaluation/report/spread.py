"""One recipe over several trainings: the figures of many reports, with training seeds and sampling seeds told apart."""

from collections.abc import Sequence
from dataclasses import dataclass

from antiphon.errors import InputError
from antiphon.evaluation.report.report import Report
from antiphon.evaluation.report.wording import figure, label
from antiphon.evaluation.sets.seeds import SeedSpread, seed_spread

TRAINING = "training"
"""The key of a report's settings that names the training of the model that made the samples."""


@dataclass(frozen=True)
class SpreadRow:
    """A figure over trainings; see `antiphon.evaluation.sets.seeds.seed_spread`."""

    name: str
    unit: str
    spread: SeedSpread


def spread(reports: Sequence[Report], names: Sequence[str]) -> list[SpreadRow]:
    """The figures that all reports have, in the order of the first.

    Parameters
    ----------
    reports
        Reports on one recipe: several trainings, of each one report or more that differ in their sampling seed.
    names
        What each is called in a refusal.

    Raises
    ------
    InputError
        If a report is not of a model, or they were not measured alike.
    """
    first = _likeness(reports[0])
    for report, name in zip(reports, names, strict=True):
        if TRAINING not in report.settings:
            raise InputError(f"{name}: does not say which training made its samples; evaluate a model or a run")
        if _likeness(report) != first:
            raise InputError(
                f"{name}: was measured under another protocol, reference or setting than {names[0]}; evaluate all alike"
            )
    figures = [{row.name: row for section in report.sections for row in section.rows} for report in reports]
    trainings = [str(report.settings[TRAINING]) for report in reports]
    rows = []
    for name in figures[0]:
        if all(name in one for one in figures):
            values: dict[int, list[float]] = {}
            for training, one in zip(trainings, figures, strict=True):
                values.setdefault(trainings.index(training), []).append(one[name].made.value)
            rows.append(SpreadRow(name, figures[0][name].unit, seed_spread(values)))
    return rows


def spread_table(rows: Sequence[SpreadRow]) -> list[dict[str, str]]:
    """The rows as text."""
    return [
        {
            "figure": label(row.name),
            "mean": figure(row.spread.mean, row.unit),
            "95 % over trainings": f"{figure(row.spread.low, row.unit)} to {figure(row.spread.high, row.unit)}",
            "between trainings": figure(row.spread.training_spread, row.unit),
            "between samplings": figure(row.spread.sampling_spread, row.unit),
            "trainings": str(row.spread.num_training_seeds),
            "reports": str(row.spread.num_values),
        }
        for row in rows
    ]


def _likeness(report: Report) -> tuple[object, ...]:
    settings = {name: value for name, value in report.settings.items() if name != TRAINING}
    return report.protocol, report.reference.name if report.reference else None, sorted(settings.items(), key=str)
