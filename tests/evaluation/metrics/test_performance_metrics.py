"""Every measure of a performance together: stored values, windows by position, primes, and pieces of any length."""

import numpy as np
import pytest
from tests.evaluation.performed import line, made, played, roll

from antiphon.codecs.performance import MAX_SHIFT, NOTE, SHIFT, Performance, performance_of
from antiphon.evaluation.measures import base_name, columns
from antiphon.evaluation.metrics.performance import cut, notes_of
from antiphon.evaluation.metrics.performance_metrics import METRICS, by_position, divided, performance_metrics
from antiphon.music.theory import Key

SILENCE = performance_of([SHIFT + MAX_SHIFT] * 5)


def test_silence_is_undefined_but_for_what_measures_silence() -> None:
    values = {name: value for name, value in performance_metrics(SILENCE).items() if "by_position" not in name}
    defined = {name: float(value) for name, value in values.items() if not np.isnan(value)}
    assert defined == {"empty_beat_rate": 1, "polyphonic_rate": 0, "longest_silence_seconds": 5}


def test_a_prime_that_is_none_is_refused() -> None:
    for prime in (0, 5):
        with pytest.raises(ValueError, match="prime"):
            performance_metrics(SILENCE, prime)


def test_stored_values() -> None:
    values = performance_metrics(made(7, 2000))
    expected = STORED
    assert {name: round(float(values[name]), 4) for name in expected} == expected


STORED: dict[str, float] = {
    "pitch_classes_used": 12.0,
    "pitches_used": 50.0,
    "total_used_pitches": 50.0,
    "pitch_range": 49.0,
    "average_pitch_shift": 16.8714,
    "inter_onset_interval": 0.1197,
    "hung_notes": 0.0,
    "repetition": 0.0,
    "empty_beat_rate": 0.0,
    "in_scale_rate/best": 0.6128,
    "in_scale_rate/C major": 0.5772,
    "polyphonic_rate": 0.5773,
    "longest_silence_seconds": 0.48,
    "token_repetition": 0.0,
    "contrast_at_joins/density": 1.4696,
    "contrast_at_joins/velocity": 5.6439,
    "contrast_at_joins/register": 2.5383,
}


def test_a_cut_piece_is_measured_to_the_cut() -> None:
    piece = played((0, 1000, 60), (300, 10, 64))
    half = cut(piece, seconds=5)
    assert notes_of(half).end_seconds.tolist() == [5.0, 3.1]
    assert performance_metrics(half)["empty_beat_rate"] == 0
    assert len(cut(piece, tokens=2)) == 2


def test_windows_are_measured_by_themselves() -> None:
    piece = made(1, 2500)
    curves = by_position(piece)
    steps = piece.steps()
    for number in (0, 3, 7):
        first = number * 1000
        begun = (piece.note_on >= first) & (piece.note_on < first + 1000)
        assert curves["pitches_used"][number] == len(np.unique(piece.pitch[begun]))
        assert curves["inter_onset_interval"][number] == pytest.approx(
            np.diff(np.sort(piece.start_step[begun])).mean() / 100
        )
        cells = roll(notes_of(piece))[steps[first] : steps[first + 1000]]
        assert curves["polyphonic_rate"][number] == pytest.approx((cells.sum(1) > 3).mean())


def test_notes_held_over_from_the_window_before_sound_in_it() -> None:
    held = [(0, 100_000, pitch) for pitch in (40, 44, 47, 52)]
    piece = played(*held, *[(10 * k, 5, 60) for k in range(1000)])
    curves = by_position(piece)
    assert np.nanmin(curves["polyphonic_rate"]) > 0.4
    assert curves["hung_notes"][0] > 0
    assert curves["hung_notes"][1] == 0


def test_a_short_piece_has_windows_as_far_as_it_goes() -> None:
    curves = performance_metrics(made(1, 600))
    num_whole = len(made(1, 600)) // 1000
    for name, curve in curves.items():
        if "by_position" in name:
            assert curve.shape == (1, 8)
            assert np.isnan(curve[0, num_whole:]).all()
    assert np.isfinite(curves["pitches_used_by_position"][0, :num_whole]).all()


def test_contrast_by_position_is_of_five_seconds_on_each_side_of_an_edge() -> None:
    # A note every 50 ms, then one every 500 ms.
    piece = played(*[(5 * k, 2, 60) for k in range(248)], *[(1250 + 50 * k, 5, 72) for k in range(700)])
    edge = piece.steps()[1000] / 100
    start, curves = notes_of(piece).start_seconds, by_position(piece)
    assert start[248] < edge < start[248] + 5
    before, after = ((start >= begin) & (start < begin + 5) for begin in (edge - 5, edge))
    assert curves["contrast_at_joins/density"][1] == pytest.approx(abs(int(after.sum()) - int(before.sum())) / 5)
    pitch = notes_of(piece).pitch
    assert curves["contrast_at_joins/register"][1] == pytest.approx(pitch[after].mean() - pitch[before].mean())
    assert curves["contrast_at_joins/density"][1] > 1
    assert np.isnan(curves["contrast_at_joins/density"][0])


def test_curves_go_on_after_the_cut() -> None:
    piece = made(5, 3000)
    found = performance_metrics(cut(piece, tokens=1500), whole=piece)
    assert found["pitches_used"] == performance_metrics(cut(piece, tokens=1500))["pitches_used"]
    np.testing.assert_array_equal(found["pitches_used_by_position"][0], by_position(piece)["pitches_used"])
    assert np.isfinite(found["pitches_used_by_position"]).sum() == 8


def test_the_stated_scale_is_that_of_the_stated_key() -> None:
    flat = played(*line(61, 63, 65, 66, 68, 70, 72, 62))
    found = {name: performance_metrics(flat, key=Key.parse(name)) for name in ("Db", "Bb minor", "C")}
    assert found["Db"]["in_scale_rate/stated"] == found["Bb minor"]["in_scale_rate/stated"] == pytest.approx(7 / 8)
    assert found["C"]["in_scale_rate/stated"] == found["C"]["in_scale_rate/C major"]
    assert np.isnan(performance_metrics(flat)["in_scale_rate/stated"])
    long = made(6, 1000)
    stated = performance_metrics(long, key=Key.parse("A"))["in_scale_rate_by_position/stated"][0, 0]
    assert stated == pytest.approx(by_position(long, Key.parse("A"))["in_scale_rate/stated"][0]) and stated > 0


def test_a_prime_and_what_follows_it() -> None:
    piece = played((0, 300, 60), (100, 100, 64), (250, 50, 67), (260, 20, 50))
    tokens = int(piece.note_on[2])
    prime, after = divided(piece, tokens)
    assert (prime.pitch.tolist(), after.pitch.tolist()) == ([60, 64], [67, 50])
    assert prime.end_seconds.max() == 2.5 and after.start_seconds.tolist() == [2.5, 2.6]
    with pytest.raises(ValueError, match="prime"):
        divided(piece, len(piece))


def test_a_piece_of_windows_alike_has_a_level_curve() -> None:
    on = NOTE + 2 * (60 - 21)
    piece = performance_of([on, SHIFT + 10, on + 1, SHIFT + 10] * 2000)
    for name, curve in by_position(piece, Key.parse("C")).items():
        level = curve[~np.isnan(curve)]
        assert np.ptp(level) < 1e-9, name


@pytest.mark.parametrize("piece", [made(3, 50), made(3, 1200), SILENCE, performance_of([])])
@pytest.mark.parametrize("prime", [None, 2])
def test_pieces_of_any_length_give_the_same_columns(piece: Performance, prime: int | None) -> None:
    if prime is not None and len(piece) <= prime:
        return
    rows = [performance_metrics(piece, prime), performance_metrics(made(4, 9000))]
    joined = columns(rows)
    assert {column.num_units <= 2 for column in joined.values()} == {True}
    names = {metric.name for metric in METRICS}
    assert {base_name(name) for name in joined} <= names
    assert {base_name(name) for name in rows[1]} == names
    for name, column in joined.items():
        assert (column.values.ndim == 2) == ("by_position" in name)
