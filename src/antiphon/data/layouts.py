"""Read what a folder of music says of itself: MAESTRO, Groove, OpenScore, GiantMIDI, or just files."""

import csv
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from antiphon.data.manifest import Rejection, Split
from antiphon.data.split import title_key
from antiphon.errors import InputError

MIDI_SUFFIXES = (".mid", ".midi", ".kar")
LEAD_SHEET_SUFFIXES = (".mxl", ".musicxml")
PUBLISHED_SPLITS: dict[str, Split] = {"train": "train", "validation": "valid", "valid": "valid", "test": "test"}


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


def survey(folder: Path) -> Listing:
    """List a folder by the first layout that recognises it.

    Raises
    ------
    InputError
        If there is no MIDI file and no lead sheet in it, or a layout's csv is damaged.
    """
    files = _files(folder)
    if not files:
        raise InputError(
            f"{folder}: no MIDI file or lead sheet (.mid, .midi, .kar, .mxl, .musicxml) in it; name another"
        )
    folder = _trunk(folder, files)
    for read in LAYOUTS:
        listing = read(folder, files)
        if listing:
            return listing
    return _bare(folder, files)


def file_name(folder: Path, path: Path) -> str:
    """A file's name within its folder, with forward slashes, as `readable`."""
    # Text alone: pathlib's own way takes as long as all else that is done to list a file.
    return readable(str(path).removeprefix(str(folder)).lstrip(os.sep).replace(os.sep, "/"))


def readable(name: str) -> str:
    """A name of the file system as text that can be stored: bytes that are not UTF-8 are written as escapes."""
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")


def _files(folder: Path) -> list[Path]:
    found = []
    try:
        for root, folders, names in os.walk(folder, onerror=_raise):
            folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
            # Names that begin with a dot are the resource forks of another system, not music.
            wanted = [
                n for n in names if not n.startswith(".") and n.lower().endswith(MIDI_SUFFIXES + LEAD_SHEET_SUFFIXES)
            ]
            found += [path for path in (Path(root) / name for name in wanted) if path.is_file()]
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read ({error.strerror}); check its permissions") from None
    return sorted(found, key=lambda path: file_name(folder, path))


def _trunk(folder: Path, files: Sequence[Path]) -> Path:
    """The folder below which things branch: ids are the same for a data set and for a folder that holds it alone."""
    while not any(path.parent == folder for path in files) and not any(folder.glob("*.csv")):
        if len(below := _folders(folder)) != 1:
            break
        folder = below[0]
    return folder


def _raise(error: OSError) -> None:
    raise error


def _maestro(folder: Path, files: Sequence[Path]) -> Listing | None:
    """MAESTRO: a csv beside the years' folders with composer, title and split of each recording."""
    table = next((path for root in (folder, *_folders(folder)) for path in sorted(root.glob("maestro-v*.csv"))), None)
    if table is None:
        return None
    names = ("canonical_composer", "canonical_title", "split", "midi_filename")
    items = []
    for row in _rows(table, names):
        title = f"{row['canonical_composer']}: {row['canonical_title']}"
        items.append(_listed(folder, table, row, title, title_key(title)))
    return _checked("maestro", folder, files, items, table)


def _groove(folder: Path, files: Sequence[Path]) -> Listing | None:
    """Groove: info.csv with drummer, style, tempo and split; played to a click, so beats are known."""
    for root in (folder, *_folders(folder)):
        table = root / "info.csv"
        if table.is_file():
            rows = _rows(table, ("id", "style", "bpm", "beat_type", "split", "midi_filename"))
            items = [replace(_listed(folder, table, row, _pattern(row), row["id"]), beats_known=True) for row in rows]
            return _checked("groove", folder, files, items, table)
    return None


def _pattern(row: dict[str, str]) -> str:
    return f"{row['style']} {row['beat_type']} at {row['bpm']}"


def _openscore(folder: Path, files: Sequence[Path]) -> Listing | None:
    """OpenScore: composer/set/title/lc123.mid or composer/title/sq123.mid; one composer's one title is one group."""
    if not _mostly(files, r"(lc|sq)\d+"):
        return None
    items = []
    for path in files:
        name = file_name(folder, path)
        stem = _stem(name)
        parts = name.split("/")[:-1][-3 if stem.startswith("lc") else -2 :]
        shown = [part.replace("_", " ").strip() for part in parts]
        key = f"{title_key(parts[0])}: {title_key(parts[-1])}" if parts else stem
        items.append(Item(path, name, stem, ": ".join(part for part in shown if part) or stem, (key,)))
    known = "lieder" if files[0].stem.startswith("lc") else "quartets"
    return Listing("openscore", _unique(tuple(items)), known=known)


RECORDING = re.compile(
    r"(?P<work>.+?)[_ ,]+(?P<id>[A-Za-z0-9_-]{11})(?P<part>(_(cut|midi|mov|no|part\d*|[a-z]|\d+))*)", re.DOTALL
)
CATALOGUE = re.compile(r"\b(bwv|hwv|hob|woo|op|kv?|d|s|rv|l)[ .]*((?:[ivxl]+[ :]+)?\d+)\b")


def _giantmidi(folder: Path, files: Sequence[Path]) -> Listing | None:
    """GiantMIDI-Piano: composer, title and the 11 letters of a video in each name; files of one video or of one work
    are one group."""
    matches = [RECORDING.fullmatch(_stem(file_name(folder, path))) for path in files]
    telling = [match for match in matches if match and re.search(r"[a-z][A-Z0-9]|[0-9][A-Za-z]", match["id"])]
    if len(telling) < 0.8 * len(files):
        return None
    items = []
    for path, match in zip(files, matches, strict=True):
        name = file_name(folder, path)
        title = re.sub(r"[_ ]+", " ", _stem(name))
        keys = (f"video {match['id']}", _work(match["work"])) if match else (title_key(title),)
        items.append(Item(path, name, _id(name), title, keys))
    return Listing("giantmidi", _unique(tuple(items)))


def _work(text: str) -> str:
    """Composer and catalogue number where there is one, else the whole title."""
    plain = title_key(text)
    number = CATALOGUE.search(re.sub(r"([a-z])(\d)", r"\1 \2", plain))
    return f"{plain.split()[0]} {number[1]} {number[2]}" if number else plain


def _bare(folder: Path, files: Sequence[Path]) -> Listing:
    """Any folder: files that bear one name, or differ in a copy's number, are one group wherever they lie.

    A lead sheet goes before the MIDI file of its name: it has the chords.
    """
    sheets = {path.stem for path in files if path.suffix.lower() in LEAD_SHEET_SUFFIXES}
    aside, items = [], []
    for path in files:
        name = file_name(folder, path)
        if path.stem in sheets and path.suffix.lower() in MIDI_SUFFIXES:
            aside.append(Rejection(file=name, kind="twin", reason="the same song is here as a lead sheet, with chords"))
            continue
        items.append(Item(path, name, _id(name), _stem(name).replace("_", " "), _copies(name)))
    return Listing("bare", _unique(tuple(items)), tuple(aside))


def _copies(name: str) -> tuple[str, ...]:
    """The file's own name, and what it has in common with others of its name; "01" or "a" says nothing of the music."""
    own = _id(name)
    stem = re.sub(r"( ?\(\d+\)|\.\d+|[ _-]copy|[ _-]v\d+)*$", "", _stem(name), flags=re.IGNORECASE)
    title = title_key(stem)
    return (own, f"title {title}") if re.search(r"[^\W\d]{3}", title) else (own, f"{own.rpartition('/')[0]}/{stem}")


LAYOUTS: tuple[Callable[[Path, Sequence[Path]], Listing | None], ...] = (_maestro, _groove, _openscore, _giantmidi)
"""In the order in which they are tried; `_bare` takes what is left."""


def _folders(folder: Path) -> list[Path]:
    # Archives hold everything in one folder, so a layout's csv may lie one level down.
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _rows(table: Path, names: Sequence[str]) -> list[dict[str, str]]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{table}: cannot be read ({error}); fetch the data set again") from None
    for number, row in enumerate(rows, start=2):
        missing = [name for name in names if not row.get(name)]
        if missing:
            raise InputError(f"{table}: line {number} has no {missing[0]}; fetch the data set again")
        if row["split"] not in PUBLISHED_SPLITS:
            raise InputError(f"{table}: line {number}: split {row['split']!r} is not train, validation or test")
    return rows


def _listed(folder: Path, table: Path, row: dict[str, str], title: str, key: str) -> Item:
    path = table.parent / row["midi_filename"]
    if ".." in Path(row["midi_filename"]).parts or Path(row["midi_filename"]).is_absolute():
        raise InputError(f"{table}: {row['midi_filename']!r} leads out of the folder; fetch the data set again")
    name = file_name(folder, path)
    return Item(path, name, _id(name), title, (key,), PUBLISHED_SPLITS[row["split"]])


def _checked(layout: str, folder: Path, files: Sequence[Path], items: list[Item], table: Path) -> Listing:
    present, listed = set(files), {item.path for item in items}
    aside = [
        Rejection(file=item.file, kind="missing", reason=f"named in {table.name}, but there is no such file")
        for item in items
        if item.path not in present
    ]
    aside += [
        Rejection(file=file_name(folder, path), kind="unlisted", reason=f"not named in {table.name}")
        for path in files
        if path not in listed
    ]
    there = {item.path: item for item in items if item.path in present}
    ordered = tuple(sorted(there.values(), key=lambda item: item.file))
    return Listing(layout, _unique(ordered), tuple(aside), (table,), known=layout)


def _mostly(files: Sequence[Path], pattern: str) -> bool:
    return sum(bool(re.fullmatch(pattern, path.stem)) for path in files) >= 0.8 * len(files)


def _id(name: str) -> str:
    return name.rpartition(".")[0]


def _stem(name: str) -> str:
    return _id(name).rpartition("/")[2]


def _unique(items: tuple[Item, ...]) -> tuple[Item, ...]:
    counts: dict[str, int] = {}
    for item in items:
        counts[item.id] = counts.get(item.id, 0) + 1
    return tuple(item if counts[item.id] == 1 else replace(item, id=item.file) for item in items)
