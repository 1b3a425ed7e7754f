"""How long a person waits for `band`: for 32 bars of five tracks, and for an accompaniment of a four-minute song."""

import tempfile
from pathlib import Path

import torch
from threadpoolctl import threadpool_limits

from antiphon.generate import Model, load
from antiphon.io.midi import write_midi
from antiphon.music.score import Score
from benchmarks.startup import cold_row
from benchmarks.table import Row
from benchmarks.train_step import processor_seconds

SONG_BARS = 32
MINUTES = 4
_TEMPO = 120.0
# In fours.
_MINUTE_BARS = int(_TEMPO) // 4
_KEPT = "guitar"


def run(quick: bool = False) -> list[Row]:
    """Processor seconds of the calls on one thread; wall seconds of the whole command, files, sound and picture."""
    torch.set_num_threads(1)
    repeats = 1 if quick else 5
    band = load("band")
    with threadpool_limits(1):
        rows = [_songs_row(band, repeats), _accompaniment_row(band, repeats)]
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "given.mid"
        write_midi(_given(band), given)
        words = ("accompany", str(given), "--keep", _KEPT, "--out", folder)
        words = ("accompany", str(given), "--keep", _KEPT, "--out", folder)
        what = f"`antiphon accompany`, cold, a song of {MINUTES} minutes, with its sound and picture"
        rows.append(cold_row(what, "", repeats, *words))
    return rows


def _songs_row(band: Model, repeats: int) -> Row:
    seconds = processor_seconds(lambda: band.generate(SONG_BARS), repeats)
    return Row(f"`band`, {SONG_BARS} bars of five tracks, call to Score", seconds, "s CPU", "< 1")


def _accompaniment_row(band: Model, repeats: int) -> Row:
    given = _given(band)
    seconds = processor_seconds(lambda: band.accompany(given, _KEPT), repeats)
    note = f"{MINUTES * _MINUTE_BARS} bars; four tracks written to the {_KEPT}, and the report"
    return Row(f"`band`, accompaniment of a song of {MINUTES} minutes, call to Score", seconds, "s CPU", "< 5", note)


def _given(band: Model) -> Score:
    """A song that the model wrote, of which one track is kept."""
    (song,) = band.generate(MINUTES * _MINUTE_BARS, tempo=_TEMPO, tracks=[_KEPT, "drums", "bass"])
    return song
