"""The features of phrases by hand, and what does and does not change them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from antiphon.evaluation.measures import Column
from antiphon.evaluation.notes import Notes
from antiphon.evaluation.sets.features import FEATURES, METRICS, phrase_features, standardised
from antiphon.evaluation.sets.phrases import bar_phrases, second_phrases
from antiphon.music.score import Score


def notes(start: ArrayLike, length: ArrayLike, pitch: ArrayLike, bars: int = 2) -> Notes:
    """Notes in beats, 4/4 at 120 beats a minute."""
    begin, pitches = np.asarray(start, np.float64), np.asarray(pitch, np.int64)
    end = begin + np.asarray(length, np.float64)
    order = np.lexsort((pitches, begin))
    begin, end, pitches = begin[order], end[order], pitches[order]
    velocity, none = np.full(len(begin), 80), np.zeros(len(begin), np.int64)
    return Notes(begin / 2, end / 2, begin, end, pitches, velocity, none, none.astype(bool), lines(bars))


def lines(bars: int) -> NDArray[np.float64]:
    return np.asarray(np.arange(bars + 1) * 4, np.float64)


def features(piece: Notes, bars: int = 2) -> dict[str, float]:
    """Those of the piece's first phrase."""
    found = phrase_features(bar_phrases(piece, bars))
    return dict(zip(FEATURES, found[0].tolist(), strict=True))


def expect(piece: Notes, **expected: float) -> None:
    found = features(piece)
    assert {name: found[name] for name in expected} == pytest.approx(expected, nan_ok=True)


def test_names() -> None:
    assert len(set(FEATURES)) == len(FEATURES) == len(METRICS) == 39
    assert all(metric.sentence.endswith(".") and metric.source for metric in METRICS)


def test_a_scale_in_quarters() -> None:
    expect(
        notes([0, 1, 2, 3, 4, 5, 6, 7], 1, [60, 62, 64, 65, 67, 69, 71, 72]),
        pitch_mean=66.25,
        pitch_range=12,
        used_pitch_classes=7,
        pitch_class_entropy=2.75,  # six of 1/8 at 3 bits, one of 1/4 at 2
        in_key_share=1,
        interval_size=12 / 7,
        interval_spread=np.sqrt(5 * 4 / 7 + 2 / 7 - (12 / 7) ** 2),
        interval_entropy=-(5 / 7) * np.log2(5 / 7) - (2 / 7) * np.log2(2 / 7),
        semitone_share=2 / 7,
        whole_tone_share=5 / 7,
        unison_share=0,
        leap_share=0,
        rising_share=1,
        turn_share=0,
        chord_size=1,
        polyphony=1,
        consonance_share=np.nan,
        note_rate=1,
        onset_rate=1,
        onset_gap=0,
        onset_gap_spread=0,
        onset_gap_entropy=0,
        even_share=1,
        note_length=0,
        sounding_share=1,
        longest_rest=0,
        on_beat_share=1,
        on_half_beat_share=0,
        rhythm_continuity=1,
        motif_repetition=2 / 5,  # of five groups of three moves, up-up-semitone-up... only 2-2-1 comes twice
        velocity_mean=80,
        velocity_spread=0,
    )


def test_chords_with_rests_between() -> None:
    chord = [60, 64, 67]
    found = features(notes([0, 0, 0, 1.5, 1.5, 1.5, 4, 4, 4, 5.5, 5.5, 5.5], 0.5, [*chord * 3, 60, 61, 67]))
    assert found["chord_size"] == found["polyphony"] == 3
    assert found["consonance_share"] == 6 / 8 and found["semitone_clash_share"] == 1 / 8  # 60-61 and 61-67
    assert found["onset_gap"] == pytest.approx(np.log2([1.5, 2.5, 1.5]).mean())
    assert found["onset_gap_spread"] == pytest.approx(np.log2([1.5, 2.5, 1.5]).std())
    assert found["sounding_share"] == 0.25 and found["longest_rest"] == 2 / 8
    assert found["on_beat_share"] == found["on_half_beat_share"] == 0.5
    assert found["unison_share"] == 1 and found["even_share"] == 0
    assert found["rhythm_continuity"] == pytest.approx(1)
    # Bars of pitch classes (2, 2, 2) and (2, 1, 1, 2).
    assert found["chroma_continuity"] == pytest.approx(10 / np.sqrt(12 * 10))


def test_voices_of_unequal_length() -> None:
    # A note held through two others: 4 + 1 + 1 beats of notes in 4 sounding beats.
    found = features(notes([0, 1, 2], [4, 1, 1], [48, 60, 64]))
    assert found["polyphony"] == 1.5 and found["sounding_share"] == 0.5 and found["longest_rest"] == 0.5


def test_gaps_are_even_within_a_tenth() -> None:
    for ratio, even in ((1.0, 1), (1.08, 1), (1.15, 0), (1.35, 0)):
        assert features(notes([0, 1, 1 + ratio], 0.5, [60, 62, 64]))["even_share"] == even
        assert features(notes([0, ratio, 1 + ratio], 0.5, [60, 62, 64]))["even_share"] == even


def test_notes_nearly_together_are_one_onset() -> None:
    found = features(notes([0, 0.03, 0.06, 1], 0.5, [67, 64, 60, 72]))
    assert found["onset_rate"] == 2 / 8 and found["interval_size"] == 5 and found["consonance_share"] == 1


def test_motifs_are_known_again_elsewhere_and_at_another_speed() -> None:
    motif = [0, 4, 7, 5]
    twice = notes([0, 1, 1.5, 2, 4, 5, 5.5, 6], 0.5, [60 + p for p in motif] + [70 + p for p in motif])
    slower = notes([0, 1, 1.5, 2, 4, 4.5, 4.75, 5], 0.25, [60 + p for p in motif] + [70 + p for p in motif])
    other = notes([0, 1, 1.5, 2, 4, 5, 5.5, 6], 0.5, [60, 64, 67, 65, 71, 70, 75, 72])
    assert features(twice)["motif_repetition"] == features(slower)["motif_repetition"] == pytest.approx(2 / 5)
    assert features(other)["motif_repetition"] == 0


def test_repeated_bars_are_found_even_two_bars_back() -> None:
    bars = [[60, 64, 67, 72], [61, 63, 66, 68], [60, 64, 67, 72], [61, 63, 66, 68]]
    start = [4 * bar + place for bar in range(4) for place in (0, 1 + 0.5 * (bar % 2), 2, 3)]
    found = features(notes(start, 0.5, np.ravel(bars), bars=4), bars=4)
    assert found["slot_repetition"] == pytest.approx((0.75 / 2 + 1 + 1) / 3)
    assert found["chroma_continuity"] == 0 and found["rhythm_continuity"] == 0.75


def test_keys() -> None:
    rng = np.random.default_rng(0)
    profile = np.array([6, 1, 4, 1, 4, 4, 1, 5, 1, 4, 1, 3.0])
    tonal = 48 + rng.choice(12, 600, p=profile / profile.sum()) + 12 * rng.integers(0, 3, 600)
    chromatic = rng.integers(48, 84, 600)
    start = np.sort(rng.uniform(0, 8, 600))
    clear, vague = (features(notes(start, 0.1, pitch.tolist())) for pitch in (tonal, chromatic))
    assert clear["key_clarity"] > 0.9 > vague["key_clarity"]
    assert clear["in_key_share"] > vague["in_key_share"] + 0.1
    assert clear["fifths_concentration"] > vague["fifths_concentration"] + 0.2


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(-20, 20), st.integers(1, 40))
def test_transposition_changes_nothing_but_height(seed: int, semitones: int, num: int) -> None:
    rng = np.random.default_rng(seed)
    piece = notes(rng.integers(0, 128, num) / 16, rng.integers(1, 32, num) / 8, rng.integers(40, 80, num))
    found, moved = features(piece), features(piece.transposed(semitones))
    assert moved.pop("pitch_mean") == pytest.approx(found.pop("pitch_mean") + semitones)
    assert moved == pytest.approx(found, nan_ok=True, abs=1e-9)
    octave = features(piece.transposed(12))
    octave.pop("pitch_mean")
    assert octave == pytest.approx(found, nan_ok=True, abs=1e-9)


def test_loudness_changes_nothing_but_loudness_and_a_phrase_not_its_neighbours() -> None:
    rng = np.random.default_rng(0)
    start, pitch = np.sort(rng.integers(0, 256, 90) / 16), rng.integers(40, 80, 90)
    piece = notes(start, 0.4, pitch.tolist(), bars=4)
    loud = features(replace(piece, velocity=piece.velocity + 20))
    found = features(piece)
    assert loud.pop("velocity_mean") == found.pop("velocity_mean") + 20
    assert loud == pytest.approx(found, nan_ok=True)
    both = phrase_features(bar_phrases(piece, 2))
    second = piece.only(piece.start_beat >= 8)
    alone = replace(second, start_beat=second.start_beat - 8, end_beat=second.end_beat - 8, bar_beats=lines(2))
    assert both[1] == pytest.approx(phrase_features(bar_phrases(alone, 2))[0], nan_ok=True)


def test_time_reversal_keeps_what_has_no_direction() -> None:
    rng = np.random.default_rng(1)
    start, length, pitch = np.arange(32) / 4, rng.integers(1, 5, 32) / 16, rng.integers(50, 70, 32)
    piece = notes(start, length, pitch)
    # Onsets stay on the grid: the notes in reversed order.
    turned = features(notes(start, length[::-1], pitch[::-1]))
    found = features(piece)
    assert turned.pop("rising_share") == pytest.approx(1 - found.pop("rising_share") - found["unison_share"])
    for name in ("chroma_continuity", "slot_repetition", "motif_repetition", "longest_rest"):
        assert turned.pop(name) == pytest.approx(found.pop(name), abs=0.1)
    assert turned == pytest.approx(found, nan_ok=True)


def test_silence_and_single_notes() -> None:
    silent = features(notes([], 1, []))
    known = {"note_rate": 0, "onset_rate": 0, "sounding_share": 0, "longest_rest": 1}
    assert {name: value for name, value in silent.items() if not np.isnan(value)} == known
    one = features(notes([2], 1, [60]))
    assert one["pitch_mean"] == 60 and one["longest_rest"] == 5 / 8 and np.isnan(one["interval_size"])


def test_all_sounding() -> None:
    start, pitch = np.repeat(np.arange(8.0), 88).tolist(), np.tile(np.arange(21, 109), 8).tolist()
    expect(
        notes(start, 1, pitch),
        used_pitch_classes=12,
        polyphony=88,
        chord_size=88,
        sounding_share=1,
        semitone_clash_share=1,
        unison_share=1,
        slot_repetition=1,
    )


def test_nothing_gives_no_rows_and_drums_none_either() -> None:
    assert phrase_features(bar_phrases(Notes.from_score(Score()))).shape == (0, len(FEATURES))
    piece = notes([0, 1, 2, 3], 1, [60, 62, 64, 65], bars=1)
    drums = replace(piece, is_drum=np.ones(4, bool))
    assert features(drums, 1)["note_rate"] == 0


def test_phrases_of_seconds_know_no_beats() -> None:
    found = phrase_features(second_phrases(notes(list(range(81)), 1, [60, 64, 67] * 27, bars=21), seconds=20))
    row = dict(zip(FEATURES, found[0], strict=True))
    assert found.shape == (2, len(FEATURES)) and row["onset_rate"] == 2 and row["onset_gap"] == -1
    assert np.isnan([row["on_beat_share"], row["on_half_beat_share"]]).all()


def test_standardised() -> None:
    real = Column(np.array([[1.0, 5, 7], [3, 5, np.nan], [5, 5, np.nan]]), np.arange(3))
    made = Column(np.array([[5.0, 9, 7], [np.nan, 9, 8], [1e9, np.nan, 0]]), np.arange(3))
    ours, theirs = standardised(made, real)
    assert theirs.values.tolist() == [[-1, 0, 0], [0, 0, 0], [1, 0, 0]]
    assert ours.values.tolist() == [[1, 0, 0], [0, 0, 0], [5, 0, 0]]
    empty = Column(np.empty((0, 3)), np.empty(0, np.int64))
    assert standardised(empty, real)[0].values.shape == (0, 3)
    assert standardised(made, empty)[0].values.tolist() == [[0] * 3] * 3
    with pytest.raises(ValueError, match="same features"):
        standardised(made, Column(np.zeros((3, 2)), np.arange(3)))
