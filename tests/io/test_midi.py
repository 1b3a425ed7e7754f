"""MIDI reading and writing: mido as oracle, round trips of generated and real files, and every kind of bad input."""

import io
import os
import tracemalloc
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest
from benchmarks.damage import outcomes
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import InputError
from antiphon.io.midi import Limits, midi_bytes, parse_midi, read_midi, write_midi
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

DATA = os.environ.get("ANTIPHON_DATA")
END = b"\x00\xff\x2f\x00"
ON_OFF = bytes.fromhex("00903c4060803c40")


def smf(*tracks: bytes, division: int = 480, form: int = 1, announced: int | None = None) -> bytes:
    numbers = (6).to_bytes(4, "big") + b"".join(
        number.to_bytes(2, "big") for number in (form, len(tracks) if announced is None else announced, division)
    )
    return b"MThd" + numbers + b"".join(b"MTrk" + len(track).to_bytes(4, "big") + track for track in tracks)


def assert_same(score: Score, other: Score) -> None:
    assert score.ticks_per_beat == other.ticks_per_beat
    for name in ("tempos", "time_signatures", "key_signatures"):
        assert getattr(score, name).tolist() == getattr(other, name).tolist()
    assert (score.texts, score.chords) == (other.texts, other.chords)
    for mine, theirs in zip(score.tracks, other.tracks, strict=True):
        assert (mine.name, mine.program, mine.is_drum) == (theirs.name, theirs.program, theirs.is_drum)
        assert np.array_equal(mine.notes, theirs.notes)
        assert np.array_equal(mine.controls, theirs.controls)


def a_score() -> Score:
    melody = Track(
        notes_from_columns([0, 480, 480, 960], [480, 960, 480, 1000], [60, 60, 60, 127], [1, 127, 64, 99]),
        program=73,
        name="Flöte",
        controls=table(CONTROL, [(0, 7, 100), (0, 64, 127), (5, PITCH_BEND, -8192), (5, PITCH_BEND, 8191), (9, 64, 0)]),
    )
    drums = Track(notes_from_columns([0, 240], [10, 250], [36, 38], 100), program=8, is_drum=True, name="kit")
    return Score(
        480,
        (melody, drums, replace(melody, program=0)),
        table(TEMPO, [(0, 500_001), (480, 1), (960, 0xFFFFFF)]),
        table(TIME_SIGNATURE, [(0, 4, 4), (1920, 7, 8), (3840, 255, 128)]),
        table(KEY_SIGNATURE, [(0, -7, False), (480, 7, True)]),
        texts=((0, "model bar, seed 7"), (0, ""), (960, "über\nzwei Zeilen ♫")),
        chords=((0, "F#m7"), (0, "C"), (1920, "Bb/D")),
    )


def test_a_written_score_is_read_back(tmp_path: Path) -> None:
    score = a_score()
    write_midi(score, tmp_path / "song.mid")
    assert_same(read_midi(tmp_path / "song.mid"), score)
    assert midi_bytes(score) == midi_bytes(a_score()) == (tmp_path / "song.mid").read_bytes()


def test_mido_reads_the_same(tmp_path: Path) -> None:
    write_midi(a_score(), tmp_path / "song.mid")
    assert_is_mido(a_score(), tmp_path / "song.mid")
    found = mido.MidiFile(tmp_path / "song.mid", charset="utf-8")
    metas = [message for message in found.tracks[0] if message.is_meta]
    assert [message.text for message in metas if message.type == "text"] == [text for _, text in a_score().texts]
    assert [message.text for message in metas if message.type == "marker"] == ["chord:F#m7", "chord:C", "chord:Bb/D"]
    assert [message.key for message in metas if message.type == "key_signature"] == ["Cb", "A#m"]
    assert [track.name for track in found.tracks[1:]] == ["Flöte", "kit", "Flöte"]
    assert [message.program for message in found if message.type == "program_change"] == [73, 8, 0]


def assert_is_mido(score: Score, path: Path | io.BytesIO) -> None:
    """Notes (oldest first closed), tempos, metres and controls of a file as mido's events give them."""
    source = {"file": path} if isinstance(path, io.BytesIO) else {"filename": path}
    found: Any = mido.MidiFile(**source, charset="latin-1")
    notes, controls, tempos, metres = [], [], [], []
    for track in found.tracks:
        tick, open_notes = 0, defaultdict(list)
        sounding = {message.channel for message in track if message.type == "note_on"}
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                open_notes[message.channel, message.note].append((tick, message.velocity))
            elif message.type in {"note_on", "note_off"} and open_notes[message.channel, message.note]:
                start, velocity = open_notes[message.channel, message.note].pop(0)
                notes.append((start, tick, message.note, velocity))
            elif message.type == "control_change" and message.channel in sounding:
                controls.append((tick, message.control, message.value))
            elif message.type == "pitchwheel" and message.channel in sounding:
                controls.append((tick, PITCH_BEND, message.pitch))
            elif message.type == "set_tempo":
                tempos.append((tick, message.tempo))
            elif message.type == "time_signature":
                metres.append((tick, message.numerator, message.denominator))
    assert score.ticks_per_beat == found.ticks_per_beat
    assert sorted(row for track in score.tracks for row in track.notes.tolist()) == sorted(notes)
    assert sorted(row for track in score.tracks for row in track.controls.tolist()) == sorted(controls)
    assert score.tempos.tolist() == sorted(tempos, key=lambda row: row[0])
    assert score.time_signatures.tolist() == sorted(metres, key=lambda row: row[0])


@st.composite
def notes(draw: st.DrawFn) -> Any:
    """Notes that MIDI can tell apart: of one pitch, who begins first also ends first."""
    rows = draw(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 40), st.integers(0, 127), st.integers(1, 127))))
    rows = sorted((start, start + length, pitch, velocity) for start, length, pitch, velocity in rows)
    ends: dict[int, int] = {}
    kept = []
    for start, end, pitch, velocity in rows:
        if end >= ends.get(pitch, 0):
            ends[pitch] = end
            kept.append((start, end, pitch, velocity))
    return notes_from_columns(*np.array(kept, np.int64).reshape(-1, 4).T)


BEND = st.tuples(st.integers(0, 300), st.just(PITCH_BEND), st.integers(-8192, 8191))
CONTROLS = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 127), st.integers(0, 127)) | BEND, max_size=9)
TRACKS = st.builds(
    Track,
    notes=notes().filter(len),
    program=st.integers(0, 127),
    is_drum=st.booleans(),
    name=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9),
    # At one tick, controls come before bends.
    controls=CONTROLS.map(lambda rows: table(CONTROL, sorted(rows, key=lambda row: (row[0], row[1] == PITCH_BEND)))),
)
WORDS = st.lists(st.tuples(st.integers(0, 300), st.text(max_size=5)), max_size=4)
SCORES = st.builds(
    Score,
    ticks_per_beat=st.integers(1, 0x7FFF),
    tracks=st.lists(TRACKS, max_size=4).map(tuple),
    tempos=st.lists(st.tuples(st.integers(0, 300), st.integers(1, 0xFFFFFF)), max_size=40).map(
        lambda rows: table(TEMPO, sorted(rows, key=lambda row: row[0]))
    ),
    texts=WORDS.map(lambda rows: tuple(sorted(rows, key=lambda row: row[0]))),
    chords=WORDS.map(lambda rows: tuple(sorted(rows, key=lambda row: row[0]))),
)


@given(SCORES)
def test_any_score_is_read_back(score: Score) -> None:
    content = midi_bytes(score)
    again = parse_midi(content)
    assert_same(again, score)
    assert_is_mido(score, io.BytesIO(content))


def test_forty_tracks_keep_their_order_and_instruments() -> None:
    one = notes_from_columns(0, 10, 60, 64)
    tracks = tuple(Track(one, program=index, is_drum=index % 9 == 8, name=str(index)) for index in range(40))
    assert_same(parse_midi(midi_bytes(Score(96, tracks))), Score(96, tracks))


def test_one_note_inside_another_exchanges_ends() -> None:
    score = Score(96, (Track(notes_from_columns([0, 50], [100, 80], 60, [1, 2])),))
    assert parse_midi(midi_bytes(score)).tracks[0].notes.tolist() == [(0, 80, 60, 1), (50, 100, 60, 2)]


@pytest.mark.parametrize(
    ("score", "what"),
    [
        (Score(0x8000), "number 32768"),
        (Score(tempos=table(TEMPO, [(0, 1 << 24)])), "number 16777216"),
        (Score(time_signatures=table(TIME_SIGNATURE, [(0, 4, 3)])), "time signature 4/3"),
        (Score(time_signatures=table(TIME_SIGNATURE, [(0, 256, 4)])), "time signature 256/4"),
        (Score(key_signatures=table(KEY_SIGNATURE, [(0, 8, False)])), "8 sharps"),
        (Score(texts=((-1, "early"),)), "a step or text of -1"),
        (Score(tracks=(Track(program=128),)), "number 128"),
        (Score(tracks=(Track(notes_from_columns(0, 1, 128, 64)),)), "a pitch outside"),
        (Score(tracks=(Track(notes_from_columns(0, 1, 60, 0)),)), "a velocity outside"),
        (Score(tracks=(Track(notes_from_columns(2, 1, 60, 64)),)), "ending before it begins"),
        (Score(tracks=(Track(notes_from_columns(-1, 1, 60, 64)),)), "before tick 0"),
        (Score(tracks=(Track(notes_from_columns(0, 1 << 28, 60, 64)),)), "a rest of 268435456"),
        (Score(tracks=(Track(controls=table(CONTROL, [(0, 7, 128)])),)), "a control value"),
        (Score(tracks=(Track(controls=table(CONTROL, [(0, PITCH_BEND, 8192)])),)), "a control value"),
        (Score(tracks=(Track(controls=table(CONTROL, [(0, 129, 0)])),)), "a control number"),
        (Score(tracks=(Track(controls=table(CONTROL, [(-1, 7, 0)])),)), "a control before"),
    ],
)
def test_what_midi_cannot_hold_is_refused(score: Score, what: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=what) as caught:
        write_midi(score, tmp_path / "song.mid")
    assert str(caught.value).startswith(str(tmp_path))
    assert not list(tmp_path.iterdir())


def test_channels_and_programs_become_tracks() -> None:
    content = smf(
        b"".join(bytes((0, 0xC0 | channel, program, 0, 0x90 | channel, 60, 9, 5, 60, 0)) for channel, program in
                 [(9, 0), (1, 5), (0, 7), (1, 4), (1, 5)]) + END, form=0
    )  # fmt: skip
    score = parse_midi(content)
    assert [(track.program, track.is_drum, len(track.notes)) for track in score.tracks] == [
        (7, False, 1),
        (4, False, 1),
        (5, False, 2),
        (0, True, 1),
    ]


def test_unanswered_notes_are_left_out_and_empty_ones_kept() -> None:
    score = parse_midi(smf(bytes.fromhex("00903c40 00803c40 00903e40 00803f40 05 904040 05 4000") + END))
    assert score.tracks[0].notes.tolist() == [(0, 0, 60, 64), (5, 10, 64, 64)]


def test_a_file_without_notes_is_a_score_without_notes() -> None:
    assert parse_midi(smf(END)).tracks == ()
    assert parse_midi(midi_bytes(Score())).num_notes == 0
    # Lyrics alone do not make a track.
    assert parse_midi(smf(bytes.fromhex("00ff05026c61") + END)).tracks == ()


def test_escapes_and_system_exclusive_events_are_skipped() -> None:
    for head in ("00f70343f700", "00f00343f7f7", "00f70100 00f00141 00f70142"):
        assert parse_midi(smf(bytes.fromhex(head) + ON_OFF + END)).tracks[0].notes.tolist() == [(0, 96, 60, 64)]


def test_many_tempos_at_one_tick_keep_their_order() -> None:
    tracks = [
        b"".join(
            b"\x00\xff\x51\x03" + bytes((first, n, 1)) + b"\x01\xff\x58\x04" + bytes((n + 1, first, 24, 8))
            for n in range(99)
        )
        for first in (3, 1, 2)
    ]
    score = parse_midi(smf(*(track + END for track in tracks)))
    assert score.tempos["tick"].tolist() == [n for n in range(99) for _ in range(3)]
    assert [us >> 16 for us in score.tempos["beat_us"].tolist()] == [3, 1, 2] * 99
    assert score.time_signatures["denominator"].tolist() == [8, 2, 4] * 99
    assert score.time_signatures["numerator"].tolist() == [n + 1 for n in range(99) for _ in range(3)]


def test_a_repeated_note_ends_before_it_begins_again() -> None:
    score = Score(96, (Track(notes_from_columns([0, 10], [10, 20], 60, 64), controls=table(CONTROL, [(10, 64, 127)])),))
    track = mido.MidiFile(file=io.BytesIO(midi_bytes(score))).tracks[1]
    kinds = ["program_change", "note_on", "control_change", "note_off", "note_on", "note_off", "end_of_track"]
    assert [message.type for message in track] == kinds


def test_key_signatures_that_do_not_exist_are_left_out() -> None:
    score = parse_midi(smf(bytes.fromhex("00ff5902f000 00ff59020301") + END))
    assert score.key_signatures.tolist() == [(0, 3, True)]


def test_texts_in_other_encodings_are_read() -> None:
    score = parse_midi(smf(b"\x00\xff\x01\x04Gr\xfc\xdf\x60\xff\x01\x03\xe2\x99\xab" + END, b"\x05\xff\x01\x01x" + END))
    assert score.texts == ((0, "Grüß"), (5, "x"), (96, "♫"))


def test_riff_envelopes_are_opened() -> None:
    inner = smf(ON_OFF + END)
    size = len(inner).to_bytes(4, "little")
    content = b"RIFF" + (len(inner) + 12).to_bytes(4, "little") + b"RMIDdata" + size + inner
    assert parse_midi(content).num_notes == 1


LONG = b"\xff\xff\xff\x7f"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n", "not a MIDI file"),
        (b"RIFF\x00\x00\x00\x00RMIDdata", "not a MIDI file"),
        (b"MThd\x00\x00", "ends within its header"),
        (smf(ON_OFF + END)[:-1], "cut off in or before track 1 of 1"),
        (smf(ON_OFF + END, announced=2), "cut off in or before track 2 of 2"),
        (smf(ON_OFF[:-1]), "damaged"),
        (smf(announced=0), "holds no tracks"),
        (smf(END, form=2), "format 2"),
        (smf(END, form=3), "format 3"),
        (smf(END, division=0xE728), "SMPTE"),
        (smf(END, division=0), "zero ticks"),
        (smf(*[END] * 10_000), "10000 tracks"),
        (smf(LONG + ON_OFF[1:] + END), "longer than 100000000 ticks"),
        (smf((b"\xff\xff\x7f\xb0\x01\x01") * 60 + ON_OFF + END, division=480), "longer than"),
        (smf(b"\x00\x90\x3c\x40" + (LONG + b"\xb0\x01\x01") * 40 + b"\x00\x80\x3c\x40" + END), "longer than"),
        # Around 32 bits, to a small tick again.
        (smf((LONG + b"\xff\x7f\x00") * 16 + b"\x20" + ON_OFF[1:] + END), "longer than 100000000 ticks"),
        # Past 31 bits, where nothing is kept on the way.
        (smf(ON_OFF + (b"\xff\xff\x7f\xff\x7f\x00") * 1100 + b"\x00\xb0\x01\x01" + END), "longer than 100000000 ticks"),
        (smf(ON_OFF + (b"\xff\xff\x7f\xb0\x01\x01") * 1100 + END, division=9600), "longer than 100000000 ticks"),
        (smf(ON_OFF + bytes.fromhex("00f00141 003c40 00ff0100") + END), "no event begins at byte 35"),
        (smf(b"\x90\x80\x00" + ON_OFF[1:] + END, division=1), "longer than 200000 beats"),
        (smf(b"\x00\xff\x51\x03\xff\xff\xff\x90\x80\x00" + ON_OFF[1:] + END, division=10), "longer than 14400 seconds"),
        (smf(b"\x90\x80\x00\xff\x58\x04\x04\x02\x18\x08" + END, division=1), "longer than 200000 beats"),
        (smf(bytes.fromhex("0090bc40 6080bc40") + END), "above 127"),
        (smf(bytes.fromhex("00903cc0 60803c40") + END), "above 127"),
        # Handed on, this would write outside the parser's memory; so it is the walk before that must see it.
        (smf(bytes.fromhex("009fff40 608fff40") + END), "above 127 at byte"),
        (smf(bytes.fromhex("00b040f0") + ON_OFF + END), "above 127"),
        (smf(bytes.fromhex("00e0f0f0") + ON_OFF + END), "above 127"),
        (smf(bytes.fromhex("00c0ff") + ON_OFF + END), "above 127"),
        (smf(bytes.fromhex("003c40") + END), "damaged"),
        (smf(bytes.fromhex("00f4") + ON_OFF + END), "damaged"),
        (smf(bytes.fromhex("00ff5103000000") + END), "zero microseconds"),
        (smf(bytes.fromhex("00ff580400021808") + END), "time signature with a zero"),
        (smf(bytes.fromhex("00ff580404091808") + END), "finer than a 128th"),
    ],
)
def test_bad_content_is_refused_in_one_sentence(content: bytes, what: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.mid"
    path.write_bytes(content)
    with pytest.raises(InputError, match=what) as caught:
        read_midi(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_limits_are_kept() -> None:
    content = midi_bytes(a_score())
    for name, largest in (("max_file_bytes", 100), ("max_ticks", 900), ("max_notes", 3), ("max_tracks", 2)):
        with pytest.raises(InputError, match=f"{largest}"):
            parse_midi(content, limits=Limits.parse({name: largest}))
    with pytest.raises(InputError, match="2 tracks by channel"):
        events = b"".join(bytes((0, 0x90 | channel, 60, 9, 5, 60, 0)) for channel in range(3))
        parse_midi(smf(events + END), limits=Limits(max_tracks=2))


def test_bad_places_are_refused_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="this is a folder"):
        read_midi(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        read_midi(tmp_path / "none.mid")
    with pytest.raises(InputError, match="cannot be read"):
        read_midi(str(tmp_path / "nul\0.mid"))
    os.mkfifo(tmp_path / "pipe.mid")
    with pytest.raises(InputError, match="not a regular file"):
        read_midi(tmp_path / "pipe.mid")
    path = tmp_path / "closed.mid"
    path.write_bytes(smf(END))

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"closed.mid: cannot be read \(Permission denied\)"):
        read_midi(path)


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.mid"
    with path.open("wb") as stream:
        stream.truncate(1 << 40)
    tracemalloc.start()
    with pytest.raises(InputError, match="larger than 8388608 bytes"):
        read_midi(path)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_program_changes_cannot_take_memory() -> None:
    """Unchecked, this file of 1.5 MB makes the parser open 140,000 tracks (gigabytes at the limit of file size)."""
    voices = b"".join(bytes((0, 0xC0 | n % 16, n // 16, 0, 0x90 | n % 16, 60, 9, 1, 60, 0)) for n in range(1400))
    with pytest.raises(InputError, match="more than 512 tracks"):
        parse_midi(smf(*[voices + END] * 100))


@pytest.mark.slow
def test_no_damaged_file_does_harm() -> None:
    """240 damaged files, in a child process: read or refused in one sentence, each soon and within little memory."""
    found = outcomes(range(200)) + (outcomes(range(40), Path(DATA)) if DATA else [])
    assert [(outcome.seed, outcome.note) for outcome in found if outcome.kind not in {"read", "refused"}] == []
    assert {outcome.kind for outcome in found} == {"read", "refused"}
    assert max(outcome.seconds for outcome in found) < 10
    assert max(outcome.peak_mb for outcome in found) < 600


CORPORA = [
    "maestro-v3.0.0-midi", "freedoom-midi", "openscore-lieder-midi", "openscore-quartets-midi", "pop909",
    "mutopia-pd-midi", "groove-v1.0.0-midionly", "nottingham", "piano-midi-de", "giantmidi56",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(DATA is None, reason="ANTIPHON_DATA names no folder of unpacked corpora")
@pytest.mark.parametrize("corpus", CORPORA)
def test_writing_what_was_read_changes_no_note(corpus: str) -> None:
    paths = [path for path in sorted((Path(DATA or "") / corpus).rglob("*")) if path.suffix in {".mid", ".midi"}]
    if not paths:
        pytest.skip(f"{corpus} is not there")
    chosen = paths[:: max(1, len(paths) // 30)]
    for path in chosen:
        score = read_midi(path)
        assert_same(parse_midi(midi_bytes(score)), score)
    assert_is_mido(read_midi(chosen[0]), chosen[0])
