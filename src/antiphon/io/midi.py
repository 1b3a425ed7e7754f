"""MIDI files to Scores and back: symusic parses, an own writer writes, hostile input is refused in one sentence."""

import stat
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from antiphon.errors import InputError
from antiphon.files import write_bytes
from antiphon.io.smf import DEFAULT_LIMITS, Limits, Smf, check_smf, too_large, too_many_tracks
from antiphon.io.smf_events import damaged, metas
from antiphon.io.smf_writer import midi_bytes
from antiphon.music.score import (
    CONTROL,
    KEY_SIGNATURE,
    PITCH_BEND,
    TEMPO,
    TIME_SIGNATURE,
    Score,
    Track,
    notes_from_columns,
    table,
)

__all__ = ["Limits", "midi_bytes", "parse_midi", "read_midi", "write_midi"]


def read_midi(path: Path | str, limits: Limits = DEFAULT_LIMITS) -> Score:
    """Read a MIDI file of format 0 or 1 (also within a RIFF envelope, `.rmi`).

    See `parse_midi` for what becomes of its events.

    Raises
    ------
    InputError
        One sentence that names the file: missing, a folder, unreadable, not MIDI, empty, cut off, damaged, in SMPTE
        time, of format 2, or beyond a limit.
    """
    return parse_midi(_content(Path(path), limits), str(path), limits)


def parse_midi(content: bytes, name: str = "MIDI data", limits: Limits = DEFAULT_LIMITS) -> Score:
    """Read the bytes of a MIDI file; `name` stands for the file in error messages.

    Each MIDI track becomes one `Track` for each channel and program that sounds in it, in that order. A note lasts
    from its note-on to the first note-off of its pitch and channel in the same MIDI track that no earlier note has
    used. A note-on that is never answered is left out (there is no telling how long it was meant), as are note-offs
    without a note. A note that ends at the tick it begins stays, with length zero. Control changes and pitch bends
    stay with the notes of their channel and MIDI track; those of a channel without notes, system-exclusive messages,
    aftertouch and lyrics are left out, as are key signatures that do not exist. A file without notes is a Score
    without notes.

    Raises
    ------
    InputError
        As `read_midi`.
    """
    smf = check_smf(content, name, limits)
    score = _score(smf, _parsed(smf.content, name), name, limits)
    _check_length(score, name, limits)
    return score


def write_midi(score: Score, path: Path | str) -> None:
    """Write a MIDI file of format 1, whole or not at all; see `midi_bytes`.

    Raises
    ------
    InputError
        If the score holds what MIDI cannot express, or the place cannot be written.
    """
    write_bytes(path, midi_bytes(score, str(path)))


def _content(path: Path, limits: Limits) -> bytes:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise InputError(f"{path}: this is a folder, not a MIDI file; name a file in it")
        # A pipe or a device may never end.
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{path}: not a regular file; name a MIDI file")
        if status.st_size > limits.max_file_bytes:
            raise too_large(str(path), limits)
        with path.open("rb") as stream:
            return stream.read(limits.max_file_bytes + 1)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; check the name") from None
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read ({reason}); check the file and its permissions") from None


def _parsed(content: bytes, name: str) -> Any:
    # Imported here, since the doors need not wait for it.
    from symusic import Score as SymusicScore

    try:
        return SymusicScore.from_midi(content)
    except (RuntimeError, ValueError, IndexError, MemoryError) as error:
        reason = str(error).removeprefix("MiniMidi: ").split("!")[0]
        raise damaged(name, f"{reason[:1].lower()}{reason[1:]}") from None


def _score(smf: Smf, parsed: Any, name: str, limits: Limits) -> Score:
    """Tables of a symusic score; limits are checked on its own counts, before a column is copied."""
    num_notes = parsed.note_num()
    if num_notes > limits.max_notes:
        raise InputError(f"{name}: holds {num_notes} notes, more than {limits.max_notes}; split it")
    if len(parsed.tracks) > limits.max_tracks:
        raise too_many_tracks(name, limits)
    tempos, metres, keys = _tempos(smf, parsed, name), _time_signatures(smf, parsed, name), _key_signatures(parsed)
    tracks = (_track(track, name) for track in parsed.tracks)
    # Lyrics alone make a track in symusic.
    sounding = tuple(track for track in tracks if len(track.notes) or len(track.controls))
    return Score(smf.ticks_per_beat, sounding, tempos, metres, keys, smf.texts, smf.chords)


def _tempos(smf: Smf, parsed: Any, name: str) -> NDArray[np.void]:
    rows = _table(TEMPO, parsed.tempos.numpy(), "time", "mspq")
    if _is_scrambled(rows):
        rows = table(TEMPO, [(tick, int.from_bytes(data, "big")) for tick, data in _metas(smf, name, 0x51, 3)])
    if len(rows) and rows["beat_us"].min() < 1:
        raise damaged(name, "a tempo of zero microseconds a beat")
    return rows


def _time_signatures(smf: Smf, parsed: Any, name: str) -> NDArray[np.void]:
    rows = _table(TIME_SIGNATURE, parsed.time_signatures.numpy(), "time", "numerator", "denominator")
    if _is_scrambled(rows):
        found = _metas(smf, name, 0x58, 4)
        rows = table(TIME_SIGNATURE, [(tick, data[0], 1 << min(data[1], 8)) for tick, data in found])
    if len(rows) and (min(rows["numerator"].min(), rows["denominator"].min()) < 1 or rows["denominator"].max() > 128):
        raise damaged(name, "a time signature with a zero, or finer than a 128th")
    return rows


def _key_signatures(parsed: Any) -> NDArray[np.void]:
    rows = _table(KEY_SIGNATURE, parsed.key_signatures.numpy(), "time", "key", "tonality")
    existing: NDArray[np.void] = rows[np.abs(rows["sharps"]) <= 7]
    return existing


def _is_scrambled(rows: NDArray[np.void]) -> bool:
    # symusic's sort keeps the order of rows at one tick only where it falls back to insertion (24 rows and fewer).
    return len(rows) > 24 and bool(((np.diff(rows["tick"]) == 0) & (rows[1:] != rows[:-1])).any())


def _metas(smf: Smf, name: str, kind: int, size: int) -> list[tuple[int, bytes]]:
    found = metas(smf.content, name, smf.spans, kind)
    if any(len(data) != size for _, data in found):
        raise damaged(name, f"a meta event {kind:02X} that is not {size} bytes long")
    return found


def _table(dtype: np.dtype[np.void], columns: dict[str, NDArray[Any]], *names: str) -> NDArray[np.void]:
    rows = np.empty(len(columns["time"]), dtype)
    for field, name in zip(dtype.names or (), names, strict=True):
        rows[field] = columns[name]
    return rows


def _track(parsed: Any, name: str) -> Track:
    columns = parsed.notes.numpy()
    start, pitch, velocity = columns["time"].astype(np.int64), columns["pitch"], columns["velocity"]
    _check_sevenbit(name, pitch, velocity, parsed.program)
    notes = notes_from_columns(start, start + columns["duration"], pitch, velocity)
    notes.setflags(write=False)
    return Track(notes, parsed.program, parsed.is_drum, parsed.name, _controls(parsed, name))


def _controls(parsed: Any, name: str) -> NDArray[np.void]:
    """Control changes and pitch bends in one table by tick; at one tick the control changes come first."""
    columns = parsed.controls.numpy()
    _check_sevenbit(name, columns["number"], columns["value"])
    controls = _table(CONTROL, columns, "time", "number", "value")
    if len(parsed.pitch_bends):
        columns = parsed.pitch_bends.numpy()
        _check_sevenbit(name, (columns["value"] + 8192) >> 7)
        columns["number"] = np.full(len(columns["time"]), PITCH_BEND)
        bends = _table(CONTROL, columns, "time", "number", "value")
        controls = np.concatenate([controls, bends])
        controls = controls[np.argsort(controls["tick"], kind="stable")]
    controls.setflags(write=False)
    return controls


def _check_sevenbit(name: str, *values: ArrayLike) -> None:
    for value in values:
        # symusic hands bytes over as they stand, some of them as signed ones, where 128 and more are negative.
        octets = np.asarray(value)
        if octets.max(initial=0) > 127 or octets.min(initial=0) < 0:
            raise damaged(name, "a value above 127")


def _check_length(score: Score, name: str, limits: Limits) -> None:
    tables = [score.tempos, score.time_signatures, score.key_signatures, *(track.controls for track in score.tracks)]
    ticks = [rows["tick"] for rows in tables if len(rows)] + [track.notes["start"] for track in score.tracks]
    end = max([score.end, *(int(column.max(initial=0)) for column in ticks)])
    # The parser counts in 32 bits: an overflow turns ticks negative.
    if end > limits.max_ticks or min((int(column.min(initial=0)) for column in ticks), default=0) < 0:
        raise InputError(f"{name}: longer than {limits.max_ticks} ticks; cut it into shorter files")
    if end > limits.max_beats * score.ticks_per_beat:
        raise InputError(f"{name}: longer than {limits.max_beats} beats; cut it into shorter files")
    if score.seconds(end) > limits.max_seconds:
        raise InputError(f"{name}: longer than {limits.max_seconds:g} seconds; cut it into shorter files")
