"""Songs between songs: the ends are the seeds' own, what lies between changes by and by, and what cannot be read."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from tests.made import model

from antiphon.errors import InputError
from antiphon.generate import Model, load
from antiphon.io.midi import midi_bytes
from antiphon.music.score import Score

PRESETS = ("musegan-hybrid", "band")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Model]:
    folder = tmp_path_factory.mktemp("models")
    return {preset: load(model(folder / f"{preset}.safetensors", preset)) for preset in PRESETS}


def cells(score: Score) -> np.ndarray:
    """Track, pitch and sixteenth of all that is struck."""
    step = score.ticks_per_beat // 4
    found = np.zeros((len(score.tracks), 128, 32), bool)
    for number, track in enumerate(score.tracks):
        found[number, track.notes["pitch"], track.notes["start"] // step] = True
    return found


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("method", ["slerp", "lerp"])
def test_the_ends_are_the_seeds_songs_to_the_byte(preset: str, method: str, loaded: dict[str, Model]) -> None:
    ends = [midi_bytes(loaded[preset].generate(2, seed=seed, tempo=90, mute="piano")[0]) for seed in (4, 9, 2, 7)]
    line = loaded[preset].between("4:9", 3, method, bars=2, tempo=90, mute="piano")
    assert line.seeds == (4, 9) and [len(row) for row in line.songs] == [3]
    found = [midi_bytes(song) for song in line.songs[0]]
    assert (found[0], found[2]) == (ends[0], ends[1]) and found[1] not in ends
    plane = loaded[preset].between([4, 9, 2, 7], "2x3", method, bars=2, tempo=90, mute="piano").songs
    corners = [midi_bytes(plane[row][column]) for row in (0, 1) for column in (0, 2)]
    assert corners == ends and [len(row) for row in plane] == [3, 3]
    assert midi_bytes(plane[0][1]) not in ends


def test_networks_change_their_songs_by_and_by(loaded: dict[str, Model]) -> None:
    line = loaded["musegan-hybrid"].between("3:4", 9, bars=2).songs[0]
    songs = [cells(song) for song in line]
    apart = [(songs[0] != song).mean() for song in songs]
    steps = [(near != far).mean() for near, far in pairwise(songs)]
    assert apart[0] < apart[2] < apart[4] < apart[6] < apart[8] and max(steps) < 0.7 * apart[8]


def test_a_band_goes_on_playing_between(loaded: dict[str, Model]) -> None:
    line = loaded["band"].between("1:2", 5, bars=2).songs[0]
    counts = [song.num_notes for song in line]
    assert min(counts) > 0.8 * min(counts[0], counts[-1]) and max(counts) < 1.25 * max(counts[0], counts[-1])
    assert any(text == "seed: 1:2 at 0.5 (slerp)" for _, text in line[2].texts)


def test_the_same_songs_again(loaded: dict[str, Model]) -> None:
    first, again = (loaded["band"].between("1:2", 3, bars=1).songs[0][1] for _ in range(2))
    assert midi_bytes(first) == midi_bytes(again)


@pytest.mark.parametrize(
    ("seeds", "steps", "options", "words"),
    [
        ("1", None, {}, "write two seeds such as 1:2"),
        ("1:2:3", None, {}, "write two seeds"),
        ("a:b", None, {}, "write two seeds"),
        ((1, -2), None, {}, "write two seeds"),
        (f"1:{2**63}", None, {}, "seed = "),
        ("1:2", "3x3", {}, "two seeds have songs on a line"),
        ("1:2:3:4", 5, {}, "four seeds have a grid, such as 3x3"),
        ("1:2", 1, {}, "2 to 16 each way"),
        ("1:2:3:4", "3x17", {}, "2 to 16 each way"),
        ("1:2", "many", {}, "two seeds have songs on a line"),
        ("1:2", 3, {"method": "cubic"}, "method 'cubic': choose one of slerp, lerp"),
        ("1:2", 3, {"key": "C"}, "key: songs between others go from their key"),
        ("1:2", 3, {"tracks": "horn"}, "tracks 'horn'"),
    ],
)
def test_what_cannot_be_read(
    seeds: str, steps: str | None, options: dict[str, str], words: str, loaded: dict[str, Model]
) -> None:
    with pytest.raises(InputError, match=words):
        loaded["band"].between(seeds, steps, **options)


def test_who_has_nothing_between_its_songs(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the model bar writes no songs between others; band and musegan"):
        load("bar").between("1:2")
    given = load(model(tmp_path / "given.safetensors", "musegan-hybrid-conditional"))
    with pytest.raises(InputError, match="the model given writes to a given track"):
        given.between("1:2")
