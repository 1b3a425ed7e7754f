"""What is measured of a model of performances: passages, overlaps that tell music from noise, and the table."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.piano_quality import Side
from tests.made import model

from antiphon.codecs.performance import Performance, quantised
from antiphon.data.prepare import prepare
from antiphon.evaluation.measures import Column
from antiphon.evaluation.metrics.performance import notes_of
from antiphon.io.midi import write_midi
from antiphon.music.score import Score, Track, notes_from_columns
from benchmarks import piano_quality


def piece(seed: int, seconds: float = 60.0, spread: float = 1.0) -> Performance:
    """Ten notes a second from second 2 on, in C, held for about `spread` seconds."""
    chance = np.random.default_rng(seed)
    start = np.sort(chance.uniform(2, seconds, int(10 * (seconds - 2))))
    pitch = 60 + np.array([0, 2, 4, 5, 7, 9, 11])[chance.integers(0, 7, len(start))]
    end, velocity = start + spread * chance.uniform(0.5, 1.5, len(start)), chance.integers(40, 90, len(start))
    return quantised(start, end, pitch, velocity)


def test_passages_are_whole_and_begin_with_a_note() -> None:
    passages = piano_quality._passages(piece(0), 10)
    assert len(passages) == 4
    for passage in passages:
        assert passage.start_step.min() == 0 and passage.end_step.max() <= 1000
        assert passage.start_step.max() < 1000 and 80 < len(passage.pitch) < 120
    assert len(piano_quality._passages(piece(0), 25)) == 2, "the rest is no whole passage"
    assert piano_quality._passages(piece(0), 70) == []
    start = np.array([1.0, 30.0])
    silent = quantised(start, start + 0.5, np.array([60, 61]), np.array([50, 50]))
    assert len(piano_quality._passages(silent, 10)) == 1


def test_overlaps_are_whole_with_oneself_and_fall_with_distance() -> None:
    own = Side([piece(seed) for seed in range(6)], np.arange(6))
    far = Side([piece(seed, spread=8.0) for seed in range(6)], np.arange(6))
    measure = piano_quality.HISTOGRAMS["lengths of notes"]
    rows, others = (piano_quality._rows(side, measure) for side in (own, far))
    same, low, high = piano_quality._overlap(rows, rows)
    assert same == pytest.approx(100) and 90 < low <= high <= 100
    assert piano_quality._overlap(others, rows)[0] < 10
    undefined = Column(np.full((2, 45), np.nan), np.arange(2))
    with pytest.warns(RuntimeWarning):
        assert np.isnan(piano_quality._overlap(undefined, rows)[0])


@pytest.mark.parametrize(
    ("start", "end", "pitch", "alike"),
    [
        # Every other window sounds another class: like its neighbour's neighbour.
        ([0, 2, 4, 6, 8, 10], [2, 4, 6, 8, 10, 12], [60, 61] * 3, 0.4),
        ([0, 2, 4, 6, 8, 10], [2, 4, 6, 8, 10, 12], [60, 72] * 3, 1.0),
        ([0], [1], [60], np.nan),
    ],
)
def test_likeness_of_windows(start: list[int], end: list[int], pitch: list[int], alike: float) -> None:
    begin, until = np.array(start, float), np.array(end, float)
    notes = notes_of(quantised(begin, until, np.array(pitch), np.full(len(pitch), 80)))
    # Of six windows 5 + 4 + 3 + 2 pairs are 1 to 4 apart, of which 4 + 2 are alike.
    expected = 6 / 14 if alike == 0.4 else alike
    assert piano_quality._likeness(notes, piano_quality.NEAR) == pytest.approx(expected, nan_ok=True)


def test_the_table(tmp_path: Path) -> None:
    for seed in range(12):
        made = piece(seed)
        ticks = (10 * made.start_step, 10 * made.end_step)
        score = Score(500, (Track(notes_from_columns(*ticks, made.pitch, made.velocity)),))
        write_midi(score, tmp_path / "files" / f"{seed}.mid")
    prepare(tmp_path / "files", tmp_path / "corpus", workers=1)
    toy = model(tmp_path / "toy.safetensors", "piano-small")
    rows = {row.name: row for row in piano_quality.run(True, str(toy), str(tmp_path / "corpus"))}
    for what in piano_quality.HISTOGRAMS:
        real, noise, ours = (rows[f"overlap of {what}: {side}"].value for side in ("real", "shuffled", "toy"))
        assert real > 90 and real > ours
        assert what != "lengths of notes" or real > noise
        assert rows[f"overlap of {what}: toy"].target == f"real {real:.1f}"
    assert rows["notes a second: held-out"].value == pytest.approx(10, abs=1)
    assert rows["notes longer than 5 s: shuffled"].value > 2 > rows["notes longer than 5 s: real"].value
