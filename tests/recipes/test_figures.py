"""The recipes of figures 5 to 8: every row runs, a broken one is heard, and the judge of alarms can say no."""

from pathlib import Path

import pytest
from recipes.figures import main

from antiphon.gan.health import RULES
from antiphon.presets.table import get_preset
from antiphon.reproductions.bar_figures import Trained
from antiphon.reproductions.bar_games import GAMES, NO_ALARM, SEEDS, TUNING_SEEDS


def test_every_row_expects_alarms_that_exist_and_changes_its_preset() -> None:
    known = {rule.alarm for rule in RULES}
    for game in GAMES.values():
        assert {game.expected, *game.also} <= known | {NO_ALARM}
        assert game.expected not in game.also
        assert game.resolve(seed=3, iterations=2) != get_preset(game.preset).resolve()
        assert game.resolve(seed=3).train.seed == 3
    assert not set(SEEDS) & set(TUNING_SEEDS)


def test_figure_8_keeps_the_papers_rates_and_steps() -> None:
    config = GAMES["8"].resolve(seed=0)
    assert config.train.generator.lr == 3e-4
    assert config.train.discriminator.lr == 1e-5
    assert config.family.kind == "midinet"
    assert (config.family.discriminator_steps, config.family.generator_steps) == (1, 3)
    assert config.family.discriminator.minibatch is not None


@pytest.mark.parametrize(
    ("figure", "raised", "right"),
    [
        ("5", ("mode collapse",), True),
        ("5", ("mode collapse", "winning discriminator"), True),
        ("5", ("partial mode collapse",), False),
        ("5", (), False),
        ("7", ("winning discriminator", "mode collapse"), False),
        ("bar-lieder", (), True),
        ("bar-lieder", ("blind discriminator",), False),
    ],
)
def test_right_is_the_expected_alarm_without_a_false_one(figure: str, raised: tuple[str, ...], right: bool) -> None:
    assert GAMES[figure].is_right(raised) is right


def test_figures_are_those_logged_last_and_of_an_examination_the_last_one_s() -> None:
    history = [{"iteration": 1, "health/probe_auc": 0.9, "a/loss": 1.0}, {"iteration": 2, "health/spread": 0.5}]
    trained = Trained(GAMES["8"], (), history)
    assert trained.last("a/loss") == 1.0
    assert trained.last("health/spread") == 0.5
    assert trained.last("health/probe_auc") is None


@pytest.mark.slow
def test_every_row_trains_is_pictured_and_has_its_line(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--table", "--seed", "1", "--iterations", "2", "--corpus", str(corpus), "--out", str(tmp_path)]
    assert main(options) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:-1]] == [f"{figure}, seed 1" for figure in GAMES]
    assert len({line.count("|") for line in lines[:-1]}) == 1
    num_right = sum(line.split("|")[4].strip() == "yes" for line in lines[2:-1])
    assert lines[-1] == f"right: {num_right} of {len(GAMES)}"
    for figure in GAMES:
        for name in (f"figure-{figure}-1.png", f"figure-{figure}-1-bars.png"):
            assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_a_collapse_is_heard_and_told(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--figure", "5", "--seed", "0", "--iterations", "150", "--corpus", str(corpus), "--out", str(tmp_path)]
    assert main(options) == 0
    told = capsys.readouterr().out
    assert "Expected: mode collapse" in told
    heard = told.split("Alarms at the end: ")[1].split(". Curves")[0].split(", ")
    assert "mode collapse" in heard
    assert GAMES["5"].is_right(heard)
    assert "Turn minibatch discrimination on" in told


def test_an_unknown_corpus_is_one_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--figure", "5", "--corpus", str(tmp_path / "nowhere")]) == 2
    complaint = capsys.readouterr().err
    assert "nowhere" in complaint
    assert complaint.count("\n") == 1
