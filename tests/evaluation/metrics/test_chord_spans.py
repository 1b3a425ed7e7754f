"""Chords span by span: written, estimated, none."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.played import SILENCE, piece, pieces, repeated

from antiphon.codecs.chords import NO_CHORD, TRIADS
from antiphon.evaluation.metrics.chord_spans import Harmony
from antiphon.evaluation.notes import Notes


def block(begin: float, length: float, *pitches: int) -> list[tuple[float, float, int]]:
    return [(begin, length, pitch) for pitch in pitches]


C, F, G, A_MINOR = (60, 64, 67), (60, 65, 69), (59, 62, 67), (60, 64, 69)


def test_each_half_of_a_bar_has_the_triad_that_sounds() -> None:
    harmony = Harmony.of(piece(block(0, 2, *C) + block(2, 2, *F) + block(4, 4, *A_MINOR)))
    assert harmony.edges.tolist() == [0, 2, 4, 6, 8]
    assert harmony.chord.tolist() == [0, 5, 21, 21]
    assert harmony.bar.tolist() == [0, 0, 1, 1]
    assert harmony.progression.tolist() == [0, 5, 21]


def test_bars_of_less_than_four_beats_are_whole() -> None:
    notes = replace(piece(block(0, 6, *C)), bar_beats=np.array([0, 3, 6.0]))
    assert Harmony.of(notes).edges.tolist() == [0, 3, 6]


def test_a_written_chord_counts_whatever_sounds_and_the_longest_holds() -> None:
    notes = piece(block(0, 8, *C), chords=((0, "F"), (1.5, "G7"), (4, "N.C."), (6, "Dm")))
    assert Harmony.of(notes).chord.tolist() == [5, 7, NO_CHORD, 14]


def test_before_the_first_written_chord_there_is_none() -> None:
    assert Harmony.of(piece(block(0, 8, *C), chords=((4, "F"),))).chord.tolist() == [NO_CHORD, NO_CHORD, 5, 5]


def test_what_makes_no_triad_has_no_chord_and_silence_is_not_heard() -> None:
    harmony = Harmony.of(piece(block(0, 2, *C) + block(2, 2, 60, 61, 62) + block(8, 4, *C)))
    assert harmony.chord.tolist() == [0, NO_CHORD, NO_CHORD, NO_CHORD, 0, 0]
    assert harmony.heard.tolist() == [True, True, False, False, True, True]
    assert harmony.progression.tolist() == [0]


def test_bars_are_counted_from_the_first_note() -> None:
    assert Harmony.of(piece(block(8, 4, *C))).bar.tolist() == [-2, -2, -1, -1, 0, 0]


def test_the_chord_in_force_and_the_one_before() -> None:
    harmony = Harmony.of(piece(block(0, 4, *C) + block(6, 2, *G) + block(8, 4, *C)))
    chord, before = harmony.chord_before(np.arange(6))
    assert chord.tolist() == [0, 0, 0, 7, 0, 0]
    assert before.tolist() == [NO_CHORD, NO_CHORD, NO_CHORD, 0, 7, 7]


def test_silence_and_drums_have_no_chords() -> None:
    assert not len(Harmony.of(SILENCE).progression)
    assert not Harmony.of(piece(block(0, 4, *C), drums=0)).heard.any()
    assert not len(Harmony.of(replace(SILENCE, bar_beats=np.zeros(0))).chord)


@given(st.lists(st.integers(0, 23), min_size=1, max_size=12))
def test_every_triad_is_told_on_every_root(codes: list[int]) -> None:
    notes = piece([note for k, code in enumerate(codes) for note in block(2.0 * k, 2, *(60 + TRIADS[code]).tolist())])
    assert Harmony.of(notes).chord[: len(codes)].tolist() == codes


@given(pieces, st.integers(1, 11))
def test_octaves_change_no_chord_and_transposing_not_whether_there_is_one(notes: Notes, up: int) -> None:
    before, after = Harmony.of(notes), Harmony.of(notes.transposed(up))
    assert (after.heard == before.heard).all()
    assert ((after.chord == NO_CHORD) == (before.chord == NO_CHORD)).all()
    assert (Harmony.of(replace(notes, pitch=notes.pitch + 12)).chord == before.chord).all()


@given(pieces)
def test_repeating_the_piece_repeats_its_chords(notes: Notes) -> None:
    np.testing.assert_array_equal(Harmony.of(repeated(notes)).chord, np.tile(Harmony.of(notes).chord, 2))
