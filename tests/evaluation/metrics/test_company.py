"""How tracks go with others: the same chords, other chords, nothing, and what must not change it."""

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.evaluation.played import piece

from antiphon.evaluation.metrics.company import (
    empty_bar_rate,
    harmony,
    notes_a_bar,
    rhythm,
    sixteenth_share,
)

FOUR: NDArray[np.float64] = np.array([0.0, 4.0, 8.0, 12.0])
ONE = pytest.approx(1.0)
NAN = pytest.approx(float("nan"), nan_ok=True)
NEITHER = pytest.approx((float("nan"), float("nan")), nan_ok=True)


def chords(*roots: int, octave: int = 0) -> list[tuple[float, float, int]]:
    """A fifth a bar."""
    return [(4.0 * bar, 4.0, 48 + root + tone + 12 * octave) for bar, root in enumerate(roots) for tone in (0, 7)]


def strokes(*beats: float) -> list[tuple[float, float, int]]:
    return [(beat, 0.25, 36) for beat in beats]


def test_the_same_chords_agree_whatever_the_octave_and_others_do_not() -> None:
    kept = piece(chords(0, 2, 4, 6))
    found = harmony(kept, piece(chords(0, 2, 4, 6, octave=1)), FOUR)
    assert found.own == ONE and found.shuffled < 0.2
    assert harmony(kept, piece(chords(1, 3, 5, 8)), FOUR).own == 0.0


def test_stored_values() -> None:
    # A fifth with one of its tones: cosine of 45 degrees.
    found = harmony(piece(chords(0)), piece([(0, 4, 60)]), FOUR[:1])
    assert found[:2] == pytest.approx((0.5**0.5, float("nan")), nan_ok=True) and found.is_clear is None
    # Bars shuffled: each of two bars gets the other, which shares nothing.
    assert harmony(piece(chords(0, 1)), piece(chords(0, 1)), FOUR[:2])[:2] == pytest.approx((1.0, 0.0))
    # Two together, of three and four strokes.
    found = rhythm(piece(strokes(0, 1, 4.5), drums=0), piece(strokes(0, 1, 4, 5)), FOUR)
    assert found.own == pytest.approx(4 / 7)
    notes = piece([(0.0, 1, 60), (0.25, 1, 60), (1 / 3, 1, 60), (0.51, 1, 60), (3.75, 2, 60), (9, 1, 60)])
    assert sixteenth_share(notes) == pytest.approx(5 / 6)
    assert notes_a_bar(notes, FOUR) == 6 / 4 and empty_bar_rate(notes, FOUR) == 1 / 4
    assert notes_a_bar(notes, FOUR[1:2]) == 0 and empty_bar_rate(notes, FOUR[1:2]) == 0


def test_a_note_on_a_bar_line_is_of_one_bar() -> None:
    # One that begins on it sounds in the bar after it, one that ends on it in the bar before.
    assert empty_bar_rate(piece([(4.0, 1, 60)]), FOUR) == empty_bar_rate(piece([(4.0, 4.0, 60)]), FOUR) == 3 / 4
    both = piece([(0.0, 4.0, 60), (8.0, 1, 60)])
    assert empty_bar_rate(both, FOUR) == 1 / 2 and empty_bar_rate(both, FOUR[1:2]) == 1
    assert [notes_a_bar(piece([(4.0, 1, 60)]), FOUR[number : number + 1]) for number in range(4)] == [0, 1, 0, 0]


def test_what_any_order_would_reach_is_not_clear() -> None:
    eight = np.arange(0.0, 32, 4)
    roots = (0, 1, 2, 3, 4, 5, 6, 11)
    assert harmony(piece(chords(*roots)), piece(chords(*roots)), eight).is_clear is True
    # The same chord in all bars but one: most orders go as well.
    assert harmony(piece(chords(*(8 * [0]))), piece(chords(*(8 * [0]))), eight).is_clear is False
    beats = [beat for bar in range(8) for beat in (4.0 * bar, 4.0 * bar + 2)]
    assert rhythm(piece(strokes(*beats), drums=0), piece(strokes(*beats)), eight).is_clear is False
    # Two bars of eight agree: more than by the mean of other orders, and no more than by the best of them.
    some = harmony(piece(chords(*roots)), piece(chords(0, 1, 3, 4, 5, 6, 11, 2)), eight)
    assert some.own > some.shuffled + 0.05 and some.is_clear is False
    # One stroke of 128 that only the right order meets: above all others, but by less than a fiftieth of all.
    drums = [4.0 * bar + step / 4 for bar in range(8) for step in range(16)]
    line = [*drums[:63], *drums[64:]]
    found = rhythm(piece(strokes(*line), drums=0), piece(strokes(*line)), eight)
    assert found.own == 1.0 and found.own > found.shuffled and found.is_clear is False


def test_few_bars_have_too_few_orders() -> None:
    for number, clear in ((4, None), (5, True)):
        notes, bars = piece(chords(*range(number))), np.arange(0.0, 4 * number, 4)
        assert harmony(notes, notes, bars).is_clear is clear


def test_what_lies_outside_the_bars_is_left_out() -> None:
    kept, added = piece(chords(0, 1, 2)), piece(chords(0, 5, 2))
    without = FOUR[[0, 2]]
    assert harmony(kept, added, without).own == ONE and harmony(kept, added, FOUR).own < 1.0


def test_drums_have_no_harmony() -> None:
    assert harmony(piece(chords(0), drums=0), piece(chords(0)), FOUR[:1]).own == NAN


def test_nothing_is_not_zero() -> None:
    nothing, notes = piece([]), piece(chords(0, 1))
    assert harmony(nothing, notes, FOUR)[:2] == NEITHER == rhythm(nothing, notes, FOUR)[:2]
    assert harmony(notes, notes, FOUR[:0])[:2] == NEITHER
    assert harmony(nothing, notes, np.arange(0.0, 32, 4)).is_clear is None
    assert sixteenth_share(nothing) == NAN
    assert notes_a_bar(notes, FOUR[:0]) == NAN == empty_bar_rate(notes, FOUR[:0])
    assert empty_bar_rate(nothing, FOUR) == 1.0 and notes_a_bar(nothing, FOUR) == 0.0


def test_malformed_bars_are_refused() -> None:
    for bars in (FOUR[::-1], FOUR / 2, FOUR[None]):
        with pytest.raises(ValueError, match="one after the other"):
            notes_a_bar(piece(chords(0)), bars)
        with pytest.raises(ValueError, match="one after the other"):
            harmony(piece(chords(0)), piece(chords(0)), bars)
