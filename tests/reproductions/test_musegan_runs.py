"""MuseGAN's runs for reproductions: told as far as they came, and conditional ones played to what sounds."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.made import band_song

from antiphon.codecs.phrases import unpack
from antiphon.data.corpus import Corpus
from antiphon.data.prepare import prepare
from antiphon.data.views import view
from antiphon.errors import InputError
from antiphon.io.midi import write_midi
from antiphon.presets.table import get_preset
from antiphon.reproductions import musegan_figures as figures
from antiphon.reproductions import musegan_tables as tables
from antiphon.reproductions.musegan_runs import Run, opened, run_folder
from antiphon.reproductions.result import Asked
from antiphon.training.checkpoint import write_checkpoint
from antiphon.training.run import open_run

TOY = Asked("toy", 3, None, Path(), str)
PIANO = 3


def left(runs: Path, preset: str, done: int, *changes: str, name: str = "") -> Path:
    """The folder of a run that stopped at an iteration, with weights as they are drawn."""
    config = get_preset(preset).resolve(["family.scale=0.02", "train.batch_size=2", *changes])
    folder = runs / (name or preset)
    folder.mkdir(parents=True)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        objective = config.family.build()
    card = {**config.model_dump(mode="json", include={"preset", "family", "codec"}), "corpus": {"name": "made"}}
    open_run(folder, config.train, card)
    convergence = {"best": 0.0, "since": 0}
    state = {"iteration": done, "objective": objective.state_dict(), "average": {}, "convergence": convergence}
    write_checkpoint(folder, state)
    return folder


@pytest.fixture(scope="module")
def conditional(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    runs = tmp_path_factory.mktemp("runs")
    left(runs, "musegan-composer-conditional", 6, "train.iterations=6")
    with opened("musegan-composer-conditional", replace(TOY, runs=runs)) as run:
        yield run


@pytest.mark.parametrize(("done", "length"), [(3, "train.iterations=6"), (6, "train.iterations=6")])
def test_a_run_is_told_as_far_as_it_came(tmp_path: Path, done: int, length: str) -> None:
    asked = replace(TOY, runs=tmp_path)
    assert run_folder("musegan-composer", asked) is None
    folder = left(tmp_path, "musegan-composer", done, length)
    assert run_folder("musegan-composer", asked) == folder
    with opened("musegan-composer", asked) as run:
        unfinished = ", unfinished" if done == 3 else ""
        assert run.told == f"the run {folder}, {done} of 6 iterations of 2 on made at a width of 0.02{unfinished}"
        assert run.remark.startswith("unfinished") == (done == 3)
        assert f"{done} of the preset's 78,500 iterations, at 0.02 of its width" in run.remark


def test_a_whole_run_of_less_width_is_only_told_its_width(tmp_path: Path) -> None:
    left(tmp_path, "musegan-composer", 78_500)
    with opened("musegan-composer", replace(TOY, runs=tmp_path)) as run:
        assert run.remark == "at 0.02 of its width" and "78,500 of 78,500 iterations of 2" in run.told


def test_a_run_of_another_preset_is_refused(tmp_path: Path) -> None:
    left(tmp_path, "musegan-hybrid", 6, name="musegan-composer")
    with (
        pytest.raises(InputError, match=r"a run of the preset musegan-hybrid, not of musegan-composer"),
        opened("musegan-composer", replace(TOY, runs=tmp_path)),
    ):
        pass


def test_the_remark_stands_in_every_line_of_the_row(tmp_path: Path, bands: Path) -> None:
    left(tmp_path, "musegan-composer", 3, "train.iterations=6")
    made = tables.table_1(replace(TOY, runs=tmp_path, corpus=str(bands)))
    remarks = {line.remark for line in made.lines if line.row == "from scratch, composer"}
    assert len(remarks) == 1 and "unfinished" in remarks.pop() and "3 of 6 iterations of 2 on made" in made.made_of


def test_a_column_is_that_of_its_track_whatever_the_order_of_the_runs(
    tmp_path: Path, bands: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left(tmp_path, "musegan-composer", 6, "codec.ensemble=lpd-5")
    asked = replace(TOY, runs=tmp_path, corpus=str(bands))
    with opened("musegan-composer", asked) as run:
        made, names = run.made(4, 0, str(bands)), run.codec.ensemble.names
        made.after[:] = False
        for number in range(5):
            made.after[:number, number, 0, :12, 40] = True
        monkeypatch.setattr(Run, "made", lambda *_: made)
        columns = tables._of_model(run, asked)[0].columns
    assert names == ("drums", "piano", "guitar", "bass", "strings")
    silent = {track: columns[f"empty_bar_rate (as published, v1)/{track}"].values.mean() for track in names}
    assert silent == {track: 1 - number / 16 for number, track in enumerate(names)}


def test_a_given_track_sounds_and_its_song_is_that_of_its_phrase(conditional: Run, bands: Path) -> None:
    made, codec = conditional.made(19, 0, str(bands)), conditional.codec
    rows = [view(Corpus.open(bands), codec, split, 1) for split in ("test", "valid")]
    song = np.concatenate([part["song"] for part in rows])
    piano = unpack(np.concatenate([part["real"][:, PIANO] for part in rows]), *codec.shape[2:])
    heard = np.asarray(piano.any((1, 2, 3)))
    assert heard.sum() == len(np.unique(song)) < len(heard), "the piano plays in one phrase of each song"
    real = {int(number): phrase for number, phrase in zip(song[heard], piano[heard], strict=True)}
    assert conditional.given == "piano" and len(made.song) == 19
    for number, phrase in zip(made.song.tolist(), made.after[:, PIANO], strict=True):
        np.testing.assert_array_equal(phrase, real[number])
    _, counts = np.unique(made.song, return_counts=True)
    assert len(counts) == len(real) and np.ptp(counts) <= 1
    assert f"19 phrases to the piano of {len(real)} held-out phrases of {len(real)} songs of" in made.told
    assert f"(of {len(heard)}; in the others it is silent)" in made.told


def test_intervals_are_over_the_songs_of_given_phrases(conditional: Run, bands: Path) -> None:
    row, told = tables._of_model(conditional, replace(TOY, corpus=str(bands)))
    made = conditional.made(tables._MADE["toy"], TOY.seed, str(bands))
    (songs,) = {tuple(np.unique(column.song)) for column in row.columns.values()}
    assert songs == tuple(np.unique(made.song)) and len(songs) < tables._MADE["toy"]
    assert told.startswith(made.told) and row.given == "piano"


def test_music_without_the_given_track_is_refused(conditional: Run, tmp_path: Path) -> None:
    for seed in range(12):
        write_midi(band_song(seed, bars=4, silent=(0, 1, 2, 3)), tmp_path / "midi" / f"{seed}.mid")
    prepare(tmp_path / "midi", tmp_path / "c", workers=1)
    with pytest.raises(InputError, match=r"in none of the \d+ phrases of its held-out songs does piano sound"):
        conditional.made(3, 0, str(tmp_path / "c"))


def test_coins_are_thrown_once(tmp_path: Path) -> None:
    left(tmp_path, "musegan-v3-stochastic", 6)
    with opened("musegan-v3-stochastic", replace(TOY, runs=tmp_path)) as run:
        made, other = run.made(2, 0, "freedoom"), run.made(2, 1, "freedoom")
    assert np.array_equal(made.before > 0, made.after) and 0 < made.after.mean() < 1
    assert not np.array_equal(made.after, other.after)


def test_what_is_given_is_marked_and_the_papers_values_are_of_the_piano(tmp_path: Path, bands: Path) -> None:
    preset = "musegan-composer-conditional"
    left(tmp_path / "runs", preset, 6, "family.condition=4")
    asked = replace(TOY, runs=tmp_path / "runs", corpus=str(bands), out=tmp_path)
    figure = figures.conditional_figure(asked)
    found = {line.column: (line.paper, line.ours is None, "given" in line.remark) for line in figure.lines}
    assert found == {
        "QN B": (None, False, False),
        "QN G": (None, False, False),
        "QN P": (None, False, False),
        "QN S": (None, True, True),
    }
    assert any("The given track is strings" in sentence for sentence in figure.sentences)
    assert "16 phrases" not in figure.made_of and "to the strings of" in figure.made_of
    table = tables.table_1(asked)
    lines = {line.column: line for line in table.lines if line.row == "on a track, composer"}
    assert {line.paper for line in lines.values()} == {None}
    assert {column for column, line in lines.items() if line.remark == "given"} == {"EB S", "UPC S", "QN S"}
    assert lines["QN P"].ours is not None


def test_to_the_papers_given_track_its_values_stand(conditional: Run, bands: Path) -> None:
    made = conditional.made(4, 0, str(bands))
    lines = {line.column: line for line in figures._qualified("13", "on a track, composer", conditional, made)}
    paper = {"QN B": 53.5, "QN G": 48.4, "QN P": None, "QN S": 59.0}
    assert {column: line.paper for column, line in lines.items()} == paper
    assert lines["QN P"].remark == "given" and lines["QN P"].ours is None
