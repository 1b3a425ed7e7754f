"""The whole of `antiphon spread`: several reports' JSON to one table over trainings."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from antiphon.errors import InputError
from antiphon.evaluation.report.report import Report, from_json
from antiphon.evaluation.report.spread import SpreadRow, spread

FEWEST = 2


def spread_reports(files: Sequence[Path]) -> list[SpreadRow]:
    """Read reports and tell what training and sampling do to their figures.

    Raises
    ------
    InputError
        If there are fewer than two, one is no report, or they were not measured alike.
    """
    if len(files) < FEWEST:
        raise InputError("reports: name two or more JSON files of `antiphon evaluate ... --json FILE`")
    return spread([_read(file) for file in files], [str(file) for file in files])


def plain(rows: Sequence[SpreadRow]) -> list[dict[str, Any]]:
    """The rows for JSON; NaN is null."""
    return [
        {"name": row.name, "unit": row.unit}
        | {name: None if math.isnan(value) else value for name, value in asdict(row.spread).items()}
        for row in rows
    ]


def _read(file: Path) -> Report:
    try:
        return from_json(file.read_text())
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}); check the name") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{file}: is no report; make one with `antiphon evaluate ... --json FILE`") from None
