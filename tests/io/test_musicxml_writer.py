"""Scores to MusicXML: what is written is read again, and is well-formed whatever the names are."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from tests.made import song as made_song
from tests.played_to import BAR, BEAT, song

from antiphon.errors import InputError
from antiphon.io.musicxml import parse_musicxml, read_musicxml
from antiphon.io.musicxml_writer import musicxml_text, write_musicxml
from antiphon.music.score import KEY_SIGNATURE, TEMPO, Score, Track, notes_from_columns, table


def beats(score: Score, track: int) -> list[tuple[float, float, int]]:
    notes = score.tracks[track].notes
    rows = zip(*(notes[name] for name in ("start", "end", "pitch")), strict=True)
    return sorted((s / score.ticks_per_beat, e / score.ticks_per_beat, int(p)) for s, e, p in rows)


def test_what_is_written_is_read_again() -> None:
    over = notes_from_columns([0, 2 * BEAT, 3 * BEAT], [BAR, 3 * BEAT, 2 * BAR], [48, 60, 50], 80)
    for piece in (song(), made_song(3), Score(BEAT, (Track(over, name="two voices"),))):
        again = parse_musicxml(musicxml_text(piece).encode())
        assert [(t.name, t.program, t.is_drum) for t in again.tracks] == [
            (t.name, t.program, t.is_drum) for t in piece.tracks
        ]
        pitched = [index for index, track in enumerate(piece.tracks) if not track.is_drum]
        assert [beats(again, index) for index in pitched] == [beats(piece, index) for index in pitched]
    assert len(again.bars()) == len(piece.bars())


def test_metres_keys_and_tempos_are_where_they_were() -> None:
    piece = replace(
        song(metre=[(0, 4, 4), (BAR, 3, 4), (BAR + 3 * BEAT, 4, 4)]),
        key_signatures=table(KEY_SIGNATURE, [(0, -3, True), (BAR, 2, False)]),
        tempos=table(TEMPO, [(0, 500_000), (BAR + BEAT, 400_000)]),
    )
    again = parse_musicxml(musicxml_text(piece).encode())
    factor = again.ticks_per_beat / BEAT
    for name in ("time_signatures", "key_signatures", "tempos"):
        mine, found = getattr(piece, name), getattr(again, name)
        np.testing.assert_array_equal(found["tick"][: len(mine)] / factor, mine["tick"])
        np.testing.assert_array_equal(found[: len(mine)][list(mine.dtype.names[1:])], mine[list(mine.dtype.names[1:])])
    # Flats in a key of flats: Eb, not D#.
    assert "<alter>1</alter>" not in musicxml_text(song("tune")) and "percussion" in musicxml_text(piece)


def test_names_are_text() -> None:
    piece = song("tune").with_tracks((replace(song("tune").tracks[0], name='<&"\x00\x1b>'),))
    root = ElementTree.fromstring(musicxml_text(piece))
    assert root.findtext("part-list/score-part/part-name") == '<&">'


def test_files(tmp_path: Path) -> None:
    write_musicxml(song(), tmp_path / "x.musicxml")
    assert len(read_musicxml(tmp_path / "x.musicxml").tracks) == 4
    with pytest.raises(InputError):
        write_musicxml(song(), tmp_path / "x.musicxml" / "y.musicxml")


def test_a_score_without_notes_is_a_bar_of_rest() -> None:
    root = ElementTree.fromstring(
        musicxml_text(
            Score(
                tracks=song("tune")
                .with_tracks((replace(song("tune").tracks[0], notes=song("tune").tracks[0].notes[:0]),))
                .tracks
            )
        )
    )
    assert root.find("part/measure/note/rest") is not None
