"""The two sides: how real songs are divided, and on which grid two sets can be compared."""

from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.suite.test_songs import rolls_file
from tests.made import folder, song

from antiphon.codecs.pianoroll import PianoRoll
from antiphon.errors import InputError
from antiphon.evaluation.suite.sides import (
    Reference,
    common_grid,
    few_songs,
    in_common,
    onsets_known,
    open_reference,
    shared_songs,
    silent_samples,
)
from antiphon.evaluation.suite.songs import Songs, in_memory, open_songs
from antiphon.music.score import Score


def made(*seeds: int) -> Songs:
    return in_memory("made", [song(seed) for seed in seeds])


def test_few_songs_are_divided_in_halves_by_song(tmp_path: Path) -> None:
    folder(tmp_path, 10)
    one, again, other = (open_reference(str(tmp_path), seed) for seed in (0, 0, 1))
    assert one.real.ids == again.real.ids != other.real.ids
    assert len(one.real) == len(one.other) == 5
    assert not set(one.real.groups) & set(one.other.groups)
    assert "halves" in one.remark


def test_held_out_songs_where_there_are_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder(tmp_path, 24)
    monkeypatch.setattr("antiphon.evaluation.suite.sides.FEWEST_HELD", 1)
    found = open_reference(str(tmp_path))
    assert set(found.real.splits) == {"test"} and "test" not in found.other.splits
    assert len(found.real) + len(found.other) == 24


def test_a_part_against_the_others(corpus: Path) -> None:
    found = open_reference(f"{corpus}:train")
    assert set(found.real.splits) == {"train"} and "train" not in found.other.splits


def test_one_song_leaves_no_other(tmp_path: Path) -> None:
    found = open_reference(str(folder(tmp_path, 1)))
    assert (len(found.real), len(found.other)) == (1, 0)
    said = few_songs(made(*range(5)), found)
    assert len(said) == 2
    assert f"{tmp_path}: a verdict needs 5 songs on each side, and there is 1" in said[0]
    assert "no real songs beside those" in said[1]


def test_songs_in_common_are_said_loudly() -> None:
    assert in_common(made(0, 1, 2), made(2, 3)) == (1, 3)
    said = shared_songs(made(0, 1, 2), Reference(made(2, 3), made(0, 1), ""))
    assert said[0].startswith("THE REFERENCE CONTAINS THE SAMPLES: 1 of 3") and "held against" in said[0]
    assert said[1].startswith("THE REFERENCE CONTAINS THE SAMPLES: 2 of 3") and "examiners" in said[1]
    assert shared_songs(made(0), Reference(made(1), made(2), "")) == ()


def test_silence_is_nobodys_copy() -> None:
    silence = in_memory("silence", [Score(), Score()])
    assert in_common(silence, silence) == (0, 2)


def test_scores_take_the_papers_grid() -> None:
    assert common_grid(made(0), made(1)) == (PianoRoll(bars=1, silent="kept"), ())


def test_scores_are_laid_on_the_grid_of_rolls(tmp_path: Path) -> None:
    rolls = open_songs(rolls_file(tmp_path / "a.npz"))
    for sides in ((rolls, made(0)), (made(0), rolls)):
        grid, remarks = common_grid(*sides)
        assert (grid.resolution, grid.lowest_pitch, grid.num_pitches, grid.bars) == (4, 48, 24, 1)
        assert remarks[0].startswith("made is laid on the grid of the rolls: 4 steps a beat, pitches 48 to 71, drums")
        assert "without 'onsets'" in remarks[1] and not onsets_known(*sides)
    assert common_grid(rolls, None)[1] == ()


def test_the_finer_array_goes_to_the_coarser_grid(tmp_path: Path) -> None:
    cells = np.random.default_rng(0).random((3, 5, 1, 96, 24)) < 0.03
    fine = open_songs(rolls_file(tmp_path / "fine.npz", rolls=cells, resolution=24, onsets=cells))
    coarse = open_songs(rolls_file(tmp_path / "coarse.npz"))
    for sides in ((fine, coarse), (coarse, fine)):
        grid, remarks = common_grid(*sides)
        assert grid.resolution == 4 and f"{fine.name} is laid on the coarser grid of 4 steps" in remarks[0]
        assert remarks[1].startswith(f"{coarse.name}: without 'onsets'")
    assert onsets_known(fine, made(0))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"lowest_pitch": 36}, "lowest_pitch differ (48; 36)"),
        ({"rolls": np.ones((3, 5, 1, 16, 36), bool)}, "num_pitches differ (24; 36)"),
        ({"drum_track": 1}, "tracks differ (drums piano guitar bass strings; bass drums guitar strings piano)"),
        (
            {"rolls": np.ones((3, 2, 1, 16, 24), bool), "tracks": ["drums", "piano"]},
            "tracks differ (drums piano guitar bass strings; drums piano)",
        ),
    ],
)
def test_arrays_of_other_ranges_or_tracks(values: dict[str, object], sentence: str, tmp_path: Path) -> None:
    one, other = open_songs(rolls_file(tmp_path / "a.npz")), open_songs(rolls_file(tmp_path / "b.npz", **values))
    with pytest.raises(InputError) as caught:
        common_grid(one, other)
    assert sentence in str(caught.value) and "a.npz and" in str(caught.value)


def test_silent_samples_are_counted(tmp_path: Path) -> None:
    cells = np.ones((4, 5, 1, 16, 24), bool)
    cells[:3] = False
    assert "3 of 4 samples are silent" in silent_samples(open_songs(rolls_file(tmp_path / "a.npz", rolls=cells)))[0]
    assert silent_samples(open_songs(rolls_file(tmp_path / "b.npz"))) == silent_samples(made(0)) == ()
