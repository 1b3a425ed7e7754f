"""Songs between songs as MIDI files and one picture of them all, and the line that tells of them."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from antiphon.asked import Asked
from antiphon.codecs.phrases import PhraseRolls
from antiphon.codecs.strokes import fill, strokes_of
from antiphon.commands.checks import check_order
from antiphon.commands.song_files import renderer
from antiphon.files import write_together
from antiphon.io.roll_pictures import Pixels, coloured, tiled, write_pixels
from antiphon.music.score import Score

if TYPE_CHECKING:
    from antiphon.between_songs import Between


def write_between(
    model: str, out: Path, *, seeds: str, steps: str | None, method: str, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the songs between those of two seeds as `MODEL-A-B-1.mid` and so on, or of four as
    `MODEL-A-B-C-D-ROW-COLUMN.mid`, and all of them as one picture, `MODEL-A-B.png`; return plain facts.

    Parameters
    ----------
    seeds, steps, method, options
        As of `antiphon.between_songs.songs_between`.

    Raises
    ------
    InputError
        As there, or if a file cannot be written.
    """
    check_order(model, Asked(**options))

    from antiphon.generate import load

    opened = load(model)
    done = opened.between(seeds, steps, method, **options)
    assert isinstance(opened.codec, PhraseRolls)
    stem = out / f"{Path(model).stem}-{'-'.join(map(str, done.seeds))}"
    songs = dict(_named(stem, done))
    picture = f"{stem}.png"
    write_together(
        {path: renderer(score, "mid") for path, score in songs.items()}
        | {picture: partial(write_pixels, _picture(opened.codec, done))}
    )
    shape = [len(done.songs), len(done.songs[0])]
    notes = [score.num_notes for score in songs.values()]
    return {"seeds": list(done.seeds), "method": method, "shape": shape, "notes": notes, "files": [*songs, picture]}


def describe(facts: Mapping[str, Any]) -> str:
    """The facts of songs between songs as a line."""
    rows, columns = facts["shape"]
    what = f"{columns} songs" if rows == 1 else f"{rows} x {columns} songs"
    seeds = ":".join(map(str, facts["seeds"]))
    few, many = min(facts["notes"]), max(facts["notes"])
    return f"{facts['files'][-1]}: {what} between seeds {seeds} ({facts['method']}), {few} to {many} notes"


def _named(stem: Path, done: "Between") -> Iterator[tuple[str, Score]]:
    for row, songs in enumerate(done.songs):
        for column, score in enumerate(songs):
            place = f"{column + 1}" if len(done.songs) == 1 else f"{row + 1}-{column + 1}"
            yield f"{stem}-{place}.mid", score


def _picture(codec: PhraseRolls, done: "Between") -> Pixels:
    """All songs in their places."""
    grid = len(done.songs) > 1
    num_bars = max(len(score.bars()) - 1 for row in done.songs for score in row)
    parts = [track.name.lower() for track in done.songs[0][0].tracks]
    pictures = [[coloured(_cells(codec, score, num_bars), parts) for score in row] for row in done.songs]
    names = [[_called(done, row, column, grid) for column in range(len(songs))] for row, songs in enumerate(pictures)]
    return tiled(pictures, names, bars=num_bars, tracks=parts)


def _called(done: "Between", row: int, column: int, grid: bool) -> str:
    """The seed of a song that is an end; of the others where they lie."""
    down, across = row / max(len(done.songs) - 1, 1), column / (len(done.songs[0]) - 1)
    if down in {0, 1} and across in {0, 1}:
        return f"seed {done.seeds[int(2 * down + across)]}"
    return f"{across:.2f}, {down:.2f}" if grid else f"{across:.2f}"


def _cells(codec: PhraseRolls, score: Score, num_bars: int) -> NDArray[np.bool_]:
    """What sounds (K, B, T, P) of a song in so many bars."""
    cells = np.zeros((2, 1, len(score.tracks), num_bars, *codec.shape[2:]), bool)
    strokes = strokes_of(score, range(len(score.tracks)), codec.grid)
    fill(cells[0], cells[1], strokes, np.zeros(1, np.int64))
    song: NDArray[np.bool_] = cells[0, 0]
    return song
