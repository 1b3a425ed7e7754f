"""Small made music for the tests of corpora."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from antiphon.io.midi import write_midi
from antiphon.music.score import (
    CONTROL,
    PEDAL,
    TEMPO,
    TIME_SIGNATURE,
    Score,
    Track,
    notes_from_columns,
    table,
)

MakeScore = Callable[..., Score]
MakeFolder = Callable[..., Path]


@pytest.fixture
def make_score() -> MakeScore:
    """A two-track score of `bars` 4/4 bars of eighths; other seeds give other notes."""

    def make(seed: int = 0, bars: int = 8, ticks_per_beat: int = 480, beat_us: int = 400_000) -> Score:
        chance = np.random.default_rng(seed)
        starts = np.arange(bars * 8) * (ticks_per_beat // 2)
        pitches = chance.integers(60, 84, len(starts))
        melody = Track(
            notes_from_columns(
                starts, starts + ticks_per_beat // 2 - 10, pitches, chance.integers(1, 128, len(starts))
            ),
            name="Voice",
        )
        controls = table(CONTROL, [(0, PEDAL, 127), (100, PEDAL, 90), (ticks_per_beat, PEDAL, 0), (2000, PEDAL, 100)])
        bass = Track(
            notes_from_columns(starts[::4], starts[::4] + ticks_per_beat, pitches[::4] - 24, 80),
            program=33,
            name="Baß",
            controls=controls,
        )
        return Score(
            ticks_per_beat,
            (melody, bass),
            tempos=table(TEMPO, [(0, beat_us), (1000, 2 * beat_us)]),
            time_signatures=table(TIME_SIGNATURE, [(0, 4, 4)]),
            chords=((0, "C"), (1920, "Am")),
        )

    return make


@pytest.fixture
def make_folder(make_score: MakeScore, tmp_path: Path) -> MakeFolder:
    """A folder of `num` different songs, song-0.mid and on."""

    def make(num: int = 12, name: str = "music") -> Path:
        folder = tmp_path / name
        for seed in range(num):
            write_midi(make_score(seed), folder / "sub" / f"song-{seed}.mid")
        return folder

    return make
