"""MusicXML lead sheets: ties, rests, pickups, metre, keys, tempo, chords, parts; hostile files; the real ones."""

import io
import os
import zipfile
from pathlib import Path

import pytest

from antiphon.errors import InputError
from antiphon.io.musicxml import parse_musicxml, read_musicxml
from antiphon.io.safexml import XmlLimits
from antiphon.music.score import PEDAL, Score, beat_us

ATTRIBUTES = (
    "<attributes><divisions>2</divisions><key><fifths>1</fifths><mode>major</mode></key>"
    "<time><beats>4</beats><beat-type>4</beat-type></time></attributes>"
)


def note(step: str, duration: int, octave: int = 4, extra: str = "", alter: int = 0, first: str = "") -> str:
    pitch = f"<pitch><step>{step}</step><alter>{alter}</alter><octave>{octave}</octave></pitch>"
    return f"<note>{first}{pitch}<duration>{duration}</duration>{extra}</note>"


def rest(duration: int) -> str:
    return f"<note><rest/><duration>{duration}</duration></note>"


def harmony(root: str, kind: str, extra: str = "", alter: int = 0) -> str:
    name = f"<root><root-step>{root}</root-step><root-alter>{alter}</root-alter></root>"
    return f"<harmony>{name}<kind>{kind}</kind>{extra}</harmony>"


def document(*measures: str, part_list: str = "", more: str = "") -> bytes:
    bars = "".join(f"<measure number='{i}'>{bar}</measure>" for i, bar in enumerate(measures, 1))
    parts = f"<part-list>{part_list}</part-list><part id='P1'>{bars}</part>{more}"
    return f"<?xml version='1.0'?><score-partwise>{parts}</score-partwise>".encode()


def read(*measures: str, **others: str) -> Score:
    return parse_musicxml(document(*measures, **others))


def beats(score: Score, track: int = 0) -> list[tuple[float, float, int]]:
    """Onset, end and pitch of each note, in beats."""
    notes = score.tracks[track].notes.tolist()
    return [(start / score.ticks_per_beat, end / score.ticks_per_beat, pitch) for start, end, pitch, _ in notes]


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


SIMPLE = document(ATTRIBUTES + note("C", 8))


def test_notes_and_rests() -> None:
    score = read(ATTRIBUTES + note("C", 2) + rest(2) + note("F", 1, alter=1) + note("B", 3, 3, alter=-1))
    assert beats(score) == [(0, 1, 60), (2, 2.5, 66), (2.5, 4, 58)]
    assert score.ticks_per_beat >= 480


def test_chords_and_voices() -> None:
    chord = note("C", 4) + note("E", 4, first="<chord/>") + note("G", 4)
    second = "<backup><duration>8</duration></backup><forward><duration>2</duration></forward>" + note("C", 2, 3)
    assert beats(read(ATTRIBUTES + chord + second)) == [(0, 2, 60), (0, 2, 64), (1, 2, 48), (2, 4, 67)]


def test_ties_join_across_bars() -> None:
    start, both, stop = "<tie type='start'/>", "<tie type='stop'/><tie type='start'/>", "<tie type='stop'/>"
    score = read(
        ATTRIBUTES + note("D", 6) + note("C", 2, extra=start),
        note("C", 8, extra=both),
        note("C", 4, extra=stop) + note("C", 4),
    )
    assert beats(score) == [(0, 3, 62), (3, 10, 60), (10, 12, 60)]


def test_a_tie_to_nothing_is_no_tie() -> None:
    start, stop = "<tie type='start'/>", "<tie type='stop'/>"
    score = read(ATTRIBUTES + note("C", 2, extra=start) + rest(2) + note("C", 2, extra=stop) + note("E", 2, extra=stop))
    assert beats(score) == [(0, 1, 60), (2, 3, 60), (3, 4, 64)]


def test_grace_and_cue_notes_are_left_out() -> None:
    grace = note("A", 0, first="<grace/>").replace("<duration>0</duration>", "")
    assert beats(read(ATTRIBUTES + grace + note("C", 4) + note("D", 4, first="<cue/>"), note("E", 8))) == [
        (0, 2, 60),
        (4, 8, 64),
    ]


def test_a_pickup_gets_its_own_time_signature() -> None:
    score = read(ATTRIBUTES + note("G", 2), note("C", 8), note("D", 8))
    signatures = [(tick / score.ticks_per_beat, *metre) for tick, *metre in score.time_signatures.tolist()]
    assert signatures == [(0, 1, 4), (1, 4, 4)]
    assert (score.bars() / score.ticks_per_beat).tolist() == [0, 1, 5, 9]


def test_bar_lines_follow_the_measures() -> None:
    change = "<attributes><time><beats>3+2</beats><beat-type>8</beat-type></time></attributes>"
    score = read(ATTRIBUTES + note("C", 8), note("C", 3), note("C", 8), change + note("C", 5), note("C", 5))
    assert (score.bars() / score.ticks_per_beat).tolist() == [0, 4, 5.5, 9.5, 12, 14.5]


def test_an_empty_measure_has_its_full_length() -> None:
    assert beats(read(ATTRIBUTES, note("C", 8))) == [(4, 8, 60)]


def test_divisions_may_change_and_triplets_are_exact() -> None:
    triplets = "<attributes><divisions>3</divisions></attributes>" + note("C", 1) * 12
    score = read(ATTRIBUTES + note("C", 8), triplets)
    starts = score.tracks[0].notes["start"]
    assert score.ticks_per_beat % 6 == 0
    assert set((starts[2:] - starts[1:-1]).tolist()) == {score.ticks_per_beat // 3}


def test_keys_and_transposition() -> None:
    transpose = "<attributes><transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose></attributes>"
    score = read(transpose + ATTRIBUTES + harmony("D", "major") + note("D", 8, 5))
    assert beats(score) == [(0, 4, 72)]
    assert score.chords == ((0, "C"),)
    assert score.key_signatures.tolist() == [(0, -1, False)]


def test_octave_transposition() -> None:
    low = "<attributes><transpose><chromatic>0</chromatic><octave-change>-1</octave-change></transpose></attributes>"
    score = read(low + ATTRIBUTES + note("C", 8))
    assert beats(score) == [(0, 4, 48)]
    assert score.key_signatures.tolist() == [(0, 1, False)]


def test_tempo() -> None:
    sound = "<direction><sound tempo='90'/></direction>"
    metronome = (
        "<direction><direction-type><metronome><beat-unit>quarter</beat-unit><beat-unit-dot/>"
        "<per-minute>80</per-minute></metronome></direction-type></direction>"
    )
    score = read(ATTRIBUTES + sound + note("C", 8), metronome + note("C", 8))
    assert score.tempos.tolist() == [(0, beat_us(90)), (4 * score.ticks_per_beat, beat_us(120))]


@pytest.mark.parametrize(
    ("element", "symbol"),
    [
        (harmony("C", "major"), "C"),
        (harmony("B", "minor-seventh", alter=-1), "Bbm7"),
        (harmony("F", "half-diminished", alter=1), "F#m7b5"),
        (harmony("G", "dominant", "<bass><bass-step>B</bass-step></bass>"), "G7/B"),
        (harmony("C", "none"), "N.C."),
        (harmony("C", "of my own"), "C"),
        (
            harmony(
                "D",
                "dominant",
                "<degree><degree-value>9</degree-value><degree-alter>-1</degree-alter>"
                "<degree-type>add</degree-type></degree>",
            ),
            "D7b9",
        ),
        (
            harmony(
                "C", "suspended-fourth", "<degree><degree-value>7</degree-value><degree-type>add</degree-type></degree>"
            ),
            "C7sus4",
        ),
    ],
)
def test_chord_symbols(element: str, symbol: str) -> None:
    assert read(ATTRIBUTES + element + note("C", 8)).chords == ((0, symbol),)


def test_chords_stand_where_they_change() -> None:
    late = harmony("G", "major", "<offset>2</offset>")
    score = read(ATTRIBUTES + harmony("C", "major") + note("C", 4) + late + note("C", 4))
    assert score.chords == ((0, "C"), (3 * score.ticks_per_beat, "G"))


def test_parts_become_tracks_on_one_time_line() -> None:
    listed = (
        "<score-part id='P1'><part-name>Voice</part-name></score-part><score-part id='P2'><part-name>Bass</part-name>"
        "<midi-instrument id='i'><midi-program>33</midi-program></midi-instrument></score-part>"
    )
    second = (
        f"<part id='P2'><measure>{ATTRIBUTES}{note('C', 4, 2)}</measure><measure>{note('D', 8, 2)}</measure></part>"
    )
    score = read(ATTRIBUTES + note("C", 8), note("D", 8), part_list=listed, more=second)
    assert [(track.name, track.program, track.is_drum) for track in score.tracks] == [
        ("Voice", 0, False),
        ("Bass", 32, False),
    ]
    assert beats(score, 1) == [(0, 2, 36), (4, 8, 38)]


def test_drum_parts() -> None:
    listed = "<score-part id='P1'><midi-instrument><midi-channel>10</midi-channel></midi-instrument></score-part>"
    drum = "<note><unpitched><display-step>C</display-step><display-octave>3</display-octave></unpitched>"
    drum += "<duration>8</duration></note>"
    score = read(ATTRIBUTES + drum, part_list=listed)
    assert score.tracks[0].is_drum
    assert beats(score) == [(0, 4, 48)]


def test_title_becomes_a_text() -> None:
    content = SIMPLE.replace(b"<part-list>", b"<work><work-title>A &amp; B</work-title></work><part-list>")
    assert parse_musicxml(content).texts == ((0, "A & B"),)


def test_compressed_files(tmp_path: Path) -> None:
    container = b"<container><rootfiles><rootfile full-path='b.xml'/></rootfiles></container>"
    members = {"META-INF/container.xml": container, "a.xml": document(ATTRIBUTES + note("D", 8)), "b.xml": SIMPLE}
    (tmp_path / "a.mxl").write_bytes(zipped(members))
    assert beats(read_musicxml(tmp_path / "a.mxl")) == [(0, 4, 60)]


def test_a_broken_container_falls_back_to_the_only_score() -> None:
    members = {"META-INF/container.xml": b"<container full-path='Won't'/>", "Won't.xml": SIMPLE}
    assert beats(parse_musicxml(zipped(members))) == [(0, 4, 60)]


def test_document_types_of_the_standard_are_welcome() -> None:
    kind = b"<!DOCTYPE score-partwise PUBLIC '-//Recordare//DTD MusicXML 2.0 Partwise//EN' 'http://x/partwise.dtd'>"
    assert beats(parse_musicxml(SIMPLE.replace(b"<score-partwise>", kind + b"<score-partwise>"))) == [(0, 4, 60)]


def entities(levels: int) -> bytes:
    lines = ['<!ENTITY e0 "ha">'] + [f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, levels)]
    return (
        f"<?xml version='1.0'?><!DOCTYPE x [{''.join(lines)}]><score-partwise>&e{levels - 1};</score-partwise>".encode()
    )


HOSTILE = {
    "entities": (entities(20), "entities"),
    "outside": (
        b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><score-partwise>&e;</score-partwise>",
        "entities",
    ),
    "deep": (b"<a>" * 100_000, "deeply"),
    "empty": (b"", "well-formed"),
    "text": (b"hello", "well-formed"),
    "cut": (SIMPLE[:-30], "well-formed"),
    "binary": (b"\x00\xff\xfe" * 50, "well-formed"),
    "other": (b"<html/>", "partwise"),
    "timewise": (b"<score-timewise/>", "partwise"),
    "no part": (b"<score-partwise/>", "no part"),
    "no zip": (b"PK\x03\x04" + b"x" * 100, "archive"),
    "empty zip": (zipped({}), "no MusicXML"),
    "zip bomb": (zipped({"a.xml": b" " * 20_000_000}), "unpacks"),
    "many members": (zipped({f"{i}.txt": b"" for i in range(600)}), "more than 500"),
    "zero divisions": (SIMPLE.replace(b"<divisions>2", b"<divisions>0"), "divisions"),
    "huge number": (SIMPLE.replace(b"<duration>8", b"<duration>1e99999999"), "number"),
    "long digits": (SIMPLE.replace(b"<duration>8", b"<duration>" + b"9" * 5000), "number"),
    "negative": (SIMPLE.replace(b"<duration>8", b"<duration>-8"), "duration"),
    "endless": (SIMPLE.replace(b"<duration>8", b"<duration>999999999"), "duration"),
    "high octave": (SIMPLE.replace(b"<octave>4", b"<octave>400"), "pitch"),
    "no step": (SIMPLE.replace(b"<step>C", b"<step>X"), "note name"),
    "no metre": (SIMPLE.replace(b"<beats>4", b"<beats>0"), "time signature"),
    "odd metre": (SIMPLE.replace(b"<beat-type>4", b"<beat-type>5"), "time signature"),
    "nan": (SIMPLE.replace(b"<octave>4", b"<octave>nan"), "number"),
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile_files_are_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    content, reason = HOSTILE[name]
    path = tmp_path / "bad.mxl"
    path.write_bytes(content)
    with pytest.raises(InputError, match=reason) as caught:
        read_musicxml(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_lying_zip_header_is_not_believed() -> None:
    content = zipped({"a.xml": SIMPLE + b"<!-- " + bytes(range(33, 40)) * 5000 + b" -->"})
    content = content.replace((len(SIMPLE) + 35_009).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    with pytest.raises(InputError):
        parse_musicxml(content)


@pytest.mark.parametrize(
    "limits",
    [XmlLimits(max_file_bytes=100), XmlLimits(max_xml_bytes=100), XmlLimits(max_elements=5), XmlLimits(max_beats=3)],
)
def test_limits_hold(tmp_path: Path, limits: XmlLimits) -> None:
    (tmp_path / "a.xml").write_bytes(SIMPLE)
    with pytest.raises(InputError):
        read_musicxml(tmp_path / "a.xml", limits)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.xml", tmp_path):
        with pytest.raises(InputError, match="cannot read"):
            read_musicxml(path)


def test_no_controls_are_made_up() -> None:
    assert PEDAL not in read(ATTRIBUTES + note("C", 8)).tracks[0].controls["number"]


LEAD_SHEETS = Path(os.environ.get("ANTIPHON_DATA", "~/antiphon-data")).expanduser() / "openewld-pd" / "openewld-pd"


@pytest.mark.slow
@pytest.mark.skipif(not LEAD_SHEETS.is_dir(), reason="the lead sheets of openewld-pd are not unpacked")
def test_real_lead_sheets_agree_with_their_midi_files() -> None:
    from symusic import Score as MidiScore

    midi = {path.stem: path for path in LEAD_SHEETS.glob("midi/**/*.mid")}
    sheets = sorted(LEAD_SHEETS.glob("mxl/*.mxl"))
    assert len(sheets) == 123
    for path in sheets:
        score, peer = read_musicxml(path), MidiScore(midi[path.stem])
        voice = {
            (n.time * 48 // peer.tpq, n.end * 48 // peer.tpq, n.pitch) for track in peer.tracks for n in track.notes
        }
        read_notes = {(round(start * 48), round(end * 48), pitch) for start, end, pitch in beats(score)}
        missing = [
            n for n in read_notes if not any((n[0] + i, n[1] + j, n[2]) in voice for i in (0, -1) for j in (0, -1))
        ]
        assert not missing, path.name
        assert score.chords
