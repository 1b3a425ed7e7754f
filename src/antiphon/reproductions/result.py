"""What a reproduction is asked, and what it gives: published values beside ours."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Scale = Literal["toy", "cpu", "paper"]


@dataclass(frozen=True)
class Asked:
    """How a reproduction shall run.

    Parameters
    ----------
    scale
        "toy": seconds; "cpu": minutes of one core; "paper": the published size.
    seed
        All chance follows from it.
    corpus
        A corpus folder or name, instead of the recipe's own music.
    out
        Folder for pictures.
    say
        Takes sentences about what is being done.
    runs
        A folder of finished runs, each under its preset's name, that are shown instead of being trained anew.
    """

    scale: Scale
    seed: int
    corpus: str | None
    out: Path
    say: Callable[[str], object]
    runs: Path | None = None


@dataclass(frozen=True)
class Line:
    """A published value beside ours.

    Parameters
    ----------
    row, column
        Where it stands in the published table or figure.
    paper
        As printed; None where nothing is printed.
    ours
        By the same definition as far as it is known; None where it was not made.
    true
        By the right definition, where that is another one; NaN where it is undefined.
    remark
        What keeps the two from being compared, if anything.
    low, high
        Ends of a 95 % interval of ours, over songs or, where models were trained, over training seeds.
    """

    row: str
    column: str
    paper: float | str | None
    ours: float | str | None
    true: float | str | None = None
    remark: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Reproduction:
    """What came of it.

    Parameters
    ----------
    lines
        In the published order.
    made_of
        The music or numbers that ours are made of.
    sentences
        What a reader must know to read the lines.
    pictures
        Files written.
    """

    lines: tuple[Line, ...]
    made_of: str
    sentences: tuple[str, ...] = ()
    pictures: tuple[Path, ...] = field(default=())
