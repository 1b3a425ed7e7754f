"""Piano rolls of the Lakh dataset: round trips, both spellings, pypianoroll's two forms, damaged and hostile files."""

import io
import json
import time
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from antiphon.codecs.ensembles import ENSEMBLES
from antiphon.data.corpus import Corpus
from antiphon.errors import InputError
from antiphon.io.lpd import lpd_bytes, parse_lpd, read_lpd, write_lpd
from antiphon.music.score import TEMPO, TIME_SIGNATURE, Score, Track, beat_us, notes_from_columns, table

STEP = 20


def played(*notes: tuple[int, int, int], program: int = 0, is_drum: bool = False, velocity: int = 80) -> Track:
    """A track of (first step, end step, pitch)."""
    start, end, pitch = np.array(notes, np.int64).reshape(-1, 3).T
    return Track(notes_from_columns(start * STEP, end * STEP, pitch, velocity), program, is_drum, "x")


def rows(track: Track) -> list[tuple[int, ...]]:
    """(first step, end step, pitch) of a track's notes."""
    return [(int(n["start"]) // STEP, int(n["end"]) // STEP, int(n["pitch"])) for n in track.notes]


def archive(rolls: list[NDArray[Any]], info: dict[str, Any], **more: NDArray[Any]) -> bytes:
    """The file as pypianoroll writes it: numpy's savez, info.json behind it."""
    arrays = dict(more)
    for number, roll in enumerate(rolls):
        pitch, step = np.nonzero(roll.T)
        pointers = np.append(0, np.cumsum(np.bincount(pitch, minlength=128)))
        parts = {"data": roll[step, pitch], "indices": step.astype(np.int32), "indptr": pointers.astype(np.int32)}
        arrays |= {f"pianoroll_{number}_csc_{part}": values for part, values in parts.items()}
        arrays[f"pianoroll_{number}_csc_shape"] = np.array(roll.shape)
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=True, **arrays)
    with zipfile.ZipFile(content, "a") as stream:
        stream.writestr("info.json", json.dumps(info))
    return content.getvalue()


def roll(*notes: tuple[int, int, int], num_steps: int = 192, dtype: Any = np.uint8, value: int = 80) -> NDArray[Any]:
    cells = np.zeros((num_steps, 128), dtype)
    for start, end, pitch in notes:
        cells[start:end, pitch] = value
    return cells


INFO = {"name": "a song", "0": {"program": 33, "is_drum": False, "name": "Bass"}}


@pytest.mark.parametrize("spelling", ["resolution", "beat_resolution"])
def test_both_spellings_are_read_and_written(spelling: str) -> None:
    score = parse_lpd(archive([roll((0, 23, 40), (24, 30, 40))], {**INFO, spelling: 24}, tempo=np.full(192, 100.0)))
    (track,) = score.tracks
    assert (track.program, track.name, track.is_drum) == (33, "Bass", False)
    assert rows(track) == [(0, 23, 40), (24, 30, 40)]
    assert track.notes["velocity"].tolist() == [80, 80]
    assert score.tempos["beat_us"].tolist() == [600_000] and score.ticks_per_beat == 480
    with zipfile.ZipFile(io.BytesIO(lpd_bytes(score, 24, "a song", spelling))) as stream:
        told = json.loads(stream.read("info.json"))
    assert told == {**INFO, spelling: 24}


def test_later_pypianorolls_columns_are_read() -> None:
    tempo, downbeat = np.full((192, 1), 120.0), np.zeros((192, 1), bool)
    downbeat[[0, 72, 144]] = True
    score = parse_lpd(archive([roll((0, 24, 60))], {**INFO, "resolution": 24}, tempo=tempo, downbeat=downbeat))
    assert score.time_signatures[["numerator", "denominator"]].tolist() == [(3, 4)]
    only = np.zeros((192, 1), bool)
    only[0] = True
    score = parse_lpd(archive([roll((0, 24, 60))], {**INFO, "resolution": 24}, downbeat=only))
    assert score.time_signatures["numerator"].tolist() == [4]


def _downbeats(*steps: int, dtype: Any = np.int64) -> bytes:
    return archive([roll((0, 24, 60))], {**INFO, "resolution": 24}, downbeat=np.array(steps, dtype))


def test_downbeats_by_number_are_read() -> None:
    score = parse_lpd(_downbeats(0, 72, 144, 192))
    assert score.time_signatures[["tick", "numerator"]].tolist() == [(0, 3), (2880, 2)]


def test_true_cells_without_a_velocity_and_other_types() -> None:
    for dtype, value in ((bool, 1), (np.int64, 100)):
        score = parse_lpd(archive([roll((3, 9, 60), dtype=dtype, value=value)], {**INFO, "resolution": 24}))
        assert score.tracks[0].notes["velocity"].tolist() == [100]
    assert parse_lpd(archive([roll((3, 9, 60), dtype=int, value=300)], {**INFO, "resolution": 24})).num_notes == 1


def test_drums_are_strokes_unless_they_are_held() -> None:
    info = {"resolution": 24, "name": "", "0": {"program": 0, "is_drum": True, "name": "Drums"}}
    strokes = roll((0, 1, 36), (24, 26, 38), (48, 49, 36))
    assert len(parse_lpd(archive([strokes], info)).tracks[0].notes) == 4
    held = roll((0, 6, 36), (24, 30, 38), (48, 49, 36))
    assert len(parse_lpd(archive([held], info)).tracks[0].notes) == 3


def test_cells_that_lie_in_any_order_or_twice_are_one() -> None:
    arrays: dict[str, NDArray[Any]] = {
        "pianoroll_0_csc_data": np.array([10, 90, 20, 0], np.uint8),
        "pianoroll_0_csc_indices": np.array([5, 4, 5, 9], np.int32),
        "pianoroll_0_csc_indptr": np.append(np.zeros(61, np.int32), np.full(68, 4, np.int32)),
        "pianoroll_0_csc_shape": np.array([96, 128]),
    }
    score = parse_lpd(archive([], {**INFO, "resolution": 24}, **arrays))
    assert rows(score.tracks[0]) == [(4, 6, 60)]
    assert score.tracks[0].notes["velocity"].tolist() == [90]


def test_notes_are_written_by_the_datasets_rules() -> None:
    music = Score(480, (played((0, 24, 60), (24, 30, 60), (40, 40, 62), (50, 60, 64), (50, 70, 64)),
                        played((0, 24, 36), (9, 30, 36), is_drum=True)))  # fmt: skip
    back = parse_lpd(lpd_bytes(music))
    assert rows(back.tracks[0]) == [(0, 23, 60), (24, 30, 60), (40, 41, 62), (50, 70, 64)]
    assert rows(back.tracks[1]) == [(0, 1, 36), (9, 10, 36)]


def test_bars_tempos_tracks_and_silence_come_back(tmp_path: Path) -> None:
    music = Score(
        480,
        (played((0, 23, 60), (400, 431, 61)), Track(program=30, name="silent"), played(is_drum=True)),
        tempos=table(TEMPO, [(0, beat_us(90)), (960, beat_us(121))]),
        time_signatures=table(TIME_SIGNATURE, [(0, 3, 4), (4320, 4, 4)]),
    )
    write_lpd(music, tmp_path / "a.npz", name="n")
    back = read_lpd(tmp_path / "a.npz")
    assert [(t.program, t.is_drum, t.name, len(t.notes)) for t in back.tracks] == [
        (0, False, "x", 2),
        (30, False, "silent", 0),
        (0, True, "x", 0),
    ]
    np.testing.assert_array_equal(back.bars(), music.bars())
    np.testing.assert_allclose(back.seconds(back.end), music.seconds(music.end), rtol=1e-6)


@st.composite
def scores(draw: st.DrawFn) -> tuple[Score, int]:
    """Music on a grid that the dataset's rules leave as it is: a silent step before a pitch is struck again."""
    resolution = draw(st.sampled_from([1, 4, 24, 48]))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    tracks = []
    for _ in range(draw(st.integers(0, 4))):
        is_drum, num = draw(st.booleans()), draw(st.integers(0, 9))
        notes: list[tuple[int, int, int]] = []
        for pitch in rng.permutation(128)[: draw(st.integers(0, 4))]:
            edges = 2 * np.sort(rng.permutation(20 * resolution)[: 4 * (num // 2)])
            pairs = edges[: len(edges) // 2 * 2].reshape(-1, 2)
            notes += [(a, a + 1 if is_drum else b, int(pitch)) for a, b in pairs[::2]]
        start, end, pitch = np.array(notes, np.int64).reshape(-1, 3).T
        ticks = 480 // resolution
        table_ = notes_from_columns(start * ticks, end * ticks, pitch, int(rng.integers(1, 128)))
        tracks.append(Track(table_, int(rng.integers(128)), is_drum, draw(st.text(max_size=5))))
    signature = table(TIME_SIGNATURE, [(0, draw(st.integers(2, 7)), 4)])
    tempos = table(TEMPO, [(0, int(rng.integers(200_000, 2_000_000)))])
    return Score(480, tuple(tracks), tempos=tempos, time_signatures=signature), resolution


@given(scores(), st.sampled_from(["resolution", "beat_resolution"]))
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_again(made: tuple[Score, int], spelling: str) -> None:
    music, resolution = made
    content = lpd_bytes(music, resolution, "name", spelling)
    back = parse_lpd(content)
    assert len(back.tracks) == len(music.tracks)
    for before, after in zip(music.tracks, back.tracks, strict=True):
        np.testing.assert_array_equal(after.notes, before.notes)
        assert (after.program, after.is_drum, after.name) == (before.program, before.is_drum, before.name)
    np.testing.assert_array_equal(back.bars(), music.bars())
    assert abs(int(back.tempos["beat_us"][0]) - int(music.tempos["beat_us"][0])) <= 1
    assert lpd_bytes(music, resolution, "name", spelling) == content


def test_real_songs_settle_after_one_writing() -> None:
    corpus = Corpus.open("freedoom")
    for song in corpus.split("test")[:6]:
        once = parse_lpd(lpd_bytes(ENSEMBLES["lpd-5"].arranged(corpus.score(song))))
        twice = parse_lpd(lpd_bytes(once))
        assert once.num_notes > 100
        for before, after in zip(once.tracks, twice.tracks, strict=True):
            np.testing.assert_array_equal(after.notes, before.notes)


def _without(name: str) -> bytes:
    content = io.BytesIO(archive([roll((0, 24, 60))], {**INFO, "resolution": 24}))
    kept = io.BytesIO()
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(kept, "w") as new:
        for member in old.namelist():
            if name not in member:
                new.writestr(member, old.read(member))
    return kept.getvalue()


def _claiming(rows_claimed: int) -> bytes:
    """A header that asks for more than there is."""
    header = io.BytesIO()
    told = {"descr": "<f8", "fortran_order": False, "shape": (rows_claimed,)}
    np.lib.format.write_array_header_1_0(header, told)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as stream:
        stream.writestr("tempo.npy", header.getvalue())
        stream.writestr("info.json", json.dumps({"resolution": 24}))
    return content.getvalue()


def _changed(**arrays: Any) -> bytes:
    given = {f"pianoroll_0_csc_{name}": np.asarray(values) for name, values in arrays.items()}
    base = {"data": np.array([80], np.uint8), "indices": np.array([3]), "indptr": np.repeat([0, 1], [61, 68])}
    whole = {f"pianoroll_0_csc_{name}": values for name, values in (base | {"shape": np.array([96, 128])}).items()}
    return archive([], {**INFO, "resolution": 24}, **(whole | given))


def _pickled() -> bytes:
    return archive([], {**INFO, "resolution": 24}, tempo=np.array([{"a": 1}], object))


GOOD = archive([roll((0, 24, 60))], {**INFO, "resolution": 24})
BAD: dict[str, tuple[bytes, str]] = {
    "no bytes": (b"", "no .npz of piano rolls, or damaged"),
    "no zip": (b"MThd" * 100, "no .npz of piano rolls, or damaged"),
    "cut off": (GOOD[: len(GOOD) // 2], "no .npz of piano rolls, or damaged"),
    "other npz": (_without("info"), "has no info.json"),
    "no resolution": (archive([], {"name": "x"}), "no steps a beat from 1 to 960"),
    "a resolution of zero": (archive([], {"name": "x", "resolution": 0}), "no steps a beat from 1 to 960"),
    "info of a list": (archive([], [1, 2]), "info.json is damaged"),  # type: ignore[arg-type]
    "a part missing": (_without("indices"), "lacks its pianoroll_0_csc_indices"),
    "a claim": (_claiming(10**12), "is cut off"),
    "pickle": (_pickled(), "holds no row of numbers"),
    "no program": (archive([roll((0, 1, 1))], {"resolution": 4, "0": {"program": 200}}), "no program from 0 to 127"),
    "steps without end": (_changed(shape=[10**12, 128]), "it is refused"),
    "other pitches": (_changed(shape=[96, 88]), "no matrix of whole numbers with 128 pitches"),
    "fractions": (_changed(data=np.array([0.5])), "no matrix of whole numbers"),
    "a cell outside": (_changed(indices=[96]), "cells lie outside its 96 steps"),
    "a cell before": (_changed(indices=[-1]), "cells lie outside its 96 steps"),
    "columns that run back": (_changed(indptr=np.r_[0, 5, np.ones(127, int)]), "columns do not fit"),
    "too few columns": (_changed(indptr=[0, 1]), "columns do not fit"),
    "a downbeat past all counting": (_downbeats(2**62), "its downbeats lie outside its 192 steps"),
    "a downbeat of 64 bits": (_downbeats(0, 2**64 - 1, dtype=np.uint64), "its downbeats lie outside its 192 steps"),
    "a downbeat before the song": (_downbeats(-96, 0), "its downbeats lie outside its 192 steps"),
    "a downbeat after it": (_downbeats(0, 96, 193), "its downbeats lie outside its 192 steps"),
    "a tempo of nothing": (archive([], {**INFO, "resolution": 24}, tempo=np.array([np.nan])), "its tempo leaves"),
    "a tempo of zero": (archive([], {**INFO, "resolution": 24}, tempo=np.zeros(9)), "its tempo leaves"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    content, sentence = BAD[name]
    (tmp_path / "song.npz").write_bytes(content)
    with pytest.raises(InputError, match=r"song\.npz.*" + sentence):
        read_lpd(tmp_path / "song.npz")


def test_missing_files_and_bombs_take_no_memory(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_lpd(tmp_path / "none.npz")
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as stream:
        stream.writestr("tempo.npy", bytes(100 * 2**20))
    tracemalloc.start()
    with pytest.raises(InputError, match="unpacks to 104,857,600 bytes in 1 members; it is refused"):
        read_lpd(tmp_path / "bomb.npz")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5e6


def test_a_long_song_cannot_be_written() -> None:
    with pytest.raises(InputError, match="too long for a piano roll"):
        lpd_bytes(Score(480, (played((0, 1, 60), (10**8, 10**8 + 1, 60)),)))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_bytes_never_crash(data: st.DataObject) -> None:
    content = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    begin = time.perf_counter()
    try:
        parse_lpd(bytes(content))
    except InputError as error:
        assert "\n" not in str(error).split("(")[0]
    assert time.perf_counter() - begin < 2
