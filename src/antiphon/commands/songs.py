"""Songs as files: MIDI, sound, picture, arrays of bars, and the line that tells of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.codec import Codec
from antiphon.codecs.frames import FrameBars
from antiphon.codecs.melody import NUM_CLASSES, MelodyBars
from antiphon.errors import InputError
from antiphon.files import whole_file
from antiphon.io.midi import read_midi, write_midi
from antiphon.music.score import Score

SOUNDS = frozenset({".wav", ".flac", ".ogg"})
PICTURES = frozenset({".png", ".svg"})
MIDI = (".mid", ".midi")
ARRAYS = (".npy",)
LEAD_SHEETS = frozenset({".mxl", ".musicxml", ".xml"})

# Version 1's rules take songs of any length, every bar in turn.
CODECS: Mapping[str, tuple[Codec, int]] = {
    "melody": (MelodyBars(), NUM_CLASSES),
    "frames": (FrameBars(version="v1", num_splits=None), 128),
}
"""Codec and number of values of a step, by name."""


def write_songs(songs: Sequence[Score], out: Path, name: str, seed: int, bars: int) -> Iterator[dict[str, Any]]:
    """Write `NAME-SEED.mid`, `.wav` and `.png` of each song, whole or not at all; yield the facts of each."""
    for index, score in enumerate(songs):
        stem = out / f"{name}-{seed + index}"
        paths = {kind: str(stem.with_name(f"{stem.name}.{kind}")) for kind in ("mid", "wav", "png")}
        _write_together(score, paths)
        yield {
            "seed": seed + index,
            "bars": bars,
            "seconds": round(score.duration_seconds, 3),
            "notes": score.num_notes,
            "chords": [symbol for _, symbol in score.chords],
            "files": paths,
        }


def _write_together(score: Score, paths: Mapping[str, str]) -> None:
    """All files of a song, or none of them."""
    with ExitStack() as stack:
        besides = {kind: stack.enter_context(whole_file(path)) for kind, path in paths.items()}
        for kind, beside in besides.items():
            try:
                (write_midi if kind == "mid" else render_song)(score, beside)
            except InputError as error:
                # Its sentence names the file that was to be renamed.
                raise InputError(str(error).replace(str(beside), paths[kind])) from None


def describe(fact: Mapping[str, Any]) -> str:
    """The facts of a song as a line."""
    parts = [f"{fact['bars']} bars", f"{fact['seconds']:.1f} s", f"{fact['notes']} notes"]
    if fact["chords"]:
        shown = fact["chords"][:8]
        parts.append(" ".join(shown) + (" ..." if len(fact["chords"]) > len(shown) else ""))
    return f"{', '.join(fact['files'].values())}: {', '.join(parts)}"


def read_song(path: Path) -> Score:
    """Read a MIDI or MusicXML file.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    if path.suffix.lower() in LEAD_SHEETS:
        from antiphon.io.musicxml import read_musicxml

        return read_musicxml(path)
    return read_midi(path)


def render_song(score: Score, out: Path, engine: str | None = None) -> None:
    """Write sound or a picture, by the suffix of `out`.

    Parameters
    ----------
    score, out
        What is rendered, and where to.
    engine
        What plays the sound, a name in `antiphon.io.audio.ENGINES`; None: what is installed.

    Raises
    ------
    InputError
        If the suffix is neither's, the engine unknown, missing or of no use, or the place cannot be written.
    """
    _renderer(out, engine)(score, out)


def _renderer(out: Path, engine: str | None) -> Callable[[Score, Path], None]:
    if out.suffix.lower() in SOUNDS:
        from antiphon.io.audio import render_audio

        return render_audio if engine is None else partial(render_audio, engine=engine)
    if engine is not None:
        raise InputError(
            f"{out}: engine {engine} plays sounds only; leave it out or choose {', '.join(sorted(SOUNDS))}"
        )
    if out.suffix.lower() in PICTURES:
        from antiphon.io.image import render_image

        return render_image
    raise InputError(f"{out}: choose a name that ends in {', '.join(sorted(SOUNDS | PICTURES))}")


def encode_song(codec: str, song: Path, out: Path) -> int:
    """Write the bars (n, 16) of a song's file as a .npy file and return how many there are.

    Raises
    ------
    InputError
        If the codec is unknown, the song cannot be read or has no bars for it, or the place is misnamed or cannot be
        written.
    """
    representation, _ = _codec(codec)
    _check_suffix(out, ARRAYS)
    bars = representation.encode(read_song(song))["real"]
    if not len(bars):
        raise InputError(
            f"{song}: the codec {codec} finds no bars in it (melody needs 4/4 on a beat grid); try another"
        )
    with whole_file(out) as beside, beside.open("wb") as stream:
        np.save(stream, bars, allow_pickle=False)
    return len(bars)


def decode_song(codec: str, path: Path, out: Path) -> Score:
    """Write bars from a .npy file as a MIDI file and return the score.

    Raises
    ------
    InputError
        If the codec is unknown, the array is damaged or not (n, 16) of the codec's values, or the place is misnamed or
        cannot be written.
    """
    representation, num_values = _codec(codec)
    _check_suffix(out, MIDI)
    bars = _bars(path, num_values)
    score: Score = representation.decode(bars)
    write_midi(score, out)
    return score


def _check_suffix(out: Path, suffixes: Sequence[str]) -> None:
    if out.suffix.lower() not in suffixes:
        raise InputError(f"{out}: choose a name that ends in {' or '.join(suffixes)}")


def _codec(name: str) -> tuple[Any, int]:
    if name not in CODECS:
        raise InputError(f"codec {name!r}: choose one of {', '.join(CODECS)}")
    return CODECS[name]


def _bars(path: Path, num_values: int) -> NDArray[np.uint8]:
    try:
        # Mapped, so that a header cannot ask for more memory than the file has bytes.
        bars = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or 'no .npy file'}); check the name") from None
    except (ValueError, EOFError):
        raise InputError(f"{path}: damaged, or no .npy file of numbers; make one with antiphon encode") from None
    if not isinstance(bars, np.ndarray) or bars.dtype.kind not in "ui" or bars.ndim != 2 or bars.shape[1] != 16:
        raise InputError(f"{path}: bars are integers in the shape (n, 16); make them with antiphon encode")
    if bars.size and not (int(bars.min()) >= 0 and int(bars.max()) < num_values):
        raise InputError(
            f"{path}: values go from 0 to {num_values - 1} for this codec; choose the codec it was made by"
        )
    return bars.astype(np.uint8)
