"""The LSTM GAN's table on made-up lines: what is measured of whom, and how seeds come together."""

from collections.abc import Sequence
from pathlib import Path

import benchmarks.lstm_table as table
import numpy as np
import pytest

from antiphon.evaluation.examiner.budget import Budget
from antiphon.evaluation.examiner.examination import Examination, examination
from antiphon.evaluation.examiner.material import Material


def lines(seed: int, num: int = 8, lowest: int = 50) -> table.Lines:
    rng = np.random.default_rng(seed)
    pitch, duration, offset = (rng.integers(low, low + 12, (num, table.LENGTH)) for low in (lowest, 0, 1))
    return table.Lines(np.stack([pitch, duration, offset], 2).astype(np.uint8), np.tile([16, 4], (num, 1)))


REAL = {"train": lines(0, 24), "test": lines(1)}


@pytest.fixture(autouse=True)
def _little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models that write noise an octave and a half higher, and examiners with hardly any budget."""

    def written(file: str, like: table.Lines, seed: int) -> table.Lines:
        return table.Lines(lines(100 + seed, len(like.notes), 50 if "good" in file else 68).notes, like.metre)

    def examined(truth: Material, made: Material, seeds: Sequence[int], budget: Budget) -> Examination:
        return examination(truth, made, seeds, Budget(iterations=4, batch=16, width=8, checks=1, trees=8, most=200))

    monkeypatch.setattr(table, "write", written)
    monkeypatch.setattr(table, "examination", examined)
    monkeypatch.setattr(table, "sequences", lambda corpus, split: REAL[split])


def test_what_is_out_of_range_overlaps_less_and_is_heard() -> None:
    (good, *_), _ = table._graded("good-0.safetensors", REAL, quick=True)
    (bad, *_), note = table._graded("bad-0.safetensors", REAL, quick=True)
    assert good["pitch overlap"] > 0.9 and bad["pitch overlap"] == 0
    assert bad["duration overlap"] > 0.9 and bad["distinct 4-grams"] > 0.99
    assert bad["examiner, worst of three"] > 0.95 and "boosted features" in note


def test_a_table_has_every_side_and_seeds_of_one_recipe_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("good-0", "good-1", "bad-0"):
        (tmp_path / f"{name}.safetensors").touch()
    monkeypatch.setattr(table, "MODELS", tmp_path)
    monkeypatch.setattr(table, "_SAMPLING_SEEDS", 2)
    rows = {row.name: row for row in table.run()}
    sides = {name.partition(":")[0] for name in rows}
    assert sides == {"held-out songs", "other real songs", "shuffled", "good", "bad"}
    assert rows["good: pitch overlap"].note.endswith("over 2 training, 4 samplings in all")
    assert rows["bad: pitch overlap"].note == "1 training, 2 samplings in all"
    assert rows["shuffled: pitch overlap"].value == pytest.approx(100)
    assert rows["good: distinct 4-grams"].target == "90.0 to 110.0 %" and not rows["shuffled: distinct 4-grams"].target


def test_shuffling_moves_notes_within_their_song() -> None:
    mixed = table._shuffled(REAL["test"].notes, np.random.default_rng(0))
    for one, other in zip(mixed, REAL["test"].notes, strict=True):
        assert not np.array_equal(one, other)
        assert sorted(map(tuple, one.tolist())) == sorted(map(tuple, other.tolist()))
