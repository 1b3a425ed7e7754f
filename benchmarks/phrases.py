"""Files and phrases a second of preparing multi-track music for MuseGAN, of unpacking it, and what Lakh would take."""

import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from antiphon.codecs.ensembles import ENSEMBLES
from antiphon.codecs.phrases import PhraseRolls
from antiphon.data.corpus import Corpus
from antiphon.data.manifest import SPLITS
from antiphon.data.prepare import prepare
from antiphon.data.views import view
from antiphon.io.lpd import lpd_bytes, parse_lpd
from antiphon.io.midi import write_midi
from antiphon.nn.bits import unpack
from benchmarks.table import Row, peak_megabytes

LAKH_FILES = 176_581
BATCH = 64
SETS: dict[str, tuple[str, dict[str, Any]]] = {
    "Freedoom, five tracks, windows": ("freedoom-midi", {}),
    "Freedoom, five tracks, sections": ("freedoom-midi", {"phrases": "sections"}),
    "Freedoom, five tracks, grid of sixteenths": ("freedoom-midi", {"resolution": 4}),
    "quartets, four tracks, windows": ("openscore-quartets-midi", {"ensemble": ENSEMBLES["quartet"]}),
    "POP909, voice and piano, windows": ("pop909", {"ensemble": ENSEMBLES["song"]}),
}
"""What is prepared: a folder within `ANTIPHON_DATA`, and the codec's options."""


@dataclass(frozen=True)
class Cost:
    """What preparing a folder took: to read and judge all files, then to encode the songs."""

    files: int
    songs: int
    notes: int
    phrases: int
    phrase_bytes: int
    read_seconds: float
    encode_seconds: float
    megabytes: float

    @property
    def files_a_second(self) -> float:
        """Files read, judged and encoded in a second of the processor."""
        return self.files / (self.read_seconds + self.encode_seconds)


def run(quick: bool = False) -> list[Row]:
    """Rows for real folders, or for the songs of embedded corpora as files where a folder is missing."""
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch)
        for name, (folder, options) in list(SETS.items())[: 1 if quick else None]:
            source = _source(folder, made)
            if source is None:
                continue
            cost = _in_fresh_process(source, PhraseRolls(**options))
            rows += _rows(name, cost)
            if not rows[3:]:
                rows += _lakh(cost)
    return rows + _unpacking() + _rolls()


def _rows(name: str, cost: Cost) -> list[Row]:
    note = (
        f"{cost.files} files, {cost.songs} songs of {cost.notes:,} notes, {cost.phrases:,} phrases; one process, "
        f"seconds of the processor: {cost.read_seconds:.2f} to read and judge, {cost.encode_seconds:.2f} to encode"
    )
    disk = f"{cost.phrase_bytes:,} bytes a phrase with onsets, an eighth of one byte a cell"
    return [
        Row(f"{name}: files", cost.files_a_second, "files/s/core", "", note),
        Row(f"{name}: phrases", cost.phrases / cost.encode_seconds, "phrases/s/core", "", disk),
        Row(f"{name}: peak memory", cost.megabytes, "MiB", "", ""),
    ]


def _lakh(cost: Cost) -> list[Row]:
    minutes = LAKH_FILES / cost.files_a_second / 60
    note = f"{LAKH_FILES:,} files of the same kind, extrapolated from the rate above; cores share it"
    gigabytes = LAKH_FILES / cost.files * cost.phrases * cost.phrase_bytes / 2**30
    more = "if as many phrases come of a file; the set of the paper, 50,266 phrases, takes "
    return [
        Row("all of Lakh, on one core", minutes, "minutes", "", note),
        Row("its phrases on disk", gigabytes, "GiB", "", f"{more}{50_266 * cost.phrase_bytes / 2**30:.1f} GiB"),
    ]


def _unpacking() -> list[Row]:
    """A batch of the paper's phrases from bits to numbers, on this processor's one core."""
    codec, rows = PhraseRolls(), []
    packed = torch.randint(0, 256, (BATCH, *codec.shape[:2], codec.num_bytes), dtype=torch.uint8)
    for dtype in (torch.float32, torch.bfloat16, torch.bool):
        seconds = _cpu_seconds(partial(unpack, packed, codec.shape[2:], dtype), 15)
        name, note = str(dtype).removeprefix("torch."), f"{1000 * seconds:.1f} ms a batch of {BATCH}"
        rows.append(Row(f"unpack to {name}", BATCH / seconds, "phrases/s/core", "", note))
    return rows


def _rolls() -> list[Row]:
    """The Lakh pianoroll dataset's files, written and read."""
    corpus = Corpus.open("freedoom")
    scores = [ENSEMBLES["lpd-5"].arranged(corpus.score(song)) for song in range(30)]
    contents = [lpd_bytes(score) for score in scores]
    note = f"30 songs of Freedoom in five tracks, {sum(map(len, contents)) // 30:,} bytes each"
    written = _cpu_seconds(lambda: [lpd_bytes(score) for score in scores], 3)
    read = _cpu_seconds(lambda: [parse_lpd(content) for content in contents], 3)
    return [
        Row("LPD files written", 30 / written, "files/s/core", "", note),
        Row("LPD files read", 30 / read, "files/s/core", "", note),
    ]


def _cpu_seconds(call: Callable[[], object], repeats: int) -> float:
    """Median seconds of the processor, which others' work on this machine leaves alone."""
    call()
    times = [time.process_time()]
    for _ in range(repeats):
        call()
        times.append(time.process_time())
    return statistics.median(end - begin for begin, end in pairwise(times))


def _source(folder: str, made: Path) -> Path | None:
    """The folder of real files; else the embedded songs of its name written as files, where there are any."""
    given = Path(os.environ.get("ANTIPHON_DATA", "~/antiphon-data")).expanduser() / folder
    if given.is_dir():
        return given
    name = {"freedoom-midi": "freedoom", "openscore-quartets-midi": "quartets"}.get(folder)
    if name is None:
        return None
    corpus = Corpus.open(name)
    for song in range(corpus.num_songs):
        path = made / name / f"{song}.mid"
        if not path.exists():
            write_midi(corpus.score(song), path)
    return made / name


def _in_fresh_process(source: Path, codec: PhraseRolls) -> Cost:
    # Peak memory is that of a process's whole life.
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (source, codec))


def _measure(source: Path, codec: PhraseRolls) -> Cost:
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "corpus"
        begin = time.process_time()
        manifest = prepare(source, out, workers=1)
        read = time.process_time()
        corpus = Corpus.open(out)
        views = [view(corpus, codec, split, workers=1) for split in SPLITS]
        encoded = time.process_time()
        num = sum(len(rows["real"]) for rows in views)
    size = 2 * codec.shape[0] * codec.bars * codec.num_bytes
    songs, files = len(manifest.songs), manifest.sources[0].num_files
    return Cost(files, songs, manifest.counts["notes"], num, size, read - begin, encoded - read, peak_megabytes())
