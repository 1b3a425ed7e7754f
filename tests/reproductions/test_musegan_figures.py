"""MuseGAN's figures: real phrases, marks and previews of a run, its curves, and made phrases before and after."""

import io
from dataclasses import replace
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from antiphon.codecs.phrases import PhraseRolls
from antiphon.errors import InputError
from antiphon.fit import fit_preset
from antiphon.io.midi import write_midi
from antiphon.presets.table import get_preset
from antiphon.reproductions import musegan_figures as figures
from antiphon.reproductions import musegan_marks as marks
from antiphon.reproductions import musegan_tables as tables
from antiphon.reproductions.musegan_runs import opened, run_folder
from antiphon.reproductions.result import Asked

TOY = Asked("toy", 3, None, Path(), str)
NARROW = ("family.scale=0.02", "train.batch_size=2", "train.iterations=6", "train.log_every=1")


def codec() -> PhraseRolls:
    found = get_preset("musegan-composer").codec
    assert isinstance(found, PhraseRolls)
    return found


def pixels(path: Path) -> np.ndarray:
    image: np.ndarray = np.asarray(matplotlib.image.imread(path))[..., :3]
    return image


def test_real_figures_are_of_as_many_songs_as_there_are(tmp_path: Path) -> None:
    made = figures.real_figures(replace(TOY, out=tmp_path))
    songs = {figure: [line.ours for line in made.lines if line.row == figure] for figure in ("figure 2", "figure 10")}
    assert [len(songs[figure]) for figure in songs] == [2, 12] and len(set(songs["figure 10"])) == 12
    two, ten = (pixels(path) for path in made.pictures)
    # Black and grey alone, and colours.
    assert (np.ptp(two, axis=2) == 0).all() and (np.ptp(ten, axis=2) > 0.5).any()
    other = figures.real_figures(replace(TOY, out=tmp_path, seed=4))
    assert [line.ours for line in other.lines] != [line.ours for line in made.lines]


def test_marks_lie_farther_and_farther_apart(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it has no previews"):
        marks.marked(tmp_path)
    (tmp_path / "previews").mkdir()
    for iteration in (1, 2, 3, 4, 10, 20, 50, 100):
        (tmp_path / "previews" / f"{iteration:07d}.mid").touch()
    assert list(marks.marked(tmp_path)) == [1, 3, 10, 20, 100]
    assert marks.marked(tmp_path)[20].name == "0000020.mid"


def test_a_preview_is_read_as_it_was_written(tmp_path: Path) -> None:
    phrases = np.random.default_rng(0).random((2, *codec().shape)) < 0.02
    # What rests after each note is not told from a note of one step that follows.
    phrases[..., 1::2, :] = False
    phrases[0, 2] = False
    write_midi(codec().decode(phrases), tmp_path / "0000001.mid")
    assert np.array_equal(marks.read_preview(tmp_path / "0000001.mid", codec()), phrases[0])


def test_curves_are_those_of_the_log() -> None:
    history = [{"iteration": float(at), "discriminator/loss": 1.0 / at} for at in range(1, 20)]
    plain = marks.draw_training(history, [1, 5])
    for record in history[::3]:
        record |= {"evaluate/used_pitch_classes/strings": 2.0, "evaluate_real/used_pitch_classes/strings": 3.5}
        record |= {"evaluate/qualified_note_rate/strings": 0.25}
    full = marks.draw_training(history, [1, 5])
    wide, narrow = (matplotlib.image.imread(io.BytesIO(picture)).shape[1] for picture in (full, plain))
    assert wide == 3 * narrow
    found = {line.column: (line.paper, line.ours) for line in marks.training_lines(history)}
    assert found == {
        "UPC S, training data": (3.38, 3.5),
        "UPC S, made, at the end": (None, 2.0),
        "QN S, made, at the end": (None, 25.0),
    }


def test_the_rows_of_both_tables_have_presets() -> None:
    rows = {*tables.TABLE_1, *tables.TABLE_2} - {"training data", "training data, shuffled"}
    assert rows == set(tables.PRESETS)
    for row, preset in tables.PRESETS.items():
        family = get_preset(preset).family
        assert family.kind == "musegan" and (family.condition is not None) == row.startswith("on a track")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    for preset in ("musegan-composer", "musegan-jamming-conditional"):
        watched = ("train.preview_every=2", "train.evaluate_every=6") if preset == "musegan-composer" else ()
        fit_preset(get_preset(preset).resolve([*NARROW, *watched]), "freedoom", folder / preset, workers=1, say=str)
    return folder


@pytest.mark.slow
def test_a_run_is_shown_as_it_is(runs: Path, tmp_path: Path) -> None:
    asked = replace(TOY, out=tmp_path, runs=runs)
    assert run_folder("musegan-composer", asked) == runs / "musegan-composer"
    assert run_folder("musegan-hybrid", asked) is None
    made = figures.training_figures(asked)
    assert [path.name for path in made.pictures] == ["figure-8.png", "figure-9.png"]
    assert all(path.is_file() for path in made.pictures) and str(runs / "musegan-composer") in made.made_of
    with opened("musegan-composer", asked) as run:
        once, again = run.made(3, 0, "freedoom"), run.made(3, 0, "freedoom")
    assert np.array_equal(once.before > 0, once.after) and np.array_equal(once.before, again.before)


@pytest.mark.slow
def test_rows_of_models_are_measured_where_there_are_runs(runs: Path) -> None:
    asked = replace(TOY, runs=runs)
    rows = {"from scratch, composer", "on a track, jamming"}
    for table, columns in ((tables.table_1, tables.TABLE_1_COLUMNS), (tables.table_2, tables.TABLE_2_COLUMNS)):
        made = table(asked)
        there = {line.row for line in made.lines if line.ours is not None}
        assert there >= rows and there - rows <= {"training data", "training data, shuffled"}
        lacking = [line for line in made.lines if "needs the run" in line.remark]
        assert {line.row for line in lacking} == set(tables.PRESETS) & {line.row for line in made.lines} - rows
        assert [line.column for line in made.lines if line.row == "from scratch, composer"] == list(columns)
        assert all(preset in line.remark for line in lacking for preset in [tables.PRESETS[line.row]])
    with opened("musegan-composer", asked) as run:
        after = run.made(tables._MADE["toy"], TOY.seed, "freedoom").after
    lines = tables.table_1(asked).lines
    found = {line.column: line.ours for line in lines if line.row == "from scratch, composer"}
    for number, name in enumerate(codec().ensemble.names):
        letter = next(letter for letter, track in tables.TRACKS.items() if track == name)
        assert found[f"EB {letter}"] == pytest.approx(100 * (~after[:, number].any((2, 3))).mean())
    given = [line for line in lines if line.remark == "given"]
    assert {(line.row, line.column) for line in given} == {
        ("on a track, jamming", column) for column in ("EB P", "UPC P", "QN P")
    }


@pytest.mark.slow
def test_made_phrases_are_shown_before_and_after(tmp_path: Path) -> None:
    made = figures.conditional_figure(replace(TOY, out=tmp_path))
    assert [path.name for path in made.pictures] == ["figure-13.png"]
    assert [line.column for line in made.lines if line.ours is not None] == ["QN B", "QN G", "QN P"]
    assert "12 iterations of 4 on freedoom" in made.made_of
    both = figures.made_figures(replace(TOY, out=tmp_path))
    assert [path.name for path in both.pictures] == ["figure-7.png", "figure-11.png", "figure-12.png"]
    assert [line.paper for line in both.lines] == [49.5, 47.4, 49.9, 52.5, 44.6, 43.2, 45.5, 52.0]
