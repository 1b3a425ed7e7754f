"""Continuations as files, and the line that tells of each."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from antiphon.asked import Asked
from antiphon.commands import song_files
from antiphon.commands.checks import check_order


def write_continuations(
    song: Path, model: str, out: Path, *, only_new: bool, **options: Any
) -> Iterator[dict[str, Any]]:
    """Write `SONG-continued-MODEL-SEED.mid`, `.wav` and `.png` of each continuation; yield the facts of each.

    Parameters
    ----------
    only_new, options
        As of `antiphon.continuing.continue_song`; those who use the command line have given all of them.

    Raises
    ------
    InputError
        As there, or if a file cannot be written.
    """
    check_order(model, Asked(**options, first=song))

    from antiphon.generate import load

    continued = load(model).continue_song(song, only_new=only_new, **options)
    name = f"{song.stem}-{'continuation' if only_new else 'continued'}-{Path(model).stem}"
    new_bar = None if only_new else continued.bar
    for fact in song_files.write_songs(continued.songs, out, name, options["seed"], new_bar=new_bar):
        yield {**fact, "continued_bars": options["bars"], "from_bar": continued.bar, "heard": continued.heard}


def describe(fact: Mapping[str, Any]) -> str:
    """The facts of a continuation as a line."""
    begins = f"{song_files.counted(fact['continued_bars'], 'bar')} from bar {fact['from_bar']} on"
    return f"{song_files.describe(fact)}; {fact['heard']}, {begins}"
