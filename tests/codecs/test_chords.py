"""Chord codes: majority and coverage rules with their ties, vectors, transposition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from antiphon.codecs.chords import (
    NO_CHORD,
    TRIADS,
    chord_symbols,
    chord_vector,
    codes_of_vectors,
    coverage_codes,
    transpose_codes,
    triad_codes,
)
from antiphon.music.theory import parse_chord

ALL = np.arange(25)


def bar_of(*columns: tuple[int, ...]) -> NDArray[np.bool_]:
    active = np.zeros((1, 16, 12), bool)
    for column, classes in enumerate(columns):
        active[0, column, list(classes)] = True
    return active


C, C_MINOR, D, A_MINOR = (0, 4, 7), (0, 3, 7), (2, 6, 9), (9, 0, 4)


@pytest.mark.parametrize("code", range(24))
def test_every_triad_is_named_from_one_column(code: int) -> None:
    assert triad_codes(bar_of(tuple(TRIADS[code]))) == code


def test_majority_of_columns_wins() -> None:
    assert triad_codes(bar_of(C, D, D)) == 2
    assert triad_codes(bar_of(A_MINOR, D, A_MINOR)) == 12 + 9


def test_other_sounding_classes_do_not_hide_a_triad() -> None:
    assert triad_codes(bar_of((0, 4, 7, 1, 6))) == 0


def test_tie_of_major_and_minor_goes_to_the_minor_triad() -> None:
    assert triad_codes(bar_of(C, A_MINOR)) == 12 + 9
    assert triad_codes(bar_of(C, C, A_MINOR)) == 0


def test_tie_of_roots_goes_to_the_lowest() -> None:
    assert triad_codes(bar_of(D, C)) == 0
    assert triad_codes(bar_of(A_MINOR, C_MINOR)) == 12


def test_bar_without_triad_is_none_unless_told() -> None:
    dyads = bar_of((0, 4), (0, 7), ())
    assert triad_codes(dyads) == NO_CHORD
    assert triad_codes(dyads, no_triad=12) == 12


def test_no_bars_give_no_codes() -> None:
    assert triad_codes(np.zeros((0, 16, 12), bool)).shape == (0,)
    assert coverage_codes(np.zeros((0, 12))).shape == (0,)


def slow_triad(bar: NDArray[np.bool_]) -> int:
    major, minor = [0] * 12, [0] * 12
    for column in bar:
        for root in range(12):
            if column[root] and column[(root + 7) % 12]:
                major[root] += bool(column[(root + 4) % 12])
                minor[root] += bool(column[(root + 3) % 12])
    if max(major) == 0 and max(minor) == 0:
        return NO_CHORD
    if max(major) > max(minor):
        return major.index(max(major))
    return 12 + minor.index(max(minor))


@given(st.integers(0, 2**32), st.floats(0.1, 0.8))
def test_triad_codes_agree_with_counting_by_hand(seed: int, density: float) -> None:
    active = np.random.default_rng(seed).random((6, 16, 12)) < density
    assert triad_codes(active).tolist() == [slow_triad(bar) for bar in active]


def slow_coverage(weights: NDArray[np.float64]) -> int:
    best, most = NO_CHORD, 0.0
    for code in range(24):
        root, third = code % 12, 3 if code >= 12 else 4
        tones = [weights[root], weights[(root + third) % 12], weights[(root + 7) % 12]]
        total = weights.sum()
        if total and min(tones) / total >= 0.03 and sum(tones) / total >= 0.6 and sum(tones) > most:
            best, most = code, sum(tones)
    return best


@given(st.integers(0, 2**32))
def test_coverage_codes_agree_with_counting_by_hand(seed: int) -> None:
    # Squares of squares: a few classes weigh much more than the rest, as in music.
    weights = np.random.default_rng(seed).random((20, 12)) ** 8
    assert coverage_codes(weights).tolist() == [slow_coverage(bar) for bar in weights]


def test_coverage_thresholds_and_ties() -> None:
    def weights(**classes: float) -> NDArray[np.float64]:
        return np.array([[classes.get(f"p{number}", 0.0) for number in range(12)]])

    assert coverage_codes(weights(p0=2, p4=2, p7=2, p1=4)) == 0
    assert coverage_codes(weights(p0=2, p4=2, p7=2, p1=4.1)) == NO_CHORD
    assert coverage_codes(weights(p0=60, p4=3, p7=37)) == 0
    assert coverage_codes(weights(p0=60, p4=2.9, p7=37.1)) == NO_CHORD
    assert coverage_codes(weights(p0=1, p3=1, p4=1, p7=1)) == 0
    assert coverage_codes(np.zeros((1, 12))) == NO_CHORD


def test_chord_vector_has_the_papers_thirteen_values() -> None:
    assert chord_vector([2, 14, NO_CHORD]).tolist() == [
        [0, 0, 1] + [0] * 10,
        [0, 0, 1] + [0] * 9 + [1],
        [0] * 13,
    ]
    assert chord_vector(ALL).dtype == np.float32


def test_vectors_round_trip() -> None:
    assert codes_of_vectors(chord_vector(ALL)).tolist() == ALL.tolist()


@pytest.mark.parametrize("row", [[1, 1] + [0] * 11, [0] * 12 + [1], [1] + [0] * 11 + [2], [0.5] + [0] * 12])
def test_other_vectors_are_refused(row: list[float]) -> None:
    with pytest.raises(ValueError, match="one root out of twelve"):
        codes_of_vectors([row])


@pytest.mark.parametrize("semitones", range(-12, 13))
def test_transposed_codes_are_the_codes_of_transposed_music(semitones: int) -> None:
    moved = transpose_codes(ALL, semitones)
    for code in range(24):
        tones = {(int(tone) + semitones) % 12 for tone in TRIADS[code]}
        assert set(TRIADS[moved[code]].tolist()) == tones
    assert moved[24] == NO_CHORD


def test_transposition_broadcasts() -> None:
    assert transpose_codes(np.array([[0], [23]]), np.arange(3)).tolist() == [[0, 1, 2], [23, 12, 13]]


def test_symbols() -> None:
    assert chord_symbols([0, 6, 21, NO_CHORD]) == ("C", "F#", "Am", "N.C.")
    assert len(set(chord_symbols(range(25)))) == 25


def test_symbols_name_the_tones_of_their_codes() -> None:
    for code in range(24):
        chord = parse_chord(chord_symbols([code])[0])
        assert chord is not None
        assert sorted(chord.pitch_classes) == sorted(TRIADS[code].tolist())
