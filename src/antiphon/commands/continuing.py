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

    from antiphon.continuing import BARS
    from antiphon.generate import load
    from antiphon.performing import MORE_SECONDS

    continued = load(model).continue_song(song, only_new=only_new, **options)
    name = f"{song.stem}-{'continuation' if only_new else 'continued'}-{Path(model).stem}"
    if continued.bar is None:
        told = {"continued_seconds": options["seconds"] or MORE_SECONDS, "from_seconds": continued.begin_seconds}
    else:
        told = {"continued_bars": options["bars"] or BARS, "from_bar": continued.bar}
    new, has_bars = None if only_new else continued.tick, continued.bar is not None
    for fact in song_files.write_songs(continued.songs, out, name, options["seed"], new=new, has_bars=has_bars):
        yield {**fact, **told, "heard": continued.heard}


def describe(fact: Mapping[str, Any]) -> str:
    """The facts of a continuation as a line."""
    if "from_bar" in fact:
        begins = f"{song_files.counted(fact['continued_bars'], 'bar')} from bar {fact['from_bar']} on"
    else:
        begins = f"{fact['continued_seconds']:g} s from second {fact['from_seconds']:g} on"
    return f"{song_files.describe(fact)}; {fact['heard']}, {begins}"
