"""Variants of pieces: themselves when nothing changes, else what the codec makes of the changed music."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.codecs.performance import (
    ALL_KEYS,
    PIANO,
    STRETCHES,
    TRANSPOSITIONS,
    Keyboard,
    performance_of,
    quantised,
)
from antiphon.codecs.variants import NUM_VARIANTS, Piece, drawn, in_turn

notes = st.lists(
    st.tuples(st.integers(0, 400), st.integers(1, 300), st.integers(21, 108), st.integers(1, 127)),
    min_size=1,
    max_size=12,
)


def tokens_of(rows: list[tuple[int, int, int, int]], keyboard: Keyboard = PIANO) -> np.ndarray:
    start, length, pitch, velocity = np.array(rows, np.int64).T
    return quantised(start / 100, (start + length) / 100, pitch, velocity, keyboard).tokens.astype(np.int16)


def said(tokens: np.ndarray, keyboard: Keyboard = PIANO) -> set[tuple[int, ...]]:
    music = performance_of(tokens, keyboard)
    columns = (music.start_step, music.end_step, music.pitch, music.velocity)
    return set(zip(*(column.tolist() for column in columns), strict=True))


@given(notes)
@settings(max_examples=60, deadline=None)
def test_nothing_changed_is_the_piece_itself(rows: list[tuple[int, int, int, int]]) -> None:
    tokens = tokens_of(rows)
    np.testing.assert_array_equal(Piece.read(tokens).variant(1.0, 0), tokens)


@given(notes, st.sampled_from(STRETCHES), st.integers(-20, 20))
@settings(max_examples=100, deadline=None)
def test_notes_are_stretched_transposed_and_left_out(
    rows: list[tuple[int, int, int, int]], stretch: float, transpose: int
) -> None:
    piece = Piece.read(tokens_of(rows))
    # Of two notes of one pitch at once it is not said which ends when.
    pitches = [pitch for _, _, pitch, _ in rows]
    if len(set(pitches)) < len(pitches):
        return
    expected = set()
    for start, end, pitch, velocity in said(piece.tokens):
        begin, stop = int(start * stretch + 0.5), int(end * stretch + 0.5)
        if 21 <= pitch + transpose <= 108:
            expected.add((begin, max(stop, begin + 1), pitch + transpose, velocity))
    assert said(piece.variant(stretch, transpose)) == expected


@given(notes, st.integers(-3, 3))
@settings(max_examples=60, deadline=None)
def test_a_drawn_transposition_loses_no_note(rows: list[tuple[int, int, int, int]], transpose: int) -> None:
    piece = Piece.read(tokens_of(rows))
    fitting = piece.fitting(transpose)
    assert abs(fitting) <= abs(transpose) and fitting * transpose >= 0
    assert len(performance_of(piece.variant(1.0, fitting)).pitch) == len(performance_of(piece.tokens).pitch)
    reach = [pitch for _, _, pitch, _ in rows]
    if min(reach) + transpose >= 21 and max(reach) + transpose <= 108:
        assert fitting == transpose


def test_a_faster_note_lasts_a_step_at_least() -> None:
    piece = Piece.read(tokens_of([(10, 1, 60, 90)]))
    assert said(piece.variant(0.95, 0)) == {(10, 11, 60, 89)}


def test_pieces_at_the_keyboards_ends_keep_all_notes() -> None:
    piece = Piece.read(tokens_of([(0, 40, 21, 90), (50, 40, 107, 90)]))
    for tokens in drawn([piece] * 60, np.random.default_rng(0)):
        assert len(performance_of(tokens).pitch) == 2


def test_all_keys_have_their_own_tokens() -> None:
    rows = [(0, 50, 3, 90), (20, 50, 127, 40)]
    tokens = tokens_of(rows, ALL_KEYS)
    assert ALL_KEYS.num_tokens == 390 and PIANO.num_tokens == 310
    assert said(tokens, ALL_KEYS) == {(0, 50, 3, 89), (20, 70, 127, 37)}
    assert said(Piece.read(tokens, ALL_KEYS).variant(1.0, -3), ALL_KEYS) == {(0, 50, 0, 89), (20, 70, 124, 37)}


def test_chance_follows_from_its_seed() -> None:
    pieces = [Piece.read(tokens_of([(0, 40, 50 + n, 90), (55, 40, 60, 30)])) for n in range(40)]
    first, second = (drawn(pieces, np.random.default_rng(3)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    epochs = [in_turn(pieces, epoch, 0) for epoch in range(NUM_VARIANTS)]
    for piece in range(40):
        assert len({tuple(epoch[piece].tolist()) for epoch in epochs}) == NUM_VARIANTS
    assert any(not np.array_equal(a[0], b[0]) for a, b in pairwise(epochs))


@pytest.mark.parametrize("transpose", TRANSPOSITIONS)
def test_the_published_variants_leave_notes_out(transpose: int) -> None:
    piece = Piece.read(tokens_of([(0, 40, 21, 90), (50, 40, 108, 90), (90, 10, 60, 90)]))
    kept = len(performance_of(piece.variant(1.0, transpose)).pitch)
    assert kept == (3 if transpose == 0 else 2)
