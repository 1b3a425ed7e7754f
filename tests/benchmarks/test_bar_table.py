import numpy as np
import pytest
from benchmarks.bar_table import _AUC, Sides, _cheap, _goal, _together
from benchmarks.training_seeds import Figures, recipe_of

from antiphon.codecs.melody import HOLD, REST, STEPS, MelodyBars


def rows(seed: int, num: int = 60) -> dict[str, np.ndarray]:
    """Random bars, three to a song."""
    rng = np.random.default_rng(seed)
    bars = np.where(rng.random((2, num, STEPS)) < 0.6, HOLD, rng.integers(0, 24, (2, num, STEPS))).astype(np.uint8)
    bars[:, ::7] = REST
    chord = rng.integers(0, 24, num).astype(np.uint8)
    return {"previous": bars[0], "real": bars[1], "chord": chord, "song": np.arange(num) // 3 + 1000 * seed}


SIDES = Sides(MelodyBars(), rows(1), rows(2))


def test_real_bars_are_held_against_others_and_not_against_themselves() -> None:
    real = _cheap(SIDES, np.asarray(SIDES.test["real"]), SIDES.train)
    assert real["interval_overlap"] < 1 and real["pitch_class_overlap"] < 1
    itself = _cheap(SIDES, np.asarray(SIDES.test["real"]), SIDES.test)
    assert itself["interval_overlap"] == itself["pitch_class_overlap"] == pytest.approx(1)
    assert {name: real[name] for name in ("notes_a_bar", "held_bars", "gain by own chord")} == {
        name: itself[name] for name in ("notes_a_bar", "held_bars", "gain by own chord")
    }


@pytest.mark.parametrize(
    ("name", "figure", "real", "goal"),
    [
        ("bar", "notes_a_bar", 4.0, "3.8 to 4.2"),
        ("bar", "held_bars", 0.09, "7 to 11"),
        ("bar", "gain by own rhythm", 0.1, "0.08 to 0.12"),
        ("bar", _AUC, 0.5, "at most 0.57"),
        ("bar-gan", _AUC, 0.5, "at most 0.62"),
        ("bar", "pitch_changes", 2.8, ""),
    ],
)
def test_goals_follow_the_real_figure(name: str, figure: str, real: float, goal: str) -> None:
    assert _goal(name, figure, {figure: real}) == goal


def test_training_seeds_come_together_with_an_interval() -> None:
    seeds: list[list[Figures]] = [[{"notes_a_bar": value}, {"notes_a_bar": value + 0.2}] for value in (3.0, 4.0, 5.0)]
    (row,) = _together("bar", seeds, "", {"notes_a_bar": 4.0})
    assert row.value == pytest.approx(4.1) and row.note.endswith("over 3 training, 6 samplings in all")
    (one,) = _together("bar", seeds[:1], "", {"notes_a_bar": 4.0})
    assert one.note == "1 training, 2 samplings in all"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("runs/bar-0.safetensors", "bar"),
        ("bar-gan-12.safetensors", "bar-gan"),
        ("lstm.safetensors", "lstm"),
        ("7", "7"),
    ],
)
def test_seeds_of_a_recipe_are_told_by_their_names(file: str, name: str) -> None:
    assert recipe_of(file) == name
