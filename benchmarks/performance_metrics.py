"""Seconds to measure MAESTRO as performances, and what is printed of its test pieces beside the truth."""

import os
import tempfile
import time
from pathlib import Path

import numpy as np

from antiphon.data.corpus import Corpus
from antiphon.data.prepare import prepare
from antiphon.evaluation.metrics.as_published_performance import as_published_metrics
from antiphon.evaluation.metrics.performance import notes_of, performance_of_score
from antiphon.evaluation.metrics.performance_metrics import performance_metrics
from benchmarks.table import Row, UnavailableError, peak_megabytes

COMPARED = (("pitch_classes_used", "about 8.0 and 12"), ("empty_beat_rate", "about 0.986 and 0.014"))


def run(quick: bool = False) -> list[Row]:
    """Every training piece (quick: every twentieth) read from a prepared corpus, tokens and all measures; one core.

    Raises
    ------
    UnavailableError
        If `ANTIPHON_DATA` names no folder with MAESTRO.
    """
    folder = Path(os.environ.get("ANTIPHON_DATA", "")) / "maestro-v3.0.0-midi"
    if "ANTIPHON_DATA" not in os.environ or not folder.is_dir():
        raise UnavailableError("ANTIPHON_DATA names no folder with maestro-v3.0.0-midi; set it to where that lies")
    with tempfile.TemporaryDirectory() as place:
        prepare(folder, Path(place) / "maestro")
        corpus = Corpus.open(Path(place) / "maestro")
        return [*_speed(corpus, 20 if quick else 1), *_printed(corpus, 20 if quick else 1)]


def _speed(corpus: Corpus, every: int) -> list[Row]:
    songs = corpus.split("train")[::every]
    tokens, encoding, begin = 0, 0.0, time.process_time()
    for song in songs:
        started = time.process_time()
        piece = performance_of_score(corpus.score(int(song)))
        encoding += time.process_time() - started
        tokens += len(piece)
        performance_metrics(piece)
    whole = time.process_time() - begin
    note = f"{len(songs)} pieces, {tokens / len(songs):.0f} tokens each, {peak_megabytes():.0f} MiB at most"
    return [
        Row("performances: all training pieces, all measures", whole, "s of one core", "< 100", note),
        Row("performances: a piece", 1000 * whole / len(songs), "ms of one core", "", note),
        Row("performances: a score to tokens", 1000 * encoding / len(songs), "ms of one core", "< 1.5", "of these"),
    ]


def _printed(corpus: Corpus, every: int) -> list[Row]:
    pieces = [performance_of_score(corpus.score(int(song))) for song in corpus.split("test")[::every]]
    right = [performance_metrics(piece) for piece in pieces]
    printed = [as_published_metrics(notes_of(piece)) for piece in pieces]
    rows = []
    for name, target in COMPARED:
        published = f"{name} (as published)"
        note = f"{len(pieces)} test pieces, whole"
        rows.append(Row(published, float(np.mean([values[published] for values in printed])), "", target, note))
        rows.append(Row(name, float(np.mean([values[name] for values in right])), "", target, note))
    return rows
