"""Sound: where notes sound, at which pitch, how loud; formats; the same bytes each time; engines and limits."""

import io
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from antiphon.errors import InputError
from antiphon.io import audio
from antiphon.io.audio import MAX_SECONDS, PEAK, SAMPLE_RATE, TAIL_SECONDS, audio_bytes, render_audio, synthesize
from antiphon.music.score import CONTROL, TEMPO, Score, Track, notes_from_columns, table


def one_note(pitch: int = 69, velocity: int = 100, program: int = 48, is_drum: bool = False) -> Score:
    """A note from second 1 to second 2."""
    track = Track(notes_from_columns(960, 1920, pitch, velocity), program=program, is_drum=is_drum)
    return Score(480, (track,))


def level(sound: NDArray[np.float32], first: float, last: float, rate: int = SAMPLE_RATE) -> float:
    return float(np.sqrt((sound[int(first * rate) : int(last * rate)] ** 2).mean()))


def pitch_of(sound: NDArray[np.float32], first: float, last: float, rate: int = SAMPLE_RATE) -> float:
    """Frequency of the strongest partial in hertz."""
    piece = sound[int(first * rate) : int(last * rate), 0]
    return float(np.argmax(np.abs(np.fft.rfft(piece * np.hanning(len(piece)), 8 * len(piece)))) * rate / 8 / len(piece))


def test_a_note_sounds_from_its_start_to_its_end() -> None:
    sound = synthesize(one_note())
    assert sound.dtype == np.float32
    assert sound.shape == (round((2 + TAIL_SECONDS) * SAMPLE_RATE), 2)
    assert level(sound, 0.0, 0.99) < 1e-4
    assert level(sound, 1.1, 1.9) > 0.05
    assert level(sound, 3.5, 4.0) < 0.01 * level(sound, 1.1, 1.9)


@pytest.mark.parametrize("pitch", [57, 69])
def test_a_note_sounds_at_its_pitch(pitch: int) -> None:
    heard = pitch_of(synthesize(one_note(pitch, program=73)), 1.2, 1.9)
    assert abs(12 * np.log2(heard / (440 * 2 ** ((pitch - 69) / 12)))) < 0.3


def test_another_sample_rate_keeps_time_and_pitch() -> None:
    sound = synthesize(one_note(program=73), 22_050)
    assert sound.shape == (4 * 22_050, 2)
    assert level(sound, 0.0, 0.98, 22_050) < 1e-3 < level(sound, 1.1, 1.9, 22_050)
    assert abs(12 * np.log2(pitch_of(sound, 1.2, 1.9, 22_050) / 440)) < 0.3


def test_the_tempo_map_is_followed() -> None:
    sound = synthesize(
        Score(480, (Track(notes_from_columns(960, 1920, 69, 100)),), tempos=table(TEMPO, [(0, 1_000_000)]))
    )
    assert level(sound, 0.0, 1.99) < 1e-4 < level(sound, 2.1, 2.5)


def test_velocity_is_loudness() -> None:
    notes = notes_from_columns([0, 1920], [480, 2400], 69, [127, 32])
    sound = synthesize(Score(480, (Track(notes, program=48),)))
    assert level(sound, 2.1, 2.5) < 0.3 * level(sound, 0.1, 0.5)


def test_the_pedal_lets_notes_ring() -> None:
    notes = notes_from_columns([0, 2880], [240, 2900], [60, 90], [100, 1])
    pedal = table(CONTROL, [(0, 64, 127), (2800, 64, 0)])
    dry = synthesize(Score(480, (Track(notes),)))
    held = synthesize(Score(480, (Track(notes, controls=pedal),)))
    assert level(held, 0.8, 1.2) > 5 * level(dry, 0.8, 1.2)


def test_drums_play_the_standard_kit_whatever_their_program() -> None:
    drum = synthesize(one_note(38, is_drum=True, program=0))
    assert level(drum, 1.0, 1.2) > 0.01
    assert np.array_equal(drum, synthesize(one_note(38, is_drum=True, program=40)))
    assert not np.array_equal(drum, synthesize(one_note(38, program=0)))


def test_more_tracks_than_channels_are_all_heard() -> None:
    tracks = tuple(Track(notes_from_columns(960 * i, 960 * i + 480, 69, 100), program=73) for i in range(18))
    sound = synthesize(Score(480, tracks))
    assert all(level(sound, i + 0.1, i + 0.4) > 0.05 for i in range(18))


def test_the_peak_is_normalised() -> None:
    for score in (one_note(), one_note(velocity=60)):
        assert np.abs(synthesize(score)).max() == pytest.approx(PEAK, abs=1e-4)


def test_gain_has_a_limit() -> None:
    assert 0 < np.abs(synthesize(one_note(velocity=2))).max() < 0.3


def test_what_is_too_loud_is_played_softly_instead_of_clipped() -> None:
    track = Track(notes_from_columns(0, 960, np.arange(30, 100), 127), program=48)
    sound = synthesize(Score(480, (track,)))
    assert (np.abs(sound) > 0.999 * PEAK).sum() < 50


@pytest.mark.parametrize("score", [Score(), Score(480, (Track(),))])
def test_silence_stays_silence(score: Score) -> None:
    sound = synthesize(score)
    assert sound.shape == (round(TAIL_SECONDS * SAMPLE_RATE), 2)
    assert not sound.any()


@pytest.mark.parametrize(("suffix", "subtype"), [(".wav", "PCM_16"), (".flac", "PCM_16"), (".ogg", "VORBIS")])
def test_formats_read_back(tmp_path: Path, suffix: str, subtype: str) -> None:
    score, path = one_note(), tmp_path / f"a{suffix}"
    render_audio(score, path)
    read, rate = soundfile.read(path)
    assert soundfile.info(path).subtype == subtype
    assert rate == SAMPLE_RATE
    assert abs(read - synthesize(score)).max() < (0.05 if suffix == ".ogg" else 2 / 32767)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg"])
def test_the_same_score_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    paths = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for path in paths:
        render_audio(one_note(), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_long_ogg_survives_its_encoder() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (120 * 8000, 2)).astype(np.float32)
    assert len(soundfile.read(io.BytesIO(audio_bytes(noise, 8000, ".ogg")))[0]) == len(noise)


def test_unknown_suffix(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.mp3.*\.wav, \.flac, \.ogg"):
        render_audio(one_note(), tmp_path / "a.mp3")


def test_a_failed_rendering_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        render_audio(one_note(), tmp_path / "a.wav", engine="fluid")
    assert not list(tmp_path.iterdir())


def test_too_long_is_refused_before_it_is_played() -> None:
    ticks = int(MAX_SECONDS * 960)
    with pytest.raises(InputError, match="minutes"):
        synthesize(Score(480, (Track(notes_from_columns(ticks, ticks + 1, 60, 60)),)))


@pytest.mark.parametrize("rate", [0, -1, 7_999, 1_000_000])
def test_sample_rate_out_of_range(rate: int) -> None:
    with pytest.raises(InputError, match="sample rate"):
        synthesize(one_note(), rate)


def test_unknown_engine_lists_the_engines() -> None:
    with pytest.raises(InputError, match="soundfont, fluidsynth"):
        synthesize(one_note(), engine="organ")


def test_missing_fluidsynth_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"fluidsynth.*PATH"):
        synthesize(one_note(), engine="fluidsynth")


SQUARE = (
    "out = wave.open(sys.argv[sys.argv.index('-F') + 1], 'wb')\n"
    "out.setparams((2, 2, int(sys.argv[sys.argv.index('-r') + 1]), 0, 'NONE', ''))\n"
    "out.writeframes(bytes((0, 64)) * 96000)\nout.close()\n"
)


def fake_fluidsynth(folder: Path, body: str) -> None:
    program = folder / "fluidsynth"
    program.write_text(f"#!{sys.executable}\nimport sys, wave\n{body}")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script")
def test_fluidsynth_plays_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_fluidsynth(
        tmp_path,
        "font, midi = map(lambda p: open(p, 'rb').read(4), sys.argv[-2:])\n"
        f"assert (font, midi) == (b'RIFF', b'MThd')\n{SQUARE}",
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    sound = synthesize(one_note(), engine="fluidsynth")
    assert sound[:48000].min() == pytest.approx(PEAK)
    assert not sound[48000:].any()


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script")
def test_a_failing_fluidsynth_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_fluidsynth(tmp_path, "sys.exit('no such soundfont')")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="no such soundfont"):
        synthesize(one_note(), engine="fluidsynth")


def test_missing_synthesizer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "midirenderer", None)
    with pytest.raises(InputError, match=r"\(midirenderer\) is not installed"):
        synthesize(one_note(), engine="soundfont")


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script")
def test_fluidsynth_plays_where_there_is_nothing_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_fluidsynth(tmp_path, SQUARE)
    monkeypatch.setenv("PATH", str(tmp_path))
    own = synthesize(one_note(), engine="soundfont")
    assert np.array_equal(synthesize(one_note()), own)
    monkeypatch.setitem(sys.modules, "midirenderer", None)
    assert synthesize(one_note())[:48000].min() == pytest.approx(PEAK)


def test_no_engine_at_all_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "midirenderer", None)
    with pytest.raises(InputError, match=r"no synthesizer.*midirenderer.*fluidsynth"):
        synthesize(one_note())
    assert not synthesize(Score()).any()


def test_the_soundfont_ships_with_its_licence() -> None:
    folder = Path(audio.__file__).parent / "soundfont"
    assert "Apache License, Version 2.0" in (folder / "LICENSE").read_text()
    assert (folder / "sonivox.sf2").stat().st_size < 1_500_000
