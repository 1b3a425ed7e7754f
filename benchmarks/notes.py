"""Seconds from the LSTM GAN paper's own set, piano-midi.de, to windows of notes to train on."""

import os
import tempfile
import time
from pathlib import Path

import numpy as np

from antiphon.codecs.note_events import raw_rows
from antiphon.codecs.notes import NoteSequences
from antiphon.data.corpus import Corpus
from antiphon.data.manifest import SPLITS
from antiphon.data.prepare import prepare
from antiphon.data.views import view
from antiphon.io.midi import read_midi
from benchmarks.table import Row, UnavailableError, median_seconds

REPEATS = 3
PUBLISHED = "published code 5.4 a file"


def run(quick: bool = False) -> list[Row]:
    """Rows for the set in the folder `ANTIPHON_DATA`; one process."""
    folder = Path(os.environ.get("ANTIPHON_DATA", "~/antiphon-data")).expanduser() / "piano-midi-de"
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".mid")
    if not files:
        raise UnavailableError(f"{folder}: no piano-midi.de here; name a folder that has it by ANTIPHON_DATA")
    measured: list[tuple[float, int, int]] = [_prepared(folder) for _ in range(1 if quick else REPEATS)]
    seconds, songs, notes = sorted(measured)[len(measured) // 2]
    raw_seconds = median_seconds(lambda: [raw_rows(read_midi(path)) for path in files], 1 if quick else REPEATS, 0)
    note = (
        f"{len(files)} files, {songs:,} songs on the grid with {notes:,} notes; one process, median of {len(measured)}"
    )
    return [
        Row("prepare and windows of notes", seconds, "s", f"under 5 ({PUBLISHED})", note),
        Row("read and the paper's three numbers", raw_seconds, "s", "", "every file; one process"),
        Row("the same a file", 1000 * raw_seconds / len(files), "ms", PUBLISHED, ""),
    ]


def _prepared(folder: Path) -> tuple[float, int, int]:
    """Wall seconds, and songs and notes in the windows of all splits."""
    with tempfile.TemporaryDirectory() as scratch:
        begin = time.perf_counter()
        prepare(folder, Path(scratch) / "corpus", workers=1)
        corpus = Corpus.open(Path(scratch) / "corpus")
        rows = [view(corpus, NoteSequences(), split, workers=1) for split in SPLITS]
        seconds = time.perf_counter() - begin
        songs = sum(len(np.unique(part["song"])) for part in rows)
        return seconds, songs, sum(int(part["length"].sum()) for part in rows)
