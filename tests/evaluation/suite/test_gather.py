"""Mapping over songs: results in order, unusable songs set aside by name, the same in several processes."""

from pathlib import Path

import pytest
from tests.made import folder, song

from antiphon.errors import InputError
from antiphon.evaluation.suite.gather import UnusableError, gather
from antiphon.evaluation.suite.songs import Songs, in_memory, open_songs


def num_notes(songs: Songs, index: int) -> int:
    if songs.ids[index].endswith("1"):
        raise UnusableError("its name ends with 1")
    return songs.score(index).num_notes


def test_results_are_in_order_beside_their_songs() -> None:
    scores = [song(seed) for seed in range(3)]
    found = gather(in_memory("made", scores), num_notes, "count")
    assert found.found == (scores[0].num_notes, scores[2].num_notes)
    assert found.songs == (0, 2)
    assert found.aside == ("made-1: its name ends with 1",)


def test_a_file_that_cannot_be_read_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    (folder(tmp_path, 3) / "broken.mid").write_bytes(b"MThd no")
    found = gather(open_songs(tmp_path), num_notes, "count")
    assert len(found.found) == 2 and len(found.aside) == 2
    assert found.aside[0].startswith(str(tmp_path / "broken.mid")) and "get a whole copy" in found.aside[0]


def test_faults_of_the_program_are_not_set_aside() -> None:
    def broken(songs: Songs, index: int) -> int:
        raise ZeroDivisionError

    def refusing(songs: Songs, index: int) -> int:
        raise InputError("bad.mid: bad")

    songs = in_memory("made", [song(0)])
    assert gather(songs, refusing, "count").aside == ("bad.mid: bad",)
    with pytest.raises(ZeroDivisionError):
        gather(songs, broken, "count")


@pytest.mark.slow
def test_two_processes_find_what_one_does(tmp_path: Path) -> None:
    (folder(tmp_path, 40) / "broken.mid").write_bytes(b"MThd no")
    songs = open_songs(tmp_path)
    assert gather(songs, num_notes, "count", 2) == gather(songs, num_notes, "count", 1)
