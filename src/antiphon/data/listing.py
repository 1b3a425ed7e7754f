"""What was found in a source: the files that may become songs, their names and titles."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from antiphon.data.manifest import Rejection, Split
from antiphon.data.split import title_key

MIDI_SUFFIXES = (".mid", ".midi", ".kar")
LEAD_SHEET_SUFFIXES = (".mxl", ".musicxml")
ROLL_SUFFIXES = (".npz",)
SUFFIXES = MIDI_SUFFIXES + LEAD_SHEET_SUFFIXES + ROLL_SUFFIXES
"""Of the files that may become songs."""


@dataclass(frozen=True)
class Item:
    """A file that may become a song.

    Parameters
    ----------
    path, file
        Where it lies, and its name within the source.
    id, title
        Unique within the source; for people.
    keys
        Names of the works and recordings in it: songs with a common one share a split.
    split
        The source's published one, if any.
    beats_known
        Whether the source vouches that ticks follow the beat.
    """

    path: Path
    file: str
    id: str
    title: str
    keys: tuple[str, ...]
    split: Split | None = None
    beats_known: bool = False


@dataclass(frozen=True)
class Listing:
    """What was found in a source.

    Parameters
    ----------
    layout
        The reader that recognised it.
    items, aside
        Songs to be, and files set aside.
    tables
        The csv files that told of them.
    known
        The corpus of `antiphon.data.sources` that this must be, if the layout leaves no doubt.
    """

    layout: str
    items: tuple[Item, ...]
    aside: tuple[Rejection, ...] = ()
    tables: tuple[Path, ...] = ()
    known: str = ""


def file_name(folder: Path, path: Path) -> str:
    """A file's name within its folder, with forward slashes, as `readable`."""
    # Text alone: pathlib's own way takes as long as all else that is done to list a file.
    return readable(str(path).removeprefix(str(folder)).lstrip(os.sep).replace(os.sep, "/"))


def readable(name: str) -> str:
    """A name of the file system as text that can be stored: bytes that are not UTF-8 are written as escapes."""
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")


def plain(folder: Path, files: Sequence[Path], layout: str = "bare", known: str = "") -> Listing:
    """Any files: files that bear one name, or differ in a copy's number, are one group wherever they lie.

    A lead sheet goes before the MIDI file of its name: it has the chords.
    """
    sheets = {path.stem for path in files if path.suffix.lower() in LEAD_SHEET_SUFFIXES}
    aside, items = [], []
    for path in files:
        name = file_name(folder, path)
        if path.stem in sheets and path.suffix.lower() in MIDI_SUFFIXES:
            aside.append(Rejection(file=name, kind="twin", reason="the same song is here as a lead sheet, with chords"))
            continue
        items.append(Item(path, name, id_of(name), stem_of(name).replace("_", " "), _copies(name)))
    return Listing(layout, unique(tuple(items)), tuple(aside), known=known)


def _copies(name: str) -> tuple[str, ...]:
    """The file's own name, and what it has in common with others of its name; "01" or "a" says nothing of the music."""
    own = id_of(name)
    stem = re.sub(r"( ?\(\d+\)|\.\d+|[ _-]copy|[ _-]v\d+)*$", "", stem_of(name), flags=re.IGNORECASE)
    title = title_key(stem)
    return (own, f"title {title}") if re.search(r"[^\W\d]{3}", title) else (own, f"{own.rpartition('/')[0]}/{stem}")


def mostly(files: Sequence[Path], pattern: str) -> bool:
    """Whether the stems of four fifths of the files, or more, have a form."""
    return sum(bool(re.fullmatch(pattern, path.stem)) for path in files) >= 0.8 * len(files)


def id_of(name: str) -> str:
    """A file's name without its suffix."""
    return name.rpartition(".")[0]


def stem_of(name: str) -> str:
    """The last part of a file's name, without its suffix."""
    return id_of(name).rpartition("/")[2]


def unique(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Items whose ids are unique: where two share one, it is their whole names."""
    counts: dict[str, int] = {}
    for item in items:
        counts[item.id] = counts.get(item.id, 0) + 1
    return tuple(item if counts[item.id] == 1 else replace(item, id=item.file) for item in items)
