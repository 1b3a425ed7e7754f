"""Build the corpora that ship inside the package from their unpacked sources, through the same `prepare` as any other.

    python recipes/embed_corpora.py [DATA] [NAME...]

DATA is the folder that holds the sources (default: `ANTIPHON_DATA`, else ~/antiphon-data). The same sources give the
same bytes. `splits.json` lists every song of every split, with a checksum.
"""

import csv
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from antiphon.data import container
from antiphon.data.corpus import Corpus
from antiphon.data.manifest import SPLITS, Rules
from antiphon.data.prepare import prepare
from antiphon.data.sources import KNOWN
from antiphon.files import write_bytes, write_text
from antiphon.io.midi import read_midi, write_midi
from antiphon.music.score import DEFAULT_BEAT_US, TEMPO, Score, Track, table

OUT = Path(__file__).parents[1] / "src" / "antiphon" / "data" / "embedded"
SPLITS_FILE = "splits.json"

HUNDREDTHS = 50
"""Ticks a beat at 120 beats a minute: a hundredth of a second each."""


@dataclass(frozen=True)
class Recipe:
    """Where the source lies below DATA, and what is done to its files before `prepare`."""

    folder: str
    before: Callable[[Path, Path], None] | None = None
    remarks: tuple[str, ...] = ()


def main(arguments: list[str]) -> None:
    """Build the named corpora, or all, and the list of splits."""
    data = Path(arguments[0] if arguments else os.environ.get("ANTIPHON_DATA", "~/antiphon-data")).expanduser()
    for name in arguments[1:] or RECIPES:
        print(f"{name}: {build(name, data, OUT)} bytes", flush=True)
    write_text(OUT / SPLITS_FILE, splits_text())


def build(name: str, data: Path, out: Path) -> int:
    """Build one corpus; the size of its file."""
    recipe, known = RECIPES[name], KNOWN[name]
    with tempfile.TemporaryDirectory() as scratch:
        source = data / recipe.folder
        if recipe.before:
            recipe.before(source, Path(scratch) / "source")
            source = Path(scratch) / "source"
        prepare(
            source,
            Path(scratch) / "corpus",
            Rules(),
            name=name,
            licence=known.licence,
            attribution=known.attribution,
            remarks=recipe.remarks,
            say=print,
        )
        corpus = Corpus.open(Path(scratch) / "corpus")
        content = container.encode(corpus.manifest, corpus.tables, corpus.offsets, corpus.strings)
    write_bytes(out / f"{name}{container.SUFFIX}", content)
    return len(content)


def splits_text() -> str:
    """For every embedded corpus: its fingerprint, and the song ids and their SHA-256 by split."""
    listing = {}
    for name in container.names():
        corpus = Corpus.open(name)
        ids = {split: [song.id for song in corpus.songs if song.split == split] for split in SPLITS}
        hashes = {split: hashlib.sha256("\n".join(ids[split]).encode()).hexdigest() for split in SPLITS}
        listing[name] = {"fingerprint": corpus.fingerprint, "sha256": hashes, "songs": ids}
    return json.dumps(listing, indent=1, ensure_ascii=False) + "\n"


def in_hundredths(source: Path, out: Path) -> None:
    """Write every MIDI file anew with its notes and pedal at the nearest hundredth of a second."""
    out.mkdir(parents=True)
    for path in sorted(source.rglob("*.mid")):
        write_midi(_in_hundredths(read_midi(path)), out / path.name)


def _in_hundredths(score: Score) -> Score:
    assert np.all(score.tempos["beat_us"] == DEFAULT_BEAT_US), "a beat of half a second is taken for granted"
    tracks = tuple(_requantised(score, track) for track in score.tracks)
    tempos = table(TEMPO, [(0, DEFAULT_BEAT_US)])
    return Score(HUNDREDTHS, tracks, tempos)


def _requantised(score: Score, track: Track) -> Track:
    notes, controls = track.notes.copy(), track.controls.copy()
    notes["start"] = score.steps(notes["start"], HUNDREDTHS)
    notes["end"] = np.maximum(score.steps(notes["end"], HUNDREDTHS), notes["start"] + 1)
    controls["tick"] = score.steps(controls["tick"], HUNDREDTHS)
    return replace(track, notes=_without_overlaps(notes), controls=controls)


def _without_overlaps(notes: NDArray[np.void]) -> NDArray[np.void]:
    """End a note where the next one of its pitch begins: rounding may have moved one into the other."""
    order = np.lexsort((notes["start"], notes["pitch"]))
    ordered = notes[order]
    same = ordered["pitch"][1:] == ordered["pitch"][:-1]
    limit = np.where(same, np.maximum(ordered["start"][1:], ordered["start"][:-1] + 1), ordered["end"][:-1])
    ordered["end"][:-1] = np.minimum(ordered["end"][:-1], limit)
    notes[order] = ordered
    return notes


GROOVE_NOTES, GROOVE_OF_A_STYLE = 900, 8


def short_grooves(source: Path, out: Path) -> None:
    """Copy the beats with at most `GROOVE_NOTES` notes, and of styles with few of those the shortest others."""
    table = next(source.rglob("info.csv"))
    rows = [row for row in csv.DictReader(table.read_text().splitlines()) if row["beat_type"] == "beat"]
    sized = sorted((read_midi(table.parent / row["midi_filename"]).num_notes, row["id"]) for row in rows)
    by_id = {row["id"]: row for row in rows}
    chosen: dict[str, list[str]] = {}
    for num_notes, name in sized:
        style = chosen.setdefault(by_id[name]["style"].partition("/")[0], [])
        if num_notes <= GROOVE_NOTES or len(style) < GROOVE_OF_A_STYLE:
            style.append(name)
    kept = {name for names in chosen.values() for name in names}
    _copy_grooves(table, [row for row in rows if row["id"] in kept], out)


def _copy_grooves(table: Path, rows: list[dict[str, str]], out: Path) -> None:
    for row in rows:
        target = out / row["midi_filename"]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(table.parent / row["midi_filename"], target)
    with (out / "info.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


RECIPES: dict[str, Recipe] = {
    "leadsheets": Recipe("openewld-pd"),
    "freedoom": Recipe("freedoom-midi"),
    "giantmidi": Recipe(
        "giantmidi56",
        in_hundredths,
        (
            "The 56 preview files; times of notes and pedal are rounded to hundredths of a second.",
            "The 56 files are about 40 recordings; files of one recording or of one work share a split.",
        ),
    ),
    "groove": Recipe(
        "groove-v1.0.0-midionly",
        short_grooves,
        (
            f"A part of the 1,150 performances: beats (no fills) of four bars or more with at most {GROOVE_NOTES} "
            f"notes, and of styles with fewer than {GROOVE_OF_A_STYLE} of those the next shortest; "
            "splits as published.",
        ),
    ),
    "quartets": Recipe("openscore-quartets-midi"),
    "lieder": Recipe("openscore-lieder-midi"),
}

if __name__ == "__main__":
    main(sys.argv[1:])
