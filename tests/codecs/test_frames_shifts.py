"""Transposition of the paper's bars: shift tables, and the augmented set in the published order."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from antiphon.codecs.chords import NO_CHORD
from antiphon.codecs.frames import Transposition, augmented, shift_table


def test_octave_shifts_wrap_inside_each_octave() -> None:
    shifts = shift_table("octave")
    assert shifts.shape == (12, 128)
    assert shifts.dtype == np.uint8
    for shift, row in enumerate(shifts):
        assert sorted(row.tolist()) == list(range(128))
        assert sorted(row[60:84].tolist()) == list(range(60, 84))
        inside = np.arange(60, 84)
        assert np.all(row[inside] % 12 == (inside + shift) % 12)
        assert np.all(row[inside] // 12 == inside // 12)
    one = shifts[1]
    assert [one[71], one[72], one[83]] == [60, 73, 72]
    assert np.array_equal(one[shifts[11]], np.arange(128)), "twelve steps are the identity"


@pytest.mark.parametrize(("low", "high"), [(60, 72), (73, 83)])
def test_published_shifts_are_cycles_of_thirteen_and_eleven(low: int, high: int) -> None:
    shifts = shift_table("published")
    length = high - low + 1
    for pitch in range(low, high + 1):
        seen, at = [], pitch
        for _ in range(length):
            seen.append(at)
            at = int(shifts[1][at])
        assert at == pitch
        assert sorted(seen) == list(range(low, high + 1))
        assert all(shifts[shift][pitch] == seen[shift % length] for shift in range(12))


def test_published_eleventh_shift_leaves_upper_notes_alone() -> None:
    assert np.array_equal(shift_table("published")[11][73:84], np.arange(73, 84))


@pytest.mark.parametrize("kind", ["none", "octave", "published"])
def test_no_shift_is_the_identity_and_other_pitches_stay(kind: Transposition) -> None:
    shifts = shift_table(kind)
    assert np.array_equal(shifts[0], np.arange(128))
    outside = np.r_[0:60, 84:128]
    assert np.all(shifts[:, outside] == outside)


def test_augmented_has_the_originals_then_eleven_shifts_of_each() -> None:
    num = 30
    rng = np.random.default_rng(0)
    rows: dict[str, NDArray[Any]] = {
        name: rng.integers(60, 84, (num, 16)).astype(np.uint8) for name in ("real", "previous")
    }
    rows["chord"] = (np.arange(num) % 25).astype(np.uint8)
    rows["song"] = np.arange(num, dtype=np.int32) // 4
    kinds: tuple[tuple[Transposition, bool], ...] = (("octave", True), ("published", False))
    for kind, chord_moves in kinds:
        every = augmented(rows, kind)
        shifts = shift_table(kind)
        assert {len(values) for values in every.values()} == {12 * num}
        for row in range(num):
            for shift in range(1, 12):
                at = num + row * 11 + shift - 1
                assert np.array_equal(every["real"][at], shifts[shift][rows["real"][row]])
                assert np.array_equal(every["previous"][at], shifts[shift][rows["previous"][row]])
                assert every["song"][at] == rows["song"][row]
                code = int(rows["chord"][row])
                moved = code // 12 * 12 + (code + shift) % 12 if code != NO_CHORD and chord_moves else code
                assert every["chord"][at] == moved
        assert all(np.array_equal(every[key][:num], rows[key]) for key in rows)


def test_no_transposition_adds_nothing() -> None:
    rows = {"real": np.full((3, 16), 60, np.uint8)}
    assert augmented(rows, "none") is rows
