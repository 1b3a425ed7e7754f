"""What a corpus says of itself: the manifest, its rules, songs, sources and everything that was set aside."""

import hashlib
import json
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from antiphon.config import Config

SCHEMA_VERSION = 1
"""Of the folder's layout; raised when an older reader could not open it, or when the same input gives other tables."""

MANIFEST = "manifest.json"
SPLITS = ("train", "valid", "test")
Split = Literal["train", "valid", "test"]
SelectionName = Literal["lpd", "lpd-matched", "lpd-cleansed", "cleansed", "musegan"]
Reason = Literal[
    "unreadable",
    "crash",
    "silent",
    "short",
    "long",
    "duplicate",
    "missing",
    "unlisted",
    "twin",
    "subset",
    "unmatched",
    "outmatched",
    "genre",
    "metre",
    "tracks",
]


class Rules(Config):
    """What a song must be to enter a corpus, and how songs are split.

    Parameters
    ----------
    min_bars
        Fewest bars, begun or whole, from the first onset to the last note's end.
    max_seconds
        Longest song.
    seed
        Of the split; a song's side depends on it and on the song's group alone.
    train, valid
        Shares of the groups; the rest is for testing. A source's published split has precedence.
    selection
        A row of `antiphon.data.selection.SELECTIONS`, by which songs are chosen; None: all that can be used.
    genre
        Only songs with this label in the list of genres; None: any in the list, where there is one.
    """

    min_bars: int = Field(default=4, ge=0)
    max_seconds: float = Field(default=4 * 3600.0, gt=0)
    seed: int = 0
    train: float = Field(default=0.8, ge=0, le=1)
    valid: float = Field(default=0.1, ge=0, le=1)
    selection: SelectionName | None = None
    genre: str | None = None

    @model_serializer(mode="wrap")
    def _what_is_asked(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # What is not asked for leaves no trace, so that a new rule gives old corpora no other name and no other bytes.
        return {name: value for name, value in plain(self).items() if value is not None}


class Flags(Config):
    """What codecs ask of a song before they use it.

    Parameters
    ----------
    performed
        Played without beats: a nominal 4/4 at 120 that the onsets know nothing of.
    metre
        Such as "4/4" when one time signature holds throughout (4/4 where the file names none), else "mixed".
    on_grid
        Share of onsets on a sixteenth or on a sixteenth triplet, within a tick.
    """

    performed: bool
    metre: str
    on_grid: float


class Song(Config):
    """One song of a corpus; songs of one group (a recording, a work) are always in the same split."""

    id: str
    title: str
    split: Split
    group: str
    ticks_per_beat: int = Field(gt=0)
    flags: Flags


class Rejection(Config):
    """A file that did not become a song: its name in the source, why in a word, and why in a sentence."""

    file: str
    kind: Reason
    reason: str


class Source(Config):
    """Where songs came from: the layout that was recognised, the address if known, and one checksum over all files."""

    layout: str
    address: str = ""
    sha256: str
    num_files: int


class TableRecord(Config):
    """Rows and bytes on disk of one table, and the SHA-256 of its content (without the `.npy` header)."""

    rows: int
    num_bytes: int
    sha256: str


class Manifest(Config):
    """Everything about a corpus but its notes; see `Corpus`."""

    schema_version: int
    name: str
    licence: str
    attribution: str
    sources: tuple[Source, ...]
    rules: Rules
    remarks: tuple[str, ...] = ()
    fingerprint: str
    counts: dict[str, int]
    tables: dict[str, TableRecord]
    songs: tuple[Song, ...]
    rejected: tuple[Rejection, ...] = ()

    def json_text(self) -> str:
        """The manifest as it stands on disk: one song and one rejection a line."""
        values = self.model_dump(mode="json")
        lines = {name: values.pop(name) for name in ("songs", "rejected")}
        head = json.dumps(values, indent=1, ensure_ascii=False)
        parts = [f' "{name}": [{_rows(rows)}]' for name, rows in lines.items()]
        return head.removesuffix("\n}") + ",\n" + ",\n".join(parts) + "\n}\n"


def fingerprint(tables: dict[str, TableRecord], songs: tuple[Song, ...], rules: Rules) -> str:
    """Hash of content and rules: equal for equal music, songs, splits and rules, wherever the corpus lies."""
    content = {
        "schema": SCHEMA_VERSION,
        "tables": {name: record.sha256 for name, record in sorted(tables.items())},
        "songs": [song.model_dump(mode="json") for song in songs],
        "rules": rules.model_dump(mode="json"),
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _rows(rows: list[dict[str, object]]) -> str:
    return "".join(f"\n  {json.dumps(row, ensure_ascii=False)}," for row in rows).removesuffix(",") + "\n "
