"""Piano-roll pictures: notes where they belong, the same bytes each time, sound files, any text, any size."""

import struct
import zlib
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray

from antiphon.errors import InputError
from antiphon.io.font import CHARACTERS, STYLES, face
from antiphon.io.image import png_bytes, rasterise, render_image, svg_bytes
from antiphon.io.roll_layout import DRUM_COLOUR, NEW_COLOUR, PALETTE, Box, Label, Picture, chord_text, layout
from antiphon.music.score import TIME_SIGNATURE, Score, Track, notes_from_columns, table

BAR = 1920


def melody(num_bars: int = 4, **others: object) -> Score:
    """A quarter note at each beat, rising by a semitone a bar."""
    beats = np.arange(4 * num_bars)
    notes = notes_from_columns(beats * 480, beats * 480 + 480, 60 + beats // 4, 127)
    return Score(480, (Track(notes, name="melody"),), **others)  # type: ignore[arg-type]


def boxes(picture: Picture, colour: str = PALETTE[0]) -> list[Box]:
    """Note boxes of a colour, without the legend's."""
    return [shape for shape in picture.shapes if isinstance(shape, Box) and shape.colour == colour][1:]


def labels(picture: Picture) -> list[str]:
    return [shape.text for shape in picture.shapes if isinstance(shape, Label)]


def label(picture: Picture, text: str) -> Label:
    return next(shape for shape in picture.shapes if isinstance(shape, Label) and shape.text == text)


def rgb(colour: str) -> NDArray[np.uint8]:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)


def decode_png(content: bytes) -> NDArray[np.uint8]:
    """Pixels of an unfiltered 8-bit RGB PNG, its checksums verified."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, position = {}, 8
    while position < len(content):
        (length,) = struct.unpack(">I", content[position : position + 4])
        body = content[position + 4 : position + 8 + length]
        assert struct.unpack(">I", content[position + 8 + length : position + 12 + length]) == (zlib.crc32(body),)
        chunks[body[:4]], position = body[4:], position + 12 + length
    width, height, depth, kind = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, kind) == (8, 2)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + 3 * width)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, 3)


def test_notes_lie_where_they_sound() -> None:
    picture = layout(melody(), 1600)
    notes = boxes(picture)
    assert len(notes) == 16
    assert np.ptp(np.diff([note.x for note in notes])) <= 1
    assert notes[-1].x + notes[-1].width == pytest.approx(1600 - 20, abs=2)
    assert [note.y for note in notes[:4]] == [notes[0].y] * 4
    assert notes[4].y < notes[3].y


def test_a_note_is_painted_in_the_colour_of_its_track_with_a_darker_onset() -> None:
    picture = layout(melody())
    canvas, note = rasterise(picture), boxes(picture)[5]
    y = round(note.y + note.height / 2)
    assert np.array_equal(canvas[y, round(note.x + note.width / 2)], rgb(PALETTE[0]))
    assert canvas[y, round(note.x)].sum() < 0.7 * rgb(PALETTE[0]).sum()
    assert canvas[round(note.y) - 20, round(note.x + note.width / 2)].min() > 220


def test_velocity_is_opacity() -> None:
    notes = notes_from_columns([0, 480], [480, 960], 60, [127, 20])
    loud, soft = boxes(layout(Score(480, (Track(notes),))))
    assert loud.opacity == 1
    assert soft.opacity < 0.6


def test_repeated_notes_stay_apart() -> None:
    picture = layout(melody(1))
    row = rasterise(picture)[round(boxes(picture)[0].y + 2)]
    onsets = [round(note.x) for note in boxes(picture)]
    assert all(not np.array_equal(row[x], row[x + 10]) for x in onsets)


def test_bars_are_numbered_and_chords_stand_above_them() -> None:
    chords = ((0, "C"), (BAR, "F#m7b5"), (3 * BAR, "Bb"))
    picture = layout(melody(chords=chords))
    assert {"1", "2", "3", "4"} <= set(labels(picture))
    assert "5" not in labels(picture)
    for bar, text in ((1, "C"), (2, "F♯m7♭5"), (4, "B♭")):
        assert label(picture, text).x == pytest.approx(label(picture, str(bar)).x, abs=1)
        assert label(picture, text).y < label(picture, str(bar)).y < boxes(picture)[0].y


def test_a_crowded_chord_symbol_is_left_out() -> None:
    assert "G" not in labels(layout(melody(chords=((0, "Cmaj7"), (10, "G")))))


def test_a_pickup_is_bar_one_as_in_what_is_told_of_bars() -> None:
    score = melody(time_signatures=table(TIME_SIGNATURE, [(0, 1, 4), (480, 4, 4)]))
    shown = layout(score)
    assert {"1", "2"} <= set(labels(shown))
    assert label(shown, "1").x == pytest.approx(boxes(shown)[0].x + 3, abs=1)
    assert label(shown, "2").x == pytest.approx(boxes(shown)[1].x + 3, abs=1)


def test_long_pieces_wrap_into_systems_of_equal_scale() -> None:
    picture = layout(melody(20))
    notes = boxes(picture)
    assert len({note.x for note in notes}) == 32
    assert notes[32].x == notes[0].x
    assert notes[32].y > notes[0].y + 100
    assert np.ptp([note.width for note in notes]) <= 1


def test_a_note_across_systems_is_drawn_in_both_with_one_onset() -> None:
    notes = notes_from_columns([0, 7 * BAR, 15 * BAR], [480, 9 * BAR, 16 * BAR], 60, 127)
    picture = layout(Score(480, (Track(notes),)))
    assert len(boxes(picture)) == 4
    dark = [shape for shape in picture.shapes if isinstance(shape, Box) and shape.colour == "#004267"]
    assert len(dark) == 3


def test_very_long_pieces_are_cut_and_say_so() -> None:
    picture = layout(Score(480, (Track(notes_from_columns([0, 5000 * BAR], [480, 5001 * BAR], 60, 80)),)))
    assert picture.height < 20_000
    assert "the first 384 of 5001 bars" in labels(picture)


def test_what_is_new_is_marked_and_shown_with_eight_bars_before_it() -> None:
    score = melody(30)
    picture = layout(score, new=20 * BAR)
    notes = boxes(picture)
    assert len(notes) == 4 * (8 + 10)
    numbers = [int(text) for text in labels(picture) if text.isdigit()]
    assert numbers == list(range(13, 31))
    assert "new from this line on" in labels(picture)
    (mark,) = boxes(picture, NEW_COLOUR)
    # The first new bar is the ninth that is drawn, the first of the second system.
    assert mark.x + 1 == notes[32].x and mark.y < notes[32].y < mark.y + mark.height
    assert picture.height == layout(melody(18)).height


def test_what_is_new_in_a_short_piece() -> None:
    picture = layout(melody(4, chords=((0, "C"),)), new=2 * BAR)
    assert len(boxes(picture)) == 16
    (mark,) = boxes(picture, NEW_COLOUR)
    assert mark.x + 1 == boxes(picture)[8].x
    assert not [box for box in layout(melody(4)).shapes if isinstance(box, Box) and box.colour == NEW_COLOUR]
    assert not boxes(layout(melody(4), new=4 * BAR), NEW_COLOUR), "nothing is new"


def test_pitches_and_parts_that_are_not_drawn_take_no_room() -> None:
    early = Track(notes_from_columns([0, 12 * BAR], [480, 12 * BAR + 480], [20, 110], 90), name="early")
    held = Track(notes_from_columns([0], [15 * BAR], [62], 90), name="held")
    picture = layout(melody(30).with_tracks((*melody(30).tracks, early, held)), new=21 * BAR)
    assert "early" not in labels(picture) and {"melody", "held"} <= set(labels(picture))
    assert {text for text in labels(picture) if text[0] == "C"} == {"C4", "C5", "C6"}


def test_bars_after_a_pickup_keep_their_numbers() -> None:
    score = melody(30, time_signatures=table(TIME_SIGNATURE, [(0, 1, 4), (480, 4, 4)]))
    numbers = [int(text) for text in labels(layout(score, new=480 + 19 * BAR)) if text.isdigit()]
    assert numbers[:2] == [13, 14]


def test_tracks_have_colours_and_names() -> None:
    tracks = tuple(Track(notes_from_columns(0, 480, 60 + i, 100), name=f"voice {i}") for i in range(3))
    picture = layout(Score(480, (*tracks, Track(name="silent"))))
    assert {"voice 0", "voice 1", "voice 2"} <= set(labels(picture))
    assert "silent" not in labels(picture)
    assert all(len(boxes(picture, colour)) == 1 for colour in PALETTE[:3])


def test_many_tracks_do_not_run_out_of_the_page() -> None:
    tracks = tuple(Track(notes_from_columns(0, 480, 60, 100), name=f"a rather long name {i}") for i in range(60))
    picture = layout(Score(480, tracks), 800)
    assert "and 36 more" in labels(picture)
    assert all(shape.x < 800 for shape in picture.shapes)


def test_drums_have_named_rows() -> None:
    drums = Track(notes_from_columns([0, 480, 960], [10, 490, 970], [36, 38, 42], 100), is_drum=True)
    picture = layout(Score(480, (*melody().tracks, drums)))
    kick, snare, hat = boxes(picture, DRUM_COLOUR)
    assert kick.y > snare.y > hat.y > max(note.y for note in boxes(picture))
    assert kick.width == snare.width
    for name, stroke in (("kick", kick), ("snare", snare), ("hi-hat", hat)):
        assert 0 <= label(picture, name).y - stroke.y <= 13
    assert rasterise(layout(Score(480, (drums,)))).min() < 128


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_same_score_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    for name in "ab":
        render_image(melody(), tmp_path / f"{name}{suffix}")
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_png_holds_the_pixels() -> None:
    picture = layout(melody(), 640, 300)
    pixels = decode_png(png_bytes(picture))
    assert pixels.shape == (300, 640, 3)
    assert np.array_equal(pixels, rasterise(picture))


def test_svg_is_well_formed_and_has_every_shape() -> None:
    picture = layout(melody(chords=((0, "C"),)))
    root = ElementTree.fromstring(svg_bytes(picture))
    assert root.get("width") == str(picture.width)
    assert len(root) == 1 + len(picture.shapes)


@pytest.mark.parametrize("name", ["<b>&\"'", "\x00\x08", "旋律", "a\nb", "]]>", "x" * 5000])
def test_any_name_can_be_drawn(name: str) -> None:
    score = Score(480, (Track(notes_from_columns(0, 480, 60, 100), name=name),), chords=((0, name),))
    picture = layout(score)
    texts = [
        element.text or "" for element in ElementTree.fromstring(svg_bytes(picture)).iter() if "text" in element.tag
    ]
    assert len(texts) == len(labels(picture))
    assert rasterise(picture).shape == (picture.height, picture.width, 3)


def test_markup_in_a_name_is_escaped() -> None:
    score = Score(480, (Track(notes_from_columns(0, 480, 60, 100), name="<script>&"),))
    content = svg_bytes(layout(score))
    assert b"&lt;script&gt;&amp;" in content
    assert b"<script" not in content


@pytest.mark.parametrize("score", [Score(), Score(480, (Track(),)), Score(480, chords=((0, "C"),))])
def test_empty_scores_give_an_empty_roll(score: Score) -> None:
    picture = layout(score)
    assert picture.height > 100
    assert rasterise(picture).shape == (picture.height, picture.width, 3)


def test_extremes_stay_on_the_page() -> None:
    notes = notes_from_columns([0, 0, 5], [0, BAR, 6], [0, 127, 64], [1, 127, 64])
    for shape in layout(Score(480, (Track(notes),)), 400).shapes:
        assert shape.x >= 0
        assert shape.y >= 0


def test_a_height_is_filled() -> None:
    assert layout(melody(), 800, 600).height == 600
    assert boxes(layout(melody(), 800, 900))[0].height > boxes(layout(melody(), 800, 300))[0].height


@pytest.mark.parametrize("size", [(0, None), (399, None), (10**6, None), (800, 0), (800, 10**6)])
def test_impossible_sizes(size: tuple[int, int | None]) -> None:
    with pytest.raises(InputError, match="pixels"):
        layout(melody(), *size)


def test_unknown_suffix(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.jpg.*\.png, \.svg"):
        render_image(melody(), tmp_path / "a.jpg")


@pytest.mark.parametrize(
    ("symbol", "printed"),
    [
        ("Bb", "B♭"),
        ("F#m7b5/Bb", "F♯m7♭5/B♭"),
        ("Absus4", "A♭sus4"),
        ("Bbmaj7", "B♭maj7"),
        ("B", "B"),
        ("N.C.", "N.C."),
    ],
)
def test_chord_symbols_in_print(symbol: str, printed: str) -> None:
    assert chord_text(symbol) == printed


@pytest.mark.parametrize("style", list(STYLES))
def test_every_letter_has_ink(style: str) -> None:
    letters = face(style)
    for character in CHARACTERS.strip(" \xad"):
        assert character in " \xad" or letters.draw(character).max() > 60, character
        assert letters.draw(character).shape[1] == letters.width(character) > 0
    assert np.array_equal(letters.draw("旋"), letters.draw("?"))
