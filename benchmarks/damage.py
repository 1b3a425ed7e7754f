"""Damaged MIDI files by seed, and a child process that reads them, so that a crash of the parser names its seed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from antiphon.errors import InputError
from antiphon.io.midi import midi_bytes, parse_midi
from antiphon.io.smf import DEFAULT_LIMITS
from antiphon.music.score import CONTROL, PITCH_BEND, TEMPO, TIME_SIGNATURE, Score, Track, notes_from_columns, table
from benchmarks.table import peak_megabytes

SECONDS_A_FILE = 20
"""A file that takes longer counts as a crash."""

_NASTY = bytes((0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xC0, 0xCF, 0xEF, 0xF0, 0xF4, 0xF7, 0xFF))
_PIECES = (
    b"\xff\xff\xff\x7f",
    b"\xff\xff\xff\xff\xff\xff",
    b"\x00\xff\x2f\x00",
    b"\x00\xff\x51\x03\x00\x00\x00",
    b"\x00\xff\x58\x04\x00\x40\x18\x08",
    b"\x00\xff\x01\x7f",
    b"\x00\xf7\x03\x43\xf7\x00",
    b"\x00\x9f\xff\x7f",
    b"MTrk\xff\xff\xff\xff",
    b"MThd\x00\x00\x00\x06",
)


@dataclass(frozen=True)
class Outcome:
    """What became of one damaged file: "read", "refused", "wrong" or "crashed"; seconds, and the process' peak MB."""

    seed: int
    kind: str
    seconds: float = 0.0
    peak_mb: float = 0.0
    note: str = ""


def damaged_file(seed: int, folder: Path | None = None) -> bytes:
    """The damaged MIDI file of this seed, made from a generated file or, where `folder` is given, a real one."""
    rng = np.random.default_rng(seed)
    sources = _sources(folder)
    content = sources[int(rng.integers(len(sources)))]
    # Two thirds keep header and lengths whole, so that the damage reaches the parser behind the checks.
    if rng.random() < 0.67:
        tracks = _bodies(content)
        for _ in range(int(rng.integers(1, 3))):
            chosen = int(rng.integers(len(tracks)))
            tracks[chosen] = _damaged(tracks[chosen], _BODY_DAMAGES, rng)
        return _chunks(*tracks)
    return _damaged(content, _BODY_DAMAGES + _FILE_DAMAGES, rng)


def outcomes(seeds: Sequence[int], folder: Path | None = None) -> list[Outcome]:
    """Read the damaged file of each seed in a child process; one that dies is replaced, its seed noted as crashed."""
    found: list[Outcome] = []
    while len(found) < len(seeds):
        found += _batch(seeds[len(found) :], folder)
    return found


def _batch(seeds: Sequence[int], folder: Path | None) -> list[Outcome]:
    command = [sys.executable, "-m", "benchmarks.damage", *([str(folder)] if folder else [])]
    root = Path(__file__).resolve().parent.parent
    given = "\n".join(str(seed) for seed in seeds)
    child = subprocess.run(command, input=given, capture_output=True, text=True, cwd=root, check=False)
    rows = [line.split("\t") for line in child.stdout.splitlines()]
    found = [Outcome(int(seed), kind, float(secs), float(mb), note) for seed, kind, secs, mb, note in rows]
    if child.returncode:
        note = f"exit status {child.returncode}: {child.stderr[-300:]}"
        found.append(Outcome(seeds[len(found)], "crashed", note=note))
    return found


def _read(seed: int, content: bytes) -> Outcome:
    begin = time.perf_counter()
    try:
        score = parse_midi(content, "NAME")
    except InputError as error:
        kind, note = ("refused", str(error)) if _is_sentence(str(error)) else ("wrong", f"not a sentence: {error}")
    # Whatever else comes out of the parser is what this looks for.
    except Exception as error:
        kind, note = "wrong", f"{type(error).__name__}: {error}"
    else:
        note = _fault(score)
        kind = "wrong" if note else "read"
    seconds = time.perf_counter() - begin
    return Outcome(seed, kind, seconds, peak_megabytes(), " ".join(note.split()))


def _is_sentence(text: str) -> bool:
    return text.startswith("NAME: ") and "\n" not in text and len(text) < 300 and text.isprintable()


def _fault(score: Score) -> str:
    """What is wrong with a score that was read, empty if nothing: beyond the limits, or not the same after writing."""
    if score.end > DEFAULT_LIMITS.max_ticks or score.num_notes > DEFAULT_LIMITS.max_notes:
        return "beyond the limits"
    if score.duration_seconds > DEFAULT_LIMITS.max_seconds or score.bars()[-1] < score.end:
        return "beyond the limits of time"
    again = parse_midi(midi_bytes(score))
    # Lost on the way: tracks whose notes were all left out as unanswered.
    before = [track for track in score.tracks if len(track.notes)]
    same = len(before) == len(again.tracks) and all(
        np.array_equal(old.notes, new.notes) and np.array_equal(old.controls, new.controls)
        for old, new in zip(before, again.tracks, strict=True)
    )
    same = same and np.array_equal(score.tempos, again.tempos) and score.texts == again.texts
    return "" if same else "written and read again it is another"


@cache
def _sources(folder: Path | None) -> tuple[bytes, ...]:
    rng = np.random.default_rng(0)
    generated = [midi_bytes(_score(rng, num_tracks)) for num_tracks in (0, 1, 1, 2, 3, 17)]
    generated += [midi_bytes(replace(_score(rng, num_tracks), texts=(), chords=())) for num_tracks in (1, 1, 1, 2, 4)]
    generated += [_running_status_file(), _long_file(rng)]
    if folder is None:
        return tuple(generated)
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".mid", ".midi"} and path.is_file())
    # A few of every corpus; the larger ones take time and add nothing.
    chosen = [path for path in paths[:: max(1, len(paths) // 60)] if path.stat().st_size < 100_000]
    return (*generated, *(path.read_bytes() for path in chosen))


def _score(rng: np.random.Generator, num_tracks: int) -> Score:
    tracks = []
    for index in range(num_tracks):
        start = np.sort(rng.integers(0, 4000, 50))
        notes = notes_from_columns(start, start + rng.integers(1, 90, 50), rng.permutation(100)[:50], 64)
        rows = [(int(tick), (64, 7, PITCH_BEND)[tick % 3], int(tick) % 128) for tick in start[:20]]
        tracks.append(Track(notes, index, index % 5 == 4, f"voice {index}", table(CONTROL, rows)))
    tempos = table(TEMPO, [(0, 500_000), (960, 412_345)])
    metres = table(TIME_SIGNATURE, [(0, 4, 4), (1920, 3, 8)])
    return Score(480, tuple(tracks), tempos, metres, texts=((0, "made"), (7, "é")), chords=((0, "Am"),))


def _chunks(*tracks: bytes) -> bytes:
    header = b"MThd\x00\x00\x00\x06\x00\x01" + len(tracks).to_bytes(2, "big") + b"\x00\x60"
    return header + b"".join(b"MTrk" + len(track).to_bytes(4, "big") + track for track in tracks)


def _running_status_file() -> bytes:
    """Every kind of event, several channels in one track, running status, an escape, system-exclusive data."""
    head = bytes.fromhex(
        "00f0037e7ff7 00f7024142 00ff2001 03 00ff0502 6c61 00ff0604 63686f72 00ff590200 00".replace(" ", "")
    )
    notes = b"".join(bytes((0, 0x90 | channel, 60, 64, 10, 62, 64, 10, 60, 0, 0, 62, 0)) for channel in range(16))
    rest = bytes.fromhex("00a03c10 00d040 00e00040 00c105 00b14040 00ff2f00".replace(" ", ""))
    return _chunks(head + notes + rest, notes * 4 + rest)


def _long_file(rng: np.random.Generator) -> bytes:
    """Program changes everywhere: many tracks in the parser from one in the file."""
    events = [bytes((1, 0xC0 | n % 16, n // 16 % 128, 0, 0x90 | n % 16, 60, 9, 3, 60, 0)) for n in range(3000)]
    return _chunks(b"".join(events[int(n)] for n in rng.permutation(len(events))) + b"\x00\xff\x2f\x00")


def _bodies(content: bytes) -> list[bytes]:
    bodies, position = [], 14
    while position < len(content):
        end = position + 8 + int.from_bytes(content[position + 4 : position + 8], "big")
        bodies.append(content[position + 8 : end])
        position = end
    return bodies


def _damaged(content: bytes, damages: "tuple[_Damage, ...]", rng: np.random.Generator) -> bytes:
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 4))):
        changed = damages[int(rng.integers(len(damages)))](changed, rng)
    return bytes(changed)


def _position(content: bytearray, rng: np.random.Generator) -> int:
    return int(rng.integers(len(content))) if content else 0


def _truncate(content: bytearray, rng: np.random.Generator) -> bytearray:
    return content[: _position(content, rng)]


def _flip(content: bytearray, rng: np.random.Generator) -> bytearray:
    for _ in range(int(rng.integers(1, 20)) if content else 0):
        content[_position(content, rng)] ^= 1 << int(rng.integers(8))
    return content


def _nasty(content: bytearray, rng: np.random.Generator) -> bytearray:
    for _ in range(int(rng.integers(1, 20)) if content else 0):
        content[_position(content, rng)] = _NASTY[int(rng.integers(len(_NASTY)))]
    return content


def _insert(content: bytearray, rng: np.random.Generator) -> bytearray:
    at = _position(content, rng)
    return content[:at] + rng.bytes(int(rng.integers(1, 40))) + content[at:]


def _piece(content: bytearray, rng: np.random.Generator) -> bytearray:
    at = _position(content, rng)
    return content[:at] + _PIECES[int(rng.integers(len(_PIECES)))] * int(rng.integers(1, 30)) + content[at:]


def _overlay(content: bytearray, rng: np.random.Generator) -> bytearray:
    """A piece over what stood there: lengths stay right, so that the damage reaches the parser."""
    at = _position(content, rng)
    piece = _PIECES[int(rng.integers(len(_PIECES)))][: len(content) - at]
    content[at : at + len(piece)] = piece
    return content


def _delete(content: bytearray, rng: np.random.Generator) -> bytearray:
    at = _position(content, rng)
    del content[at : at + int(rng.integers(1, 40))]
    return content


def _header(content: bytearray, rng: np.random.Generator) -> bytearray:
    for _ in range(int(rng.integers(1, 4)) if content else 0):
        content[int(rng.integers(min(26, len(content))))] = int(rng.integers(256))
    return content


def _division(content: bytearray, rng: np.random.Generator) -> bytearray:
    content[12:14] = ((1, 0, 0x8000, 0xE728, 0x7FFF, 2)[int(rng.integers(6))]).to_bytes(2, "big")
    return content


def _many_tracks(content: bytearray, rng: np.random.Generator) -> bytearray:
    num = int(rng.integers(1, 2000))
    return content[:10] + num.to_bytes(2, "big") + content[12:14] + b"MTrk\x00\x00\x00\x04\x00\xff\x2f\x00" * num


def _shuffle(content: bytearray, rng: np.random.Generator) -> bytearray:
    begin = _position(content, rng)
    end = begin + int(rng.integers(1, 200))
    part = np.frombuffer(bytes(content[begin:end]), np.uint8).copy()
    rng.shuffle(part)
    content[begin:end] = part.tobytes()
    return content


_Damage = Callable[[bytearray, np.random.Generator], bytearray]
_BODY_DAMAGES: tuple[_Damage, ...] = (_truncate, _flip, _nasty, _insert, _piece, _overlay, _overlay, _delete, _shuffle)
_FILE_DAMAGES: tuple[_Damage, ...] = (_header, _header, _division, _many_tracks)


def _children(lines: Iterator[str], folder: Path | None) -> None:
    for line in lines:
        seed = int(line)
        content = damaged_file(seed, folder)
        # The default action of the alarm ends the process even within C++ code.
        signal.alarm(SECONDS_A_FILE)
        outcome = _read(seed, content)
        signal.alarm(0)
        row = (seed, outcome.kind, f"{outcome.seconds:.6f}", f"{outcome.peak_mb:.1f}", outcome.note)
        print(*row, sep="\t", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    _children(iter(sys.stdin.read().split()), Path(sys.argv[1]) if len(sys.argv) > 1 else None)
