"""Seconds and memory to find the longest passage of 1,000 samples in MAESTRO's training songs, and what they share."""

import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from antiphon.data.corpus import Corpus
from antiphon.data.prepare import prepare
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.sets.matches import Originality
from antiphon.evaluation.sets.originality import Index, originality
from antiphon.evaluation.sets.passages import Reading
from benchmarks.table import Row, UnavailableError, peak_megabytes

NUM_SAMPLES, SIZE = 1000, 1000
READING = Reading("performance")


def run(quick: bool = False) -> list[Row]:
    """Excerpts of 1,000 notes of the test songs stand in for samples, the validation songs are the floor; as a check,
    excerpts of training songs in another key, a tenth faster and rounded to 10 ms (quick: of a tenth of the songs)."""
    data = Path(os.environ.get("ANTIPHON_DATA", "~/antiphon-data")).expanduser() / "maestro-v3.0.0-midi"
    if not data.is_dir():
        raise UnavailableError(f"{data}: MAESTRO is not there; set ANTIPHON_DATA to the folder that holds it")
    # Peak memory is that of a process's whole life.
    with tempfile.TemporaryDirectory() as scratch, multiprocessing.get_context("spawn").Pool(1) as pool:
        prepare(data, Path(scratch) / "corpus", workers=1)
        return pool.apply(_measure, (Path(scratch) / "corpus", 10 if quick else 1))


def _measure(folder: Path, every: int) -> list[Row]:
    corpus = Corpus.open(folder)
    train, test, valid = (corpus.split(name)[::every] for name in ("train", "test", "valid"))
    begin = time.perf_counter()
    index = Index.build(_notes(corpus, train), [corpus.songs[song].id for song in train], READING)
    built = time.perf_counter()
    samples = _excerpts(corpus, test, NUM_SAMPLES // every)
    read = time.perf_counter()
    found = originality(samples, index, _notes(corpus, valid))
    searched = time.perf_counter()
    copies = originality([_changed(notes) for notes in _excerpts(corpus, train, 200 // every)], index, [])
    note = f"{len(samples)} excerpts of {SIZE} notes, {index.streams.sizes.sum()} training notes; one process"
    return [
        Row("originality: read the training songs", built - begin, "s", "", note),
        Row("originality: search and floor", searched - read, "s", "minutes", note),
        Row("originality: peak memory", peak_megabytes(), "MiB", "< 2048", note),
        *_rows("test excerpts", found),
        Row(
            "test excerpts: share more than 95 % of human pieces", 100 * found.rare_share, "%", "about 5", found.words()
        ),
        *_rows("training excerpts in another key and tempo", copies),
    ]


def _rows(name: str, found: Originality) -> list[Row]:
    lengths = np.array([match.notes for match in found.matches])
    middle, most = (float(np.quantile(lengths, share)) for share in (0.5, 0.95))
    return [
        Row(f"{name}: longest shared passage, median", middle, "notes", "", f"95 % at most {most:.0f}"),
        Row(f"{name}: contained", 100 * float(found.contained.mean()), "%"),
    ]


def _notes(corpus: Corpus, songs: NDArray[np.int64]) -> Iterator[Notes]:
    return (Notes.from_score(corpus.score(int(song))) for song in songs)


def _excerpts(corpus: Corpus, songs: NDArray[np.int64], num: int) -> list[Notes]:
    chance = np.random.default_rng(0)
    pieces = [piece for piece in _notes(corpus, songs) if len(piece) > SIZE]
    chosen = [pieces[int(which)] for which in chance.integers(0, len(pieces), num)]
    firsts = [int(chance.integers(0, len(piece) - SIZE)) for piece in chosen]
    return [piece.only(np.arange(first, first + SIZE)) for piece, first in zip(chosen, firsts, strict=True)]


def _changed(notes: Notes) -> Notes:
    """Four semitones up, a tenth faster, onsets rounded to 10 ms, as a model of event tokens would copy."""
    return replace(notes.transposed(4), start_seconds=np.round(notes.start_seconds / 1.1, 2))
