"""Metrics of progressions: perfect, empty, malformed, stored, and what counts foretell."""

import math

import numpy as np
import pytest

from antiphon.evaluation.metrics.progressions import (
    Counts,
    changes,
    distinct_runs,
    ends_authentically,
    ends_in_cadence,
    ends_on_tonic,
    nats_a_chord,
    returns,
    run_divergence,
    run_overlap,
    runs,
)


def song(*chords: int) -> np.ndarray:
    return np.array(chords, np.uint8)


SONGS = [song(0, 0, 5, 7, 0), song(0, 9, 5, 7), song(12)]
EMPTY = song()


def test_runs_by_hand() -> None:
    assert runs(SONGS, 1).tolist() == [0, 0, 5, 7, 0, 0, 9, 5, 7, 12]
    assert runs(SONGS, 2).tolist() == [0, 5, 5 * 24 + 7, 7 * 24, 9, 9 * 24 + 5, 5 * 24 + 7]
    assert runs([song(1, 2, 3, 4)], 4).tolist() == [24**3 + 2 * 24**2 + 3 * 24 + 4]
    assert runs([], 3).tolist() == runs([EMPTY, song(3)], 2).tolist() == []


@pytest.mark.parametrize("n", [0, 9])
def test_runs_of_other_lengths_are_refused(n: int) -> None:
    with pytest.raises(ValueError, match="runs are of 1 to 8 chords"):
        runs(SONGS, n)


def test_what_is_no_triad_is_refused() -> None:
    with pytest.raises(ValueError, match="triads, 0 to 23"):
        runs([song(0, 24)], 1)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_a_set_is_like_itself_and_unlike_others(n: int) -> None:
    others = [np.asarray(part + 1, np.uint8) for part in SONGS[:2]] + [song(20, 21, 22, 23)]
    assert run_overlap(SONGS, SONGS, n) == pytest.approx(1)
    assert run_divergence(SONGS, SONGS, n) == pytest.approx(0)
    # No run of two of one is in the other.
    assert run_overlap(SONGS, others, n) == (0 if n > 1 else pytest.approx(run_overlap(others, SONGS, n)))
    assert run_divergence(SONGS, [song(20, 21, 22, 23)], n) == pytest.approx(1)


def test_overlap_and_divergence_stored() -> None:
    assert run_overlap([song(0, 0, 7, 7)], [song(0, 7, 7, 7)], 1) == pytest.approx(0.75)
    middle = 0.5 * math.log2(0.5 / 0.375) + 0.5 * math.log2(0.5 / 0.625)
    other = 0.25 * math.log2(0.25 / 0.375) + 0.75 * math.log2(0.75 / 0.625)
    assert run_divergence([song(0, 0, 7, 7)], [song(0, 7, 7, 7)], 1) == pytest.approx((middle + other) / 2)


def test_nothing_has_no_figures() -> None:
    for value in (
        run_overlap([], SONGS, 1),
        run_divergence(SONGS, [EMPTY], 2),
        distinct_runs([EMPTY], 1),
        changes(EMPTY),
        changes(song(0)),
        returns(song(0, 1), 2),
        ends_on_tonic(EMPTY, False),
        ends_in_cadence(EMPTY, False),
        ends_authentically(EMPTY, True),
    ):
        assert math.isnan(value)


def test_distinct_runs_changes_and_returns_by_hand() -> None:
    assert distinct_runs(SONGS, 1) == pytest.approx(5 / 10)
    assert distinct_runs(SONGS, 2) == pytest.approx(6 / 7)
    assert changes(SONGS[0]) == pytest.approx(3 / 4)
    assert changes(song(3, 3, 3)) == 0
    assert returns(song(0, 5, 0, 7, 0, 5), 2) == pytest.approx(3 / 4 - 1 / 4)


@pytest.mark.parametrize(
    ("chords", "minor", "tonic", "cadence", "authentic"),
    [
        ((0, 5, 7, 0), False, 1, 1, 1),
        ((0, 7, 0, 0), False, 1, 1, 1),
        ((0, 7, 5, 0), False, 1, 1, 0),
        ((0, 9, 0), False, 1, 0, 0),
        ((0, 7), False, 0, 0, 0),
        ((12, 19, 12), True, 1, 1, 1),
        ((12, 7, 0), True, 1, 1, 1),
        ((0, 7, 12), False, 0, 0, 0),
        ((0,), False, 1, 0, 0),
    ],
)
def test_ends(chords: tuple[int, ...], minor: bool, tonic: int, cadence: int, authentic: int) -> None:
    assert ends_on_tonic(song(*chords), minor) == tonic
    assert ends_in_cadence(song(*chords), minor) == cadence
    assert ends_authentically(song(*chords), minor) == authentic


def test_counts_without_music_know_all_chords_alike() -> None:
    one = Counts([song(0, 0, 0, 7)], [False], 0)
    # Three of four and one of four, two kinds: (3 + 2 / 24) / 6, and for what never came 2 / 24 / 6.
    told = np.exp(-one.surprise(song(0, 7, 5), False))
    np.testing.assert_allclose(told, [(3 + 2 / 24) / 6, (1 + 2 / 24) / 6, 2 / 24 / 6])
    np.testing.assert_allclose(one.surprise(song(0, 9), True), math.log(24))


def test_longer_contexts_back_off_to_shorter_ones() -> None:
    one = Counts([song(0, 5), song(0, 7)], [False, False], 1)
    shares = np.array([(n + 3 / 24) / (4 + 3) for n in (2, 1, 1)])
    told = np.exp(-one.surprise(song(0, 5), False))
    # At the beginning 0 came both times; after 0 two others came once each.
    np.testing.assert_allclose(told, [(2 + shares[0]) / 3, (1 + 2 * shares[1]) / 4])
    # After 5 nothing ever came.
    np.testing.assert_allclose(np.exp(-one.surprise(song(0, 5, 7), False))[2], shares[2])


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_probabilities_add_up_to_one(order: int) -> None:
    chance = np.random.default_rng(0)
    songs = [chance.integers(0, 24, 30).astype(np.uint8) for _ in range(10)]
    counts = Counts(songs, [False] * 5 + [True] * 5, order)
    for context in (songs[0][:4], songs[7][:2], EMPTY, song(1, 1, 1)):
        total = sum(
            float(np.exp(-counts.surprise(np.append(context, chord).astype(np.uint8), True))[-1]) for chord in range(24)
        )
        assert total == pytest.approx(1)


def test_counts_foretell_their_own_rule_and_draw_by_it() -> None:
    rule = [np.resize(song(0, 5, 7), 30) for _ in range(20)]
    surprise = [nats_a_chord([Counts(rule, [False] * 20, order).surprise(rule[0], False)]) for order in (0, 1)]
    assert surprise[0] == pytest.approx(math.log(3), abs=0.02)
    assert surprise[1] < 0.02
    drawn = Counts(rule, [False] * 20, 1).draw(12, False, np.random.default_rng(1))
    assert drawn.tolist() == [0, 5, 7] * 4


def test_major_and_minor_are_counted_apart() -> None:
    counts = Counts([np.resize(song(0, 7), 40), np.resize(song(12, 7), 40)], [False, True], 1)
    assert counts.surprise(song(0, 7), False).sum() < 0.5 < counts.surprise(song(0, 7), True).sum()
