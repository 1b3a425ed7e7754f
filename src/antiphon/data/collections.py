"""Collections that are recognised by what lies beside their music: a licence, a table, a note of their makers."""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from antiphon.data.listing import LEAD_SHEET_SUFFIXES, Listing, file_name, mostly, plain
from antiphon.data.manifest import Reason, Rejection

MARKER_FILES = ("license", "license.md", "readme", "readme.md", "copyright", "copying.adoc", "instruments.json")
MARKER_SUFFIX = ".rdf"
"""Of the record that Mutopia keeps beside each piece."""

Copies = dict[Path, tuple[Reason, str]]

_MAX_BYTES = 1 << 20
_NUM_RECORDS = 12


def is_marker(name: str) -> bool:
    """Whether a member of an archive may tell which collection it is."""
    last = name.lower().rpartition("/")[2]
    return last in MARKER_FILES or last.endswith(MARKER_SUFFIX)


def recognised(folder: Path, files: Sequence[Path]) -> Listing | None:
    """The listing of the first collection that the files and what lies beside them, from `folder` down, give away.

    Ids count from the deepest folder that holds all the music: they are the same whatever lies around it.
    """
    root = Path(os.path.commonpath({path.parent for path in files}))
    return next((listing for read in COLLECTIONS if (listing := read(folder, root, files))), None)


def _nottingham(folder: Path, root: Path, files: Sequence[Path]) -> Listing | None:
    """Nottingham, cleaned by Jukedeck: tunes, and the same tunes again as `melody/` and `chords/` alone."""
    whole = {path.name for path in files if path.parent == root}
    parts = {name: [path for path in files if path.parent == root / name] for name in ("melody", "chords")}
    if not whole or any(len(whole & {path.name for path in part}) < 0.8 * len(whole) for part in parts.values()):
        return None
    copies: Copies = {
        path: ("subset", f"the {name} alone of {path.name}")
        for name, part in parts.items()
        for path in part
        if path.name in whole
    }
    made = _says(folder, root, ("readme.md",), "Nottingham Music Database")
    return _without(root, files, copies, "nottingham", "nottingham" if made else "")


def _pop909(folder: Path, root: Path, files: Sequence[Path]) -> Listing | None:
    """POP909: 001/001.mid and on, some with earlier versions below 001/versions."""
    songs = {path.parent for path in files if re.fullmatch(r"\d{3}", path.stem) and path.parent.name == path.stem}
    older = [path for path in files if path.parent.name == "versions" and path.parent.parent in songs]
    if len(songs) + len(older) < 0.8 * len(files):
        return None
    made = _says(folder, root, ("license",), "Music X Lab") or _says(folder, root, ("readme.md",), "POP909 Dataset")
    if not made:
        return None
    copies: Copies = {path: ("twin", f"another version of {path.parent.parent.name}.mid") for path in older}
    return _without(root, files, copies, "pop909", "pop909")


def _piano_midi(folder: Path, root: Path, files: Sequence[Path]) -> Listing | None:
    """piano-midi.de as it is collected with a metadata.csv, which names the files."""
    if not _says(folder, root, ("copyright", "readme.md"), "piano-midi.de"):
        return None
    named = re.findall(r"[^,/]+\.midi?(?=,|$)", "\n".join(_texts(folder, root, ("metadata.csv",))), re.MULTILINE)
    told = len({path.name for path in files} & set(named)) >= 0.8 * len(files)
    return plain(root, files, "piano-midi", "piano-midi") if told else None


def _freedoom(folder: Path, root: Path, files: Sequence[Path]) -> Listing | None:
    """Freedoom's music: named as the game asks for it, with the project's licence or note beside it."""
    made = _says(folder, root, ("copying.adoc",), "Freedoom project") or _says(
        folder, root, ("readme",), "Freedoom: Phase 1 music"
    )
    return plain(root, files, "freedoom", "freedoom") if made and mostly(files, r"(?i)d_\w+|dummy") else None


def _leadsheets(folder: Path, root: Path, files: Sequence[Path]) -> Listing | None:
    """OpenEWLD: lead sheets, at times with MIDI files of the same songs."""
    sheets = sum(path.suffix.lower() in LEAD_SHEET_SUFFIXES for path in files)
    headed = any(re.match(r"#[^\n]*\bOpenEWLD\b", text) for text in _texts(folder, root, ("readme.md",)))
    return plain(root, files, "openewld", "leadsheets") if headed and sheets >= 0.4 * len(files) else None


def _mutopia(folder: Path, root: Path, files: Sequence[Path]) -> Listing | None:
    """Mutopia: composer/opus/piece with a record (.rdf) beside each, or one folder of composer__opus__piece with the
    instruments of each in instruments.json."""
    if _has_records(files) or _has_instruments(folder, root, files):
        return plain(root, files, "mutopia", "mutopia")
    return None


COLLECTIONS: tuple[Callable[[Path, Path, Sequence[Path]], Listing | None], ...] = (
    _nottingham,
    _pop909,
    _piano_midi,
    _freedoom,
    _leadsheets,
    _mutopia,
)
"""Each takes the source's folder, the deepest one that holds all the music, and the music's files."""


def _has_records(files: Sequence[Path]) -> bool:
    some = files[:: max(1, len(files) // _NUM_RECORDS)]
    texts = [[_text(record) for record in path.parent.glob(f"*{MARKER_SUFFIX}")] for path in some]
    return all(any("mutopiaproject.org" in text for text in found) for found in texts)


def _has_instruments(folder: Path, root: Path, files: Sequence[Path]) -> bool:
    if not mostly(files, r"\w+__.+__.+"):
        return False
    stems = {path.stem for path in files}
    for text in _texts(folder, root, ("instruments.json",)):
        try:
            told = set(json.loads(text))
        except (ValueError, TypeError, RecursionError):
            continue
        if told and len(told & stems) >= 0.8 * len(told):
            return True
    return False


def _without(root: Path, files: Sequence[Path], copies: Copies, layout: str, known: str) -> Listing:
    listing = plain(root, [path for path in files if path not in copies], layout, known)
    aside = tuple(
        Rejection(file=file_name(root, path), kind=kind, reason=reason) for path, (kind, reason) in copies.items()
    )
    return replace(listing, aside=listing.aside + aside)


def _says(folder: Path, root: Path, names: Iterable[str], words: str) -> bool:
    return any(words in text for text in _texts(folder, root, names))


def _texts(folder: Path, root: Path, names: Iterable[str]) -> Iterator[str]:
    """Texts of the files of these names in every folder from the source's own down to that of the music."""
    wanted = set(names)
    below = root.relative_to(folder).parts if root.is_relative_to(folder) else ()
    for depth in range(len(below) + 1):
        here = folder.joinpath(*below[:depth])
        for path in sorted(here.iterdir()):
            if path.name.lower() in wanted and path.is_file():
                yield _text(path)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(_MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
