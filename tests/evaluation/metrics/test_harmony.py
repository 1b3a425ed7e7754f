"""Metrics of harmony: perfect, empty, malformed, stored; transposition, octaves, silence, repetition."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.played import SILENCE, line, piece, repeated

from antiphon.codecs.chords import NO_CHORD
from antiphon.evaluation.metrics import harmony
from antiphon.evaluation.metrics.chord_spans import Harmony
from antiphon.evaluation.notes import Notes
from antiphon.music.theory import Key

ROOTS = {0: (48, 52, 55), 5: (48, 53, 57), 7: (47, 50, 55), 21: (48, 52, 57)}
C_MAJOR = Key.parse("C")


def chorale(*codes: int, tune: tuple[int, ...] = (), beats: float = 4) -> Notes:
    """A chord of `beats` for each code in one track, and a tune in quarters in another."""
    chords = [(k * beats, beats, pitch) for k, code in enumerate(codes) for pitch in ROOTS[code]]
    return piece(chords, line(*tune)) if tune else piece(chords)


FULL = chorale(0, 5, 7, 0, tune=(72, 76, 79, 76, 77, 74, 72, 69, 71, 74, 79, 77, 76, 72, 72, 72))
progressions = st.lists(st.integers(0, 23), min_size=0, max_size=30).map(
    lambda codes: np.array([code for k, code in enumerate(codes) if k == 0 or code != codes[k - 1]], np.int64)
)


def test_a_plain_progression() -> None:
    values = harmony.harmony_metrics(FULL)
    assert values["chord_coverage"] == values["cadence_share"] == values["tonic_approach_share"] == 1
    assert values["ends_on_tonic"] == 1
    assert values["harmonic_rhythm"] == 3 / 4
    # All but the D over F, and the F over G.
    assert values["chord_tone_share"] == 14 / 16
    # Bars begin on C, F, B, C and C and go on with G, C, G, C: all of them chord tones.
    assert values["strong_beat_chord_tone_share"] == 1
    assert np.asarray(values["key_relative_chord_histogram"])[0, [0, 5, 7]].tolist() == [0.5, 0.25, 0.25]


def test_a_note_an_eighth_of_a_beat_late_is_not_on_a_strong_beat() -> None:
    # On the beat and late: chord tones and others in turns.
    tune = [(0.0, 1.0, 76), (2.125, 1.0, 74), (4.03, 1.0, 76), (6.125, 1.0, 74)]
    both = piece([(4.0 * k, 4.0, pitch) for k in range(2) for pitch in ROOTS[0]], tune)
    own, others = harmony.melody_and_accompaniment(both)
    assert harmony.chord_tone_share(own, Harmony.of(others)) == 0.5
    assert harmony.chord_tone_share(own, Harmony.of(others), strong=True) == 1


def test_the_accompaniment_makes_the_chords() -> None:
    # The tune alone would make E minor; without accompaniment there is nothing that it could belong to.
    tune = (76, 79, 83, 79)
    assert harmony.harmony_metrics(chorale(0, tune=tune))["chord_tone_share"] == 3 / 4
    assert math.isnan(float(np.asarray(harmony.harmony_metrics(piece(line(*tune)))["chord_tone_share"])))


def test_in_one_track_the_melody_is_taken_out_of_the_chords() -> None:
    both = [(0.0, 4.0, pitch) for pitch in ROOTS[0]] + line(76, 77, 79, 84)
    own, others = harmony.melody_and_accompaniment(piece(both))
    assert (own.pitch.tolist(), others.pitch.tolist()) == ([76, 77, 79, 84], [48, 52, 55])
    assert harmony.harmony_metrics(piece(both))["chord_tone_share"] == 3 / 4


def test_a_second_voice_in_the_track_of_the_melody_is_no_accompaniment() -> None:
    tune = [*line(76, 79, 84, 79), (0.0, 1.0, 72)]
    own, others = harmony.melody_and_accompaniment(piece([(0, 4, pitch) for pitch in ROOTS[0]], tune))
    assert (own.pitch.tolist(), others.pitch.tolist()) == ([76, 79, 84, 79], [48, 52, 55])


def test_the_last_chord_of_four_bars_decides() -> None:
    share = [harmony.cadence_share(Harmony.of(chorale(*codes)), C_MAJOR) for codes in ((0, 5, 7, 0), (0, 5, 0, 7))]
    assert share == [1, 0]
    assert harmony.cadence_share(Harmony.of(chorale(0, 5, 7, 0, 5, 5, 0, 21)), C_MAJOR) == 0.5
    assert harmony.cadence_share(Harmony.of(chorale(21, 21, 21, 0)), C_MAJOR) == 0
    assert math.isnan(harmony.cadence_share(Harmony.of(chorale(0, 0, 0, 0)), C_MAJOR))


def test_how_the_tonic_is_reached() -> None:
    chords = np.array([0, 7, 0, 17, 0, 19, 0, 5, 7])
    # From G, from F minor, not from G minor.
    assert harmony.tonic_approach_share(chords, C_MAJOR) == pytest.approx(2 / 3)
    assert math.isnan(harmony.tonic_approach_share(chords, Key.parse("E")))
    assert (harmony.ends_on_tonic(chords, C_MAJOR), harmony.ends_on_tonic(chords, Key.parse("G minor"))) == (0, 1)


def test_runs_of_chords() -> None:
    chords = np.array([0, 5, 7, 12])
    assert harmony.chord_ngrams(chords, 1).tolist() == [[0.75, 0.25]]
    assert np.flatnonzero(harmony.chord_ngrams(chords, 2)[0]).tolist() == [2 * 2, 5 * 2, 5 * 2 + 1]
    assert np.flatnonzero(harmony.chord_ngrams(chords, 3)[0]).tolist() == [4 * 24 + 11, 10 * 24 + 4]
    with pytest.raises(ValueError, match="1, 2 or 3"):
        harmony.chord_ngrams(chords, 4)


def test_their_bins_are_named_in_their_order() -> None:
    bins = {metric.name: metric.bins for metric in harmony.METRICS}
    assert bins["chord_bigrams"][int(harmony.chord_ngrams(np.array([2, 19]), 2).argmax())] == "major +5m"
    assert bins["chord_trigrams"][int(harmony.chord_ngrams(np.array([14, 7, 0]), 3).argmax())] == "minor +5 +5"


def test_irregularity_is_the_share_of_different_runs() -> None:
    assert harmony.chord_progression_irregularity(np.array([0, 5, 7, 0, 5, 7, 0])) == 3 / 5
    assert math.isnan(harmony.chord_progression_irregularity(np.array([0, 5])))


def test_agreement_of_sets() -> None:
    rows = np.concatenate([harmony.chord_ngrams(np.array(chords), 2) for chords in ([0, 5, 0], [0, 7, 0], [3])])
    assert harmony.chord_ngram_agreement(rows, rows) == pytest.approx(1)
    assert 0 < harmony.chord_ngram_agreement(rows[:1], harmony.chord_ngrams(np.array([0, 5, 7]), 2)) < 1
    assert math.isnan(harmony.chord_ngram_agreement(rows[2:], rows))


def test_silence_and_drums_alone_are_undefined() -> None:
    for notes in (SILENCE, piece(line(36, 38, 36, 38), drums=0)):
        assert all(np.isnan(value).all() for value in harmony.harmony_metrics(notes).values())


def test_all_pitch_classes_at_once_are_no_chord() -> None:
    values = harmony.harmony_metrics(piece([(0, 8, pitch) for pitch in range(60, 72)]))
    assert values["chord_coverage"] == 0
    assert all(np.isnan(value).all() for name, value in values.items() if name != "chord_coverage")


def test_every_value_has_its_words_and_its_shape() -> None:
    values = harmony.harmony_metrics(FULL)
    assert tuple(values) == tuple(metric.name for metric in harmony.METRICS)
    for metric in harmony.METRICS:
        assert np.shape(values[metric.name]) == ((1, len(metric.bins)) if metric.kind == "histogram" else ())


@given(st.integers(-24, 24))
def test_transposing_and_octaves_change_nothing(up: int) -> None:
    moved = FULL.transposed(up)
    octaves = replace(FULL, pitch=np.where(FULL.track == 0, FULL.pitch - 12, FULL.pitch))
    for other in (moved, octaves):
        for name, value in harmony.harmony_metrics(other).items():
            np.testing.assert_array_equal(value, harmony.harmony_metrics(FULL)[name])


@given(progressions, st.integers(0, 11))
def test_runs_do_not_know_the_key(chords: np.ndarray, up: int) -> None:
    moved = chords // 12 * 12 + (chords + up) % 12
    for n in (1, 2, 3):
        row = harmony.chord_ngrams(chords, n)
        np.testing.assert_array_equal(harmony.chord_ngrams(moved, n), row)
        assert math.isnan(row.sum()) if len(chords) < n else row.sum() == pytest.approx(1)


@given(progressions)
def test_a_progression_backwards_has_as_many_kinds_of_runs(chords: np.ndarray) -> None:
    forth, back = harmony.chord_progression_irregularity(chords), harmony.chord_progression_irregularity(chords[::-1])
    np.testing.assert_equal(back, forth)


def test_repeating_makes_it_more_regular() -> None:
    once, twice = harmony.harmony_metrics(FULL), harmony.harmony_metrics(repeated(FULL))
    assert twice["chord_progression_irregularity"] < once["chord_progression_irregularity"]
    assert (twice["chord_coverage"], twice["chord_tone_share"]) == (once["chord_coverage"], once["chord_tone_share"])


def test_spans_without_a_chord_are_left_out() -> None:
    notes = FULL.only(~((FULL.track == 0) & (FULL.start_beat == 4)))
    harmonies = Harmony.of(harmony.melody_and_accompaniment(notes)[1])
    assert (harmonies.chord[2:4] == NO_CHORD).all()
    assert harmony.chord_tone_share(harmony.melody_and_accompaniment(notes)[0], harmonies) == 11 / 12


def test_a_note_before_the_first_bar_is_in_no_span() -> None:
    early = replace(FULL, bar_beats=FULL.bar_beats[1:])
    assert 0 < float(np.asarray(harmony.harmony_metrics(early)["chord_tone_share"])) <= 1
