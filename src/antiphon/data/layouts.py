"""Read what a folder of music says of itself: MAESTRO, Groove, OpenScore, GiantMIDI, or just files."""

import csv
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from antiphon.data.collections import recognised
from antiphon.data.lakh import lakh
from antiphon.data.listing import (
    SUFFIXES,
    Item,
    Listing,
    file_name,
    id_of,
    mostly,
    plain,
    stem_of,
    unique,
)
from antiphon.data.manifest import Rejection, Split
from antiphon.data.split import title_key
from antiphon.errors import InputError

PUBLISHED_SPLITS: dict[str, Split] = {"train": "train", "validation": "valid", "valid": "valid", "test": "test"}


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
            f"{folder}: no MIDI file or lead sheet (.mid, .midi, .kar, .mxl, .musicxml) and no piano roll (.npz) in "
            "it; name another"
        )
    if listing := recognised(folder, files):
        return listing
    folder = _trunk(folder, files)
    for read in LAYOUTS:
        listing = read(folder, files)
        if listing:
            return listing
    return plain(folder, files)


def _files(folder: Path) -> list[Path]:
    found = []
    try:
        for root, folders, names in os.walk(folder, onerror=_raise):
            folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
            # Names that begin with a dot are the resource forks of another system, not music.
            wanted = [n for n in names if not n.startswith(".") and n.lower().endswith(SUFFIXES)]
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
    if not mostly(files, r"(lc|sq)\d+"):
        return None
    items = []
    for path in files:
        name = file_name(folder, path)
        stem = stem_of(name)
        parts = name.split("/")[:-1][-3 if stem.startswith("lc") else -2 :]
        shown = [part.replace("_", " ").strip() for part in parts]
        key = f"{title_key(parts[0])}: {title_key(parts[-1])}" if parts else stem
        items.append(Item(path, name, stem, ": ".join(part for part in shown if part) or stem, (key,)))
    known = "lieder" if files[0].stem.startswith("lc") else "quartets"
    return Listing("openscore", unique(tuple(items)), known=known)


RECORDING = re.compile(
    r"(?P<work>.+?)[_ ,]+(?P<id>[A-Za-z0-9_-]{11})(?P<part>(_(cut|midi|mov|no|part\d*|[a-z]|\d+))*)", re.DOTALL
)
CATALOGUE = re.compile(r"\b(bwv|hwv|hob|woo|op|kv?|d|s|rv|l)[ .]*((?:[ivxl]+[ :]+)?\d+)\b")


def _giantmidi(folder: Path, files: Sequence[Path]) -> Listing | None:
    """GiantMIDI-Piano: composer, title and the 11 letters of a video in each name; files of one video or of one work
    are one group."""
    matches = [RECORDING.fullmatch(stem_of(file_name(folder, path))) for path in files]
    telling = [match for match in matches if match and re.search(r"[a-z][A-Z0-9]|[0-9][A-Za-z]", match["id"])]
    if len(telling) < 0.8 * len(files):
        return None
    items = []
    for path, match in zip(files, matches, strict=True):
        name = file_name(folder, path)
        title = re.sub(r"[_ ]+", " ", stem_of(name))
        keys = (f"video {match['id']}", _work(match["work"])) if match else (title_key(title),)
        items.append(Item(path, name, id_of(name), title, keys))
    return Listing("giantmidi", unique(tuple(items)))


def _work(text: str) -> str:
    """Composer and catalogue number where there is one, else the whole title."""
    plain = title_key(text)
    number = CATALOGUE.search(re.sub(r"([a-z])(\d)", r"\1 \2", plain))
    return f"{plain.split()[0]} {number[1]} {number[2]}" if number else plain


LAYOUTS: tuple[Callable[[Path, Sequence[Path]], Listing | None], ...] = (
    _maestro,
    _groove,
    _openscore,
    _giantmidi,
    lakh,
)
"""In the order in which they are tried; `plain` takes what is left."""


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
    return Item(path, name, id_of(name), title, (key,), PUBLISHED_SPLITS[row["split"]])


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
    return Listing(layout, unique(ordered), tuple(aside), (table,), known=layout)
