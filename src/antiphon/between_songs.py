"""From seeds to songs between theirs, on a line of two or a grid of four, by what their songs are drawn from."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from antiphon.asked import Asked, check_kind, check_values
from antiphon.errors import InputError
from antiphon.music.score import Score
from antiphon.orders import check_abilities
from antiphon.playing import Band, chance_of
from antiphon.writers.bands import BandWriter
from antiphon.writers.blending import WAYS, Place, nearest

if TYPE_CHECKING:
    from antiphon.generate import Model

_MOST = 16
_SEEDS = re.compile(r"\d+:\d+(:\d+:\d+)?")
_STEPS = re.compile(r"(\d+)(?:\s*x\s*(\d+))?")
_LINE, _GRID = (5,), (3, 3)


@dataclass(frozen=True)
class Between:
    """Songs between those of seeds.

    Parameters
    ----------
    seeds
        Two, at the ends of a line; or four, at the corners of a grid: above left and right, below left and right.
    songs
        Rows of songs, a line's one row.
    """

    seeds: tuple[int, ...]
    songs: tuple[tuple[Score, ...], ...]


def songs_between(
    model: "Model", seeds: str | Sequence[int], steps: str | int | None = None, method: str = "slerp", **options: Any
) -> Between:
    """Songs between those of two seeds, or of four; at the ends these themselves.

    Parameters
    ----------
    model
        Of several tracks, see `antiphon.generate.load`.
    seeds
        "A:B" or "A:B:C:D", or as many numbers.
    steps
        Songs on the line, 5 by default; of the grid as "3x3", rows and columns.
    method
        "slerp": what songs are drawn from goes round the sphere, where all is as likely as the ends; "lerp": straight
        through it (`antiphon.writers.blending`).
    options
        As of `antiphon.generate.Model.generate`: bars, tempo, density, temperature, tracks, program, mute, sixteenths.

    Raises
    ------
    InputError
        If seeds or steps cannot be read, a value is unknown or out of range, or the model cannot do it.
    """
    ends = read_seeds(seeds)
    rows, columns = read_steps(steps, len(ends))
    if method not in WAYS:
        raise InputError(f"method {method!r}: choose one of {', '.join(WAYS)}")
    asked = Asked(**options)
    check_values(asked)
    check_abilities(model.name, model.writer, asked)
    if not isinstance(model.writer, BandWriter):
        raise InputError(
            f"interpolate: the model {model.name} writes no songs between others; band and musegan models do, so leave "
            "interpolate out or choose one of those"
        )
    if asked.key is not None:
        raise InputError("key: songs between others go from their key to another's; leave key or interpolate out")
    band = Band.of(model, asked)
    places = [_place(row, column, rows, columns, len(ends)) for row in range(rows) for column in range(columns)]
    songs = []
    for some in (places[begin : begin + columns] for begin in range(0, len(places), columns)):
        chances = [chance_of(seed) for seed in ends]
        written = band.writer.between(chances, some, WAYS[method], band.setting, asked.temperature)
        texts = [model.texts(_called(ends, place, method)) for place in some]
        songs.append(tuple(map(band.score, written, texts)))
    return Between(ends, tuple(songs))


def read_seeds(seeds: str | Sequence[int]) -> tuple[int, ...]:
    """Two or four seeds.

    Raises
    ------
    InputError
        If they are none, or out of range.
    """
    text = seeds if isinstance(seeds, str) else ":".join(map(str, seeds))
    if not _SEEDS.fullmatch(text.strip()):
        raise InputError(f"interpolate {seeds!r}: write two seeds such as 1:2, or four such as 1:2:3:4")
    numbers = tuple(int(part) for part in text.split(":"))
    for number in numbers:
        check_kind("seed", number)
        check_values(Asked(seed=number))
    return numbers


def read_steps(steps: str | int | None, num_seeds: int) -> tuple[int, int]:
    """Rows and columns.

    Raises
    ------
    InputError
        If they cannot be read, do not go with the number of seeds, or are too few or too many.
    """
    of_line = num_seeds == len(_LINE) + 1
    found = _STEPS.fullmatch(str(steps).strip()) if steps is not None else None
    wanted = tuple(int(part) for part in found.groups() if part) if found else ()
    sizes = (_LINE if of_line else _GRID) if steps is None else wanted
    if len(sizes) != (1 if of_line else 2) or not all(2 <= size <= _MOST for size in sizes):
        what = "two seeds have songs on a line, such as 5" if of_line else "four seeds have a grid, such as 3x3"
        raise InputError(f"steps {steps!r}: {what}, 2 to {_MOST} each way")
    return (1, sizes[0]) if of_line else (sizes[0], sizes[1])


def _place(row: int, column: int, rows: int, columns: int, num_seeds: int) -> Place:
    across, down = column / (columns - 1), row / max(rows - 1, 1)
    return (across,) if num_seeds == len(_LINE) + 1 else (across, down)


def _called(ends: tuple[int, ...], place: Place, method: str) -> int | str:
    """What a song's texts say of its seed."""
    if all(share in {0.0, 1.0} for share in place):
        return ends[nearest(place)]
    return f"{':'.join(map(str, ends))} at {', '.join(f'{share:.4g}' for share in np.array(place))} ({method})"
