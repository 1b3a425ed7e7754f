"""From one file to one packed, judged song: the pure function that the processes of `prepare` run."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from antiphon.data.judge import content_key, fault, flags
from antiphon.data.listing import LEAD_SHEET_SUFFIXES, ROLL_SUFFIXES, Item
from antiphon.data.manifest import Flags, Reason, Rules
from antiphon.data.tables import Packed, pack
from antiphon.errors import InputError
from antiphon.io.midi import Limits, parse_midi
from antiphon.music.score import Score


@dataclass(frozen=True)
class Outcome:
    """What became of a file: its SHA-256 (hex, empty where it could not be read), and a song or a fault."""

    sha256: str
    fault: tuple[Reason, str] | None = None
    packed: Packed | None = None
    flags: Flags | None = None
    key: bytes = b""


def read_songs(items: Sequence[Item], rules: Rules) -> list[Outcome]:
    """Read, judge, hash and pack several files."""
    return [read_song(item, rules) for item in items]


def read_song(item: Item, rules: Rules) -> Outcome:
    """Read, judge, hash and pack one file; whatever is wrong with it becomes the outcome's fault."""
    try:
        content = item.path.read_bytes()
    except OSError as error:
        return Outcome("", ("unreadable", f"cannot be read ({error.strerror})"))
    digest = hashlib.sha256(content).hexdigest()
    try:
        score = _score(item, content)
    except InputError as error:
        return Outcome(digest, ("unreadable", _without_name(str(error), item)))
    found = fault(score, rules)
    if found:
        return Outcome(digest, found)
    return Outcome(digest, None, pack(score), flags(score, item.beats_known), content_key(score))


def checksum(digests: Sequence[tuple[str, str]]) -> str:
    """One SHA-256 (hex) over (name, SHA-256) pairs, whatever their order."""
    lines = "".join(f"{digest} {name}\n" for name, digest in sorted(digests))
    return hashlib.sha256(lines.encode()).hexdigest()


def file_checksum(path: Path, algorithm: str = "sha256") -> str:
    """The checksum (hex) of a file of any size, its SHA-256 unless told; empty where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, algorithm).hexdigest()
    except OSError:
        return ""


def _score(item: Item, content: bytes) -> Score:
    if item.path.suffix.lower() in LEAD_SHEET_SUFFIXES:
        from antiphon.io.musicxml import read_musicxml

        return read_musicxml(item.path)
    if item.path.suffix.lower() in ROLL_SUFFIXES:
        from antiphon.io.lpd import parse_lpd

        return parse_lpd(content, item.file)
    return parse_midi(content, item.file, Limits())


def _without_name(sentence: str, item: Item) -> str:
    # The manifest names the file already, and must not depend on where the source lay.
    for name in (str(item.path), item.file):
        sentence = sentence.removeprefix(f"{name}: ")
    return sentence.replace(str(item.path), item.file)
