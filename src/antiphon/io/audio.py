"""Score to sound by the shipped General MIDI soundfont: WAV, FLAC, OGG; the same score, the same bytes."""

import io
import shutil
import subprocess
import tempfile
import wave
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.errors import InputError
from antiphon.files import write_bytes
from antiphon.io.midi import midi_bytes
from antiphon.music.score import CONTROL, Score, Track

SAMPLE_RATE = 48_000
"""The synthesizer's own rate in samples a second; any other rate costs a resampling."""

TAIL_SECONDS = 2.0
"""How long the last note may ring after its end."""

MAX_SECONDS = 3600.0
"""Longest score that is rendered: at 48 kHz an hour is 1.4 GB of samples."""

PEAK = 10 ** (-1 / 20)
MAX_GAIN = 10 ** (36 / 20)
"""The loudest sample is brought to -1 dBFS, but by no more than +36 dB: a whisper stays a whisper."""

MAX_CHANNELS = 15
"""Melodic channels of one MIDI stream (the sixteenth is for drums)."""

# A control that no synthesizer knows: its time is where the rendering ends.
_SILENT_CONTROL = 3

# The synthesizer drops what is 60 dB below full loudness, so that softer notes would be silent.
_SOFTEST = 10

_FORMATS = {".wav": ("WAV", "PCM_16"), ".flac": ("FLAC", "PCM_16"), ".ogg": ("OGG", "VORBIS")}


def synthesize(score: Score, sample_rate: int = SAMPLE_RATE, engine: str | None = None) -> NDArray[np.float32]:
    """Play a score.

    Parameters
    ----------
    score
        Any score of at most `MAX_SECONDS`; drum tracks play the standard kit, whatever their program.
    sample_rate
        Samples a second, 8,000 to 192,000.
    engine
        "soundfont", which is deterministic, or "fluidsynth", the binary of that name on the PATH; None: the first of
        them that is installed.

    Returns
    -------
    float32 (samples, 2), left and right within -1 to 1, peak at -1 dBFS; `TAIL_SECONDS` longer than the score.
    Silence stays silence.

    Raises
    ------
    InputError
        If the score is too long, the rate or engine unknown, or the engine not installed.
    """
    if not 8_000 <= sample_rate <= 192_000:
        raise InputError(f"sample rate {sample_rate}: choose one from 8000 to 192000 samples a second, such as 44100")
    if engine is not None and engine not in ENGINES:
        raise InputError(f"engine {engine!r}: choose one of {', '.join(ENGINES)}")
    seconds = score.duration_seconds + TAIL_SECONDS
    if seconds > MAX_SECONDS:
        raise InputError(f"the score lasts {seconds / 60:.0f} minutes, more than {MAX_SECONDS / 60:.0f}: cut it first")
    sound = np.zeros((round(seconds * sample_rate), 2), np.float32)
    if score.num_notes:
        play = ENGINES[engine or _installed()]
        for band in _bands(score):
            part = _resample(_unclipped(band, play), sample_rate)[: len(sound)]
            sound[: len(part)] += part
    return _normalise(sound)


def render_audio(score: Score, path: Path | str, sample_rate: int = SAMPLE_RATE, engine: str | None = None) -> None:
    """Play a score into a file: .wav or .flac (16 bits) or .ogg (Vorbis), by its suffix; see `synthesize`."""
    path = Path(path)
    _format(path.suffix, str(path))
    write_bytes(path, audio_bytes(synthesize(score, sample_rate, engine), sample_rate, path.suffix))


def audio_bytes(sound: NDArray[np.float32], sample_rate: int, suffix: str) -> bytes:
    """Samples (n, 2) within -1 to 1 as the content of a .wav, .flac or .ogg file."""
    import soundfile

    container, subtype = _format(suffix, suffix)
    samples: NDArray[Any] = sound if subtype == "VORBIS" else np.round(sound * 32767).astype(np.int16)
    stream = io.BytesIO()
    with soundfile.SoundFile(stream, "w", sample_rate, 2, subtype, format=container) as file:
        # Vorbis takes what it is given onto the stack: a second at a time.
        for first in range(0, len(samples), sample_rate):
            file.write(samples[first : first + sample_rate])
    content = stream.getvalue()
    return _with_serial(content, 1) if container == "OGG" else content


def _format(suffix: str, name: str) -> tuple[str, str]:
    if suffix.lower() not in _FORMATS:
        raise InputError(f"{name}: cannot write this kind of sound; choose a name ending in {', '.join(_FORMATS)}")
    return _FORMATS[suffix.lower()]


def _bands(score: Score) -> list[Score]:
    """The score as scores that fit the channels of one MIDI stream; sounds add up."""
    sounding = [_scaled(track, 1) for track in score.tracks if len(track.notes)]
    drums = tuple(replace(track, program=0) for track in sounding if track.is_drum)
    melodic = [track for track in sounding if not track.is_drum]
    groups = [tuple(melodic[first : first + MAX_CHANNELS]) for first in range(0, len(melodic), MAX_CHANNELS)] or [()]
    groups[0] += drums
    return [_with_end(replace(score, tracks=group, texts=(), chords=()), score) for group in groups]


def _with_end(band: Score, score: Score) -> Score:
    """Add a silent event when the last sound of the score has faded: renderers stop at the last event."""
    # A tempo of microseconds a beat would ask for more ticks than one MIDI delta time holds.
    last = min(int(score.ticks(score.duration_seconds + TAIL_SECONDS)), score.end + 0x7FFFFFF)
    first = band.tracks[0]
    kept = first.controls[first.controls["tick"] < last]
    controls = np.append(kept, np.array([(last, _SILENT_CONTROL, 0)], CONTROL))
    return replace(band, tracks=(replace(first, controls=controls), *band.tracks[1:]))


def _installed() -> str:
    """The engine for who asks for none: the deterministic one first."""
    try:
        import midirenderer  # noqa: F401  (whether it can be imported is the question)
    except ImportError:
        if shutil.which("fluidsynth"):
            return "fluidsynth"
        raise InputError(
            "no synthesizer is installed; pip install midirenderer, or put the program fluidsynth on the PATH"
        ) from None
    return "soundfont"


Engine = Callable[[bytes], NDArray[np.float32]]


def _unclipped(band: Score, engine: Engine) -> NDArray[np.float32]:
    """Samples (n, 2) of a band; one that overflows 16 bits is played again, more softly."""
    for _ in range(4):
        sound = engine(midi_bytes(band))
        if np.abs(sound).max(initial=0.0) < 32767 / 32768:
            break
        band = replace(band, tracks=tuple(_scaled(track, 2) for track in band.tracks))
    return sound


def _scaled(track: Track, divisor: int) -> Track:
    """The track with velocities divided; halved, it is 12 dB softer, since loudness goes with their square."""
    notes = track.notes.copy()
    notes["velocity"] = np.maximum(notes["velocity"] // divisor, _SOFTEST)
    return replace(track, notes=notes)


def _soundfont_engine(midi: bytes) -> NDArray[np.float32]:
    try:
        import midirenderer
    except ImportError:
        raise InputError(
            "the synthesizer (midirenderer) is not installed; install it with pip, or choose the engine fluidsynth"
        ) from None
    return _read_wave(midirenderer.render_wave_from(_soundfont(), midi))


def _fluidsynth_engine(midi: bytes) -> NDArray[np.float32]:
    program = shutil.which("fluidsynth")
    if program is None:
        raise InputError("engine fluidsynth: there is no such program on the PATH; install it or choose soundfont")
    with tempfile.TemporaryDirectory() as folder:
        source, font, target = (Path(folder, name) for name in ("in.mid", "font.sf2", "out.wav"))
        source.write_bytes(midi)
        font.write_bytes(_soundfont())
        options = ["-ni", "-q", "-r", str(SAMPLE_RATE), "-O", "s16", "-T", "wav", "-F", str(target)]
        done = subprocess.run([program, *options, str(font), str(source)], capture_output=True, check=False)
        if done.returncode or not target.exists():
            raise InputError(f"engine fluidsynth: it failed ({done.stderr.decode(errors='replace').strip()[-200:]})")
        return _read_wave(target.read_bytes())


ENGINES: dict[str, Engine] = {"soundfont": _soundfont_engine, "fluidsynth": _fluidsynth_engine}
"""From MIDI bytes to samples (n, 2) at `SAMPLE_RATE`."""


@lru_cache(maxsize=1)
def _soundfont() -> bytes:
    return resources.files("antiphon.io").joinpath("soundfont", "sonivox.sf2").read_bytes()


def _read_wave(content: bytes) -> NDArray[np.float32]:
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, SAMPLE_RATE)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return samples.reshape(-1, 2).astype(np.float32) / np.float32(32768)


def _resample(sound: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    if sample_rate == SAMPLE_RATE:
        return sound
    from scipy.signal import resample_poly

    common = gcd(sample_rate, SAMPLE_RATE)
    resampled = resample_poly(sound, sample_rate // common, SAMPLE_RATE // common, axis=0)
    return np.asarray(resampled, np.float32)


def _normalise(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    peak = float(np.abs(sound).max(initial=0.0))
    if peak > 0:
        sound *= np.float32(min(PEAK / peak, MAX_GAIN))
    return sound


def _with_serial(ogg: bytes, serial: int) -> bytes:
    """An Ogg file under a fixed stream number (RFC 3533): the encoder draws a random one."""
    content, start = bytearray(ogg), 0
    while start < len(content):
        segments = content[start + 26]
        stop = start + 27 + segments + sum(content[start + 27 : start + 27 + segments])
        content[start + 14 : start + 18] = serial.to_bytes(4, "little")
        content[start + 22 : start + 26] = bytes(4)
        content[start + 22 : start + 26] = _ogg_checksum(bytes(content[start:stop]))
        start = stop
    return bytes(content)


_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def _ogg_checksum(page: bytes) -> bytes:
    """CRC-32 as Ogg has it: zlib's polynomial, but bits in the other order, from zero, without the last inversion."""
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return mirrored.to_bytes(4, "little").translate(_MIRRORED)[::-1]
