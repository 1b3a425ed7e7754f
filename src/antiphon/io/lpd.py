"""Files of the Lakh pianoroll dataset (pypianoroll's .npz) to Scores and back, without pickle and within limits.

A zip of `.npy` members: `pianoroll_0_csc_data`, `_indices`, `_indptr` and `_shape` for each track, a matrix (step, 128)
of velocities by columns; `tempo`, beats a minute at each step; where it is there `downbeat`, which steps begin a bar;
and `info.json` with the steps a beat (`beat_resolution` before pypianoroll 1.0, `resolution` since), the song's name,
and of each track its program, name and whether it is drums.
"""

import json
import lzma
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.errors import InputError
from antiphon.files import write_bytes
from antiphon.music.score import TEMPO, TIME_SIGNATURE, Score, Track, beat_us, notes_from_columns, table

Integers = NDArray[np.int64]

RESOLUTION = 24
"""Steps a beat of the dataset."""

_TICKS = 480
_PARTS = ("data", "indices", "indptr", "shape")
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
)


MAX_BYTES, MAX_TRACKS, MAX_STEPS, MAX_CELLS = 64 * 2**20, 256, 1 << 21, 1 << 24
"""What a file may ask for; the longest songs of the dataset ask for a hundredth."""


def read_lpd(path: Path | str) -> Score:
    """Read a file of the dataset, or any that pypianoroll wrote; see `parse_lpd`.

    Raises
    ------
    InputError
        One sentence that names the file and what is wrong with it.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _too_large(str(path))
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); check the name") from None
    return parse_lpd(content, str(path))


def parse_lpd(content: bytes, name: str = "LPD data") -> Score:
    """The score in the bytes of a file; `name` stands for it in messages.

    A note begins after silence and lasts while its pitch sounds, as loud as its first cell; for the dataset's rule
    leaves a silent step between notes that are struck again. On drums every cell is a stroke, unless most of their
    notes are longer than a cell. Cells that are true without a velocity get 100. Every track stays, silent ones too.
    Without downbeats the metre is 4/4 from the first step on.

    Raises
    ------
    InputError
        As `read_lpd`.
    """
    if len(content) > MAX_BYTES:
        raise _too_large(name)
    arrays, info = _members(content, name)
    resolution = info.get("resolution", info.get("beat_resolution"))
    if not isinstance(resolution, int) or isinstance(resolution, bool) or not 1 <= resolution <= 960:
        raise InputError(
            f"{name}: info.json has no steps a beat from 1 to 960 (resolution or beat_resolution); write it anew"
        )
    ticks = max(1, _TICKS // resolution)
    count = sum(key.startswith("pianoroll_") and key.endswith("_csc_data") for key in arrays)
    if count > MAX_TRACKS:
        raise InputError(f"{name}: has {count} tracks, over {MAX_TRACKS}; it is refused")
    tracks = tuple(
        _track(arrays, info.get(str(number), {}), number, ticks, f"{name}: track {number}") for number in range(count)
    )
    return Score(
        ticks_per_beat=ticks * resolution,
        tracks=tracks,
        tempos=_tempos(arrays.get("tempo"), ticks, name),
        time_signatures=_metres(arrays.get("downbeat"), _num_steps(arrays, count), ticks, resolution, name),
    )


def write_lpd(
    score: Score, path: Path | str, resolution: int = RESOLUTION, name: str = "", spelling: str = "resolution"
) -> None:
    """Write a score as pypianoroll does; see `lpd_bytes`."""
    write_bytes(path, lpd_bytes(score, resolution, name, spelling))


def lpd_bytes(score: Score, resolution: int = RESOLUTION, name: str = "", spelling: str = "resolution") -> bytes:
    """A score as the bytes of a file: its tracks as they are, on a grid, by the dataset's rules.

    A note sounds from its step to its end, one step at least, and is silent one step before its pitch is struck again
    (where it is longer than one, or they become one note); of notes that begin together the longest and the loudest
    count; drums sound in the step of their stroke. The same score gives the same bytes.

    Parameters
    ----------
    score
        At most `MAX_STEPS` long.
    resolution
        Steps a beat.
    name
        Of the song.
    spelling
        Key of the steps a beat: "resolution", or "beat_resolution" for programs that use pypianoroll before 1.0.

    Raises
    ------
    InputError
        If the score is too long.
    """
    lines = score.steps(score.bars(), resolution)
    num_steps = int(lines[-1])
    if num_steps > MAX_STEPS:
        raise InputError(f"a song of {num_steps:,} steps is too long for a piano roll, which has {MAX_STEPS:,}")
    step = np.arange(num_steps)
    downbeat = np.zeros(num_steps, bool)
    downbeat[lines[:-1]] = True
    arrays: dict[str, NDArray[Any]] = {"tempo": _tempo_of(score, step, resolution), "downbeat": downbeat}
    info: dict[str, Any] = {spelling: resolution, "name": name}
    for number, track in enumerate(score.tracks):
        parts = _columns(score, track, resolution, num_steps)
        arrays |= {f"pianoroll_{number}_csc_{part}": values for part, values in zip(_PARTS, parts, strict=True)}
        info[str(number)] = {"program": track.program, "is_drum": track.is_drum, "name": track.name}
    return _zipped(arrays, info)


def _too_large(name: str) -> InputError:
    return InputError(f"{name}: has over {MAX_BYTES:,} bytes; no song needs so many, it is refused")


def _members(content: bytes, name: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The arrays of a file by name, and what info.json says."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            members = archive.infolist()
            total = sum(member.file_size for member in members)
            if total > MAX_BYTES or len(members) > 4 * MAX_TRACKS + 8:
                raise InputError(f"{name}: unpacks to {total:,} bytes in {len(members)} members; it is refused")
            texts = {member.filename: archive.read(member) for member in members}
    except InputError:
        raise
    except _DAMAGED as error:
        raise InputError(f"{name}: no .npz of piano rolls, or damaged ({error}); fetch it again") from None
    if "info.json" not in texts:
        raise InputError(f"{name}: has no info.json, so it is no file of the Lakh pianoroll dataset; name another")
    try:
        info = json.loads(texts.pop("info.json"))
    except (ValueError, RecursionError):
        info = None
    if not isinstance(info, dict):
        raise InputError(f"{name}: its info.json is damaged; fetch it again")
    return {key.removesuffix(".npy"): _array(text, key, name) for key, text in texts.items()}, info


def _array(content: bytes, key: str, name: str) -> NDArray[Any]:
    """An array of numbers; numpy's own reader would make room for whatever a header claims."""
    stream = BytesIO(content)
    try:
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        shape, _, dtype = read[np.lib.format.read_magic(stream)](stream)
    except (ValueError, KeyError, TypeError, SyntaxError, RecursionError):
        raise InputError(f"{name}: its member {key} is no array; fetch it again") from None
    num = int(shape[0]) if shape else 1
    # From pypianoroll 1.0 on tempo and downbeat are columns.
    if dtype.kind not in "buif" or (len(shape) > 1 and shape != (num, 1)):
        raise InputError(f"{name}: its member {key} holds no row of numbers ({dtype}, {shape}); fetch it again")
    if num < 0 or num * dtype.itemsize != len(content) - stream.tell():
        raise InputError(f"{name}: its member {key} is cut off; fetch it again")
    return np.frombuffer(content, dtype, num, stream.tell())


def _track(arrays: Mapping[str, NDArray[Any]], told: Any, number: int, ticks: int, where: str) -> Track:
    program = told.get("program", 0) if isinstance(told, dict) else None
    if not isinstance(program, int) or not 0 <= program <= 127:
        raise InputError(f"{where} has no program from 0 to 127 in info.json; write it anew")
    missing = [part for part in _PARTS if f"pianoroll_{number}_csc_{part}" not in arrays]
    if missing:
        raise InputError(f"{where} lacks its pianoroll_{number}_csc_{missing[0]}; fetch it again")
    step, pitch, velocity = _cells(where, *(arrays[f"pianoroll_{number}_csc_{part}"] for part in _PARTS))
    is_drum = bool(told.get("is_drum", False))
    begins = np.ones(len(step), bool)
    begins[1:] = (np.diff(step) != 1) | (np.diff(pitch) != 0)
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(step))[: len(first)] - 1
    if is_drum and 2 * np.count_nonzero(first == last) > len(first):
        first = last = np.arange(len(step))
    notes = notes_from_columns(step[first] * ticks, (step[last] + 1) * ticks, pitch[first], velocity[first])
    return Track(notes, program, is_drum, str(told.get("name") or ""))


def _cells(
    where: str, data: NDArray[Any], indices: NDArray[Any], indptr: NDArray[Any], shape: NDArray[Any]
) -> tuple[Integers, Integers, Integers]:
    """Step, pitch and velocity of every sounding cell, by pitch, then step."""
    kinds = {array.dtype.kind for array in (indices, indptr, shape)}
    if len(shape) != 2 or not kinds <= {"u", "i"} or data.dtype.kind not in "bui" or int(shape[1]) != 128:
        raise InputError(f"{where} is no matrix of whole numbers with 128 pitches; fetch the file again")
    if not 0 <= int(shape[0]) <= MAX_STEPS or len(data) > MAX_CELLS:
        raise InputError(f"{where} has {int(shape[0]):,} steps and {len(data):,} cells; it is refused")
    starts = indptr.astype(np.int64)
    if len(starts) != 129 or starts[0] or starts[-1] != len(indices) or (np.diff(starts) < 0).any():
        raise InputError(f"{where}: its columns do not fit its cells; fetch the file again")
    if len(data) != len(indices) or (len(indices) and not 0 <= indices.min() <= indices.max() < int(shape[0])):
        raise InputError(f"{where}: cells lie outside its {int(shape[0]):,} steps; fetch the file again")
    step, pitch = indices.astype(np.int64), np.repeat(np.arange(128), np.diff(starts))
    loud = np.where(data, 100, 0) if data.dtype == bool else np.clip(data, 0, 127).astype(np.int64)
    # Columns need not be sorted, nor cells unique: the loudest counts.
    order = np.lexsort((-loud, step, pitch))
    step, pitch, loud = step[order], pitch[order], loud[order]
    kept = loud > 0
    kept[1:] &= (np.diff(step) != 0) | (np.diff(pitch) != 0)
    return step[kept], pitch[kept], loud[kept]


def _tempos(tempo: NDArray[Any] | None, ticks: int, name: str) -> NDArray[np.void]:
    if tempo is None or not len(tempo):
        return table(TEMPO, [])
    values = tempo.astype(np.float64)
    if not np.isfinite(values).all() or (values < 1).any() or (values > 10_000).any():
        raise InputError(f"{name}: its tempo leaves 1 to 10,000 beats a minute; write it anew")
    changes = np.flatnonzero(np.diff(values, prepend=-1.0))
    return table(TEMPO, [(int(step) * ticks, min(beat_us(float(values[step])), 2**24 - 1)) for step in changes])


def _num_steps(arrays: Mapping[str, NDArray[Any]], num_tracks: int) -> int:
    """Steps of the longest of a song's arrays; its rolls are of a known shape by now."""
    lengths = [int(arrays[f"pianoroll_{number}_csc_shape"][0]) for number in range(num_tracks)]
    lengths += [len(arrays[key]) for key in ("tempo", "downbeat") if key in arrays]
    return min(max(lengths, default=0), MAX_STEPS)


def _metres(downbeat: NDArray[Any] | None, num_steps: int, ticks: int, resolution: int, name: str) -> NDArray[np.void]:
    """Time signatures from the distances of downbeats: as many beats a bar as lie between them, 4/4 after the last."""
    if downbeat is None:
        return table(TIME_SIGNATURE, [(0, 4, 4)])
    if downbeat.dtype.kind == "f":
        raise InputError(f"{name}: its downbeat holds fractions, where true and false are wanted; write it anew")
    marked = np.flatnonzero(downbeat) if downbeat.dtype == bool else np.unique(downbeat)
    if not len(marked):
        return table(TIME_SIGNATURE, [(0, 4, 4)])
    # Before they are cast: a number may need all 64 bits.
    if marked[0] < 0 or marked[-1] > num_steps:
        raise InputError(f"{name}: its downbeats lie outside its {num_steps:,} steps; write it anew")
    steps = marked.astype(np.int64)
    length = np.diff(steps)
    # A lone downbeat may begin a lone bar; pypianoroll 1.0 marks no other one in whole songs.
    alone = len(downbeat) - steps[0] if len(downbeat) < 8 * resolution else 4 * resolution
    length = np.append(length, length[-1:] if len(length) else alone)
    whole = (length % resolution == 0) & (length <= 64 * resolution)
    beats = np.where(whole, length // resolution, 4)
    changes = np.flatnonzero(np.diff(beats, prepend=-1))
    return table(TIME_SIGNATURE, [(int(steps[bar]) * ticks, int(beats[bar]), 4) for bar in changes])


def _tempo_of(score: Score, step: Integers, resolution: int) -> NDArray[np.float64]:
    """Beats a minute at each step."""
    begins = score.steps(score.tempos["tick"], resolution)
    row = np.searchsorted(begins, step, side="right") - 1
    beats = 60_000_000 / np.append(score.tempos["beat_us"].astype(np.float64), 500_000.0)
    return np.asarray(beats[row])


def _columns(score: Score, track: Track, resolution: int, num_steps: int) -> tuple[NDArray[Any], ...]:
    """Data, indices, indptr and shape of a track's matrix."""
    start, end, pitch, loud = _strokes(score, track, resolution)
    length = end - start
    offset = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length - start, length)
    counts = np.bincount(np.repeat(pitch, length), minlength=128)
    return (
        np.repeat(loud, length).astype(np.uint8),
        offset.astype(np.int32),
        np.append(0, np.cumsum(counts)).astype(np.int32),
        np.array([num_steps, 128]),
    )


def _strokes(score: Score, track: Track, resolution: int) -> tuple[Integers, Integers, Integers, Integers]:
    """Start and end step, pitch and velocity of notes that neither overlap nor begin together, by pitch, then start."""
    start, end = score.steps(np.stack([track.notes["start"], track.notes["end"]]), resolution)
    pitch, loud = track.notes["pitch"].astype(np.int64), np.maximum(track.notes["velocity"].astype(np.int64), 1)
    order = np.lexsort((start, pitch))
    start, end, pitch, loud = start[order], end[order], pitch[order], loud[order]
    first = np.flatnonzero(np.append(True, (np.diff(start) != 0) | (np.diff(pitch) != 0))[: len(start)])
    if not len(first):
        return start, end, pitch, loud
    end, loud = np.maximum.reduceat(end, first), np.maximum.reduceat(loud, first)
    start, pitch = start[first], pitch[first]
    if track.is_drum:
        return start, start + 1, pitch, loud
    after = np.where(np.append(np.diff(pitch) == 0, False), np.append(start[1:], 0), np.iinfo(np.int64).max)
    return start, np.maximum(np.where(end >= after, after - 1, end), start + 1), pitch, loud


def _zipped(arrays: Mapping[str, NDArray[Any]], info: Mapping[str, Any]) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, values in arrays.items():
            text = BytesIO()
            np.lib.format.write_array(text, values, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), text.getvalue(), zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo("info.json"), json.dumps(info), zipfile.ZIP_DEFLATED)
    return content.getvalue()
