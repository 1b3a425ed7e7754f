"""Songs read and rendered, and as arrays of bars or notes and back."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from antiphon.codecs.chords import NO_CHORD
from antiphon.codecs.ensembles import ENSEMBLES
from antiphon.codecs.frames import FrameBars
from antiphon.codecs.melody import NUM_CLASSES, STEPS, MelodyBars, in_fours, why_silent
from antiphon.codecs.notes import NoteSequences
from antiphon.codecs.performance import NUM_TOKENS, PerformanceTokens, performance_of
from antiphon.codecs.progressions import Progressions, harmony_of
from antiphon.codecs.progressions import why_silent as why_no_chords
from antiphon.data import container
from antiphon.data.corpus import Corpus
from antiphon.data.progress import progress
from antiphon.errors import InputError
from antiphon.files import whole_file, whole_folder
from antiphon.io.midi import read_midi, write_midi
from antiphon.music.score import Score

SOUNDS = frozenset({".wav", ".flac", ".ogg"})
PICTURES = frozenset({".png", ".svg"})
SCORES = frozenset({".musicxml"})
MIDI = (".mid", ".midi")
ARRAYS = (".npy",)
ROLLS = (".npz",)
LEAD_SHEETS = frozenset({".mxl", ".musicxml", ".xml"})

Bytes = NDArray[Any]


class Form(NamedTuple):
    """How a codec's songs lie in a file: one array of `thing`s, and how many values each of its columns has; `remark`
    says what of an array could not be taken as it stands."""

    thing: str
    num_values: tuple[int, ...]
    encode: Callable[[Score], Bytes]
    decode: Callable[[Bytes], Score]
    why_silent: Callable[[Score], str | None]
    remark: Callable[[Bytes], str] = lambda _: ""


class Decoded(NamedTuple):
    """A score, and what of its array could not be taken as it stands, in words or empty."""

    score: Score
    remark: str


# Version 1's rules take songs of any length, every bar in turn.
_PROGRESSIONS = Progressions()
_FRAMES, _MELODY, _NOTES = FrameBars(version="v1", num_splits=None), MelodyBars(), NoteSequences()
_PERFORMANCE = PerformanceTokens()

FORMS: Mapping[str, Form] = {
    "melody": Form(
        "bars", (NUM_CLASSES,) * STEPS, lambda score: _MELODY.encode(score)["real"], _MELODY.decode, why_silent
    ),
    "frames": Form(
        "bars", (128,) * 16, lambda score: _FRAMES.encode(score)["real"], _FRAMES.decode, lambda _: "it ends too soon"
    ),
    "notes": Form(
        "notes",
        (*_NOTES.num_classes, 128),
        _NOTES.line,
        # In MIDI a velocity of 0 ends a note.
        lambda notes: _NOTES.decode(notes[:, :3], velocity=np.maximum(notes[:, 3], 1)),
        _NOTES.why_silent,
    ),
    "progressions": Form(
        "chords", (NO_CHORD,), lambda score: _degrees(score)[:, None], _PROGRESSIONS.decode, why_no_chords
    ),
    "performance": Form(
        "tokens",
        (NUM_TOKENS,),
        lambda score: _PERFORMANCE.encode(score)["real"][:, None],
        lambda tokens: _PERFORMANCE.decode(tokens[:, 0]),
        lambda _: "it has no note on the piano's keys",
        lambda tokens: _unended(tokens[:, 0]),
    ),
}
"""Forms by the name of their codec."""


_LPD = ("lpd", "lpd-5")
SPELLINGS = ("resolution", "beat_resolution")
"""What a roll calls its steps a beat: since pypianoroll 1.0, and before."""


def _unended(tokens: Bytes) -> str:
    """Of notes that no token ends."""
    performance = performance_of(tokens)
    num = int((performance.note_off == len(performance.tokens)).sum())
    return f"{num} of its notes are ended by no token, so they end with the last one" if num else ""


def _degrees(score: Score) -> Bytes:
    """A song's chords (bars,), told from the tonic on."""
    harmony = harmony_of(score)
    return harmony.degrees if harmony is not None else np.empty(0, np.uint8)


def read_song(path: Path) -> Score:
    """Read a MIDI or MusicXML file, or a piano roll of the Lakh pianoroll dataset.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    if path.suffix.lower() in LEAD_SHEETS:
        from antiphon.io.musicxml import read_musicxml

        return read_musicxml(path)
    if path.suffix.lower() in ROLLS:
        from antiphon.io.lpd import read_lpd

        return read_lpd(path)
    return read_midi(path)


def render_song(score: Score, out: Path, engine: str | None = None) -> None:
    """Write sound, a picture or a score for notation programs, by the suffix of `out`.

    Parameters
    ----------
    score, out
        What is rendered, and where to.
    engine
        What plays the sound, a name in `antiphon.io.audio.ENGINES`; None: what is installed.

    Raises
    ------
    InputError
        If the suffix is none of theirs, the engine unknown, missing or of no use, or the place cannot be written.
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
    if out.suffix.lower() in SCORES:
        from antiphon.io.musicxml_writer import write_musicxml

        return lambda score, path: write_musicxml(in_fours(score), path)
    raise InputError(f"{out}: choose a name that ends in {', '.join(sorted(SOUNDS | PICTURES | SCORES))}")


def encode_song(codec: str, song: Path, out: Path, spelling: str | None = None) -> dict[str, int]:
    """Write a song's file as a .npy file: its bars (n, 16), its notes (n, 4) of pitch, duration, offset (both in steps;
    a duration less one) and velocity, its chords (n, 1), or its performance as tokens (n, 1); or as a .npz file, a
    piano roll of the Lakh pianoroll dataset, of its own tracks (codec lpd) or of five (lpd-5); of a corpus in place of
    a song, a folder of such files. Return how many there are, by "bars", "notes", "chords", "tokens" or "songs".

    Parameters
    ----------
    codec, song, out
        A form, what is encoded, and where to.
    spelling
        Of rolls, a name of `SPELLINGS`: what the steps a beat are called in them; None: the first.

    Raises
    ------
    InputError
        If the codec is unknown, the song cannot be read or has nothing for it, the spelling is unknown or given for an
        array, or the place is misnamed or cannot be written.
    """
    if codec in _LPD:
        return _encode_roll(codec, song, out, spelling or SPELLINGS[0])
    form = _form(codec)
    if spelling is not None:
        raise InputError(f"spelling = {spelling!r}: the codec {codec} has none; leave it out, or choose lpd or lpd-5")
    _check_suffix(out, ARRAYS)
    score = read_song(song)
    array = form.encode(score)
    if not len(array):
        raise InputError(
            f"{song}: the codec {codec} finds no {form.thing} in it, for {form.why_silent(score)}; try another codec"
        )
    with whole_file(out) as beside, beside.open("wb") as stream:
        np.save(stream, array, allow_pickle=False)
    return {form.thing: len(array)}


def decode_song(codec: str, path: Path, out: Path) -> Decoded:
    """Write an array of `encode_song` from a .npy file as a MIDI file and return what it came to; a roll with its own
    tracks (codec lpd), or with those of the five that they are merged into (lpd-5).

    Raises
    ------
    InputError
        If the codec is unknown, the array is damaged or not of the codec's shape and values, or the place is misnamed
        or cannot be written.
    """
    if codec in _LPD:
        _check_suffix(out, MIDI)
        _check_suffix(path, ROLLS)
        score = _heard(codec, read_song(path), str(path))
        write_midi(score, out)
        return Decoded(score, "")
    form = _form(codec)
    _check_suffix(out, MIDI)
    array = _array(path, form)
    score = form.decode(array)
    write_midi(score, out)
    return Decoded(score, form.remark(array))


def _encode_roll(codec: str, song: Path, out: Path, spelling: str) -> dict[str, int]:
    from antiphon.io.lpd import write_lpd

    if spelling not in SPELLINGS:
        raise InputError(f"spelling = {spelling!r}: choose {' or '.join(SPELLINGS)}")
    if song.is_dir() or str(song) in container.names():
        return {"songs": _encode_rolls(codec, Corpus.open(str(song)), out, spelling)}
    _check_suffix(out, ROLLS)
    score = _heard(codec, read_song(song), str(song))
    write_lpd(score, out, name=song.stem, spelling=spelling)
    return {"notes": score.num_notes}


def _encode_rolls(codec: str, corpus: Corpus, out: Path, spelling: str) -> int:
    """Write every song of a corpus into a folder, under its id; those too long for a roll, or without a note that a
    track of the roll plays, are left out. Return how many were written."""
    from antiphon.io.lpd import MAX_STEPS, RESOLUTION, write_lpd

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out}: exists already; choose another folder, so that nothing of yours is lost")
    written = 0
    with whole_folder(out) as beside:
        for index in progress(range(corpus.num_songs), corpus.num_songs, "encode"):
            score, song = _seated(codec, corpus.score(index)), corpus.songs[index].id
            if score.num_notes and score.end // score.ticks_per_beat < MAX_STEPS // RESOLUTION - 64:
                write_lpd(score, beside / f"{song}.npz", name=song.rpartition("/")[2], spelling=spelling)
                written += 1
        if not written:
            raise InputError(f"{corpus.name}: nothing in it plays {', '.join(ENSEMBLES['lpd-5'].names)}")
    return written


def _heard(codec: str, score: Score, name: str) -> Score:
    """A song in the tracks of a roll."""
    seated = _seated(codec, score)
    if not seated.num_notes:
        raise InputError(f"{name}: nothing in it plays {', '.join(ENSEMBLES['lpd-5'].names)}; name another song")
    return seated


def _seated(codec: str, score: Score) -> Score:
    return ENSEMBLES[codec].arranged(score) if codec in ENSEMBLES else score


def _check_suffix(out: Path, suffixes: Sequence[str]) -> None:
    if out.suffix.lower() not in suffixes:
        raise InputError(f"{out}: choose a name that ends in {' or '.join(suffixes)}")


def _form(name: str) -> Form:
    if name not in FORMS:
        raise InputError(f"codec {name!r}: choose one of {', '.join((*FORMS, *_LPD))}")
    return FORMS[name]


def _array(path: Path, form: Form) -> Bytes:
    array, width = _opened(path), len(form.num_values)
    # As the code published with Transformer-GAN stores tokens.
    array = array[:, None] if array.ndim == width == 1 else array
    if array.dtype.kind not in "ui" or array.ndim != 2 or array.shape[1] != width:
        raise InputError(f"{path}: {form.thing} are integers in the shape (n, {width}); make them with antiphon encode")
    for column, num in zip(array.T, form.num_values, strict=True):
        if column.size and not (int(column.min()) >= 0 and int(column.max()) < num):
            raise InputError(f"{path}: values go from 0 to {num - 1} for this codec; choose the codec it was made by")
    return array.astype(np.uint8 if max(form.num_values) <= 256 else np.int16)


def _opened(path: Path) -> NDArray[Any]:
    try:
        # Mapped, so that a header cannot ask for more memory than the file has bytes.
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or 'no .npy file'}); check the name") from None
    except (ValueError, EOFError):
        raise InputError(f"{path}: damaged, or no .npy file of numbers; make one with antiphon encode") from None
    if not isinstance(array, np.ndarray):
        raise InputError(f"{path}: several arrays, where one is wanted; make it with antiphon encode")
    return array
